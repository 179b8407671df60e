"""In which order the brokers came up at the first roll, and what was armed when one of them was drained."""

import re
from itertools import pairwise

import pytest
import testinfra

testinfra_hosts = ["local://"]
ORDER = ["broker-a-s", "broker-b-s", "broker-a", "broker-b"]


@pytest.fixture(scope="module")
def journals():
    """The lines of each broker's journal, the oldest first."""
    hosts = {name: testinfra.get_host(f"ansible://{name}", sudo=True) for name in ORDER}
    lines = "journalctl --no-pager --output=short-unix"
    return {name: host.check_output(lines).splitlines() for name, host in hosts.items()}


def instants(journal, words):
    """Seconds since 1970 of the lines that hold such words."""
    return [float(line.split()[0]) for line in journal if re.search(words, line)]


def test_slaves_start_before_masters_and_each_broker_once_the_one_before_is_up(journals):
    first = [
        (instants(journals[name], "Started rocketmq-broker")[0], instants(journals[name], "boot success")[0])
        for name in ORDER
    ]
    assert [(up, started) for (_, up), (started, _) in pairwise(first) if started < up] == []


def test_the_undo_of_its_drain_was_armed_before_the_master_stopped(journals):
    (armed,) = instants(journals["broker-a"], r"Started opskit-undo-drain\S*\.timer")
    (stopping,) = instants(journals["broker-a"], "Stopping rocketmq-broker")
    # a drain takes longer than the 30 s after which producers ask for routes again
    assert stopping - armed > 30


def test_nobody_else_was_drained(journals):
    drained = {name for name, journal in journals.items() if instants(journal, "Started opskit-undo-drain")}
    assert drained == {"broker-a"}
