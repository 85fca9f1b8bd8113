"""The live feed: one event for each change, and everything that was missed at once after coming back."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.web_pages.test_mended import fire
from tests.world import World
from tocsin.alerts.commands import AcknowledgeAlert
from tocsin.engine.model import Actor
from tocsin.incidents.commands import LogEntry


class Listener:
    """A browser's connection to the feed."""

    def __init__(self, world: World, query: str, headers: dict[str, str] | None = None) -> None:
        self.events: list[tuple[str, Any]] = []
        self.status = 0
        self._left = asyncio.Event()
        self._arrived = asyncio.Event()
        self._text = ""
        given = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/live",
            "raw_path": b"/live", "query_string": query.encode(), "root_path": "", "headers": given, "client": ("test", 0), "server": ("test", 0),
            "tocsin.actor": Actor("token", "administrator", via="test"),
        }  # fmt: skip
        self.ended = asyncio.create_task(world.app.asgi(scope, self._receive, self._send))

    async def _receive(self) -> Any:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            return
        self._text += message.get("body", b"").decode()
        while "\n\n" in self._text:
            block, _, self._text = self._text.partition("\n\n")
            lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "data" in lines:
                self.events.append((lines["id"], json.loads(lines["data"])))
        self._arrived.set()

    async def wait_for(self, number: int) -> None:
        """Wait until so many events have come."""
        async with asyncio.timeout(10):
            while len(self.events) < number:
                self._arrived.clear()
                await self._arrived.wait()

    async def opened(self) -> None:
        """Wait until the stream has begun."""
        async with asyncio.timeout(10):
            await self._arrived.wait()

    async def close(self) -> None:
        """Leave."""
        self._left.set()
        await self.ended


async def log(world: World, incident: str, text: str) -> None:
    await world.app.runtime.commit("incident", incident, LogEntry("OBSERVATION", text), Actor("person", "alice"))


def test_a_change_is_told_with_the_version_as_its_id(world: World) -> None:
    incident, other = world.declare(), world.declare()

    async def run() -> tuple[list[tuple[str, Any]], int]:
        listener = Listener(world, f"incident={incident}")
        await listener.opened()
        await asyncio.sleep(0.05)
        await log(world, other, "somewhere else")
        await log(world, incident, "here")
        await listener.wait_for(1)
        await listener.close()
        return listener.events, world.app.runtime.state("incident", incident).version

    events, version = asyncio.run(run())
    assert events == [(str(version), {"incident": incident, "version": version})]


def test_who_comes_back_is_told_at_once_what_was_missed(world: World) -> None:
    incident = world.declare()

    async def run() -> None:
        seen = world.app.runtime.state("incident", incident).version
        await log(world, incident, "while away")
        newest = world.app.runtime.state("incident", incident).version
        again = Listener(world, f"incident={incident}", {"last-event-id": str(seen)})
        await again.wait_for(1)
        assert again.events[0][0] == str(newest)
        await again.close()
        first = Listener(world, f"incident={incident}&after={seen}")
        await first.wait_for(1)
        await first.close()
        nothing = Listener(world, f"incident={incident}&after={seen}", {"last-event-id": str(newest)})
        await nothing.opened()
        await asyncio.sleep(0.1)
        assert nothing.events == []
        await nothing.close()

    asyncio.run(run())


def test_the_first_pages_hear_of_every_incident_and_catch_up_after_an_absence(world: World) -> None:
    incident = world.declare()

    async def run() -> None:
        listener = Listener(world, "")
        await listener.opened()
        await asyncio.sleep(0.05)
        await log(world, incident, "something")
        await listener.wait_for(1)
        assert listener.events[0][1]["incident"] == incident
        await listener.close()
        again = Listener(world, "", {"last-event-id": "7"})
        await again.wait_for(1)
        await again.close()

    asyncio.run(run())


def test_the_first_pages_hear_of_alerts_as_well(world: World) -> None:
    alert = fire(world)

    async def run() -> None:
        listener = Listener(world, "")
        await listener.opened()
        await asyncio.sleep(0.05)
        await world.app.runtime.commit("alert", alert, AcknowledgeAlert("bob"), Actor("person", "bob", via="test"))
        await listener.wait_for(1)
        assert listener.events[0][1]["incident"] == ""
        await listener.close()

    asyncio.run(run())


def test_there_is_no_feed_of_an_incident_that_does_not_exist(world: World) -> None:
    assert world.page("/live?incident=INC-20251027-NONE00").status == 404


def test_listeners_leave_when_the_server_stops(world: World) -> None:
    incident = world.declare()

    async def run() -> None:
        one, several = Listener(world, f"incident={incident}"), Listener(world, "")
        for listener in (one, several):
            await listener.opened()
        await asyncio.sleep(0.05)
        world.app.runtime.feed.close()
        async with asyncio.timeout(5):
            await one.ended
            await several.ended

    asyncio.run(run())
