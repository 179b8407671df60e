#!/bin/sh
# Scenarios from their first step to their last, one after the other: scripts/molecule.sh SCENARIO...
# Hosts go however a scenario ends, unless OPSKIT_LAB_KEEP=1, which keeps them for `molecule converge|verify|login`;
# the next run makes new ones. Ends with 1 where one failed, and says which.
set -eu
cd "$(dirname "$0")/.."
export PATH="$PWD/${VENV:-.venv}/bin:$PATH"
# found by molecule itself at the root of a repository only
molecule() { command molecule --base-config .config/molecule/config.yml "$@"; }

for scenario in "$@"; do
	if [ ! -f "molecule/$scenario/molecule.yml" ]; then
		known=$(cd molecule && ls -d */molecule.yml | cut -d/ -f1 | tr '\n' ' ')
		echo "There is no scenario '$scenario'. There are: $known" >&2
		exit 2
	fi
done
[ -z "${MOLECULE_EPHEMERAL_DIRECTORY:-}" ] || mkdir -p "$MOLECULE_EPHEMERAL_DIRECTORY"

# molecule itself leaves the hosts where it is interrupted or fails within itself
running=""
leave() {
	code=$?
	trap '' INT TERM
	[ -z "$running" ] || molecule destroy -s "$running" >&2
	exit $code
}
trap leave EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

told=""
failed=0
for scenario in "$@"; do
	began=$(date +%s)
	if [ "${OPSKIT_LAB_KEEP:-0}" = 1 ]; then
		molecule destroy -s "$scenario"
		keep=--destroy=never
	else
		running=$scenario
		keep=--destroy=always
	fi
	if molecule test -s "$scenario" $keep; then
		running=""
		outcome=passed
	else
		outcome=failed
		failed=1
		[ -z "$running" ] || molecule destroy -s "$scenario"
		running=""
	fi
	told="$told$(printf '%-16s %s in %4s s' "$scenario" $outcome $(($(date +%s) - began)))
"
done
printf '\n%s' "$told"
exit $failed
