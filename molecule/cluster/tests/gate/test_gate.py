"""A nameserver hung while every broker's settings had changed: the roll stopped before the first broker."""

import os
from pathlib import Path

testinfra_hosts = ["ansible://brokers"]


def test_no_broker_was_touched(rocketmq_unit):
    assert not rocketmq_unit.restarted_since_the_change
    assert rocketmq_unit.settings.get("sendMessageThreadPoolNums") != "2"


def test_the_roll_says_whose_gate_stayed_shut():
    said = (Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"]) / "roll.txt").read_text()
    assert "The gate did not open within 15 s" in said
    assert "ns2" in said


def test_every_broker_is_known_again_to_the_nameserver_that_hung(server, eventually):
    known = eventually(lambda: server("ns2").brokers() == server("ns1").brokers(), within=45)
    assert known
