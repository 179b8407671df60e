#!/bin/sh
# Installs what opskit's make targets need of a Debian machine, and names it first; does nothing where all is there.
#   scripts/setup.sh [lab] [java] [venv] [promtool] [runtime]      runtime is lab and java
# Needs root to install; without it, prints the line to run and ends with 3.
set -eu

PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin:/usr/lib/podman:/usr/libexec/podman"

# tool=package: the package is missing where the tool is
LAB="podman=podman crun=crun runc=runc netavark=netavark aardvark-dns=aardvark-dns iptables=iptables
mmdebstrap=mmdebstrap ssh=openssh-client"
JAVA="javac=openjdk-17-jdk-headless mvn=maven"

missing=""
promtool=""
need() {
	for pair in "$@"; do
		command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
	done
}

# shellcheck disable=SC2086  # the lists are split on purpose
need_lab() {
	need $LAB
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing="$missing debian-archive-keyring"
}

# shellcheck disable=SC2086
for part in "${@:-runtime}"; do
	case $part in
	lab) need_lab ;;
	java) need $JAVA ;;
	runtime) need_lab && need $JAVA ;;
	promtool) command -v promtool >/dev/null 2>&1 || promtool=promtool ;;
	venv) python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv" ;;
	*)
		echo "setup.sh: unknown part '$part'; known: lab java venv promtool runtime" >&2
		exit 2
		;;
	esac
done
[ -n "$missing$promtool" ] || exit 0

install=""
[ -z "$missing" ] || install="apt-get install -y --no-install-recommends$missing"
echo "Missing on this machine:$missing${promtool:+ $promtool}"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "This machine has no apt-get: install the same by its own means." >&2
	exit 3
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "Installing needs root. Run: sudo apt-get update${install:+ && sudo $install}${promtool:+ && sudo scripts/setup.sh promtool}" >&2
	exit 3
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log
export DEBIAN_FRONTEND=noninteractive
tried() {
	if ! "$@" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "setup.sh: apt-get failed; its last words are above. The line was: $*" >&2
		exit 3
	fi
}
# only the one program is taken out of the package: no server runs here, now or after the next boot
take_promtool() {
	cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download prometheus &&
		dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool &&
		install -m 0755 usr/bin/promtool /usr/local/bin/promtool
}

echo "Installing with apt-get"
tried apt-get -qq update
# shellcheck disable=SC2086
[ -z "$install" ] || tried $install -qq -o Dpkg::Use-Pty=0
[ -z "$promtool" ] || tried take_promtool
