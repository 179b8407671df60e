"""Before the rollout: no service gets away from a nameserver that hangs."""

testinfra_hosts = ["ansible://clients"]


def test_every_service_stays_for_as_long_as_its_nameserver_hangs(left):
    assert left == set()
