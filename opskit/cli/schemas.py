"""JSON Schemas of what the commands print with --format json.

`python -m opskit.cli.schemas` (make schemas) writes docs/schemas/; additions keep a schema's number, anything else
raises it.
"""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from opskit.compliance.past.audits import ComplianceHistory
from opskit.compliance.past.changes import ComplianceDiff
from opskit.compliance.result import ComplianceResult
from opskit.compliance.schedule.timer import ScheduleResult
from opskit.compliance.showing.catalogue import Catalogue
from opskit.compliance.showing.waivers import WaiverList
from opskit.deploy.result import DeployResult
from opskit.experiment.preview import Preview
from opskit.experiment.result import ExperimentResult
from opskit.lab.result import LabReport
from opskit.paths import assets
from opskit.plan.result import PlanResult
from opskit.render.result import Rendered
from opskit.rollout.export import ExportResult
from opskit.rollout.outcome import ApplyResult, UndoResult
from opskit.rollout.result import PreviewResult, ProveResult
from opskit.status.result import StatusReport
from opskit.verify.catalogue import Catalogue as Scenarios
from opskit.verify.plan import DrillPlan
from opskit.verify.restore import RestoreResult
from opskit.verify.result import VerifyResult
from opskit.verify.showing.compare import VerifyHistory

MODELS: dict[str, type[BaseModel]] = {
    "compliance-1": ComplianceResult,
    "compliance-diff-1": ComplianceDiff,
    "compliance-history-1": ComplianceHistory,
    "compliance-list-1": Catalogue,
    "compliance-schedule-1": ScheduleResult,
    "compliance-waivers-1": WaiverList,
    "lab-1": LabReport,
    "plan-1": PlanResult,
    "render-1": Rendered,
    "deploy-1": DeployResult,
    "rollout-apply-1": ApplyResult,
    "rollout-export-1": ExportResult,
    "rollout-preview-1": PreviewResult,
    "rollout-prove-1": ProveResult,
    "rollout-undo-1": UndoResult,
    "status-1": StatusReport,
    "verify-1": VerifyResult,
    "verify-experiment-1": ExperimentResult,
    "verify-experiment-plan-1": Preview,
    "verify-history-1": VerifyHistory,
    "verify-list-1": Scenarios,
    "verify-plan-1": DrillPlan,
    "verify-restore-1": RestoreResult,
}


def files() -> Iterator[tuple[Path, str]]:
    """(path, content) of every schema."""
    for name, model in MODELS.items():
        schema = model.model_json_schema(by_alias=True, mode="serialization")
        yield assets() / "docs" / "schemas" / f"{name}.json", json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    for path, content in files():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
