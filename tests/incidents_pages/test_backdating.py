"""Times as people type them, beside an entry and in brackets at its beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.errors import Refused
from tocsin.incidents.backdating import bracketed, moment, when

NOW = datetime(2025, 10, 27, 14, 25, 30, tzinfo=UTC)
MOMENTS = st.integers(1_577_900_000, 2_051_222_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
CLOCKS = st.times().map(lambda at: at.replace(second=0, microsecond=0))


@given(CLOCKS, MOMENTS)
def test_a_clock_time_means_the_last_time_the_clock_stood_there_give_or_take_two_minutes(clock: object, now: datetime) -> None:
    at, text = bracketed(f"[{clock:%H:%M}] rolled back", now)
    assert text == "rolled back"
    assert at is not None
    assert f"{at:%H:%M}" == f"{clock:%H:%M}"
    assert -timedelta(minutes=2) <= now - at < timedelta(days=1)


@given(st.integers(0, 10_000), st.sampled_from("smhd"), st.sampled_from(["[-{n}{u}] x", "[{n}{u} ago] x", "[- {n} {u}]x"]))
def test_a_span_counts_back_from_now(number: int, unit: str, form: str) -> None:
    at, text = bracketed(form.format(n=number, u=unit), NOW)
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert (at, text) == (NOW - timedelta(seconds=number * seconds), "x")


@given(st.text(max_size=80))
def test_whatever_is_typed_is_an_entry_or_a_refusal_that_names_the_field_and_text_without_a_time_stays_as_it_is(text: str) -> None:
    at, rest, refused = None, text, None
    try:
        at, rest = bracketed(text, NOW)
    except Refused as refusal:
        refused = refusal
    if refused is not None:
        assert (refused.field, bool(refused.fix)) == ("text", True)
    elif at is None:
        assert rest == text
    else:
        assert rest
        assert text.endswith(rest) or text.rstrip().endswith(rest)


@pytest.mark.parametrize(
    "text",
    ["[ERROR] pool is full", "[1] first", "[v2.3.1] is out", "no bracket [14:05]", "[]", "[abc", "[12:30:99x] y", "[5m] is the window"],
)
def test_other_brackets_are_part_of_the_text(text: str) -> None:
    assert bracketed(text, NOW) == (None, text)


@pytest.mark.parametrize("text", ["[25:00] x", "[14:61] x", "[14:05]", "[2025-13-01 14:05] x", "[99999999999d ago] x"])
def test_what_looks_like_a_time_and_is_none_is_refused_and_so_is_a_time_without_a_text(text: str) -> None:
    if text.startswith("[9999"):
        assert bracketed(text, NOW) == (None, text)  # too long for a number of days: a text
        return
    with pytest.raises(Refused) as refused:
        bracketed(text, NOW)
    assert refused.value.field == "text"


def test_a_date_names_its_day() -> None:
    assert bracketed("[2025-10-26 23:10] paged", NOW) == (datetime(2025, 10, 26, 23, 10, tzinfo=UTC), "paged")
    assert bracketed("[23:10] paged", NOW)[0] == datetime(2025, 10, 26, 23, 10, tzinfo=UTC)  # yesterday: today's is still to come
    assert bracketed("[14:26] paged", NOW)[0] == datetime(2025, 10, 27, 14, 26, tzinfo=UTC)  # a watch that is a little fast


def test_two_times_that_differ_are_asked_about_and_the_same_time_twice_is_none_too_many() -> None:
    with pytest.raises(Refused, match="two times: 14:05 in its text and 13:00 beside it"):
        when("[14:05] x", "13:00", "", NOW)
    assert when("[14:05] x", "14:05", "", NOW) == (datetime(2025, 10, 27, 14, 5, tzinfo=UTC), "x")
    assert when("x", "", "", NOW) == (None, "x")


def test_an_entry_that_waited_for_the_network_happened_when_it_was_written() -> None:
    written = "2025-10-27T14:10:00.000+00:00"
    assert when("x", "", written, NOW) == (datetime(2025, 10, 27, 14, 10, tzinfo=UTC), "x")
    assert when("[-5m] x", "", written, NOW)[0] == datetime(2025, 10, 27, 14, 5, tzinfo=UTC)
    for nonsense in (
        "2025-10-27T14:25:00+00:00",
        "2025-10-27T18:00:00+00:00",
        "2020-01-01T00:00:00+00:00",
        "soon",
        "2025-10-27T14:10",
        "0001-01-01T00:00:00+23:59",
    ):
        assert when("x", "", nonsense, NOW) == (None, "x")


@pytest.mark.parametrize("text", ["", "now", "  Now "])
def test_nothing_means_now(text: str) -> None:
    assert moment(text, NOW) is None
