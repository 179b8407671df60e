"""The drill on real RocketMQ: it holds where it should, and whatever ends it, the fault is undone."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import NOTHING, Lab, deployed, interrupt, until

Figure = Callable[[str], None]
DRILL = ("verify", "failover", "--window", "10", "--stable", "5", "--interval", "0.4")
VICTIM = "ns1"
UNIT = "rocketmq-nameserver.service"

# what a test may do to a running drill: by a signal, by an exception of its own, by cutting its way to the victim
ENDS = ("normal end", "Ctrl-C", "SIGTERM", "exception", "SSH cut", "kill -9")
FAULTS = ("freeze", "blackhole", "kill")
IN_MAKE_TEST = [
    ("freeze", "Ctrl-C"),
    ("freeze", "kill -9"),
    ("blackhole", "normal end"),
    ("blackhole", "SSH cut"),
    ("kill", "SIGTERM"),
    ("kill", "exception"),
]
"""Each fault and each end at least once; all 18 in `make test-long`."""
MATRIX = [(fault, end) for fault in FAULTS for end in ENDS] if os.environ.get("OPSKIT_TEST_LONG") else IN_MAKE_TEST


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with deployed("lab", tmp_path_factory.mktemp("verify")) as running:
        yield running


def clean(cluster: Lab) -> bool:
    """No process of the victim stopped, its unit up, no rule, no drop-in, nothing armed."""
    looks = (
        f"systemctl is-active {UNIT}",
        "ps -o stat= -C java",
        "nft list tables | grep opskit",
        "ls /run/systemd/system/*.d/opskit-*",
        'grep -l \'"state": "armed"\' /var/lib/opskit/changes/*.json',
    )
    first, *rest = cluster.on(VICTIM, "; ".join(f"{look} 2>/dev/null || true" for look in looks)).split()
    return first == "active" and len(rest) == 1 and not rest[0].startswith("T")


def hung(cluster: Lab, fault: str) -> bool:
    """Seen on the victim itself, not through opskit."""
    looks = {
        "freeze": "ps -o stat= -C java | grep -q ^T",
        "blackhole": "nft list tables | grep -q opskit_drill",
        "kill": f"! systemctl is-active -q {UNIT}",
    }
    return "yes" in cluster.on(VICTIM, f"{looks[fault]} && echo yes || true")


# what breaks the drill from within, in the middle of the hold
RAISES = """
import sys
from opskit.verify import drill
from opskit.cli.main import main
show = drill.Drill._show
def raising(self, of_seconds):
    if self._phase == "fault":
        raise RuntimeError("a bug, made by a test")
    return show(self, of_seconds)
