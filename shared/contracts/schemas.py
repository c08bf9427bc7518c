"""JSON Schema (2020-12) of every event, in and out: what AsyncAPI, OpenAPI and the reference pages are made of."""

from typing import Any

from shared.contracts import kinds
from shared.contracts.data import MODELS
from shared.contracts.outward import OUTWARD_MODELS
from shared.contracts.shapes import ABOUT_A_UNIT, REPORTED

_TEXT = {"type": "string", "minLength": 1}
_TIME = {"type": "string", "format": "date-time", "description": "RFC 3339, with an offset."}
_DIGEST = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}

_ADDED: dict[str, Any] = {
    "position": {"type": "integer", "minimum": 1, "readOnly": True},
    "acceptedtime": {"type": "string", "format": "date-time", "readOnly": True},
    "previous": _DIGEST | {"readOnly": True, "description": "Digest of the entry before; absent at position 1."},
    "authtype": {"type": "string", "readOnly": True, "description": "CloudEvents Auth Context."},
    "authid": {"type": "string", "readOnly": True, "description": "An account's label."},
}


def entry_schema(kind: str) -> dict[str, Any]:
    """Describe an entry: the event as it is sent, and what intake adds (`readOnly`)."""
    required = ["specversion", "id", "source", "type", "time", "assessment", "data"]
    required += ["subject"] if kind in ABOUT_A_UNIT else []
    required += ["provider"] if kind in REPORTED else []
    return _schema(
        kind,
        MODELS[kind].model_json_schema(by_alias=True),
        {
            "assessment": _TEXT,
            "subject": _TEXT | {"description": "The assessed unit; `district` for facts of no unit."},
            "provider": _TEXT | {"description": "Who reports; absent, it is the assessor."},
            **_ADDED,
        },
        required,
    )


def record_schema(kind: str) -> dict[str, Any]:
    """Describe an outward record: exactly one per ledger entry, under the entry's position."""
    own: dict[str, Any] = {
        "datacontenttype": {"const": "application/json"},
        "assessment": _TEXT,
        "position": {"type": "integer", "minimum": 1},
        "generation": {"type": "integer", "minimum": 1, "description": "Rises with every rebuild."},
        "previous": _DIGEST | {"description": "Digest of the record before, in this stream and generation."},
    }
    required = ["specversion", "id", "source", "type", "time", "datacontenttype", "assessment", "position"]
    return _schema(kind, OUTWARD_MODELS[kind].model_json_schema(by_alias=True), own, [*required, "generation", "data"])


def schemas() -> dict[str, dict[str, Any]]:
    """Describe every type of event, in and out."""
    entries = {kind: entry_schema(kind) for kind in kinds.ALL}
    return entries | {kind: record_schema(kind) for kind in kinds.OUTWARD}


def _schema(kind: str, data: dict[str, Any], own: dict[str, Any], required: list[str]) -> dict[str, Any]:
    definitions = data.pop("$defs", {})
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind,
        "description": data.pop("description", ""),
        "type": "object",
        "required": required,
        "properties": {
            "specversion": {"const": "1.0"},
            "id": _TEXT,
            "source": _TEXT,
            "type": {"const": kind},
            "time": _TIME,
            **own,
            "data": data,
        },
        "additionalProperties": {
            "type": ["string", "boolean", "integer", "null"],
            "description": "Extensions are kept.",
        },
    }
    return schema | ({"$defs": definitions} if definitions else {})
