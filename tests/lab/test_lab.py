"""The embedded lab, for real: containers come, are reached with strict host key checking, and go without a trace."""

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml


def sh(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300)


@dataclass
class Site:
    """An inventory, a state folder of its own, and the names of labs that nobody else uses."""

    inventory: Path
    state: Path
    name: str

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "opskit", "--format", "json", "-i", str(self.inventory), "lab", *words]

    def opskit(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = sh(*self.command(*words))
        assert done.returncode == code, done.stdout + done.stderr
        return done

    def up(self, name: str = "") -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.opskit("up", "--name", name or self.name).stdout)
        return found

    def hosts(self, *names: str) -> None:
        content = {"all": {"children": {"nameservers": {"hosts": dict.fromkeys(names)}}}}
        self.inventory.write_text(yaml.safe_dump(content))

    def folder(self, name: str = "") -> Path:
        return self.state / "labs" / (name or self.name)

    def ssh(self, host: str, known_hosts: Path | None = None) -> subprocess.CompletedProcess[str]:
        variables = yaml.safe_load((self.folder() / "host_vars" / f"{host}.yml").read_text())
        arguments = variables["ansible_ssh_common_args"].split()
        if known_hosts:
            arguments[arguments.index(f"UserKnownHostsFile={self.folder()}/known_hosts")] = (
                f"UserKnownHostsFile={known_hosts}"
            )
        to = f"{variables['ansible_user']}@{variables['ansible_host']}"
        return sh("ssh", "-i", variables["ansible_ssh_private_key_file"], *arguments, to, "sudo", "-n", "hostname")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    made = Site(tmp_path / "hosts.yml", tmp_path / "state", f"t{os.getpid()}-{secrets.token_hex(3)}")
    monkeypatch.setenv("OPSKIT_STATE", str(made.state))
    made.hosts("ns1", "ns2")
    yield made
    for name in (made.name, f"{made.name}-b"):
        made.opskit("down", "--name", name)


def traces(name: str) -> list[str]:
    """Whatever podman still knows of a lab."""
    listed = (
        sh("podman", "ps", "-a", "--format", "{{.Names}}"),
        sh("podman", "network", "ls", "--format", "{{.Name}}"),
        sh("podman", "volume", "ls", "--format", "{{.Name}}"),
    )
    return [line for done in listed for line in done.stdout.splitlines() if name in line]


def test_a_lab_comes_is_reached_with_its_pinned_keys_and_goes(site: Site) -> None:
    lab = site.up()
    assert lab["schema"] == "opskit/lab/1"
    assert [(host["name"], host["systemd"], host["change"]) for host in lab["hosts"]] == [
        ("ns1", "running", "created"),
        ("ns2", "running", "created"),
    ]
    assert [site.ssh(host).stdout.strip() for host in ("ns1", "ns2")] == ["ns1", "ns2"]
    assert oct(site.folder().stat().st_mode)[-3:] == "700"

    keys = [line.split()[2] for line in (site.folder() / "known_hosts").read_text().splitlines()]
    assert len(set(keys)) == 2, "each host has a key of its own"
    swapped = site.state / "swapped"
    text = (site.folder() / "known_hosts").read_text()
    swapped.write_text(text.replace(keys[0], "-").replace(keys[1], keys[0]).replace(" -", f" {keys[1]}"))
    refused = site.ssh("ns1", known_hosts=swapped)
    assert refused.returncode == 255
    assert "Host key verification failed" in refused.stderr

    found = site.opskit("shell", "--name", site.name, "ns1", "--", "getent hosts ns2; exit 7", code=7)
    assert found.stdout.split() == [lab["hosts"][1]["address"], "ns2"]

    again = site.up()
    assert {host["change"] for host in again["hosts"]} == {"kept"}
    assert (site.folder() / "known_hosts").read_text() == text

    site.opskit("down", "--name", site.name)
    assert traces(site.name) == []
    assert list((site.state / "labs").iterdir()) == []
    site.opskit("down", "--name", site.name)


def test_two_labs_stand_side_by_side(site: Site) -> None:
    one, two = site.up(), site.up(f"{site.name}-b")
    assert one["subnet"] != two["subnet"]
    site.opskit("down", "--name", site.name)
    assert json.loads(site.opskit("status", "--name", f"{site.name}-b").stdout)["hosts"][0]["systemd"] == "running"


def test_up_follows_the_inventory_and_mends_what_broke(site: Site) -> None:
    site.up()
    sh("podman", "pause", f"opskit-{site.name}-ns1")
    sh("podman", "stop", "--time", "0", f"opskit-{site.name}-ns2")
    seen = json.loads(site.opskit("status", "--name", site.name, code=1).stdout)
    assert [host["state"] for host in seen["hosts"]] == ["paused", "stopped"]

    site.hosts("ns1", "ns2", "ns3")
    mended = site.up()
    assert [host["change"] for host in mended["hosts"]] == ["unpaused", "started", "created"]
    assert site.ssh("ns2").stdout.strip() == "ns2", "a restart keeps the pinned host key"

    site.hosts("ns3")
    assert site.up()["removed"] == ["ns1", "ns2"]
    sh("podman", "pause", f"opskit-{site.name}-ns3")
    site.opskit("down", "--name", site.name)
    assert traces(site.name) == []


def test_down_removes_what_an_interrupted_up_left(site: Site) -> None:
    with subprocess.Popen(site.command("up", "--name", site.name), stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 240
        while not traces(f"{site.name}-ns") and time.monotonic() < deadline:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 143
    assert not (site.folder() / "inventory.yml").exists()
    assert traces(site.name)
    site.opskit("down", "--name", site.name)
    assert traces(site.name) == []
    assert not site.folder().exists()


def test_another_state_folders_lab_is_left_alone(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.up()
    monkeypatch.setenv("OPSKIT_STATE", str(tmp_path / "other"))
    for verb in ("up", "down", "status"):
        assert "exists already" in site.opskit(verb, "--name", site.name, code=3).stderr
    monkeypatch.setenv("OPSKIT_STATE", str(site.state))
    assert site.ssh("ns1").returncode == 0
