"""Rows and the waivers that cover them. Pure."""

from collections.abc import Sequence
from datetime import datetime

from opskit.compliance.past.audits import is_wrong
from opskit.compliance.result import Row, Waived
from opskit.inventory.waivers import OWN_CONTROLS, Waiver


def apply(rows: Sequence[Row], waivers: Sequence[Waiver], at: datetime) -> tuple[Row, ...]:
    """Marks each row that fails or is unknown with the waiver that covers it longest; one that expired covers nothing,
    also where it did in the audit that a row is from.

    The controls that watch over waivers are covered by none.
    """
    valid = [one for one in waivers if not one.is_expired(at) and not one.id.startswith(OWN_CONTROLS)]
    return tuple(_marked(row, valid) if is_wrong(row) and (valid or row.waived) else row for row in rows)


def _marked(row: Row, waivers: Sequence[Waiver]) -> Row:
    about = [one for one in waivers if one.is_about(row.control, row.subject)]
    if not about:
        return row.model_copy(update={"waived": None}) if row.waived else row
    longest = max(about, key=lambda one: one.expires)
    waived = Waived(owner=longest.owner, reason=longest.reason, expires=longest.expires)
    return row.model_copy(update={"waived": waived})
