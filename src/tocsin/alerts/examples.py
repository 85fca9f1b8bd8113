"""A request of each tool, as the tool would send it, that tries an address out: one alert that begins, and the same that ends. Pure.

The bodies keep each tool's contract, so that what is tried is the whole way: the reader, the key, the routes, whom it calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

TITLE: Final = "Test alert from the settings"
_JSON: Final = "application/json"


class Example(msgspec.Struct, frozen=True):
    """A request that tries an address out."""

    body: bytes
    media: str = _JSON


class _Of(msgspec.Struct, frozen=True):
    """What an example says. ``id`` tells one trial from another."""

    firing: bool
    at: datetime
    id: str

    def pick(self, fires: Any, ended: Any) -> Any:
        """Return one of two: what the tool says of an alert that fires, or of one that has ended."""
        return fires if self.firing else ended

    @property
    def iso(self) -> str:
        return f"{self.at:%Y-%m-%dT%H:%M:%SZ}"

    @property
    def end(self) -> str:
        """The end as Alertmanager writes it: Go's zero time while it fires."""
        return "0001-01-01T00:00:00Z" if self.firing else f"{self.at + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}"

    @property
    def seconds(self) -> int:
        return int(self.at.timestamp())


def example(source: str, at: datetime, trial: str, *, firing: bool = True) -> Example | None:
    """Return the request of a tool that begins a test alert, or ends it; None where there is none (the report form, say).

    at: when the alert began. trial: the same for the beginning and the end.
    """
    make = _MADE.get(source)
    if make is None or (not firing and source in _NO_END):
        return None
    made = make(_Of(firing, at, trial))
    if isinstance(made, Example):
        return made
    return Example(json.dumps(made).encode())


def ends(source: str) -> bool:
    """Tell whether a tool can say that the test is over; where it cannot, the alert is ended by hand."""
    return source in _MADE and source not in _NO_END


def _alert(one: _Of, **more: Any) -> dict[str, Any]:
    return {
        "status": one.pick("firing", "resolved"), "labels": {"alertname": TITLE, "severity": "info", "trial": one.id},
        "annotations": {"summary": TITLE}, "startsAt": one.iso, "endsAt": one.end, "generatorURL": "", **more,
    }  # fmt: skip


def _alertmanager(one: _Of) -> Any:
    status = one.pick("firing", "resolved")
    return {
        "version": "4",
        "groupKey": f'{{}}:{{trial="{one.id}"}}',
        "status": status,
        "receiver": "tocsin",
        "externalURL": "",
        "alerts": [_alert(one, fingerprint=one.id.zfill(16))],
    }


def _prometheus(one: _Of) -> Any:
    alert = _alert(one)
    return [
        {name: alert[name] for name in ("labels", "annotations", "startsAt", "generatorURL")} | ({} if one.firing else {"endsAt": one.iso})
    ]


def _grafana(one: _Of) -> Any:
    status = one.pick("firing", "resolved")
    return {
        "status": status,
        "groupKey": "{}",
        "externalURL": "",
        "state": one.pick("alerting", "ok"),
        "title": TITLE,
        "alerts": [_alert(one, fingerprint=one.id.zfill(16), values={})],
    }


def _email(one: _Of) -> Any:
    subject = f"[{one.pick('DOWN', 'UP')}] {TITLE} {one.id}"
    text = f"From: Tocsin <settings@tocsin.invalid>\r\nTo: intake@tocsin.invalid\r\nSubject: {subject}\r\nMessage-ID: <{one.id}.{one.pick(1, 2)}@tocsin.invalid>\r\nDate: {one.at:%a, %d %b %Y %H:%M:%S +0000}\r\n\r\n{TITLE}\r\n"
    return Example(text.encode(), "message/rfc822")


