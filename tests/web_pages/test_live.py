"""The live feed: one stream for each browser, an event that names what changed, everything that was missed at once after coming back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, insert

from tests.web_pages.test_mended import fire
from tests.world import World
from tocsin.alerts.commands import AcknowledgeAlert
from tocsin.engine.model import Actor
from tocsin.incidents.commands import LogEntry
from tocsin.incidents.tables import incident_readers
from tocsin.web import hub


class Listener:
    """A browser's connection to the feed."""

    def __init__(self, world: World, query: str = "", headers: dict[str, str] | None = None, person: str = "") -> None:
        self.events: list[tuple[str, set[str]]] = []
        self.signs = 0
        self.at = ""
        self.status = 0
        self._left = asyncio.Event()
        self._arrived = asyncio.Event()
        self._text = ""
        given = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        if person:
            given.append((b"x-tocsin-person", person.encode()))
        self.scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/live",
            "raw_path": b"/live", "query_string": query.encode(), "root_path": "", "headers": given, "client": ("test", 0), "server": ("test", 0),
            "tocsin.actor": Actor("token", "administrator", via="test"),
        }  # fmt: skip
        self.ended = asyncio.create_task(world.app.asgi(self.scope, self._receive, self._send))

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
            lines = dict(line.split(": ", 1) for line in block.splitlines())
            self.at = lines.get("id", self.at)
            if lines.get("event") == "change":
                self.events.append((lines["id"], set(json.loads(lines["data"])["topics"])))
            elif lines.get("event") == "here":
                self.signs += 1
        self._arrived.set()

    async def until(self, fits: Callable[[], bool]) -> None:
        """Wait until something is so."""
        async with asyncio.timeout(10):
            while not fits():
                self._arrived.clear()
                await self._arrived.wait()

    async def wait_for(self, topic: str) -> None:
        """Wait until an event names this topic."""
        await self.until(lambda: any(topic in named for _, named in self.events))

    async def opened(self) -> None:
        """Wait until the stream has begun."""
        await self.until(lambda: bool(self.at))

    async def close(self) -> None:
        """Leave."""
        self._left.set()
        await self.ended

    def heard(self) -> set[str]:
        """Return every topic that was named."""
        return {topic for _, named in self.events for topic in named}


async def log(world: World, incident: str, text: str, person: str = "alice") -> None:
    await world.app.runtime.commit("incident", incident, LogEntry("OBSERVATION", text), Actor("person", person))


def private(world: World, *people: str) -> str:
    """Declare a private incident that these people may read."""
    incident = world.declare(private=True)
    with world.app.runtime.database.writing() as connection:
        connection.execute(delete(incident_readers).where(incident_readers.c.incident == incident))
        connection.execute(insert(incident_readers), [{"incident": incident, "person": person} for person in people])
    return incident


def test_a_change_is_told_as_the_record_that_changed_with_a_position_of_the_log_as_its_id(world: World) -> None:
    incident = world.declare()

    async def run() -> Listener:
        listener = Listener(world)
        await listener.opened()
        await log(world, incident, "here")
        await listener.wait_for(f"incident:{incident}")
        await listener.close()
        return listener

    listener = asyncio.run(run())
    facts = world.app.runtime.facts("incident", incident)
    assert listener.events[0] == (listener.at, {f"incident:{incident}"})
    assert listener.at.split(".")[0] == str(facts[-1].position)


def test_who_comes_back_is_told_at_once_what_was_missed_and_nothing_twice(world: World) -> None:
    one, other = world.declare(), world.declare()

    async def run() -> None:
        first = Listener(world)
        await first.opened()
        await first.close()
        await log(world, one, "while away")
        again = Listener(world, "", {"last-event-id": first.at})
        await again.until(lambda: bool(again.events))
        assert again.events[0][1] == {f"incident:{one}"}
        await again.close()
        by_address = Listener(world, f"after={again.at}")
        await by_address.opened()
        await log(world, other, "something else")
        await by_address.wait_for(f"incident:{other}")
        assert by_address.heard() == {f"incident:{other}"}
        await by_address.close()

    asyncio.run(run())


def test_a_restart_of_the_server_makes_nobody_miss_anything(world: World) -> None:
    incident = world.declare()

    async def away() -> str:
        listener = Listener(world)
        await listener.opened()
        await listener.close()
        await log(world, incident, "just before the restart")
        return listener.at

    async def back(at: str) -> set[str]:
        listener = Listener(world, "", {"last-event-id": at})
        await listener.until(lambda: bool(listener.events))
        await listener.close()
        return listener.heard()

    at = asyncio.run(away())
    world.restart()
    heard = asyncio.run(back(at))
    assert f"incident:{incident}" in heard
    assert "alert" in heard, "alerts are rows without positions: after a restart they count as changed"


