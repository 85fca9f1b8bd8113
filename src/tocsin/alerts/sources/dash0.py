"""A failed check of Dash0: its webhook. Pure.

Documentation: https://www.dash0.com/documentation/dash0/alerting/notification-channels/webhook. An object with ``type``
(``alert.ongoing``, ``alert.resolved``, ``test``) and ``data.issue`` of ``issueIdentifier``, ``status`` (``critical``, ``degraded``,
``resolved``), ``start``, ``end``, ``summary``, ``description``, ``labels`` and ``annotations`` (lists of ``key`` and a typed ``value``), and
``checkrules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, label, labels, level_of, links, read_object, title

NAME: Final = "dash0"
TOOL: Final = "Dash0"

STATUSES: Final[Mapping[str, Status]] = {
    "resolved": "resolved", "ok": "resolved", "critical": "firing", "failed": "firing", "degraded": "firing", "ongoing": "firing", "open": "firing",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {"critical": "critical", "failed": "critical", "degraded": "warning"}

_MOST: Final = 200


def read(sent: Sent) -> Reading:
    """Return the alert of an issue.

    Raises:
        WrongBody: it is no such body, or nothing tells which issue it is about or whether it goes on.

    """
    body = read_object(sent, TOOL)
    kind = body.text("type")
    if kind.casefold() == "test":
        return Reading(ignored="It is a test of the address; it arrived.", event=kind)
    issue = body.inside("data").inside("issue")
    word = issue.text("status")
    status: Status = "resolved" if kind.casefold().endswith(".resolved") else issue.status(STATUSES, "status")
    severity = word if status == "firing" and word.casefold() in LEVELS else ""
    rules = issue.each("checkrules")
    rule = rules[0] if rules else Fields({}, "", TOOL)
    named, annotations = _typed(issue, "labels"), _typed(issue, "annotations")
    signal = Signal(
        fingerprint=identity(issue.must("issueIdentifier", "id")),
        status=status,
        title=title(issue.text("summary", longest=300), rule.text("name", longest=300)),
        labels={**named, **({"check_rule": rule.text("name")} if rule.text("name") else {})},
        annotations=annotations,
        links=links(source=issue.link("url"), rule=rule.link("url"), runbook=Fields(annotations).link("runbook_url", "runbook")),
        threshold=", ".join(f"{name} {text}" for name, text in rule.texts("thresholds").items())[:200],
        severity=severity,
        level=level_of(LEVELS, severity),
        service=named.get("service.name", "")[:200],
        starts_at=issue.time("start"),
        ends_at=issue.time("end") if status == "resolved" else None,
        summary=issue.text("description", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=kind)


def _typed(issue: Fields, name: str) -> dict[str, str]:
    """Return labels whose values say their type: ``{"key": …, "value": {"stringValue": …}}``; plain ones are read as well."""
    listed = issue.each(name) if isinstance(issue.raw(name), list) else []
    if not listed:
        return issue.texts(name)
    return labels({key: _value(one.raw("value")) for one in listed[:_MOST] if (key := one.text("key"))})


def _value(value: Any) -> str:
    if isinstance(value, Mapping) and len(value) == 1:
        (value,) = value.values()
    return label(value)
