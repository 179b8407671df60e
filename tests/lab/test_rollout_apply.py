"""apply, prove and undo on real services: each way does what it says, and everything comes back to the byte."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zoo
from conftest import Lab, deployed, until
from zoo import Zoo

Figure = Callable[[str], None]
NAMES = ("thin", "fat-boot3", "signed", "agent", "no-attach", "jdk21", "poller", "new")
WANTED = [
    {"unit": "zoo-fat-boot3", "restart": True, "way": "jar-patch"},
    {"unit": "zoo-signed", "restart": True, "way": "jar-patch"},
    {"unit": "zoo-jdk21", "restart": False},
    {"unit": "zoo-poller", "restart": False},
    {"unit": "zoo-*", "restart": True},
]
AT_START, FLIPPED = ("thin", "agent", "no-attach"), ("jdk21", "poller")
MOVED_SECONDS = 8
"""A route query each second, one timeout of 3 s, and the next."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with deployed(str(zoo.INVENTORY), tmp_path_factory.mktemp("apply")) as running:
        yield running


@pytest.fixture(scope="module")
def services(running: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    declared = running.with_overlay(tmp_path_factory.mktemp("wanted"), {"opskit_clients": WANTED})
    with zoo.zoo(declared, *NAMES) as services:
        yield services


def verdicts(result: dict[str, Any]) -> dict[str, str]:
    """Service → what is proved of it."""
    return {_name(one["jvm"]["unit"]): one["proof"]["verdict"] for one in result["jvms"]}


def states(result: dict[str, Any]) -> dict[str, tuple[list[str], str]]:
    return {_name(job["subject"]): (job["ways"], job["state"]) for job in result["jobs"]}


def _name(unit: str) -> str:
    return unit.removeprefix("zoo-").removesuffix(".service")


def left_behind(services: Zoo) -> str:
    """Of opskit's on the client hosts: records that stand, drop-ins, agents, environments."""
    look = (
        "ls /etc/systemd/system/zoo-*.d/*opskit* /run/opskit/agent/* /usr/local/lib/opskit/agent/*.jar 2>/dev/null;"
        'grep -lE \'"state": "(begun|applied)"\' /var/lib/opskit/changes/*.json 2>/dev/null; true'
    )
    return "".join(services.lab.on(host, look) for host in sorted({services.host(name) for name in NAMES}))


@pytest.fixture(scope="module")
def before(services: Zoo) -> dict[str, str]:
    return {name: services.fingerprint(name) for name in NAMES}


def test_a_check_says_what_would_be_done_and_touches_nothing(services: Zoo, before: dict[str, str]) -> None:
    done = services.lab.run("rollout", "close-on-timeout", "apply", "--check")
    assert done.code == 0, done.said
    assert "live-flip, then agent-at-start" in done.stdout
    assert "is signed" in done.stdout
    assert {name: services.fingerprint(name) for name in NAMES} == before
    assert left_behind(services) == ""


def test_a_service_that_does_not_come_back_stops_the_roll_and_gets_its_files_back(
    services: Zoo, before: dict[str, str], tmp_path: Path
) -> None:
    # it is unwell as long as the agent is in its environment
    health = "! grep -q opskit-agent /proc/$(systemctl show -P MainPID zoo-thin.service)/environ"
    unwell = [{"unit": "zoo-thin", "restart": True, "restart_seconds": 10, "health": health}, *WANTED]
    over = services.lab.with_overlay(tmp_path, {"opskit_clients": unwell})
    done = over.rollout("apply", "--soak", "0")
    assert done.code == 1, done.said
    told = states(done.json)
    assert told["thin"] == (["agent-at-start"], "rolled back"), done.said
    assert "its health command exits 1" in done.json["failure"]
    assert {state for name, (_, state) in told.items() if services.host(name) != services.host("thin")} == {"not begun"}
    assert services.fingerprint("thin") == before["thin"]
    assert services.lab.rollout("undo", "--restart").code == 0
    assert {name: services.fingerprint(name) for name in NAMES} == before
    assert left_behind(services) == ""


def test_each_way_puts_it_in_force_and_a_hung_nameserver_shows_it(services: Zoo, figure: Figure) -> None:
    began = time.monotonic()
    done = services.lab.rollout("apply", "--soak", "2", "--accept-broker-closes")
    result = done.json
    figure(f"apply to {len(NAMES)} services on 2 hosts, 2 s of soak a host: {time.monotonic() - began:.1f} s")
    told = states(result)
    assert {name for name in AT_START if told[name] == (["agent-at-start"], "applied")} == set(AT_START), done.said
    assert {name for name in FLIPPED if told[name] == (["live-flip", "agent-at-start"], "applied")} == set(FLIPPED)
    assert told["fat-boot3"] == (["jar-patch"], "applied"), done.said
    # a signed jar is never patched, so what the inventory asks for cannot be; and that is what it says
    assert "signed" not in told
    assert done.code == 1
    proved = verdicts(result["proof"])
    # nothing can be asked of a JVM that takes no attach: its start options are what is known
    assert proved == dict.fromkeys((*AT_START, *FLIPPED), "on-live") | {
        "no-attach": "on-constructed",
        "fat-boot3": "on-constructed",
        "new": "on-constructed",
        "signed": "off",
    }
    assert services.lab.rollout("prove").code == 1
    assert services.lab.rollout("prove", "--only", "/zoo-[!s]*").code == 0

    services.attach("ns1")
    with services.hung("ns1") as since:
        moving = [name for name in NAMES if name not in ("poller", "signed")]
        for name in moving:
            until(MOVED_SECONDS, lambda one=name: any(query.ok for query in services.queries(one, since)), name)
        took = {name: (next(q.at_ms for q in services.queries(name, since) if q.ok) - since) / 1000 for name in moving}
        assert not any(query.ok for query in services.queries("signed", since))
    figure(f"left the hung nameserver by themselves after {took} s")


def test_what_is_on_is_passed_over(services: Zoo) -> None:
    again = services.lab.rollout("apply", "--soak", "0", "--accept-broker-closes")
    assert again.json["jobs"] == []


def test_undo_puts_back_every_byte_and_switches_off_what_runs(services: Zoo, before: dict[str, str]) -> None:
    pids = {name: seen.pid for name, seen in services.look().items()}
    undone = services.lab.rollout("undo")
    assert undone.code == 0, undone.said
    assert {name: services.fingerprint(name) for name in NAMES} == before
    assert {name: seen.pid for name, seen in services.look().items()} == pids
    assert left_behind(services) == ""
    proved = verdicts(services.lab.rollout("prove", "--live").json)
    # the process holds the patched jar until it is started again, and the undo says so
    assert proved.pop("fat-boot3") != "off"
    assert "until its next restart" in json.dumps(undone.json)
    assert (proved.pop("new"), proved.pop("no-attach")) == ("on-live", "unknown")
    assert set(proved.values()) == {"off"}


def test_a_second_roll_is_refused_and_finishes_what_a_killed_one_left(services: Zoo, before: dict[str, str]) -> None:
    words = ("apply", "--soak", "1", "--accept-broker-closes")
    killed = services.lab.start("rollout", "close-on-timeout", *words)
    time.sleep(4)
    second = services.lab.rollout("apply")
    assert (second.code, "locked by rollout" in second.stderr) == (3, True), second.said
    killed.kill()
    killed.communicate(timeout=60)
    until(120, lambda: services.lab.rollout(*words).code == 1, "the next roll")
    proved = verdicts(services.lab.rollout("prove").json)
    assert {name for name, verdict in proved.items() if not verdict.startswith("on")} == {"signed"}
    undone = services.lab.rollout("undo", "--restart")
    assert undone.code == 0, undone.said
    assert {name: services.fingerprint(name) for name in NAMES} == before
    assert left_behind(services) == ""
    # what was held since before, a patched jar and an agent that takes no word, goes with the process
    services.stop()
    services.start()
    assert set(verdicts(services.lab.rollout("prove", "--only", "/zoo-[!n]*").json).values()) == {"off"}
