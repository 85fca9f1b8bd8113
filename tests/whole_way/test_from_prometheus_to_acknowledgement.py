"""The whole way on real programs: Prometheus notices, Alertmanager sends, a mail server and a push service deliver, nobody answers, the second
person is called exactly on time, and acknowledges with the button that the mail's link opens. The incident says when all of that was.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from tests.alerts.dropins.programs import ALERTMANAGER, PROMETHEUS, Program, needs, until
from tests.channels.servers.push import PushService
from tests.channels.servers.smtp import MailServer
from tests.server import Server
from tests.world import forms_of

WAIT = timedelta(seconds=10)
"""How long the first step waits for an answer."""

RULES = """
groups:
- name: shop
  interval: 1s
  rules:
  - alert: CheckoutErrors
    expr: vector(12.5) > 5
    labels: {severity: SEV-1, service: checkout}
    annotations:
      summary: Checkout errors above 5 %
      value: '{{ $value }} %'
      threshold: 5 %
      dashboard_url: https://grafana.example.com/d/checkout
      runbook_url: https://runbooks.example.com/checkout
"""
PROMETHEUS_FILE = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [rules.yml]
alerting:
  alertmanagers:
  - static_configs: [{{targets: ['127.0.0.1:{port}']}}]
"""
ALERTMANAGER_FILE = """
route: {{receiver: tocsin, group_by: [alertname, service], group_wait: 0s, group_interval: 5m, repeat_interval: 4h}}
receivers:
- name: tocsin
  webhook_configs: [{{url: '{url}'}}]
"""


class Scene:
    """A server with people, a rota, a policy and a route; a mail server, and a push service with one telephone."""

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        authority.cert_pem.write_to_path(folder / "authority.pem")
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        self.mail = MailServer()
        self.push = PushService(certificate)
        push_host = urlsplit(self.push.web.url).netloc
        self.server = Server(
            folder / "data", "--mail-server", self.mail.address, "--mail-security", "none", "--mail-from", "tocsin@example.com",
            "--push-contact", "mailto:ops@example.com", "--authorities", str(folder / "authority.pem"), "--allow-internal", push_host,
        )  # fmt: skip
        self.save(
            "/people/ana",
            name="Ana",
            contacts=[{"kind": "email", "value": "ana@example.com"}, {"kind": "push", "value": self.push.contact}],
        )
        self.save("/people/bo", name="Bo", contacts=[{"kind": "email", "value": "bo@example.com"}])
        self.save(
            "/schedules/shop", name="Shop", zone="Europe/Lisbon", layers=[{"id": "rota", "groups": [["ana"]], "start": "2025-01-06T09:00"}]
        )
        steps = [{"to": ["schedule:shop"], "wait": f"{WAIT.seconds}s"}, {"to": ["person:bo"], "wait": "30m"}]
        self.save("/policies/shop", name="Shop", steps=steps, waive="this is a test: nobody has verified an address")
        self.save("/services/checkout", name="Checkout", policy="shop", playbook="payments-sev1")
        self.save("/routes", routes=[{"name": "shop", "match": 'service="checkout"', "urgency": "high", "declare": {}}])

    def save(self, path: str, **body: Any) -> Any:
        status, answer = self.server.request("POST", f"/api/v1{path}", body)
        assert status < 300, answer
        return answer

    def get(self, path: str) -> Any:
        status, answer = self.server.request("GET", f"/api/v1{path}")
        assert status == 200, answer
        return answer

    def mails_to(self, address: str) -> list[Any]:
        return [mail for mail in self.mail.mails if str(mail["To"]).strip("<>") == address]

    def close(self) -> None:
        self.server.stop()
        self.push.close()
        self.mail.close()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    found = Scene(tmp_path)
    try:
        yield found
    finally:
        found.close()


