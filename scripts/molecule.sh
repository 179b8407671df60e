#!/bin/sh
# A scenario from its first step to its last: scripts/molecule.sh SCENARIO. Its hosts go however it ends, unless
# OPSKIT_LAB_KEEP=1, which keeps them for `molecule converge|verify|login -s SCENARIO`; the next run makes new ones.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/.venv/bin:$PATH
scenario=$1
if [ ! -f "molecule/$scenario/molecule.yml" ]; then
	echo "There is no scenario '$scenario'. There are: $(cd molecule && ls -d */molecule.yml | cut -d/ -f1 | tr '\n' ' ')" >&2
	exit 2
fi
[ -z "${MOLECULE_EPHEMERAL_DIRECTORY:-}" ] || mkdir -p "$MOLECULE_EPHEMERAL_DIRECTORY"
if [ "${OPSKIT_LAB_KEEP:-0}" = 1 ]; then
	molecule destroy -s "$scenario"
	exec molecule test -s "$scenario" --destroy=never
fi
# molecule itself leaves the hosts where it is interrupted or fails within itself
trap 'code=$?; trap "" INT TERM; [ $code = 0 ] || molecule destroy -s "$scenario" >/dev/null 2>&1 || exit 4; exit $code' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
molecule test -s "$scenario"
