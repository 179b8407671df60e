"""What a rollout did on this host: written down before it is done, kept until it is undone.

The records lie beside those of armed changes, with states of their own, so that no timer and no `verify restore` undoes
what is meant to stay.
"""

import json
import os
from typing import Any, Dict, List

from .. import changes

KIND = "close-on-timeout"
BEGUN, APPLIED, UNDONE = "begun", "applied", "undone"
"""begun: interrupted half-way; it may be undone, or done again."""


def keep(record: Dict[str, Any]) -> None:
    """Write a record down: {id, kind, subject, state, steps, …}."""
    os.makedirs(changes.RECORDS, mode=0o700, exist_ok=True)
    changes.store(record)


def standing(subject: str = "") -> List[Dict[str, Any]]:
    """Records that are not undone, oldest first; of one subject, or of all."""
    if not os.path.isdir(changes.RECORDS):
        return []
    found = [_load(name) for name in os.listdir(changes.RECORDS) if name.endswith(".json")]
    mine = [one for one in found if one["kind"] == KIND and one["state"] != UNDONE]
    return sorted((one for one in mine if subject in ("", one["subject"])), key=lambda one: float(one["at"]))


def _load(name: str) -> Dict[str, Any]:
    with open(os.path.join(changes.RECORDS, name)) as file:
        return dict(json.load(file))
