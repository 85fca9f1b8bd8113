"""A real Alertmanager, a real Prometheus, amtool and the vendors' own clients against a real server: they change an address, nothing else."""

from __future__ import annotations

import json
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import opsgenie_sdk  # type: ignore[import-untyped]
import pagerduty
import pytest
import trustme

from tests.alerts.dropins.programs import ALERTMANAGER, AMTOOL, PROMETHEUS, Program, needs, until
from tests.server import Server

PD_KEY = "0123456789abcdef0123456789abcdef"
GENIE_KEY = "11111111-2222-3333-4444-555555555555"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a key for each way of sending."""
    server = Server(tmp_path_factory.mktemp("real") / "data")
    for name, source, secret in (("pager", "pagerduty-events-v2", PD_KEY), ("genie", "opsgenie-api", GENIE_KEY)):
        assert server.request("POST", f"/api/v1/intake-keys/{name}", {"name": name, "source": source, "secret": secret})[0] == 200
    yield server
    server.stop()


def first_key(server: Server) -> str:
    status, answer = server.request("GET", "/api/v1/intake")
    assert status == 200
    return str(answer["intake"][0]["url"].rpartition("/")[2])


def alerts(server: Server, source: str) -> list[dict[str, Any]]:
    status, answer = server.request("GET", f"/api/v1/alerts?source={source}")
    assert status == 200, answer
    return sorted(answer["alerts"], key=lambda one: str(one["labels"].get("instance", "")))


def states(server: Server, source: str) -> list[str]:
    return [one["state"] for one in alerts(server, source)]


def written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


# --- Alertmanager ---------------------------------------------------------------------------------------------------------------------------

RECEIVERS = """
route: {{receiver: all, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
- name: all
  webhook_configs:
  - url: {base}/intake/alertmanager/{key}
  pagerduty_configs:
  - routing_key: {pd}
    url: {base}/v2/enqueue
    severity: critical
  opsgenie_configs:
  - api_key: {genie}
    api_url: {base}/
    priority: P1
"""


@needs(ALERTMANAGER)
def test_every_receiver_of_a_real_alertmanager_opens_and_ends_its_alerts_here(server: Server, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{server.port}"
    config = RECEIVERS.format(base=base, key=first_key(server), pd=PD_KEY, genie=GENIE_KEY)
    begin = datetime.now(UTC)

    def alert(instance: str, ends: datetime) -> dict[str, Any]:
        return {
            "labels": {"alertname": "HighErrors", "instance": instance, "severity": "critical"}, "annotations": {"summary": f"{instance} fails"},
            "startsAt": written(begin), "endsAt": written(ends),
        }  # fmt: skip

    def fires() -> list[int]:
        return [states(server, source).count("firing") for source in ("alertmanager", "pagerduty-events-v2", "opsgenie-api")]

    later = begin + timedelta(hours=1)
    with Program(tmp_path, ALERTMANAGER, config, f"--storage.path={tmp_path}/am", "--cluster.listen-address=") as alertmanager:

        def push(*given: dict[str, Any]) -> None:
            assert alertmanager.request("POST", "/api/v2/alerts", list(given))[0] == 200

        push(alert("a", later), alert("b", later))
        until(lambda: fires() == [2, 1, 1])
        theirs = {one["labels"]["instance"]: one for one in alertmanager.request("GET", "/api/v2/alerts")[1]}
        ours = {one["labels"]["instance"]: one["fingerprint"] for one in alerts(server, "alertmanager")}
        assert ours == {name: one["fingerprint"] for name, one in theirs.items()}
        (page,) = alerts(server, "pagerduty-events-v2")
        assert (page["severity"], "[FIRING:2] HighErrors" in page["title"]) == ("critical", True)
        (genie,) = alerts(server, "opsgenie-api")
        assert (genie["severity"], genie["fingerprint"]) == ("P1", page["fingerprint"])

        push(alert("a", datetime.now(UTC)))
        until(lambda: states(server, "alertmanager") == ["resolved", "firing"])
        assert fires() == [1, 1, 1]

        push(alert("b", datetime.now(UTC)))
        until(lambda: fires() == [0, 0, 0])
        until(lambda: states(server, "pagerduty-events-v2") == states(server, "opsgenie-api") == ["resolved"])
    receipts = server.request("GET", "/api/v1/receipts?limit=100")[1]["receipts"]
    assert {one["status"] // 100 for one in receipts} == {2}


# --- Prometheus -----------------------------------------------------------------------------------------------------------------------------

SCRAPE = """
global: {{scrape_interval: 1s, evaluation_interval: 1s, external_labels: {{cluster: demo}}}}
rule_files: [rules.yml]
alerting: {{alertmanagers: [{{api_version: v2, path_prefix: /am/{key}, static_configs: [{{targets: ["127.0.0.1:{port}"]}}]}}]}}
"""
RULE = """
groups:
- name: g
  rules:
  - alert: QuotaUsed
    expr: vector(time()) < {until}
    labels: {{severity: warning}}
    annotations: {{summary: "The quota is used up"}}
"""


@needs(PROMETHEUS)
def test_a_real_prometheus_sends_here_as_to_an_alertmanager(server: Server, tmp_path: Path) -> None:
    (tmp_path / "rules.yml").write_text(RULE.format(until=int(time.time()) + 10))
    config = SCRAPE.format(key=first_key(server), port=server.port)
    # It learns only after five seconds where alertmanagers are, and says nothing twice within the delay.
    with Program(tmp_path, PROMETHEUS, config, f"--storage.tsdb.path={tmp_path}/tsdb", "--rules.alert.resend-delay=1s"):
        until(lambda: states(server, "prometheus") == ["firing"])
        (alert,) = alerts(server, "prometheus")
        assert (alert["title"], alert["severity"], alert["labels"]["cluster"]) == ("The quota is used up (QuotaUsed)", "warning", "demo")
        assert alert["expires_at"] is not None
        until(lambda: states(server, "prometheus") == ["resolved"], 30)


# --- amtool ---------------------------------------------------------------------------------------------------------------------------------


@needs(AMTOOL)
def test_amtool_adds_asks_silences_and_expires(server: Server) -> None:
    def amtool(*words: str) -> Any:
        done = subprocess.run(
            [AMTOOL, f"--alertmanager.url=http://127.0.0.1:{server.port}/am/{first_key(server)}", *words], capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "json" in words else done.stdout

    def named(*words: str) -> list[str]:
        return [one["labels"]["alertname"] for one in amtool("alert", "query", "-o", "json", *words)]

    amtool("alert", "add", "alertname=NodeDown", "node=bar", "--annotation=summary=The node is down")
    amtool("alert", "add", "alertname=NodeSlow", "node=baz")
    assert named("node=~ba.*") == ["NodeDown", "NodeSlow"]
    assert named("NodeDown") == ["NodeDown"]
    assert "The node is down" in amtool("alert", "query", "NodeDown")

    name = amtool("silence", "add", "alertname=NodeDown", "node=~b.r", "--comment=new disk", "--author=ana", "--duration=1h").strip()
    (silence,) = amtool("silence", "query", "-o", "json", "alertname=NodeDown")
    assert (silence["id"], silence["createdBy"], silence["comment"]) == (name, "ana", "new disk")
    assert named("node=~ba.*") == ["NodeSlow"]
    assert named("--silenced", "node=~ba.*") == ["NodeDown"]
    assert server.request("GET", f"/api/v1/silences/{name}")[1]["state"] == "active"

    amtool("silence", "update", "--duration=3h", "--comment=longer", name)
    (silence,) = amtool("silence", "query", "-o", "json")
    assert (silence["id"], silence["comment"]) == (name, "longer")
    amtool("silence", "expire", name)
    assert amtool("silence", "query", "-o", "json") == []
    assert named("node=~ba.*") == ["NodeDown", "NodeSlow"]
    (expired,) = amtool("silence", "query", "--expired", "-o", "json")
    assert expired["status"] == {"state": "expired"}

    assert "receiver: tocsin" in amtool("config", "show")
    assert amtool("config", "routes", "test", "alertname=NodeDown").strip() == "tocsin"
    assert "disabled" in amtool("cluster", "show")


def test_without_a_key_only_this_machine_is_let_in_and_not_through_a_proxy(server: Server) -> None:
    bare = {"Authorization": ""}
    assert server.request("GET", "/api/v2/status", headers=bare)[0] == 200
    assert server.request("GET", "/api/v2/status", headers={**bare, "X-Forwarded-For": "192.0.2.7"})[0] == 401
    assert server.request("GET", "/api/v2/status", headers={"Authorization": "Bearer nobody-has-this-key"})[0] == 401
    assert server.request("GET", "/api/v2/alerts", headers={"Authorization": f"Bearer {server.token}"})[0] == 200
    assert server.request("GET", "/am/nobody-has-this-key/api/v2/status", headers=bare)[0] == 404


# --- the vendors' clients -------------------------------------------------------------------------------------------------------------------


def test_the_client_of_pagerduty_triggers_acknowledges_resolves_and_tells_of_changes(tmp_path: Path) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("127.0.0.1")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    leaf.private_key_pem.write_to_path(key)
    for blob in leaf.cert_chain_pems:
        blob.write_to_path(certificate, append=True)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    server = Server(tmp_path / "data", "--tls-cert", str(certificate), "--tls-key", str(key), tls=trust)
    try:
        server.request("POST", "/api/v1/intake-keys/pager", {"name": "pager", "secret": PD_KEY})
        client = pagerduty.EventsApiV2Client(PD_KEY, base_url=f"https://127.0.0.1:{server.port}", verify=trust)
        made = client.trigger("Disk at 99 %", "db-1", severity="error", custom_details={"service": "orders"})
        (alert,) = alerts(server, "pagerduty-events-v2")
        assert (alert["fingerprint"], alert["service"], alert["level"], alert["state"]) == (made, "orders", "high", "firing")
        assert client.trigger("Disk at 99 %", "db-1", dedup_key=made) == made
        client.acknowledge(made)
        client.resolve(made)
        (alert,) = alerts(server, "pagerduty-events-v2")
        assert (alert["state"], alert["acknowledged_at"] is not None) == ("resolved", True)
        client.submit("Deployed 1.7", "ci", custom_details={"by": "ana"}, timestamp="2026-01-31T14:05:00Z")
        (change,) = server.request("GET", "/api/v1/changes")[1]["changes"]
        assert (change["title"], change["source"]) == ("Deployed 1.7", "ci")
        stranger = pagerduty.EventsApiV2Client("f" * 32, base_url=f"https://127.0.0.1:{server.port}", verify=trust)
        with stranger, pytest.raises(pagerduty.HttpError, match="400"):
            stranger.trigger("x", "y")
        client.close()
    finally:
        server.stop()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_client_of_opsgenie_creates_acts_and_reads(server: Server) -> None:
    configuration = opsgenie_sdk.Configuration()
    configuration.host = f"http://127.0.0.1:{server.port}"
    configuration.api_key["Authorization"] = GENIE_KEY
    configuration.api_key_prefix["Authorization"] = "GenieKey"
    api = opsgenie_sdk.AlertApi(opsgenie_sdk.ApiClient(configuration))
    body = opsgenie_sdk.CreateAlertPayload(
        message="Checkout is slow", alias="sdk", description="p99 is 4 s", tags=["slow"], details={"service": "checkout"}, priority="P2",
    )  # fmt: skip
    made = api.create_alert(create_alert_payload=body)
    assert made.result == "Request will be processed"
    status = api.get_request_status(request_id=made.request_id).data
    assert (status.is_success, status.alias) == (True, "sdk")
    api.create_alert(create_alert_payload=body)
    alert = api.get_alert(identifier="sdk", identifier_type="alias").data
    assert (alert.message, alert.priority, alert.count, alert.status, alert.details) == (
        "Checkout is slow",
        "P2",
        2,
        "open",
        {"service": "checkout"},
    )
    api.acknowledge_alert(
        identifier="sdk", identifier_type="alias", acknowledge_alert_payload=opsgenie_sdk.AcknowledgeAlertPayload(user="ana", note="on it")
    )
    api.add_note(identifier=alert.id, add_note_to_alert_payload=opsgenie_sdk.AddNoteToAlertPayload(note="failing over", user="ana"))
    assert [one.note for one in api.list_notes(identifier=alert.tiny_id, identifier_type="tiny").data] == ["failing over"]
    assert [one.alias for one in api.list_alerts(query="status: open AND tag: slow").data] == ["sdk"]
    assert api.count_alerts(query="alias: sdk").data.count == 1
    api.close_alert(identifier="sdk", identifier_type="alias", close_alert_payload=opsgenie_sdk.CloseAlertPayload(user="ana"))
    closed = api.get_alert(identifier=alert.id).data
    assert (closed.status, closed.acknowledged, closed.report.acknowledged_by) == ("closed", True, "ana")
    with pytest.raises(opsgenie_sdk.exceptions.ConfigurationException) as refusal:
        api.create_alert(create_alert_payload=opsgenie_sdk.CreateAlertPayload(message=" "))
    assert refusal.value.status == 422
    configuration.api_key["Authorization"] = "nobody-has-this-key"
    with pytest.raises(opsgenie_sdk.exceptions.AuthenticationException):
        api.list_alerts()
