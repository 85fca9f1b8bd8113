"""Timers, deliveries and the virtual clock, on both databases."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.engine.conftest import START, House
from tests.engine.counters import Raise
from tocsin.engine import tables
from tocsin.engine.clock import SystemClock
from tocsin.engine.errors import Refused
from tocsin.engine.model import SYSTEM
from tocsin.engine.ports import ChannelFailed, Message


def test_a_timer_rings_exactly_when_it_is_due_and_once(house: House) -> None:
    house.runtime.commit_now("counter", "a", Raise(1, wake_in=60), SYSTEM)
    house.runtime.advance(START + timedelta(seconds=59))
    assert house.runtime.state("counter", "a").rang == 0
    house.runtime.advance(START + timedelta(hours=5))
    assert house.runtime.state("counter", "a").rang == 1
    rang = house.runtime.facts("counter", "a")[-1]
    assert rang.recorded_at == START + timedelta(seconds=60)


def test_advancing_steps_through_every_due_time_in_order(house: House) -> None:
    for name, seconds in (("late", 300), ("soon", 10), ("middle", 120)):
        house.runtime.commit_now("counter", name, Raise(1, wake_in=seconds), SYSTEM)
    house.runtime.advance(START + timedelta(minutes=10))
    rung = {name: house.runtime.facts("counter", name)[-1].recorded_at for name in ("soon", "middle", "late")}
    assert [(at - START).total_seconds() for at in rung.values()] == [10, 120, 300]


def test_a_timer_survives_a_restart(house: House) -> None:
    house.runtime.commit_now("counter", "a", Raise(1, wake_in=60), SYSTEM)
    house.restart()
    house.runtime.advance(START + timedelta(minutes=2))
    assert house.runtime.state("counter", "a").rang == 1


def test_time_does_not_run_back_and_a_real_clock_is_not_moved(house: House) -> None:
    house.runtime.advance(START + timedelta(minutes=2))
    house.clock.set(START)
    assert house.clock.now() == START + timedelta(minutes=2)
    house.runtime.clock = SystemClock()
    with pytest.raises(Refused, match="virtual-clock"):
        house.runtime.advance(START + timedelta(days=1))


def test_a_message_is_intent_first_then_sent_then_recorded(house: House, tmp_path: Path) -> None:
    house.runtime.commit_now("counter", "a", Raise(1, tell="ops"), SYSTEM)
    with house.runtime.database.reading() as connection:
        waiting = connection.execute(select(tables.deliveries)).one()
    assert (waiting.state, waiting.sent) == ("waiting", None)
    house.runtime.settle()
    with house.runtime.database.reading() as connection:
        sent = connection.execute(select(tables.deliveries)).one()
    assert sent.state == "sent"
    assert json.loads(sent.sent)["subject"] == "to ops"
    files = list((tmp_path / "outbox").glob("*.json"))
    assert len(files) == 1


class Flaky:
    """A channel that fails twice before it works."""

    name = "file"

    def __init__(self) -> None:
        self.tried: list[str] = []

    def send(self, message: Message) -> str:
        self.tried.append(message.key)
        if len(self.tried) < 3:
            raise ChannelFailed("busy")
        return "ok"


def test_a_failed_message_is_tried_again_later_under_the_same_key(house: House) -> None:
    channel = Flaky()
    house.runtime.outbox._channels = {"file": channel}
    house.runtime.commit_now("counter", "a", Raise(1, tell="ops"), SYSTEM)
    house.runtime.settle()
    assert len(channel.tried) == 1
    house.runtime.advance(START + timedelta(minutes=1))
    house.runtime.settle()
    house.runtime.advance(START + timedelta(minutes=2))
    assert channel.tried == ["a:1"] * 3
    with house.runtime.database.reading() as connection:
        assert connection.execute(select(tables.deliveries.c.state)).scalar() == "sent"
