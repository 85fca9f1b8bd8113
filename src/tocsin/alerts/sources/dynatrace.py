"""Dynatrace's problem notifications as our values. Pure.

The custom integration sends what its administrator wrote: https://docs.dynatrace.com/docs/analyze-explore-automate/notifications-and-alerting/problem-notifications/webhook-integration.
This is the payload to paste there (what is left out is only missing)::

    {
        "State": "{State}",
        "ProblemID": "{ProblemID}",
        "PID": "{PID}",
        "ProblemTitle": "{ProblemTitle}",
        "ImpactedEntities": {ImpactedEntities},
        "ProblemDetailsText": "{ProblemDetailsText}",
        "ProblemImpact": "{ProblemImpact}",
        "ProblemSeverity": "{ProblemSeverity}",
        "ProblemURL": "{ProblemURL}",
        "ProblemTags": "{ProblemTags}",
    }

A problem that was merged into another one has ended: the other one is told of by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, given, identity, level_of, links, parse, read_object, title

NAME: Final = "dynatrace"
TOOL: Final = "Dynatrace"

STATUSES: Final[Mapping[str, Status]] = {"open": "firing", "resolved": "resolved", "closed": "resolved", "merged": "resolved"}
LEVELS: Final[Mapping[str, Level]] = {
    "availability": "critical",
    "error": "critical",
    "performance": "warning",
    "resource": "warning",
    "resource_contention": "warning",
    "custom": "warning",
    "custom_alert": "warning",
    "monitoring_unavailable": "warning",
    "info": "info",
}


def read(sent: Sent) -> Reading:
    """Return the alert of a problem.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    status = whole.status(STATUSES, "State")
    entities = _entities(whole)
    names = [name for one in entities if (name := one.text("name"))]
    services = [one.text("name") for one in entities if one.text("type").upper() == "SERVICE"]
    severity = whole.text("ProblemSeverity")
    problem = whole.text("ProblemTitle")
    tags = whole.texts("ProblemTags")
    signal = Signal(
        fingerprint=identity(whole.must("ProblemID", "PID")),
        status=status,
        title=title(f"{problem} on {names[0]}" if problem and names else problem, whole.text("ImpactedEntity")),
        labels={**tags, **given(entity=names[0] if names else "", impact=whole.text("ProblemImpact"), pid=whole.text("PID"))},
        links=links(source=whole.link("ProblemURL")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=tags.get("service", "") or next(iter(services), ""),
        summary=whole.text("ProblemDetailsText", "ProblemDetailsMarkdown", "ImpactedEntity", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=whole.text("State"))


def _entities(whole: Fields) -> list[Fields]:
    """Return the entities; a template that puts quotes around them sends their JSON as a text."""
    given_text = whole.text("ImpactedEntities", longest=LONGEST_SUMMARY)
    if not given_text:
        return whole.each("ImpactedEntities")
    try:
        return Fields({"ImpactedEntities": parse(given_text, TOOL)}, "", TOOL).each("ImpactedEntities")
    except WrongBody:
        return []
