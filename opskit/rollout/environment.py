"""How the agent comes into a unit's next start: a drop-in, and the script that it runs. Pure texts.

systemd reads an EnvironmentFile anew before each command that it spawns, and ExecStartPre runs with the unit's own
environment: so what a script writes before the start is what ExecStart gets, and the script sees what was there before.
"""

import shlex
from typing import NamedTuple

from opskit.inventory.services import Mode
from opskit.observe.agent import HOME, agent_options

RUN = "/run/opskit/agent"
"""Where the script writes each unit's environment; gone with every boot and every stop of the unit."""
PREPARE = f"{HOME}/prepare"
DROP_IN = "zz-opskit-agent.conf"
"""Last of the drop-ins: of two EnvironmentFiles that set a variable the later one wins."""
FIRST_SYSTEMD = 231
"""The + of ExecStartPre, which runs a command as root and outside the unit's sandbox."""
MAX_LENGTH = 1000
"""Characters. A JDK 8 passes over a JAVA_TOOL_OPTIONS of 1024 or more altogether, other agents included."""


class Text(NamedTuple):
    """A file on a host, owned by root. mode: octal."""

    path: str
    content: str
    mode: str


def drop_in(unit: str, mode: Mode, jar: str, sha256: str, latency_fault: bool = False) -> Text:
    """The unit's drop-in. jar, sha256: the agent's path on the host, and its digest.

    Every command it adds may fail without harm to the start ("-"): the JVM then starts without the agent.
    """
    options = agent_options("on", mode, latency_fault or None)
    words = " ".join(shlex.quote(word) for word in ("/bin/sh", PREPARE, f"{RUN}/%n.env", jar, sha256, options))
    forget = f"/bin/rm -f {RUN}/%n.env"
    return Text(
        f"/etc/systemd/system/{unit}.d/{DROP_IN}",
        f"""\
# Laid down by opskit: rollout close-on-timeout. Remove this file and run systemctl daemon-reload to undo it.
[Service]
EnvironmentFile=-{RUN}/%n.env
# without the file of the last start the script sees the unit's own JAVA_TOOL_OPTIONS
ExecStartPre=-+{forget}
ExecStartPre=-+{words}
ExecStopPost=-+{forget}
""",
        "0644",
    )


def prepare_script() -> Text:
    """What the drop-in runs: it appends the agent to JAVA_TOOL_OPTIONS, if the jar is whole and anybody may read it.

    A JVM whose agent is missing or damaged does not start at all, so in any doubt the script writes nothing.
    """
    return Text(PREPARE, _PREPARE, "0755")


class UnitFacts(NamedTuple):
    """What systemctl show tells of a unit. environment_files: path → why somebody other than root may write it, empty
    where nobody may.
    """

    systemd: int
    properties: dict[str, str]
    environment_files: dict[str, str]


SHOWN = ("RootDirectory", "RootImage", "UnsetEnvironment", "FragmentPath", "Transient")
"""Properties that `hindrances` reads."""


def hindrances(unit: str, facts: UnitFacts) -> tuple[str, ...]:
    """Why the agent must not, or cannot, be brought into this unit's start by the drop-in."""
    shown, found = facts.properties, []
    if facts.systemd < FIRST_SYSTEMD:
        found.append(f"systemd {facts.systemd} is older than {FIRST_SYSTEMD} and passes over the drop-in's commands")
    if root := shown.get("RootDirectory") or shown.get("RootImage"):
        found.append(f"{unit} runs in {root}, in which the agent does not lie")
    if "JAVA_TOOL_OPTIONS" in shown.get("UnsetEnvironment", "").split():
        found.append(f"{unit} unsets JAVA_TOOL_OPTIONS")
    if shown.get("Transient") == "yes":
        found.append(f"{unit} was started by systemd-run and ends with its process")
    for path, why in facts.environment_files.items():
        if why:
            # with LD_PRELOAD in it, whoever writes it would run code as root in the drop-in's commands
            found.append(f"{path} sets the unit's environment, and {why}: give it to root")
    return tuple(found)


_PREPARE = f"""\
#!/bin/sh
# Laid down by opskit. Usage: prepare ENVIRONMENT-FILE AGENT-JAR SHA256 OPTIONS, with the unit's environment.
# Writes JAVA_TOOL_OPTIONS with the agent appended. Writes nothing where a start with the agent might fail.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
umask 077
target=$1 jar=$2 sum=$3 options=$4
before=${{JAVA_TOOL_OPTIONS-}}

give_up() {{
    echo "opskit: started without the agent: $1" >&2
    exit 0
}}

# as nobody: what anybody may read, the service's user may
found=$(setpriv --reuid=65534 --regid=65534 --clear-groups sha256sum "$jar") || give_up "$jar is not there for anybody"
[ "${{found%% *}}" = "$sum" ] || give_up "$jar is not the file that was laid down"
case $before in
*/opskit-agent*) give_up "JAVA_TOOL_OPTIONS names an agent of opskit's already" ;;
*'
'*) give_up "JAVA_TOOL_OPTIONS has more than one line" ;;
esac
after="${{before:+$before }}-javaagent:$jar=$options"
[ ${{#after}} -le {MAX_LENGTH} ] || give_up "JAVA_TOOL_OPTIONS would be longer than {MAX_LENGTH} characters"

mkdir -p "${{target%/*}}"
quoted=$(printf '%s' "$after" | sed 's/[\\\\"$`]/\\\\&/g')
printf 'JAVA_TOOL_OPTIONS="%s"\\n' "$quoted" >"$target.new"
mv "$target.new" "$target"
"""
