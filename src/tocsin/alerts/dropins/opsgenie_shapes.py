"""Alerts and answers as Opsgenie's Alert API writes them, and what its list's query asks for. Pure.

The shapes: https://docs.opsgenie.com/docs/alert-api.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from tocsin.alerts.dropins.seen import Seen
from tocsin.alerts.sources.opsgenie_api import PRIORITY
from tocsin.engine.errors import Refused

MOST: Final = 100
"""Alerts of one answer (the vendor's own number)."""
DEFAULT: Final = 20

_PRIORITIES: Final = ("P1", "P2", "P3", "P4", "P5")
_TERM: Final = re.compile(r'\s*(NOT\s+)?(?:([A-Za-z.]+)\s*[:=]\s*)?("(?:[^"\\]|\\.)*"|[^\s"()]+)', re.IGNORECASE)
_AND: Final = re.compile(r"\s*(AND\b|&&)?", re.IGNORECASE)

Test = Callable[[Seen], bool]


def written(at: datetime) -> str:
    """Return a time as Opsgenie writes it: UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shown_alert(alert: Seen, key_name: str, *, whole: bool) -> dict[str, Any]:
    """Return an alert. whole: with what a list leaves out."""
    priority = alert.severity.upper() if alert.severity.upper() in _PRIORITIES else PRIORITY
    shown: dict[str, Any] = {
        "id": alert.id, "tinyId": str(alert.number), "alias": alert.fingerprint, "message": alert.title,
        "status": "open" if alert.firing else "closed", "acknowledged": alert.acknowledged_at is not None, "isSeen": alert.acknowledged_at is not None,
        "tags": tags_of(alert), "snoozed": alert.snoozed_until is not None, "count": alert.count, "lastOccurredAt": written(alert.updated_at),
        "createdAt": written(alert.received_at), "updatedAt": written(max(filter(None, (alert.updated_at, alert.acknowledged_at, alert.ended_at)))),
        "source": alert.labels.get("source", alert.source), "owner": alert.owner or alert.acknowledged_by, "priority": priority, "responders": [],
        "integration": {"id": alert.key, "name": key_name, "type": "API"}, "report": _report(alert),
    }  # fmt: skip
    if alert.snoozed_until is not None:
        shown["snoozedUntil"] = written(alert.snoozed_until)
    if whole:
        shown |= {
            "actions": [one.strip() for one in alert.annotations.get("actions", "").split(",") if one.strip()],
            "entity": alert.labels.get("entity", ""), "description": alert.summary,
            "details": {name: text for name, text in alert.labels.items() if name not in ("tags", "entity", "source")},
        }  # fmt: skip
    return shown


def tags_of(alert: Seen) -> list[str]:
    """Return the tags that an alert was created with."""
    return [one for one in alert.labels.get("tags", "").split(",") if one]


def _report(alert: Seen) -> dict[str, Any]:
    """Return how long things took, in milliseconds."""
    found: dict[str, Any] = {}
    if alert.acknowledged_at is not None:
        found |= {"ackTime": _milliseconds(alert.received_at, alert.acknowledged_at), "acknowledgedBy": alert.acknowledged_by}
    if alert.ended_at is not None:
        found |= {"closeTime": _milliseconds(alert.received_at, alert.ended_at), "closedBy": alert.ended_by}
    return found


def _milliseconds(begin: datetime, end: datetime) -> int:
    return max(0, round((end - begin).total_seconds() * 1000))


def query_of(text: str) -> Test:
    """Return what a search asks for: words and ``field: value`` terms, all of which must hold; ``NOT`` before one turns it round.

    Raises:
        Refused: it cannot be read, or asks for a field that is not known here.

    """
    tests: list[Test] = []
    at = 0
    while at < len(text.rstrip()):
        found = _TERM.match(text, at)
        if found is None:
            raise Refused(
                f"The query cannot be read from {text[at : at + 30]!r} on.",
                fix="Write terms like status: open AND priority: P1.",
                field="query",
            )
        negated, field, value = found.groups()
        if field is None and value.upper() in ("OR", "||"):
            raise Refused("A query with OR is not taken here.", fix="Ask twice.", field="query")
        test = _term((field or "").casefold(), value.strip('"'))
        tests.append((lambda alert, test=test: not test(alert)) if negated else test)  # type: ignore[misc] # a default binds it
        at = found.end()
        joined = _AND.match(text, at)
        at = joined.end() if joined else at
    return lambda alert: all(test(alert) for test in tests)


_FIELDS: Final[Mapping[str, Callable[[Seen], Sequence[str]]]] = {
    "status": lambda a: ["open" if a.firing else "closed"],
    "priority": lambda a: [a.severity],
    "alias": lambda a: [a.fingerprint],
    "entity": lambda a: [a.labels.get("entity", "")],
    "source": lambda a: [a.labels.get("source", a.source)],
    "acknowledged": lambda a: ["true" if a.acknowledged_at is not None else "false"],
    "owner": lambda a: [a.acknowledged_by],
    "tinyid": lambda a: [str(a.number)],
    "id": lambda a: [a.id],
    "tag": tags_of,
    "tags": tags_of,
}
_TEXTS: Final[Mapping[str, Callable[[Seen], str]]] = {
    "": lambda a: f"{a.title}\n{a.fingerprint}\n{a.summary}",
    "message": lambda a: a.title,
    "description": lambda a: a.summary,
}


def _term(field: str, value: str) -> Test:
    wanted = value.casefold()
    if (text := _TEXTS.get(field)) is not None:
        if wanted == "*":
            return lambda _alert: True
        return lambda alert: wanted in text(alert).casefold()
    if (get := _FIELDS.get(field)) is not None:
        return lambda alert: any(wanted == one.casefold() for one in get(alert))
    if field.startswith("details."):
        name = field.removeprefix("details.")
        return lambda alert: any(wanted == text.casefold() for label, text in alert.labels.items() if label.casefold() == name)
    known = ", ".join([*_FIELDS, *filter(None, _TEXTS)])
    raise Refused(f"{field!r} cannot be searched for here.", fix=f"There are: {known}.", field="query")


_ORDERS: Final[Mapping[str, Callable[[Seen], Any]]] = {
    "createdAt": lambda a: a.received_at, "updatedAt": lambda a: a.updated_at, "lastOccurredAt": lambda a: a.updated_at,
    "tinyId": lambda a: a.number, "alias": lambda a: a.fingerprint, "message": lambda a: a.title, "status": lambda a: a.firing,
    "acknowledged": lambda a: a.acknowledged_at is not None, "isSeen": lambda a: a.acknowledged_at is not None,
    "snoozed": lambda a: a.snoozed_until is not None, "snoozedUntil": lambda a: a.snoozed_until is not None, "count": lambda a: a.count,
    "source": lambda a: a.source, "owner": lambda a: a.acknowledged_by, "integration.name": lambda a: a.key,
    "integration.type": lambda _a: 0, "report.acknowledgedBy": lambda a: a.acknowledged_by, "report.closedBy": lambda a: a.ended_by,
    "report.ackTime": lambda a: _report(a).get("ackTime", -1), "report.closeTime": lambda a: _report(a).get("closeTime", -1),
}  # fmt: skip


def ordered(alerts: Iterable[Seen], sort: str, order: str) -> list[Seen]:
    """Return alerts in the order asked for; empty: the newest first.

    Raises:
        Refused: there is no such field or order.

    """
    rank = _ORDERS.get(sort or "createdAt")
    if rank is None:
        raise Refused(f"{sort!r} cannot be sorted by.", fix=f"Sort by one of: {', '.join(_ORDERS)}.", field="sort")
    if order not in ("", "asc", "desc"):
        raise Refused(f"order is {order!r}.", fix="Write asc or desc.", field="order")
    return sorted(alerts, key=lambda one: (rank(one), one.number), reverse=order != "asc")


def whole_number(text: str, name: str, default: int, least: int, most: int) -> int:
    """Return a number of a query.

    Raises:
        Refused: it is none, or out of its range.

    """
    if not text:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > len(str(10**9)) or not least <= int(text) <= most:
        raise Refused(f"{name} should be a number from {least} to {most}.", fix=f"Write {name}={default}.", field=name)
    return int(text)


def status_of(receipt: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return what became of a request, from its receipt."""
    outcomes = receipt["alerts"]
    first = outcomes[0] if outcomes else {}
    what, why = first.get("outcome", ""), first.get("why", "")
    done = receipt["status"] < 400 and not receipt["ignored"] and (not outcomes or what in _DONE)  # noqa: PLR2004 (HTTP)
    said = _DONE.get(what, "") if done else receipt["ignored"] or why
    return {
        "success": done, "isSuccess": done, "action": str(receipt["event"] or "create").capitalize(), "processedAt": written(receipt["at"]),
        "integrationId": key, "status": said or (receipt["notes"][0] if receipt["notes"] else "Done"), "alertId": first.get("alert") or "",
        "alias": first.get("fingerprint", ""),
    }  # fmt: skip


_DONE: Final[Mapping[str, str]] = {
    "new": "Created alert", "repeated": "Raised the count of the open alert", "reopened": "Opened the alert again", "resolved": "Closed the alert",
    "acknowledged": "Acknowledged the alert",
}  # fmt: skip
