#!/bin/sh
# The nameserver of this host stands still: hang.sh SECONDS. Says when, from and until, in milliseconds since 1970. Wakes
# it whatever ends this; the timer does where this is killed.
set -eu
pid=$(systemctl show --property=MainPID --value rocketmq-nameserver)
systemd-run --quiet --collect --on-active="$(($1 + 30))" kill -CONT "$pid"
trap 'kill -CONT "$pid"' EXIT
trap 'exit 1' HUP INT TERM
kill -STOP "$pid"
date +%s%3N
sleep "$1"
date +%s%3N
