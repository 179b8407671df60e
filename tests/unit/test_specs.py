"""The roles' argument_specs and defaults agree with the variables table."""

from opskit.inventory.specs import files


def test_generated_specs_are_current() -> None:
    for path, content in files():
        assert path.read_text() == content, f"{path} is stale: make specs"
