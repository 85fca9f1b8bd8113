"""Deadlines in calendars, held against an oracle that walks minute by minute and looks at the clock on the wall."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.playbooks.calendars import counted, due, is_counted
from tocsin.playbooks.durations import Duration
from tocsin.playbooks.errors import NeverDue
from tocsin.playbooks.response import Calendar, Weekday

MINUTE = timedelta(minutes=1)
WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# Days on which clocks change: Berlin and New York in both directions, Lord Howe (by half an hour), Santiago (at midnight), Apia (a day left out).
CHANGES = [
    ("Europe/Berlin", datetime(2026, 3, 29, tzinfo=UTC)),
    ("Europe/Berlin", datetime(2026, 10, 25, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 3, 8, tzinfo=UTC)),
    ("America/New_York", datetime(2026, 11, 1, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, tzinfo=UTC)),
    ("Australia/Lord_Howe", datetime(2026, 10, 3, 15, tzinfo=UTC)),
    ("America/Santiago", datetime(2026, 9, 6, 4, tzinfo=UTC)),
    ("Pacific/Apia", datetime(2011, 12, 30, tzinfo=UTC)),
    ("UTC", datetime(2026, 6, 1, tzinfo=UTC)),
]
OFFICE = Calendar(id="office", name="Office", zone="Europe/Berlin", holidays=("2026-12-25",))


def counts(calendar: Calendar, instant: datetime) -> bool:
    """The oracle: does a clock on the wall show a counted time at this instant?"""
    wall = instant.astimezone(ZoneInfo(calendar.zone))
    clock = wall.strftime("%H:%M")
    return is_counted(calendar, wall.date()) and calendar.start <= clock < calendar.end


def walk(calendar: Calendar, start: datetime, span: timedelta) -> datetime:
    """The oracle: pass the minutes one by one."""
    at, left = start, span
    while left:
        if counts(calendar, at):
            left -= MINUTE
        at += MINUTE
    return at


@st.composite
def clocks(draw: st.DrawFn) -> tuple[str, str]:
    minutes = st.integers(0, 24 * 4)
    start, end = sorted(draw(st.lists(minutes, min_size=2, max_size=2, unique=True)))
    return f"{start // 4:02}:{start % 4 * 15:02}", f"{end // 4:02}:{end % 4 * 15:02}"


@st.composite
def cases(draw: st.DrawFn) -> tuple[Calendar, datetime]:
    zone, change = draw(st.sampled_from(CHANGES))
    start, end = draw(clocks())
    if start == "24:00":
        start = "23:45"
    days = draw(st.lists(st.sampled_from(WEEK), min_size=3, max_size=7, unique=True))
    holidays = draw(st.lists(st.sampled_from([(change.date() + timedelta(days=n)).isoformat() for n in range(-2, 3)]), max_size=2))
    calendar = Calendar(id="c", name="C", zone=zone, days=tuple(days), start=start, end=end, holidays=tuple(holidays))
    return calendar, change + MINUTE * draw(st.integers(-3 * 24 * 60, 2 * 24 * 60))


@given(cases(), st.integers(0, 40 * 60))
def test_the_direct_answer_equals_walking_every_minute(case: tuple[Calendar, datetime], minutes: int) -> None:
    calendar, start = case
    # A short day gives little time; the span is kept to what a few weeks hold.
    opens, closes = (datetime.combine(date.min, time(int(t[:2]) % 24, int(t[3:]))) for t in (calendar.start, calendar.end))
    daily = (closes - opens) % timedelta(days=1) or timedelta(days=1)
    span = min(MINUTE * minutes, daily * 6)
    assert due(calendar, start, span) == walk(calendar, start, span)


@given(cases(), st.integers(0, 5 * 24 * 60))
def test_counted_time_equals_counting_every_minute(case: tuple[Calendar, datetime], minutes: int) -> None:
    calendar, start = case
    end = start + MINUTE * minutes
    expected = sum(counts(calendar, start + MINUTE * n) for n in range(minutes))
    assert counted(calendar, start, end) == MINUTE * expected


@given(cases(), st.integers(1, 3 * 24 * 60 * 60))
def test_a_deadline_falls_due_when_its_span_has_been_counted(case: tuple[Calendar, datetime], seconds: int) -> None:
    calendar, start = case
    span = timedelta(seconds=seconds)
    at = due(calendar, start, span)
    assert counted(calendar, start, at) == span
    assert counted(calendar, start, at - timedelta(seconds=1)) == span - timedelta(seconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_without_a_calendar_all_time_counts() -> None:
    assert due(None, datetime(2026, 3, 29, 1, tzinfo=ZoneInfo("Europe/Berlin")), timedelta(hours=4)) == utc("2026-03-29 04:00")
    assert counted(None, utc("2026-03-29 04:00"), utc("2026-03-29 00:00")) == timedelta()


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-11-20 15:00", 1, "2026-11-20 16:00"),  # Friday afternoon: the deadline is the end of the day …
        ("2026-11-20 15:00", 2, "2026-11-23 09:00"),  # … or after the weekend
        ("2026-11-21 12:00", 4, "2026-11-23 12:00"),  # on a Saturday nothing counts yet
        ("2026-12-24 15:30", 1, "2026-12-28 08:30"),  # a holiday and a weekend between
        ("2026-03-27 15:30", 1, "2026-03-30 07:30"),  # the clock was set forward between
        ("2026-11-21 12:00", 0, "2026-11-21 12:00"),
    ],
)
def test_working_hours_pass_only_while_the_office_is_open(start: str, span: int, expected: str) -> None:
    assert due(OFFICE, utc(start), timedelta(hours=span)) == utc(expected)


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-11-19 10:00", timedelta(hours=8), "2026-11-20 16:00"),  # Thursday -> Friday evening
        ("2026-11-20 10:00", timedelta(hours=8), "2026-11-23 16:00"),  # Friday -> Monday evening
        ("2026-11-21 10:00", timedelta(), "2026-11-23 16:00"),
        ("2026-11-22 23:30", timedelta(), "2026-11-24 16:00"),  # in Berlin it is Monday already
        ("2026-12-24 10:00", timedelta(days=1), "2026-12-28 16:00"),  # after Christmas
        ("2026-11-19 10:00", timedelta(days=3), "2026-11-24 16:00"),  # the third business day
    ],
)
def test_the_next_business_day_ends_with_its_office_hours(start: str, span: timedelta, expected: str) -> None:
    calendar = Calendar(id="n", name="N", kind="next_business_day", zone="Europe/Berlin", holidays=("2026-12-25",))
    assert due(calendar, utc(start), span) == utc(expected)


@pytest.mark.parametrize(
    ("start", "span", "expected"),
    [
        ("2026-01-05 00:00", timedelta(), "2026-01-30 17:00"),  # the first day of a sprint: the end of the next one, a Friday
        ("2026-01-18 23:59", timedelta(), "2026-01-30 17:00"),  # its last minute
        ("2026-01-19 00:00", timedelta(), "2026-02-13 17:00"),
        ("2025-12-30 12:00", timedelta(), "2026-01-16 17:00"),  # before the sprint that was named
        ("2026-01-05 00:00", timedelta(weeks=2), "2026-01-30 17:00"),
        ("2026-01-05 00:00", timedelta(weeks=3), "2026-02-13 17:00"),
    ],
)
def test_the_next_sprint_ends_on_its_last_working_day(start: str, span: timedelta, expected: str) -> None:
    calendar = Calendar(id="s", name="S", kind="next_sprint", sprint_starts="2026-01-05", sprint_length=Duration(weeks=2))
    assert due(calendar, utc(start), span) == utc(expected)


def test_a_calendar_in_which_nothing_counts_is_refused_and_not_walked_for_ever() -> None:
    with pytest.raises(NeverDue, match="never passes"):
        due(Calendar(id="never", name="Never", days=()), utc("2026-01-01 00:00"), timedelta(hours=1))


def test_a_year_of_working_hours_takes_no_time() -> None:
    assert due(OFFICE, utc("2026-01-01 00:00"), timedelta(hours=8 * 250)) > utc("2026-12-01 00:00")
