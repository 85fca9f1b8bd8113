"""Timers: never early, as good as never late, however many there are and whatever goes wrong with some."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from tests.engine.conftest import START, House
from tests.engine.counters import Raise
from tocsin.engine import tables
from tocsin.engine.clock import SystemClock
from tocsin.engine.committer import Submission
from tocsin.engine.model import SYSTEM, moment


@pytest.fixture
def running(tmp_path: Path) -> Iterator[House]:
    """A house on the machine's clock."""
    house = House(f"sqlite:///{tmp_path / 'tocsin.db'}", tmp_path, clock=SystemClock())
    yield house
    house.runtime.stop()


def wake(house: House, names: dict[str, float]) -> list[Submission]:
    """Have counters woken after so many seconds, all from one moment on."""
    return house.together(*(Submission(f"counter:{name}", Raise(1, wake_in=seconds), SYSTEM) for name, seconds in names.items()))


def rang(house: House) -> list[tuple[str, datetime, datetime]]:
    """Return record, when it was due and when it rang, in the order of the log."""
    with house.runtime.database.reading() as connection:
        due = {row.stream: row.body for row in connection.execute(select(tables.facts).where(tables.facts.c.type == "counter.raised"))}
        rows = connection.execute(select(tables.facts).where(tables.facts.c.type == "counter.rang").order_by(tables.facts.c.position)).all()
    return [
        (row.stream, datetime.fromisoformat(due[row.stream].split('"wake_at":"')[1].split('"')[0]), moment(row.recorded_at)) for row in rows
    ]


def test_no_timer_is_early_and_all_ring_in_their_order(running: House) -> None:
    wake(running, {f"n{number}": 0.3 + number * 0.003 for number in range(200)})
    end = time.monotonic() + 10
    while len(done := rang(running)) < 200:
        assert time.monotonic() < end
        time.sleep(0.02)
    late = [(at - due).total_seconds() for _, due, at in done]
    assert min(late) >= 0
    assert sorted(late)[len(late) // 2] < 1, "bench/timers.py measures"
    assert [due for _, due, _ in done] == sorted(due for _, due, _ in done)
    assert running.runtime.timers.lateness().count == 200


def test_ten_thousand_that_are_due_at_once_are_all_woken_together(tmp_path: Path) -> None:
    house = House(f"sqlite:///{tmp_path / 'tocsin.db'}", tmp_path)
    wake(house, {f"n{number}": 60 for number in range(10_000)})
    commits = house.runtime.committer.commits
    house.runtime.advance(START + timedelta(minutes=1))
    with house.runtime.database.reading() as connection:
        assert connection.execute(select(func.count()).where(tables.facts.c.type == "counter.rang")).scalar() == 10_000
        assert connection.execute(select(func.count()).select_from(tables.timers)).scalar() == 0
    assert house.runtime.committer.commits - commits < 300
    house.runtime.stop()


def test_one_that_fails_stays_due_and_holds_nobody_up(running: House) -> None:
    broken = threading.Event()
    broken.set()

    def fail(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if broken.is_set() and "INSERT INTO facts" in statement and "'bad'" in str(parameters).replace("counter:", ""):
            raise ValueError("this row is poison")

    wake(running, {"bad": 0.2, "good": 0.2, "later": 0.4})
    event.listen(running.runtime.database._writer, "before_cursor_execute", fail)
    end = time.monotonic() + 10
    while len(rang(running)) < 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert {stream for stream, _, _ in rang(running)} == {"counter:good", "counter:later"}
    assert 0 < running.runtime.timers.troubles < 20, "it is tried again, but not in a tight circle"
    broken.clear()
    while len(rang(running)) < 3:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert running.runtime.state("counter", "bad").rang == 1


def test_a_time_that_is_moved_counts_as_it_was_moved(house: House) -> None:
    wake(house, {"a": 60, "b": 60})
    wake(house, {"a": 600})
    wake(house, {"b": 10})
    assert house.runtime.timers.next_due() == START + timedelta(seconds=10)
    house.runtime.advance(START + timedelta(seconds=60))
    assert house.runtime.state("counter", "a").rang == 0
    assert house.runtime.state("counter", "b").rang == 1
    house.runtime.advance(START + timedelta(seconds=600))
    assert house.runtime.state("counter", "a").rang == 1


def test_a_time_that_stands_in_the_table_alone_is_found(house: House) -> None:
    """Whatever went wrong in memory: a row that is due is due."""
    wake(house, {"a": 60})
    house.runtime.timers._due.clear()
    house.runtime.timers._heap.clear()
    house.clock.set(START + timedelta(minutes=1))
    house.runtime.settle()
    assert house.runtime.state("counter", "a").rang == 1


def test_a_tick_finds_many_records_with_few_queries(house: House) -> None:
    wake(house, {f"n{number}": 60 for number in range(200)})
    house.restart()
    selects: list[str] = []

    def notice(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            selects.append(statement)

    event.listen(house.runtime.database._writer, "before_cursor_execute", notice)
    house.runtime.advance(START + timedelta(minutes=1))
    assert house.runtime.state("counter", "n199").rang == 1
    assert len(selects) < 10


names = st.sampled_from("abcdef")
steps = st.lists(st.one_of(st.tuples(names, st.integers(1, 100)), st.integers(0, 60)), max_size=25)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_the_heap_in_memory_says_what_the_table_says(tmp_path_factory: pytest.TempPathFactory, steps: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("heap")
    house = House(f"sqlite:///{folder / 'tocsin.db'}", folder)
    try:
        for step in steps:
            if isinstance(step, int):
                house.runtime.advance(house.clock.now() + timedelta(seconds=step))
            else:
                name, seconds = step
                wake(house, {name: seconds})
            with house.runtime.database.reading() as connection:
                rows = {row.stream: row.due_at for row in connection.execute(select(tables.timers))}
            assert house.runtime.timers._due == rows
            assert house.runtime.timers.next_due() == (moment(min(rows.values())) if rows else None)
            assert not rows or moment(min(rows.values())) > house.clock.now() or isinstance(step, tuple)
    finally:
        house.runtime.stop()
