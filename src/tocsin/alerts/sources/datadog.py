"""Datadog's webhook as our values. Pure.

Datadog sends what its administrator wrote: https://docs.datadoghq.com/integrations/webhooks/. The default payload cannot be read, since it
does not say whether a monitor triggers or recovers. This is the payload to paste there (what is left out is only missing)::

    {
        "id": "$ID",
        "aggreg_key": "$AGGREG_KEY",
        "alert_id": "$ALERT_ID",
        "alert_transition": "$ALERT_TRANSITION",
        "alert_priority": "$ALERT_PRIORITY",
        "alert_metric": "$ALERT_METRIC",
        "alert_query": "$ALERT_QUERY",
        "alert_scope": "$ALERT_SCOPE",
        "alert_status": "$ALERT_STATUS",
        "title": "$EVENT_TITLE",
        "body": "$EVENT_MSG",
        "date": "$DATE",
        "last_updated": "$LAST_UPDATED",
        "event_type": "$EVENT_TYPE",
        "hostname": "$HOSTNAME",
        "tags": "$TAGS",
        "link": "$LINK",
        "snapshot": "$SNAPSHOT",
        "org": {"id": "$ORG_ID", "name": "$ORG_NAME"},
    }

``aggreg_key`` is the same for the alert and its recovery. *No Data* pages: Datadog only tells of it where the monitor was set to do so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import (
    LONGEST_LABEL,
    LONGEST_SUMMARY,
    Fields,
    identity,
    level_of,
    links,
    read_object,
    scalar,
    short,
    title,
)

NAME: Final = "datadog"
TOOL: Final = "Datadog"

STATUSES: Final[Mapping[str, Status]] = {
    "triggered": "firing",
    "re-triggered": "firing",
    "renotify": "firing",
    "warn": "firing",
    "re-warn": "firing",
    "no data": "firing",
    "re-no data": "firing",
    "recovered": "resolved",
    "muted": "suppressed",
    "alert": "firing",
    "ok": "resolved",
    "error": "firing",
    "warning": "firing",
    "success": "resolved",
}
"""The transitions, then the words of ``$ALERT_TYPE`` and of titles where a template has only those."""
LEVELS: Final[Mapping[str, Level]] = {
    "p1": "critical",
    "p2": "high",
    "p3": "warning",
    "p4": "low",
    "p5": "info",
    "1": "critical",
    "2": "high",
    "3": "warning",
    "4": "low",
    "5": "info",
}

_PREFIX: Final = re.compile(r"^(?:\[P\d\]\s*)?\[((?:Re-)?(?:Triggered|Recovered|Warn|No Data)|Renotify|Muted)\b[^\]]*\]\s*", re.IGNORECASE)
_PRIORITY: Final = re.compile(r"P?[1-5]", re.IGNORECASE)


def read(sent: Sent) -> Reading:
    """Return the alert of a monitor's notification.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    named = whole.text("title", "event_title", longest=LONGEST_LABEL)
    status = _status(whole, named)
    labels = {**whole.texts("tags")}
    for name, given in (("host", whole.text("hostname")), ("metric", whole.text("alert_metric")), ("scope", whole.text("alert_scope"))):
        if given:
            labels.setdefault(name, given)
    severity = next((word for name in ("alert_priority", "priority") if _PRIORITY.fullmatch(word := whole.text(name))), "")
    own = whole.text("aggreg_key", "alert_cycle_key", longest=LONGEST_LABEL)
    own = own or identity(whole.text("alert_id"), whole.text("alert_scope", longest=LONGEST_LABEL))
    body = whole.text("body", "event_msg", longest=LONGEST_SUMMARY).removeprefix("%%%").removesuffix("%%%").strip()
    return Reading(
        (
            Signal(
                fingerprint=identity(own or whole.must("aggreg_key", "id")),
                status=status,
                title=title(_PREFIX.sub("", named), named, body),
                labels=labels,
                links=links(source=whole.link("link", "url"), image=whole.link("snapshot")),
                severity=severity,
                level=level_of(LEVELS, severity),
                service=scalar(labels.get("service")),
                starts_at=whole.time("date") if status == "firing" else None,
                value=whole.text("alert_status"),
                threshold=short(whole.text("alert_query", longest=LONGEST_SUMMARY), LONGEST_LABEL),
                by=whole.text("user", "username") if status == "resolved" else "",
                summary=body,
            ),
        ),
        event=whole.text("event_type"),
    )


def _status(whole: Fields, named: str) -> Status:
    """Return what the transition says, or the title, which names it too, or the type of the alert."""
    if whole.text("alert_transition"):
        return whole.status(STATUSES, "alert_transition")
    if found := _PREFIX.match(named):
        return STATUSES.get(found.group(1).casefold(), "firing")
    return whole.status(STATUSES, "alert_transition", "alert_type")
