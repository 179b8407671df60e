"""The audit of a real cluster: nothing of medium or higher on a good deployment, and each defect that is planted."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Done, Lab, lab
from planted import DEFECTS, TOPIC, Defect
from second_auditor import verdicts

from opskit.change.topic import create_on_every_master
from opskit.inventory.cluster import Cluster
from opskit.plan.judge import accept

Figure = Callable[[str], None]
CLIENTS = {"rocketmq_client_releases": ["4.8.0", "4.9.7"]}
FULL = ("/tmp", "/var/tmp", "/root")  # noqa: S108 - of a host of the lab
KNOWN = {
    "client-tcp-retries2 client1",
    "client-tcp-retries2 client2",
    "drill-recent cluster",
    "nameserver-pair-only nameservers",
    "release-supported release 4.8.0",
}
"""All of low severity: a lab has two nameservers, an old release, a kernel of its machine, and no drill behind it."""


SEEN_BY_BOTH = (
    "a mode",
    "an owner",
    "a setting edited by hand",
    "a unit that does not start at boot",
    "a sandbox taken off",
    "a limit on open files",
    "a nameserver beside a broker",
)
"""Defects that the second auditor has a question about."""


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab("lab", tmp_path_factory.mktemp("compliance")) as running:
        over = running.with_overlay(tmp_path_factory.mktemp("over"), CLIENTS, ("client1",))
        deployed = over.run("deploy", "--no-smoke")
        assert deployed.code == 0, deployed.said
        yield over


@pytest.fixture(scope="module")
def cluster(audited: Lab) -> Cluster:
    found, _ = accept(tuple(Path(word) for word in audited.inventories() if word != "-i"))
    create_on_every_master(found, TOPIC, 4)
    return found


def audit(running: Lab, *words: str) -> Done:
    return running.run("--format", "json", "compliance", "run", *words)


def by_ssh(running: Lab, host: str, command: str) -> list[str]:
    """OpenSSH with what the lab's overlay says."""
    given = yaml.safe_load((running.state / "labs" / running.name / "host_vars" / f"{host}.yml").read_text())
    options = [*given["ansible_ssh_common_args"].split(), "-i", given["ansible_ssh_private_key_file"]]
    return ["ssh", *options, f"{given['ansible_user']}@{given['ansible_host']}", command]


def wrong(result: dict[str, Any]) -> set[str]:
    """CONTROL SUBJECT of all that fails or is unknown."""
    return {f"{row['control']} {row['subject']}" for row in result["rows"] if row["status"] in ("fails", "unknown")}


def test_a_good_deployment_has_nothing_of_medium_or_higher(audited: Lab, figure: Figure) -> None:
    done = audit(audited)
    assert done.code == 0, done.said
    result = done.json
    assert wrong(result) == KNOWN
    assert result["errors"] == []
    silent = [row for row in result["rows"] if row["status"] == "not-applicable" and not row["observed"]]
    assert silent == [], "what does not apply says why"
    counted = {status: sum(row["status"] == status for row in result["rows"]) for status in ("holds", "not-applicable")}
    figure(f"audit of 8 hosts in {result['seconds']} s, the whole command in {done.seconds:.1f} s: {counted}")


@pytest.mark.parametrize("defect", DEFECTS, ids=[defect.name for defect in DEFECTS])
def test_a_planted_defect_is_found_and_nothing_else(audited: Lab, cluster: Cluster, defect: Defect) -> None:
    with defect.plant(audited, cluster):
        found = audit(audited).json
    assert wrong(found) - KNOWN == set(defect.found)
    new = {f"{row['control']} {row['subject']}" for row in found["rows"] if row["change"] in ("new", "became-unknown")}
    assert new <= set(defect.found), "one may be still there from the defect before, on the same subject"


def test_what_was_taken_away_is_fixed(audited: Lab) -> None:
    done = audit(audited)
    assert done.code == 0, done.said
    result = done.json
    assert wrong(result) == KNOWN
    rows = (*result["rows"], *result["fixed"])
    assert {f"{row['control']} {row['subject']}" for row in rows if row["change"] == "fixed"} == set(DEFECTS[-1].found)


