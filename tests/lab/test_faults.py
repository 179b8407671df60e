"""What goes wrong on real hosts: the host and the reason are named, the others' state is told, running again finishes.

The tests of this module share one lab and build on each other, in order: faults on virgin hosts, which must stay
virgin; faults in the stages of the first deploy, which gets further each time; faults on the cluster that came of it.
"""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, Done, Lab, lab, until

from opskit.errors import Exit
from opskit.paths import cache

INVENTORY = Path(__file__).parent / "inventories" / "small"
BINARIES = Path(sys.executable).parent
HOSTS = ["broker-a", "broker-a-s", "client1", "ns1", "ns2"]
SERVERS = [host for host in HOSTS if host != "client1"]
OURS = "/etc/rocketmq /opt/rocketmq /var/lib/rocketmq /var/log/rocketmq /run/opskit /var/log/opskit"
Figure = Callable[[str], None]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(str(INVENTORY), tmp_path_factory.mktemp("state")) as running:
        yield running


def refused(done: Done, code: Exit, *sentences: str) -> None:
    """It ended with this code and these words on stderr; nothing that looks like a program's inside."""
    assert done.code == code, done.said
    for sentence in sentences:
        assert sentence in done.stderr, done.said
    tidy(done)


def stopped(done: Done, code: Exit, host: str, sentence: str) -> dict[str, Any]:
    """A roll that ended with this code at this host, for this reason; its result."""
    assert done.code == code, done.said
    tidy(done)
    result: dict[str, Any] = done.json
    assert (result["outcome"], result["failure"]["host"]) == ("failed", host), result["failure"]
    assert result["failure"]["unreachable"] == (code == Exit.UNJUDGED)
    assert sentence in result["failure"]["sentence"]
    assert host in result["pending"]
    return result


def tidy(done: Done) -> None:
    for litter in ("Traceback", "bug in opskit", "Errno", "Task failed", "MODULE FAILURE"):
        assert litter not in done.said, done.said


def virgin(cluster: Lab) -> bool:
    """No host has anything of opskit's, not even a lock."""
    return all(cluster.on(host, f"ls -d {OURS} 2>/dev/null || true") == "" for host in HOSTS)


def with_key(cluster: Lab, folder: Path, host: str, key: Path) -> Lab:
    """The lab with another SSH key for one host; it takes host_vars to win over the lab's own."""
    (folder / "host_vars").mkdir(parents=True)
    (folder / "host_vars" / f"{host}.yml").write_text(yaml.safe_dump({"ansible_ssh_private_key_file": str(key)}))
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {host: None}}}))
    return replace(cluster, overlays=(*cluster.overlays, folder / "hosts.yml"))


@contextmanager
def done_on(cluster: Lab, host: str, script: str, undo: str) -> Iterator[None]:
    """A shell script on a host, undone at the end whatever happens."""
    cluster.on(host, script)
    try:
        yield
    finally:
        cluster.on(host, undo)


# faults that preflight finds: nothing is changed anywhere


def test_a_port_in_use_is_named_with_its_holder(cluster: Lab) -> None:
    squat = "systemd-run --quiet --unit=squatter python3 -m http.server 10911"
    with done_on(cluster, "broker-a", squat, "systemctl stop squatter"):
        until(10, lambda: ":10911" in cluster.on("broker-a", "ss -ltn"), "the squatter's port")
        done = cluster.run("deploy")
    refused(done, Exit.FAILS, "broker-a: port 10911 of the broker is held by python3 (pid ", "nothing was changed")
    assert virgin(cluster)


def test_missing_java_is_named_before_anything_is_changed(cluster: Lab) -> None:
    with done_on(cluster, "ns2", "mv /usr/bin/java /usr/bin/java.away", "mv /usr/bin/java.away /usr/bin/java"):
        done = cluster.run("deploy")
    refused(done, Exit.FAILS, "ns2: there is no working Java at /usr/bin/java", "apt-get install openjdk-17-jre")
    assert virgin(cluster)


