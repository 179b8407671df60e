"""The master hung: its slave was elected and took over within the window, and nothing that was acknowledged is lost."""

import pytest

# one host, so that the drill is judged once; these tests look at none
testinfra_hosts = ["ansible://clients"]
WINDOW = 30
"""Seconds within which another must be master, and every client be over it."""
PAIR = {"broker-a1", "broker-a2"}


@pytest.fixture
def victim(drill):
    (name,) = drill.victims
    return name


@pytest.fixture
def masters(drill, server):
    """Of each instant at which a nameserver told a master of the pair: when, which nameserver, which host."""
    hosts = {f"{server(name).address}:10911": name for name in PAIR}
    told = [(view.at, view.nameserver, (view.brokers or {}).get("broker-a", {}).get("0")) for view in drill.views]
    return [(at, nameserver, hosts[address]) for at, nameserver, address in told if address]


def test_opskit_says_that_the_window_holds(drill):
    assert (drill.exit, drill.result["verdict"]["judgement"]) == (0, "holds"), drill.result["verdict"]["reasons"]


def test_it_was_the_master_that_stood_still_and_for_longer_than_the_window(drill, victim, masters):
    assert {host for at, _, host in masters if at < drill.fault.begin} == {victim}
    assert drill.fault.seconds > WINDOW


@pytest.mark.parametrize("nameserver", ["ns1", "ns2"])
def test_every_nameserver_knew_the_other_as_master_within_the_window(drill, victim, masters, nameserver):
    (other,) = PAIR - {victim}
    elected = [at for at, told_by, host in masters if (told_by, host) == (nameserver, other)]
    assert elected
    assert elected[0] - drill.fault.begin < WINDOW


def test_nobody_is_master_again_who_hung(victim, masters):
    first = next(at for at, _, host in masters if host != victim)
    assert {host for at, _, host in masters if at > first + WINDOW} == PAIR - {victim}


def test_every_client_could_send_to_the_pair_again_within_the_window_while_its_old_master_hung(drill):
    served = {client: drill.first_success(client, "produce@broker-a") for client in drill.clients}
    assert {client: seconds for client, seconds in served.items() if seconds is None or seconds > WINDOW} == {}


@pytest.mark.parametrize("path", ["produce", "consume", "route"])
def test_no_client_waited_longer_than_the_window(drill, path):
    assert {client: seconds for client, seconds in drill.waited(path).items() if seconds > WINDOW} == {}


def test_nothing_failed_once_the_window_was_over(drill):
    assert {client: seconds for client, seconds in drill.failed_for("produce").items() if seconds > WINDOW} == {}


def test_every_acknowledged_message_arrived(drill):
    assert drill.acknowledged
    assert drill.lost() == set()
