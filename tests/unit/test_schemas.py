"""The JSON contracts: schemas agree with the models, and a frozen example of each version validates for ever."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from opskit.cli.schemas import MODELS, files
from opskit.paths import assets

EXAMPLES = sorted((Path(__file__).parent.parent / "cases" / "schemas").glob("*.json"))


def test_committed_schemas_are_current() -> None:
    for path, content in files():
        assert path.read_text() == content, f"{path} is stale: make schemas"


@pytest.mark.parametrize("path", EXAMPLES, ids=[path.stem for path in EXAMPLES])
def test_a_frozen_example_validates(path: Path) -> None:
    schema = json.loads((assets() / "docs" / "schemas" / path.name).read_text())
    example: dict[str, Any] = json.loads(path.read_text())
    jsonschema.validate(example, schema)
    MODELS[path.stem].model_validate(example)


def test_every_version_has_an_example() -> None:
    assert {path.stem for path in EXAMPLES} == set(MODELS)