_MADE: Final[dict[str, Callable[[_Of], Any]]] = {
    "alertmanager": _alertmanager,
    "axiom": lambda one: {
        "action": one.pick("Open", "Closed"),
        "event": {"monitorID": one.id, "title": f"{one.pick('Triggered', 'Resolved')}: {TITLE}", "body": TITLE, "value": one.pick(7, 0), "timestamp": f"{one.at:%Y-%m-%d %H:%M:%S} +0000 UTC"},
    },
    "azure-monitor": lambda one: {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": f"/subscriptions/test/providers/Microsoft.AlertsManagement/alerts/{one.id}", "alertRule": TITLE, "severity": "Sev4",
                "monitorCondition": one.pick("Fired", "Resolved"), "firedDateTime": one.iso, **({} if one.firing else {"resolvedDateTime": one.end}), "description": TITLE,
            },
        },
    },
    "checkly": lambda one: {
        "event": f"{TITLE} has {one.pick('failed', 'recovered')}", "alert_type": one.pick("ALERT_FAILURE", "ALERT_RECOVERY"), "check_id": one.id, "check_name": TITLE,
        "check_type": "API", "check_error_message": TITLE,
    },
    "checkmk": lambda one: {
        "what": "SERVICE", "host": f"test-{one.id}", "service": TITLE, "notification_type": one.pick("PROBLEM", "RECOVERY"), "status": one.pick("WARN", "OK"),
        "severity": one.pick("WARN", "OK"), "summary": TITLE, "output": TITLE, "short_date_time": f"{one.at:%Y-%m-%d %H:%M:%S}",
    },
    "cloudwatch-sns": lambda one: {
        "Type": "Notification", "MessageId": f"{one.id}-{one.pick(1, 2)}", "TopicArn": "arn:aws:sns:eu-central-1:111122223333:test", "Subject": TITLE, "Timestamp": one.iso,
        "Message": json.dumps(
            {
                "AlarmName": f"{TITLE} {one.id}", "AlarmDescription": TITLE, "AWSAccountId": "111122223333", "NewStateValue": one.pick("ALARM", "OK"),
                "NewStateReason": TITLE, "StateChangeTime": f"{one.at:%Y-%m-%dT%H:%M:%S.000+0000}", "Region": "EU (Frankfurt)",
                "AlarmArn": f"arn:aws:cloudwatch:eu-central-1:111122223333:alarm:test-{one.id}",
            }
        ),
    },
    "coralogix": lambda one: {
        "alert_action": one.pick("trigger", "resolve"), "name": TITLE, "description": TITLE,
        "fields": [{"key": "alertUniqueIdentifier", "value": one.id}, {"key": "severity", "value": "INFO"}, {"key": "timestampISO", "value": one.iso}],
    },
    "dash0": lambda one: {
        "type": one.pick("alert.ongoing", "alert.resolved"),
        "data": {"issue": {"issueIdentifier": one.id, "status": one.pick("degraded", "resolved"), "summary": TITLE, "start": one.iso, **({} if one.firing else {"end": one.end}), "checkrules": [{"name": TITLE}]}},
    },
    "datadog": lambda one: {
        "id": one.id, "aggreg_key": one.id, "alert_id": one.id, "alert_transition": one.pick("Triggered", "Recovered"), "alert_priority": "P5", "title": TITLE, "body": TITLE,
        "date": str(one.seconds * 1000), "tags": "trial:test", "event_type": "query_alert_monitor",
    },
    "dynatrace": lambda one: {
        "State": one.pick("OPEN", "RESOLVED"), "ProblemID": one.id, "PID": f"{one.id}V2", "ProblemTitle": TITLE, "ProblemSeverity": "INFO", "ImpactedEntities": [],
        "ProblemImpact": "SERVICE", "ProblemDetailsText": TITLE,
    },
    "email": _email,
    "gcp-monitoring": lambda one: {
        "version": "1.2",
        "incident": {
            "incident_id": one.id, "state": one.pick("open", "closed"), "condition_name": TITLE, "policy_name": TITLE, "summary": TITLE, "started_at": one.seconds,
            "ended_at": one.pick(None, one.seconds + 1),
        },
    },
    "generic": lambda one: {"title": TITLE, "status": one.pick("firing", "resolved"), "severity": "info", "id": one.id},
    "grafana": _grafana,
    "grafana-legacy": lambda one: {
        "ruleId": int(one.id, 36) % 1_000_000, "ruleName": TITLE, "state": one.pick("alerting", "ok"), "title": TITLE, "message": TITLE, "evalMatches": [], "tags": {"severity": "info"},
    },
    "graylog": lambda one: {"event_definition_title": TITLE, "event": {"id": one.id, "message": TITLE, "priority": 1, "timestamp": one.iso, "fields": {}}, "backlog": []},
    "honeycomb": lambda one: {"id": one.id, "name": TITLE, "status": one.pick("TRIGGERED", "OK"), "operator": "greater than", "threshold": 2, "description": TITLE, "result_groups_triggered": []},
    "icinga2": lambda one: {
        "type": "StateChange", "timestamp": one.seconds, "host": f"test-{one.id}", "service": TITLE, "state": one.pick(1, 0), "state_type": 1,
        "check_result": {"state": one.pick(1, 0), "output": TITLE},
    },
    "kibana": lambda one: {
        "rule_id": one.id, "rule_name": TITLE, "alert_id": one.id, "alert_action_group": one.pick("logs.threshold.fired", "recovered"),
        "alert_action_group_name": one.pick("Fired", "Recovered"), "reason": TITLE, "date": one.iso,
    },
    "librenms": lambda one: {
        "alert_id": one.id, "state": one.pick("1", "0"), "title": TITLE, "name": TITLE, "severity": "warning", "hostname": f"test-{one.id}",
        "timestamp": f"{one.at:%Y-%m-%d %H:%M:%S}", "msg": TITLE,
    },
    "nagios": lambda one: {
        "NOTIFICATIONTYPE": one.pick("PROBLEM", "RECOVERY"), "HOSTNAME": f"test-{one.id}", "SERVICEDESC": TITLE, "SERVICESTATE": one.pick("WARNING", "OK"),
        "SERVICEOUTPUT": TITLE, "LASTSERVICESTATECHANGE": str(one.seconds),
    },
    "newrelic": lambda one: {
        "issueId": one.id, "title": TITLE, "priority": "LOW", "state": one.pick("ACTIVATED", "CLOSED"), "trigger": one.pick("INCIDENT_ADDED", "INCIDENT_CLOSED"),
        "impactedEntities": [], "alertConditionNames": [TITLE], "createdAt": one.seconds * 1000,
    },
    "opsgenie-api": lambda one: {"message": TITLE, "alias": one.id, "description": TITLE, "priority": "P5", "source": "settings"},
    "opsgenie-webhook": lambda one: {
        "action": one.pick("Create", "Close"), "source": {"name": "", "type": "web"}, "integrationName": "Tocsin",
        "alert": {"alertId": one.id, "tinyId": "1", "alias": one.id, "message": TITLE, "priority": "P5", "createdAt": one.seconds * 1000, "updatedAt": one.seconds * 1000},
    },
    "pagerduty-events-v2": lambda one: {
        "routing_key": "t" * 32, "event_action": one.pick("trigger", "resolve"), "dedup_key": one.id,
        **({"payload": {"summary": TITLE, "source": "settings", "severity": "info", "timestamp": one.iso}} if one.firing else {}),
    },
    "pagerduty-webhook-v3": lambda one: {
        "event": {
            "event_type": one.pick("incident.triggered", "incident.resolved"), "occurred_at": one.iso,
            "data": {"id": one.id, "type": "incident", "status": one.pick("triggered", "resolved"), "title": TITLE, "urgency": "low", "created_at": one.iso},
        }
    },
    "pingdom": lambda one: {
        "check_id": int(one.id, 36) % 1_000_000, "check_name": TITLE, "check_type": "HTTP", "current_state": one.pick("DOWN", "UP"), "previous_state": one.pick("UP", "DOWN"),
        "importance_level": "LOW", "state_changed_timestamp": one.seconds, "long_description": TITLE, "description": TITLE, "tags": [],
    },
    "prometheus": _prometheus,
    "riemann": lambda one: {"host": f"test-{one.id}", "service": TITLE, "state": one.pick("warning", "ok"), "metric": 1, "description": TITLE, "time": one.seconds},
    "sentry": lambda one: {
        "action": one.pick("warning", "resolved"), "actor": {"name": "Sentry"},
        "data": {"metric_alert": {"id": one.id, "projects": [], "date_started": one.iso, "alert_rule": {"name": TITLE}}, "description_text": TITLE},
    },
    "splunk": lambda one: {"search_name": TITLE, "sid": one.id, "app": "search", "owner": "settings", "result": {"severity": "info", "trial": one.id}},
    "splunk-observability": lambda one: {
        "incidentId": one.id, "statusExtended": one.pick("anomalous", "ok"), "severity": "Info", "rule": TITLE, "detector": TITLE, "description": TITLE, "timestamp": one.iso,
    },
    "statuspage-inbound": lambda one: {
        "page": {"id": "test", "name": "Test"},
        "incident": {
            "id": one.id, "name": TITLE, "status": one.pick("investigating", "resolved"), "impact": "minor", "created_at": one.iso,
            **({} if one.firing else {"resolved_at": one.end}), "incident_updates": [], "components": [],
        },
    },
    "thousandeyes": lambda one: {
        "eventType": one.pick("ALERT_NOTIFICATION_TRIGGER", "ALERT_NOTIFICATION_CLEAR"),
        "alert": {"alertId": one.id, "ruleName": TITLE, "testName": TITLE, "severity": "Info", "active": one.pick(1, 0), "dateStartZoned": f"{one.at:%Y-%m-%d %H:%M:%S} UTC"},
    },
    "uptime-kuma": lambda one: {
        "monitor": {"id": int(one.id, 36) % 1_000_000, "name": TITLE},
        "heartbeat": {"status": one.pick(0, 1), "localDateTime": f"{one.at:%Y-%m-%d %H:%M:%S}", "timezoneOffset": "+00:00", "msg": TITLE}, "msg": TITLE,
    },
    "uptimerobot": lambda one: {"monitorID": one.id, "monitorFriendlyName": TITLE, "alertType": one.pick("1", "2"), "alertDetails": TITLE},
    "vmware-vrealize": lambda one: {
        "alertId": one.id, "status": one.pick("ACTIVE", "CANCELED"), "criticality": "ALERT_CRITICALITY_LEVEL_INFO", "type": "test", "subType": "test", "resourceName": TITLE,
        "resourceKind": "Test", "startDate": one.seconds * 1000, "cancelDate": (one.seconds + one.pick(0, 1)) * 1000, "info": TITLE,
    },
    "wazuh": lambda one: {"message": TITLE, "severity": "info", "description": f"Rule ID {int(one.id, 36) % 100_000}\nLevel 3\nAgent ID 000\nAgent Name test-{one.id}\n"},
    "zabbix": lambda one: {
        "hostname": f"test-{one.id}", "trigger": TITLE, "trigger_id": one.id, "event_id": one.id, "status": one.pick("PROBLEM", "RESOLVED"), "severity": "Information",
        "date": f"{one.at:%Y.%m.%d}", "time": f"{one.at:%H:%M:%S}", "timezone": "+00:00", "tags": [],
    },
}  # fmt: skip
_NO_END: Final = frozenset({"graylog", "opsgenie-api", "splunk", "wazuh"})
"""Tools that never say (or say by another address) that something is over."""
