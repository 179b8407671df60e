"""From a case's few lines to a History: all is well, but for what the case says.

Seconds count from the fault. A case is YAML; what it leaves out is a drill on one client, `c1`, on host `h1`:
produce and route start an operation every 0.5 s from -10 to 100, each is done in 10 ms, each message arrives after 10
ms more; the fault is ordered and shown on ns1 at 0, shown every 2 s, undone at 60; sending ends at 100, the wait for
late messages at 110. Nothing may fail for 30 s, the window of produce, consume and route is 20 s.

paths: (client →) path → its life, pieces joined by `; `:
    ok | fail | indeterminate | nothing     from the start on
    from T: OUTCOME                         from T on
    at T: OUTCOME                           the one operation that starts at T
    OUTCOME in S                            done after S instead of 0.01
    OUTCOME received in S | received never | received twice      (produce) what became of the message
    every N-th OUTCOME                      of each N the first, the others are ok
    via ADDRESS                             (bootstrap) the nameserver that it met first
    each S                                  at the end of the first piece: an operation every S instead of 0.5
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from opskit.verify.history import Attached, ClientHeader, Clock, Effect, Gap, Header, History, Op, Phase
from opskit.verify.limits import Limits

CASES = Path(__file__).parent.parent / "cases" / "verify"
SECOND = 1_000_000_000
START, INTERVAL = -10.0, 0.5
PHASES = {"baseline": START, "inject": 0, "fault": 0, "undo": 60, "thaw": 60, "late": 100, "end": 110}
ORIGIN_NS = 5_000 * SECOND
"""The controller's clock at the fault."""


