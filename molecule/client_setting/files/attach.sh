#!/bin/sh
# Bring every client of this host onto one nameserver: attach.sh HOW_MANY ITS_ADDRESS THE_OTHERS_ADDRESS. Connections to
# the other are closed under them, and each takes the next nameserver in its list then.
set -eu
connected() { ss -Htn state established "dst $1 and dport = :9876" | wc -l; }
for _ in $(seq 60); do
	if [ "$(connected "$2")" = "$1" ] && [ "$(connected "$3")" = 0 ]; then exit 0; fi
	ss -Ktn state established "dst $3 and dport = :9876" >/dev/null
	sleep 1
done
ss -tnp state established '( dport = :9876 )' >&2
exit 1
