"""The file of an experiment: rows of drills, each checked before anything is started."""

from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, field_validator, model_validator

from opskit.errors import OpskitError
from opskit.inventory.cluster import Frozen
from opskit.inventory.kinds import shown
from opskit.verify.result import Judgement
from opskit.verify.scenario import FaultName, ScenarioName

THE_LABS = ("ansible_", "rocketmq_address", "opskit_apply_sysctl")
"""Variables that a lab's own overlay sets, and that no row may."""
REMEDY = "docs/experiments.md shows a whole table."

Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=60)]
Text = Annotated[str, Field(strict=True, min_length=1)]
Seconds = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(strict=True, ge=1, le=100)]
Variables = dict[str, Any]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Defaults(Frozen):
    """What any row may say, and what holds where it does not. vars: laid over every host of the inventory."""

    vars: Variables = Field(default={})
    window: Seconds | None = None
    hold: Seconds | None = None
    stable: Seconds = 30.0
    interval: Seconds | None = None
    clients: Count = 1
    repeat: Count = 1

    @field_validator("vars")
    @classmethod
    def _without_the_labs(cls, value: Variables) -> Variables:
        return _refuse_the_labs(value)


class DrillRow(Defaults):
    """One row: what runs (inventory, vars, hosts), what hangs, and what is expected of it.

    inventory: None for the table's own. hosts: variables of single hosts. victims: as for `verify failover --victim`.
    """

    name: Name
    inventory: Text | None = None
    hosts: dict[str, Variables] = Field(default={})
    scenario: ScenarioName
    fault: FaultName
    victim: Annotated[tuple[Text, ...], BeforeValidator(_listed)] = ()
    expect: Judgement | None = None
    note: str = ""

    @field_validator("hosts")
    @classmethod
    def _hosts_without_the_labs(cls, value: dict[str, Variables]) -> dict[str, Variables]:
        return {host: _refuse_the_labs(variables) for host, variables in value.items()}


class Experiment(Frozen):
    """A table. about: a sentence above its results. inventory: relative to the file, else to opskit's checkout."""

    name: Name
    about: str = ""
    inventory: Text
    defaults: Defaults = Defaults()
    rows: tuple[DrillRow, ...]

    @model_validator(mode="after")
    def _some_rows_of_different_names(self) -> "Experiment":
        if not self.rows:
            raise ValueError("the table has no rows")
        names = [row.name for row in self.rows]
        if twice := next((name for name in names if names.count(name) > 1), None):
            raise ValueError(f"two rows have the name {twice}")
        return self

    def settled(self) -> tuple[DrillRow, ...]:
        """The rows, each with the defaults below it; of vars each variable by itself."""
        return tuple(_settle(self.defaults, row) for row in self.rows)


def read(path: Path) -> Experiment:
    """Raises OpskitError (exit 2) that names the file, the row, the key and what to do; several wrongs at once."""
    try:
        raw = yaml.load(path.read_text(), _Loader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
        raise OpskitError(reason, where=str(path), remedy="Name a table: experiments/smoke.yml.") from error
    except yaml.YAMLError as error:
        raise _unparsable(path, error) from error
    try:
        return TypeAdapter(Experiment).validate_python(raw)
    except ValidationError as error:
        raise _rejection(path, raw, error) from error


def _settle(defaults: Defaults, row: DrillRow) -> DrillRow:
    said = defaults.model_dump(exclude_unset=True) | row.model_dump(exclude_unset=True)
    return DrillRow.model_validate(said | {"vars": defaults.vars | row.vars})


def _refuse_the_labs(variables: Variables) -> Variables:
    if labs := next((name for name in variables if name.startswith(THE_LABS)), None):
        raise ValueError(f"{labs} is the lab's to set; leave it out")
    return variables


class _Loader(yaml.SafeLoader):
    """Of two equal keys yaml keeps the later without a word; this one refuses the second."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen and key.tag != "tag:yaml.org,2002:merge":
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _unparsable(path: Path, error: yaml.YAMLError) -> OpskitError:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error)
    where = f"{path}:{mark.line + 1}" if mark else str(path)
    return OpskitError(f"not readable as YAML: {reason}", where=where, remedy=f"Mend the line. {REMEDY}")


def _rejection(path: Path, raw: Any, error: ValidationError) -> OpskitError:
    found = [_sentence(raw, one) for one in error.errors()]
    if len(found) == 1:
        place, sentence = found[0]
        return OpskitError(sentence, where=f"{path}{place and f', {place}'}", remedy=REMEDY)
    lines = [f"{place}: {sentence}" if place else sentence for place, sentence in found]
    return OpskitError(f"{len(lines)} keys are wrong", where=str(path), remedy="\n  ".join((*lines, REMEDY)))


def _sentence(raw: Any, error: Any) -> tuple[str, str]:
    """(the row, or the part of the file, "" for the file itself; what is wrong there)."""
    loc = tuple(part for part in error["loc"] if part != "[key]")
    place, rest = _place(raw, loc)
    key = ".".join(map(str, rest))
    match error["type"]:
        case "missing":
            return place, f"the key {key} is missing"
        case "extra_forbidden":
            known = (DrillRow if loc[0] == "rows" else Defaults if loc[0] == "defaults" else Experiment).model_fields
            near = get_close_matches(str(rest[-1]), known, n=1)
            return place, f"no key {key}; " + (f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}")
        case "literal_error":
            return place, f"{key} is {shown(error['input'])}, which is not {error['ctx']['expected']}"
        case "value_error":
            return place, (f"{key}: " if key else "") + str(error["ctx"]["error"])
        case "string_pattern_mismatch":
            return place, f"{key} is {shown(error['input'])}; take lower-case letters, digits, dots and dashes"
        case "model_type" | "model_attributes_type":
            return place, f"{key or 'it'} is {shown(error['input'])}, not a mapping of keys to values"
        case _:
            return place, f"{key} is {shown(error['input'])}: {error['msg'].lower()}"


def _place(raw: Any, loc: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """The row by its name, else by its number, and the key within it."""
    if len(loc) > 1 and loc[0] == "rows":
        row = raw["rows"][loc[1]]
        name = row.get("name") if isinstance(row, dict) else None
        return f"row {name if isinstance(name, str) else loc[1] + 1}", loc[2:]
    return ("defaults", loc[1:]) if len(loc) > 1 and loc[0] == "defaults" else ("", loc)
