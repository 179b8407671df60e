#!/bin/sh
# Installs what opskit's make targets need of a Debian machine, and names it first; does nothing where all is there.
#   scripts/setup.sh [lab] [java] [venv] [runtime]      runtime is lab and java
# Needs root to install; without it, prints the line to run and ends with 3.
set -eu

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/podman:/usr/libexec/podman"

# tool=package: the package is missing where the tool is
LAB="podman=podman crun=crun runc=runc netavark=netavark aardvark-dns=aardvark-dns iptables=iptables
mmdebstrap=mmdebstrap ssh=openssh-client"
JAVA="javac=openjdk-17-jdk-headless mvn=maven"

missing=""
need() {
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
	done
}

for part in "${@:-runtime}"; do
	# shellcheck disable=SC2086  # the lists are split on purpose
	case $part in
	lab) need $LAB ;;
	java) need $JAVA ;;
	runtime) need $LAB $JAVA ;;
	venv) python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv" ;;
	*)
		echo "setup.sh: unknown part '$part'; known: lab java venv runtime" >&2
		exit 2
		;;
	esac
done
[ -n "$missing" ] || exit 0

# shellcheck disable=SC2086
set -- $missing
install="apt-get install -y --no-install-recommends $*"
echo "Missing on this machine:$missing"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "This machine has no apt-get: install the same by its own means." >&2
	exit 3
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "Installing needs root. Run: sudo apt-get update && sudo $install" >&2
	exit 3
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
echo "Installing with apt-get"
# shellcheck disable=SC2086
if ! { apt-get -qq update && $install -qq -o Dpkg::Use-Pty=0; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "setup.sh: apt-get failed; its last words are above. The line was: $install" >&2
	exit 3
fi