def test_a_heap_above_the_memory_and_a_store_on_a_small_disk_are_named_together(cluster: Lab, tmp_path: Path) -> None:
    greedy = cluster.with_overlay(tmp_path, {"rocketmq_broker_heap": "4096g"}, ("broker-a",))
    greedy = greedy.with_overlay(tmp_path, {"rocketmq_store_path": "/dev/shm/store"})  # noqa: S108 - 64 MB
    refused(
        greedy.run("deploy"),
        Exit.FAILS,
        "nothing was changed",
        "broker-a: heaps and direct memory want 4096.2 GiB, the host has ",
        "broker-a-s: 0.1 GiB are free below /dev/shm/store, 2.0 GiB are the least",
    )
    assert virgin(cluster)


def test_every_host_out_of_reach_is_named_with_its_own_reason(cluster: Lab, tmp_path: Path, figure: Figure) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other-key"], check=True)
    (tmp_path / "no-key").write_text("no key at all\n")
    wrong = with_key(cluster, tmp_path / "ns2", "ns2", tmp_path / "other-key")
    wrong = with_key(wrong, tmp_path / "broker-a", "broker-a", tmp_path / "no-key")
    new_key = "cd /etc/ssh && mkdir old && mv ssh_host_* old && ssh-keygen -A && systemctl restart ssh"
    old_key = "cd /etc/ssh && mv old/* . && rmdir old && systemctl restart ssh"
    cluster.podman("kill", "broker-a-s")
    try:
        with done_on(cluster, "client1", new_key, old_key), cluster.frozen("ns1"):
            done = wrong.run("deploy")
    finally:
        assert cluster.run("lab", "up", "--name", cluster.name).code == 0
    refused(
        done,
        Exit.UNJUDGED,
        "5 of 5 hosts could not be asked; nothing was changed",
        "  ns1: no answer to SSH within 10 s\n",
        "  ns2: it refuses the SSH login of ops\n",
        "  broker-a: no SSH connection: ",
        "  broker-a-s: no ",
        "  client1: its SSH host key is not the one in known_hosts: is it still that host?\n",
    )
    assert virgin(cluster)
    figure(f"deploy with hosts out of reach in five ways, one of them hung: refused in {done.seconds:.1f} s")


def test_production_is_not_even_asked_without_its_name(cluster: Lab, tmp_path: Path) -> None:
    def logins() -> int:
        return sum(int(cluster.on(host, "journalctl -u ssh -o cat | grep -c ^Accepted || true")) for host in HOSTS)

    production = cluster.with_overlay(tmp_path, {"opskit_environment": "production"})
    before = logins()
    refused(production.run("deploy"), Exit.USAGE, "small is a production cluster", "Add --confirm small")
    refused(production.run("deploy", "--confirm", "smal"), Exit.USAGE, "small is a production cluster")
    assert logins() == before
    checked = production.run("--format", "json", "deploy", "--confirm", "small", "--check")
    assert checked.code == 0, checked.said
    assert [host["host"] for host in checked.json["changed"]] == HOSTS
    assert logins() > before


