"""Other incident tools that report to us: what their people did there is known here, and by whom."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.alerts.sources.reading import one, read
from tocsin.alerts.errors import WrongBody, WrongSecret

OPSGENIE: dict[str, Any] = {
    "action": "Create", "integrationName": "to us", "source": {"name": "", "type": "web"},
    "alert": {
        "alertId": "052652ac", "tinyId": "23", "alias": "disk-db-1", "message": "Disk full on db-1", "priority": "P2", "entity": "db-1",
        "username": "ana@example.com", "tags": ["disk", "db"], "details": {"service": "orders"}, "createdAt": 1772359200000,
        "updatedAt": 1772359260000000000,
    },
}  # fmt: skip
PAGERDUTY: dict[str, Any] = {
    "event": {
        "event_type": "incident.acknowledged", "occurred_at": "2026-03-01T10:05:00Z", "agent": {"summary": "Ana"},
        "data": {
            "id": "PGR0", "type": "incident", "status": "acknowledged", "title": "Checkout is slow", "urgency": "high", "number": 7,
            "created_at": "2026-03-01T10:00:00Z", "html_url": "https://acme.pagerduty.com/incidents/PGR0", "priority": None,
            "service": {"summary": "Checkout"}, "teams": [{"summary": "Payments"}],
        },
    },
}  # fmt: skip


def acted(action: str, **alert: Any) -> dict[str, Any]:
    return {**OPSGENIE, "action": action, "alert": {**OPSGENIE["alert"], **alert}}


def test_an_alert_of_opsgenie_carries_its_priority_details_and_tags() -> None:
    signal = one("opsgenie-webhook", OPSGENIE)
    assert (signal.fingerprint, signal.status, signal.severity, signal.level) == ("052652ac", "firing", "P2", "high")
    assert (signal.title, signal.service) == ("Disk full on db-1", "orders")
    assert signal.labels == {"service": "orders", "alias": "disk-db-1", "entity": "db-1", "tags": "disk,db"}
    assert signal.starts_at == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("action", "status", "by"),
    [
        ("Acknowledge", "acknowledged", "ana@example.com"),
        ("UnAcknowledge", "firing", "ana@example.com"),
        ("Close", "resolved", "ana@example.com"),
        ("Delete", "resolved", "ana@example.com"),
        ("Snooze", "suppressed", "ana@example.com"),
        ("SnoozeEnded", "firing", ""),
    ],
)
def test_what_people_did_in_opsgenie_is_known_with_their_name(action: str, status: str, by: str) -> None:
    signal = one("opsgenie-webhook", acted(action))
    assert (signal.status, signal.by) == (status, by)


def test_a_note_and_a_change_of_owner_in_opsgenie_are_notes() -> None:
    (note,) = read("opsgenie-webhook", acted("AddNote", note="failing over")).notes
    assert (note.subject, note.text, note.by) == ("052652ac", "failing over", "ana@example.com")
    (owner,) = read("opsgenie-webhook", acted("AssignOwnership", owner="bo@example.com")).notes
    assert owner.text == "AssignOwnership: bo@example.com"


def test_an_action_that_changes_nothing_for_people_is_ignored_and_says_so() -> None:
    reading = read("opsgenie-webhook", acted("ShowOnMap"))
    assert (reading.signals, reading.notes) == ((), ())
    assert "ShowOnMap" in reading.ignored


def test_an_acknowledgement_in_pagerduty_has_its_person_and_time() -> None:
    reading = read("pagerduty-webhook-v3", PAGERDUTY)
    (signal,), (note,) = reading.signals, reading.notes
    assert (signal.fingerprint, signal.status, signal.by, signal.service) == ("PGR0", "acknowledged", "Ana", "Checkout")
    assert (signal.severity, signal.level) == ("high", "high")
    assert (note.by, note.at, reading.event) == ("Ana", datetime(2026, 3, 1, 10, 5, tzinfo=UTC), "incident.acknowledged")


def test_a_resolved_incident_of_pagerduty_ends_when_it_was_resolved() -> None:
    event = PAGERDUTY["event"]
    body = {"event": {**event, "event_type": "incident.resolved", "data": {**event["data"], "status": "resolved"}}}
    signal = one("pagerduty-webhook-v3", body)
    assert (signal.status, signal.ends_at) == ("resolved", datetime(2026, 3, 1, 10, 5, tzinfo=UTC))


def test_a_responder_that_answers_in_pagerduty_is_a_note() -> None:
    data = {"type": "incident_responder", "incident": {"id": "PGR0"}, "user": {"summary": "Bo"}, "state": "accepted"}
    body = {"event": {"event_type": "incident.responder.replied", "agent": None, "data": data}}
    (note,) = read("pagerduty-webhook-v3", body).notes
    assert (note.subject, note.text) == ("PGR0", "Bo: accepted")


def test_where_a_key_has_a_secret_only_signed_requests_of_pagerduty_are_taken() -> None:
    body = json.dumps(PAGERDUTY).encode()
    good = "v1=" + hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    options = {"secret": "shared"}
    assert one("pagerduty-webhook-v3", body, options=options, headers={"x-pagerduty-signature": f"v1=0, {good}"}).fingerprint == "PGR0"
    for headers in ({}, {"x-pagerduty-signature": "v1=0"}):
        with pytest.raises(WrongSecret) as refusal:
            read("pagerduty-webhook-v3", body, options=options, headers=headers)
        assert (refusal.value.status, refusal.value.field) == (401, "x-pagerduty-signature")


def test_where_a_key_has_a_secret_only_requests_of_honeycomb_that_carry_it_are_taken() -> None:
    body = {"name": "slow", "status": "TRIGGERED"}
    options = {"secret": "shared"}
    assert one("honeycomb", body, options=options, headers={"x-honeycomb-webhook-token": "shared"}).fingerprint == "slow"
    with pytest.raises(WrongSecret):
        read("honeycomb", body, options=options)


@pytest.mark.parametrize(
    ("source", "body", "field"),
    [
        ("opsgenie-webhook", {"alert": {"alertId": "x"}}, "action"),
        ("opsgenie-webhook", {"action": "Create", "alert": {}}, "alert.alertId"),
        ("pagerduty-webhook-v3", {}, "event"),
        ("pagerduty-webhook-v3", {"event": {"data": {"status": "triggered", "title": "x"}}}, "event.data.id"),
        ("pagerduty-webhook-v3", {"event": {"data": {"id": "x", "status": "odd"}}}, "event.data.status"),
        ("pagerduty-webhook-v3", {"event": {"event_type": "incident.annotated", "data": {"content": "x"}}}, "event.data.incident.id"),
    ],
)
def test_what_is_missing_is_named(source: str, body: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongBody) as refusal:
        read(source, body)
    assert refusal.value.field == field
