"""preview and prove over hosts that answer, tell less than all, or do not answer."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from clusters import host, small_cluster
from rich.console import Console
from rollout_cases import CLIENT, JVM

from opskit.errors import Exit
from opskit.inventory.cluster import Client
from opskit.inventory.services import Service
from opskit.observe import survey
from opskit.observe.peers import Told
from opskit.reach.sweep import HostResult
from opskit.report.shapes import Shape
from opskit.report.terminal import show
from opskit.rollout import present, present_prove, run
from opskit.rollout.strategy import Around

MODERN = JVM | {
    "pid": 815,
    "unit": "billing.service",
    "clients": [CLIENT | {"state": "property", "release": "5.4.0"}],
    "constructed": {"value": "on", "why": "true by default"},
}
CLUSTER = small_cluster(
    clients=(
        Client(host=host("client1", "10.0.0.21"), releases=("4.8.0",), services=(Service(restart=True),)),
        Client(host=host("client2", "10.0.0.22"), releases=("4.8.0",)),
    )
)
REPORT = {"agent": "1", "verb": "report", "mode": "nameserver", "new_instances": True}
LIVE = REPORT | {"instances": [{"client_id": "10.0.0.21@4711", "value": True, "nameserver": "10.0.0.2:9876"}]}


class Hosts:
    """Answers instead of the sweep; a host without an answer is out of reach."""

    def __init__(self, **answers: dict[str, Any]) -> None:
        self.answers, self.asked = answers, list[tuple[str, str]]()

    def sweep(self, requests: Mapping[str, Mapping[str, Any]], endpoints: Any, seconds: float = 30) -> Any:
        found = {}
        for name, request in requests.items():
            self.asked.append((name, request["op"]))
            answer = self.answers.get(name, {}).get(request["op"])
            found[name] = HostResult(name, "ok", answer) if answer else HostResult(name, "unreachable", error="gone")
        return found


def client(*jvms: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"jvms": {"jvms": jvms, "boot_id": "b1", "refused": []}, "rollout-standing": {"records": []}} | more


def use(monkeypatch: pytest.MonkeyPatch, hosts: Hosts) -> Hosts:
    monkeypatch.setattr(survey, "sweep", hosts.sweep)
    told = Told(address="10.0.0.99", client_id="x@1", language="GO", version=317)
    monkeypatch.setattr(run, "ask_brokers", lambda _: ({"a": (told,)}, {"a-s": "no answer within 10 s"}))
    return hosts


def shown(shapes: list[Shape]) -> str:
    out = io.StringIO()
    show(shapes, Console(file=out, width=200))
    return out.getvalue()


def previewed(monkeypatch: pytest.MonkeyPatch, **answers: dict[str, Any]) -> run.PreviewResult:
    servers = {name: {"peers": {"peers": {"9876": ["10.0.0.99:1"]}}} for name in ("ns1", "a", "a-s")}
    use(monkeypatch, Hosts(**{**servers, **answers}))
    return run.preview(CLUSTER, (), Around(3))


def test_a_preview_plans_each_jvm_by_its_own_hosts_services(monkeypatch: pytest.MonkeyPatch) -> None:
    result = previewed(monkeypatch, client1=client(JVM, MODERN), client2=client(JVM))
    assert [(one.process.host, one.plan.way) for one in result.jvms] == [
        ("client1", "agent-at-start"),
        ("client1", "none-needed"),
        ("client2", "live-flip"),
    ]
    assert result.exit is Exit.HOLDS
    assert [(one.host, one.why) for one in result.silent] == [("ns2", "gone"), ("a-s", "no answer within 10 s")]
    text = shown(list(present.present(result)))
    assert "off, stuck now" in text
    assert "1 unmanaged address" in text
    assert "asks every nameserver in turn" in text


def test_a_host_that_is_out_of_reach_leaves_the_preview_unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    result = previewed(monkeypatch, client1=client(JVM))
    assert result.exit is Exit.UNJUDGED
    assert "client2 could not be seen, or not all of it: gone" in shown(list(present.present(result)))


def test_a_host_that_tells_nonsense_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    result = previewed(monkeypatch, client1=client({"pid": "x"}), client2=client())
    assert "not understood: pid" in result.unseen[0].why


def proved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, hosts: Hosts, **options: Any
) -> tuple[run.ProveResult, list[tuple[str, str]]]:
    use(monkeypatch, hosts)
    jar = tmp_path / "agent.jar"
    jar.write_bytes(b"a jar")
    return run.prove_all(CLUSTER, (), lambda: jar, **options), hosts.asked


def test_a_proof_from_what_is_held_loads_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result, asked = proved(monkeypatch, tmp_path, Hosts(client1=client(MODERN), client2=client(MODERN)))
    assert result.exit is Exit.HOLDS
    assert {op for _, op in asked} == {"jvms", "rollout-standing"}


def test_a_flip_on_record_is_asked_and_another_jvm_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    record = {"process": {"pid": 4711, "start_ticks": 123456}, "ways": ["live-flip"], "state": "applied"}
    flipped = client(
        JVM,
        MODERN,
        **{"rollout-standing": {"records": [record]}},
        agent={"results": [{"pid": 4711, "start_ticks": 123456, "report": LIVE}]},
    )
    result, asked = proved(monkeypatch, tmp_path, Hosts(client1=flipped, client2=client(MODERN)))
    assert [one.proof.verdict for one in result.jvms] == ["on-live", "on-constructed", "on-constructed"]
    assert ("client2", "agent") not in asked
    assert "10.0.0.21@4711" in shown(list(present_prove.present(result)))


def test_live_asks_all_and_one_that_does_not_answer_is_not_proved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    one = client(JVM, agent={"results": [{"pid": 4711, "start_ticks": 123456, "error": "it is frozen"}]})
    result, _ = proved(monkeypatch, tmp_path, Hosts(client1=one, client2=client()), live=True)
    assert result.exit is Exit.UNJUDGED
    assert "it is frozen" in result.jvms[0].proof.why


def test_no_jvm_at_all_proves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result, _ = proved(monkeypatch, tmp_path, Hosts(client1=client(), client2=client()))
    assert result.exit is Exit.UNJUDGED
    assert "Nothing is proved" in shown(list(present_prove.present(result)))
