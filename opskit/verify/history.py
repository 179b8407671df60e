"""The history of a drill, `opskit/history/1`: what happened, written down first and judged later.

JSON lines, compressed with zstd, each `{"kind": …}`. Instants are nanoseconds of CLOCK_MONOTONIC: of the client's own
host in `op` and `gap`, of the victim's in `effect`, of the controller in `phase`. `clock` records tie a host's clock to
the controller's. A wall clock that steps moves nothing; `wall_ns` is for people who compare with logs.
"""

import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import zstandard

from opskit.errors import OpskitError

SCHEMA = "opskit/history/1"
FOREVER = 2**63 - 1
"""Later than any instant: the end of a gap that has none."""

OperationOutcome = Literal["ok", "fail", "indeterminate"]
PhaseName = Literal["baseline", "inject", "fault", "undo", "thaw", "late", "end"]


@dataclass(frozen=True, slots=True)
class ClientHeader:
    """One probing client. name: HOST/RELEASE/LAYOUT[/N]; layout: shared or separate client instances."""

    name: str
    host: str
    release: str
    layout: Literal["shared", "separate"]


@dataclass(frozen=True, slots=True)
class Header:
    """First record. interval_ns: between the starts of two operations of a path; victims: names of hosts."""

    cluster: str
    run: str
    scenario: str
    fault: str
    victims: tuple[str, ...]
    interval_ns: int
    clients: tuple[ClientHeader, ...]
    schema: str = SCHEMA


@dataclass(frozen=True, slots=True)
class Op:
    """One operation of one client on one path.

    path: produce · produce@BROKER · consume · route · bootstrap@producer · bootstrap@consumer · nameserver@NAME, the
    last one asked by the controller. message: number that ties a send to its delivery, unique within the client; None
    where there is none. A consume record is a delivery: start_ns its message's send, end_ns its arrival. via: address
    of the nameserver that a fresh client met first.
    """

    client: str
    path: str
    seq: int
    start_ns: int
    end_ns: int
    wall_ns: int
    outcome: OperationOutcome
    error: str = ""
    message: int | None = None
    via: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """controller's clock = the host's clock + offset_ns, give or take error_ns (half of the round trip)."""

    host: str
    boot_id: str
    at_ns: int
    """On the controller's clock."""
    offset_ns: int
    error_ns: int


@dataclass(frozen=True, slots=True)
class Phase:
    """The drill enters a phase. fault: in effect on every victim; thaw: the undo is done on every victim."""

    name: PhaseName
    at_ns: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What a victim itself showed of the fault: state of its processes, packets dropped, unit gone.

    shown: whether the fault was seen in effect at this instant.
    """

    victim: str
    shown: bool
    proof: str
    at_ns: int


@dataclass(frozen=True, slots=True)
class Attached:
    """Which nameserver a client's instances were connected to just before the fault."""

    client: str
    nameservers: tuple[str, ...]
    at_ns: int


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing is known of this client in between: its JVM died, or its host was out of reach for good."""

    client: str
    from_ns: int
    to_ns: int
    reason: str


Record = Header | Op | Clock | Phase | Effect | Attached | Gap
_KINDS: dict[str, type[Any]] = {
    "header": Header,
    "op": Op,
    "clock": Clock,
    "phase": Phase,
    "effect": Effect,
    "attached": Attached,
    "gap": Gap,
}
_NAMES = {shape: name for name, shape in _KINDS.items()}


@dataclass(frozen=True)
class History:
    """All records of one drill, by kind, each in the order written."""

    header: Header
    ops: tuple[Op, ...] = ()
    clocks: tuple[Clock, ...] = ()
    phases: tuple[Phase, ...] = ()
    effects: tuple[Effect, ...] = ()
    attached: tuple[Attached, ...] = ()
    gaps: tuple[Gap, ...] = ()


def line_of(record: Record) -> str:
    """One JSON line, without its newline; fields that say nothing are left out."""
    fields = {key: value for key, value in asdict(record).items() if value not in ("", None)}
    return json.dumps({"kind": _NAMES[type(record)], **fields}, separators=(",", ":"))


def record_of(line: str) -> Record:
    """Raises ValueError or TypeError where the line is no record of this schema."""
    fields = json.loads(line)
    shape = _KINDS.get(fields.pop("kind", ""))
    if shape is None:
        raise ValueError("a record of no known kind")
    if shape is Header:
        fields["clients"] = tuple(ClientHeader(**client) for client in fields["clients"])
        fields["victims"] = tuple(fields["victims"])
    if shape is Attached:
        fields["nameservers"] = tuple(fields["nameservers"])
    record: Record = shape(**fields)
    return record


def gather(records: Iterable[Record]) -> History:
    """Sort records by kind; the header comes first. Raises ValueError where there is none."""
    found: dict[type[Any], list[Any]] = {shape: [] for shape in _NAMES}
    for record in records:
        found[type(record)].append(record)
    if len(found[Header]) != 1:
        raise ValueError(f"{len(found[Header])} headers, where there must be one")
    kept = (tuple(found[shape]) for shape in (Op, Clock, Phase, Effect, Attached, Gap))
    return History(found[Header][0], *kept)


def write(path: Path, records: Iterable[Record]) -> None:
    """Write history.jsonl.zst; it is there only when it is whole."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file, zstandard.ZstdCompressor().stream_writer(file) as packed:
        for record in records:
            packed.write(line_of(record).encode() + b"\n")
    new.rename(path)


def read(path: Path) -> History:
    """Read history.jsonl.zst. Raises OpskitError (exit 2) that names the line where it is damaged."""
    records: list[Record] = []
    try:
        with path.open("rb") as file:
            for line in _lines(file):
                records.append(record_of(line))
            return gather(records)
    except (ValueError, TypeError, zstandard.ZstdError) as error:
        raise OpskitError(
            f"no history of a drill: {error}",
            where=f"{path} line {len(records) + 1}",
            remedy=f"opskit reads {SCHEMA}; take another run.",
        ) from error


def _lines(file: Any) -> Iterator[str]:
    return iter(io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8"))
