"""What each tool says comes through: its identity, its states, its words, its links and its times."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

import pytest

from tests.alerts.sources.reading import NOW, at, form, one, read
from tests.alerts.sources.samples import SAMPLES
from tocsin.alerts.errors import WrongBody

EVERY = [pytest.param(source, body, id=f"{source}-{number}") for source, bodies in SAMPLES.items() for number, body in enumerate(bodies)]


def sample(source: str, number: int = 0) -> Any:
    return copy.deepcopy(SAMPLES[source][number])


# --- what holds for every tool --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "body"), EVERY)
def test_every_sample_is_read_with_a_title_and_an_identity(source: str, body: Any) -> None:
    reading = read(source, body)
    assert reading.signals or reading.handshake or reading.ignored
    for signal in reading.signals:
        assert signal.fingerprint
        assert signal.title.strip()
        assert all(url.startswith(("https://", "http://")) for url in signal.links.values())
        assert all(isinstance(value, str) for value in signal.labels.values())


@pytest.mark.parametrize(("source", "body"), EVERY)
def test_reading_twice_gives_the_same(source: str, body: Any) -> None:
    assert read(source, body) == read(source, body)


@pytest.mark.parametrize(("source", "body"), EVERY)
def test_unknown_fields_change_nothing(source: str, body: Any) -> None:
    if not isinstance(body, dict):
        pytest.skip("a list has no fields")
    assert read(source, {**body, "a_new_field": {"of": ["a", "later", "version"]}}).signals == read(source, body).signals


@pytest.mark.parametrize("source", SAMPLES)
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"text"', b"{}", b"[1]", b"\xff\xfe\x00", b"[" * 100_000, b'{"a":' * 5_000])
def test_what_is_nothing_is_refused_with_a_place_or_means_nothing(source: str, body: bytes) -> None:
    if source == "generic" and body in (b"[]", b"[1]", b'"text"', b"\xff\xfe\x00"):
        return  # any text may be an alert there
    with pytest.raises(WrongBody) as refusal:
        read(source, body)
    assert refusal.value.field
    assert refusal.value.what


# --- Alertmanager ---------------------------------------------------------------------------------------------------------------------------


def test_alertmanager_an_annotation_that_is_an_address_is_a_link_with_the_labels_filled_in() -> None:
    signal = one("alertmanager", sample("alertmanager"))
    assert signal.links == {"runbook": "https://r.example/QueueFull", "source": "http://p.example/graph"}


def test_alertmanager_a_placeholder_that_the_alert_cannot_fill_stays() -> None:
    body = sample("alertmanager")
    body["alerts"][0]["annotations"]["wiki"] = "https://w.example/{team}/{queue}"
    assert one("alertmanager", body).links["wiki"] == "https://w.example/{team}/mail"


def test_alertmanager_a_label_that_is_a_number_is_kept_as_a_text() -> None:
    body = sample("alertmanager")
    body["alerts"][0]["labels"]["shard"] = 7
    assert one("alertmanager", body).labels["shard"] == "7"


@pytest.mark.parametrize("odd", ["yesterday", 12, [], {"a": 1}, None])
def test_alertmanager_a_time_that_is_none_loses_no_alert(odd: Any) -> None:
    body = sample("alertmanager")
    body["alerts"][0]["startsAt"] = odd
    assert one("alertmanager", body).starts_at is None


def test_alertmanager_an_alert_without_a_state_has_the_one_of_its_group() -> None:
    body = sample("alertmanager")
    del body["alerts"][0]["status"]
    body["status"] = "resolved"
    assert one("alertmanager", body).status == "resolved"


def test_alertmanager_an_alert_without_any_state_ends_when_it_says() -> None:
    alert = {"labels": {"alertname": "A"}, "endsAt": "2025-10-27T14:00:00Z"}
    assert one("alertmanager", [alert]).status == "resolved"
    assert one("alertmanager", [{**alert, "endsAt": "2025-10-27T15:00:00Z"}]).status == "firing"


def test_alertmanager_alerts_know_the_group_that_they_came_in() -> None:
    reading = read("alertmanager", sample("alertmanager"))
    assert reading.group == '{}:{alertname="QueueFull"}' == reading.signals[0].group
    assert reading.group_state == "firing"


# --- Grafana --------------------------------------------------------------------------------------------------------------------------------


def test_grafana_a_relative_address_is_joined_to_its_own() -> None:
    signal = one("grafana", sample("grafana"))
    assert signal.links["source"] == "https://g.example/alerting/grafana/x/view"
    assert signal.links["runbook"] == "https://r.example/logins"
    assert (signal.value, signal.level, signal.service) == ("A=3.5, C=1", "critical", "auth")


def test_grafana_an_address_that_would_run_code_is_dropped_and_the_alert_kept() -> None:
    body = sample("grafana")
    body["alerts"][0] |= {"generatorURL": "javascript:alert(1)", "dashboardURL": "data:text/html,x", "panelURL": "//evil.example/x"}
    links = one("grafana", body).links
    assert "source" not in links
    assert "dashboard" not in links


def test_grafana_a_request_that_is_not_signed_with_the_keys_secret_is_refused() -> None:
    with pytest.raises(WrongBody) as refusal:
        read("grafana", sample("grafana"), options={"secret": "s3cret"}, headers={"x-grafana-alerting-signature": "00"})
    assert refusal.value.status == 401


def test_grafana_legacy_one_rule_is_one_alert_with_all_its_series() -> None:
    body = sample("grafana-legacy")
    body["evalMatches"].append({"metric": "lag", "value": 70, "tags": {"host": "db-2"}})
    signal = one("grafana-legacy", body, query={"service": "db"})
    assert (signal.fingerprint, signal.value, signal.service) == ("4", "lag=90.5, lag=70", "db")
    assert signal.labels == {"severity": "high"}


@pytest.mark.parametrize(("word", "state"), [("ok", "resolved"), ("no_data", "unknown"), ("paused", "suppressed"), ("Alerting", "firing")])
def test_grafana_legacy_states(word: str, state: str) -> None:
    assert one("grafana-legacy", {**sample("grafana-legacy"), "state": word}).status == state


# --- Datadog --------------------------------------------------------------------------------------------------------------------------------


def test_datadog_the_title_loses_what_the_transition_says_already() -> None:
    signal = one("datadog", sample("datadog"))
    assert (signal.title, signal.status, signal.severity, signal.level) == ("Disk nearly full", "firing", "P2", "high")
    assert signal.labels["urgent"] == "true"
    assert signal.summary == "Disk at 96 %"
    assert signal.starts_at == at("2025-10-27T14:20:00")


@pytest.mark.parametrize(
    ("transition", "state"), [("Recovered", "resolved"), ("Warn", "firing"), ("No Data", "firing"), ("Renotify", "firing")]
)
def test_datadog_transitions(transition: str, state: str) -> None:
    assert one("datadog", {**sample("datadog"), "alert_transition": transition}).status == state


def test_datadog_without_a_transition_the_title_tells() -> None:
    body = {**sample("datadog"), "alert_transition": "", "title": "[Recovered] Disk nearly full"}
    assert one("datadog", body).status == "resolved"


def test_datadog_the_default_payload_is_refused_since_it_does_not_tell_recoveries() -> None:
    with pytest.raises(WrongBody) as refusal:
        read("datadog", {"id": "1", "title": "Disk nearly full", "body": "x", "date": "1"})
    assert refusal.value.field == "alert_transition"


# --- CloudWatch -----------------------------------------------------------------------------------------------------------------------------


def test_cloudwatch_an_alarm_says_what_was_measured_and_where_it_stands_in_the_console() -> None:
    signal = one("cloudwatch-sns", sample("cloudwatch-sns"))
    assert (signal.fingerprint, signal.status, signal.value, signal.threshold) == ("api-5xx", "firing", "41.0", "> 5")
    assert signal.labels == {
        "ApiName": "shop", "region": "EU (Frankfurt)", "account": "111122223333", "namespace": "AWS/ApiGateway", "metric": "5XXError",
    }  # fmt: skip
    assert signal.links["source"].startswith("https://eu-central-1.console.aws.amazon.com/")


def test_cloudwatch_a_confirmation_is_a_handshake_and_no_alert() -> None:
    reading = read("cloudwatch-sns", sample("cloudwatch-sns", 1), media="text/plain; charset=UTF-8")
    assert reading.signals == ()
    assert reading.handshake is not None
    assert reading.proof is not None
    assert reading.proof.digest == "sha1"
    assert reading.proof.text.decode().splitlines()[::2] == [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ]


def test_cloudwatch_what_is_signed_of_a_notification_leaves_out_a_missing_subject() -> None:
    body = sample("cloudwatch-sns")
    with_subject = read("cloudwatch-sns", body).proof
    del body["Subject"]
    without = read("cloudwatch-sns", body).proof
    assert with_subject is not None
    assert without is not None
    assert b"Subject\nALARM\n" in with_subject.text
    assert b"Subject" not in without.text
    assert with_subject.text.startswith(b"Message\n{")


def test_cloudwatch_the_bridges_events_and_bare_alarms_are_read() -> None:
    signal = one("cloudwatch-sns", sample("cloudwatch-sns", 2))
    assert (signal.fingerprint, signal.status, signal.ends_at) == ("lag", "resolved", at("2025-10-27T14:21:00"))
    bare = one("cloudwatch-sns", SAMPLES["cloudwatch-sns"][0]["Message"])
    assert bare.fingerprint == "api-5xx"


def test_cloudwatch_another_message_of_the_topic_is_an_alert_of_its_subject() -> None:
    body = {**sample("cloudwatch-sns"), "Subject": "Budget exceeded", "Message": "You have spent it all."}
    signal = one("cloudwatch-sns", body)
    assert (signal.title, signal.status, signal.summary) == ("Budget exceeded", "firing", "You have spent it all.")


def test_cloudwatch_a_topic_that_the_key_does_not_take_is_refused() -> None:
    with pytest.raises(WrongBody) as refusal:
        read("cloudwatch-sns", sample("cloudwatch-sns"), options={"topics": ["arn:aws:sns:eu-central-1:111122223333:other"]})
    assert refusal.value.field == "TopicArn"


# --- Sentry, New Relic ----------------------------------------------------------------------------------------------------------------------


def test_sentry_metric_alerts_issues_events_and_the_plugin_are_told_apart() -> None:
    metric, issue, event, plugin = (one("sentry", body) for body in SAMPLES["sentry"])
    assert (metric.fingerprint, metric.status, metric.severity, metric.level) == ("31", "firing", "critical", "critical")
    assert (issue.fingerprint, issue.status, issue.by) == ("issue:88", "resolved", "Ana")
    assert (event.fingerprint, event.status, event.labels) == ("issue:88", "firing", {"env": "prod"})
    assert plugin.starts_at == at("2025-10-27T14:20:00") + timedelta(milliseconds=500)


def test_sentry_its_own_installation_is_nothing_to_page_for() -> None:
    assert read("sentry", {"action": "created", "data": {"installation": {}}}).ignored


def test_newrelic_an_issue_that_somebody_took_is_acknowledged() -> None:
    assert one("newrelic", sample("newrelic")).level == "critical"
    taken = one("newrelic", {**sample("newrelic"), "trigger": "ISSUE_ACKNOWLEDGED", "owner": "ana@example.com"})
    assert (taken.status, taken.by) == ("acknowledged", "ana@example.com")


def test_newrelic_the_older_channel_may_send_a_form() -> None:
    reading = form("newrelic", {"current_state": "open", "incident_id": "12", "condition_name": "Errors", "severity": "CRITICAL"})
    assert [(s.fingerprint, s.status) for s in reading.signals] == [("12", "firing")]


# --- Zabbix, Nagios -------------------------------------------------------------------------------------------------------------------------


def test_zabbix_times_are_the_servers_own() -> None:
    signal = one("zabbix", sample("zabbix"))
    assert signal.starts_at == at("2025-10-27T14:20:00")
    assert (signal.fingerprint, signal.title, signal.level, signal.service) == ("triggerid=900", "Port 3 down on sw-1", "high", "net")


def test_zabbix_an_update_that_acknowledges_names_who_and_why() -> None:
    body = {**sample("zabbix"), "update": "1", "acknowledged": "Yes", "user": "Ana Iva", "message": "cable"}
    signal = one("zabbix", body)
    assert (signal.status, signal.by, signal.note) == ("acknowledged", "Ana Iva", "cable")


def test_zabbix_a_macro_that_was_not_replaced_is_no_value() -> None:
    signal = one("zabbix", {**sample("zabbix"), "value": "{EVENT.OPDATA}", "recovery_date": "{EVENT.RECOVERY.DATE}"})
    assert signal.value == ""


def test_zabbix_the_link_tells_the_trigger_where_the_template_does_not() -> None:
    body = sample("zabbix")
    del body["trigger_id"]
    assert one("zabbix", body).fingerprint == "triggerid=900"


@pytest.mark.parametrize("kind", ["FLAPPINGSTART", "FLAPPINGSTOP", "DOWNTIMESTART", "DOWNTIMECANCELLED"])
def test_nagios_flapping_and_downtimes_are_no_new_problem(kind: str) -> None:
    reading = read("nagios", {**sample("nagios"), "NOTIFICATIONTYPE": kind})
    assert reading.signals == ()
    assert kind.lower() in reading.ignored


def test_nagios_a_host_and_its_service_are_two_alerts() -> None:
    service, host = one("nagios", sample("nagios")), one("nagios", sample("nagios", 1))
    assert (service.fingerprint, host.fingerprint) == ("db-1/Load", "db-1")
    assert (service.title, service.level) == ("Load on db-1: load 9", "warning")
    assert (host.status, host.ends_at) == ("resolved", at("2025-10-27T14:21:00"))


def test_nagios_an_acknowledgement_names_who_and_why() -> None:
    more = {"NOTIFICATIONTYPE": "ACKNOWLEDGEMENT", "NOTIFICATIONAUTHOR": "ana", "NOTIFICATIONCOMMENT": "on it"}
    signal = one("nagios", {**sample("nagios"), **more})
    assert (signal.status, signal.by, signal.note) == ("acknowledged", "ana", "on it")


def test_nagios_the_environments_names_and_forms_are_understood() -> None:
    prefixed = {f"NAGIOS_{name}": value for name, value in sample("nagios").items()}
    assert form("nagios", prefixed).signals == read("nagios", sample("nagios")).signals
    assert one("nagios", {name.lower(): value for name, value in sample("nagios").items()}) == one("nagios", sample("nagios"))


# --- uptime monitors ------------------------------------------------------------------------------------------------------------------------


def test_pingdom_a_check_ends_when_its_state_changed() -> None:
    down = one("pingdom", sample("pingdom"))
    up = one("pingdom", {**sample("pingdom"), "current_state": "UP"})
    assert (down.fingerprint, down.status, down.starts_at, down.service) == ("5", "firing", at("2025-10-27T14:20:00"), "shop")
    assert (up.fingerprint, up.status, up.ends_at) == ("5", "resolved", at("2025-10-27T14:20:00"))


def test_uptimerobot_may_send_json_a_form_or_only_an_address() -> None:
    body = sample("uptimerobot")
    expected = read("uptimerobot", body).signals
    assert form("uptimerobot", body).signals == expected
    assert read("uptimerobot", b"", media="", query=body).signals == expected


def test_uptimerobot_a_certificate_is_another_alert_than_its_monitor() -> None:
    body = {**sample("uptimerobot"), "alertType": "3", "alertDetails": "", "sslExpiryDaysLeft": "7"}
    signal = one("uptimerobot", body)
    assert (signal.fingerprint, signal.title) == ("8/certificate", "A: The certificate expires in 7 days.")


def test_uptime_kuma_times_are_local_with_their_offset() -> None:
    signal = one("uptime-kuma", sample("uptime-kuma"))
    assert (signal.starts_at, signal.labels["team"]) == (at("2025-10-27T14:20:00"), "it")


def test_uptime_kuma_a_certificate_alerts_and_a_test_does_not() -> None:
    assert one("uptime-kuma", sample("uptime-kuma", 1)).status == "firing"
    sooner = sample("uptime-kuma", 1)
    sooner["msg"] = sooner["msg"].replace("6", "5")
    assert one("uptime-kuma", sooner).fingerprint == one("uptime-kuma", sample("uptime-kuma", 1)).fingerprint
    assert read("uptime-kuma", {"msg": "My webhook Testing", "monitor": None, "heartbeat": None}).ignored


@pytest.mark.parametrize(("number", "state"), [(0, "firing"), (1, "resolved"), (2, "unknown"), (3, "suppressed")])
def test_uptime_kuma_states(number: int, state: str) -> None:
    body = sample("uptime-kuma")
    body["heartbeat"]["status"] = number
    assert one("uptime-kuma", body).status == state


# --- clouds and searches --------------------------------------------------------------------------------------------------------------------


def test_azure_the_last_part_of_the_alerts_id_is_its_identity() -> None:
    signal = one("azure-monitor", sample("azure-monitor"))
    assert (signal.fingerprint, signal.level, signal.value, signal.threshold) == ("77aa", "high", "97.5", "GreaterThan 90")
    assert signal.title == "cpu-high on vm-7"
    assert signal.starts_at == at("2025-10-27T14:20:00.123456")


def test_azure_a_body_of_another_schema_says_what_to_switch_on() -> None:
    with pytest.raises(WrongBody) as refusal:
        read("azure-monitor", {"schemaId": "x", "data": {}})
    assert "common alert schema" in refusal.value.fix


def test_gcp_an_incident_has_its_runbook_and_its_threshold() -> None:
    signal = one("gcp-monitoring", sample("gcp-monitoring"))
    assert (signal.severity, signal.level, signal.service) == ("Warning", "warning", "api")
    assert (signal.title, signal.value, signal.threshold) == ("Latency p99 (api-1)", "2.5", "2")
    assert signal.links["runbook"] == "https://r.example/api"


def test_dynatrace_a_merged_problem_has_ended() -> None:
    assert one("dynatrace", {**sample("dynatrace"), "State": "MERGED"}).status == "resolved"


def test_dynatrace_entities_may_come_as_a_text() -> None:
    body = {**sample("dynatrace"), "ImpactedEntities": '[{"type": "SERVICE", "name": "till"}]'}
    assert (one("dynatrace", body).service, one("dynatrace", body).title) == ("till", "Failure rate increase on till")


def test_kibana_all_groups_but_recovered_fire() -> None:
    assert one("kibana", sample("kibana")).status == "firing"
    assert one("kibana", {**sample("kibana"), "alert_action_group": "recovered"}).status == "resolved"
    assert one("kibana", sample("kibana")).fingerprint == "r-1/host-9"


def test_splunk_a_row_may_say_what_it_is_about_and_that_it_is_over() -> None:
    body = sample("splunk")
    assert (one("splunk", body).fingerprint, one("splunk", body).level) == ("Failed payments", "high")
    body["result"] |= {"alert_key": "pay-1", "alert_status": "resolved"}
    assert (one("splunk", body).fingerprint, one("splunk", body).status) == ("Failed payments/pay-1", "resolved")


def test_nobody_sends_alerts_from_the_future_of_languages() -> None:
    body = sample("pingdom")
    for odd in (-1, 0, 10**30, 1e300, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert one("pingdom", {**body, "state_changed_timestamp": odd, "state_changed_utc_time": None}).starts_at is None
    assert NOW.tzinfo is not None
