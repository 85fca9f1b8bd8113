"""Timers, deliveries and the virtual clock, on both databases."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.engine.conftest import START, House
from tests.engine.counters import Raise
from tocsin.engine import tables, worker
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


class Stubborn(worker.Worker):
    """A worker whose work fails twice before it succeeds."""

    tried = 0

    def work(self) -> bool:
        self.tried += 1
        if self.tried < 3:
            raise OSError("the disk is gone")
        return False

    def rest(self) -> float:
        return 0.01


def test_a_worker_outlives_whatever_goes_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """The thread that wakes people must not end because of a full disk."""
    monkeypatch.setattr(worker, "_AFTER_TROUBLE", 0.01)
    made = Stubborn("test", SystemClock())
    made.start()
    for _ in range(500):
        if made.tried > 3:
            break
        time.sleep(0.01)
    made.stop()
    assert made.tried > 3
    assert made.troubles == 2


def test_timers_ring_by_themselves_on_a_clock_that_runs(tmp_path: Path) -> None:
    class Running(House):
        def __init__(self, url: str, folder: Path) -> None:
            super().__init__(url, folder)
            self.runtime.stop()
            self.clock = SystemClock()
            self.runtime = self._start()

    house = Running(f"sqlite:///{tmp_path / 'tocsin.db'}", tmp_path)
    house.runtime.commit_now("counter", "a", Raise(1, tell="ops", wake_in=0.3), SYSTEM)
    for _ in range(500):
        if house.runtime.state("counter", "a").rang and list((tmp_path / "outbox").glob("*.json")):
            break
        time.sleep(0.01)
    rang = house.runtime.facts("counter", "a")[-1]
    first = house.runtime.facts("counter", "a")[0]
    house.runtime.stop()
    assert 0.3 <= (rang.recorded_at - first.recorded_at).total_seconds() < 1.5
    assert list((tmp_path / "outbox").glob("*.json"))
