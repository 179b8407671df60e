"""Before the drill: a pair of which the controller made one the master."""

testinfra_hosts = ["ansible://nameservers"]
PAIR = ("broker-a1", "broker-a2")
HA_STATUS = 907
"""Request code: a broker's replication, from 5.0.0."""


def test_a_nameserver_knows_one_master_and_one_slave(server):
    members = server().brokers()["broker-a"]
    assert set(members.values()) == {f"{server(name).address}:10911" for name in PAIR}
    assert sum(number == 0 for number in members) == 1


def test_the_mode_is_in_force_in_both(server):
    for name in PAIR:
        settings = server(name).settings()
        assert (settings["enableControllerMode"], settings["allAckInSyncStateSet"]) == ("true", "true")


def test_one_says_that_it_is_master_and_that_the_other_is_in_sync(server):
    told = [server(name).ask(HA_STATUS) for name in PAIR]
    assert sorted((one["master"], one.get("inSyncSlaveNums", 0)) for one in told) == [(False, 0), (True, 1)]