def test_a_second_auditor_agrees(audited: Lab, cluster: Cluster, tmp_path: Path, figure: Figure) -> None:
    rendered = audited.run("render", "--out", str(tmp_path / "rendered"))
    assert rendered.code == 0, rendered.said
    planted = [defect for defect in DEFECTS if defect.name in SEEN_BY_BOTH]
    verdicts_compared = 0
    for defects in ([], planted):
        with ExitStack() as stack:
            for defect in defects:
                stack.enter_context(defect.plant(audited, cluster))
            rows = {f"{row['control']} {row['subject']}": row["status"] for row in audit(audited).json["rows"]}
            theirs = verdicts(audited, tmp_path / "rendered")
        # a limit that a container lowered does not apply, and that is no failure
        assert {key: rows[key] in ("holds", "not-applicable") for key in theirs} == theirs
        for defect in defects:
            assert not all(theirs[key] for key in defect.found if key in theirs), defect.name
        verdicts_compared += len(theirs)
    figure(
        f"pytest-testinfra and opskit agree on {verdicts_compared} verdicts, before and after {len(planted)} defects"
    )


def test_hosts_that_do_not_tell_are_errors_and_the_others_are_judged(audited: Lab, figure: Figure) -> None:
    audited.on("client2", "chmod 0 /usr/bin/python3.11")
    try:
        with audited.frozen("broker-b-s"):
            began = time.monotonic()
            done = audit(audited, "--host-seconds", "8", "--deadline", "20")
            took = time.monotonic() - began
    finally:
        audited.on("client2", "chmod 0755 /usr/bin/python3.11")
    result = done.json
    assert {error["host"] for error in result["errors"]} == {"broker-b-s", "client2"}
    told = {row["status"] for row in result["rows"] if row["subject"].split()[0] in ("broker-b-s", "client2")}
    assert "unknown" in told
    assert "holds" not in told, "what was not seen is never a pass"
    assert any(row["status"] == "holds" and row["host"] == "broker-a" for row in result["rows"])
    assert took < 20 + 5
    figure(f"two hosts that do not tell: {took:.1f} s; " + "; ".join(error["error"] for error in result["errors"]))


def test_a_full_disk_and_a_banner_are_no_hindrance(audited: Lab) -> None:
    greeting = r"echo Welcome; echo and to you >&2; printf '\377\376\n'"
    bashrc = "/home/ops/.bashrc"
    audited.on("broker-a", f"cp -a {bashrc} /root/bashrc; cat > {bashrc} <<'END'\n{greeting}\nEND")
    inside = ["nsenter", "-m", "-t", audited.podman("inspect", "client1", "-f", "{{.State.Pid}}").strip()]
    for folder in FULL:
        subprocess.run([*inside, "mount", "-t", "tmpfs", "-o", "size=8k,mode=0700", "planted", folder], check=True)
        audited.on("client1", f"! dd if=/dev/zero of={folder}/full bs=1k 2> /dev/null")
    try:
        greeted = subprocess.run(by_ssh(audited, "broker-a", "true"), capture_output=True, check=True, timeout=30)
        assert b"\377" in greeted.stdout, "the banner is there for whoever comes by SSH"
        result = audit(audited).json
    finally:
        subprocess.run([*inside, "umount", *FULL], check=True)
        audited.on("broker-a", f"mv /root/bashrc {bashrc}")
    assert result["errors"] == []
    assert wrong(result) == KNOWN


def test_one_that_is_killed_leaves_the_history_whole(audited: Lab) -> None:
    history = audited.state / "runs" / "lab" / "compliance.sqlite3"
    before = len(json.loads(audited.run("--format", "json", "compliance", "history").stdout)["runs"])
    process = audited.start("compliance", "run")
    time.sleep(1.5)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL, "it was over before it could be killed"
    with sqlite3.connect(history) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert audit(audited).code == 0
    runs = audited.run("--format", "json", "compliance", "history").json["runs"]
    assert len(runs) == min(before, 20 - 1) + 1
    compared = audited.run("compliance", "diff", runs[1]["run"], runs[0]["run"])
    assert compared.code == 0, compared.said
