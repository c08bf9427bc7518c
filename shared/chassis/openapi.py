"""OpenAPI documents that say what the services really answer: problems, everywhere, in one schema."""

from collections.abc import Iterable
from typing import Any, cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from shared.chassis import problems

PROBLEM = {
    "description": "A problem (RFC 9457); `code` says which.",
    "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def document(app: FastAPI) -> dict[str, Any]:
    """The app's OpenAPI document, made once: FastAPI's own, with its errors replaced by our problems."""
    if app.openapi_schema:
        return app.openapi_schema
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes, tags=app.openapi_tags
    )
    for path in made.get("paths", {}).values():
        for method in METHODS & path.keys():
            answers = path[method].setdefault("responses", {})
            if "422" in answers:
                answers["422"] = PROBLEM
            answers.setdefault("default", PROBLEM)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = problems.SCHEMA
    app.openapi_schema = made
    return made


def joined(apps: Iterable[FastAPI], *, title: str, version: str) -> dict[str, Any]:
    """Several services' documents as one, for where they share a port.

    A schema that two services name alike but describe differently keeps its name in the first and gets the second's
    title before it.
    """
    paths: dict[str, Any] = {}
    components: dict[str, dict[str, Any]] = {}
    for app in apps:
        part = document(app)
        names = clashes(components, part)
        part = renamed(part, names)
        paths |= {path: item for path, item in part.get("paths", {}).items() if path not in paths}
        for kind, entries in part.get("components", {}).items():
            components.setdefault(kind, {}).update(entries)
    return {"openapi": "3.1.0", "info": {"title": title, "version": version}, "paths": paths, "components": components}


def clashes(held: dict[str, dict[str, Any]], part: dict[str, Any]) -> dict[str, str]:
    """References of `part` that mean something else in `held`, and what they shall be called instead."""
    word = "".join(filter(str.isalnum, part["info"]["title"].title()))
    return {
        f"#/components/{kind}/{name}": f"#/components/{kind}/{word}{name}"
        for kind, entries in part.get("components", {}).items()
        for name, entry in entries.items()
        if held.get(kind, {}).get(name, entry) != entry
    }


def renamed(part: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The document with these components renamed, where they stand and wherever they are referred to."""

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            held = cast("dict[str, Any]", node)
            return {key: names.get(value, value) if key == "$ref" else walk(value) for key, value in held.items()}
        if isinstance(node, list):
            return [walk(item) for item in cast("list[Any]", node)]
        return node

    if not names:
        return part
    walked = walk(part)
    for old, new in names.items():
        kind, name = old.split("/")[2:]
        walked["components"][kind][new.split("/")[3]] = walked["components"][kind].pop(name)
    return walked
