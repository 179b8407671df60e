"""A host with a nameserver and a master hung under traffic, and the clients close connections that do not answer."""

import pytest

testinfra_hosts = ["local://"]
WINDOW = 10
"""Seconds within which every client must be over it."""
LOOKS = 1.5
"""Seconds by which two who look at the same fault may differ: opskit once a second, the probes every 0.4."""


def test_opskit_says_that_the_window_holds(drill):
    assert (drill.exit, drill.result["verdict"]["judgement"]) == (0, "holds"), drill.result["verdict"]["reasons"]


def test_nameserver_and_broker_stood_still_for_longer_than_the_window(drill):
    assert set(drill.victims) == {"node-a"}
    assert drill.fault.processes == 2
    assert drill.fault.seconds > WINDOW


def test_the_hung_nameserver_answered_nobody_and_the_other_went_on(drill):
    assert {each.ok for each in drill.during("nameserver@node-a")} == {False}
    assert {each.ok for each in drill.during("nameserver@node-b")} == {True}


def test_nobody_could_send_to_the_hung_broker(drill):
    assert {each.ok for each in drill.during("produce@broker-a")} == {False}


def test_every_client_had_asked_the_hung_nameserver(drill):
    assert drill.clients
    assert all(seconds > 0 for seconds in drill.failed_for("route").values())


@pytest.mark.parametrize("path", ["produce", "consume", "route"])
def test_no_client_waited_longer_than_the_window(drill, path):
    assert {client: seconds for client, seconds in drill.waited(path).items() if seconds > WINDOW} == {}


@pytest.mark.parametrize("path", ["produce", "route"])
def test_nothing_failed_once_the_window_was_over(drill, path):
    assert {client: seconds for client, seconds in drill.failed_for(path).items() if seconds > WINDOW} == {}


@pytest.mark.parametrize("path", ["produce", "route"])
def test_opskit_tells_no_client_better_than_it_was(drill, path):
    told = drill.recovery(path)
    assert all(told[client] + LOOKS > seconds for client, seconds in drill.failed_for(path).items())


def test_every_acknowledged_message_arrived(drill):
    assert drill.acknowledged
    assert drill.lost() == set()
