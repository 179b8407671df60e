"""Fifty client JVMs on ten hosts: how long a look and a rollout take, and how long each of them stands for it.

Run by `make test-long`; docs/long-tests.md holds what it showed.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

import fleet
import pytest
from conftest import deployed
from fleet import Fleet
from fleet.pauses import REDEFINES, Pause
from zoo import now_ms
from zoo.seen import Seen

Figure = Callable[[str], None]
JVMS = 50
PREVIEW_SECONDS, APPLY_SECONDS = 10, 60
WORK_MS = 50
CALM_SECONDS = 20


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    state = tmp_path_factory.mktemp("fleet")
    with deployed(str(fleet.INVENTORY), state) as running, fleet.fleet(running) as services:
        time.sleep(CALM_SECONDS)
        yield services


def test_they_are_found_within_ten_seconds(services: Fleet, figure: Figure) -> None:
    done = services.lab.rollout("preview")
    assert (len(done.json["jvms"]), done.json["unseen"]) == (JVMS, [])
    assert {one["plan"]["way"] for one in done.json["jvms"]} == {"live-flip"}
    figure(f"preview of {JVMS} JVMs: {done.seconds:.1f} s, of which the look {done.json['seconds']} s; {load()}")
    assert done.seconds < PREVIEW_SECONDS


@pytest.mark.parametrize(
    ("batches", "pause_ms"),
    # at once ten hosts want this machine's cores: most of a pause is waiting for one
    [("1", 50), ("100%", 500)],
)
def test_they_are_flipped_within_a_minute_and_none_is_harmed(
    services: Fleet, figure: Figure, batches: str, pause_ms: int
) -> None:
    before, worked = services.look(), services.vm_threads()
    began = now_ms()
    done = services.lab.rollout("apply", "--batches", batches, "--soak", "0")
    ended = now_ms()
    assert Counter(job["state"] for job in done.json["jobs"]) == {"applied": JVMS}, done.said
    assert verdicts(done.json["proof"]) == {"on-live": JVMS}
    pauses, calm = services.pauses(began, ended), services.pauses(2 * began - ended, began)
    flips = {name: [one for one in found if one.why == REDEFINES] for name, found in pauses.items()}
    at = sorted(one.at_ms for found in flips.values() for one in found)
    span, proof = (at[-1] - at[0]) / 1000, done.json["proof"]["seconds"]
    took = f"{done.seconds:.1f} s, {span:.1f} s from first flip to last, {proof} s proof"
    figure(f"apply --batches {batches}: {took}; {load()}")
    now = services.vm_threads()
    work = [now[name].ran_ms - one.ran_ms for name, one in worked.items()]
    waits = [now[name].waited_ms - one.waited_ms for name, one in worked.items()]
    figure(f"  longest pause of each JVM: {spread(longest(pauses))}; as long before: {spread(longest(calm))}")
    figure(f"  the flip's own pause: {spread(longest(flips))}")
    figure(f"  its VM thread meanwhile: {spread(work)} on a core, {spread(waits)} waiting for one")

    proved = services.lab.rollout("prove")
    assert verdicts(proved.json) == {"on-live": JVMS}
    undone = services.lab.rollout("undo")
    assert undone.code == 0, undone.said
    live = services.lab.rollout("prove", "--live")
    assert verdicts(live.json) == {"off": JVMS}
    figure(f"  prove {proved.seconds:.1f} s, undo {undone.seconds:.1f} s, prove --live {live.seconds:.1f} s")
    unharmed(services, before, began)

    assert {name for name, found in flips.items() if not found} == set()
    assert done.seconds < APPLY_SECONDS
    assert ninetieth(longest(pauses)) < pause_ms
    assert ninetieth(work) < WORK_MS


def verdicts(proved: Mapping[str, list[dict[str, dict[str, str]]]]) -> dict[str, int]:
    return Counter(one["proof"]["verdict"] for one in proved["jvms"])


def unharmed(services: Fleet, before: Mapping[str, Seen], since_ms: int) -> None:
    """The same processes, and no query of theirs that failed."""
    now = services.look()
    assert {name: (one.pid, one.restarts) for name, one in now.items()} == {
        name: (one.pid, one.restarts) for name, one in before.items()
    }
    asked = {name: services.queries(name, since_ms) for name in services.variants}
    # one that only polls does so every 30 s
    assert {name for name, queries in asked.items() if not queries and not name.startswith("poller")} == set()
    assert {name: bad for name, queries in asked.items() if (bad := [one for one in queries if not one.ok])} == {}


def longest(pauses: Mapping[str, Sequence[Pause]]) -> list[float]:
    """Of each JVM, in milliseconds; 0 where it never stood."""
    return [max((one.ms for one in found), default=0.0) for found in pauses.values()]


def ninetieth(values: Sequence[float]) -> float:
    return sorted(values)[int(len(values) * 0.9) - 1]


def spread(values: Sequence[float]) -> str:
    """Median, 90th percentile and maximum, of milliseconds."""
    return f"{sorted(values)[len(values) // 2 - 1]:.1f} / {ninetieth(values):.1f} / {max(values):.1f} ms"


def load() -> str:
    """Of the machine in the last minute: where it is far above its cores, seconds and pauses are of the queue."""
    return f"load {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"
