"""Opsgenie as a sender: its outgoing webhook integration. Pure.

Documentation: https://support.atlassian.com/opsgenie/docs/integrate-opsgenie-with-webhook/ and the alert action data of
https://support.atlassian.com/opsgenie/docs/opsgenie-edge-connector-alert-action-data/. An object with ``action`` (``Create``,
``Acknowledge``, ``UnAcknowledge``, ``Close``, ``Delete``, ``AddNote``, ``Snooze`` …), ``alert`` of ``alertId``, ``alias``, ``tinyId``,
``message``, ``priority``, ``tags``, ``details``, ``entity``, ``username``, ``note``, ``createdAt`` (milliseconds), ``updatedAt``
(nanoseconds), and ``source``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Note, Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, read_object, title

NAME: Final = "opsgenie-webhook"
TOOL: Final = "Opsgenie"

STATUSES: Final[Mapping[str, Status]] = {
    "create": "firing", "acknowledge": "acknowledged", "unacknowledge": "firing", "close": "resolved", "delete": "resolved",
    "snooze": "suppressed", "snoozeended": "firing",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {"p1": "critical", "p2": "high", "p3": "warning", "p4": "low", "p5": "info"}
_PEOPLES: Final = frozenset({"acknowledge", "snooze", "close", "delete", "unacknowledge"})
"""Actions that have somebody's name."""
_NOTED: Final = frozenset({
    "addnote", "assignownership", "takeownership", "escalate", "escalatetonext", "addteam", "addresponder", "addrecipient", "addtags", "removetags",
    "updatepriority", "updatemessage", "updatedescription", "adddetails", "removedetails",
})  # fmt: skip


def read(sent: Sent) -> Reading:
    """Return what became of an alert there.

    Raises:
        WrongBody: it is no such body, or nothing tells which alert it is about.

    """
    body = read_object(sent, TOOL)
    action = body.must("action")
    alert = body.inside("alert")
    subject = alert.must("alertId", "id")
    word = action.casefold().replace(" ", "").replace("_", "")
    by = alert.text("username", "updatedBy", "owner") or body.inside("source").text("name")
    at = alert.time("updatedAt", "createdAt")
    if word not in STATUSES:
        if word not in _NOTED:
            return Reading(ignored=f"The action {action} changes nothing for the people who work on it.", event=action)
        text = alert.text("note", longest=LONGEST_SUMMARY) or _written(action, alert)
        return Reading(notes=(Note(subject, text, by, at),), event=action)
    status = STATUSES[word]
    priority = alert.text("priority")
    signal = Signal(
        fingerprint=identity(subject),
        status=status,
        title=title(alert.text("message", longest=300), alert.text("alias")),
        labels=_labels(alert),
        severity=priority,
        level=level_of(LEVELS, priority),
        service=alert.inside("details").text("service") or alert.text("entity"),
        starts_at=alert.time("createdAt"),
        ends_at=at if status == "resolved" else None,
        by=by if word in _PEOPLES else "",
        note=alert.text("note", longest=LONGEST_SUMMARY),
        summary=alert.text("description", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=action)


def _written(action: str, alert: Fields) -> str:
    """Return a sentence of what was done, from the fields that some actions add."""
    to = alert.text("owner", "priority", "recipient", "addedTags", "removedTags", "escalationName", "team")
    return f"{action}: {to}" if to else action


def _labels(alert: Fields) -> dict[str, str]:
    given = {
        "alias": alert.text("alias"),
        "entity": alert.text("entity"),
        "source": alert.text("source"),
        "tags": ",".join(alert.words("tags")),
    }
    return {**alert.texts("details"), **{name: text for name, text in given.items() if text}}
