"""Ninety days of a component, checked against a slow and obvious answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tocsin.comms.status.bars import HEIGHT, bars
from tocsin.comms.status.history import DAYS, Day, Span, days_of, flattened, percent, uptime
from tocsin.comms.status.paragraphs import blocks
from tocsin.comms.status.vocabulary import ORDER, OUTAGES, rank

NOW = datetime(2025, 10, 27, 14, tzinfo=UTC)
BEGIN = NOW - timedelta(days=3)

hours = st.integers(-10, 90)
some_spans = st.lists(
    st.tuples(hours, hours, st.sampled_from(ORDER[1:])).map(
        lambda t: Span(BEGIN + timedelta(hours=min(t[0], t[1])), BEGIN + timedelta(hours=max(t[0], t[1])), t[2], "x")
    ),
    max_size=6,
)


def state_at(spans: list[Span], at: datetime) -> str:
    return max((span.state for span in spans if span.since <= at < span.until), key=rank, default="operational")


@given(some_spans)
def test_at_each_hour_the_worst_of_all_counts(spans: list[Span]) -> None:
    flat = flattened(spans, BEGIN, NOW)
    for hour in range(72):
        at = BEGIN + timedelta(hours=hour, minutes=30)
        assert state_at(flat, at) == state_at(spans, at)
    assert all(before.until <= after.since for before, after in pairwise(flat))


@given(some_spans)
def test_days_and_uptime_count_each_second_once(spans: list[Span]) -> None:
    flat = flattened(spans, BEGIN, NOW)
    days = days_of(flat, NOW, 10)
    out = sum((span.until - span.since).total_seconds() for span in flat if span.state in OUTAGES)
    assert sum(day.seconds.get(state, 0) for day in days for state in OUTAGES) == out
    assert uptime(flat, BEGIN, NOW) == 1 - out / (NOW - BEGIN).total_seconds()
    for day in days:
        assert day.worst == max(day.seconds, key=rank, default="operational")


def test_an_uptime_is_never_rounded_up_to_what_it_was_not() -> None:
    assert [percent(part) for part in (1.0, 0.999999, 0.99985, 0.0, None)] == ["100 %", "99.99 %", "99.98 %", "0.00 %", ""]


def test_a_day_is_a_bar_and_what_is_worse_stands_higher() -> None:
    days = [Day(NOW - timedelta(days=DAYS - 1 - n), "major_outage" if n == 4 else "operational", {}, ()) for n in range(DAYS)]
    by_state = {one.state: one for one in bars(days, NOW - timedelta(days=300))}
    assert by_state["major_outage"].width == HEIGHT > by_state["operational"].width
    assert by_state["major_outage"].path == "M16 14H19"
    assert by_state["operational"].path.count("M") == 2


def test_plain_text_becomes_paragraphs_and_lists_and_nothing_else() -> None:
    found = blocks("One\ntwo\n\n- a\n- b\nthree\n\n\n* c")
    assert [(block.kind, block.lines) for block in found] == [
        ("text", ("One", "two")),
        ("list", ("a", "b")),
        ("text", ("three",)),
        ("list", ("c",)),
    ]