def test_a_damaged_jar_in_the_cache_is_detected_and_built_again(
    cluster: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "cache" / "artifacts"
    own.mkdir(parents=True)
    for entry in (cache() / "artifacts").glob("client-5.4.0-*"):
        (own / entry.name).symlink_to(entry)
    for entry in (cache() / "artifacts").glob("server-5.4.0-*"):
        shutil.copytree(entry, own / entry.name)
        with (own / entry.name / "bundle.tar").open("r+b") as file:
            file.seek(1_000_000)
            file.write(b"not what the lock says")
    monkeypatch.setenv("OPSKIT_CACHE", str(own.parent))
    done = cluster.run("render")
    assert done.code == 0, done.said
    assert "is damaged, its checksum has changed: building it again" in done.stderr
    assert "again" not in cluster.run("render").stderr


# faults in the stages of the first deploy


def test_a_disk_that_fills_up_under_the_jars_is_named(cluster: Lab) -> None:
    cluster.on("ns2", "mkdir -p /opt/rocketmq /dev/shm/server && ln -s /dev/shm/server /opt/rocketmq/server")
    try:
        done = cluster.run("--format", "json", "deploy")
    finally:
        cluster.on("ns2", "rm -r /opt/rocketmq/server /dev/shm/server")
    result = stopped(done, Exit.FAILS, "ns2", "The disk that holds /opt/rocketmq/server/5.4.0-")
    assert result["failure"]["stage"] == "Prepare every host"
    assert result["pending"] == HOSTS
    assert [cluster.on(host, "ls /etc/systemd/system | grep rocketmq || true") for host in SERVERS] == [""] * 4


def test_a_unit_that_does_not_start_shows_its_last_log_lines(cluster: Lab, tmp_path: Path) -> None:
    broken = cluster.with_overlay(tmp_path, {"rocketmq_jvm_options": ["-Xbroken"]}, ("ns2",))
    result = stopped(broken.run("--format", "json", "deploy"), Exit.FAILS, "ns2", "did not start")
    assert "Unrecognized option: -Xbroken" in result["failure"]["sentence"]
    assert [host["host"] for host in result["changed"] if host["restarts"]] == ["ns1"]
    assert result["pending"] == ["broker-a", "broker-a-s", "client1", "ns2"]
    assert cluster.on("broker-a", "ls /etc/rocketmq/conf/broker.conf 2>/dev/null || true") == ""


def test_a_slave_that_dies_in_its_stage_ends_the_roll_before_the_master(cluster: Lab) -> None:
    process = cluster.start("--format", "json", "deploy")
    conf = "/etc/rocketmq/conf/broker.conf"
    until(240, lambda: conf in cluster.on("broker-a-s", f"ls {conf} 2>/dev/null || true"), "the slave's stage")
    cluster.podman("kill", "broker-a-s")
    stdout, stderr = process.communicate(timeout=300)
    try:
        done = Done(process.returncode, stdout, stderr, 0)
        result = stopped(done, Exit.UNJUDGED, "broker-a-s", "")
        assert result["failure"]["stage"] == "Roll the slaves, one at a time"
        assert result["pending"] == ["broker-a", "broker-a-s", "client1"]
        assert cluster.on("broker-a", f"ls {conf} 2>/dev/null || true") == ""
    finally:
        assert cluster.run("lab", "up", "--name", cluster.name).code == 0


def test_the_next_run_finishes_and_holds_off_a_second_one(cluster: Lab, figure: Figure) -> None:
    began = time.monotonic()
    process = cluster.start("--format", "json", "deploy")
    until(180, lambda: "deploy" in cluster.on("ns1", "cat /run/opskit/lock.json 2>/dev/null || true"), "the lock")
    second = cluster.run("deploy")
    stdout, stderr = process.communicate(timeout=480)
    assert process.returncode == 0, stdout + stderr
    result = json.loads(stdout)
    refused(second, Exit.UNJUDGED, "the cluster is locked by deploy of ", f"(run {result['run']})")
    assert (result["smoke"][0]["sent"], result["smoke"][0]["lost"]) == (1000, 0)
    figure(f"5.4.0: the run that finishes after the faults, {time.monotonic() - began:.0f} s for 5 hosts")


# faults on the cluster that came of it


def test_a_store_that_would_be_left_behind_is_refused(cluster: Lab, tmp_path: Path) -> None:
    moved = cluster.with_overlay(tmp_path, {"rocketmq_store_path": "/srv/store"})
    keeps = "its broker keeps its messages in /var/lib/rocketmq/store, the inventory says /srv/store"
    done = moved.run("deploy")
    refused(done, Exit.FAILS, "nothing was changed", f"broker-a: {keeps}", f"broker-a-s: {keeps}")
    assert "ns1" not in done.stderr


SECRET, INNER = "opskit-test-hush-1", "opskit-test-hush-2"
PROVIDERS = "org.apache.rocketmq.auth.authentication.provider"
# 5.4.0 does not start with credentials and no place to keep its users in
AUTHENTICATION = {"authenticationMetadataProvider": f"{PROVIDERS}.LocalAuthenticationMetadataProvider"}


def test_a_secret_is_nowhere_but_in_the_file_it_belongs_to(
    cluster: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_VAULT_PASSWORD_FILE", str(vault_password(tmp_path)))
    credentials = json.dumps({"accessKey": "inner", "secretKey": INNER})
    secret = with_secrets(cluster, tmp_path, credentials)
    said = [
        secret.run("-v", "render"),
        secret.run("render", "--diff"),
        secret.run("--format", "json", "render", "--diff"),
        secret.run("-v", "deploy", "--check", "--diff"),
        secret.run("-v", "deploy", "--diff", "--no-smoke"),
        plainly(secret),
        secret.run("-v", "--format", "json", "deploy", "--diff"),
        secret.run("-v", "status"),
        secret.run("--format", "json", "status"),
        # taken out of the inventory, it is as secret as before
        cluster.run("render", "--diff"),
    ]
    for done in said:
        assert done.code == 0, done.said
        assert_hushed(done.said)
    assert "-innerClientAuthenticationCredentials=********" in said[-1].stdout
    manifests = {found[0] for done in said for found in re.finditer(r"/[\w/.-]+/opskit-manifest-\w+", done.stdout)}
    assert len(manifests) == 1, "the plain run shows where it rendered to"
    assert not Path(manifests.pop()).exists()
    for path in (path for path in cluster.state.rglob("*") if path.is_file()):
        assert_hushed(path.read_text(errors="replace"))
    for host in HOSTS:
        assert_hushed(
            cluster.on(host, "journalctl --no-pager; cat /var/log/opskit/* /var/lib/opskit/changes/* || true")
        )
        # RocketMQ itself keeps its users below store/config/users, which the hardening scenario looks into
        search = f"grep -rlE '{SECRET}|{INNER}' --exclude-dir=users /etc /opt /var /tmp /run /home /root 2>/dev/null"
        found = cluster.on(host, f"{search} || true").split()
        assert found == (["/etc/rocketmq/conf/broker.conf"] if host.startswith("broker") else []), host
        for path in found:
            assert cluster.on(host, f"stat -c '%U %G %a' {path}").strip() == "root rocketmq 640"


def vault_password(folder: Path) -> Path:
    path = folder / "vault-password"
    path.write_text("correct horse\n")
    return path


def with_secrets(cluster: Lab, folder: Path, credentials: str) -> Lab:
    """The lab with ACL keys and a secret setting of the brokers, each an inline !vault value."""
    settings = yaml.safe_load((INVENTORY / "group_vars" / "brokers.yml").read_text())["rocketmq_broker_settings"]
    lines = ["all:", "  hosts:"]
    for host in HOSTS:
        lines += [
            f"    {host}:",
            "      rocketmq_acl_access_key: opskit",
            vaulted("rocketmq_acl_secret_key", SECRET, 6),
        ]
        if host.startswith("broker"):
            lines += ["      rocketmq_broker_settings:"]
            lines += [f"        {key}: {json.dumps(value)}" for key, value in (settings | AUTHENTICATION).items()]
            lines += [vaulted("innerClientAuthenticationCredentials", credentials, 8)]
    overlay = folder / "secrets.yml"
    overlay.write_text("\n".join(lines) + "\n")
    return replace(cluster, overlays=(*cluster.overlays, overlay))


def vaulted(name: str, value: str, indent: int) -> str:
    command = [BINARIES / "ansible-vault", "encrypt_string", "--name", name, value]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return re.sub(r"^", " " * indent, text.rstrip(), flags=re.MULTILINE)


def plainly(secret: Lab) -> Done:
    """The playbook by hand, as talkative as an operator in trouble makes it, with a secret that differs on one host."""
    secret.on("broker-a-s", "sed -i s/hush-2/hush-1/ /etc/rocketmq/conf/broker.conf")
    words = secret.command("playbooks/deploy.yml", "-vvv", "--diff", "--limit", "localhost,broker-a-s")[3:]
    began = time.monotonic()
    done = subprocess.run(
        [BINARIES / "ansible-playbook", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=secret.environment() | {"ANSIBLE_NOCOLOR": "1"},
    )
    return Done(done.returncode, done.stdout, done.stderr, time.monotonic() - began)


def assert_hushed(text: str) -> None:
    assert SECRET not in text
    assert INNER not in text
