"""After each step: a broker runs what is declared, and serves what it was given before the first."""

testinfra_hosts = ["ansible://brokers"]


def test_it_says_that_it_is_the_declared_release(kept, declared):
    assert kept.release == declared


def test_its_messages_are_there_each_once_and_in_order(kept):
    assert kept.messages() == [f"message {number}" for number in range(100)]


def test_its_group_goes_on_where_it_stopped(kept):
    assert kept.committed == 50


def test_it_takes_writes_again(server):
    assert server().settings()["brokerPermission"] == "6"
