"""The agent and all that brings it into a start, for hosts and images that opskit may not touch."""

import shutil
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from opskit.errors import OpskitError
from opskit.inventory.services import Mode
from opskit.observe.agent import PROPERTY, agent_options, agent_path
from opskit.rollout.environment import DROP_IN, FIRST_SYSTEMD, PREPARE, drop_in, prepare_script


class ExportResult(BaseModel):
    """files: names below the folder."""

    model_config = ConfigDict(frozen=True, populate_by_name=True)

    schema_: Literal["opskit/rollout-export/1"] = Field(default="opskit/rollout-export/1", alias="schema")
    folder: str
    mode: Mode
    agent: str
    """Path of the agent jar on a host or in an image."""
    sha256: str
    files: tuple[str, ...]


def export(out: Path, jar: Path, sha256: str, mode: Mode, latency_fault: bool = False) -> ExportResult:
    """Write the files. Raises OpskitError (exit 2) for a folder that holds other things, or cannot be written."""
    agent = agent_path(sha256)
    texts = files(agent, sha256, mode, latency_fault)
    name = agent.rsplit("/", 1)[1]
    wanted = (*texts, name)
    try:
        out.mkdir(parents=True, exist_ok=True)
        strange = sorted(path.name for path in out.iterdir() if path.name not in wanted)
        if strange:
            raise OpskitError(
                f"the folder holds other things: {', '.join(strange[:3])}", where=str(out), remedy="Name an empty one."
            )
        for path, content in texts.items():
            (out / path).write_text(content)
        shutil.copyfile(jar, out / name)
        # an image's COPY keeps the mode, and any user must be able to read it
        (out / name).chmod(0o644)
        (out / "prepare").chmod(0o755)
    except OSError as error:
        raise OpskitError(
            f"cannot be written: {(error.strerror or str(error)).lower()}", where=str(error.filename or out)
        ) from error
    return ExportResult(folder=str(out), mode=mode, agent=agent, sha256=sha256, files=tuple(sorted(wanted)))


def files(agent: str, sha256: str, mode: Mode, latency_fault: bool = False) -> dict[str, str]:
    """Name → content of every file but the agent itself. Pure."""
    options = agent_options("on", mode, latency_fault or None)
    java_agent = f"-javaagent:{agent}={options}"
    name = agent.rsplit("/", 1)[1]
    return {
        DROP_IN: drop_in("UNIT.service", mode, agent, sha256, latency_fault).content,
        "prepare": prepare_script().content,
        "Containerfile.snippet": _CONTAINERFILE.format(name=name, agent=agent, java_agent=java_agent),
        "README.md": _README.format(
            name=name,
            agent=agent,
            folder=agent.rsplit("/", 1)[0],
            java_agent=java_agent,
            sha256=sha256,
            prepare=PREPARE,
            drop_in=DROP_IN,
            systemd=FIRST_SYSTEMD,
            property=PROPERTY,
            mode=mode,
        ),
    }


_CONTAINERFILE = """\
# after FROM, for each image whose Java process holds a RocketMQ client up to 4.9.0
COPY --chown=0:0 {name} {agent}
# appended to what the base image sets; a JAVA_TOOL_OPTIONS given to the container at its start replaces both
ENV JAVA_TOOL_OPTIONS="${{JAVA_TOOL_OPTIONS:+$JAVA_TOOL_OPTIONS }}{java_agent}"
"""

_README = """\
# Close-on-timeout by opskit's agent

It makes RocketMQ clients up to 4.9.0 leave a nameserver that hangs, mode `{mode}`. It needs Java 8 or newer, changes no
jar, and comes with each start. Clients from 4.9.1 on do so by themselves unless `-D{property}=false` is set.

`{name}`: sha256 `{sha256}`

**A JVM whose agent is missing or damaged does not start at all.** So lay the jar down before anything names it, where
every user may read it, and take it away only after nothing names it any more.

## A systemd service (systemd {systemd} or newer)
As root, with UNIT the name of the service:

    install -D -m 0644 {name} {agent}
    install -D -m 0755 prepare {prepare}
    install -D -m 0644 {drop_in} /etc/systemd/system/UNIT.service.d/{drop_in}
    systemctl daemon-reload
    systemctl restart UNIT.service

The drop-in runs `prepare` before each start. It appends the agent to the JAVA_TOOL_OPTIONS that the unit has, so that
other agents stay; where the jar is missing or damaged the service starts without it, and the journal says so. It runs
as root with the unit's environment: every EnvironmentFile of the unit must belong to root.
Undo: remove the drop-in, `systemctl daemon-reload`, restart.

## A container image
Copy the lines of `Containerfile.snippet` into the image's Containerfile, with `{name}` beside it. What gives the
container a JAVA_TOOL_OPTIONS of its own at its start (`-e`, a pod's `env`) must append the same text to it:

    {java_agent}

## Anything else
Put the same text into the start command, before the main class or -jar; or append it to JAVA_TOOL_OPTIONS. A start
script that sets JAVA_TOOL_OPTIONS itself wins over everything above.

## Is it in force?
The JVM prints `Picked up JAVA_TOOL_OPTIONS: …` on stderr at its start. From a machine that may log in:
`opskit -i INVENTORY rollout close-on-timeout prove --live`.
"""
