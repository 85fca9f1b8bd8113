"""The server is killed at random instants while alerts storm in and pages escalate by several channels: nothing answered is lost, nothing is decided twice."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select

from tests.channels.servers.web import Reply, WebServer
from tests.server import Server
from tocsin.alerts import tables as alert_tables
from tocsin.engine import tables
from tocsin.paging import tables as page_tables

SENDERS = 3
STEP = 10.0
"""Seconds: the shortest wait of a step."""


class Sender(threading.Thread):
    """Sends alerts, each of a cause of its own, and repeats old ones between; keeps what was answered."""

    def __init__(self, server: Server, path: str, name: str) -> None:
        super().__init__(daemon=True)
        self.server, self.path, self.label = server, path, name
        self.answered: list[str] = []

    def run(self) -> None:
        with contextlib.closing(self.server.connection()) as link, contextlib.suppress(OSError, http.client.HTTPException):
            for number in range(100_000):
                name = f"{self.label}-{number}"
                again = random.sample(self.answered, min(3, len(self.answered)))
                status, answer = self.server.request("POST", self.path, body([name, *again]), link)
                assert status == 200, answer
                self.answered.append(name)
                time.sleep(0.02)


def body(names: list[str]) -> dict[str, Any]:
    return {"alerts": [{"status": "firing", "labels": {"alertname": name, "instance": name, "severity": "critical"}} for name in names]}


def prepare(server: Server, sink: WebServer) -> str:
    """Write down who is called how, and return where alerts are sent."""
    for name in ("ana", "bo"):
        ways = [{"kind": "webhook", "value": f"{sink.url}/{name}"}, {"kind": "file", "value": name}]
        rules = [{"contact": "webhook", "after": "0s"}, {"contact": "file", "after": "0s"}, {"contact": "webhook", "after": "2s"}]
        assert server.request("POST", f"/api/v1/people/{name}", {"name": name, "contacts": ways, "rules": rules})[0] == 200
    steps = [{"to": ["person:ana"], "wait": f"{STEP:g}s"}, {"to": ["person:bo"], "wait": "30m"}]
    assert server.request("POST", "/api/v1/policies/p", {"steps": steps, "waive": "a test"})[0] == 200
    routes = [{"name": "all", "group_by": ["alertname"], "urgency": "high", "policy": "p"}]
    assert server.request("POST", "/api/v1/routes", {"routes": routes})[0] == 200
    (url,) = [one["url"] for one in server.request("GET", "/api/v1/intake")[1]["intake"] if one["source"] == "alertmanager"]
    return "/" + str(url).partition("://")[2].partition("/")[2]


def kill_and_look(folder: Path, rounds: int, most: float = 0.5) -> None:
    sink = WebServer(lambda _got: Reply(202))
    more = ("--allow-internal", sink.host)
    server = Server(folder, *more)
    answered: list[str] = []
    try:
        path = prepare(server, sink)
        begun = time.time()
        for number in range(rounds):
            senders = [Sender(server, path, f"r{number}s{sender}") for sender in range(SENDERS)]
            for sender in senders:
                sender.start()
            time.sleep(random.uniform(0.1, most))
            server.kill()
            for sender in senders:
                sender.join(timeout=30)
                answered += sender.answered
            server = Server(folder, *more)
        # The first pages escalate, and the last ones are through their first step.
        time.sleep(max(begun + STEP + 4, time.time() + 4) - time.time())
        assert server.request("GET", "/api/v1/pager")[1]["problems"] == []
        assert server.stop() == 0
        look(folder, answered, sink, time.time())
    finally:
        if server.process.poll() is None:
            server.kill()
        sink.close()


def database(folder: Path) -> Engine:
    return create_engine(f"sqlite:///{folder / 'tocsin.db'}")


def look(folder: Path, answered: list[str], sink: WebServer, ended: float) -> None:
    engine = database(folder)
    with engine.connect() as connection:
        alerts, pages, deliveries = alert_tables.alerts, page_tables.pages, tables.deliveries
        names = Counter(json.loads(labels)["alertname"] for (labels,) in connection.execute(select(alerts.c.labels)))
        groups = dict(connection.execute(select(alerts.c.grp, alerts.c.labels)).all())
        opened = {f"page:{id_}": at / 1e6 for id_, at in connection.execute(select(pages.c.id, pages.c.opened_at))}
        paged = Counter(connection.execute(select(pages.c.group)).scalars())
        sent = connection.execute(
            select(deliveries.c.stream, deliveries.c.key, deliveries.c.channel, deliveries.c.target, deliveries.c.state)
        ).all()
        refused = connection.execute(select(tables.refusals.c.reaction, tables.refusals.c.why)).all()
    engine.dispose()
    assert len(answered) > 10
    assert set(answered) <= set(names), f"lost: {sorted(set(answered) - set(names))[:5]}"
    assert max(names.values()) == 1, "an alert is there twice"
    assert refused == []
    assert {group: paged[group] for group in groups} == dict.fromkeys(groups, 1), "each cause calls people once"
    assert {row.state for row in sent} <= {"sent", "waiting"}
    assert len({row.key for row in sent}) == len(sent)
    by_page: dict[str, list[str]] = defaultdict(list)
    for row in sent:
        if row.state == "waiting":
            continue  # somebody is being called at this very moment
        by_page[row.stream].append(f"{row.channel} {row.target.rpartition('/')[2]}")
    first, second = {"webhook ana", "file ana"}, {"webhook bo", "file bo"}
    old = {page for page, at in opened.items() if at < ended - STEP - 3}
    assert old, "nothing has escalated"
    late = {page: left for page, left in by_page.items() if page in opened and not set(left) >= (first | second if page in old else first)}
    assert not late, f"a promised notification is missing: {dict(list(late.items())[:3])}"
    # Whoever received something was meant to: it was on disk before it left. A repeat comes under the same key and says the same.
    said: dict[str, set[str]] = defaultdict(set)
    for got in sink.received:
        if len(got.body) < int(got.headers["content-length"]):
            continue  # killed in the middle of sending
        message = json.loads(got.body)
        said[got.headers["idempotency-key"]].add(f"{message['person']}: {message['subject']}")
    webhooks = {row.key: row.state for row in sent if row.channel == "webhook"}
    assert set(said) <= set(webhooks)
    assert {key for key, state in webhooks.items() if state == "sent"} <= set(said)
    assert max(map(len, said.values())) == 1


def test_no_page_is_lost_or_decided_twice_in_five_kills(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "data", 5)


@pytest.mark.torture
def test_no_page_is_lost_or_decided_twice_in_fifty_kills(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "data", 50, most=1.2)
