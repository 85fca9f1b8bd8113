"""The status page of a supplier: incidents and components are alerts, planned maintenance is a change."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.alerts.sources.reading import one, read
from tocsin.alerts.errors import WrongBody

PAGE = {"id": "p1", "name": "Acme Cloud", "status_indicator": "major", "status_description": "Partial outage"}
INCIDENT: dict[str, Any] = {
    "meta": {"unsubscribe": "https://status.acme.example/?unsubscribe=x"}, "page": PAGE,
    "incident": {
        "id": "i1", "name": "Object storage errors", "status": "investigating", "impact": "major", "created_at": "2026-03-01T10:00:00Z",
        "shortlink": "https://stspg.example/i1", "components": [{"name": "Storage"}, {"name": "API"}],
        "incident_updates": [
            {"body": "We are looking into it.", "created_at": "2026-03-01T10:00:00Z"},
            {"body": "Found the cause.", "created_at": "2026-03-01T10:20:00Z"},
        ],
    },
}  # fmt: skip
COMPONENT: dict[str, Any] = {
    "page": PAGE, "component": {"id": "c1", "name": "Storage", "status": "partial_outage"},
    "component_update": {"component_id": "c1", "old_status": "operational", "new_status": "partial_outage", "created_at": "2026-03-01T10:00:00Z"},
}  # fmt: skip


def test_an_incident_of_a_supplier_is_an_alert_that_says_so() -> None:
    signal = one("statuspage-inbound", INCIDENT)
    assert (signal.fingerprint, signal.status, signal.how) == ("incident/i1", "firing", "supplier")
    assert (signal.title, signal.severity, signal.level) == ("Object storage errors", "major", "high")
    assert signal.summary == "Found the cause."
    assert signal.labels == {"page": "Acme Cloud", "components": "Storage,API"}
    assert signal.links["source"] == "https://stspg.example/i1"


@pytest.mark.parametrize(("word", "status"), [("identified", "firing"), ("monitoring", "firing"), ("resolved", "resolved")])
def test_an_incident_fires_until_it_is_resolved(word: str, status: str) -> None:
    body = {**INCIDENT, "incident": {**INCIDENT["incident"], "status": word, "resolved_at": "2026-03-01T11:00:00Z"}}
    signal = one("statuspage-inbound", body)
    assert signal.status == status
    assert signal.ends_at == (datetime(2026, 3, 1, 11, tzinfo=UTC) if status == "resolved" else None)


@pytest.mark.parametrize(
    ("word", "status", "level"),
    [
        ("major_outage", "firing", "critical"),
        ("degraded_performance", "firing", "warning"),
        ("operational", "resolved", "info"),
        ("under_maintenance", "suppressed", "info"),
    ],
)
def test_a_component_is_an_alert_of_its_own(word: str, status: str, level: str) -> None:
    signal = one("statuspage-inbound", {**COMPONENT, "component_update": {**COMPONENT["component_update"], "new_status": word}})
    assert (signal.fingerprint, signal.status, signal.level) == ("component/c1", status, level)
    assert signal.title == f"Storage: {word.replace('_', ' ')}"


def test_planned_maintenance_is_a_change_and_calls_nobody() -> None:
    planned = {**INCIDENT["incident"], "status": "scheduled", "impact": "maintenance", "scheduled_for": "2026-03-05T02:00:00Z"}
    reading = read("statuspage-inbound", {**INCIDENT, "incident": planned})
    assert reading.signals == ()
    (change,) = reading.changes
    assert (change.title, change.at, change.service) == ("Object storage errors", datetime(2026, 3, 5, 2, tzinfo=UTC), "Acme Cloud")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "incident"),
        ({"page": PAGE, "incident": {"name": "x", "status": "investigating"}}, "incident.id"),
        ({"page": PAGE, "incident": {"id": "i", "status": "lunch"}}, "incident.status"),
        ({"page": PAGE, "component_update": {"new_status": "wobbly"}, "component": {"id": "c"}}, "component_update.new_status"),
    ],
)
def test_what_is_missing_is_named(body: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongBody) as refusal:
        read("statuspage-inbound", body)
    assert refusal.value.field == field
