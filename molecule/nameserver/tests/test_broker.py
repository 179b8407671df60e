"""A broker finds each nameserver on a port of its own."""

testinfra_hosts = ["ansible://broker-a"]


def test_it_names_each_nameserver_with_its_port(rocketmq_unit, server):
    expected = {f"{server('ns1').address}:19876", f"{server('ns2').address}:29876"}
    assert set(rocketmq_unit.settings["namesrvAddr"].split(";")) == expected


def test_both_route_to_it(server, eventually):
    route = {"broker-a": {0: f"{server().address}:10911"}}
    for name, port in (("ns1", 19876), ("ns2", 29876)):
        nameserver = server(name, port=port)
        assert eventually(lambda asked=nameserver: asked.route("SELF_TEST_TOPIC") == route, within=30)
