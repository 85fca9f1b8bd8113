"""Receivers that hang, refuse, limit, drip or talk nonsense: nobody else waits for them, people are reached otherwise, and it is all told."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.servers.web import Reply, WebServer
from tests.server import Server

SOON = 2.0
"""Seconds within which whoever has nothing to do with it is called."""


def until(what: Callable[[], Any], seconds: float) -> float:
    """Wait for something, and return how long that took."""
    begin = time.monotonic()
    while time.monotonic() - begin < seconds:
        if what():
            return time.monotonic() - begin
        time.sleep(0.02)
    raise AssertionError(f"it did not happen within {seconds} s")


class Scene:
    """A server, one receiver for each kind of trouble, and one that is well."""

    def __init__(self, folder: Path) -> None:
        self.well = WebServer(lambda _got: Reply(202))
        limited = Reply(429, headers={"Retry-After": "3600"})
        self.bad = {name: WebServer(lambda _got: Reply(202)) for name in ("hang", "drip", "garbage", "limit")}
        for name, receiver in self.bad.items():
            receiver.script.extend([limited if name == "limit" else name] * 200)  # type: ignore[list-item]
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            closed = taken.getsockname()[1]
        hosts = {**{name: receiver.host for name, receiver in self.bad.items()}, "refuse": f"127.0.0.1:{closed}", "well": self.well.host}
        self.server = Server(folder / "data", "--allow-internal", ",".join(hosts.values()))
        self.files = folder / "data" / "outbox"
        for name, host in hosts.items():
            ways = [{"kind": "webhook", "value": f"http://{host}/{name}"}, {"kind": "file", "value": name}]
            self.save(f"/people/{name}", name=name, contacts=ways, rules=[{"contact": "webhook", "after": "0s"}])
            self.save(
                f"/policies/{name}",
                steps=[{"to": [f"person:{name}"], "wait": "30m"}, {"to": ["person:well"], "wait": "30m"}],
                waive="a test",
            )
            # Somebody who has no other way at all: the next step is all that is left.
            self.save(f"/people/only-{name}", name=f"only-{name}", contacts=ways[:1])
            steps = [{"to": [f"person:only-{name}"], "wait": "30m"}, {"to": ["person:well"], "wait": "30m"}]
            self.save(f"/policies/only-{name}", steps=steps, waive="a test")

    def save(self, path: str, **body: Any) -> Any:
        status, answer = self.server.request("POST", f"/api/v1{path}", body)
        assert status < 300, answer
        return answer

    def get(self, path: str) -> Any:
        status, answer = self.server.request("GET", f"/api/v1{path}")
        assert status == 200, answer
        return answer

    def written(self, page: str) -> bool:
        return any(page in one.name or page in one.read_text() for one in self.files.glob("*.json"))

    def heard(self, page: str) -> bool:
        return any(page in got.headers["idempotency-key"] for got in self.well.received)

    def close(self) -> None:
        for receiver in (self.well, *self.bad.values()):
            receiver.close()
        if self.server.process.poll() is None:
            self.server.kill()


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.close()


def test_bad_receivers_delay_nobody_and_what_they_cost_is_told(scene: Scene) -> None:
    incident = scene.save("/incidents", title="Checkout")["incident"]
    pages = {
        name: scene.save("/pages", title=name, policy=name, incident=incident)["page"]
        for name in ("refuse", "garbage", "limit", "hang", "drip")
    }
    only = {name: scene.save("/pages", title=f"only {name}", policy=f"only-{name}")["page"] for name in ("refuse", "garbage", "hang")}
    crowd = [scene.save("/pages", title="crowd", policy="hang")["page"] for _ in range(12)]
    begin = time.monotonic()
    well = scene.save("/pages", title="well", policy="well")["page"]
    assert until(lambda: scene.heard(well), 5) < SOON, "the same channel has room for a receiver that is well"
    for name in ("refuse", "garbage", "limit"):
        until(lambda name=name: scene.written(pages[name]), SOON)  # type: ignore[misc]
    for name in ("refuse", "garbage"):
        until(lambda name=name: scene.heard(only[name]), SOON)  # type: ignore[misc]
    assert time.monotonic() - begin < 3 * SOON
    for name in ("hang", "drip"):
        until(lambda name=name: scene.written(pages[name]), 15)  # type: ignore[misc]
    until(lambda: scene.heard(only["hang"]), 15)
    # Behind a receiver that hangs they are not tried one after the other: all but the one that tries it again are called otherwise.
    until(lambda: sum(map(scene.written, crowd)) >= len(crowd) - 1, 15)
    assert time.monotonic() - begin < 15
    told = " ".join(line.get("text", "") for line in scene.get(f"/incidents/{incident}/timeline"))
    for name, page in pages.items():
        story = [line["text"] for line in scene.get(f"/pages/{page}")["story"]]
        assert any("webhook" in line and ("fail" in line or "not" in line) for line in story), (name, story)
        assert f"{name} was not reached by webhook" in told or f"{name} could not be reached by webhook" in told, (name, told)
    assert scene.get("/pager")["problems"] == []
