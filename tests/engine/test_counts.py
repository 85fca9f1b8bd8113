"""What the engine tells of itself: how each channel does, and how late anything is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.engine.conftest import START, House
from tests.engine.counters import Raise, Tell
from tests.world import World
from tocsin.engine.health import measure
from tocsin.engine.model import SYSTEM
from tocsin.engine.ports import ChannelFailed, Message


class Moody:
    """Sends, fails for now or fails for good, as the target says."""

    name = "moody"

    def send(self, message: Message) -> str:
        if message.target == "never":
            raise ChannelFailed("no such number", permanent=True)
        if message.target == "later":
            raise ChannelFailed("busy")
        return "ok"


def test_each_channel_counts_what_it_sent_gave_up_and_tries_again(tmp_path: Path) -> None:
    house = House(f"sqlite:///{tmp_path / 'tocsin.db'}", tmp_path, channels={"moody": Moody()})
    messages = tuple((str(number), "moody", target) for number, target in enumerate(("now", "now", "never", "later")))
    house.runtime.commit_now("counter", "a", Tell(messages), SYSTEM)
    house.runtime.settle()
    counts = measure(house.runtime).channels["moody"]
    assert (counts.sent, counts.failed, counts.retried, counts.in_flight, counts.waiting) == (2, 1, 1, 0, 1)
    assert counts.late_seconds == 0
    house.runtime.stop()


def test_a_message_counts_as_late_from_when_it_was_due(tmp_path: Path) -> None:
    house = House(f"sqlite:///{tmp_path / 'tocsin.db'}", tmp_path, channels={"moody": Moody()})
    house.runtime.commit_now("counter", "a", Tell((("1", "moody", "now"),)), SYSTEM)
    house.clock.set(START + timedelta(seconds=7))
    house.runtime.settle()
    counts = measure(house.runtime).channels["moody"]
    assert (counts.late_seconds, counts.late_most) == (7, 7)
    house.runtime.stop()


def test_timers_count_how_late_records_were_woken(house: House) -> None:
    house.runtime.commit_now("counter", "a", Raise(1, wake_in=60), SYSTEM)
    house.clock.set(START + timedelta(seconds=62))
    house.runtime.settle()
    woken = measure(house.runtime).woken
    assert (woken.count, woken.total, woken.most) == (1, 2, 2)


def test_the_counts_stand_among_the_metrics(world: World) -> None:
    world.declare()
    world.advance(minutes=30)
    text = world.send("GET", "/metrics", person="").text
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(lines['tocsin_channel_sent_total{channel="file"}']) >= 1
    assert float(lines['tocsin_channel_lateness_seconds_count{channel="file"}']) >= 1
    assert lines['tocsin_channel_in_flight{channel="file"}'] == "0.0"
    assert "tocsin_timer_lateness_seconds_count" in lines
