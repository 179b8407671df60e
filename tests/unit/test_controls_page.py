"""The page of the controls agrees with the catalogue, and whatever it links to is there."""

import re
from typing import get_args

from opskit.cli.controls import FAMILIES, markdown
from opskit.compliance.catalogue import CONTROLS
from opskit.compliance.control import Family
from opskit.paths import assets

DOCS = assets() / "docs"
LINK = re.compile(r"\]\(([^)#]+\.md)(?:#[^)]*)?\)")


def test_the_committed_page_is_current() -> None:
    assert (DOCS / "controls.md").read_text() == markdown(), "docs/controls.md is stale: make specs"


def test_every_family_is_told_of_and_every_control_has_its_section() -> None:
    assert tuple(FAMILIES) == get_args(Family)
    assert re.findall(r"^### (.+)$", markdown(), re.MULTILINE) == list(CONTROLS)


def test_every_page_that_it_links_to_is_there() -> None:
    assert {page for page in LINK.findall(markdown()) if not (DOCS / page).exists()} == set()
