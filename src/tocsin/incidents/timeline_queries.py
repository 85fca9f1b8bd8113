"""Read a part of a timeline: an outline that is kept per incident, the facts of the lines that are shown, and what was attached to them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import bindparam, case, func, select

from tocsin.engine import tables
from tocsin.engine.model import Fact, Reader, micros
from tocsin.incidents.outline import CORRECTED, ENTRY, Brief, Outline
from tocsin.incidents.tables import incident_attachments

_MARKS_KEPT: Final = 400_000
"""Lines that the outlines in memory have, in sum."""
_AT_ONCE: Final = 400
_PREVIEW: Final = 2400
"""Bytes of a text that a page may show of an attachment."""

_facts = tables.facts
_NEEDED: Final = (ENTRY, CORRECTED, "incident.milestone_set", "incident.page_noted")
_outlined = (
    select(
        _facts.c.version, _facts.c.type, _facts.c.occurred_at, _facts.c.recorded_at,
        case((_facts.c.type.in_(_NEEDED), _facts.c.body), else_="{}").label("body"),
    )
    .where(_facts.c.stream == bindparam("stream"), _facts.c.version > bindparam("after"), _facts.c.body.is_not(None))
    .order_by(_facts.c.version)
)  # fmt: skip


class _Body(msgspec.Struct):
    kind: str = ""
    entry: int = 0
    at: datetime | None = None
    what: str = ""


_body = msgspec.json.Decoder(_Body)


class Outlines:
    """The outlines of the timelines that were looked at last. One per node; every look reads what was recorded since."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Outline] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, reader: Reader, incident: str) -> Outline:
        """Return the outline of an incident's timeline as it is now. It changes with the next look: use it within this one."""
        stream = f"incident:{incident}"
        with self._lock:
            found = self._kept.get(incident) or Outline()
            found.take(_briefs(reader, stream, found.version))
            if found.moved:  # something was taken out of the record: what is kept may name it
                found = Outline()
                found.take(_briefs(reader, stream, 0))
                found.moved = False
            self._kept[incident] = found
            self._kept.move_to_end(incident)
            while len(self._kept) > 1 and sum(len(one.marks) for one in self._kept.values()) > _MARKS_KEPT:
                self._kept.popitem(last=False)
            return found.copy()


def _briefs(reader: Reader, stream: str, after: int) -> Iterable[Brief]:
    for row in reader.rows(_outlined, {"stream": stream, "after": after}):
        if row.body == "{}":
            yield Brief(row.version, row.type, row.occurred_at, row.recorded_at)
            continue
        body = _body.decode(row.body)
        at = None if body.at is None else micros(body.at)
        yield Brief(row.version, row.type, row.occurred_at, row.recorded_at, body.kind, body.entry, at, body.what)


class Attached(msgspec.Struct, frozen=True):
    """Something that was attached to an entry, as a page shows it."""

    digest: str
    name: str
    media_type: str
    size: int
    head: bytes = b""
    """Its first bytes."""


def attached(reader: Reader, digests: Iterable[str]) -> dict[str, Attached]:
    """Return the attachments with these digests, each with its first bytes; one that is gone is left out."""
    wanted = sorted(set(digests))
    blobs = tables.blobs
    found: dict[str, Attached] = {}
    for begin in range(0, len(wanted), _AT_ONCE):
        head = func.substr(blobs.c.content, 1, _PREVIEW).label("head")
        query = select(blobs.c.digest, blobs.c.name, blobs.c.media_type, blobs.c.size, head)
        for row in reader.rows(query.where(blobs.c.digest.in_(wanted[begin : begin + _AT_ONCE]))):
            found[row.digest] = Attached(row.digest, row.name, row.media_type, row.size, bytes(row.head or b""))
    return found


def attached_only_by(reader: Reader, entry: Fact) -> tuple[str, ...]:
    """Return the attachments of an entry that no other entry of its incident names, and no other incident."""
    uses, facts = incident_attachments, _facts
    found = []
    for digest in dict.fromkeys(getattr(entry.event, "attachments", ())):
        # Incidents keep the row after a redaction: what was attached stays as private as they are. Only their entries tell.
        streams = [f"incident:{row[0]}" for row in reader.rows(select(uses.c.incident).where(uses.c.digest == digest))]
        named = select(facts.c.stream, facts.c.version).where(
            facts.c.stream.in_(streams), facts.c.type == ENTRY, facts.c.body.contains(digest)
        )
        if not any((row[0], row[1]) != (entry.stream, entry.version) for row in reader.rows(named.limit(2))):
            found.append(digest)
    return tuple(found)


def is_attached(reader: Reader, digest: str, incident: str) -> bool:
    """Tell whether an entry of this incident names an attachment."""
    table = incident_attachments
    return bool(reader.rows(select(table.c.digest).where(table.c.digest == digest, table.c.incident == incident)))