def browse(method: str, url: str, body: str = "") -> tuple[int, str, str]:
    """Open an address as a browser without a session would; return status, text and where it leads."""
    split = urlsplit(url)
    assert split.hostname is not None
    link = http.client.HTTPConnection(split.hostname, split.port, timeout=10)
    try:
        link.request(method, split.path, body, {"Accept": "text/html", "Content-Type": "application/x-www-form-urlencoded"})
        answer = link.getresponse()
        return answer.status, answer.read().decode(), answer.headers.get("location", "")
    finally:
        link.close()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@needs(PROMETHEUS, ALERTMANAGER)
def test_an_alert_of_prometheus_calls_one_person_after_another_until_the_button_of_a_mail_is_pressed(scene: Scene, tmp_path: Path) -> None:
    intake = next(one["url"] for one in scene.get("/intake")["intake"] if one["source"] == "alertmanager")
    (tmp_path / "rules.yml").write_text(RULES)
    with (
        Program(
            tmp_path / "am",
            ALERTMANAGER,
            ALERTMANAGER_FILE.format(url=intake),
            "--cluster.listen-address=",
            f"--storage.path={tmp_path}/am",
        ) as sender,
        Program(
            tmp_path,
            PROMETHEUS,
            PROMETHEUS_FILE.format(port=sender.port),
            f"--storage.tsdb.path={tmp_path}/tsdb",
            "--rules.alert.resend-delay=1s",
        ),
    ):
        (first,) = until(lambda: scene.mails_to("ana@example.com"), 40)
        (page,) = scene.get("/pages")["pages"]
        until(lambda: scene.push.shown)

        text = str(first.get_body(preferencelist=("plain",)).get_content())
        for part in (
            "Checkout errors above 5 %",
            "12.5 %",
            "https://grafana.example.com/d/checkout",
            "https://runbooks.example.com/checkout",
        ):
            assert part in text
        assert "Checkout errors above 5 %" in str(scene.push.shown[0])
        assert scene.mails_to("bo@example.com") == []

        (second,) = until(lambda: scene.mails_to("bo@example.com"), WAIT.seconds + 10)
        runs = scene.get(f"/pages/{page['id']}")["runs"]
        late = at(runs[1]["began_at"]) - at(runs[0]["began_at"]) - WAIT
        assert timedelta(0) <= late < timedelta(seconds=0.5)

        found = re.search(r"http://\S+/a/\S+", str(second.get_body(preferencelist=("plain",)).get_content()))
        assert found is not None
        url = found.group()
        status, shown, _ = browse("GET", url)
        assert (status, "Checkout errors above 5 %" in shown) == (200, True)
        assert scene.get(f"/pages/{page['id']}")["state"] == "open"
        (button,) = [form for form in forms_of(shown) if form.action.endswith("/acknowledge")]
        status, _, after = browse(
            "POST", url + "/acknowledge" if not button.action.startswith("/a/") else f"http://{urlsplit(url).netloc}{button.action}"
        )
        assert status == 303
        assert "You have it" in browse("GET", f"http://{urlsplit(url).netloc}{after}")[1]

    shown_page = scene.get(f"/pages/{page['id']}")
    assert (shown_page["state"], shown_page["acknowledged"][0]["person"]) == ("acknowledged", "bo")
    (incident,) = scene.get("/incidents")["incidents"]
    view = scene.get(f"/incidents/{incident['id']}")
    milestones = {one["id"]: at(one["at"]) for one in view["milestones"]}
    (alert,) = scene.get("/alerts")["alerts"]
    assert milestones["detected"] == at(alert["received_at"])
    assert milestones["acknowledged"] == at(shown_page["acknowledged"][0]["at"])
    assert milestones["acknowledged"] - milestones["detected"] >= WAIT
    said = " ".join(line["text"] for line in scene.get(f"/incidents/{incident['id']}/timeline"))
    for part in ("Called Ana", "Called Bo", "Acknowledged by bo"):
        assert part in said, said
