"""Every control, by id, in the order in which a reader wants them."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib import import_module

from opskit.compliance.control import CONTROLS as CONTROLS
from opskit.compliance.control import Control
from opskit.errors import OpskitError

for _family in (
    "placement",
    "hardware",
    "nameservers",
    "brokers",
    "addresses",
    "clients",
    "clients_traps",
    "clients_seen",
    "settings",
    "settings_force",
    "settings_window",
    "settings_process",
    "host",
    "kernel",
    "units",
    "file_modes",
    "protection",
    "topics",
    "drills",
    "waivers",
):
    import_module(f"opskit.compliance.controls.{_family}")


def chosen(only: Sequence[str], skip: Sequence[str]) -> tuple[Control, ...]:
    """The controls that are meant. Raises OpskitError (exit 2) for a word that no control answers to."""
    for option, words in (("--only", only), ("--skip", skip)):
        for word in words:
            if not any(_is_meant(control, [word]) for control in CONTROLS.values()):
                raise OpskitError(
                    f"no control or family is called {word}",
                    where=option,
                    remedy="See `opskit compliance list`; * and ? stand for any letters.",
                )
    found = tuple(
        control
        for control in CONTROLS.values()
        if (not only or _is_meant(control, only)) and not _is_meant(control, skip)
    )
    if not found:
        raise OpskitError("no control is left", where="--only, --skip", remedy="See `opskit compliance list`.")
    return found


def _is_meant(control: Control, words: Sequence[str]) -> bool:
    return any(fnmatchcase(control.id, word) or control.family == word for word in words)
