"""After a fault: nothing of it is left on any host, and every nameserver knows every broker."""


def test_nothing_stands_still(host):
    assert [process.pid for process in host.process.filter(comm="java") if process.stat.startswith("T")] == []


def test_every_server_runs(host):
    units = host.run("systemctl list-unit-files --no-legend --type=service 'rocketmq-*'").stdout.splitlines()
    assert [unit.split()[0] for unit in units if not host.service(unit.split()[0]).is_running] == []


def test_no_undo_is_armed(host):
    assert host.run('grep -l \'"state": *"armed"\' /var/lib/opskit/changes/*.json').stdout == ""
    assert host.check_output("systemctl list-units --all --no-legend 'opskit-undo-*'") == ""


def test_no_packet_is_dropped_and_no_unit_is_overridden(host):
    assert host.run("nft list tables").stdout == ""
    assert host.run("ls -d /run/systemd/system/*.d/opskit-*").stdout == ""


def test_every_nameserver_knows_every_broker(host, server, eventually):
    inventory = host.backend.ansible_runner.inventory
    declared = [inventory["_meta"]["hostvars"][name] for name in inventory["brokers"]["hosts"]]
    members = {f"{one['rocketmq_address']}:{one.get('rocketmq_broker_port', 10911)}" for one in declared}
    for nameserver in inventory["nameservers"]["hosts"]:
        known = server(nameserver).brokers
        assert eventually(lambda known=known: {a for ids in known().values() for a in ids.values()} == members, 30)
