"""The reference of events and topics, from the schemas and examples of `shared.contracts`, as pages and AsyncAPI."""

from pathlib import Path
from typing import Any

from shared.contracts import kinds
from shared.contracts.schemas import schemas

EXAMPLES = Path(__file__).resolve().parents[1] / "shared/contracts/examples"
MEDIA_TYPE = "application/cloudevents+json"
SCHEMA = "application/schema+json;version=draft-2020-12"

# address: what it carries, who writes it, who reads it
TOPICS: dict[str, tuple[str, str, str, tuple[str, ...]]] = {
    "meritlog.inbox.{provider}": (
        "Events as a provider sends them. The topic says who sends: the broker's ACL on it is the check.",
        "the provider",
        "intake",
        kinds.ALL,
    ),
    "meritlog.rejected": (
        "What the gate refused, by whatever way it came, with its code and reason.",
        "intake",
        "the provider",
        (),
    ),
    "meritlog.entries": ("The ledger: every accepted entry, in its stored form.", "intake", "scoring", kinds.ALL),
    "meritlog.scores": ("One record for each entry: what it changed.", "scoring", "ranking", (kinds.SCORES_CHANGED,)),
    "meritlog.standings": (
        "One record for each entry: how totals and ranks moved.",
        "ranking",
        "notifier, whoever follows the standings",
        (kinds.STANDING_CHANGED,),
    ),
}


def short(kind: str) -> str:
    """A type without the prefix that all of them have."""
    return kind.removeprefix("meritlog.")


def events_page() -> str:
    """Every type of entry and record: what it says, its members, its examples."""
    lines = [
        "# Events",
        "",
        "CloudEvents 1.0 in structured mode. Members are those of `data`; a number may be a JSON number or a decimal",
        "string. Members that are not named are kept. The schemas describe whole events. Examples are added to and",
        "never edited; the tests read every one.",
    ]
    for kind, schema in schemas().items():
        lines += ["", f"## {short(kind)}", "", schema["description"], ""]
        lines += [f"[Schema](schemas/{short(kind)}.json)"]
        lines += [
            "",
            "| member | | |",
            "|---|---|---|",
            *members(schema["properties"]["data"], schema.get("$defs", {})),
        ]
        for file in sorted((EXAMPLES / short(kind).replace(".", "/")).glob("*.json")):
            lines += ["", f"{file.stem}:", "", "```json", file.read_text(encoding="utf-8").strip(), "```"]
    return "\n".join(lines) + "\n"


def members(data: dict[str, Any], definitions: dict[str, Any]) -> list[str]:
    """A line of a table for every member of `data`."""
    required = data.get("required", ())
    return [
        f"| `{name}` | {'required' if name in required else ''} | {said(member, definitions)} |"
        for name, member in data.get("properties", {}).items()
    ]


def said(member: dict[str, Any], definitions: dict[str, Any]) -> str:
    """What a schema says of a member in words, else its type."""
    if "description" in member:
        return " ".join(member["description"].split()).replace("|", "\\|")
    if "$ref" in member:
        return said(definitions[member["$ref"].rpartition("/")[2]], definitions)
    if "enum" in member:
        return ", ".join(f"`{value}`" for value in member["enum"])
    arms = [said(arm, definitions) for arm in member.get("anyOf", ()) if arm != {"type": "null"}]
    return "; ".join(dict.fromkeys(filter(None, arms))) or member.get("type", "")


def topics_page() -> str:
    """Every topic: what it carries, from whom, to whom."""
    lines = [
        "# Topics",
        "",
        "The key is the assessment, so that an assessment's records lie in one partition in the order of their",
        "positions; the partitions are fixed when a topic is made. Ours are kept for ever: no compaction, no",
        f"retention. One header: `content-type: {MEDIA_TYPE}`. `merit topics` makes them with their settings.",
        "The same as AsyncAPI 3: [asyncapi.json](asyncapi.json).",
        "",
        "| topic | carries | from | to |",
        "|---|---|---|---|",
        *(f"| `{address}` | {what} | {writer} | {reader} |" for address, (what, writer, reader, _) in TOPICS.items()),
    ]
    return "\n".join(lines) + "\n"


def asyncapi(version: str) -> dict[str, Any]:
    """The AsyncAPI 3 document; messages refer to the schemas beside it."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for address, (what, writer, _, types) in TOPICS.items():
        name = address.split(".")[1]
        channels[name] = {
            "address": address,
            "description": what,
            "messages": {short(kind): {"$ref": f"#/components/messages/{short(kind)}"} for kind in types},
        }
        if "{provider}" in address:
            channels[name]["parameters"] = {"provider": {"description": "Id of a provider in the rubric."}}
        ours = writer in ("intake", "scoring", "ranking")
        operations[f"{'send' if ours else 'receive'}-{name}"] = {
            "action": "send" if ours else "receive",
            "channel": {"$ref": f"#/channels/{name}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Meritlog", "version": version, "description": "Streams in and out, keyed by assessment."},
        "defaultContentType": MEDIA_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": {short(kind): message(kind, schema) for kind, schema in schemas().items()}},
    }


def message(kind: str, schema: dict[str, Any]) -> dict[str, Any]:
    """One type as AsyncAPI describes a message."""
    return {
        "name": kind,
        "contentType": MEDIA_TYPE,
        "summary": schema["description"],
        "payload": {"schemaFormat": SCHEMA, "schema": {"$ref": f"schemas/{short(kind)}.json"}},
    }
