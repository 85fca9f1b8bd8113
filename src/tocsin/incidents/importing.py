"""Read incidents from files in which others keep them: one write-up, a log by quarter, a list of reviews. Pure: JSON values in, commands out.

Three shapes are known by their ``kind``: ``incident`` (milestones, timeline, stated durations, factors, action items), ``incident-log``
(quarters of incidents with fault, detected, declared, repaired, resolved) and ``incident-reviews`` (start, end and the stated times).
Whatever has no place of its own is kept as given. A time that the source does not say stays unknown; nothing is worked out from stated durations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.incidents import commands as c

_LOG_MILESTONES: Final = {
    "fault": "impact_started",
    "detected": "detected",
    "declared": "declared",
    "repaired": "mitigated",
    "resolved": "resolved",
}
"""A log's columns and the milestones that they are. Full service with prevention still to come is a mitigation."""


class _Milestone(msgspec.Struct, frozen=True):
    at: c.Time
    approximate: bool = False
    source_wording: str = ""


class _Entry(msgspec.Struct, frozen=True):
    at: c.Time
    text: str
    type: str = ""


class _WriteUp(msgspec.Struct, frozen=True):
    title: c.Line
    id: str = ""
    source: Any = None
    severity_stated: str | None = None
    service: str | None = None
    impact: dict[str, Any] | None = None
    milestones: dict[str, _Milestone | None] = {}
    timeline: tuple[_Entry, ...] = ()
    contributing_factors: tuple[str, ...] | None = ()
    action_items: tuple[Any, ...] | None = ()
    stated_durations: tuple[dict[str, Any], ...] | None = ()
    order_flags: Any = None
    notes: str | None = ""


class _LogRow(msgspec.Struct, frozen=True):
    title: c.Line
    fault: c.Time | None = None
    detected: c.Time | None = None
    declared: c.Time | None = None
    repaired: c.Time | None = None
    resolved: c.Time | None = None
    stated_time_to_repair_min: float | None = None
    stated_time_to_resolve_min: float | None = None


class _Quarter(msgspec.Struct, frozen=True):
    quarter: str
    incidents: tuple[dict[str, Any], ...]


class _Log(msgspec.Struct, frozen=True):
    quarters: tuple[_Quarter, ...]
    id: str = ""
    source: Any = None
    definitions: dict[str, Any] = {}


class _Review(msgspec.Struct, frozen=True):
    title: c.Line
    organization: str = ""
    page: str = ""
    impact_started: c.Time | None = None
    impact_ended: c.Time | None = None
    detected_no_later_than: c.Time | None = None
    stated_time_to_detect_min: float | None = None
    stated_total_min: float | None = None
    source_wording: str = ""
    note: str = ""


class _Reviews(msgspec.Struct, frozen=True):
    incidents: tuple[dict[str, Any], ...]
    id: str = ""
    definitions: dict[str, Any] = {}


def read(document: Any) -> list[c.Import]:
    """Return the incidents of a file, in its order. A list of documents is read one after the other.

    Raises:
        Refused: the shape is not known or a value is not what it should be; ``field`` names the place.

    """
    if isinstance(document, list | tuple):
        return [found for one in document for found in read(one)]
    if not isinstance(document, Mapping):
        raise Refused("The file is no JSON object.", fix="Send an object with a `kind`, or a list of them.")
    kind = document.get("kind") or _guess(document)
    reader = _READERS.get(str(kind))
    if reader is None:
        raise Refused(f"A file of kind {kind!r} is not known.", fix=f"Write one of: {', '.join(_READERS)}.", field="kind")
    return reader(document)


def _guess(document: Mapping[str, Any]) -> str:
    if "quarters" in document:
        return "incident-log"
    if "incidents" in document:
        return "incident-reviews"
    return "incident" if {"milestones", "timeline"} & set(document) else ""


def _write_up(document: Mapping[str, Any]) -> list[c.Import]:
    found = _convert(document, _WriteUp, "")
    placed = {*_WriteUp.__struct_fields__, "kind"} - {"source"}
    return [
        c.Import(
            title=found.title, source=source_line(found.source) or str(document.get("organization") or ""), reference=found.id,
            severity=found.severity_stated, service=found.service or "", impact=found.impact or {},
            milestones={
                name: None if m is None else c.ImportedMilestone(m.at, m.approximate, m.source_wording) for name, m in found.milestones.items()
            },
            timeline=tuple(c.ImportedEntry(entry.at, entry.type, entry.text) for entry in found.timeline),
            factors=found.contributing_factors or (), action_items=tuple(_item(item) for item in found.action_items or ()),
            stated=found.stated_durations or (), notes=found.notes or "", order_flags=_flags(found.order_flags),
            given={name: value for name, value in document.items() if name not in placed},
        ),
    ]  # fmt: skip


