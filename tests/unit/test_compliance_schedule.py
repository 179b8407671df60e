"""The schedule: units that systemd itself accepts, and an install that touches nothing but its own files."""

import getpass
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from opskit.compliance.schedule.declare import as_root, declare
from opskit.compliance.schedule.systemd import Done, next_elapse, run_here
from opskit.compliance.schedule.timer import ScheduleResult, install, remove, status
from opskit.compliance.schedule.units import Names, Schedule, check, escape, units
from opskit.compliance.showing.schedule import present
from opskit.errors import Exit, OpskitError
from opskit.report.shapes import Banner, Sentence

NOTE = "apt-get install systemd"
TRUE = Path("/usr/bin/true")
SCHEDULE = Schedule(
    cluster="prod",
    inventories=(Path("/etc/opskit/prod"),),
    program=TRUE,
    user="root",
    folder=Path("/etc"),
    state=Path("/var/lib"),
    cache=Path("/var/cache"),
)
ODD = replace(
    SCHEDULE,
    cluster="prod eu/ä",
    inventories=(Path('/etc/opskit/50% $HOME/a"b\\c d'), Path("/etc/two")),
    environment={"ANSIBLE_CONFIG": "/etc/an sible.cfg"},
    outputs=(("prom", Path("/var/lib/node exporter/opskit.prom")), ("html", Path("/srv/mq.html"))),
    arguments=("--fail-on", "high"),
    on_failure=("/usr/bin/true", "it's $MONITOR_UNIT", "100%"),
    quiet_on=(Exit.FAILS,),
)


def written(folder: Path, texts: dict[str, str]) -> list[Path]:
    for name, text in texts.items():
        (folder / name).write_text(text)
    return [folder / name for name in texts]


