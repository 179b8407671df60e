"""What speaks against bringing an agent into a start, and against going on with a roll."""

from pathlib import Path

import pytest

from opskit.onhost.jvm import soak, starts
from opskit.onhost.processes import Process

SHOWN = """\
EnvironmentFiles=/srv/orders/env (ignore_errors=no)
EnvironmentFiles=/etc/default/orders (ignore_errors=yes)
"""


def test_every_environment_file_of_a_unit_is_looked_at() -> None:
    assert starts.environment_files(SHOWN) == ["/srv/orders/env", "/etc/default/orders"]
    assert starts.environment_files("EnvironmentFiles=\n") == []


def test_a_glob_stands_for_what_it_finds_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "a.env").touch()
    shown = f"EnvironmentFiles={tmp_path}/*.env (ignore_errors=yes)\n"
    assert starts.environment_files(shown) == [str(tmp_path), str(tmp_path / "a.env")]


def test_who_may_write_a_file_or_put_another_in_its_place(tmp_path: Path) -> None:
    path = tmp_path / "env"
    path.touch(mode=0o644)
    assert starts.writable(str(path)) == ""
    path.chmod(0o664)
    assert "others than root" in starts.writable(str(path))
    path.chmod(0o644)
    tmp_path.chmod(0o777)
    assert "others than root" in starts.writable(str(path))


def look(
    *connections: str, pid: int | None = 7, stuck: tuple[str, ...] = (), log: str | None = None, size: int = 0
) -> soak.Look:
    process = None if pid is None else Process(pid, 1, "S")
    return soak.Look(process, list(connections), list(stuck), log, size)


OLD = [f"10.0.0.1:{port}" for port in range(5)]
NEW = [f"10.0.0.1:{port}" for port in range(100, 111)]


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (look(*OLD), look(*OLD), None),
        (look(*OLD), look(pid=None), "is not running"),
        (look(*OLD), look(*OLD, pid=8), "started again"),
        (look(*OLD), look(*OLD, stuck=("10.0.0.9:9876",)), "10.0.0.9:9876 is stuck"),
        (look(*OLD), look(*OLD, *NEW[:10]), None),
        (look(*OLD), look(*OLD, *NEW), "11 new connections"),
    ],
)
def test_what_is_not_well_after_a_while(before: soak.Look, after: soak.Look, said: str | None) -> None:
    reasons = soak.judge(before, after, soak.Limits())
    assert (said is None and not reasons) or (said is not None and said in reasons[0])


@pytest.mark.parametrize(("lines", "stops"), [(20, False), (21, True)])
def test_warnings_in_the_clients_own_log_count_from_the_first_look(tmp_path: Path, lines: int, stops: bool) -> None:
    log = tmp_path / "rocketmq_client.log"
    old = "2026-11-22 WARN of before\n" * 50
    log.write_text(old + "2026-11-22 WARN closeChannel\n2026-11-22 INFO nothing\n" * lines)
    found = look(*OLD, log=str(log), size=len(old))
    assert bool(soak.judge(found, found, soak.Limits())) == stops
