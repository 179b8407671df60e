"""The account of the client that sent and received through all steps."""

import json

import pytest

testinfra_hosts = ["ansible://clients"]


@pytest.fixture(scope="module")
def ledger(host):
    host.run("systemctl stop molecule-traffic")
    last = host.file("/run/molecule-traffic.jsonl").content_string.splitlines()[-1]
    return json.loads(last)


def test_no_acknowledged_message_is_lost(ledger):
    assert ledger["event"] == "ledger"
    assert ledger["acknowledged"] > 5_000
    assert ledger["lost"] == 0


def test_nothing_was_received_that_was_not_sent(ledger):
    assert ledger["unexpected"] == 0