@pytest.mark.parametrize("after", ["999999.x.1", "nonsense", "-4", "1" * 40])
def test_whoever_was_away_too_long_or_under_another_log_is_told_that_everything_may_have_changed(world: World, after: str) -> None:
    async def run() -> set[str]:
        listener = Listener(world, "", {"last-event-id": after})
        await listener.until(lambda: bool(listener.events))
        await listener.close()
        return listener.heard()

    assert asyncio.run(run()) == {"*"}


def test_alerts_are_told_as_a_kind_and_a_mere_repeat_not_at_all(world: World) -> None:
    alert = fire(world)

    async def run() -> None:
        listener = Listener(world)
        await listener.opened()
        await asyncio.to_thread(fire_again, world)
        await asyncio.sleep(0.05)
        assert "alert" not in listener.heard()
        await world.app.runtime.commit("alert", alert, AcknowledgeAlert("bob"), Actor("person", "bob", via="test"))
        await listener.wait_for("alert")
        await listener.close()

    def fire_again(world: World) -> None:
        assert fire(world) == alert

    asyncio.run(run())


def test_a_page_says_where_the_feed_stood_before_it_was_read(world: World) -> None:
    incident = world.declare()
    position = world.page("/incidents").text.partition('data-position="')[2].partition('"')[0]

    async def run() -> set[str]:
        await log(world, incident, "between the page and its feed")
        listener = Listener(world, f"after={position}")
        await listener.until(lambda: bool(listener.events))
        await listener.close()
        return listener.heard()

    assert asyncio.run(run()) == {f"incident:{incident}"}


def test_a_private_incident_is_never_told_to_who_may_not_read_it_neither_live_nor_afterwards(world: World) -> None:
    secret, known = private(world, "ana"), world.declare()

    async def run() -> None:
        may, may_not = Listener(world, person="ana"), Listener(world, person="bob")
        for listener in (may, may_not):
            await listener.opened()
        begun = may_not.at
        await log(world, secret, "hush", "ana")
        await may.wait_for(f"incident:{secret}")
        await log(world, known, "for all")
        await may_not.wait_for(f"incident:{known}")
        for listener in (may, may_not):
            await listener.close()
        again = Listener(world, f"after={begun}", person="bob")
        await again.until(lambda: bool(again.events))
        await again.close()
        assert may_not.heard() == again.heard() == {f"incident:{known}"}

    asyncio.run(run())


def test_who_may_read_it_no_more_is_told_once_so_that_what_they_see_goes(world: World) -> None:
    secret, known = private(world, "ana", "bob"), world.declare()

    async def run() -> None:
        listener = Listener(world, person="bob")
        await listener.opened()
        await log(world, secret, "hush", "ana")
        await listener.wait_for(f"incident:{secret}")
        with world.app.runtime.database.writing() as connection:
            connection.execute(delete(incident_readers).where(incident_readers.c.person == "bob"))
        listener.events.clear()
        await log(world, secret, "without bob", "ana")
        await listener.wait_for(f"incident:{secret}")
        listener.events.clear()
        await log(world, secret, "still without bob", "ana")
        await log(world, known, "for all")
        await listener.wait_for(f"incident:{known}")
        assert listener.heard() == {f"incident:{known}"}
        await listener.close()

    asyncio.run(run())


def test_the_stream_ends_with_the_session_and_shows_that_it_lives_until_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "STILL_HERE", 0.0)

    async def run() -> None:
        listener = Listener(world)
        await listener.until(lambda: listener.signs > 0)
        del listener.scope["tocsin.actor"]  # as if it had ended
        async with asyncio.timeout(5):
            await listener.ended

    asyncio.run(run())


def test_nobody_listens_without_having_signed_in(world: World) -> None:
    assert world.page("/live", headers={"authorization": "Bearer wrong"}).status == 401


def test_a_storm_is_a_few_events_and_many_records_of_a_kind_are_told_as_the_kind(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "_MOST_TOPICS", 10)
    incidents = [world.declare() for _ in range(12)]

    async def run() -> Listener:
        listener = Listener(world)
        await listener.opened()
        await log(world, incidents[0], "the first goes out at once")
        await listener.wait_for(f"incident:{incidents[0]}")
        await asyncio.gather(*(log(world, incident, f"{number}") for number in range(20) for incident in incidents))
        await listener.wait_for("incident")
        await asyncio.sleep(0.25)
        await listener.close()
        return listener

    listener = asyncio.run(run())
    assert len(listener.events) < 15
    assert listener.heard() <= {"incident", *(f"incident:{one}" for one in incidents)}


def test_listeners_leave_when_the_server_stops(world: World) -> None:
    async def run() -> None:
        listeners = [Listener(world) for _ in range(3)]
        for listener in listeners:
            await listener.opened()
        world.app.runtime.feed.close()
        async with asyncio.timeout(5):
            for listener in listeners:
                await listener.ended

    asyncio.run(run())
