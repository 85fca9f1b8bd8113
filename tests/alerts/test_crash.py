"""An alert that was answered is on disk: the server is killed in the middle of a storm, again and again."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server

CLIENTS = 4
BATCH = 20


class Sender(threading.Thread):
    """Sends alerts of two causes as fast as answers come, and keeps what was answered and what was not."""

    def __init__(self, server: Server, path: str, name: str) -> None:
        super().__init__(daemon=True)
        self.server, self.path, self.label = server, path, name
        self.answered: dict[str, str] = {}
        """Instance to the alert's id."""
        self.receipts: list[str] = []
        self.unsure: set[str] = set()

    def run(self) -> None:
        with contextlib.closing(self.server.connection()) as link:
            for number in range(100_000):
                names = [f"{self.label}-{number}-{at}" for at in range(BATCH)]
                try:
                    status, answer = self.server.request("POST", self.path, request(names), link)
                except (OSError, http.client.HTTPException):
                    self.unsure.update(names)
                    return
                assert status == 200, answer
                self.receipts.append(answer["receipt"])
                self.answered |= {name: alert["alert"] for name, alert in zip(names, answer["alerts"], strict=True)}


def request(names: list[str]) -> dict[str, Any]:
    return {
        "alerts": [
            {"status": "firing", "labels": {"alertname": f"Storm{name[-1:] > '4'}", "instance": name, "severity": "critical"}}
            for name in names
        ]
    }


def all_alerts(server: Server) -> dict[str, str]:
    """Every alert that there is: instance to id. None is there twice."""
    found: dict[str, str] = {}
    after = ""
    while True:
        _, answer = server.request("GET", f"/api/v1/alerts?limit=500&after={after}")
        for alert in answer["alerts"]:
            assert alert["labels"]["instance"] not in found, "an alert is there twice"
            found[alert["labels"]["instance"]] = alert["id"]
        if answer["next"] is None:
            return found
        after = answer["next"]


def kill_and_look(folder: Path, rounds: int) -> None:
    """Kill the server under load; after each start everything that was answered is there, once, in two groups that have called people once."""
    answered: dict[str, str] = {}
    unsure: set[str] = set()
    receipts: list[str] = []
    server = Server(folder)
    _, intake = server.request("GET", "/api/v1/intake")
    url = next(one["url"] for one in intake["intake"] if one["source"] == "alertmanager")
    path = "/" + url.partition("://")[2].partition("/")[2]
    for number in range(rounds):
        senders = [Sender(server, path, f"r{number}c{client}") for client in range(CLIENTS)]
        for sender in senders:
            sender.start()
        time.sleep(random.uniform(0.2, 0.5))
        server.kill()
        for sender in senders:
            sender.join(timeout=30)
            answered |= sender.answered
            unsure |= sender.unsure
            receipts += sender.receipts
        server = Server(folder)
        there = all_alerts(server)
        assert answered.items() <= there.items(), "an answered alert is lost"
        assert there.keys() <= answered.keys() | unsure
        for receipt in random.sample(receipts, min(5, len(receipts))):
            assert server.request("GET", f"/api/v1/receipts/{receipt}")[0] == 200
        again = random.sample(sorted(answered), min(BATCH, len(answered)))
        _, answer = server.request("POST", path, request(again))
        assert [(one["outcome"], one["alert"]) for one in answer["alerts"]] == [("repeated", answered[name]) for name in again]
        _, groups = server.request("GET", "/api/v1/groups")
        assert sorted(group["firing"] for group in groups["groups"]) == _by_cause(there)
        _, pages = server.request("GET", "/api/v1/pages")
        assert len(pages["pages"]) == len(groups["groups"]), "each cause calls people once"
    server.kill()


def _by_cause(there: dict[str, str]) -> list[int]:
    later = sum(name[-1:] > "4" for name in there)
    return sorted(count for count in (later, len(there) - later) if count)


def test_no_answered_alert_is_lost_when_the_server_is_killed_in_a_storm(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "data", 5)


@pytest.mark.torture
def test_no_answered_alert_is_lost_in_fifty_kills(tmp_path: Path) -> None:
    for number in range(10):
        kill_and_look(tmp_path / f"data{number}", 5)
