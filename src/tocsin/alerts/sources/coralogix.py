"""Coralogix: its generic webhook. Pure.

Documentation: https://coralogix.com/docs/user-guides/alerting/outbound-webhooks/generic-webhook-outbound-webhook/. An object with ``alert_action``
(``trigger`` or ``resolve``), ``name``, ``description``, ``threshold``, ``alert_url``, ``log_url`` and ``fields``, a list of ``key`` and
``value`` in which keys repeat. Placeholders that were not filled in (``$SERVICE``, ``*insert … name*``) say nothing. The identity is the
field ``alertUniqueIdentifier``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, label, level_of, links, read_object, title

NAME: Final = "coralogix"
TOOL: Final = "Coralogix"

STATUSES: Final[Mapping[str, Status]] = {"trigger": "firing", "resolve": "resolved", "resolved": "resolved"}
LEVELS: Final[Mapping[str, Level]] = {
    "critical": "critical", "error": "high", "warn": "warning", "warning": "warning", "info": "low", "verbose": "info", "debug": "info",
    "p1": "critical", "p2": "high", "p3": "warning", "p4": "low", "p5": "info",
}  # fmt: skip

_NO_LABELS: Final = frozenset({"timestamp", "timestampMs", "timestampISO", "text", "icon_url"})
_EMPTY: Final = frozenset({"", "null", "[]"})
_MOST: Final = 200


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is no such body, or nothing tells which alert it is about or whether it goes on.

    """
    body = read_object(sent, TOOL)
    fields = Fields(_filled(body), "fields", TOOL)
    status = body.status(STATUSES, "alert_action")
    severity = fields.text("severity", "severityLowercase") or fields.text("priority")
    at = fields.time("timestampISO", "timestampMs")
    key = fields.text("alertUniqueIdentifier", "dedupKey") or _named(body)
    given = {"alert": _set(body.text("name")), "service": _set(body.text("service"))}
    signal = Signal(
        fingerprint=identity(key),
        status=status,
        title=title(_set(body.text("name", longest=300))),
        labels={
            **{name: label(value) for name, value in fields.values.items() if name not in _NO_LABELS},
            **{name: text for name, text in given.items() if text},
        },
        links=links(source=body.link("alert_url"), dashboard=body.link("log_url")),
        value=fields.text("hitCount"),
        threshold=_set(body.text("threshold")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=_set(body.text("service")) or fields.text("subsystem", "application"),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary="\n".join(
            text for text in (_set(body.text("description", longest=LONGEST_SUMMARY)), fields.text("text", longest=LONGEST_SUMMARY)) if text
        )[:LONGEST_SUMMARY],
    )  # fmt: skip
    return Reading((signal,), event=body.text("alert_action"))


def _named(body: Fields) -> str:
    """Return an identity without the fields: the definition's, with the labels by which it groups."""
    grouped = _set(body.text("group_by_labels"))
    return identity(body.must("alert_id", "uuid", "name"), "" if grouped in _EMPTY else grouped)


def _filled(body: Fields) -> dict[str, object]:
    """Return the fields that say something, the first of each name."""
    found: dict[str, object] = {}
    for one in body.each("fields")[:_MOST]:
        name, value = one.text("key"), one.raw("value")
        text = value if isinstance(value, str) else None
        if name and name not in found and value is not None and (text is None or _set(text.strip()) not in _EMPTY):
            found[name] = value
    return found


def _set(text: str) -> str:
    """Return a text, or nothing where it is a placeholder that was not filled in."""
    return "" if text.startswith("$") or (text.startswith("*insert ") and text.endswith("*")) else text
