"""Two standings of one coordinate side by side: the one claimed and the one found, unit by unit."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from cli.audit.report import Fault

Json = Mapping[str, Any]
FIRST = frozenset(
    {"assessment", "as_of", "known_at", "rules", "state", "provisional", "units", "findings", "flags"}
    | {"unit", "name", "rank", "tied", "grade", "total", "exact", "attainable", "blocks", "indicators"}
    | {"points", "max", "absorbed"}
)
"""Members of a standing, a unit and an indicator since bundles are written. Those that come later may be absent: an
older program wrote the bundle.
"""
_ABSENT = "—"
_LONGEST = 60


def differences(claimed: Any, found: Json) -> Iterator[Fault]:
    """Name every place where they differ: unit and indicator first, then what else a standing says."""
    if not isinstance(claimed, dict):
        yield Fault("no-standing")
        return
    claimed = cast("dict[str, Any]", claimed)
    ours, theirs = _by_unit(found), _by_unit(claimed)
    for unit in dict.fromkeys([*ours, *theirs]):
        yield from _unit(unit, theirs.get(unit), ours.get(unit))
    if list(ours) != list(theirs) and set(ours) == set(theirs):
        yield _differs("units", list(theirs), list(ours))
    elif _units(claimed) != _units(found) and ours == theirs:
        yield Fault("unit-twice")
    yield from _members(claimed, found, {"units"})


def _unit(unit: str, claimed: Json | None, found: Json | None) -> Iterator[Fault]:
    if claimed is None or found is None:
        yield Fault("unit-added" if found is None else "unit-missing", {"unit": unit})
        return
    ours, theirs = (_mapping(each.get("indicators")) for each in (found, claimed))
    for indicator in dict.fromkeys([*ours, *theirs]):
        one, other = _mapping(theirs.get(indicator)), _mapping(ours.get(indicator))
        for fault in _members(one, other, set()):
            yield Fault(fault.code, {"unit": unit, "indicator": indicator, **fault.named})
    for fault in _members(claimed, found, {"indicators"}):
        yield Fault(fault.code, {"unit": unit, **fault.named})


def _members(claimed: Json, found: Json, but: set[str]) -> Iterator[Fault]:
    for name in dict.fromkeys([*found, *claimed]):
        if name in but or (name not in claimed and name not in FIRST):
            continue
        if (name in claimed, claimed.get(name)) != (name in found, found.get(name)):
            yield from _within(name, claimed.get(name, _ABSENT), found.get(name, _ABSENT))


def _within(member: str, claimed: Any, found: Any) -> Iterator[Fault]:
    """Name what differs within a member, as `blocks.common.points`."""
    if not (isinstance(claimed, dict) and isinstance(found, dict)):
        yield _differs(member, claimed, found)
        return
    theirs, ours = cast("Json", claimed), cast("Json", found)
    for name in dict.fromkeys([*ours, *theirs]):
        if (name in theirs, theirs.get(name)) != (name in ours, ours.get(name)):
            yield from _within(f"{member}.{name}", theirs.get(name, _ABSENT), ours.get(name, _ABSENT))


def _differs(member: str, claimed: Any, found: Any) -> Fault:
    return Fault("differs", {"member": member, "claimed": _told(claimed), "found": _told(found)})


def _told(value: Any) -> Any:
    """Give a value as it can be told on one line; of what is long, its beginning."""
    if isinstance(value, str) or not isinstance(value, Sequence | Mapping):
        return value[:_LONGEST] if isinstance(value, str) else value
    text = str(cast("object", value))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _units(standing: Json) -> list[Json]:
    units = standing.get("units")
    return [_mapping(unit) for unit in cast("list[Any]", units)] if isinstance(units, list) else []


def _by_unit(standing: Json) -> dict[str, Json]:
    return {str(unit.get("unit")): unit for unit in _units(standing)}


def _mapping(value: Any) -> Json:
    return cast("Json", value) if isinstance(value, dict) else {}
