"""The texts of the lab: names, overlay, known_hosts, and the apt sources its image is built from."""

from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import yaml

from opskit.errors import OpskitError
from opskit.inventory.declaration import Declaration, DeclaredHost
from opskit.inventory.endpoint import endpoint
from opskit.inventory.load import load
from opskit.lab import names, overlay
from opskit.lab.distribution import named
from opskit.lab.folder import Folder
from opskit.lab.sources import apt_options, debian_sources

ADDRESSES = {"ns1": IPv4Address("10.89.0.10"), "broker-a": IPv4Address("10.89.0.11")}
CASES = yaml.safe_load((Path(__file__).parent.parent / "cases" / "lab" / "apt-sources.yml").read_text())


@pytest.mark.parametrize("case", CASES, ids=[case["title"] for case in CASES])
def test_only_debian_itself_is_taken_from_the_machines_apt_sources(case: dict[str, Any]) -> None:
    assert debian_sources(case["files"], named(case.get("wanted", "debian12"))) == case["expect"]


def test_a_distribution_that_the_lab_does_not_know_is_refused_with_those_it_knows() -> None:
    with pytest.raises(OpskitError, match="knows no distribution 'debian14'") as refused:
        named("debian14")
    assert "debian12, debian13" in str(refused.value.remedy)


def test_the_machines_way_to_its_mirrors_is_taken_over() -> None:
    dump = (
        'APT::Architecture "amd64";\nAcquire::http::Proxy "http://proxy.example:3128";\nAcquire::http "";\n'
        'Acquire::Check-Valid-Until "false";\nAcquire::Languages:: "none";\n'
    )
    assert apt_options(dump) == (
        'Acquire::http::Proxy "http://proxy.example:3128"',
        'Acquire::Check-Valid-Until "false"',
    )


def declaration(*hosts: str) -> Declaration:
    return Declaration((Path("hosts.yml"),), tuple(DeclaredHost(host, frozenset({"brokers"})) for host in hosts), {})


def test_every_host_of_a_role_group_is_wanted() -> None:
    assert names.hosts(declaration("b", "a")) == ("a", "b")


@pytest.mark.parametrize(
    ("hosts", "what"), [((), "has no host to make"), (("a b",), "cannot be the name of a lab host")]
)
def test_an_inventory_that_makes_no_lab(hosts: tuple[str, ...], what: str) -> None:
    with pytest.raises(OpskitError, match=what):
        names.hosts(declaration(*hosts))


@pytest.mark.parametrize(
    ("given", "inventory", "name"),
    [
        (None, "inventories/lab", "lab"),
        (None, "inventories/lab/hosts.yml", "lab"),
        (None, "inventories/example-production", "example-production"),
        (None, "Night_Shift", "night-shift"),
        ("two", "inventories/lab", "two"),
    ],
)
def test_a_labs_name(given: str | None, inventory: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / inventory
    (path.parent if path.suffix else path).mkdir(parents=True)
    assert names.lab(given, (path,)) == name


@pytest.mark.parametrize("given", ["", "A", "-a", "a-", "a_b", "a/b", "a" * 33])
def test_a_name_that_cannot_be(given: str) -> None:
    with pytest.raises(OpskitError, match="cannot be the name of a lab"):
        names.lab(given, ())


def test_without_a_name_and_an_inventory_both_ways_are_taught() -> None:
    with pytest.raises(OpskitError, match="which lab"):
        names.lab(None, ())


def test_known_hosts_pin_name_and_address_without_the_comment() -> None:
    keys = {"ns1": "ssh-ed25519 AAAA root@ns1", "broker-a": "ssh-ed25519 BBBB"}
    assert overlay.known_hosts(keys, ADDRESSES) == (
        "broker-a,10.89.0.11 ssh-ed25519 BBBB\nns1,10.89.0.10 ssh-ed25519 AAAA\n"
    )


def test_hosts_know_each_other_by_name() -> None:
    assert overlay.etc_hosts(ADDRESSES).splitlines()[2:] == ["10.89.0.11 broker-a", "10.89.0.10 ns1"]


def test_the_overlay_wins_over_the_inventorys_own_host_vars(tmp_path: Path) -> None:
    site, lab = tmp_path / "site", tmp_path / "labs" / "x"
    (site / "host_vars").mkdir(parents=True)
    lab.mkdir(parents=True)
    (site / "hosts.yml").write_text("all: {children: {nameservers: {hosts: {ns1: {ansible_host: 192.0.2.1}}}}}\n")
    (site / "host_vars" / "ns1.yml").write_text(
        "ansible_host: 192.0.2.2\nansible_user: admin\nansible_port: 2222\nrocketmq_address: 192.0.2.3\n"
    )
    Folder(lab).write_overlay({"ns1": ADDRESSES["ns1"]})
    (host,) = load((site, lab / "inventory.yml")).hosts
    reached, findings = endpoint(host)
    assert findings == []
    assert (reached.address, reached.port, reached.user, reached.become) == ("10.89.0.10", 22, "ops", True)
    assert (reached.identity, reached.known_hosts) == (str(lab / "id"), str(lab / "known_hosts"))
    assert host.variables["rocketmq_address"] == "10.89.0.10"


def test_a_host_that_left_takes_its_variables_along(tmp_path: Path) -> None:
    Folder(tmp_path).write_overlay(ADDRESSES)
    Folder(tmp_path).write_overlay({"ns1": ADDRESSES["ns1"]})
    assert [path.name for path in (tmp_path / "host_vars").iterdir()] == ["ns1.yml"]


def test_a_state_folder_that_ssh_would_take_apart_is_refused() -> None:
    with pytest.raises(OpskitError, match="characters that ssh takes apart"):
        overlay.ssh_options(Path("/my labs/known_hosts"))
