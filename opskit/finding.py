"""A finding: one rule that something declared or observed does not keep."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning"]


class Finding(BaseModel):
    """One violation of one rule.

    rule: stable kebab-case id such as "colocation"; subject: host, pair, variable or setting it is about;
    sentence: what is wrong; remedy: what to do; origin: "file: key" it comes from, where known.
    """

    model_config = ConfigDict(frozen=True)

    rule: str
    severity: Severity
    subject: str
    sentence: str
    remedy: str
    origin: str = ""
