"""The reference pages are those that `make docs` would write now."""

from pathlib import Path

import pytest

from docs import generate

REFERENCE = Path(__file__).parents[3] / "docs/reference"


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_current(name):
    """A new setting, command, path or example is in the reference from the commit on that brings it."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run `make docs`"


def test_no_page_is_left_of_something_that_is_gone():
    """What lies under openapi/ is generated, all of it."""
    assert {f"openapi/{file.name}" for file in (REFERENCE / "openapi").iterdir()} <= set(generate.PAGES)
