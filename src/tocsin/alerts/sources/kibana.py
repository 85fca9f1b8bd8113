"""Kibana's rules by its webhook connector as our values. Pure.

The connector sends what its administrator wrote: https://www.elastic.co/docs/reference/kibana/connectors-kibana/webhook-action-type, with the
variables of https://www.elastic.co/docs/explore-analyze/alerts-cases/alerts/rule-action-variables. This is the body for both the rule's
action and its recovery (what is left out is only missing)::

    {
        "rule_id": "{{rule.id}}",
        "rule_name": "{{rule.name}}",
        "alert_id": "{{alert.id}}",
        "alert_action_group": "{{alert.actionGroup}}",
        "alert_action_group_name": "{{alert.actionGroupName}}",
        "kibana_base_url": "{{kibanaBaseUrl}}",
        "rule_url": "{{{rule.url}}}",
        "details_url": "{{{context.alertDetailsUrl}}}",
        "reason": "{{context.reason}}",
        "value": "{{context.value}}",
        "severity": "",
        "tags": "{{rule.tags}}",
        "date": "{{date}}",
    }

Each rule has groups of its own (*threshold met*, *query matched* …): all but *recovered* fire. The identity is the rule and what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_LABEL, LONGEST_SUMMARY, WORDS, given, identity, level_of, links, read_object, title

NAME: Final = "kibana"
TOOL: Final = "Kibana"

STATUSES: Final[Mapping[str, Status]] = {
    "active": "firing",
    "alert": "firing",
    "recovered": "resolved",
    "resolved": "resolved",
    "untracked": "resolved",
    "flapping": "firing",
}
LEVELS: Final[Mapping[str, Level]] = WORDS
"""Severities are the template's; Kibana's rules have none."""

_RULE: Final = "/app/management/insightsAndAlerting/triggersActions/rule/"


def read(sent: Sent) -> Reading:
    """Return the alert of a rule's action.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    rule, alert = (
        whole.must("rule_id", "ruleId", "rule_name"),
        whole.text("alert_id", "alertId", "alert_instance_id", longest=LONGEST_LABEL),
    )
    status = whole.status(STATUSES, "alert_action_group", "alert_status", "status", otherwise="firing")
    name, severity = whole.text("rule_name", "ruleName"), whole.text("severity")
    base = whole.link("kibana_base_url", "kibanaBaseUrl")
    about = alert if alert not in (rule, "*", "query matched", name) else ""
    tags = whole.texts("tags") if not isinstance(whole.raw("tags"), list) else {}
    signal = Signal(
        fingerprint=identity(rule, alert),
        status=status,
        title=title(f"{name} on {about}" if name and about else name, whole.text("reason", "message")),
        labels={
            **tags,
            **given(
                rule=name,
                alert=alert,
                group=whole.text("alert_action_group_name", "alert_action_group"),
                space=whole.text("space_id", "spaceId"),
            ),
        },
        links=links(
            source=whole.link("rule_url", "ruleUrl") or (f"{base.rstrip('/')}{_RULE}{rule}" if base and "rule_id" in whole else ""),
            dashboard=whole.link("details_url", "alert_details_url", "view_url"),
            runbook=whole.link("runbook_url", "runbook"),
        ),
        value=whole.text("value"),
        threshold=whole.text("threshold"),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=whole.text("service") or tags.get("service", ""),
        starts_at=whole.time("date") if status == "firing" else None,
        summary=whole.text("reason", "message", "rule_description", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=whole.text("alert_action_group"))
