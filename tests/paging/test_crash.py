"""A promised page is never missing and never doubled: the server is killed in the middle of escalating, again and again."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.server import Server

CALLERS = 3
RULES = [{"contact": "file", "after": after} for after in ("0s", "1s", "2s", "3s")]


class Caller(threading.Thread):
    """Opens pages one after the other, each under its own key, and keeps those that were promised."""

    def __init__(self, server: Server, name: str) -> None:
        super().__init__(daemon=True)
        self.server, self.label = server, name
        self.promised: list[str] = []

    def run(self) -> None:
        with contextlib.closing(self.server.connection()) as link, contextlib.suppress(OSError, http.client.HTTPException):
            for number in range(100_000):
                title = f"{self.label}-{number}"
                body = {"title": title, "policy": "p", "urgency": "high"}
                status, made = self.server.request("POST", "/api/v1/pages", body, link, headers={"Idempotency-Key": title})
                assert status == 200, made
                self.promised.append(made["page"])
                time.sleep(0.02)


def kill_and_look(folder: Path, rounds: int) -> None:
    """Kill the server ``rounds`` times while pages are opened and escalate; afterwards every promised page has called everybody it had to, once."""
    server = Server(folder)
    for name in ("ana", "bo"):
        body = {"name": name, "contacts": [{"kind": "file", "value": name}], "rules": RULES}
        assert server.request("POST", f"/api/v1/people/{name}", body)[0] == 200
    steps = [{"to": ["person:ana"], "wait": "10s"}, {"to": ["person:bo"], "wait": "10s"}]
    assert server.request("POST", "/api/v1/policies/p", {"steps": steps})[0] == 200
    promised: list[str] = []
    for number in range(rounds):
        callers = [Caller(server, f"r{number}c{client}") for client in range(CALLERS)]
        for caller in callers:
            caller.start()
        time.sleep(random.uniform(0.3, 0.9))
        server.kill()
        for caller in callers:
            caller.join(timeout=30)
            promised += caller.promised
        server = Server(folder)
    assert len(promised) > rounds, "too few pages for this to mean anything"
    # Everything that the rules of the first step owe within three seconds has left by then; the callers of the last round began before it.
    time.sleep(3.5)
    outbox = {one.stem: one for one in (folder / "outbox").glob("*.json")}
    assert outbox
    for page in promised:
        status, found = server.request("GET", f"/api/v1/pages/{page}")
        assert status == 200, f"the promised page {page} is gone"
        explained = server.request("GET", f"/api/v1/pages/{page}/explain")[1]
        messages = [message for run in explained["runs"] for who in run["called"] for message in who["messages"]]
        keys = Counter(message["key"] for message in messages)
        assert max(keys.values()) == 1, f"{page} decided something twice: {keys}"
        ana = [message for message in messages if ":ana:" in message["key"]]
        # What fell due while nothing ran is one message, not several; the first and the last are always there.
        assert ana, f"{page} never called ana"
        assert ana[-1]["due_at"] == max(planned["due_at"] for planned in found["runs"][0]["people"][0]["notifications"])
        assert all(message["state"] == "sent" for message in ana), [m for m in ana if m["state"] != "sent"]
        assert all(message["state"] in ("sent", "waiting") for message in messages)  # bo is called at this very moment
    status, pager = server.request("GET", "/api/v1/pager")
    assert (status, pager["problems"]) == (200, [])
    assert server.stop() == 0


def test_no_promised_page_is_lost_or_doubled_when_the_server_is_killed_five_times(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "data", rounds=5)


@pytest.mark.torture
def test_no_promised_page_is_lost_or_doubled_when_the_server_is_killed_fifty_times(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "data", rounds=50)
