"""What the agent's two modes cost consumers of the healthy broker, while a nameserver and the other broker hang.

Run by `make test-long`; docs/rollout.md holds the table. The probes are 4.8.0 clients as they come, in both layouts;
the agent is loaded into their JVM while the drill's baseline goes on.
"""

import base64
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import Lab, lab

from opskit.artifacts.own_jars import agent_jar
from opskit.inventory.cluster import Cluster
from opskit.plan.judge import accept
from opskit.reach.sweep import sweep
from opskit.verify.history import History, read

HOLD = int(os.environ.get("OPSKIT_MODES_HOLD", "180"))
"""Longer than the 163 s within which the hung broker leaves the route."""
AS_THEY_COME = {
    "rocketmq_client_settings": {"clientCloseSocketIfTimeout": False},
    "rocketmq_nameserver_settings": {},
    "opskit_bootstrap_attempts": 1,
}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab("lab", tmp_path_factory.mktemp("modes")) as running:
        over = running.with_overlay(tmp_path_factory.mktemp("over"), AS_THEY_COME)
        deployed = over.run("deploy", "--no-smoke")
        assert deployed.code == 0, deployed.said
        yield over


@pytest.mark.parametrize("mode", ["untouched", "nameserver", "every"])
def test_the_longest_gap_of_consumers_of_the_healthy_broker(
    cluster: Lab, mode: str, figure: Callable[[str], None]
) -> None:
    words = ("verify", "failover", "--window", "30", "--hold", str(HOLD), "--stable", "10", "--victim", "broker-a")
    drill = cluster.start("--format", "json", *words)
    assert drill.stderr
    said: list[str] = []
    baseline = threading.Event()

    def listen() -> None:
        for line in drill.stderr or ():
            said.append(line)
            if line.startswith("Baseline"):
                baseline.set()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        assert baseline.wait(180), "".join(said)
        if mode != "untouched":
            flip(cluster, mode)
    finally:
        assert drill.stdout
        drill.stdout.read()
        code = drill.wait(timeout=60)
        listener.join()
    assert code in (0, 1), "".join(said)
    (folder, *_) = sorted((cluster.state / "runs" / "lab").glob("*-verify-*"), reverse=True)
    history = read(Path(folder) / "history.jsonl.zst")
    for layout in ("shared", "separate"):
        figure(f"{mode}, {layout} instances: {gaps(history, layout)}")
    answered = [op for op in history.ops if op.path == "route" and op.outcome == "ok"]
    left = {op.client for op in answered if _is_late(history, op.end_ns)}
    probing = {client.name for client in history.header.clients}
    assert left == (set() if mode == "untouched" else probing)


def flip(cluster: Lab, mode: str) -> None:
    """Load the agent into every probe."""
    found = _declared(cluster)
    endpoints = [client.host.endpoint for client in found.clients]
    seen = sweep({one.host: {"op": "jvms", "ports": [9876]} for one in endpoints}, endpoints)
    jar = base64.b64encode(agent_jar(lambda _: None).path.read_bytes()).decode()
    request = {"op": "agent", "jar_b64": jar, "options": f"on,mode={mode}", "seconds": 15.0}
    done = sweep({host: request | {"jvms": one.value["jvms"]} for host, one in seen.items()}, endpoints)
    for result in done.values():
        assert result.outcome == "ok", result.error
        assert result.value["results"]
        for one in result.value["results"]:
            assert one.get("report", {}).get("new_instances") is True, one


def gaps(history: History, layout: str) -> str:
    """Longest time without a delivery from the healthy broker while the fault was held, of each client."""
    phases = {phase.name: phase.at_ns for phase in history.phases}
    clients = {client.name for client in history.header.clients if client.layout == layout}
    sent = {(op.client, op.message) for op in history.ops if op.path == "produce@broker-b" and op.client in clients}
    arrived = defaultdict(list)
    for op in history.ops:
        if op.path == "consume" and op.outcome == "ok" and (op.client, op.message) in sent:
            arrived[op.client].append(op.end_ns)
    longest = []
    for client in sorted(clients):
        # the hosts of a lab share the controller's clock
        inside = [at for at in arrived[client] if phases["fault"] < at < phases["undo"]]
        ordered = sorted([phases["fault"], *inside, phases["undo"]])
        longest.append(max(later - earlier for earlier, later in pairwise(ordered)) / 1e9)
    return ", ".join(f"{seconds:.1f} s" for seconds in longest)


def _is_late(history: History, at_ns: int) -> bool:
    """In the second half of the fault."""
    phases = {phase.name: phase.at_ns for phase in history.phases}
    return (phases["fault"] + phases["undo"]) / 2 < at_ns < phases["undo"]


def _declared(cluster: Lab) -> Cluster:
    found, _ = accept(tuple(Path(word) for word in cluster.inventories() if word != "-i"))
    return found
