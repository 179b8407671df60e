"""Rows, drills and records for the tests of experiments."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from clusters import small_cluster
from drills import holding, incident

from opskit.experiment.prepare import PreparedRow, Setup
from opskit.experiment.record import Record
from opskit.experiment.result import Machine
from opskit.experiment.table import DrillRow, Experiment
from opskit.verify.plan import DrillPlan
from opskit.verify.result import VerifyResult

MACHINE = Machine(cores=2, memory_gib=24.0, kernel="6.1.0", java="openjdk 17.0.13")
AT = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)
DRILLS = {"fails": incident().result, "holds": holding().result}


def prepared(name: str, servers: str = "4.8.0", clients: str = "4.8.0", **row: Any) -> PreparedRow:
    """A row that is sound; its definition is its name."""
    said = {"name": name, "scenario": "nameserver", "fault": "freeze", "hold": 90.0} | row
    drill = DrillRow.model_validate(said)
    plan = DrillPlan(
        cluster="small",
        scenario=drill.scenario,
        fault=drill.fault,
        windows={"produce": 30.0},
        hold_seconds=drill.hold or 60.0,
        settle_seconds=65.0,
        thaw_seconds=80.0,
        interval_seconds=0.2,
        route_interval_seconds=1.0,
        fresh_interval_seconds=10.0,
        clients=("client1/4.8.0",),
        victims=(),
    )
    return PreparedRow(
        drill, Path("inventory"), {}, small_cluster(), plan, Setup(servers, clients), f"definition of {name}"
    )


def experiment(*rows: PreparedRow) -> Experiment:
    return Experiment(name="trial", about="A trial.", inventory="lab", rows=tuple(one.row for one in rows))


def drill(outcome: str, **changed: Any) -> VerifyResult:
    """A drill that holds, fails, or could not be judged."""
    result = DRILLS["fails" if outcome == "unjudged" else outcome]
    if outcome == "unjudged":
        why = ("the baseline was too weak",)
        verdict = result.verdict.model_copy(update={"judgement": "unjudged", "reasons": why})
        result = result.model_copy(update={"verdict": verdict})
    return result.model_copy(update=changed)


def record(row: PreparedRow, code: int = 0, *drills: VerifyResult, sentence: str = "") -> Record:
    return Record(
        definition=row.definition,
        at=AT,
        code=code,
        sentence=sentence,
        attempts=1,
        opskit="0.1.0 (abc1234)",
        machine=MACHINE,
        drills=drills,
    )
