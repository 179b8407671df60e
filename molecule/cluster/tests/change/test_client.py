"""The official client, in the release that the cluster runs, sends and receives through the pairs."""

import json

testinfra_hosts = ["ansible://clients"]


def test_a_thousand_messages_come_back_from_both_masters(host, server):
    nameservers = ";".join(f"{server(name).address}:9876" for name in ("ns1", "ns2"))
    lib = host.check_output("ls --directory /opt/rocketmq/client/*/lib")
    # a topic of the cluster's name is on every master from the start
    answer = host.check_output(
        "java -Xmx128m --add-opens=java.base/java.nio=ALL-UNNAMED -Drocketmq.client.logRoot=/tmp -cp %s "
        "opskit.probe.Main smoke --topic cluster --messages 1000 --nameservers %s",
        f"{lib}/*",
        nameservers,
    )
    told = json.loads(answer.splitlines()[-1])
    assert (told["acknowledged"], told["received"], told["lost"]) == (1000, 1000, 0)
    assert told["brokers"] == ["broker-a", "broker-b"]
