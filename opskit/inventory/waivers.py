"""What an operator has decided to live with for a while: the entries of `opskit_waivers`."""

import re
from datetime import UTC, date, datetime
from fnmatch import fnmatchcase
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, field_validator

from opskit.inventory.kinds import Entries, Kind

OWN_CONTROLS = "waiver-"
"""The ids of the controls that watch over waivers begin so; none of them can be waived."""

SOON_DAYS = 14
"""So many days before its end a waiver is worth a word."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _a_day(value: Any) -> Any:
    """YAML reads a bare date as one, and a quoted one as text; a date-time would say more than is kept.

    The calendar's last day has no day after it, at whose beginning a waiver could end.
    """
    day = date.fromisoformat(value) if isinstance(value, str) and _DAY.fullmatch(value) else value
    if type(day) is not date or day == date.max:
        raise ValueError("not a day that ends")
    return day


_Text = Annotated[str, Field(strict=True, pattern=r"\S")]


class Waiver(BaseModel):
    """One decision: findings of a control are accepted until a day, by somebody, for a reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: _Text
    """Of the control."""
    scope: _Text
    """A glob over the control's subjects; * for all of them."""
    owner: _Text
    reason: _Text
    expires: Annotated[date, BeforeValidator(_a_day)]
    """The last day, which ends at 24:00 UTC."""

    @field_validator("id")
    @classmethod
    def _may_be_waived(cls, value: str) -> str:
        if value.startswith(OWN_CONTROLS):
            raise ValueError("watches over waivers")
        return value

    def is_about(self, control: str, subject: str) -> bool:
        return self.id == control and fnmatchcase(subject, self.scope)

    def is_expired(self, at: datetime) -> bool:
        return self.days_left(at) < 0

    def days_left(self, at: datetime) -> int:
        """0 on the last day, below 0 after it; days begin at 00:00 UTC."""
        return (self.expires - at.astimezone(UTC).date()).days


_EXPECTS = {
    "id": f"the id of a control that can be waived, which those that begin with {OWN_CONTROLS} cannot",
    "scope": 'a glob over the subjects of the control, "*" for all',
    "owner": "a text that says something",
    "reason": "a text that says something",
    "expires": "a day such as 2026-12-31, without a time",
}

WAIVERS: Kind = Entries(
    "list of waivers",
    "list",
    f"a list of mappings of {', '.join(_EXPECTS)}",
    TypeAdapter(list[Waiver]),
    thing="waiver",
    keys=_EXPECTS,
)
