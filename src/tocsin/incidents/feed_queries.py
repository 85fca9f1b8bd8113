"""What of the live feed is private: which changed records belong to a private incident, and whom it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import select

from tocsin.engine.model import Reader
from tocsin.engine.tables import facts, metadata
from tocsin.incidents.tables import incident_readers, incidents

_AT_ONCE: Final = 500
_BELONG: Final = {"page": "pages", "action": "action_items", "group": "alert_groups"}
"""Kinds of record whose read table names their incident; the tables are looked up by name, for they are other packages' own."""


def secret(reader: Reader, streams: Iterable[str]) -> dict[str, frozenset[str]]:
    """Return those of these streams that belong to private incidents, each with the names (as ``incident_readers`` has them) of who may read it.

    A record belongs to an incident if it is one, bears its id (a postmortem, say), or names it in its read table. Whom a page calls hears of it.
    """
    incident_of = _incidents_of(reader, streams)
    private = _private(reader, set(incident_of.values()))
    found = {stream: private[incident] for stream, incident in incident_of.items() if incident in private}
    called = metadata.tables["page_people"]
    for some in _portions([stream.partition(":")[2] for stream in found if stream.startswith("page:")]):
        for row in reader.rows(select(called.c.page, called.c.person).where(called.c.page.in_(some))):
            found[f"page:{row[0]}"] |= {str(row[1])}
    return found


def closed(reader: Reader, position: int) -> frozenset[str]:
    """Return the incidents of which it was set after this position of the log whether they are private."""
    query = select(facts.c.stream).where(facts.c.position > position, facts.c.type == "incident.privacy_changed").distinct()
    return frozenset(str(row[0]) for row in reader.rows(query))


def _incidents_of(reader: Reader, streams: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    belonging: dict[str, list[str]] = {}
    for stream in streams:
        kind, _, record = stream.partition(":")
        if kind in _BELONG:
            belonging.setdefault(kind, []).append(record)
        elif record:
            found[stream] = record
    for kind, records in belonging.items():
        table = metadata.tables[_BELONG[kind]]
        for some in _portions(records):
            rows = reader.rows(select(table.c.id, table.c.incident).where(table.c.id.in_(some), table.c.incident != ""))
            found.update({f"{kind}:{row[0]}": str(row[1]) for row in rows})
    for some in _portions([record for record in belonging.get("page", ()) if f"page:{record}" not in found]):
        pages, groups = (
            metadata.tables["pages"],
            metadata.tables["alert_groups"],
        )  # a page that was opened for a group belongs to its incident
        rows = reader.rows(
            select(pages.c.id, groups.c.incident)
            .join(groups, groups.c.id == pages.c.group)
            .where(pages.c.id.in_(some), groups.c.incident != "")
        )
        found.update({f"page:{row[0]}": str(row[1]) for row in rows})
    return found


def _private(reader: Reader, names: Iterable[str]) -> Mapping[str, frozenset[str]]:
    private: dict[str, set[str]] = {}
    for some in _portions(sorted(names)):
        rows: list[Any] = reader.rows(select(incidents.c.id).where(incidents.c.id.in_(some), incidents.c.private.is_(True)))
        private.update({str(row[0]): set() for row in rows})
    for some in _portions(sorted(private)):
        for row in reader.rows(select(incident_readers).where(incident_readers.c.incident.in_(some))):
            private[row.incident].add(row.person)
    return {incident: frozenset(people) for incident, people in private.items()}


def _portions(names: list[str]) -> Iterable[list[str]]:
    return (names[begin : begin + _AT_ONCE] for begin in range(0, len(names), _AT_ONCE))