def load(name: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = yaml.safe_load((CASES / name).read_text())
    return cases


def limits_of(case: dict[str, Any]) -> Limits:
    windows = {"produce": 20.0, "consume": 20.0, "route": 20.0}
    return Limits.model_validate({"windows": windows, **case.get("limits", {})})


def history_of(case: dict[str, Any]) -> History:
    clients: dict[str, str] = case.get("clients", {"c1": "h1"})
    phases = {name: at for name, at in (PHASES | case.get("phases", {})).items() if at is not None}
    victims = tuple(case.get("victims", ["ns1"]))
    offsets = case.get("offsets", {})
    lives = case.get("paths", {})
    if not lives.keys() & clients.keys():
        lives = dict.fromkeys(clients, lives)
    until = PHASES["late"] if phases.get("late") is None else phases["late"]
    ops = [
        op
        for client in clients
        for path, life in ({"produce": "ok", "route": "ok"} | lives.get(client, {})).items()
        for op in _life(client, path, life, until)
    ]
    for path, life in case.get("controller", {}).items():
        ops += _life("controller", path, life, until)
    ops += list(_deliveries(case.get("deliveries", [])))
    hosts = {**clients, "controller": "controller"}
    return History(
        Header(
            "C1",
            "run",
            "nameserver",
            "freeze",
            victims,
            round(case.get("interval", INTERVAL) * SECOND),
            tuple(ClientHeader(name, host, "4.8.0", "shared") for name, host in clients.items()),
        ),
        ops=tuple(_shift(op, offsets.get(hosts.get(op.client, ""), 0)) for op in ops),
        clocks=tuple(_clocks(case, {*clients.values(), *victims}, offsets)),
        phases=tuple(Phase(name, _at(at)) for name, at in phases.items()),
        effects=tuple(_effects(case, victims, offsets)),
        attached=tuple(Attached(name, tuple(to), _at(-1)) for name, to in case.get("attached", {}).items()),
        gaps=tuple(
            Gap(gap["client"], _at(gap["from"]), _at(gap.get("to", 1e6)), gap["reason"]) for gap in case.get("gaps", [])
        ),
    )


def _at(seconds: float) -> int:
    return ORIGIN_NS + round(seconds * SECOND)


def _shift(op: Op, offset: float) -> Op:
    """Onto the clock of its own host, which is behind the controller's by `offset`."""
    moved = round(offset * SECOND)
    return Op(op.client, op.path, op.seq, op.start_ns - moved, op.end_ns - moved, 0, op.outcome, "", op.message, op.via)


def _life(client: str, path: str, life: str, until: float) -> Iterator[Op]:
    pieces = [(_PIECE.fullmatch(piece) or _bad(piece)).groupdict() for piece in life.split("; ")]
    spells = [(float(one["since"] or START), one) for one in pieces if not one["at"]]
    single = {float(one["at"]): one for one in pieces if one["at"]}
    every = float(next((one["step"] for one in pieces if one["step"]), INTERVAL))
    for number in range(round((until - START) / every)):
        start = START + number * every
        since, said = [spell for spell in spells if spell[0] <= start][-1]
        counted = round((start - since) / every)
        told = single.get(start, said)
        if told is said and said["nth"] and counted % int(said["nth"]):
            told = _OK
        yield from _op(client, path, number, start, told)


def _op(client: str, path: str, number: int, start: float, told: dict[str, Any]) -> Iterator[Op]:
    if told["outcome"] == "nothing":
        return
    end = start + float(told["took"] or 0.01)
    sends = path.startswith("produce")
    # the paths of one client share its numbers
    message = number + 10_000 * sum(map(ord, path.partition("@")[2])) if sends else None
    yield Op(client, path, number, _at(start), _at(end), 0, told["outcome"], "", message, told["via"] or "")
    received = told["received"] or ("in 0.01" if told["outcome"] == "ok" else "never")
    if sends and "never" not in received:
        late = float(received.removeprefix("in ")) if received.startswith("in") else 0.01
        for _ in range(2 if received == "twice" else 1):
            yield Op(client, "consume", number, _at(start), _at(end + late), 0, "ok", "", message)


def _deliveries(said: list[dict[str, Any]]) -> Iterator[Op]:
    for one in said:
        message = one.get("message", round((one.get("sent", START) - START) / INTERVAL))
        yield Op(one.get("client", "c1"), "consume", 9999, _at(one["at"]), _at(one["at"]), 0, "ok", "", message)


def _clocks(case: dict[str, Any], hosts: set[str], offsets: dict[str, float]) -> Iterator[Clock]:
    said = case.get("clocks", {})
    for host in sorted(hosts):
        for one in said.get(host, [{}]):
            offset, error = one.get("offset", offsets.get(host, 0)), one.get("error", 0.001)
            at = _at(one.get("at", -5))
            yield Clock(host, one.get("boot", "first"), at, round(offset * SECOND), round(error * SECOND))


def _effects(case: dict[str, Any], victims: tuple[str, ...], offsets: dict[str, float]) -> Iterator[Effect]:
    """effects: victim → [[from, to], …] in which it showed the fault, at every two seconds and at its end.

    It shows that the fault is gone 0.2 s after, unless a spell says `silent`.
    """
    for victim in victims:
        spells = case.get("effects", {}).get(victim, [[0, 59.9]])
        moved = round(offsets.get(victim, 0) * SECOND)
        for since, until, *silent in spells:
            instants = [since + 2 * step for step in range(int((until - since) // 2) + 1)]
            for at in [*instants, until]:
                yield Effect(victim, True, "process 7 T", _at(at) - moved)
            if not silent:
                yield Effect(victim, False, "process 7 S", _at(until + 0.2) - moved)


_PIECE = re.compile(
    r"(?:from (?P<since>-?[\d.]+): |at (?P<at>-?[\d.]+): )?"
    r"(?:every (?P<nth>\d+)(?:th|rd|nd) )?(?P<outcome>ok|fail|indeterminate|nothing)"
    r"(?: in (?P<took>[\d.]+))?(?: received (?P<received>in [\d.]+|twice|never))?"
    r"(?: via (?P<via>\S+))?(?: each (?P<step>[\d.]+))?"
)
_OK = {"outcome": "ok", "took": None, "received": None, "via": None}


def _bad(piece: str) -> Any:
    raise ValueError(f"no piece of a path's life: {piece!r}")
