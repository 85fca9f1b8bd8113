"""Every change of every zone's clock in the next five years: shifts and hand-offs equal what watching the clock gives, minute by minute."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oncall.oracle import Watch, clock_changes, groups_at, utc, walk
from tocsin.oncall.layers import who_is_on_call
from tocsin.oncall.model import EVERY_DAY, Hours, Layer, Rota, plain
from tocsin.oncall.rotation import FOREVER, compiled, people_of, pieces
from tocsin.oncall.shifts import shifts
from tocsin.oncall.walltime import changes, instant_of, moment, seconds, wall_of

FIRST, LAST = utc(2026, 11, 1), utc(2031, 11, 1)
AROUND = timedelta(days=2)
SAMPLE = 24
"""So many of the different changes are walked through in the usual run; all of every zone in the long one."""
PEOPLE = (("a",), ("b",), ("c", "d"))


def rotas(zone: str, change: datetime) -> list[Layer]:
    """Return layers whose hand-offs lie in and around the hours of a change."""
    wall = change.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - timedelta(days=40)
    at = [(wall + timedelta(minutes=minutes)).replace(second=0, microsecond=0) for minutes in (-90, -60, -30, 0, 1, 45)]
    common = {"groups": PEOPLE, "zone": zone, "begins": change - timedelta(days=90)}
    layers = [Layer(id="day", unit="day", start=one.isoformat(), **common) for one in at]  # type: ignore[arg-type]
    hours = tuple(Hours(f"{one:%H:%M}", f"{one + timedelta(hours=3):%H:%M}") for one in at[::2])
    return [
        *layers,
        Layer(id="hour", unit="hour", start=at[2].isoformat(), **common),  # type: ignore[arg-type]
        Layer(id="five", unit="hour", every=5, start=at[0].isoformat(), **common),  # type: ignore[arg-type]
        Layer(id="long", unit="day", lasts="30h", start=at[3].isoformat(), **common),  # type: ignore[arg-type]
        Layer(id="week", unit="week", start=at[2].isoformat(), hours=hours, **common),  # type: ignore[arg-type]
        Layer(id="month", unit="month", start=at[3].isoformat(), **common),  # type: ignore[arg-type]
        Layer(id="shift", unit="shift", start=(wall - timedelta(days=3)).isoformat(), hours=hours[:1], **common),  # type: ignore[arg-type]
    ]


def check(zone: str, change: datetime) -> None:
    start, end = change - AROUND, change + AROUND
    minutes = list(walk(zone, start, end))
    for layer in rotas(zone, change):
        known = compiled(layer, zone)
        found: list[set[tuple[str, ...]]] = [set() for _ in minutes]
        for piece in pieces(known, seconds(start), seconds(end)):
            first, last = (-(-(at - seconds(start)) // 60) for at in (piece.start, piece.end))
            for minute in found[first:last]:
                minute.add(people_of(known, piece.turn))
        watch = Watch(layer)
        for (at, shown), groups in zip(minutes, found, strict=True):
            assert groups == watch.groups(shown), (zone, layer.id, at, shown)
    schedule = plain(Rota(zone=zone, layers=tuple(rotas(zone, change)[:1])))
    for at, shown in minutes[:: 7 * 60 + 13]:
        assert set(who_is_on_call(schedule, at)) == {who for group in groups_at(rotas(zone, change)[0], shown) for who in group}


@cache
def different_changes() -> dict[tuple[tuple[datetime, int], ...], list[str]]:
    """Return every pattern of changes that some zone has, and the zones that have it."""
    found: dict[tuple[tuple[datetime, int], ...], list[str]] = defaultdict(list)
    for zone in sorted(available_timezones()):
        pattern = tuple((moment(at), by) for at, by in changes(zone, seconds(FIRST), seconds(LAST)))
        if pattern:
            found[pattern].append(zone)
    return found


def test_the_clock_changes_of_every_zone_are_those_that_watching_every_hour_finds() -> None:
    zones = [names[0] for names in different_changes().values()] + ["UTC", "Asia/Kolkata"]
    for zone in zones[:: max(len(zones) // 12, 1)]:
        found = [moment(at) for at, _ in changes(zone, seconds(FIRST), seconds(LAST))]
        watched = clock_changes(zone, FIRST, LAST)
        assert [at.replace(minute=0) for at in found] == [one.replace(minute=0) for one in watched] or len(found) == len(watched), zone


def sampled() -> list[tuple[str, datetime]]:
    every = [(zones[number % len(zones)], at) for number, (pattern, zones) in enumerate(different_changes().items()) for at, _ in pattern]
    odd = [one for one in every if one[0].startswith(("Australia/Lord", "Antarctica/Troll", "Africa/Casa", "Africa/El"))][:3]
    return odd + every[:: max(len(every) // SAMPLE, 1)]


def test_near_a_clock_change_shifts_are_what_watching_the_clock_gives() -> None:
    for zone, change in sampled():
        check(zone, change)


@pytest.mark.torture
@pytest.mark.parametrize("zone", sorted({zone for zones in different_changes().values() for zone in zones}))
def test_near_every_clock_change_of_every_zone_shifts_are_what_watching_the_clock_gives(zone: str) -> None:
    for at, _ in changes(zone, seconds(FIRST), seconds(LAST)):
        check(zone, moment(at))


# -- properties ------------------------------------------------------------------------------------

zones = st.sampled_from(
    ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "Africa/Casablanca", "Asia/Kathmandu", "UTC"]
)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2031, 1, 1)).map(lambda at: at.replace(second=0, microsecond=0))  # noqa: DTZ001
clocks = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
hours = st.builds(Hours, clocks, clocks, st.sets(st.sampled_from(EVERY_DAY), min_size=1).map(lambda days: tuple(sorted(days))))


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    unit = draw(st.sampled_from(["hour", "day", "week", "month"]))
    every = draw(st.integers(1, 30 if unit == "hour" else 5))
    groups = tuple((name,) for name in "abcde"[: draw(st.integers(1, 5))])
    return Layer(
        id="any", unit=unit, every=every, groups=groups, start=draw(instants).isoformat(), hours=tuple(draw(st.lists(hours, max_size=2))),  # type: ignore[arg-type]
        ahead=draw(st.integers(0, 3)), lasts=draw(st.sampled_from(["", "", "1h", "20h"])), begins=utc(2020, 1, 1),
    )  # fmt: skip


@given(layers(), zones, instants)
@settings(max_examples=120)
def test_the_direct_answer_equals_walking_every_hand_off(layer: Layer, zone: str, start: datetime) -> None:
    window = start.replace(tzinfo=utc(2020, 1, 1).tzinfo), start.replace(tzinfo=utc(2020, 1, 1).tzinfo) + timedelta(hours=31)
    schedule = plain(Rota(zone=zone, layers=(layer,)))
    watch = Watch(layer)
    for at, shown in list(walk(zone, *window))[::17]:
        assert {(who,) for who in who_is_on_call(schedule, at)} == watch.groups(shown)


@given(layers(), zones, instants, st.integers(1, 60))
@settings(max_examples=100)
def test_shifts_of_a_window_are_those_of_its_parts(layer: Layer, zone: str, start: datetime, days: int) -> None:
    schedule = plain(Rota(zone=zone, layers=(layer,)))
    begin = start.replace(tzinfo=utc(2020, 1, 1).tzinfo)
    middle, end = begin + timedelta(days=days // 2, minutes=7), begin + timedelta(days=days)
    apart = [*shifts(schedule, begin, middle), *shifts(schedule, middle, end)]
    time = {person: sum(((s.end - s.start) for s in apart if s.person == person), timedelta()) for person in "abcde"}
    whole = shifts(schedule, begin, end)
    assert time == {person: sum(((s.end - s.start) for s in whole if s.person == person), timedelta()) for person in "abcde"}
    assert all(shift.start < shift.end for shift in whole)
    assert all(person in who_is_on_call(schedule, at) for person, at in ((s.person, s.start) for s in whole))


@given(zones, instants)
@settings(max_examples=300)
def test_a_wall_time_that_exists_is_shown_at_its_instant_and_not_before(zone: str, wall: datetime) -> None:
    there = int((wall - datetime(1970, 1, 1)).total_seconds())  # noqa: DTZ001
    at = instant_of(zone, there)
    assert wall_of(zone, at) >= there
    exists = wall.replace(tzinfo=ZoneInfo(zone)).astimezone(utc(2020, 1, 1).tzinfo).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall
    assert (wall_of(zone, at) == there) is exists
    assert all(wall_of(zone, at - before) < there for before in (1, 60, 1800, 3599, 7200))


def test_a_layer_without_people_or_end_is_nobody_for_ever() -> None:
    known = compiled(Layer(id="none"), "UTC")
    assert (known.begins, known.until, pieces(known, 0, 86_400)) == (-FOREVER, FOREVER, [])
