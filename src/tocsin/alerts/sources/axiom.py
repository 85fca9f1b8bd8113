"""A monitor of Axiom: its webhook notifier. Pure.

Documentation: https://axiom.co/docs/monitor-data/custom-webhook-notifier. An object with ``action`` (``Open``, ``Closed``, ``Test``) and
``event`` of ``monitorID``, ``title``, ``body``, ``description``, ``value``, ``timestamp``, ``groupKeys`` and ``groupValues``. Times are
written as Go prints them: ``2025-02-15 14:59:03.26 +0000 UTC``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tocsin.alerts.model import Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, label, links, read_object, title
from tocsin.alerts.sources.times import moment

NAME: Final = "axiom"
TOOL: Final = "Axiom"

STATUSES: Final[Mapping[str, Status]] = {"open": "firing", "opened": "firing", "closed": "resolved", "close": "resolved"}


def read(sent: Sent) -> Reading:
    """Return the alert of a monitor.

    Raises:
        WrongBody: it is no such body, or nothing tells which monitor it is about or whether it goes on.

    """
    body = read_object(sent, TOOL)
    action = body.must("action")
    if action.casefold() == "test":
        return Reading(ignored="It is a test of the address; it arrived.", event=action)
    status = body.status(STATUSES, "action")
    event = body.inside("event")
    keys, values = event.words("groupKeys"), event.words("groupValues")
    at = _go_time(event, "timestamp") or _go_time(event, "queryEndTime")
    signal = Signal(
        fingerprint=identity(event.must("monitorID", "monitorId"), *values),
        status=status,
        title=title(event.text("title", longest=300), event.text("body", longest=300)),
        labels=dict(zip(keys, values, strict=False)),
        annotations={"matched event": label(dict(matched.values))} if (matched := event.inside("matchedEvent")) else {},
        links=links(source=event.link("monitorURL", "url")),
        value=event.text("value"),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary=event.text("description", "body", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=action)


def _go_time(event: Fields, name: str) -> datetime | None:
    """Return a time as Go prints it: the name of the zone behind the offset says nothing new."""
    words = event.text(name).split(" ")
    return moment(" ".join(words[:3]))
