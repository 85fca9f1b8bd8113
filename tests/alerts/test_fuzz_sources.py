"""Whatever is sent to whichever source: it is read, or refused with a place. Never an accident, and never half an alert."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.alerts.odd_bodies import odd_body
from tests.world import Answer, World
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Signal
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.registry import READERS
from tocsin.engine import limits

NOW = datetime(2025, 10, 27, 14, 25, tzinfo=UTC)
EVERY = pytest.mark.parametrize("source", sorted(READERS))
EXAMPLES = 200
LONG = 10_000


def try_one(source: str, seed: int) -> None:
    body, media = odd_body(source, random.Random(seed))
    try:
        reading = READERS[source](Sent(body, NOW, media))
    except WrongBody as refusal:
        # What is refused says what, and what to do; a message may quote what was sent, and goes out as JSON.
        assert refusal.what, "no word about what is wrong"  # noqa: PT017
        msgspec.json.encode([refusal.what.encode("utf-8", "replace").decode(), refusal.fix])
        return
    assert isinstance(reading, Reading)
    for signal in reading.signals:
        keeps(signal)


def keeps(signal: Signal) -> None:
    """An alert can be stored, found again and shown."""
    again = msgspec.json.decode(msgspec.json.encode(signal))
    assert "\x00" not in "".join(texts_in(again)), "a character that no database keeps"
    assert 0 < len(signal.fingerprint) <= 200
    assert 0 < len(signal.title) <= 300
    assert signal.title.strip()
    for at in (signal.starts_at, signal.ends_at, signal.expires_at):
        assert at is None or (at.tzinfo is not None and limits.FIRST_YEAR <= at.year <= limits.LAST_YEAR)
    assert all(url.casefold().startswith(("http://", "https://")) for url in signal.links.values())
    assert all(isinstance(one, str) for pair in signal.labels.items() for one in pair)
    assert signal.status != "resolved" or signal.expires_at is None


def texts_in(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case dict():
            return [text for pair in value.items() for one in pair for text in texts_in(one)]
        case list():
            return [text for one in value for text in texts_in(one)]
        case _:
            return []


@EVERY
@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=st.integers(0, 2**48))
def test_any_request_is_read_or_refused_and_nothing_else(source: str, seed: int) -> None:
    try_one(source, seed)


@pytest.mark.torture
@EVERY
def test_ten_thousand_requests_are_read_or_refused_and_nothing_else(source: str) -> None:
    for seed in range(LONG):
        try_one(source, seed)


# --- through the intake ---------------------------------------------------------------------------------------------------------------------


def send_all(world: World, source: str, seeds: range) -> list[Answer]:
    """Send many requests at the same time, so that they share commits as in a storm."""
    bodies = [odd_body(source, random.Random(seed)) for seed in seeds]

    async def all_of_them() -> list[Answer]:
        path = f"/intake/{source}/a-key-of-{source}"
        return list(await asyncio.gather(*(world._call("POST", path, {"content-type": media}, body) for body, media in bodies)))

    return asyncio.run(all_of_them())


def whole(world: World, source: str, answers: list[Answer]) -> None:
    """Every request has its receipt, and every alert that an answer names can be read."""
    for answer in answers:
        assert answer.status < 500, answer.text
        assert answer.status != 404, answer.text
        assert answer.json, "an answer says something"
    newest = world.get("/receipts", limit=500, source=source)["receipts"]
    assert len(newest) >= min(len(answers), 500)
    named = {alert["alert"] for answer in answers if answer.status < 300 for alert in answer.json.get("alerts", []) if alert["alert"]}
    for alert in sorted(named)[:3]:
        json.dumps(world.get(f"/alerts/{alert}"))
    for receipt in newest[:3]:
        told = world.get(f"/receipts/{receipt['id']}")
        assert all(one["alert"] is None or world.get(f"/alerts/{one['alert']}") for one in told["alerts"][:3])


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("odd") / "data")
    yield world
    world.restart()  # what was kept can be read again
    assert world.get("/alerts")["alerts"]
    world.close()


@EVERY
def test_the_intake_takes_or_refuses_whatever_comes(shared: World, source: str) -> None:
    whole(shared, source, send_all(shared, source, range(EXAMPLES)))


@pytest.mark.torture
@EVERY
def test_the_intake_survives_ten_thousand_odd_requests(world: World, source: str) -> None:
    for first in range(0, LONG, 250):
        for answer in send_all(world, source, range(first, first + 250)):
            assert answer.status < 500, answer.text
            assert answer.status != 404, answer.text
    world.restart()
    json.dumps(world.get("/alerts", limit=500))