@pytest.mark.parametrize("schedule", [SCHEDULE, ODD], ids=["plain", "odd"])
def test_systemd_accepts_the_units(schedule: Schedule, tmp_path: Path) -> None:
    assert shutil.which("systemd-analyze"), NOTE
    paths = written(tmp_path, units(schedule))
    done = subprocess.run(["systemd-analyze", "verify", *paths], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_systemd_thinks_that_the_unit_is_hardened(tmp_path: Path) -> None:
    (path,) = written(tmp_path, {Names("prod").service: units(SCHEDULE)[Names("prod").service]})
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=40", path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-300:]


def test_words_are_quoted_as_systemd_reads_them() -> None:
    text = units(ODD)[Names(ODD.cluster).service]
    assert (
        r'ExecStart=/usr/bin/true -i "/etc/opskit/50%% $$HOME/a\"b\\c d" -i /etc/two compliance run --fail-on high '
        '--output "prom=/var/lib/node exporter/opskit.prom" --output html=/srv/mq.html\n'
    ) in text
    assert 'ReadWritePaths="/var/lib/node exporter"\nReadWritePaths=/srv\n' in text
    assert 'Environment="ANSIBLE_CONFIG=/etc/an sible.cfg"\n' in text
    hook = units(ODD)[Names(ODD.cluster).hook]
    assert 'ExecStart=/usr/bin/true "it\'s $$MONITOR_UNIT" "100%%"\n' in hook


def test_only_what_was_declared_quiet_does_not_fail_the_unit() -> None:
    assert "SuccessExitStatus=\n" in units(SCHEDULE)[Names("prod").service]
    both = replace(SCHEDULE, quiet_on=(Exit.FAILS, Exit.UNJUDGED))
    assert "SuccessExitStatus=1 3\n" in units(both)[Names("prod").service]


def test_the_hook_is_there_when_it_was_chosen() -> None:
    assert len(units(SCHEDULE)) == 2
    assert "OnFailure" not in "".join(units(SCHEDULE).values())
    names = Names(ODD.cluster)
    assert f"OnFailure={names.hook}\n" in units(ODD)[names.service]


def test_it_audits_and_does_nothing_else() -> None:
    for text in units(ODD).values():
        starts = [line for line in text.splitlines() if line.startswith("Exec")]
        assert len(starts) <= 1
        assert not any(word in " ".join(starts) for word in ("remediate", "apply", "deploy"))


@pytest.mark.parametrize("name", ["prod", "a b", "ä@x", ".hidden", "a\\b", "tab\tx", "a:b_c.d", "日本"])
def test_names_are_escaped_as_systemd_escape_does(name: str) -> None:
    assert shutil.which("systemd-escape"), NOTE
    done = subprocess.run(["systemd-escape", "--", name], capture_output=True, text=True, check=True)
    assert escape(name) == done.stdout.strip()


def test_no_two_clusters_share_a_unit() -> None:
    clusters = ["a", "a-b", "a/b", "a\\x2fb", "failed", "failed@a", "a.service", "a b"]
    every = [name for one in map(Names, clusters) for name in (one.service, one.timer, one.hook)]
    assert len(set(every)) == len(every)


@pytest.mark.parametrize(
    "change",
    [
        {"inventories": (Path("/tmp/inventory"),)},  # noqa: S108 - what is refused
        {"state": Path("/var/tmp/state")},  # noqa: S108 - what is refused
        {"outputs": (("html", Path("/tmp/x.html")),)},  # noqa: S108 - what is refused
        {"on_calendar": "daily\nExecStart=/bin/sh"},
        {"cluster": "x\nUser=root"},
        {"arguments": ("--only", "a\\")},
        {"on_failure": ("/bin/x", "a\x00b")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_cannot_work_or_would_be_another_directive_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(OpskitError) as refused:
        check(replace(SCHEDULE, **change))
    assert refused.value.code is Exit.USAGE
    assert refused.value.remedy


@pytest.mark.parametrize("on_calendar", ["daily", "Mon..Fri 07:30", "*-*-* 0/6:00", "*:0/15"])
def test_times_that_systemd_knows(on_calendar: str) -> None:
    assert ":" in next_elapse(on_calendar, run_here)


@pytest.mark.parametrize("on_calendar", ["", "sometimes", "25:00", "2019-01-01", "--help"])
def test_times_that_never_come_are_wrong_usage(on_calendar: str) -> None:
    with pytest.raises(OpskitError, match="no time that comes again") as refused:
        next_elapse(on_calendar, run_here)
    assert refused.value.code is Exit.USAGE


def test_a_machine_without_systemd_is_told_so() -> None:
    with pytest.raises(OpskitError, match="has no opskit-no-such-tool") as told:
        run_here(("opskit-no-such-tool",))
    assert told.value.code is Exit.UNJUDGED


class Machine:
    """systemctl as systemd 252 answers it, on units in a folder; systemd-analyze is the real one."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.service = {
            "ActiveState": "inactive",
            "Result": "success",
            "ExecMainStatus": "0",
            "ExecMainExitTimestamp": "",
        }
        self.timer = {"ActiveState": "inactive", "UnitFileState": "", "NextElapseUSecRealtime": ""}
        self.refuses = ""

    def __call__(self, command: Sequence[str]) -> Done:
        if command[0] == "systemd-analyze":
            return run_here(command)
        line = " ".join(command)
        self.calls.append(line)
        if self.refuses and self.refuses in line:
            return Done(1, "", "Failed to connect to bus\n")
        if command[1:2] == ["enable"] or "enable" in command:
            self.timer["UnitFileState"] = "enabled"
        if "restart" in command:
            self.timer |= {"ActiveState": "active", "NextElapseUSecRealtime": "Tue 2026-03-03 06:00:00 UTC"}
        if "show" in command:
            known = self.timer if command[-1].endswith(".timer") else self.service
            return Done(0, "".join(f"{name}={value}\n" for name, value in known.items()), "")
        return Done(0, "", "")


def words(result: ScheduleResult) -> str:
    return "\n".join(shape.text for shape in present(result) if isinstance(shape, Banner | Sentence))


def test_install_writes_starts_and_says_when(tmp_path: Path) -> None:
    machine = Machine()
    result = install(SCHEDULE, "sudo opskit", folder=tmp_path, run=machine)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == units(SCHEDULE)
    assert all(path.stat().st_mode & 0o777 == 0o644 for path in tmp_path.iterdir())
    did = [call for call in machine.calls if call.startswith("systemctl") and "show" not in call]
    assert did == [
        "systemctl daemon-reload",
        "systemctl enable opskit-compliance-prod.timer",
        "systemctl restart opskit-compliance-prod.timer",
    ]
    assert words(result).startswith(
        "prod is audited by opskit-compliance-prod.timer\nNext: Tue 2026-03-03 06:00:00 UTC"
    )


def test_install_again_without_the_hook_takes_the_hook_away(tmp_path: Path) -> None:
    install(replace(SCHEDULE, on_failure=("/usr/bin/true",)), "sudo", folder=tmp_path, run=Machine())
    assert len(list(tmp_path.iterdir())) == 3
    install(SCHEDULE, "sudo", folder=tmp_path, run=Machine())
    assert {path.name for path in tmp_path.iterdir()} == units(SCHEDULE).keys()


def test_a_dry_run_touches_nothing_and_shows_the_files(tmp_path: Path) -> None:
    machine = Machine()
    result = install(SCHEDULE, "sudo", dry_run=True, folder=tmp_path / "gone", run=machine)
    assert machine.calls == []
    assert {Path(file.path).name: file.text for file in result.files} == units(SCHEDULE)
    assert "nothing was written" in words(result)


def test_a_file_that_is_not_opskits_stays(tmp_path: Path) -> None:
    mine = tmp_path / Names("prod").service
    mine.write_text("[Service]\n")
    with pytest.raises(OpskitError, match="not opskit's"):
        install(SCHEDULE, "sudo", folder=tmp_path, run=Machine())
    assert [path.name for path in tmp_path.iterdir()] == [mine.name]
    assert remove("prod", "sudo", folder=tmp_path, run=Machine()).did == "nothing to remove"
    assert mine.read_text() == "[Service]\n"


def test_a_masked_unit_stays_masked(tmp_path: Path) -> None:
    (tmp_path / Names("prod").timer).symlink_to("/dev/null")
    with pytest.raises(OpskitError, match="not opskit's"):
        install(SCHEDULE, "sudo", folder=tmp_path, run=Machine())


def test_remove_takes_away_its_own_and_nothing_of_another_cluster(tmp_path: Path) -> None:
    for cluster in ("prod", "prod-eu"):
        install(replace(SCHEDULE, cluster=cluster, on_failure=("/usr/bin/true",)), "", folder=tmp_path, run=Machine())
    machine = Machine()
    machine.service["ActiveState"] = "failed"
    result = remove("prod", "sudo", folder=tmp_path, run=machine)
    assert {path.name for path in tmp_path.iterdir()} == {
        Names("prod-eu").service,
        Names("prod-eu").timer,
        Names("prod-eu").hook,
    }
    assert len(result.files) == 3
    assert "systemctl disable --now opskit-compliance-prod.timer" in machine.calls
    assert "systemctl reset-failed opskit-compliance-prod.service" in machine.calls


def test_who_is_not_root_gets_the_command_to_type(tmp_path: Path) -> None:
    machine = Machine()
    with pytest.raises(OpskitError, match="only root") as refused:
        install(SCHEDULE, "sudo env OPSKIT_STATE=/x opskit …", folder=tmp_path / "gone", run=machine)
    assert refused.value.remedy == "Run: sudo env OPSKIT_STATE=/x opskit …"
    assert machine.calls == []


@pytest.mark.parametrize(
    "cannot, where, may_not",
    [
        ("test -w /var/lib", "/var/lib", "write there"),
        ("test -r /etc/opskit/prod", "/etc/opskit/prod", "read it"),
        ("test -x /usr/bin/true", "/usr/bin/true", "start it"),
    ],
)
def test_what_the_audits_user_may_not_do_is_told_by_day(tmp_path: Path, cannot: str, where: str, may_not: str) -> None:
    machine = Machine()
    machine.refuses = cannot
    with pytest.raises(OpskitError, match=may_not) as refused:
        install(SCHEDULE, "sudo", folder=tmp_path, run=machine)
    assert refused.value.where == where
    assert list(tmp_path.iterdir()) == []


def test_a_user_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(OpskitError, match="no user nobody-here"):
        install(replace(SCHEDULE, user="nobody-here"), "sudo", folder=tmp_path, run=Machine())


def test_a_systemd_that_refuses_is_told_in_its_own_words(tmp_path: Path) -> None:
    machine = Machine()
    machine.refuses = "daemon-reload"
    with pytest.raises(OpskitError, match="Failed to connect to bus") as refused:
        install(SCHEDULE, "sudo", folder=tmp_path, run=machine)
    assert refused.value.code is Exit.UNJUDGED


@pytest.mark.parametrize(
    "service, says",
    [
        ({"ExecMainStatus": "0", "Result": "success"}, "Last: exit 0, nothing open that counts; Mon"),
        ({"ExecMainStatus": "1", "Result": "exit-code"}, "Last: exit 1, there are findings; Mon"),
        ({"ExecMainStatus": "1", "Result": "success"}, "Last: exit 1, there are findings; Mon"),
        ({"ExecMainStatus": "3", "Result": "exit-code"}, "Last: exit 3, not all could be judged; Mon"),
        ({"ExecMainStatus": "2", "Result": "exit-code"}, "Last: exit 2, nothing was audited: the inventory or an opt"),
        ({"ExecMainStatus": "226", "Result": "exit-code"}, "Last: exit 226, nothing was audited: see its words"),
        ({"ExecMainStatus": "15", "Result": "timeout"}, "Last: it hung and was ended, Mon"),
        ({"ExecMainStatus": "9", "Result": "signal"}, "Last: systemd could not run it to its end (signal), Mon"),
        ({"ExecMainExitTimestamp": ""}, "It has not ended once since this machine booted"),
        ({"ActiveState": "activating"}, "An audit is under way"),
    ],
)
def test_status_tells_findings_from_an_audit_that_did_not_run(
    tmp_path: Path, service: dict[str, str], says: str
) -> None:
    machine = Machine()
    install(SCHEDULE, "sudo", folder=tmp_path, run=machine)
    machine.service |= {"ExecMainExitTimestamp": "Mon 2026-03-02 06:01:00 UTC", **service}
    found = status("prod", folder=tmp_path, run=machine)
    assert says in words(found)
    assert found.exit is Exit.HOLDS


def test_while_an_audit_is_under_way_nothing_is_said_of_others(tmp_path: Path) -> None:
    """As systemd 252 tells it then: a service without an end, a timer without a next time."""
    machine = Machine()
    install(SCHEDULE, "sudo", folder=tmp_path, run=machine)
    machine.service |= {"ActiveState": "activating", "ExecMainExitTimestamp": ""}
    machine.timer["NextElapseUSecRealtime"] = ""
    said = words(status("prod", folder=tmp_path, run=machine))
    assert "An audit is under way" in said
    assert "never" not in said and "not ended once" not in said


def test_a_timer_that_is_off_or_missing_is_no_schedule(tmp_path: Path) -> None:
    assert status("prod", folder=tmp_path, run=Machine()).exit is Exit.FAILS
    machine = Machine()
    install(SCHEDULE, "sudo", folder=tmp_path, run=machine)
    machine.timer["ActiveState"] = "inactive"
    found = status("prod", folder=tmp_path, run=machine)
    assert found.exit is Exit.FAILS
    assert "is stopped" in words(found)


def test_what_was_typed_is_named_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPSKIT_STATE", "state")
    monkeypatch.setenv("ANSIBLE_CONFIG", "/etc/ansible.cfg")
    monkeypatch.delenv("SUDO_USER", raising=False)
    found = declare("prod", [Path("inv"), Path("/etc/x")], outputs=["html=a.html"], on_failure="/bin/mail -s 'a b' ops")
    assert found.inventories == (tmp_path / "inv", Path("/etc/x"))
    assert found.state == tmp_path / "state"
    assert found.outputs == (("html", tmp_path / "a.html"),)
    assert found.on_failure == ("/bin/mail", "-s", "a b", "ops")
    assert found.environment["ANSIBLE_CONFIG"] == "/etc/ansible.cfg"
    assert found.user == getpass.getuser()
    assert found.program.is_absolute()
    monkeypatch.setenv("SUDO_USER", "ana")
    assert declare("prod", []).user == "ana"
    assert as_root().startswith(f"sudo env OPSKIT_STATE={tmp_path}/state OPSKIT_CACHE=")


@pytest.mark.parametrize(
    "wrong",
    [{"outputs": ["junit"]}, {"on_failure": "mail ops"}, {"on_failure": "/bin/mail 'x"}, {"quiet_on": [2]}],
    ids=str,
)
def test_words_that_cannot_be(wrong: dict[str, object]) -> None:
    with pytest.raises(OpskitError) as refused:
        declare("prod", [], **wrong)  # type: ignore[arg-type]
    assert refused.value.code is Exit.USAGE
