"""close-on-timeout on client services of every kind: what a hang does to them, and what a rollout does about it."""

import time
from collections.abc import Callable, Iterator

import pytest
import zoo
from conftest import lab
from zoo import Zoo

Figure = Callable[[str], None]
HELD_SECONDS = 20
MOVES = "new"
"""The one that leaves a hung nameserver by itself: its release does so by default."""


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zoo]:
    with lab(str(zoo.INVENTORY), tmp_path_factory.mktemp("zoo")) as running:
        deployed = running.run("deploy", "--no-smoke")
        assert deployed.code == 0, deployed.said
        with zoo.zoo(running) as services:
            yield services


def test_each_service_has_its_routes(services: Zoo) -> None:
    for name, seen in services.look().items():
        assert (seen.restarts, len(seen.nameservers)) == (0, 1), name
        # the poller asks every 30 s
        assert seen.healthy(35), name


def test_untouched_old_clients_stay_on_a_hung_nameserver_for_as_long_as_it_hangs(services: Zoo, figure: Figure) -> None:
    services.attach("ns1")
    with services.hung("ns1") as since:
        time.sleep(HELD_SECONDS)
        asked = {name: services.queries(name, since, ("route",)) for name in services.variants}
        looks = services.look()
    answered = {name for name, queries in asked.items() if any(query.ok for query in queries)}
    assert answered == {MOVES}
    assert {name for name, seen in looks.items() if seen.nameservers != ("ns1",)} == {MOVES}
    assert [query.ok for query in asked[MOVES]] == [False, *[True] * (len(asked[MOVES]) - 1)]
    lost = sum(len(queries) for name, queries in asked.items() if name != MOVES)
    figure(f"{HELD_SECONDS} s on a hung nameserver: {lost} of {lost} queries failed; 4.9.7 lost 1 and moved")
