"""close-on-timeout on client services of every kind: what a hang does to them, and what a rollout can do about it."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
import zoo
from conftest import deployed, until
from zoo import Zoo, flips
from zoo.variants import SECRET

Figure = Callable[[str], None]
HELD_SECONDS = 20
RECOVERY_SECONDS = 5
"""After the flip was asked for, of a service that asks each second."""
POLLER_SECONDS = 63
"""Of one that only polls: a poll that times out, and the next one half a minute later."""
MOVES, SWITCHED_OFF, CLOSED, POLLS, ISOLATED = "new", "new-off", "no-attach", "poller", "isolated"
REMOTING = "org/apache/rocketmq/remoting/netty/NettyClientConfig.class"
NESTED = f"BOOT-INF/lib/rocketmq-remoting-4.8.0.jar!/{REMOTING}"
OFF = {"value": False, "every": False, "constructed": False, "mode": None, "new_instances": False}


class Expected(NamedTuple):
    """What preview must find. jar: as the process sees it; refusal: a word of why the jar cannot be patched."""

    jar: str
    way: str = "live-flip"
    entry: str = REMOTING
    release: str | None = "4.8.0"
    state: str = "off"
    refusal: str = ""
    java: int = 17


def thin(name: str, way: str = "live-flip", java: int = 17, refusal: str = "") -> Expected:
    return Expected(f"/opt/zoo/{name}/lib/rocketmq-remoting-4.8.0.jar", way, java=java, refusal=refusal)


def modern(name: str, way: str) -> Expected:
    jar = f"/opt/zoo/{name}/lib/rocketmq-remoting-4.9.7.jar"
    return Expected(jar, way, release="4.9.7", state="property", refusal="start option")


EXPECTED = {
    "thin": thin("thin"),
    "fat-boot2": Expected("/opt/zoo/fat-boot2/service.jar", entry=NESTED),
    "fat-boot3": Expected("/opt/zoo/fat-boot3/service.jar", entry=NESTED),
    "shaded": Expected("/opt/zoo/shaded/service.jar", entry=REMOTING.replace("org/apache", "my/shaded")),
    # a folder of classes does not say of which release they are
    "exploded": Expected("/opt/zoo/exploded/classes", release=None, refusal="folder"),
    "signed": thin("signed", refusal="signed"),
    "agent": thin("agent"),
    CLOSED: thin(CLOSED, "agent-at-start"),
    POLLS: thin(POLLS),
    "jdk11": thin("jdk11", java=11),
    "jdk21": thin("jdk21", java=21),
    ISOLATED: Expected("/app/lib/rocketmq-remoting-4.8.0.jar"),
    # with two nameservers it has another trap: RocketMQ's issue 7056
    MOVES: modern(MOVES, "nameservers"),
    SWITCHED_OFF: modern(SWITCHED_OFF, "property"),
}


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    with deployed(str(zoo.INVENTORY), tmp_path_factory.mktemp("zoo")) as running, zoo.zoo(running) as services:
        yield services


def asked(services: Zoo, *words: str) -> dict[str, dict[str, Any]]:
    """Service → what `opskit rollout close-on-timeout` says of it; every other JVM would be one too many."""
    done = services.lab.rollout(*words)
    assert SECRET not in done.said
    found = {}
    for one in json.loads(done.stdout)["jvms"]:
        unit = one["jvm"]["unit"] or f"zoo-{ISOLATED}.service"
        found[unit.removeprefix("zoo-").removesuffix(".service")] = one
    assert set(found) == set(services.variants), done.said
    return found


def test_each_service_has_its_routes(services: Zoo) -> None:
    for name, seen in services.look().items():
        assert (seen.restarts, len(seen.nameservers)) == (0, 1), name
        # the poller asks every 30 s
        assert seen.healthy(35), name


@pytest.mark.parametrize("name", EXPECTED)
def test_preview_names_each_service_right(previewed: dict[str, Any], name: str) -> None:
    one, expected = previewed[name], EXPECTED[name]
    (client,) = one["jvm"]["clients"]
    assert (client["jar"], client["entry"]) == (expected.jar, expected.entry)
    assert (client["release"], client["state"]) == (expected.release, expected.state)
    assert (expected.refusal in client["patchable"]) if expected.refusal else client["patchable"] is None
    assert one["jvm"]["java"]["major"] == expected.java
    assert one["jvm"]["namespaced"] == (name == ISOLATED)
    assert one["plan"]["way"] == expected.way, one["plan"]["reason"]
    assert ("DisableAttachMechanism" in one["plan"]["reason"]) == (name == CLOSED)


@pytest.fixture(scope="module")
def previewed(services: Zoo) -> dict[str, Any]:
    return asked(services, "preview")


def test_untouched_old_clients_stay_on_a_hung_nameserver_for_as_long_as_it_hangs(services: Zoo, figure: Figure) -> None:
    services.attach("ns1")
    with services.hung("ns1") as since:
        time.sleep(HELD_SECONDS)
        said = asked(services, "preview")
        queries = {name: services.queries(name, since, ("route",)) for name in services.variants}
        looks = services.look()
    assert {name for name, seen in looks.items() if seen.nameservers != ("ns1",)} == {MOVES}
    assert {name for name, asked in queries.items() if any(query.ok for query in asked)} == {MOVES}
    assert [query.ok for query in queries[MOVES]] == [False, *[True] * (len(queries[MOVES]) - 1)]
    flows = {name: one["jvm"]["flows"] for name, one in said.items() if name != POLLS}
    calm = {name: seen for name, seen in flows.items() if not any(flow["stuck"] for flow in seen)}
    assert set(calm) == {MOVES}, calm
    lost = sum(len(asked) for name, asked in queries.items() if name != MOVES)
    figure(f"{HELD_SECONDS} s on a hung nameserver: {lost} of {lost} route queries failed; 4.9.7 lost 1 and moved")


def test_a_stuck_client_recovers_after_the_flip_without_a_restart(services: Zoo, figure: Figure) -> None:
    services.attach("ns1")
    pids = {name: seen.pid for name, seen in services.look().items()}
    flipped: dict[str, int] = {}
    with services.hung("ns1") as since:
        time.sleep(4)
        for name in (POLLS, *sorted(set(services.variants) - {POLLS, MOVES, CLOSED, SWITCHED_OFF})):
            flipped[name] = zoo.now_ms()
            answer = flips.tell(services, "on,mode=nameserver", [name])[name]
            assert answer.on == OFF | {"value": True, "mode": "nameserver", "new_instances": True}, name
        assert "DisableAttachMechanism" in flips.tell(services, "on", [CLOSED])[CLOSED].error
        # what its owner switched off, the gentle mode leaves so, and says it
        left = flips.tell(services, "on,mode=nameserver", [SWITCHED_OFF])[SWITCHED_OFF].report
        assert left and "switched off" in left["errors"][0]
        stuck = {name: services.queries(name, since) for name in flipped}
        assert not any(query.ok for name in flipped for query in stuck[name] if query.at_ms < flipped[name])
        until(POLLER_SECONDS, lambda: any(query.ok for query in services.queries(POLLS, since)), "a poll that succeeds")
        first = {name: recovered_ms(services, name, at) for name, at in flipped.items()}
        assert not any(query.ok for name in (CLOSED, SWITCHED_OFF) for query in services.queries(name, since))
    assert {name: seen.pid for name, seen in services.look().items()} == pids
    seconds = {name: (first[name] - at) / 1000 for name, at in flipped.items()}
    figure(f"recovered after the flip, mode nameserver: {seconds}")
    assert seconds.pop(POLLS) <= POLLER_SECONDS
    assert {name: took for name, took in seconds.items() if took > RECOVERY_SECONDS} == {}


def recovered_ms(services: Zoo, name: str, since: int) -> float:
    """When the first query after an instant succeeded."""
    return next((query.at_ms for query in services.queries(name, since) if query.ok), float("inf"))


def test_off_puts_each_client_back(services: Zoo) -> None:
    names = sorted(set(services.variants) - {CLOSED, MOVES})
    answers = flips.tell(services, "off", names)
    assert {name: answer.error for name, answer in answers.items() if answer.error} == {}
    assert {name: answer.on for name, answer in answers.items()} == dict.fromkeys(names, OFF)
    services.attach("ns1")
    with services.hung("ns1") as since:
        time.sleep(10)
        moved = {name for name in services.variants if any(query.ok for query in services.queries(name, since))}
    assert moved == {MOVES}
