"""Read alerts for other tools' addresses: what a key may see of them. A key sees what came by it, unless its option ``reads`` is ``all``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Select, func, literal, select

from tocsin.alerts import receipt_queries, tables
from tocsin.alerts.dropins.seen import Seen
from tocsin.alerts.group_model import Group
from tocsin.alerts.keys import IntakeKey
from tocsin.alerts.matchers import Matcher
from tocsin.alerts.model import ENDED, Body, alert_id, number_of
from tocsin.engine.errors import NotFound
from tocsin.engine.model import Reader, moment
from tocsin.people.model import Person
from tocsin.people.queries import list_people
from tocsin.people.rights import SYSTEM_VIEWER

READS: Final = "reads"
ALL: Final = "all"
MOST: Final = 20_000
"""Alerts that a search looks at, the newest first."""

_labels: Final = msgspec.json.Decoder(dict[str, str])
_body: Final = msgspec.json.Decoder(Body)
_text: Final = msgspec.json.Encoder().encode


def sees_all(key: IntakeKey) -> bool:
    """Tell whether a key sees alerts that came by others."""
    return key.saved.options.get(READS) == ALL


def by_id(reader: Reader, key: IntakeKey, identifier: str) -> Seen | None:
    """Return an alert by its id or its number; None where there is none that the key may see."""
    number = number_of(identifier)
    if number is None:
        return None
    return _one(reader, _query(key, counted=True).where(tables.alerts.c.id == number))


def by_alias(reader: Reader, key: IntakeKey, source: str, alias: str) -> Seen | None:
    """Return the newest alert of a source and key with a fingerprint."""
    table = tables.alerts
    query = _query(key, counted=True).where(table.c.fingerprint == alias, table.c.source == source)
    return _one(reader, query.order_by(table.c.id.desc()).limit(1))


def newest(reader: Reader, key: IntakeKey) -> list[Seen]:
    """Return the alerts that a key sees, the newest first, ``MOST`` at most."""
    return list(_read(reader, _query(key, counted=True).order_by(tables.alerts.c.id.desc()).limit(MOST)))


def page(reader: Reader, key: IntakeKey, offset: int, limit: int) -> list[Seen]:
    """Return a part of the alerts that a key sees, the newest first."""
    return list(_read(reader, _query(key, counted=True).order_by(tables.alerts.c.id.desc()).limit(limit).offset(offset)))


def total(reader: Reader, key: IntakeKey) -> int:
    """Return how many alerts a key sees."""
    query = select(func.count()).select_from(tables.alerts)
    return int(reader.rows(query if sees_all(key) else query.where(tables.alerts.c.key == key.id))[0][0])


def firing(reader: Reader, key: IntakeKey, wanted: tuple[Matcher, ...]) -> list[Seen]:
    """Return the alerts that fire and that a key sees, by their age. wanted: what the database can look for before the caller judges."""
    table = tables.alerts
    query = _query(key).where(table.c.state != ENDED)
    for matcher in wanted:
        # Labels are kept as JSON with sorted names: a value that must be there is a piece of the text. An alert's title may stand for a name.
        if matcher.op == "=" and matcher.value and matcher.name not in _OWN:
            query = query.where(table.c.labels.contains(f"{_text(matcher.name).decode()}:{_text(matcher.value).decode()}", autoescape=True))
    return list(_read(reader, query.order_by(table.c.id)))


_OWN: Final = frozenset({"alertname", "source", "service", "level", "severity", "title", "how"})


def group_names(reader: Reader, groups: set[str]) -> dict[str, dict[str, str]]:
    """Return the labels that the alerts of each group share."""
    found: dict[str, dict[str, str]] = {}
    for name in groups:
        group: Group | None = reader.state(f"group:{name}")
        found[name] = dict(group.opening.labels) if group is not None and group.opening is not None else {}
    return found


def notes_of(reader: Reader, alert: Seen) -> list[dict[str, Any]]:
    """Return what people wrote on an alert, the newest first."""
    table = tables.alert_events
    rows = reader.rows(select(table).where(table.c.alert == alert.number, table.c.what == "note").order_by(table.c.id.desc()))
    return [
        {"note": msgspec.json.decode(row.details).get("text", ""), "owner": row.by, "createdAt": moment(row.at), "offset": str(row.id)}
        for row in rows
    ]  # fmt: skip


def ended_by(reader: Reader, alert: Seen) -> str:
    """Return who ended an alert; empty while it fires."""
    table = tables.alert_events
    rows = reader.rows(select(table.c.by).where(table.c.alert == alert.number, table.c.what == ENDED).order_by(table.c.id.desc()).limit(1))
    return str(rows[0][0]) if rows and not alert.firing else ""


def receipt(reader: Reader, key: IntakeKey, name: str) -> dict[str, Any] | None:
    """Return a request that came by a key; None where there is none."""
    try:
        found = receipt_queries.receipt_view(reader, SYSTEM_VIEWER, name)
    except NotFound:
        return None
    return found if sees_all(key) or found["key"] == key.id else None


def person_called(reader: Reader, name: str) -> str:
    """Return the id of the person whom another tool calls so: by id, name or address, in any letter case; empty where there is none."""
    wanted = name.strip().casefold()
    for row in list_people(reader):
        if wanted in (row["id"].casefold(), row["name"].casefold()):
            return str(row["id"])
        person: Person | None = reader.state(f"person:{row['id']}")
        if person is not None and person.saved is not None and any(wanted == one.value.casefold() for one in person.saved.contacts):
            return str(row["id"])
    return ""


def _query(key: IntakeKey, *, counted: bool = False) -> Select[Any]:
    """Return the query for alerts that a key sees. counted: also how often each was reported with other details than before."""
    table, seen, group, event = tables.alerts, tables.alert_seen, tables.group_counts, tables.alert_events
    joined = table.outerjoin(seen, seen.c.alert == table.c.id).outerjoin(group, group.c.id == table.c.grp)
    changed = select(func.count()).where(event.c.alert == table.c.id, event.c.what.in_(("changed", "reopened"))).scalar_subquery()
    query = select(
        table, seen.c.last_seen_at, seen.c.repeats, seen.c.expires_at.label("seen_expires"),
        func.coalesce(table.c.acknowledged_at, group.c.acknowledged_at).label("taken_at"), group.c.acknowledged_by.label("taken_by"),
        (changed if counted else literal(0)).label("changes"),
    ).select_from(joined)  # fmt: skip
    return query if sees_all(key) else query.where(table.c.key == key.id)


def _one(reader: Reader, query: Select[Any]) -> Seen | None:
    found = next(_read(reader, query), None)
    if found is None:
        return None
    snoozed = _snoozed(reader, found.group) if found.firing else None
    return msgspec.structs.replace(found, ended_by=ended_by(reader, found), snoozed_until=snoozed)


def _snoozed(reader: Reader, name: str) -> datetime | None:
    group: Group | None = reader.state(f"group:{name}") if name else None
    pages = [reader.state(f"page:{page}") for page in group.pages] if group is not None else []
    return max((page.snoozed_until for page in pages if page is not None and page.snoozed_until is not None), default=None)


def _read(reader: Reader, query: Select[Any]) -> Iterator[Seen]:
    receivers: dict[str, str] = {}
    for row in reader.rows(query):
        group = row.grp.partition(" ")[0]
        if group not in receivers:
            record: Group | None = reader.state(f"group:{group}") if group else None
            receivers[group] = record.opening.route if record is not None and record.opening is not None else ""
        body = _body.decode(row.body)
        expires = row.seen_expires if row.seen_expires is not None else row.expires_at
        taken = row.taken_at is not None
        yield Seen(
            alert_id(row.id), row.id, row.source, row.key, row.fingerprint, row.title, row.state != ENDED,
            started_at=moment(row.started_at), received_at=moment(row.received_at), updated_at=moment(max(row.last_seen_at or 0, row.received_at)),
            severity=row.severity, level=row.level, service=row.service, summary=body.summary, labels=_labels.decode(row.labels),
            annotations=body.annotations, links=body.links, count=1 + (row.repeats or 0) + row.changes, ended_at=_moment(row.ended_at),
            expires_at=_moment(expires) if row.state != ENDED else None, acknowledged_at=_moment(row.taken_at),
            acknowledged_by=(row.acknowledged_by or row.taken_by or "") if taken else "", group=group, receiver=receivers[group], muted=row.muted,
        )  # fmt: skip


def _moment(value: int | None) -> datetime | None:
    return None if not value else moment(value)
