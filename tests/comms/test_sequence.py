"""A row of updates judged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.comms.sequence import ENDED_FIRST, OUT_OF_ORDER, Sent, judge

NOON = datetime(2025, 10, 27, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)


def test_an_update_at_the_very_minute_of_the_promise_is_in_time_and_one_second_later_is_late() -> None:
    assert judge([Sent(at(0), at(30)), Sent(at(30))]).late == ()
    assert judge([Sent(at(0), at(30)), Sent(at(30) + timedelta(seconds=1))]).late == (0,)


def test_a_promise_that_nothing_followed_is_broken_once_its_time_has_passed() -> None:
    assert judge([Sent(at(0), at(30))], now=at(29)).late == ()
    assert judge([Sent(at(0), at(30))], now=at(31)).late == (0,)
    assert judge([Sent(at(0), at(30))]).late == ()


def test_the_update_that_ends_it_promises_nothing() -> None:
    assert judge([Sent(at(0), at(30)), Sent(at(10), at(20), ends=True)], now=at(99)).late == ()


def test_one_time_that_breaks_the_order_is_named_and_its_neighbours_are_not() -> None:
    found = judge([Sent(at(0)), Sent(at(90)), Sent(at(20)), Sent(at(30))])
    assert (found.out_of_order, found.flags) == ((1,), (OUT_OF_ORDER,))


def test_an_end_before_the_beginning_has_no_duration() -> None:
    found = judge([Sent(at(0), ends=True)], started=at(0), ended=at(-60))
    assert (found.duration, found.flags) == (None, (ENDED_FIRST,))


@given(st.lists(st.integers(0, 500), max_size=12))
def test_without_the_named_positions_the_times_never_go_back(minutes: list[int]) -> None:
    found = judge([Sent(at(minute)) for minute in minutes])
    kept = [minute for place, minute in enumerate(minutes) if place not in found.out_of_order]
    assert kept == sorted(kept)
    assert bool(found.out_of_order) == (minutes != sorted(minutes))
