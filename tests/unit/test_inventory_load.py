"""Ansible's own loader, on real inventories: overlays, INI, Jinja across hosts, vault, and its traps."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from ansible.parsing.vault import VaultLib, VaultSecret

from opskit.errors import OpskitError
from opskit.inventory.build import build
from opskit.inventory.cluster import Cluster
from opskit.inventory.load import load

INVENTORIES = Path(__file__).parent.parent.parent / "inventories"
HOSTS = """
all:
  vars: {rocketmq_cluster_name: orders, rocketmq_release: "4.8.0"}
  children:
    nameservers: {hosts: {ns1: {}, ns2: {}}}
    brokers:
      hosts:
        b1: {rocketmq_broker_name: broker-a, rocketmq_broker_id: 0}
        b2: {rocketmq_broker_name: broker-a, rocketmq_broker_id: 1}
"""


def cluster(*sources: Path) -> Cluster:
    built, findings = build(load(sources))
    assert built is not None, findings
    return built


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("ANSIBLE_VAULT_PASSWORD_FILE", raising=False)
    (tmp_path / "hosts.yml").write_text(HOSTS)
    (tmp_path / "group_vars").mkdir()
    return tmp_path


def vaulted(text: str, password: str) -> str:
    encrypted: bytes = VaultLib([("default", VaultSecret(password.encode()))]).encrypt(text)
    return encrypted.decode()


@pytest.mark.parametrize("name", ["lab", "incident", "example-production"])
def test_the_inventories_that_ship_are_read_with_host_names_or_addresses(name: str) -> None:
    built = cluster(INVENTORIES / name)
    assert built.nameservers
    assert {broker.broker_name for broker in built.brokers} == {"broker-a", "broker-b"}


def test_the_lab_serves_both_lines_of_releases(tmp_path: Path) -> None:
    overlay = tmp_path / "release.yml"
    overlay.write_text('all: {vars: {rocketmq_release: "5.4.0"}}')
    four, five = cluster(INVENTORIES / "lab"), cluster(INVENTORIES / "lab", overlay)
    assert "timerWheelEnable" not in four.brokers[0].settings
    assert five.brokers[0].settings["timerWheelEnable"] is False
    assert five.clients[0].releases == ("5.4.0",)


def test_a_later_inventory_gives_the_lab_its_addresses(tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yml"
    overlay.write_text(
        "all:\n  vars: {ansible_user: ops, ansible_ssh_private_key_file: /lab/id,\n"
        "    ansible_ssh_common_args: -o UserKnownHostsFile=/lab/known_hosts}\n"
        "  hosts: {ns1: {ansible_host: 10.0.0.5}}\n"
    )
    nameserver = cluster(INVENTORIES / "lab", overlay).nameservers[0]
    assert nameserver.address == "10.0.0.5:9876"
    endpoint = nameserver.host.endpoint
    assert (endpoint.user, endpoint.identity, endpoint.known_hosts) == ("ops", "/lab/id", "/lab/known_hosts")


def test_values_come_out_as_plain_python_with_their_place(site: Path) -> None:
    (site / "group_vars/brokers.yml").write_text(
        "rocketmq_broker_settings:\n  flushDiskType: \"{{ ['ASYNC', 'FLUSH'] | join('_') }}\"\n"
        'rocketmq_broker_port: "{{ 10000 + 911 }}"\n'
    )
    host = load([site]).host("b1")
    settings = host.variables["rocketmq_broker_settings"]
    assert type(settings) is dict
    assert {type(key) for key in settings} | {type(value) for value in settings.values()} == {str}
    assert settings == {"flushDiskType": "ASYNC_FLUSH"}
    assert host.variables["rocketmq_broker_port"] == 10911
    assert host.origin("rocketmq_broker_port") == f"{site}/group_vars/brokers.yml:3: rocketmq_broker_port"
    assert host.origin("rocketmq_broker_heap") == f"{site}/hosts.yml:8: host b1: rocketmq_broker_heap"


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ number }}", 5),
        ("{{ number * 1024 }}", 5120),
        ("{{ 1024 * 1024 }}", 1048576),
        ("{{ number > 3 }}", True),
        ("{{ number }}0", "50"),
        ("{{ text }}", "1e5"),
        ("{{ text | string }}", "1e5"),
        ("{{ '0x1f' }}", "0x1f"),
        ("{{ 'True' }}", "True"),
        ("{{ text | float }}", 100000.0),
        ("{{ [number, text] }}", [5, "1e5"]),
        ("{% if number > 3 %}7{% endif %}", "7"),
        ("{{ {'nested': nested} }}", {"nested": {"deep": 5}}),
        ("{{ [3, 1] | map('int') }}", [3, 1]),
    ],
)
def test_an_expression_keeps_its_type_and_text_stays_text(site: Path, template: str, value: object) -> None:
    variables = {"number": 5, "text": "1e5", "nested": {"deep": "{{ number }}"}, "rocketmq_broker_settings": template}
    (site / "group_vars" / "brokers.yml").write_text(yaml.safe_dump(variables))
    found = load([site]).hosts[0].variables["rocketmq_broker_settings"]
    assert (type(found), found) == (type(value), value)


def test_templates_may_look_at_other_hosts(site: Path) -> None:
    (site / "group_vars/brokers.yml").write_text(
        "rocketmq_broker_settings:\n"
        "  defaultTopicQueueNums: \"{{ groups['brokers'] | map('extract', hostvars, 'rocketmq_broker_id') | sum }}\"\n"
    )
    assert cluster(site).brokers[0].settings == {"defaultTopicQueueNums": 1}


def test_what_concerns_other_hosts_is_not_templated(site: Path) -> None:
    (site / "group_vars/all.yml").write_text(
        'rocketmq_broker_heap: "{{ rocketmq_broker_id + 4 }}g"\nowned_by: "{{ no }}"\n'
    )
    assert [broker.jvm.heap for broker in cluster(site).brokers] == ["4g", "5g"]


def test_ini_inventories_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "hosts.ini").write_text(
        "[nameservers]\nns1\nns2 rocketmq_nameserver_port=9877\n[brokers]\n"
        "b1 rocketmq_broker_name=broker-a rocketmq_broker_id=0\n"
        "[all:vars]\nrocketmq_cluster_name=orders\nrocketmq_release=4.8.0\nopskit_allow_colocation=yes\n"
    )
    built = cluster(tmp_path / "hosts.ini")
    assert [nameserver.port for nameserver in built.nameservers] == [9876, 9877]
    assert built.allow_colocation is True


def test_the_vault_password_file_of_the_environment_opens_files_and_values(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inline = vaulted("opskit-secret", "right").strip().replace("\n", "\n  ")
    (site / "group_vars/brokers.yml").write_text(vaulted("rocketmq_acl_access_key: opskit\n", "right"))
    (site / "group_vars/nameservers.yml").write_text(f"rocketmq_acl_secret_key: !vault |\n  {inline}\n")
    password = site.parent / f"{site.name}.password"
    password.write_text("right\n")
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(password))
    acl = cluster(site).acl
    assert acl is not None
    assert (acl.access_key, acl.secret_key.get_secret_value()) == ("opskit", "opskit-secret")
    assert "opskit-secret" not in repr(cluster(site))

    password.write_text("wrong\n")
    with pytest.raises(OpskitError, match="Decryption failed") as raised:
        load([site])
    assert "ANSIBLE_VAULT_PASSWORD_FILE" in raised.value.remedy
    assert str(site) in raised.value.where


def test_a_vault_password_file_given_as_an_argument_is_enough(site: Path) -> None:
    (site / "group_vars/brokers.yml").write_text(vaulted("rocketmq_broker_heap: 6g\n", "right"))
    password = site.parent / f"{site.name}.password"
    password.write_text("right\n")
    assert load([site], [password]).host("b1").variables["rocketmq_broker_heap"] == "6g"


def test_a_missing_vault_password_file_is_named(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", "/nowhere/password")
    with pytest.raises(OpskitError, match="/nowhere/password was not found"):
        load([site])


def test_a_missing_inventory_is_named(tmp_path: Path) -> None:
    with pytest.raises(OpskitError, match="no such inventory") as raised:
        load([tmp_path / "nowhere"])
    assert raised.value.where.endswith("nowhere")


def test_a_script_may_be_the_inventory(tmp_path: Path) -> None:
    script = tmp_path / "inventory.sh"
    script.write_text('#!/bin/sh\necho \'{"nameservers": {"hosts": ["ns1"]}, "_meta": {"hostvars": {}}}\'\n')
    script.chmod(0o755)
    assert [host.name for host in load([script]).hosts] == ["ns1"]
    script.write_text("#!/bin/sh\necho the CMDB is down >&2\nexit 1\n")
    with pytest.raises(OpskitError, match=r"Inventory script returned non-zero exit code 1|the CMDB is down") as raised:
        load([script])
    assert raised.value.where == str(script)


def test_hosts_outside_the_known_groups_are_left_alone(site: Path) -> None:
    (site / "others.yml").write_text(
        'all: {children: {databases: {hosts: {db1: {rocketmq_cluster_name: "{{ no }}"}}}}}'
    )
    declaration = load([site])
    assert "db1" not in {host.name for host in declaration.hosts}
    assert declaration.groups["databases"] == ("db1",)


def test_ansible_is_imported_only_by_load_and_says_nothing(site: Path) -> None:
    """In a folder whose ansible.cfg would merge hashes, and with an inventory that Ansible warns about."""
    (site / "ansible.cfg").write_text("[defaults]\nhash_behaviour = merge\n")
    (site / "group_vars/all.yml").write_text("rocketmq_broker_settings: {flushDiskType: SYNC_FLUSH, maxIndexNum: 1}\n")
    (site / "group_vars/brokers.yml").write_text("rocketmq_broker_settings: {flushDiskType: ASYNC_FLUSH}\n")
    (site / "more.yml").write_text("all: {children: {not-a-valid-group-name: {hosts: {b1: {}}}}}\n")
    script = (
        "import sys\nfrom pathlib import Path\nfrom opskit.inventory.load import load\n"
        "assert not any(name.split('.')[0] == 'ansible' for name in sys.modules)\n"
        "print(load([Path('hosts.yml'), Path('more.yml')]).host('b1').variables['rocketmq_broker_settings'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=site, capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout == "{'flushDiskType': 'ASYNC_FLUSH'}\n"
    assert done.stderr == ""