def _log(document: Mapping[str, Any]) -> list[c.Import]:
    log = _convert(document, _Log, "")
    imports = []
    for q, quarter in enumerate(log.quarters):
        for number, values in enumerate(quarter.incidents):
            row = _convert(values, _LogRow, f"quarters[{q}].incidents[{number}]")
            stated = _stated(values, {"time to repair": row.stated_time_to_repair_min, "time to resolve": row.stated_time_to_resolve_min})
            imports.append(
                c.Import(
                    title=row.title, source=source_line(log.source), reference=f"{log.id}/{quarter.quarter}/{number + 1}",
                    milestones={name: _at(getattr(row, column), column) for column, name in _LOG_MILESTONES.items()}, stated=stated,
                    given={"quarter": quarter.quarter, "definitions": log.definitions, "row": dict(values)},
                ),
            )  # fmt: skip
    return imports


def _reviews(document: Mapping[str, Any]) -> list[c.Import]:
    reviews = _convert(document, _Reviews, "")
    imports = []
    for number, values in enumerate(reviews.incidents):
        row = _convert(values, _Review, f"incidents[{number}]")
        bound = row.detected_no_later_than
        milestones: dict[str, c.ImportedMilestone | None] = {
            "impact_started": _at(row.impact_started, row.source_wording),
            "detected": None if bound is None else c.ImportedMilestone(bound, approximate=True, wording="no later than this"),
            "resolved": _at(row.impact_ended, row.source_wording),
        }
        stated = _stated(values, {"time to detect": row.stated_time_to_detect_min, "total time": row.stated_total_min})
        imports.append(
            c.Import(
                title=row.title, source=row.page or row.organization, reference=f"{reviews.id}/{number + 1}", milestones=milestones,
                stated=stated, notes=row.note, given={"organization": row.organization, "definitions": reviews.definitions, "row": dict(values)},
            ),
        )  # fmt: skip
    return imports


_READERS: Final[dict[str, Callable[[Mapping[str, Any]], list[c.Import]]]] = {
    "incident": _write_up,
    "incident-log": _log,
    "incident-reviews": _reviews,
}


def source_line(source: Any) -> str:
    """Return where something was written down, in one line, from the forms in which files say it."""
    if isinstance(source, str):
        return source
    if isinstance(source, list | tuple):
        return "; ".join(line for one in source if (line := source_line(one)))
    if isinstance(source, Mapping):
        parts = [source_line(value) for name, value in source.items() if name not in ("commit", "stored_texts")]
        return " ".join(part for part in parts if part)
    return "" if source is None else str(source)


def _at(at: datetime | None, wording: str) -> c.ImportedMilestone | None:
    return None if at is None else c.ImportedMilestone(at, wording=wording)


def _stated(values: Mapping[str, Any], minutes: Mapping[str, float | None]) -> tuple[dict[str, Any], ...]:
    wording = str(values.get("source_wording") or "")
    return tuple(
        {"what": what, "source_wording": wording or f"{number:g} min", "seconds": round(number * 60)}
        for what, number in minutes.items()
        if number is not None
    )


def _item(item: Any) -> str:
    """Return an action item as one line; files write it as text or as an object with its parts."""
    if isinstance(item, Mapping):
        return ", ".join(str(value) for value in item.values() if value not in (None, ""))
    return str(item)


def _flags(flags: Any) -> tuple[Any, ...]:
    if flags is None:
        return ()
    if isinstance(flags, Mapping):
        return tuple({"milestone": name, "says": value} for name, value in flags.items())
    return tuple(flags) if isinstance(flags, list | tuple) else (flags,)


def _convert(values: Any, shape: type[Any], place: str) -> Any:
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        field = f"{place}.{path.strip('`').removeprefix('$').lstrip('.')}".strip(".")
        raise Refused(f"{field or 'The file'}: {what}.", fix="Write what is known, and null for what is not.", field=field) from error
