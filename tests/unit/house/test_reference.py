"""The reference pages are those that `make docs` would write now."""

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest

from docs import generate, messages
from shared.contracts.schemas import schemas

REFERENCE = Path(__file__).parents[3] / "docs/reference"


@pytest.mark.parametrize("name", generate.PAGES)
def test_a_generated_page_is_current(name):
    """A new setting, command, path or example is in the reference from the commit on that brings it."""
    assert (REFERENCE / name).read_text(encoding="utf-8") == generate.PAGES[name](), "run `make docs`"


def test_no_page_is_left_of_something_that_is_gone():
    """What lies in the generated folders is generated, all of it."""
    for folder in ("openapi", "schemas"):
        assert {f"{folder}/{file.name}" for file in (REFERENCE / folder).iterdir()} <= set(generate.PAGES)


def test_every_schema_is_a_schema_and_takes_its_examples():
    """JSON Schema 2020-12, checked by a validator that is not ours."""
    for kind, schema in schemas().items():
        jsonschema_rs.meta.validate(schema)
        validator = jsonschema_rs.validator_for(schema)
        for example in (messages.EXAMPLES / messages.short(kind).replace(".", "/")).glob("*.json"):
            validator.validate(json.loads(example.read_text(encoding="utf-8")))


def test_asyncapi_refers_to_what_is_there():
    """Every reference of the document leads to a channel, a message or a schema file."""
    text = (REFERENCE / "asyncapi.json").read_text(encoding="utf-8")
    described = json.loads(text)
    for path in re.findall(r'"\$ref": "([^"]+)"', text):
        if path.startswith("#/"):
            part = described
            for name in path.removeprefix("#/").split("/"):
                part = part[name]
        else:
            assert (REFERENCE / path).is_file()
