"""One small body per tool, made for the tests: the start of every mutation of the fuzz test, and of tests that hold for all tools."""

from __future__ import annotations

import json
from typing import Any

SAMPLES: dict[str, list[Any]] = {
    "alertmanager": [
        {
            "version": "4", "groupKey": '{}:{alertname="QueueFull"}', "status": "firing", "receiver": "tocsin", "externalURL": "http://am.example",
            "alerts": [
                {
                    "status": "firing", "labels": {"alertname": "QueueFull", "severity": "warning", "queue": "mail"},
                    "annotations": {"summary": "Mail queue holds 9,000", "runbook_url": "https://r.example/{alertname}"},
                    "startsAt": "2025-10-27T14:20:00.5Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "http://p.example/graph",
                    "fingerprint": "0123456789abcdef",
                },
            ],
        },
        {"labels": {"alertname": "Bare"}, "status": "resolved"},
    ],
    "azure-monitor": [
        {
            "schemaId": "azureMonitorCommonAlertSchema",
            "data": {
                "essentials": {
                    "alertId": "/subscriptions/s/providers/Microsoft.AlertsManagement/alerts/77aa", "alertRule": "cpu-high", "severity": "Sev1",
                    "monitorCondition": "Fired", "firedDateTime": "2025-10-27T14:20:00.1234567Z", "configurationItems": ["vm-7"],
                    "alertTargetIDs": ["/subscriptions/s/virtualmachines/vm-7"], "description": "CPU",
                },
                "alertContext": {"condition": {"allOf": [{"metricName": "cpu", "metricValue": 97.5, "operator": "GreaterThan", "threshold": "90"}]}},
            },
        },
        {"schemaId": "AzureMonitorMetricAlert", "data": {"status": "Deactivated", "context": {"id": "/r/1", "name": "disk", "severity": "2"}}},
    ],
    "cloudwatch-sns": [
        {
            "Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:eu-central-1:111122223333:ops", "Subject": "ALARM",
            "Timestamp": "2025-10-27T14:20:01.000Z", "SignatureVersion": "2", "Signature": "c2lnbmF0dXJl",
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
            "Message": json.dumps(
                {
                    "AlarmName": "api-5xx", "AlarmDescription": "Errors of the API", "AWSAccountId": "111122223333", "NewStateValue": "ALARM",
                    "NewStateReason": "Threshold Crossed: 1 datapoint [41.0 (27/10/25 14:19:00)] was greater than the threshold (5.0).",
                    "StateChangeTime": "2025-10-27T14:20:00.000+0000", "Region": "EU (Frankfurt)",
                    "AlarmArn": "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:api-5xx",
                    "Trigger": {
                        "MetricName": "5XXError", "Namespace": "AWS/ApiGateway", "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold",
                        "Dimensions": [{"name": "ApiName", "value": "shop"}],
                    },
                },
            ),
        },
        {
            "Type": "SubscriptionConfirmation", "MessageId": "m-2", "TopicArn": "arn:aws:sns:eu-central-1:111122223333:ops", "Token": "t",
            "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t", "Message": "Confirm.",
            "Timestamp": "2025-10-27T14:20:01.000Z", "SignatureVersion": "1", "Signature": "AAAA",
            "SigningCertURL": "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        },
        {
            "source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "region": "eu-central-1", "time": "2025-10-27T14:20:00Z",
            "resources": ["arn:aws:cloudwatch:eu-central-1:111122223333:alarm:lag"],
            "detail": {"alarmName": "lag", "state": {"value": "OK", "timestamp": "2025-10-27T14:21:00.000+0000", "reason": "fine"}},
        },
    ],
    "datadog": [
        {
            "id": "1", "aggreg_key": "k-1", "alert_id": "9", "alert_transition": "Re-Triggered", "alert_priority": "P2",
            "title": "[P2] [Re-Triggered on {host:web-3}] Disk nearly full", "body": "%%%\nDisk at 96 %\n%%%", "date": "1761574800000",
            "tags": "env:prod,host:web-3,urgent", "hostname": "web-3", "link": "https://app.datadoghq.example/monitors/9", "event_type": "query_alert_monitor",
        },
    ],
    "dynatrace": [
        {
            "State": "OPEN", "ProblemID": "P-7", "PID": "-7_1V2", "ProblemTitle": "Failure rate increase", "ProblemSeverity": "ERROR",
            "ImpactedEntities": [{"type": "SERVICE", "name": "basket", "entity": "SERVICE-1"}], "ProblemURL": "https://d.example/#p;pid=7",
            "ProblemTags": "team:shop, env:prod", "ProblemImpact": "SERVICE", "ProblemDetailsText": "Failure rate 12 %",
        },
    ],
    "gcp-monitoring": [
        {
            "version": "1.2",
            "incident": {
                "incident_id": "0.abc", "state": "open", "severity": "Warning", "condition_name": "Latency p99", "policy_name": "api", "summary": "slow",
                "started_at": 1761574800, "ended_at": None, "url": "https://console.example/1", "resource_display_name": "api-1",
                "resource": {"type": "gce", "labels": {"zone": "eu"}}, "metric": {"labels": {"code": "500"}}, "observed_value": "2.5",
                "threshold_value": "2", "policy_user_labels": {"service": "api"},
                "documentation": {"content": "Look here", "links": [{"displayName": "Runbook", "url": "https://r.example/api"}]},
            },
        },
    ],
    "generic": [
        {"title": "Backup is late", "status": "firing", "severity": "high", "id": "backup-1", "tags": ["env:prod"], "url": "https://b.example/1"},
        [{"name": "a", "state": "down"}, {"name": "b", "state": "up"}],
        {"alerts": [{"message": "x", "key": "1"}, {"message": "y", "key": "2"}]},
    ],
    "grafana": [
        {
            "status": "firing", "groupKey": "{}/{}:{}", "externalURL": "https://g.example/", "state": "alerting", "title": "[FIRING:1]",
            "alerts": [
                {
                    "status": "firing", "labels": {"alertname": "LoginsDown", "severity": "critical", "service": "auth"},
                    "annotations": {"summary": "Logins fail", "runbook_url": "https://r.example/logins"}, "startsAt": "2025-10-27T14:20:00Z",
                    "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "alerting/grafana/x/view", "fingerprint": "feed", "values": {"A": 3.5, "C": 1},
                    "dashboardURL": "https://g.example/d/1", "panelURL": "https://g.example/d/1?viewPanel=2", "silenceURL": "https://g.example/s",
                },
            ],
        },
    ],
    "grafana-legacy": [
        {
            "ruleId": 4, "ruleName": "Lag", "ruleUrl": "https://g.example/d/2", "state": "alerting", "title": "[Alerting] Lag", "message": "Lag of 90 s",
            "evalMatches": [{"metric": "lag", "value": 90.5, "tags": {"host": "db-1"}}], "tags": {"severity": "high"}, "imageUrl": "https://i.example/1.png",
        },
    ],
    "kibana": [
        {
            "rule_id": "r-1", "rule_name": "Errors in the log", "alert_id": "host-9", "alert_action_group": "logs.threshold.fired",
            "alert_action_group_name": "Fired", "kibana_base_url": "https://k.example", "reason": "42 errors", "date": "2025-10-27T14:20:00.000Z",
        },
    ],
    "nagios": [
        {
            "NOTIFICATIONTYPE": "PROBLEM", "HOSTNAME": "db-1", "SERVICEDESC": "Load", "SERVICESTATE": "WARNING", "SERVICEOUTPUT": "load 9",
            "LASTSERVICESTATECHANGE": "1761574800", "SERVICENOTESURL": "https://r.example/load",
        },
        {"NOTIFICATIONTYPE": "RECOVERY", "HOSTNAME": "db-1", "HOSTSTATE": "UP", "HOSTOUTPUT": "PING OK", "LASTHOSTSTATECHANGE": "1761574860"},
    ],
    "newrelic": [
        {
            "issueId": "i-1", "issueUrl": "https://n.example/i-1", "title": "Apdex low", "priority": "CRITICAL", "state": "ACTIVATED",
            "trigger": "INCIDENT_ADDED", "impactedEntities": ["shop"], "alertConditionNames": ["Apdex"], "createdAt": 1761574800000,
        },
        {"current_state": "closed", "incident_id": 12, "condition_name": "Errors", "severity": "WARNING", "targets": [{"name": "shop", "labels": {}}]},
    ],
    "pingdom": [
        {
            "check_id": 5, "check_name": "Shop", "check_type": "HTTP", "current_state": "DOWN", "previous_state": "UP", "importance_level": "HIGH",
            "state_changed_timestamp": 1761574800, "long_description": "Timeout", "description": "Timeout", "tags": ["service:shop"],
            "check_params": {"hostname": "shop.example", "full_url": "https://shop.example/"},
        },
    ],
    "sentry": [
        {
            "action": "critical", "actor": {"name": "Sentry"},
            "data": {
                "metric_alert": {"id": "31", "projects": ["shop"], "date_started": "2025-10-27T14:20:00Z", "alert_rule": {"name": "Too slow"}},
                "web_url": "https://s.example/alerts/31/", "description_text": "slow",
            },
        },
        {
            "action": "resolved", "actor": {"name": "Ana"},
            "data": {"issue": {"id": "88", "title": "KeyError", "status": "resolved", "level": "fatal", "project": {"slug": "shop"}, "web_url": "https://s.example/88/"}},
        },
        {"action": "triggered", "data": {"event": {"issue_id": "88", "title": "KeyError", "level": "error", "tags": [["env", "prod"]]}}},
        {"id": "99", "project_slug": "shop", "level": "error", "message": "boom", "url": "https://s.example/99/", "event": {"timestamp": 1761574800.5}},
    ],
    "splunk": [
        {
            "search_name": "Failed payments", "sid": "scheduler__1", "results_link": "https://sp.example/r", "app": "search", "owner": "ops",
            "result": {"count": "120", "host": "pay-1", "severity": "high", "service": "payments"},
        },
    ],
    "uptime-kuma": [
        {
            "monitor": {"id": 3, "name": "Intranet", "url": "https://intra.example", "tags": [{"name": "team", "value": "it"}]},
            "heartbeat": {"status": 0, "localDateTime": "2025-10-27 15:20:00", "timezoneOffset": "+01:00", "msg": "timeout", "ping": None},
            "msg": "[Intranet] [Down] timeout",
        },
        {"monitor": None, "heartbeat": None, "msg": "[Intranet][https://intra.example] CA certificate will expire in 6 days"},
    ],
    "uptimerobot": [
        {"monitorID": "8", "monitorURL": "https://a.example", "monitorFriendlyName": "A", "alertType": "1", "alertDetails": "Connection refused"},
    ],
    "zabbix": [
        {
            "hostname": "sw-1", "trigger": "Port 3 down", "trigger_id": "900", "event_id": "1000", "status": "PROBLEM", "severity": "High",
            "date": "2025.10.27", "time": "15:20:00", "timezone": "+01:00", "tags": [{"tag": "service", "value": "net"}], "value": "down (0)",
            "link": "https://z.example/tr_events.php?triggerid=900&eventid=1000",
        },
    ],
}  # fmt: skip
"""Tool -> bodies. Other tools may add theirs in a module ``samples_*.py`` with the same name."""
