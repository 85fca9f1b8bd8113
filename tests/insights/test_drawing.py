"""Periods, steps and the geometry of charts: pure, and true for whatever comes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.errors import Refused
from tocsin.insights import drawing, period, sheets
from tocsin.insights.burden import Call, Clocks, interruptions, people
from tocsin.insights.completion import Item, completion, over_time
from tocsin.oncall.fairness import at_night
from tocsin.oncall.model import Hours

NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
MOMENTS = st.integers(0, 4 * 365 * 86_400).map(lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds))


@given(MOMENTS, st.integers(1, 900), st.sampled_from(["week", "month"]))
def test_the_steps_of_a_period_cover_it_without_a_gap(begin: datetime, days: int, step: str) -> None:
    span = period.stepped(begin, begin + timedelta(days=days), "", step)
    found = period.buckets(span)
    assert (found[0].begin, found[-1].end) == (span.begin, span.end)
    assert all(one.end == following.begin for one, following in pairwise(found))
    if step == "week":
        assert all(one.begin.weekday() == 0 for one in found[1:])
    else:
        assert all(one.begin.day == 1 for one in found[1:])


def test_a_period_is_named_by_a_preset_or_by_days() -> None:
    assert period.of_query({}, NOW).words == "1 Dec 2025 to 21 Nov 2026"
    assert period.of_query({"last": "30d"}, NOW).words == "23 Oct 2026 to 21 Nov 2026"
    assert period.of_query({"from": "2026-01-05", "to": "2026-01-31"}, NOW).words == "5 Jan 2026 to 31 Jan 2026"
    assert period.of_query({"last": "30d"}, NOW).step == "week"
    assert period.of_query({"last": "30d", "by": "month"}, NOW).step == "month"
    span = period.of_query({"from": "2026-01-05", "to": "2026-01-31"}, NOW)
    assert (span.before.end, span.before.end - span.before.begin) == (span.begin, span.end - span.begin)


@pytest.mark.parametrize(("query", "says"), [({"from": "x"}, "is not a day"), ({"from": "2026-02-01", "to": "2026-01-01"}, "ends before")])
def test_a_period_that_is_none_says_what_to_write(query: dict[str, str], says: str) -> None:
    with pytest.raises(Refused, match=says):
        period.of_query(query, NOW)


@given(st.lists(st.integers(1, 10**8), min_size=1, max_size=40))
def test_every_duration_lies_on_its_scale_and_longer_ones_lie_higher(values: list[int]) -> None:
    scale = drawing.spans(values)
    heights = [scale.y(value) for value in sorted(values)]
    assert all(0 <= y <= scale.height for y in heights)
    assert heights == sorted(heights, reverse=True)
    assert scale.least <= min(values)
    assert max(values) <= scale.most
    assert 2 <= len(scale.ticks) <= 8


@given(st.integers(0, 10**6))
def test_a_scale_of_counts_has_few_round_ticks_and_holds_them_all(most: int) -> None:
    scale = drawing.counts(most)
    assert scale.most >= most
    assert 2 <= len(scale.ticks) <= 8


def test_where_nothing_is_known_no_line_is_drawn() -> None:
    points: list[drawing.Point] = [(60, "a", "/a", False), (None, "", "", False), (120, "c", "/c", False), (60, "d", "/d", True)]
    found = drawing.lines(drawing.spans([60, 120]), ["a", "b", "c", "d"], [("median", "median", points)])
    assert len(found.lines[0].dots) == 3
    assert len(found.lines[0].segments) == 1


def test_the_parts_of_a_bar_stand_on_one_another() -> None:
    found = drawing.bars(["a"], [("kept", "kept"), ("late", "late")], [[(3, "", ""), (1, "", "")]])
    kept, late = found.parts
    assert late.y + late.height == pytest.approx(kept.y)
    assert kept.y + kept.height == pytest.approx(found.height)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=50))
def test_a_darker_cell_never_has_less(counts: list[int]) -> None:
    levels = [drawing.level(count, max(counts)) for count in sorted(counts)]
    assert levels == sorted(levels)
    assert all((level == 0) == (count == 0) for level, count in zip(levels, sorted(counts), strict=True))


def test_a_table_as_csv_leaves_out_what_is_not_known_and_runs_no_formula() -> None:
    sheet = sheets.Sheet(
        (sheets.Column("Name"), sheets.Column("Median", "seconds")),
        (sheets.Row(('=HYPERLINK("x")', 90)), sheets.Row(("a, b", None)), sheets.Row(("plain", 1.5))),
    )
    assert sheets.as_csv(sheet) == 'Name,Median (s)\r\n"\'=HYPERLINK(""x"")",90\r\n"a, b",\r\nplain,1.5\r\n'


def call(opened: datetime, minutes: float, person: str = "ana") -> Call:
    at = int(opened.timestamp() * 1_000_000)
    return Call(person, f"P-{at}", at, at + int(minutes * 60_000_000), "", "", "shop", True)


def test_pages_that_overlap_interrupt_once() -> None:
    calls = [
        call(NOW, 10),
        call(NOW + timedelta(minutes=5), 20),
        call(NOW + timedelta(minutes=24), 1),
        call(NOW + timedelta(minutes=26), 1),
    ]
    assert interruptions(calls) == 2
    (ana,) = people(Clocks().felt(calls, {}, None), None, None)
    assert (ana.pages, ana.interruptions, ana.nights, ana.hours) == (4, 2, None, None)


@given(
    MOMENTS,
    st.sampled_from(["Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC"]),
    st.sampled_from([("22:00", "06:00"), ("00:00", "05:30"), ("08:00", "08:00")]),
)
def test_night_is_judged_as_on_call_judges_it(at: datetime, zone: str, hours: tuple[str, str]) -> None:
    night = Hours(*hours)
    at = at.replace(microsecond=0)
    (found,) = Clocks().felt([call(at, 1)], {"ana": zone}, night)
    local = at.astimezone(ZoneInfo(zone))
    if local.fold == 0 and (local + timedelta(hours=1)).utcoffset() == local.utcoffset() == (local - timedelta(hours=12)).utcoffset():
        assert found.night == at_night(at, night, zone)


def test_action_items_are_counted_when_they_were_open_and_when_they_were_late() -> None:
    span = period.stepped(datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC), "", "month")
    done = Item("a", "I", "", "ana", "done", datetime(2026, 9, 5, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC), date(2026, 9, 20))
    waits = Item("b", "I", "", "bo", "open", datetime(2026, 10, 5, tzinfo=UTC), None, date(2026, 11, 30))
    steps = over_time([done, waits], span, NOW)
    assert [(one.opened, one.closed, one.open, one.overdue) for one in steps] == [(1, 0, 1, 1), (1, 1, 1, 0), (0, 0, 1, 0)]
    found = completion([done, waits], span, NOW)
    assert (found.written, found.done, found.in_time, found.dated, found.open, found.overdue) == (2, 1, 0, 1, 1, 0)
