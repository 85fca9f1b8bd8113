"""Read alerts: lists with filters, one with its history, counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, or_, select

from tocsin.alerts import tables
from tocsin.alerts.group_story import Tally
from tocsin.alerts.matchers import OWN, Matcher, Subject, Test, compile_matchers
from tocsin.alerts.matchers import parse as parse_matchers
from tocsin.alerts.model import Alert, Body, alert_id, number_of, receipt_id
from tocsin.alerts.notify import MOST_NAMED, Member, Members
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.incidents import privacy
from tocsin.incidents.belonging_queries import Hidden

DEFAULT_LIMIT = 50
MOST = 500
_SCANNED: Final = 4000
"""Rows that are read at a time where a filter is judged here and not by the database."""
_HEAVY: Final = ("body", "content", "told_start")
_BY_GROUP: Final = ("unacknowledged", "acknowledged")
"""States that hang on the group's acknowledgement."""
STATES: Final = ("firing", "resolved", "unacknowledged", "acknowledged", "muted")

_labels: Final = msgspec.json.Decoder(dict[str, str])
_body: Final = msgspec.json.Decoder(Body)
_text: Final = msgspec.json.Encoder().encode


class Wanted(msgspec.Struct, frozen=True):
    """What somebody looks for among alerts; empty fields ask for nothing. Times are microseconds since 1970 UTC."""

    state: str = ""
    """``firing``, ``resolved``; ``unacknowledged`` and ``acknowledged`` (both firing), ``muted`` (firing, and kept from calling)."""
    service: str = ""
    source: str = ""
    key: str = ""
    """The intake key that it came by."""
    labels: tuple[Matcher, ...] = ()
    text: str = ""
    """A part of its title, summary, annotations or labels."""
    group: str = ""
    incident: str = ""
    how: str = ""
    level: str = ""
    fingerprint: str = ""
    since: int = 0
    """Received at this time or later."""
    until: int = 0


