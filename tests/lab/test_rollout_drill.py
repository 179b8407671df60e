"""prove --drill on real services: a nameserver hangs, those that are on leave it, and consumers go on."""

import dataclasses
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import zoo
from conftest import Lab, deployed, interrupt
from zoo import Zoo, variants

Figure = Callable[[str], None]
FLIPPED, POLLER, MODERN, UNTOUCHED = "fat-boot3", "poller", "new", "thin"
"""Flipped by apply, and a consumer with traffic of its own; flipped, and asks only every 30 s; as it comes from 4.9.7;
the control."""
ASKING = (FLIPPED, MODERN, UNTOUCHED)
TRAFFIC = ("send=200", "consume")
ON = ("--only", f"/zoo-{FLIPPED}", "--only", f"/zoo-{MODERN}")
MOVED_SECONDS = 8.0
"""A route query each second, one timeout of 3 s, the next, and a look."""
POLLED_SECONDS = 66.0
"""Two polls, a timeout, and a look."""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with deployed(str(zoo.INVENTORY), tmp_path_factory.mktemp("drill")) as running:
        yield running


@pytest.fixture(scope="module")
def services(running: Lab) -> Iterator[Zoo]:
    known = {one.name: one for one in variants.VARIANTS}
    known[FLIPPED] = dataclasses.replace(known[FLIPPED], words=TRAFFIC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(variants, "VARIANTS", tuple(known.values()))
        with zoo.zoo(running, FLIPPED, POLLER, MODERN, UNTOUCHED) as services:
            only = ("--only", f"/zoo-{FLIPPED}", "--only", f"/zoo-{POLLER}")
            flipped = services.lab.rollout("apply", "--soak", "0", *only)
            assert flipped.code == 0, flipped.said
            yield services


def moves(result: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["jvm"]["unit"].removeprefix("zoo-").removesuffix(".service"): one["moved"] for one in result["jvms"]}


def stopped(services: Zoo, nameserver: str) -> bool:
    """Whether the process of the nameserver hangs now."""
    script = f"cat /proc/$(systemctl show -P MainPID {zoo.NAMESERVER_UNIT})/stat"
    return services.lab.on(nameserver, script).rpartition(") ")[2].startswith("T")


def test_who_is_on_leaves_and_goes_on_consuming(services: Zoo, figure: Figure) -> None:
    services.attach("ns1", *ASKING)
    began = time.monotonic()
    done = services.lab.rollout("prove", "--drill", *ON)
    took = time.monotonic() - began
    assert done.code == 0, done.said
    seen = moves(done.json)
    assert {one["verdict"] for one in seen.values()} == {"moved"}
    assert {one["nameserver"] for one in seen.values()} == {"ns1"}
    assert all(one["seconds"] <= MOVED_SECONDS for one in seen.values()), seen
    (tried,) = done.json["drill"]["rounds"]
    assert {(one["group"], one["verdict"]) for one in tried["consumers"]} == {(f"{FLIPPED}-consumer", "kept")}
    assert {one["broker"] for one in tried["consumers"]} == {"broker-a", "broker-b"}
    assert not stopped(services, "ns1")
    took_each = {name: (one["seconds"], one["resolution_seconds"]) for name, one in seen.items()}
    gaps = {one["broker"]: (one["gap_seconds"], one["consumed"]) for one in tried["consumers"]}
    figure(f"prove --drill in {took:.1f} s, {tried['seconds']} s of it hung; moved after {took_each}; gaps {gaps}")


def test_an_untouched_client_stays_and_the_drill_says_so(services: Zoo, figure: Figure) -> None:
    services.attach("ns2")
    done = services.lab.rollout("prove", "--drill")
    assert done.code == 1, done.said
    seen = moves(done.json)
    assert {name: one["verdict"] for name, one in seen.items()} == {
        FLIPPED: "moved",
        POLLER: "moved",
        MODERN: "moved",
        UNTOUCHED: "stayed",
    }
    (tried,) = done.json["drill"]["rounds"]
    assert tried["nameserver"] == "ns2"
    assert tried["seconds"] >= done.json["drill"]["hold_seconds"] - 1
    assert seen[POLLER]["seconds"] <= POLLED_SECONDS
    assert not stopped(services, "ns2")
    figure(f"a client that polls every 30 s moved after {seen[POLLER]['seconds']} s")
    figure(f"the control after {tried['seconds']} s: {seen[UNTOUCHED]['why']}")


def test_ctrl_c_wakes_the_nameserver_first(services: Zoo) -> None:
    services.attach("ns1", *ASKING)
    process = services.lab.start("rollout", "close-on-timeout", "prove", "--drill")
    end = time.monotonic() + 60
    while not stopped(services, "ns1"):
        if time.monotonic() > end or process.poll() is not None:
            done = interrupt(process, signal.SIGINT)
            pytest.fail(f"the nameserver never hung; exit {done.code}: {done.said}")
        time.sleep(0.3)
    done = interrupt(process, signal.SIGINT)
    assert done.code == 130, done.said
    assert not stopped(services, "ns1")
    assert services.lab.run("verify", "restore").code == 0
