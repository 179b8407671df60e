"""How opskit's templates are read: text, and a name that is missing is an error."""

from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from opskit.paths import assets


def environment(filters: Mapping[str, Callable[..., Any]]) -> Environment:
    """Templates of the folder templates/, with these filters."""
    found = Environment(
        loader=FileSystemLoader(assets() / "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - configuration files, not HTML
        auto_reload=False,
    )
    found.filters |= filters
    return found