def matchers_from(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Return what the ``label`` parameters of a query ask for: ``env=prod``, ``env=~"prod|canary"``.

    Raises:
        Refused: one cannot be read.

    """
    return tuple(one for text in texts if text for one in parse_matchers(text))


def list_alerts(
    reader: Reader, viewer: Viewer, wanted: Wanted = Wanted(), *, after: str = "", limit: int = DEFAULT_LIMIT  # noqa: B008 (a value)
) -> list[dict[str, Any]]:  # fmt: skip
    """Return alerts, newest first, without those that belong to incidents which the viewer may not read. after: the last id seen.

    Raises:
        Refused: ``after`` or ``state`` is not one that there is.

    """
    limit = min(limit, MOST)
    table, seen, group = tables.alerts, tables.alert_seen, tables.group_counts
    below = _number(after, "after") if after else None
    test = compile_matchers(wanted.labels) if wanted.labels else None
    hidden = Hidden(reader, viewer)
    conditions = [*_conditions(wanted), *([hidden.alerts_shown()] if hidden.incidents else [])]
    numbers = None if test is None else list(_fitting(reader, wanted, conditions, test, below, limit))
    columns = [column for column in table.columns if column.name not in _HEAVY]
    query = (
        select(*columns, seen.c.last_seen_at, seen.c.repeats, group.c.acknowledged_at, group.c.acknowledged_by)
        .select_from(table.outerjoin(seen, seen.c.alert == table.c.id).outerjoin(group, group.c.id == table.c.grp))
        .order_by(table.c.id.desc())
        .limit(limit)
    )
    if numbers is not None:
        query = query.where(table.c.id.in_(numbers))
    else:
        query = query.where(*conditions)
        query = query if below is None else query.where(table.c.id < below)
    return [_shown(row, columns, hidden) for row in reader.rows(query)]


def _fitting(
    reader: Reader, wanted: Wanted, conditions: Sequence[ColumnElement[bool]], test: Test, below: int | None, limit: int
) -> Iterator[int]:
    """Yield the numbers of the newest alerts whose labels fit: the database judges what it can, the rest is judged here, in growing portions."""
    table, group = tables.alerts, tables.group_counts
    columns = (
        table.c.id, table.c.labels, table.c.source, table.c.service, table.c.level, table.c.severity, table.c.title, table.c.how,
        table.c.fingerprint,
    )  # fmt: skip
    query = select(*columns).order_by(table.c.id.desc()).where(*conditions)
    if wanted.state in _BY_GROUP:
        query = query.select_from(table.outerjoin(group, group.c.id == table.c.grp))
    portion = limit
    left = limit
    while True:
        rows = reader.rows((query if below is None else query.where(table.c.id < below)).limit(portion))
        for row in rows:
            number, labels, source, service, level, severity, title, how, fingerprint = row
            if test(Subject(_labels.decode(labels), source, service, level, severity, title, how, "", fingerprint)):
                yield number
                left -= 1
                if not left:
                    return
        if len(rows) < portion:
            return
        below = rows[-1][0]
        portion = min(portion * 2, _SCANNED)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    table = tables.alerts
    taken_at = func.coalesce(table.c.acknowledged_at, tables.group_counts.c.acknowledged_at)
    plain = {"service": wanted.service, "source": wanted.source, "key": wanted.key, "how": wanted.how, "level": wanted.level,
             "fingerprint": wanted.fingerprint}  # fmt: skip
    found: list[ColumnElement[bool]] = [table.c[name] == value for name, value in plain.items() if value]
    match wanted.state:
        case "":
            pass
        case "firing" | "resolved":
            found.append(table.c.state == wanted.state)
        case "unacknowledged":
            found.append(and_(table.c.state == "firing", taken_at.is_(None), table.c.muted == ""))
        case "acknowledged":
            found.append(and_(table.c.state == "firing", taken_at.is_not(None)))
        case "muted":
            found.append(and_(table.c.state == "firing", table.c.muted != ""))
        case other:
            raise Refused(f"Alerts are not in a state {other!r}.", fix=f"Ask for one of: {', '.join(STATES)}.", field="state")
    # Labels are kept as JSON with sorted names, so that a value which must be there is a piece of the text. The rows are judged again later.
    found += [
        table.c.labels.contains(_pair(matcher), autoescape=True)
        for matcher in wanted.labels
        if matcher.op == "=" and matcher.value and matcher.name not in OWN and not matcher.name.startswith("alert.")
    ]
    if wanted.group:
        found.append(or_(table.c.grp == wanted.group, table.c.grp.like(f"{wanted.group} %")))
    if wanted.incident:
        found.append(table.c.incidents.contains(f" {wanted.incident} ", autoescape=True))
    if wanted.text:
        text = wanted.text.casefold()
        pieces = (table.c.title, cast(table.c.labels, Text), cast(table.c.body, Text))
        found.append(or_(*(func.lower(piece).contains(text, autoescape=True) for piece in pieces)))
    if wanted.since:
        found.append(table.c.received_at >= wanted.since)
    if wanted.until:
        found.append(table.c.received_at < wanted.until)
    return found


def _pair(matcher: Matcher) -> str:
    return f"{_text(matcher.name).decode()}:{_text(matcher.value).decode()}"


def _number(text: str, field: str) -> int:
    number = number_of(text)
    if number is None:
        raise Refused(f"There is nothing with the id {text} to go on from.", fix="Begin without `after`.", field=field)
    return number


_TIMES: Final = ("started_at", "received_at", "ended_at", "expires_at", "acknowledged_at", "last_seen_at")


def _shown(row: Any, columns: Sequence[Any], hidden: Hidden) -> dict[str, Any]:
    values = {column.name: value for column, value in zip(columns, row, strict=False)}
    last_seen, repeats, taken_at, taken_by = row[len(columns) :]
    incidents = hidden.without(values.pop("incidents").split())
    if values["acknowledged_at"] is None and taken_at is not None:
        values["acknowledged_at"], values["acknowledged_by"] = taken_at, taken_by
    values["last_seen_at"] = last_seen or values["received_at"]
    for name in _TIMES:
        if values[name] is not None:
            values[name] = moment(values[name])
    return {
        **values, "id": alert_id(values["id"]), "labels": _labels.decode(values["labels"]), "repeats": repeats or 0,
        "group": values.pop("grp").partition(" ")[0], "incident": incidents[-1] if incidents else "", "incidents": incidents,
        "receipt": receipt_id(values["receipt"]) if values["receipt"] else "",
    }  # fmt: skip


def alert_of(reader: Reader, alert: str) -> Alert | None:
    """Return an alert by its id; None where there is none."""
    number = number_of(alert)
    if number is None:
        return None
    table, seen, group = tables.alerts, tables.alert_seen, tables.group_counts
    joined = table.outerjoin(seen, seen.c.alert == table.c.id).outerjoin(group, group.c.id == table.c.grp)
    query: Select[Any] = select(
        table, seen.c.last_seen_at, seen.c.repeats, seen.c.expires_at.label("seen_expires"), group.c.acknowledged_at.label("taken_at"),
        group.c.acknowledged_by.label("taken_by"),
    ).select_from(joined)  # fmt: skip
    rows = reader.rows(query.where(table.c.id == number))
    return _alert(rows[0]) if rows else None


def _alert(row: Any) -> Alert:
    body = _body.decode(row.body)
    taken_at, taken_by = (
        (row.acknowledged_at, row.acknowledged_by) if row.acknowledged_at is not None else (row.taken_at, row.taken_by or "")
    )
    expires = row.seen_expires if row.seen_expires is not None else row.expires_at
    return Alert(
        alert_id(row.id), row.source, row.fingerprint, row.title, row.state, row.key, row.severity, row.level, row.urgency, row.service,
        row.grp.partition(" ")[0], row.how, row.muted, body.value, body.threshold, body.summary, _labels.decode(row.labels), body.annotations,
        body.links, _moment(row.told_start), _moment(row.started_at), _moment(row.received_at), _moment(row.last_seen_at or row.received_at),
        _moment(row.ended_at), _moment(expires) if row.state != "resolved" else None, row.fired, row.repeats or 0, _moment(taken_at), taken_by,
        tuple(row.incidents.split()), receipt_id(row.receipt) if row.receipt else "",
    )  # fmt: skip


def _moment(value: int | None) -> Any:
    return None if value is None else moment(value)


def alert_for(reader: Reader, viewer: Viewer, alert: str) -> Alert | None:
    """Return an alert as a viewer may see it, without the incidents that they may not read; None where there is none for them."""
    found = alert_of(reader, alert)
    hidden = Hidden(reader, viewer)
    if found is None or not hidden.incidents:
        return found
    if hidden.not_shown(reader, [number_of(found.id) or 0]):
        return None
    return msgspec.structs.replace(found, incidents=hidden.without(found.incidents))


def alert_view(reader: Reader, viewer: Viewer, alert: str) -> dict[str, Any]:
    """Return an alert with its history, oldest first.

    Raises:
        NotFound: there is no such alert for this viewer.

    """
    found = alert_for(reader, viewer, alert)
    if found is None:
        raise NotFound(f"There is no alert {alert}.", fix="Check the id; `tocsin alert list` shows them.")
    shown: dict[str, Any] = msgspec.to_builtins(found, builtin_types=())
    begun: dict[str, Any] = {
        "what": "fired", "at": found.started_at, "recorded_at": found.received_at, "by": found.source, "receipt": found.receipt, "details": {},
    }  # fmt: skip
    return {**shown, "firing": found.state != "resolved", "history": [begun, *history(reader, viewer, number_of(alert) or 0)]}


def history(reader: Reader, viewer: Viewer, number: int) -> list[dict[str, Any]]:
    """Return what happened to an alert after it began, in recorded order, without what names an incident that the viewer may not read."""
    table = tables.alert_events
    rows = reader.rows(select(table).where(table.c.alert == number).order_by(table.c.id))
    for unread in sorted(privacy.hidden(reader, viewer)):
        rows = [row for row in rows if unread not in row.details]
    return [
        {
            "what": row.what, "at": moment(row.at), "recorded_at": moment(row.recorded_at), "by": row.by,
            "receipt": receipt_id(row.receipt) if row.receipt else "", "details": msgspec.json.decode(row.details),
        }
        for row in rows
    ]  # fmt: skip


def counts(reader: Reader, viewer: Viewer | None = None) -> dict[str, int]:
    """Return how many alerts fire, by whether somebody has acknowledged them (``yes``, ``no``): those of open groups, which are few rows.

    viewer: who is not shown what belongs to incidents that they may not read; without one, all are counted.
    """
    table = tables.group_counts
    taken = table.c.acknowledged_at.is_not(None)
    query = select(taken, func.sum(table.c.firing)).where(table.c.ended_at.is_(None)).group_by(taken)
    hidden = Hidden(reader, viewer).groups if viewer is not None else frozenset()
    rows = reader.rows(query.where(table.c.id.not_in(sorted(hidden))) if hidden else query)
    found = {"yes" if row[0] else "no": int(row[1] or 0) for row in rows}
    return {"no": 0, "yes": 0, **found}


def tally(reader: Reader, group: str) -> Tally | None:
    """Return how the alerts of a group stand; None where there is no such group."""
    table = tables.group_counts
    rows = reader.rows(select(table.c.firing, table.c.muted, table.c.changed_at).where(table.c.id == group))
    return Tally(rows[0].firing, rows[0].muted, moment(rows[0].changed_at)) if rows else None


def members(reader: Reader, group: str, since: datetime | None) -> Members:
    """Return the alerts of a group for a notice: those that fire and may call people, and those that ended since a moment (None: ever)."""
    table = tables.alerts
    of = or_(table.c.grp == group, table.c.grp.like(f"{group} %"), table.c.grp.like(f"% {group}"))
    columns = (table.c.id, table.c.title, table.c.state, table.c.labels, table.c.body, table.c.started_at, table.c.ended_at)
    fires = and_(of, table.c.state != "resolved", table.c.muted == "")
    ended = and_(of, table.c.state == "resolved", table.c.ended_at >= (micros(since) if since is not None else 0))
    rows = reader.rows(select(*columns).where(fires).order_by(table.c.id).limit(MOST_NAMED))
    total = len(rows) if len(rows) < MOST_NAMED else int(reader.rows(select(func.count()).where(fires))[0][0])
    gone = reader.rows(select(*columns).where(ended).order_by(table.c.id.desc()).limit(MOST_NAMED))
    named = [
        Member(
            alert_id(row.id), row.title, row.state != "resolved", _labels.decode(row.labels), _body.decode(row.body).annotations,
            moment(row.started_at), _moment(row.ended_at),
        )
        for row in (*rows, *reversed(gone))
    ]  # fmt: skip
    return Members(tuple(named), total - len(rows))
