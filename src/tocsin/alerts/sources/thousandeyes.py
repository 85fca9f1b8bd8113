"""ThousandEyes: its webhook notification. Pure.

Documentation: https://docs.thousandeyes.com/product-documentation/alerts/notifications/webhooks. An object with ``eventType``
(``ALERT_NOTIFICATION_TRIGGER``, ``ALERT_NOTIFICATION_CLEAR``, ``WEBHOOK_TEST``) and ``alert`` of ``alertId``, ``ruleName``,
``ruleExpression``, ``testName``, ``severity``, ``dateStartZoned``, ``dateEndZoned``, ``agents`` and ``permalink``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import Fields, identity, label, level_of, links, read_object, title

NAME: Final = "thousandeyes"
TOOL: Final = "ThousandEyes"

STATUSES: Final[Mapping[str, Status]] = {
    "alert_notification_trigger": "firing", "alert_notification_clear": "resolved", "trigger": "firing", "clear": "resolved",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {"critical": "critical", "major": "high", "minor": "warning", "info": "info"}

_LABELS: Final = {
    "ruleName": "rule", "testName": "test", "type": "type", "agentName": "agent", "hostname": "host", "ipAddress": "address", "testId": "test_id",
}  # fmt: skip
_MOST_AGENTS: Final = 50


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is no such body, or nothing tells which alert it is about or whether it goes on.

    """
    body = read_object(sent, TOOL)
    kind = body.must("eventType", "type")
    if kind.casefold() == "webhook_test":
        return Reading(ignored="It is a test of the address; it arrived.", event=kind)
    status = body.status(STATUSES, "eventType", "type")
    alert = body.inside("alert", "agentAlert", "data")
    agents = alert.each("agents")
    severity = alert.text("severity")
    signal = Signal(
        fingerprint=identity(alert.must("alertId", "id")),
        status=status,
        title=_title(alert),
        labels=_labels(alert, agents),
        links=links(source=alert.link("permalink")),
        value=agents[0].text(*(("metricsAtEnd",) if status == "resolved" else ()), "metricsAtStart") if agents else "",
        threshold=alert.text("ruleExpression"),
        severity=severity,
        level=level_of(LEVELS, severity),
        starts_at=alert.time("dateStartZoned", "dateStart"),
        ends_at=alert.time("dateEndZoned", "dateEnd") if status == "resolved" else None,
        summary=_seen_by(agents),
    )
    return Reading((signal,), event=kind)


def _title(alert: Fields) -> str:
    rule, of = alert.text("ruleName"), alert.text("testName", "agentName", "hostname")
    return title(f"{rule}: {of}" if rule and of else rule or of)


def _labels(alert: Fields, agents: list[Fields]) -> dict[str, str]:
    found = {ours: text for theirs, ours in _LABELS.items() if (text := alert.text(theirs))}
    tags = [name for one in alert.each("testLabels") if (name := one.text("name"))]
    if tags:
        found["test_labels"] = label(",".join(tags))
    if len(agents) == 1 and (agent := agents[0].text("agentName")):
        found["agent"] = agent
    return found


def _seen_by(agents: list[Fields]) -> str:
    names = [name for agent in agents[:_MOST_AGENTS] if (name := agent.text("agentName"))]
    return f"Seen by {', '.join(names)}." if names else ""
