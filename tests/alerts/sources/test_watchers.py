"""Monitoring tools whose requests have odd corners: placeholders, events without an end, tests of an address, several hosts in one request."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.alerts.sources.reading import NOW, one, read
from tocsin.alerts.errors import WrongBody


def test_a_problem_and_a_recovery_of_a_checkmk_service_are_one_alert() -> None:
    problem = {
        "what": "SERVICE", "host": "web-1", "service": "HTTP", "notification_type": "PROBLEM", "status": "CRIT", "severity": "CRIT",
        "short_date_time": "2026-03-01 12:58:00",
    }  # fmt: skip
    began = one("checkmk", problem, options={"zone": "+01:00"})
    ended = one("checkmk", {**problem, "notification_type": "RECOVERY", "status": "OK"}, options={"zone": "+01:00"})
    assert (began.fingerprint, ended.fingerprint, ended.status) == ("web-1/HTTP", "web-1/HTTP", "resolved")
    assert began.starts_at == datetime(2026, 3, 1, 11, 58, tzinfo=UTC)


def test_an_acknowledgement_in_checkmk_names_who_made_it() -> None:
    signal = one("checkmk", {"host": "web-1", "notification_type": "ACKNOWLEDGEMENT", "status": "DOWN", "ack_author": "ana"})
    assert (signal.status, signal.by) == ("acknowledged", "ana")


def test_a_link_of_checkmk_is_relative_to_the_address_of_the_site() -> None:
    body = {"host": "web-1", "status": "DOWN", "url": "/check_mk/index.py"}
    assert one("checkmk", body).links == {}
    assert one("checkmk", body, options={"base": "https://mk.example"}).links == {"source": "https://mk.example/check_mk/index.py"}


def test_placeholders_that_coralogix_did_not_fill_in_say_nothing() -> None:
    fields = [
        {"key": "alertUniqueIdentifier", "value": "u1"}, {"key": "service", "value": "$SERVICE"}, {"key": "team", "value": "core"},
        {"key": "application", "value": "*insert desired application name*"}, {"key": "team", "value": "second"},
    ]  # fmt: skip
    signal = one("coralogix", {"alert_action": "trigger", "name": "Errors", "service": "$SERVICE", "fields": fields})
    assert (signal.fingerprint, signal.service, signal.labels) == (
        "u1",
        "",
        {"alertUniqueIdentifier": "u1", "team": "core", "alert": "Errors"},
    )


def test_groups_of_a_monitor_of_axiom_are_alerts_of_their_own() -> None:
    event = {"monitorID": "m1", "title": "Errors", "groupKeys": ["host"], "timestamp": "2026-03-01 11:00:00.5 +0000 UTC"}
    signals = [one("axiom", {"action": "Open", "event": {**event, "groupValues": [host]}}) for host in ("a", "b")]
    assert [signal.fingerprint for signal in signals] == ["m1/a", "m1/b"]
    assert signals[0].labels == {"host": "a"}
    assert signals[0].starts_at == datetime(2026, 3, 1, 11, 0, 0, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "body"), [("axiom", {"action": "Test"}), ("thousandeyes", {"eventType": "WEBHOOK_TEST"}), ("dash0", {"type": "test"})]
)
def test_a_test_of_the_address_arrives_and_is_no_alert(source: str, body: dict[str, Any]) -> None:
    reading = read(source, body)
    assert reading.signals == ()
    assert "test" in reading.ignored


def test_several_events_of_riemann_are_several_alerts_and_expired_ones_say_that_nothing_is_known() -> None:
    events = [
        {"host": "a", "service": "cpu", "state": "critical", "metric": 0.99, "region": "eu", "time": 1772362800},
        {"host": "a", "service": "cron", "state": "expired"},
    ]
    critical, expired = read("riemann", events).signals
    assert (critical.status, critical.level, critical.labels) == ("firing", "critical", {"region": "eu", "host": "a", "service": "cpu"})
    assert expired.status == "unknown"


def test_a_whole_alert_of_wazuh_is_read_by_its_rule_and_agent() -> None:
    body = {
        "timestamp": "2026-03-01T10:00:00.000+0000", "full_log": "Failed password",
        "rule": {"level": 12, "description": "Multiple authentication failures", "id": "40111", "groups": ["sshd"]},
        "agent": {"id": "001", "name": "web-1"},
    }  # fmt: skip
    signal = one("wazuh", body)
    assert (signal.fingerprint, signal.severity, signal.level) == ("40111/001", "12", "high")
    assert signal.labels == {"rule_id": "40111", "rule_level": "12", "groups": "sshd", "agent": "web-1", "agent_id": "001"}


def test_several_failing_groups_of_honeycomb_are_listed() -> None:
    groups = [{"Group": {"host": name}, "Result": number} for number, name in enumerate("ab")]
    signal = one("honeycomb", {"id": "t1", "name": "slow", "status": "TRIGGERED", "result_groups_triggered": groups})
    assert (signal.fingerprint, signal.annotations) == (
        "t1",
        {"group 1": '{"host":"a","result":"0"}', "group 2": '{"host":"b","result":"1"}'},
    )


def test_an_updated_alert_of_vrealize_still_fires_and_a_canceled_one_has_ended() -> None:
    body = {
        "alertId": "a",
        "resourceName": "vm-1",
        "subType": "S",
        "status": "UPDATED",
        "startDate": 1772362800000,
        "cancelDate": 1772362900000,
    }
    assert (one("vmware-vrealize", body).status, one("vmware-vrealize", body).ends_at) == ("firing", None)
    assert one("vmware-vrealize", {**body, "status": "CANCELED"}).ends_at == datetime.fromtimestamp(1772362900, tz=UTC)


# --- what Prometheus hands to an Alertmanager ---------------------------------------------------------------------------------------------


def test_an_alert_of_prometheus_fires_until_the_end_that_it_names() -> None:
    later, before = NOW + timedelta(minutes=4), NOW - timedelta(minutes=1)
    alert = {"labels": {"alertname": "Down", "empty": ""}, "startsAt": "2025-10-27T11:00:00Z", "endsAt": later.isoformat()}
    signal = one("prometheus", [alert])
    assert (signal.status, signal.expires_at, signal.ends_at, signal.labels) == ("firing", later, None, {"alertname": "Down"})
    over = one("prometheus", [{**alert, "endsAt": before.isoformat()}])
    assert (over.status, over.expires_at, over.ends_at, over.fingerprint) == ("resolved", None, before, signal.fingerprint)


@pytest.mark.parametrize(("options", "minutes"), [({}, 5), ({"resolve_timeout": "20m"}, 20), ({"resolve_timeout": "soon"}, 5)])
def test_an_alert_of_prometheus_without_an_end_lasts_for_the_resolve_timeout(options: dict[str, Any], minutes: int) -> None:
    alert = {"labels": {"alertname": "Down"}, "startsAt": "0001-01-01T00:00:00.000Z", "endsAt": "0001-01-01T00:00:00.000Z"}
    signal = one("prometheus", [alert], options=options)
    assert (signal.starts_at, signal.expires_at) == (None, NOW + timedelta(minutes=minutes))


def test_alerts_of_prometheus_that_are_wrong_do_not_cost_those_that_are_right() -> None:
    right, end = {"labels": {"alertname": "Down"}}, {"endsAt": "2025-10-27T10:00:00Z", "startsAt": "2025-10-27T11:00:00Z"}
    assert len(read("prometheus", [{"labels": {}}, right, {**right, **end}, "what"]).signals) == 1
    with pytest.raises(WrongBody) as refusal:
        read("prometheus", [{"labels": {}}])
    assert refusal.value.field == "[0].labels"
