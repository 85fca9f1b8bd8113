"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.cli import output, times

NOW = datetime(2025, 10, 27, 14, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


@given(st.datetimes(datetime(2020, 1, 2), datetime(2030, 1, 1), timezones=st.just(UTC)), st.integers(0, 1439))  # noqa: DTZ001 (the strategy adds the zone)
def test_a_clock_time_is_the_last_one_not_after_now_and_the_next_one_after_it(now: datetime, minute: int) -> None:
    text = f"{minute // 60}:{minute % 60:02}"
    before = datetime.fromisoformat(times.past(text, now))
    after = datetime.fromisoformat(times.coming(text, now))
    assert before <= now < after
    assert (after - before).total_seconds() == 24 * 3600
    assert (before.hour, before.minute) == divmod(minute, 60)


def test_a_time_that_happens_twice_is_refused_with_both_readings() -> None:
    """The clocks of Berlin went back at 03:00 on 26 October 2025."""
    with pytest.raises(click.BadParameter, match=r"happens twice.*02:30:00\+02:00 or 2025-10-26T02:30:00\+01:00"):
        times.past("02:30", datetime(2025, 10, 26, 1, 45, tzinfo=UTC), BERLIN)


def test_a_time_that_happens_twice_is_clear_while_only_one_of_them_has_passed() -> None:
    assert times.past("02:30", datetime(2025, 10, 26, 0, 45, tzinfo=UTC), BERLIN) == "2025-10-26T00:30:00Z"


def test_a_time_that_the_clocks_skipped_is_looked_for_on_the_day_before() -> None:
    """No 02:30 in Berlin on 30 March 2025."""
    assert times.past("02:30", datetime(2025, 3, 30, 12, tzinfo=UTC), BERLIN) == "2025-03-29T01:30:00Z"


def test_a_time_with_a_zone_is_kept_and_one_without_is_left_to_the_server() -> None:
    assert times.past("2025-10-27T14:27+02:00", NOW) == "2025-10-27T14:27:00+02:00"
    assert times.past("2025-10-27T14:27Z", NOW) == "2025-10-27T14:27:00+00:00"
    assert times.past("2025-10-27 14:27", NOW) == "2025-10-27T14:27:00"
    assert times.past("2025-10-27 14:27", NOW, BERLIN) == "2025-10-27T14:27:00+01:00"
    assert times.past("yesterday", NOW) == "yesterday"


@pytest.mark.parametrize("text", ["24:00", "14:60", "99:99"])
def test_what_is_no_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="not a time of day"):
        times.past(text, NOW)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="Europe/Berlin"):
        times.zone_of("Middle/Earth")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (3900, "1 h 5 min"),
        (13 * 3600 + 300, "13 h"),
        (90_000, "1 d 1 h"),
        (20 * 86400, "20 d"),
    ],
)
def test_lengths_of_time_read_as_people_say_them(seconds: float, text: str) -> None:
    assert output.span(seconds) == text


def test_a_moment_of_another_day_carries_its_date() -> None:
    assert output.when("2025-10-27T14:27:00Z", NOW) == "14:27 UTC (3 min ago)"
    assert output.when("2025-10-28T09:00:00Z", NOW) == "2025-10-28 09:00 UTC (in 18 h)"
    assert output.when(None, NOW) == "–"
