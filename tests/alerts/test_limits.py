"""What one sender may take of the server: bytes, seconds, room."""

import asyncio
import gzip
import json
import time
from typing import Any

import pytest

from tests.alerts.bodies import one
from tests.alerts.entering import fires, journal, say
from tests.world import Answer, World
from tocsin.alerts.intake import Intake, Limits


def packed(world: World, raw: bytes, how: str = "gzip") -> Answer:
    return world.send("POST", "/intake/alertmanager/k", raw=raw, person="", headers={"content-encoding": how})


def test_a_body_that_is_too_large_once_it_is_unpacked_is_refused(world: World) -> None:
    assert packed(world, gzip.compress(b" " * 5_000_001)).status == 413


@pytest.mark.parametrize(("raw", "how"), [(b"not packed", "gzip"), (gzip.compress(b"{}", mtime=0)[:-9], "gzip"), (b"{}", "br")])
def test_a_body_that_cannot_be_unpacked_is_refused_and_says_so(world: World, raw: bytes, how: str) -> None:
    answer = packed(world, raw, how)
    assert (answer.status, answer.json["field"]) == (422, "Content-Encoding")


def test_a_body_that_is_announced_as_too_large_is_refused_before_it_comes(world: World) -> None:
    answer = world.send("POST", "/intake/alertmanager/k", raw=b"{}", person="", headers={"content-length": "5000001"})
    assert (answer.status, answer.headers["connection"]) == (413, "close")


def call(world: World, parts: list[bytes], pause: float, deadline: float = 0.3) -> tuple[int, dict[str, str], float]:
    """Send a body in parts, with a pause before each; return status, headers and how long it took."""
    sent: list[dict[str, Any]] = []
    waiting = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        if not waiting:
            return {"type": "http.disconnect"}
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "POST", "path": "/intake/alertmanager/k", "query_string": b"", "headers": [], "client": ("10.0.0.1", 1),
    }  # fmt: skip
    begin = time.monotonic()
    asyncio.run(Intake(world.app.asgi, world.app.runtime, {}, Limits(deadline=deadline))(scope, receive, send))
    lasted = time.monotonic() - begin
    if not sent:
        return 0, {}, lasted
    return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}, lasted


def test_a_body_that_comes_in_parts_is_read_whole(world: World) -> None:
    raw = json.dumps(one()).encode()
    assert call(world, [raw[:100], raw[100:200], raw[200:]], 0.01)[0] == 200
    assert world.get("/receipts/R-1")["size"] == len(raw)


def test_a_slow_sender_is_cut_off_at_the_deadline_and_nothing_is_kept(world: World) -> None:
    status, headers, lasted = call(world, [b"{"] * 100, 0.05)
    assert (status, headers["connection"]) == (408, "close")
    assert lasted < 2
    assert world.get("/receipts")["receipts"] == []


def test_a_sender_that_goes_away_half_way_is_not_answered(world: World) -> None:
    status, _, _ = call(world, [b""], 0.01, deadline=5)
    assert status in (0, 422)

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/intake/alertmanager/k",
        "query_string": b"",
        "headers": [],
        "client": None,
    }
    asyncio.run(world.app.asgi(scope, gone, send))
    assert sent == []


@pytest.mark.parametrize("room", ["most_requests", "most_bytes"])
def test_when_too_much_waits_senders_are_asked_to_come_again(world: World, room: str) -> None:
    setattr(journal(world).door, room, 0)
    answer = world.send("POST", "/intake/alertmanager/k", one(), person="")
    assert (answer.status, answer.headers["retry-after"], answer.json["type"]) == (503, "1", "urn:tocsin:problem:intake.overloaded")
    setattr(journal(world).door, room, 1_000_000)
    assert world.send("POST", "/intake/alertmanager/k", one(), person="").status == 200
    assert len(world.get("/receipts")["receipts"]) == 1


def test_nothing_is_left_waiting_when_all_is_answered(world: World) -> None:
    say(world, fires(), fires("Other"))
    door = journal(world).door
    assert (door.bytes, door.requests) == (0, 0)


@pytest.mark.parametrize("path", ["/intake/alertmanager", "/intake/alertmanager/k/more", "/intake//k", "/intake/alertmanager/"])
def test_an_address_that_is_none_is_not_found(world: World, path: str) -> None:
    assert world.send("POST", path, one(), person="").status == 404


def test_only_posting_sends(world: World) -> None:
    answer = world.send("GET", "/intake/alertmanager/k", person="")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


def test_a_stopped_server_says_so_and_is_not_at_fault(world: World) -> None:
    world.app.runtime.committer.stop()
    assert world.send("POST", "/intake/alertmanager/k", one(), person="").status == 503
