"""One small body per tool, as in ``samples.py``: those of the second half of the tools."""

from __future__ import annotations

from typing import Any

SAMPLES: dict[str, list[Any]] = {
    "axiom": [
        {
            "action": "Open",
            "event": {
                "monitorID": "m1", "title": "Triggered: errors", "body": "Above 5", "value": 7, "timestamp": "2025-10-27 14:20:00.5 +0000 UTC",
                "groupKeys": ["host"], "groupValues": ["a"], "matchedEvent": {"host": "a", "took": 12},
            },
        },
    ],
    "checkly": [
        {
            "event": "Login API has failed", "alert_type": "ALERT_FAILURE", "check_id": "c1", "check_name": "Login API", "check_type": "API",
            "check_error_message": "500", "response_time": "812", "group_name": "login", "tags": "prod,login", "link": "https://c.example/c1",
        },
    ],
    "checkmk": [
        {
            "what": "SERVICE", "host": "web-1", "service": "HTTP", "notification_type": "PROBLEM", "status": "CRIT", "severity": "CRIT",
            "summary": "CRIT on web-1: HTTP", "output": "Connection refused", "short_date_time": "2025-10-27 14:20:00", "url": "/check_mk/index.py",
        },
    ],
    "coralogix": [
        {
            "alert_action": "trigger", "name": "Errors", "description": "Too many", "threshold": "5", "alert_url": "https://x.example/a",
            "fields": [
                {"key": "alertUniqueIdentifier", "value": "u1"}, {"key": "severity", "value": "ERROR"}, {"key": "team", "value": "core"},
                {"key": "timestampISO", "value": "2025-10-27T14:20:00Z"}, {"key": "hitCount", "value": 12},
            ],
        },
    ],
    "dash0": [
        {
            "type": "alert.ongoing",
            "data": {
                "issue": {
                    "issueIdentifier": "77", "status": "critical", "summary": "Slow checkout", "start": "2025-10-27T14:20:00.123456789Z",
                    "labels": [{"key": "service.name", "value": {"stringValue": "checkout"}}], "url": "https://d.example/i/77",
                    "checkrules": [{"name": "Latency", "thresholds": {"degraded": 1}, "url": "https://d.example/r"}],
                },
            },
        },
    ],
    "graylog": [
        {
            "event_definition_title": "Errors", "event": {"id": "e1", "message": "Errors: 12", "priority": 3, "timestamp": "2025-10-27T14:20:00Z",
            "fields": {"host": "a"}, "source": "graylog-1"}, "backlog": [{"message": "boom"}],
        },
        {
            "check_result": {
                "triggered": True, "triggered_at": "2025-10-27T14:20:00Z", "result_description": "12 messages", "matching_messages": [{"message": "x"}],
                "triggered_condition": {"id": "t1", "type": "MESSAGE_COUNT", "description": "more than 10"},
            },
            "stream": {"id": "s1", "title": "errors"},
        },
    ],
    "honeycomb": [
        {
            "id": "t1", "name": "slow requests", "status": "TRIGGERED", "operator": "greater than", "threshold": 2, "description": "Too slow",
            "result_url": "https://h.example/r", "result_groups_triggered": [{"Group": {"endpoint": "/pay"}, "Result": 5}],
        },
    ],
    "icinga2": [
        {
            "type": "StateChange", "timestamp": 1761574800.5, "host": "db-1", "service": "disk", "state": 2, "state_type": 1,
            "check_result": {"state": 2, "output": "DISK CRITICAL"},
        },
        {"type": "AcknowledgementSet", "timestamp": 1761574800, "host": "db-1", "state": 1, "author": "ana", "comment": "on it"},
        {"NOTIFICATIONTYPE": "PROBLEM", "HOSTNAME": "db-1", "HOSTSTATE": "DOWN", "HOSTOUTPUT": "no answer", "LONGDATETIME": "2025-10-27 14:20:00 +0000"},
    ],
    "librenms": [
        {
            "alert_id": "26", "state": "1", "title": "Alert for sw-1: ports down", "name": "ports down", "severity": "critical", "hostname": "sw-1",
            "timestamp": "2025-10-27 14:20:00", "msg": "Port 3 is down", "sysName": "sw-1", "location": "hall 2",
        },
    ],
    "opsgenie-api": [
        {
            "message": "Checkout is slow", "alias": "checkout", "description": "p99 4 s", "priority": "P2", "entity": "checkout", "source": "probe",
            "tags": ["slow", "eu"], "details": {"service": "checkout", "runbook_url": "https://r.example/slow"}, "user": "probe", "note": "made",
            "responders": [{"type": "team", "name": "payments"}, {"type": "user", "username": "ana@example.com"}], "actions": ["restart"],
        },
    ],
    "opsgenie-webhook": [
        {
            "action": "Acknowledge", "source": {"name": "", "type": "web"}, "integrationName": "to us",
            "alert": {
                "alertId": "a1", "tinyId": "2", "alias": "x", "message": "Disk full", "priority": "P2", "username": "ana", "tags": ["disk"],
                "details": {"service": "orders"}, "createdAt": 1761574800000, "updatedAt": 1761574860000000000,
            },
        },
    ],
    "pagerduty-events-v2": [
        {
            "routing_key": "r" * 32, "event_action": "trigger", "dedup_key": "k1", "client": "probe", "client_url": "https://p.example",
            "payload": {
                "summary": "Disk full", "source": "db-1", "severity": "critical", "timestamp": "2025-10-27T14:20:00.5+0000", "component": "disk",
                "group": "db", "class": "full", "custom_details": {"free": "1%", "load": 0.75, "service": "orders"},
            },
            "links": [{"href": "https://r.example/disk", "text": "Runbook"}, {"href": "https://g.example"}],
            "images": [{"src": "https://g.example/i.png", "alt": "graph"}],
        },
    ],
    "pagerduty-webhook-v3": [
        {
            "event": {
                "event_type": "incident.triggered", "occurred_at": "2025-10-27T14:21:00Z", "agent": {"summary": "Ana"},
                "data": {
                    "id": "P1", "type": "incident", "status": "triggered", "title": "Checkout is slow", "urgency": "high", "number": 7,
                    "created_at": "2025-10-27T14:20:00Z", "html_url": "https://acme.pagerduty.com/incidents/P1", "service": {"summary": "Checkout"},
                    "priority": {"summary": "P2"}, "teams": [{"summary": "Payments"}], "conference_bridge": {"conference_url": "https://c.example"},
                },
            },
        },
    ],
    "prometheus": [
        [
            {
                "labels": {"alertname": "Down", "severity": "critical", "service": "login"}, "annotations": {"summary": "login is down"},
                "startsAt": "2025-10-27T14:20:00Z", "endsAt": "2025-10-27T14:29:00Z", "generatorURL": "http://p.example/graph",
            },
        ],
    ],
    "riemann": [
        {"host": "a", "service": "cpu", "state": "critical", "metric": 0.99, "description": "99 %", "tags": ["prod"], "time": 1761574800, "dc": "eu"},
    ],
    "splunk-observability": [
        {
            "incidentId": "i1", "statusExtended": "anomalous", "severity": "Critical", "rule": "errors", "detector": "Checkout", "detectOnCondition": "A > 5",
            "description": "errors above 5", "inputs": {"A": {"value": "7"}}, "dimensions": {"service": "checkout"}, "timestamp": "2025-10-27T14:20:00Z",
            "detectorUrl": "https://s.example/d", "runbookUrl": "https://r.example/x",
        },
    ],
    "statuspage-inbound": [
        {
            "page": {"id": "p1", "name": "Acme"},
            "incident": {
                "id": "i1", "name": "Storage errors", "status": "investigating", "impact": "major", "created_at": "2025-10-27T14:20:00Z",
                "shortlink": "https://s.example/i1", "incident_updates": [{"body": "Looking.", "created_at": "2025-10-27T14:20:00Z"}],
                "components": [{"name": "Storage"}],
            },
        },
        {
            "page": {"id": "p1"}, "component": {"id": "c1", "name": "Storage"},
            "component_update": {"component_id": "c1", "new_status": "major_outage", "created_at": "2025-10-27T14:20:00Z"},
        },
    ],
    "thousandeyes": [
        {
            "eventType": "ALERT_NOTIFICATION_TRIGGER",
            "alert": {
                "alertId": "t1", "ruleName": "HTTP", "testName": "shop", "severity": "Major", "ruleExpression": "code is not 2xx", "active": 1,
                "dateStartZoned": "2025-10-27 14:20:00 UTC", "permalink": "https://t.example/a", "testLabels": [{"name": "web"}],
                "agents": [{"agentName": "Oslo", "metricsAtStart": "code: 502"}],
            },
        },
    ],
    "vmware-vrealize": [
        {
            "alertId": "v1", "status": "ACTIVE", "criticality": "ALERT_CRITICALITY_LEVEL_CRITICAL", "type": "T", "subType": "S", "resourceName": "vm-1",
            "resourceKind": "VirtualMachine", "startDate": 1761574800000, "cancelDate": 1761574800000, "info": "down",
        },
    ],
    "wazuh": [
        {"message": "New package installed", "severity": "info", "description": "Rule ID 2902\nLevel 7\nAgent ID 001\nAgent Name web-1\n"},
        {
            "timestamp": "2025-10-27T14:20:00.000+0000", "rule": {"level": 12, "description": "Many failures", "id": "40111", "groups": ["sshd"]},
            "agent": {"id": "001", "name": "web-1"}, "full_log": "Failed password",
        },
    ],
}  # fmt: skip
