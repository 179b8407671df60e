"""The negative control: the same host hung, and the clients keep connections that do not answer."""

testinfra_hosts = ["local://"]
WINDOW = 10
"""Seconds, as in the drill before."""


def test_opskit_says_that_the_window_fails_by_the_route_alone(drill):
    assert (drill.exit, drill.result["verdict"]["judgement"]) == (1, "fails")
    missed = {
        one["path"]
        for one in drill.result["windows"]
        if one["limit_seconds"] is not None and (one["seconds"] or 0) > one["limit_seconds"]
    }
    assert missed == {"route"}


def test_nameserver_and_broker_stood_still_for_longer_than_the_window(drill):
    assert set(drill.victims) == {"node-a"}
    assert drill.fault.processes == 2
    assert drill.fault.seconds > WINDOW


def test_no_client_was_told_a_route_while_the_nameserver_hung(drill):
    assert drill.during("route")
    assert not any(each.ok for each in drill.during("route"))


def test_every_client_waited_longer_than_the_window(drill):
    assert drill.clients
    assert all(seconds > WINDOW for seconds in drill.waited("route").values())


def test_the_other_nameserver_would_have_answered(drill):
    assert {each.ok for each in drill.during("nameserver@node-b")} == {True}


def test_every_acknowledged_message_arrived(drill):
    assert drill.acknowledged
    assert drill.lost() == set()
