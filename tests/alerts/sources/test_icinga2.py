"""Icinga 2: events of its streams, and what notification commands hand over."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.alerts.sources.reading import one, read
from tocsin.alerts.errors import WrongBody

CHANGE = {
    "type": "StateChange", "timestamp": 1740830400.5, "host": "db-1", "service": "disk", "state": 2, "state_type": 1, "downtime_depth": 0,
    "acknowledgement": False, "check_result": {"state": 2, "exit_status": 2, "output": "DISK CRITICAL - free space: / 102 MB (1%)"},
}  # fmt: skip
MACROS = {
    "NOTIFICATIONTYPE": "PROBLEM", "HOSTNAME": "db-1", "HOSTADDRESS": "10.0.0.7", "SERVICEDESC": "disk", "SERVICESTATE": "CRITICAL",
    "SERVICEOUTPUT": "DISK CRITICAL", "LONGDATETIME": "2026-03-01 11:58:00 +0000",
}  # fmt: skip


def test_a_hard_state_change_of_a_service_is_an_alert_of_host_and_service() -> None:
    signal = one("icinga2", CHANGE)
    assert (signal.fingerprint, signal.status, signal.severity, signal.level) == ("db-1/disk", "firing", "CRITICAL", "critical")
    assert signal.title == "disk on db-1 is CRITICAL"
    assert signal.labels == {"host": "db-1", "service": "disk"}
    assert signal.starts_at == datetime(2025, 3, 1, 12, 0, 0, 500_000, tzinfo=UTC)
    assert "102 MB" in signal.summary


def test_an_ok_state_ends_the_alert_of_the_same_service() -> None:
    signal = one("icinga2", {**CHANGE, "state": 0, "check_result": {"output": "DISK OK"}})
    assert (signal.fingerprint, signal.status, signal.starts_at) == ("db-1/disk", "resolved", None)
    assert signal.ends_at is not None


def test_states_of_hosts_are_counted_apart_from_those_of_services() -> None:
    host = {name: value for name, value in CHANGE.items() if name != "service"}
    assert [one("icinga2", {**host, "state": state}).severity for state in (0, 1)] == ["UP", "DOWN"]
    assert one("icinga2", {**host, "state": 1}).fingerprint == "db-1"


def test_a_soft_state_is_not_yet_an_alert() -> None:
    reading = read("icinga2", {**CHANGE, "state_type": 0})
    assert reading.signals == ()
    assert "soft" in reading.ignored


@pytest.mark.parametrize(
    ("event", "status", "by"),
    [
        ({"type": "AcknowledgementSet", "host": "db-1", "state": 2, "author": "ana", "comment": "on it"}, "acknowledged", "ana"),
        ({"type": "DowntimeStarted", "downtime": {"host_name": "db-1", "author": "bo", "comment": "new disk"}}, "suppressed", "bo"),
        ({"type": "Notification", "host": "db-1", "notification_type": "RECOVERY", "check_result": {"state": 0}}, "resolved", ""),
        ({"type": "Notification", "host": "db-1", "notification_type": "PROBLEM", "check_result": {"state": 1}}, "firing", ""),
    ],
)
def test_events_say_what_has_become_of_a_host(event: dict[str, Any], status: str, by: str) -> None:
    signal = one("icinga2", {**event, "timestamp": 1740830400})
    assert (signal.fingerprint, signal.status, signal.by) == ("db-1", status, by)


@pytest.mark.parametrize("kind", ["AcknowledgementCleared", "CommentRemoved"])
def test_events_that_change_nothing_for_people_are_ignored_and_say_so(kind: str) -> None:
    assert kind in read("icinga2", {"type": kind, "host": "db-1"}).ignored


def test_a_comment_is_a_note_on_the_host() -> None:
    (note,) = read("icinga2", {"type": "CommentAdded", "comment": {"host_name": "db-1", "author": "ana", "text": "see the ticket"}}).notes
    assert (note.subject, note.by, note.text) == ("db-1", "ana", "see the ticket")


def test_a_notification_command_hands_over_macros_under_any_spelling() -> None:
    shouted = one("icinga2", MACROS)
    spelled = {
        "notification.type": "PROBLEM", "host_name": "db-1", "host.address": "10.0.0.7", "service_name": "disk", "service_state": "CRITICAL",
        "service.output": "DISK CRITICAL", "icinga.long_date_time": "2026-03-01 11:58:00 +0000",
    }  # fmt: skip
    assert one("icinga2", spelled) == shouted
    assert (shouted.fingerprint, shouted.status, shouted.labels["address"]) == ("db-1/disk", "firing", "10.0.0.7")
    assert shouted.starts_at == datetime(2026, 3, 1, 11, 58, tzinfo=UTC)


def test_an_event_and_a_notification_speak_of_the_same_alert() -> None:
    assert one("icinga2", MACROS).fingerprint == one("icinga2", CHANGE).fingerprint


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"NOTIFICATIONTYPE": "PROBLEM"}, "HOSTNAME"),
        ({"HOSTNAME": "db-1", "HOSTSTATE": "PURPLE"}, "HOSTSTATE"),
        ({"type": "StateChange", "state": 2}, "host"),
        ({"type": "StateChange", "host": "db-1"}, "state"),
        ({"type": "Weather", "host": "db-1"}, "type"),
    ],
)
def test_what_is_missing_is_named(body: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongBody) as refusal:
        read("icinga2", body)
    assert refusal.value.field == field
