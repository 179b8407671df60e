"""The drop-in and its script: other agents stay, and a start never fails because of the agent."""

import hashlib
import shlex
import subprocess
from pathlib import Path

import pytest

from opskit.observe.agent import agent_options, agent_path
from opskit.rollout.environment import MAX_LENGTH, UnitFacts, drop_in, hindrances, prepare_script

SYSTEM_PATH = "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"


class Host:
    """A folder with an agent jar, and the script with a setpriv that changes nobody: only root may be nobody."""

    def __init__(self, folder: Path) -> None:
        bin_ = folder / "bin"
        bin_.mkdir()
        setpriv = bin_ / "setpriv"
        setpriv.write_text('#!/bin/sh\nwhile [ "${1#--}" != "$1" ]; do shift; done\nexec "$@"\n')
        setpriv.chmod(0o755)
        self.script = folder / "prepare"
        content = prepare_script().content
        assert SYSTEM_PATH in content
        self.script.write_text(content.replace(SYSTEM_PATH, f"PATH={shlex.quote(str(bin_))}:/usr/bin:/bin\n"))
        self.jar, self.target = folder / "opskit-agent-0123.jar", folder / "run" / "agent" / "orders.service.env"
        self.jar.write_bytes(b"a jar")
        self.sha256 = hashlib.sha256(b"a jar").hexdigest()

    def prepare(self, before: str | None) -> str:
        """What it says; it must always succeed."""
        environment = {} if before is None else {"JAVA_TOOL_OPTIONS": before}
        words = [str(self.target), str(self.jar), self.sha256, "on,mode=nameserver"]
        done = subprocess.run(
            ["/bin/sh", str(self.script), *words], env=environment, capture_output=True, text=True, check=True
        )
        return done.stderr

    @property
    def agent(self) -> str:
        return f"-javaagent:{self.jar}=on,mode=nameserver"

    def value(self) -> str:
        """As systemd would read it: in double quotes, where a backslash takes the meaning from \\ " $ and `."""
        text = self.target.read_text()
        assert text.startswith('JAVA_TOOL_OPTIONS="')
        assert text.endswith('"\n')
        inner, value, escaped = text[len('JAVA_TOOL_OPTIONS="') : -2], "", False
        for char in inner:
            if escaped:
                assert char in '\\"$`'
                value, escaped = value + char, False
            elif char == "\\":
                escaped = True
            else:
                assert char not in '"$`'
                value += char
        return value


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return Host(tmp_path)


@pytest.mark.parametrize("before", [None, ""])
def test_the_agent_alone(host: Host, before: str | None) -> None:
    assert host.prepare(before) == ""
    assert host.value() == host.agent
    assert host.target.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "before",
    [
        "-javaagent:/opt/apm/agent.jar=a=b,c",
        """-Dtext="two words" -Dother='$HOME `id` \\n'""",
        "-Dpercent=%n%%",
        "-Dumlaut=grün",
    ],
)
def test_what_was_there_stays_in_front_to_the_letter(host: Host, before: str) -> None:
    host.prepare(before)
    assert host.value() == f"{before} {host.agent}"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("-javaagent:/usr/local/lib/opskit/agent/opskit-agent-9999.jar=on", "names an agent of opskit's already"),
        ("-Da=b\n-Dc=d", "more than one line"),
        ("-Dlong=" + "x" * MAX_LENGTH, f"longer than {MAX_LENGTH} characters"),
    ],
)
def test_an_environment_that_it_must_not_touch(host: Host, before: str, said: str) -> None:
    assert said in host.prepare(before)
    assert not host.target.exists()


def test_a_missing_agent_is_not_named(host: Host) -> None:
    host.jar.unlink()
    assert "is not there for anybody" in host.prepare("-Da=b")
    assert not host.target.exists()


def test_a_damaged_agent_is_not_named(host: Host) -> None:
    host.jar.write_bytes(b"a j")
    assert "is not the file that was laid down" in host.prepare("-Da=b")
    assert not host.target.exists()


def test_the_script_is_sound_shell() -> None:
    subprocess.run(["/bin/sh", "-n"], input=prepare_script().content, text=True, check=True)


def test_every_command_of_the_drop_in_may_fail_and_runs_as_root() -> None:
    path, content, mode = drop_in("orders@1.service", "nameserver", agent_path("ab" * 32), "ab" * 32)
    assert (path, mode) == ("/etc/systemd/system/orders@1.service.d/zz-opskit-agent.conf", "0644")
    commands = [line for line in content.splitlines() if line.startswith("Exec")]
    assert len(commands) == 3
    assert all(line.partition("=")[2].startswith("-+/bin/") for line in commands)
    assert "EnvironmentFile=-/run/" in content
    assert content.index("rm -f") < content.index("prepare") < content.index("ExecStopPost")


@pytest.mark.parametrize(
    ("verb", "mode", "latency_fault", "token", "expected"),
    [
        ("report", None, None, "", "report"),
        ("on", "nameserver", None, "", "on,mode=nameserver"),
        ("on", "every", True, "ab12", "on,mode=every,latency-fault=on,id=ab12"),
        ("off", None, False, "", "off,latency-fault=off"),
    ],
)
def test_the_agents_options(verb: str, mode: str, latency_fault: bool | None, token: str, expected: str) -> None:
    assert agent_options(verb, mode, latency_fault, token) == expected  # type: ignore[arg-type]


def facts(systemd: int = 252, files: dict[str, str] | None = None, **properties: str) -> UnitFacts:
    return UnitFacts(systemd, properties, files or {})


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (facts(219), "systemd 219 is older than 231"),
        (facts(RootDirectory="/srv/jail"), "runs in /srv/jail"),
        (facts(RootImage="/srv/jail.raw"), "runs in /srv/jail.raw"),
        (facts(UnsetEnvironment="LANG JAVA_TOOL_OPTIONS"), "unsets JAVA_TOOL_OPTIONS"),
        (facts(Transient="yes"), "started by systemd-run"),
        (facts(files={"/srv/app.env": "orders owns it"}), "/srv/app.env sets the unit's environment, and orders owns"),
    ],
)
def test_a_unit_that_the_drop_in_would_not_help_or_would_harm(found: UnitFacts, says: str) -> None:
    (sentence,) = hindrances("orders.service", found)
    assert says in sentence


def test_an_ordinary_unit_has_no_hindrance() -> None:
    shown = {"RootDirectory": "", "RootImage": "", "UnsetEnvironment": "LANG", "Transient": "no"}
    assert hindrances("orders.service", facts(files={"/etc/default/orders": ""}, **shown)) == ()
