#!/bin/sh
# Every file of the services that a rollout may touch, with mode, owner and digest: fingerprint.sh FILE.
set -eu
find /opt/services /etc/services /etc/systemd/system/service-* -type f \
	-exec stat -c '%a %U %n' {} + -exec sha256sum {} + | sort >"$1"
