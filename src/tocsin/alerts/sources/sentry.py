"""Sentry as our values. Pure.

Three bodies, told apart by what they hold: the integration platform's webhooks for metric alerts and for issues and issue alerts
(https://docs.sentry.io/organization/integrations/integration-platform/webhooks/), and the older WebHooks plugin, whose body is the event
with its issue's ``id``. An issue counts as one alert however many events it has; Sentry says when it is resolved only through ``issue``
webhooks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.signatures import check_sentry
from tocsin.alerts.sources.fields import LONGEST_LABEL, LONGEST_SUMMARY, Fields, given, identity, level_of, links, read_object, title

NAME: Final = "sentry"
TOOL: Final = "Sentry"

STATUSES: Final[Mapping[str, Status]] = {
    "critical": "firing",
    "warning": "firing",
    "resolved": "resolved",
    "open": "firing",
    "closed": "resolved",
    "unresolved": "firing",
    "ignored": "suppressed",
    "archived": "suppressed",
    "created": "firing",
    "triggered": "firing",
    "assigned": "acknowledged",
}
"""Actions of metric alerts and of issues, then the states of issues."""
LEVELS: Final[Mapping[str, Level]] = {
    "fatal": "critical",
    "critical": "critical",
    "error": "high",
    "warning": "warning",
    "info": "info",
    "debug": "info",
    "sample": "info",
}

_ACTIONS: Final = ("resolved", "unresolved", "archived", "ignored", "assigned")


def read(sent: Sent) -> Reading:
    """Return the alert of a webhook.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.
        WrongSecret: it is not signed with the key's secret.

    """
    check_sentry(sent)
    whole = read_object(sent, TOOL)
    data = whole.inside("data")
    resource = sent.headers.get("sentry-hook-resource", "")
    event = f"{resource}.{whole.text('action')}".strip(".")
    if "metric_alert" in data:
        return Reading((_metric(whole, data),), event=event)
    if "issue" in data:
        return Reading((_issue(whole, data.inside("issue")),), event=event)
    if "event" in data or "error" in data:
        return Reading((_event(data.inside("event", "error"), data),), event=event)
    if "installation" in data or resource in ("installation", "comment", "seer"):
        return Reading(ignored="It tells of Sentry's own integration, not of an alert.", event=event)
    if "id" in whole or "event" in whole:
        return Reading((_plugin(whole),))
    raise WrongBody(
        "data holds no metric_alert, issue or event, and there is no id.",
        fix="Send a webhook of Sentry's integration, or of its plugin.",
        field="data",
    )


def _metric(whole: Fields, data: Fields) -> Signal:
    found = data.inside("metric_alert")
    rule = found.inside("alert_rule")
    status = whole.status(STATUSES, "action")
    severity = whole.text("action") if status == "firing" else ""
    name = rule.text("name") or found.text("title")
    projects = found.words("projects") or rule.words("projects")
    return Signal(
        fingerprint=identity(found.must("id", "identifier")),
        status=status,
        title=title(name, data.text("description_title")),
        labels=given(project=projects[0] if projects else "", environment=rule.text("environment"), query=rule.text("query")),
        links=links(source=data.link("web_url")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=projects[0] if projects else "",
        starts_at=found.time("date_started", "date_detected", "date_created"),
        ends_at=found.time("date_closed") if status == "resolved" else None,
        summary=data.text("description_text", longest=LONGEST_SUMMARY),
    )


def _issue(whole: Fields, issue: Fields) -> Signal:
    action = whole.text("action")
    by_state = issue.status(STATUSES, "status", otherwise="firing")
    status = STATUSES[action] if action in _ACTIONS and action in STATUSES else by_state
    severity = issue.text("level")
    project = issue.inside("project")
    metadata = issue.inside("metadata")
    return Signal(
        fingerprint=identity(f"issue:{issue.must('id')}"),
        status=status,
        title=title(issue.text("title"), metadata.text("value"), issue.text("culprit")),
        labels=given(project=project.text("slug", "name"), platform=issue.text("platform"), issue=issue.text("shortId")),
        links=links(source=issue.link("web_url", "permalink", "url")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=project.text("slug", "name"),
        starts_at=issue.time("firstSeen"),
        by=whole.inside("actor").text("name") if status in ("acknowledged", "resolved", "suppressed") else "",
        summary=issue.text("culprit"),
    )


def _event(event: Fields, data: Fields) -> Signal:
    """Return the alert of an issue alert: one event that met a rule."""
    severity = event.text("level")
    labels = event.texts("tags")
    issue = event.text("issue_id") or event.text("issue_url").rstrip("/").rpartition("/")[2]
    return Signal(
        fingerprint=identity(f"issue:{issue}" if issue else event.must("issue_id", "event_id")),
        status="firing",
        title=title(event.text("title"), event.text("message"), event.text("culprit")),
        labels=labels,
        links=links(source=event.link("web_url", "url")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=event.text("project_slug", "project_name") or labels.get("service", ""),
        starts_at=event.time("datetime", "timestamp", "received"),
        summary=event.text("culprit") or data.text("triggered_rule"),
    )


def _plugin(whole: Fields) -> Signal:
    event = whole.inside("event")
    severity = whole.text("level") or event.text("level")
    labels = {**event.texts("tags"), **given(project=whole.text("project_slug", "project"), environment=event.text("environment"))}
    message = whole.text("message", longest=LONGEST_SUMMARY)
    return Signal(
        fingerprint=identity(whole.text("id", longest=LONGEST_LABEL) or event.must("issue_id", "event_id")),
        status=whole.status(STATUSES, "status", otherwise="firing"),
        title=title(event.text("title"), message, whole.text("culprit")),
        labels=labels,
        links=links(source=whole.link("url")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=whole.text("project_name", "project_slug", "project"),
        starts_at=event.time("timestamp", "datetime", "received"),
        summary=message,
    )
