"""The fault freeze-host, with a pauser and hosts that are none: on every way out all victims go on."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from clusters import host

from opskit.errors import Exit, OpskitError
from opskit.inventory.cluster import Endpoint, Host
from opskit.reach.sweep import HostResult
from opskit.verify import paused
from opskit.verify.history import Effect, Record
from opskit.verify.paused import PausedHosts
from opskit.verify.scenario import Target
from opskit.verify.victims import Victim


class FakeLab:
    """Two hosts. blind: looking fails. shows: whether a pause takes effect. stuck: they do not go on.
    mute: they say nothing after the pause."""

    def __init__(self) -> None:
        self.paused, self.stuck, self.mute = set[str](), set[str](), set[str]()
        self.blind, self.shows, self.was_paused = "", True, False
        self.records: list[Record] = []
        self.victims = [victim("ns1"), victim("a")]

    def fault(self) -> PausedHosts:
        return PausedHosts(self.victims, self, self.records.append)

    async def pause(self, host: Host, undo_seconds: float) -> None:
        self.paused.add(host.name)
        self.was_paused = True

    async def is_paused(self, host: Host) -> bool:
        if self.blind:
            raise OpskitError(self.blind, where="podman ps", code=Exit.UNJUDGED)
        return self.shows and host.name in self.paused

    async def resume(self, host: Host) -> None:
        await asyncio.sleep(0.02)
        if host.name in self.stuck:
            raise OpskitError("the container is not paused", where="podman unpause", remedy="Look at it.")
        self.paused.discard(host.name)

    def sweep(
        self, requests: Mapping[str, Any], endpoints: Sequence[Endpoint], timeout_seconds: float
    ) -> dict[str, HostResult]:
        assert not self.paused & requests.keys()
        return {
            name: HostResult(name, "unreachable", error="no answer to SSH")
            if self.was_paused and name in self.mute
            else HostResult(name, "ok", {"boot_id": "boot-1"})
            for name in requests
        }


def victim(name: str) -> Victim:
    return Victim(Target(host(name, "10.0.0.1"), ()), {"id": "1", "units": [], "undo_seconds": 60})


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> FakeLab:
    fake = FakeLab()
    monkeypatch.setattr(paused, "sweep", fake.sweep)
    monkeypatch.setattr(paused, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(paused, "EFFECT_SECONDS", 0.1)
    return fake


def restored(lab: FakeLab) -> list[bool]:
    return [victim.restored.is_set() for victim in lab.victims]


async def test_all_victims_are_paused_while_it_is_held_and_go_on_afterwards(lab: FakeLab) -> None:
    async with lab.fault().held():
        assert lab.paused == {"ns1", "a"}
        assert restored(lab) == [False, False]
    assert (lab.paused, restored(lab)) == (set(), [True, True])
    assert lab.victims[0].after == lab.victims[0].before == {"boot_id": "boot-1"}


async def test_what_cannot_be_looked_at_for_a_while_is_not_shown(lab: FakeLab) -> None:
    async with lab.fault().held():
        lab.blind = "podman ps did not end"
        await asyncio.sleep(0.05)
    effects = [one for one in lab.records if isinstance(one, Effect) and one.victim == "ns1"]
    assert (effects[0].shown, effects[-1].shown, effects[-1].proof) == (True, False, "podman ps did not end")
    assert restored(lab) == [True, True]


@pytest.mark.parametrize(
    ("blind", "said"),
    [("", r"nothing showed it within 0\.1 s"), ("podman is broken", "podman is broken")],
    ids=["it takes no effect", "nobody can look"],
)
async def test_a_pause_that_nothing_shows_ends_the_drill_and_is_undone(blind: str, said: str, lab: FakeLab) -> None:
    lab.shows, lab.blind = False, blind
    with pytest.raises(OpskitError, match=said) as raised:
        async with lab.fault().held():
            pytest.fail("it was held")
    assert raised.value.code is Exit.UNJUDGED
    assert (lab.paused, restored(lab)) == (set(), [True, True])


@pytest.mark.parametrize(
    ("trouble", "error"),
    [("stuck", "the container is not paused"), ("mute", "no answer to SSH")],
    ids=["does not go on", "says nothing afterwards"],
)
async def test_one_that_is_not_known_to_be_restored_keeps_no_other_from_it_nor_hides_what_came_before(
    trouble: str, error: str, lab: FakeLab
) -> None:
    getattr(lab, trouble).add("ns1")
    with pytest.raises(ValueError, match="what came before"):
        async with lab.fault().held():
            raise ValueError("what came before")
    assert (restored(lab), lab.victims[0].error) == ([False, True], error)


async def test_a_cancel_during_the_undo_does_not_cut_it_short(lab: FakeLab) -> None:
    async def drill() -> None:
        async with lab.fault().held():
            await asyncio.sleep(60)

    task = asyncio.create_task(drill())
    await asyncio.gather(*(victim.in_effect.wait() for victim in lab.victims))
    for _ in range(3):
        task.cancel()
        await asyncio.sleep(0.005)
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (lab.paused, restored(lab)) == (set(), [True, True])
