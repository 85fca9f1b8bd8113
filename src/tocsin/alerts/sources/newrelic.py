"""New Relic as our values. Pure.

Two bodies: the webhook of workflows (https://docs.newrelic.com/docs/alerts/get-notified/notification-integrations/#webhook, with its default
template: ``issueId``/``id``, ``issueUrl``, ``title``, ``priority``, ``state``, ``trigger`` …), and that of the older alert channels
(https://docs.newrelic.com/docs/alerts/new-relic-alerts/notifications/customize-your-webhook-payload). The channel may send a form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, given, identity, labels, level_of, links, read_object, title

NAME: Final = "newrelic"
TOOL: Final = "New Relic"

STATUSES: Final[Mapping[str, Status]] = {
    "open": "firing",
    "acknowledged": "acknowledged",
    "closed": "resolved",
    "created": "firing",
    "activated": "firing",
    "active": "firing",
    "deactivated": "resolved",
    "resolved": "resolved",
    "test": "unknown",
}
LEVELS: Final[Mapping[str, Level]] = {
    "critical": "critical",
    "high": "high",
    "medium": "warning",
    "warning": "warning",
    "low": "low",
    "info": "info",
}


def read(sent: Sent) -> Reading:
    """Return the alert of an issue or of an incident.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    if "issueId" in whole or "issueUrl" in whole or "issue_url" in whole or ("state" in whole and "current_state" not in whole):
        return Reading((_issue(whole),), event=whole.text("trigger"))
    return Reading((_incident(whole),), event=whole.text("event_type"))


def _issue(whole: Fields) -> Signal:
    status = whole.status(STATUSES, "state")
    if status == "firing" and "acknowledged" in whole.text("trigger").casefold():
        status = "acknowledged"
    severity = whole.text("priority", "severity")
    entities = whole.words("impactedEntities")
    conditions = whole.words("alertConditionNames")
    found = {
        **whole.texts("labels"),
        **given(entity=entities[0] if entities else "", policy=next(iter(whole.words("alertPolicyNames")), "")),
    }
    return Signal(
        fingerprint=identity(whole.must("issueId", "id")),
        status=status,
        title=title(whole.text("title"), next(iter(conditions), "")),
        labels=found,
        links=links(source=whole.link("issueUrl", "issue_url", "issuePageUrl"), runbook=whole.link("runbookUrl", "runbook_url")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=found.get("service", "") or (entities[0] if entities else ""),
        starts_at=whole.time("createdAt", "activatedAt"),
        ends_at=whole.time("closedAt") if status == "resolved" else None,
        by=whole.text("owner", "acknowledgedBy") if status == "acknowledged" else "",
        summary=whole.text("description", longest=LONGEST_SUMMARY) or ", ".join(conditions)[:LONGEST_SUMMARY],
    )


def _incident(whole: Fields) -> Signal:
    status = whole.status(STATUSES, "current_state")
    severity = whole.text("severity")
    targets = whole.each("targets")
    target = targets[0] if targets else Fields({}, "targets", TOOL)
    found = {
        **labels(target.raw("labels")),
        **given(policy=whole.text("policy_name"), target=target.text("name"), account=whole.text("account_name")),
    }
    condition = whole.text("condition_name")
    return Signal(
        fingerprint=identity(whole.must("incident_id", "condition_id")),
        status=status,
        title=title(f"{condition} on {target.text('name')}" if condition and target.text("name") else condition, whole.text("details")),
        labels=found,
        links=links(source=whole.link("incident_url"), runbook=whole.link("runbook_url"), dashboard=whole.link("violation_chart_url")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=found.get("service", "") or target.text("name"),
        by=whole.text("owner") if status == "acknowledged" else "",
        summary=whole.text("details", longest=LONGEST_SUMMARY),
    )