drill.Drill._show = raising
sys.argv[0] = "opskit"
main()
"""


def start(cluster: Lab, fault: str, end: str) -> "subprocess.Popen[str]":
    words = [*cluster.inventories(), *DRILL, "--scenario", "nameserver", "--victim", VICTIM, "--fault", fault]
    program = ["-c", RAISES] if end == "exception" else ["-m", "opskit"]
    return subprocess.Popen(
        [sys.executable, *program, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=cluster.environment(),
    )


SIGNALS = {"Ctrl-C": signal.SIGINT, "SIGTERM": signal.SIGTERM, "kill -9": signal.SIGKILL}
CODES = {"normal end": 0, "Ctrl-C": 130, "SIGTERM": 143, "exception": 70, "kill -9": -9, "SSH cut": 3}
CUT = (
    "nft 'table inet cut { chain in { type filter hook input priority 0; tcp dport 22 drop; };"
    " chain out { type filter hook output priority 0; tcp sport 22 drop; }; }'"
)


@pytest.mark.parametrize(("fault", "end"), MATRIX)
def test_whatever_ends_the_drill_the_fault_is_undone(cluster: Lab, figure: Figure, fault: str, end: str) -> None:
    process = start(cluster, fault, end)
    until(120, lambda: hung(cluster, fault), f"the {fault} of {VICTIM}")
    if end in SIGNALS:
        done = interrupt(process, SIGNALS[end])
    elif end == "SSH cut":
        cluster.on(VICTIM, CUT)
        try:
            undone = until(15, lambda: clean(cluster), f"{VICTIM} as it was, while nobody can reach it")
        finally:
            cluster.on(VICTIM, "nft delete table inet cut")
        figure(f"{fault}: undone {undone:.1f} s after the SSH connection went silent")
        done = interrupt(process, NOTHING, timeout=240)
    else:
        done = interrupt(process, NOTHING, timeout=240)
    # the program on the victim needs a moment to see that a killed controller is gone
    left = until(10 if end == "kill -9" else 0.1, lambda: clean(cluster), f"{VICTIM} as it was")
    figure(f"{fault}, {end}: as it was {left:.1f} s after opskit had ended with {done.code}")
    assert done.code == CODES[end], done.said
    restored = cluster.run("verify", "restore")
    assert restored.code == 0, restored.said
    assert "Nothing was armed" in restored.stdout
    until(60, lambda: cluster.run("status").code == 0, "a healthy cluster")


def test_a_client_that_dies_in_mid_drill_is_not_judged_and_the_others_are(cluster: Lab) -> None:
    words = (*DRILL, "--scenario", "nameserver", "--victim", VICTIM)
    process = cluster.start("--format", "json", *words)
    until(120, lambda: hung(cluster, "freeze"), f"the freeze of {VICTIM}")
    # in brackets, so that it does not find the shell that looks
    cluster.on("client2", "pkill -9 -f [o]pskit.probe.Main")
    done = interrupt(process, NOTHING, timeout=240)
    result = done.json
    assert (done.code, result["verdict"]["judgement"]) == (3, "unjudged"), done.said
    assert result["verdict"]["undo"] == "restored"
    outcomes = {(one["client"].split("/")[0], one["outcome"]) for one in result["windows"] if one["path"] == "route"}
    assert {outcome for client, outcome in outcomes if client == "client2"} == {"not judged"}
    assert ("client1", "recovered") in outcomes
    assert any("client2" in note and "probe" in note for note in result["notes"]), result["notes"]


def test_ctrl_c_on_the_playbook_undoes_the_fault_too(cluster: Lab) -> None:
    words = ["-e", "scenario=nameserver", "-e", f"victim={VICTIM}", "-e", "window=10", "-e", "stable=5"]
    process = cluster.start_playbook("playbooks/verify_failover.yml", *words)
    until(120, lambda: hung(cluster, "freeze"), f"the freeze of {VICTIM}")
    done = interrupt(process, signal.SIGINT)
    assert done.code != 0, done.said
    until(10, lambda: clean(cluster), f"{VICTIM} as it was")
    checked = cluster.playbook("--check", playbook="playbooks/verify_failover.yml")
    assert checked.code == 0, checked.said
    assert clean(cluster)


def test_both_hung_tuned_clients_recover_and_the_report_says_so(cluster: Lab, figure: Figure) -> None:
    done = cluster.run("--format", "json", "verify", "failover", "--window", "10", "--stable", "10")
    result = done.json
    gap = result["longest_gap_seconds"]
    figure(f"tuned 4.8.0, a nameserver and a broker hung: {windows(result)}; longest gap of a consumer {gap} s")
    assert done.code == 0, done.said
    assert result["verdict"]["in_this_run_only"]
    for name in ("report.json", "report.html", "history.jsonl.zst", "junit.xml", "metrics.prom"):
        assert (Path(result["folder"]) / name).stat().st_size > 0


def windows(result: dict[str, Any]) -> str:
    """path: slowest, failed of attempted, of the paths that were judged during the fault."""
    return ", ".join(
        f"{one['path']} {one['max_seconds']} s ({one['failed']} of {one['attempted']})"
        for one in result["summaries"]
        if one["event"] == "fault" and one["limit_seconds"] is not None
    )
