"""Grafana's alerting of version 7 and older as our values. Pure.

The body of its webhook channel: https://grafana.com/docs/grafana/v7.5/alerting/notifications/#webhook. One request tells of one rule, with
the series that matched in ``evalMatches``: that is one alert, whose value names them all. A query parameter ``service`` names the service
where no tag does.
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
    WORDS,
    Fields,
    identity,
    level_of,
    links,
    read_object,
    scalar,
    title,
)

NAME: Final = "grafana-legacy"
TOOL: Final = "Grafana 7"

STATUSES: Final[Mapping[str, Status]] = {
    "alerting": "firing",
    "ok": "resolved",
    "paused": "suppressed",
    "pending": "unknown",
    "no_data": "unknown",
    "unknown": "unknown",
}
LEVELS: Final[Mapping[str, Level]] = WORDS

_STATE: Final = re.compile(r"^\[(?:alerting|ok|no data|paused|pending)\]\s*", re.IGNORECASE)
_MOST_MATCHES: Final = 8


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    rule = whole.text("ruleName") or _STATE.sub("", whole.text("title"))
    own = whole.text("ruleId", longest=LONGEST_LABEL) or rule
    if not own:
        raise whole.lacks("ruleId")
    matches = whole.each("evalMatches")
    labels = {**_common(matches), **whole.texts("tags")}
    severity = labels.get("severity", "")
    signal = Signal(
        fingerprint=identity(own),
        status=whole.status(STATUSES, "state"),
        title=title(rule, whole.text("message")),
        labels=labels,
        links=links(dashboard=whole.link("ruleUrl"), image=whole.link("imageUrl")),
        value=scalar(", ".join(f"{one.text('metric')}={one.text('value')}" for one in matches[:_MOST_MATCHES])),
        severity=scalar(severity),
        level=level_of(LEVELS, severity),
        service=scalar(labels.get("service")) or scalar(sent.query.get("service")),
        summary=whole.text("message", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,))


def _common(matches: list[Fields]) -> dict[str, str]:
    """Return the tags that all series have alike."""
    tags = [one.texts("tags") for one in matches]
    return {name: value for name, value in tags[0].items() if all(other.get(name) == value for other in tags)} if tags else {}
