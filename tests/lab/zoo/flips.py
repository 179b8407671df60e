"""opskit's agent brought into services by the program that a rollout runs on their hosts."""

import base64
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opskit.artifacts.own_jars import agent_jar
from opskit.reach.sweep import BOOT, payload, sweep

from . import Zoo

SECONDS = 15.0
"""For one JVM to answer."""


@dataclass(frozen=True)
class Answer:
    """report: the agent's; None where it was refused, for the reason `error`."""

    report: dict[str, Any] | None
    error: str

    @property
    def on(self) -> dict[str, Any]:
        """What tells how it is switched, of the agent and of its one client."""
        assert self.report, self.error
        (client,) = self.report["instances"]
        return {key: client[key] for key in ("value", "every", "constructed")} | {
            key: self.report[key] for key in ("mode", "new_instances")
        }


def tell(services: Zoo, options: str, names: Sequence[str]) -> dict[str, Answer]:
    """Load the agent with these options into the services, one request a host."""
    refs = services.refs(*names)
    answers: dict[str, Answer] = {}
    for isolated in (False, True):
        kind = [name for name in names if services.variants[name].isolated == isolated]
        hosts = {services.host(name): [n for n in kind if services.host(n) == services.host(name)] for name in kind}
        requests = {host: _request(options, [refs[name] for name in ours]) for host, ours in hosts.items()}
        results = _from_outside(services, requests) if isolated else _by_ssh(services, requests)
        for host, ours in hosts.items():
            for name, one in zip(ours, results[host]["results"], strict=True):
                answers[name] = Answer(one.get("report"), one.get("error", ""))
    return answers


def _request(options: str, refs: Sequence[dict[str, int]]) -> dict[str, Any]:
    jar = base64.b64encode(agent_jar(lambda _: None).path.read_bytes()).decode()
    return {"op": "agent", "jar_b64": jar, "options": options, "seconds": SECONDS, "jvms": refs}


def _by_ssh(services: Zoo, requests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    if not requests:
        return {}
    results = sweep(requests, [host.endpoint for host in services.cluster.hosts], 120)
    bad = {host: result.error for host, result in results.items() if result.outcome != "ok"}
    assert not bad, bad
    return {host: result.value for host, result in results.items()}


def _from_outside(services: Zoo, requests: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """As root of a real host has it: a lab host lacks CAP_SYS_ADMIN, without which nobody enters a container."""
    found = {}
    for host, request in requests.items():
        first = services.lab.podman("inspect", host, "--format", "{{.State.Pid}}").strip()
        entered = ("nsenter", "--target", first, "--mount", "--uts", "--ipc", "--net", "--pid")
        command = (*entered, "/usr/bin/python3", "-c", BOOT)
        done = subprocess.run(command, input=payload(request), capture_output=True, timeout=120, check=True)
        found[host] = json.loads(done.stdout)["ok"]
    return found
