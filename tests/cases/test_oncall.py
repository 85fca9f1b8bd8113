"""Every on-call case: who is on call, shifts, hand-offs and occurrences exactly as the case has them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.cases import rotas
from tests.cases.files import folder, of_kind, skip_deviation
from tests.cases.rotas import when
from tocsin.oncall import coverage, ical
from tocsin.oncall.importing import from_pagerduty
from tocsin.oncall.layers import who_is_on_call
from tocsin.oncall.model import Calendar, Layer, Rota, Schedule, plain
from tocsin.oncall.rotation import compiled, hand_offs
from tocsin.oncall.shifts import merged, shifts
from tocsin.oncall.walltime import moment, seconds

Case = dict[str, Any]


def check_on_call(schedule: Schedule, expected: list[Case]) -> None:
    found = [(row["at"], sorted(who_is_on_call(schedule, when(row["at"])))) for row in expected]
    assert found == [(row["at"], sorted(row["on_call"])) for row in expected]


def window_of(expected: Case) -> tuple[datetime, datetime]:
    if "window" in expected:
        start, end = expected["window"]
        return when(start), when(end)
    return min(when(row["start"]) for row in expected["shifts"]), max(when(row["end"]) for row in expected["shifts"])


def check_shifts(schedule: Schedule, expected: Case) -> None:
    start, end = window_of(expected)
    beyond = merged(shifts(schedule, start - timedelta(days=30), end + timedelta(days=30)))
    found = []
    for shift in beyond:
        if shift.start < end and shift.end > start:
            cut = shift.start < start or shift.end > end
            found.append((max(shift.start, start), min(shift.end, end), shift.person, cut))
    wanted = [(when(row["start"]), when(row["end"]), row["user"], row.get("truncated_by_window")) for row in expected["shifts"]]
    assert sorted(row[:3] for row in found) == sorted(row[:3] for row in wanted)
    assert all(row in found for row in wanted if row[3] is not None)


def check(schedule: Schedule, expected: Case) -> None:
    check_on_call(schedule, expected.get("on_call", []))
    if "shifts" in expected:
        check_shifts(schedule, expected)
    if "gaps" in expected:
        start, end = window_of(expected)
        found = [(gap.start, gap.end) for gap in coverage.gaps(schedule, start, end)]
        assert found == [(when(row["start"]), when(row["end"])) for row in expected["gaps"]]


# -- one function for each model -------------------------------------------------------------------


def rolling_groups(case: Case) -> None:
    for one in case["expected"]["cases"]:
        check_on_call(rotas.rolling_groups(one["input"]), one["on_call"])


def rolling_interval(case: Case) -> None:
    check(rotas.rolling_interval(case["input"]), case["expected"])


def layered(case: Case) -> None:
    check(rotas.layered(case["input"]), case["expected"])


def handoff(case: Case) -> None:
    zone, given = case["input"]["timezone"], case["input"]["rotation"]
    layer = rotas.turns(zone, given["type"], given["shift_length"], given["start_local"])
    start, end = (seconds(rotas.local(text, zone)) for text in case["expected"]["window_local"])
    found = [moment(at) for at in hand_offs(compiled(layer, zone), start, end)]
    assert found == [when(row["utc"]) for row in case["expected"]["handoffs"]]
    shown = [rotas.wall(at, zone).isoformat() for at in found]
    assert shown == [row["local"] for row in case["expected"]["handoffs"]]


def shift_end(case: Case) -> None:
    zone = case["input"]["timezone"]
    for row in case["expected"]["shifts"]:
        layer = rotas.turns(zone, case["input"]["type"], row["shift_length"], row["start_local"])
        start = when(row["start_utc"])
        assert rotas.local(row["start_local"], zone) == start
        schedule = plain(Rota(zone=zone, layers=(layer,)))
        found = next(shift for shift in shifts(schedule, start, start + timedelta(days=200)) if shift.start == start)
        assert found.end == when(row["end_utc"])
        assert rotas.wall(found.end, zone) == datetime.fromisoformat(row["end_local"])
        assert (found.end - found.start) / timedelta(hours=1) == row["hours"]


def over_a_clock_change(case: Case) -> None:
    zone, given = case["input"]["timezone"], case["input"]["rotation"]
    # One person's weeks run into one another; with a second person beside them each shift can be seen.
    users = given["users"] if len(given["users"]) > 1 else [*given["users"], "somebody else"]
    layer = rotas.turns(zone, given["frequency"], 1, given["start_local"], users)
    schedule = plain(Rota(zone=zone, layers=(layer,)))
    wanted = [(when(row["start"]), when(row["end"])) for row in case["expected"]["shifts"]]
    window = min(start for start, _ in wanted) - timedelta(days=14), max(end for _, end in wanted) + timedelta(days=14)
    found = [(shift.start, shift.end) for shift in shifts(schedule, *window)]
    assert all(one in found for one in wanted)
    for at, number in case["expected"].get("shift_containing", ()):
        assert [one for one in found if one[0] <= when(at) < one[1]] == [wanted[number]]


def known_people(users: list[Any] | None) -> dict[str, str] | None:
    if users is None:
        return None
    names = [user if isinstance(user, str) else user["email"] for user in users]
    return {name.casefold(): name for name in names}


def by_calendar(case: Case, start: datetime, end: datetime) -> Schedule:
    text = (folder() / "oncall" / case["input"]["ics"]).read_text(encoding="utf-8")
    known = known_people(case["input"].get("users"))
    spans, _ = ical.spans_of(text, case["input"]["user_from"], known, "UTC", start, end)
    return plain(Rota(layers=(Layer(id="calendar", calendar="it"),)), calendars={"it": Calendar(spans)})


def shown(one: ical.Occurrence) -> tuple[str, str, str, bool]:
    def text(at: date | datetime) -> str:
        if isinstance(at, datetime) and at.tzinfo is not None:
            return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return at.isoformat()

    return one.user or "None", text(one.start), text(one.end), one.cancelled  # a case writes None where the event has no such property


def icalendar(case: Case) -> None:
    expected = case["expected"]
    if "occurrences" in expected:
        text = (folder() / "oncall" / case["input"]["ics"]).read_text(encoding="utf-8")
        start, end = window_of(expected)
        found = ical.occurrences(text, start, end, case["input"]["user_from"])
        wanted = [(row["user"], row["start"], row["end"], row.get("cancelled", False)) for row in expected["occurrences"]]
        assert sorted(map(shown, found)) == sorted(wanted)
        assert len(found) == expected.get("occurrence_count", len(wanted))
        marked = {(row["user"], row["start"]): row for row in expected["occurrences"]}
        for one in found:
            row = marked[shown(one)[:2]]
            assert one.floating == row.get("floating", False)
            assert one.all_day == row.get("all_day", "T" not in row["start"])
    for row in expected.get("on_call", ()):
        at = when(row["at"])
        check_on_call(by_calendar(case, at - timedelta(days=10), at + timedelta(days=10)), [row])


def icalendar_coverage(case: Case) -> None:
    for row in case["expected"]["uncovered"]:
        start, end = map(when, row["window"])
        schedule = by_calendar(case, start, end)
        # The peer adds up the time of all people, so that two at once cover twice as much; what is left of the window is its figure.
        assert coverage.percent(1 - min(coverage.staffing(schedule, start, end), 1)) == row["percent"]
        assert coverage.percent(coverage.uncovered(schedule, start, end)) >= row["percent"]


def rrule(case: Case) -> None:
    for row in case["expected"]["cases"]:
        begin = datetime.fromisoformat(row["dtstart_local"])
        event = (
            f"UID:1 SUMMARY:{row['name']} DTSTART;TZID={row['timezone']}:{begin:%Y%m%dT%H%M%S} DURATION:PT1H RRULE:{row['rrule']}".split()
        )
        text = "\r\n".join(
            ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//cases//EN", "BEGIN:VEVENT", *event, "END:VEVENT", "END:VCALENDAR", "")
        )
        start, end = when(row["starts_utc"][0]) - timedelta(days=400), when(row["starts_utc"][-1]) + timedelta(days=800)
        found = [one.start for one in ical.occurrences(text, start, end)]
        assert found == [when(at) for at in row["starts_utc"]], row["name"]


def pagerduty_layers(case: Case) -> None:
    check(plain(from_pagerduty(case["input"])), case["expected"])


MODELS: dict[str, Callable[[Case], None]] = {
    "rolling-groups": rolling_groups,
    "rolling-interval": rolling_interval,
    "layers": layered,
    "overrides": layered,
    "swap": layered,
    "weekly-rule": layered,
    "handoff": handoff,
    "shift-end": shift_end,
    "dst": over_a_clock_change,
    "icalendar": icalendar,
    "icalendar-coverage": icalendar_coverage,
    "rrule": rrule,
    "pagerduty-layers": pagerduty_layers,
}


@pytest.mark.parametrize("case", of_kind("on-call"))
def test_the_schedule_gives_what_the_case_says(case: Case) -> None:
    skip_deviation(case, "schedule")
    MODELS[case["model"]](case)
