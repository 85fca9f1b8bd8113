"""Who would be reached in the coming weeks: every hole named, none invented, through clock changes; against a slow answer that opens a page each minute."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.paging.scene import Scene
from tocsin.oncall.model import Hours, Layer, Rota, Schedule
from tocsin.oncall.model import Version as RotaVersion
from tocsin.paging.model import Policy, Step, Urgency, Window
from tocsin.paging.reach import Asked, Known, Lookup, Plan, reach
from tocsin.people.model import Contact, Person, QuietHours, Rule, SavePerson

LEVELS: tuple[tuple[str, Urgency], ...] = (("SEV1", "high"), ("SEV2", "high"), ("SEV3", "low"))
START = datetime(2026, 3, 23, tzinfo=UTC)
"""A Monday; six days later the clocks of Europe change."""


def person(
    name: str, *, proved: bool = True, quiet: tuple[QuietHours, ...] = (), rules: tuple[Rule, ...] = (), zone: str = "UTC"
) -> Person:
    contact = Contact("sms", "+351900000000", "sms")
    saved = SavePerson(name, (contact,), zone=zone, rules=rules, quiet=quiet)
    return Person(name, 1, saved, {"sms:+351900000000": START} if proved else {})


def schedule(name: str, *layers: Layer, zone: str = "UTC") -> Schedule:
    return Schedule(name, 1, versions=(RotaVersion(None, Rota(zone=zone, layers=layers)),))


def layer(*people: str, hours: tuple[Hours, ...] = (), unit: Any = "day", zone: str = "") -> Layer:
    return Layer("one", groups=tuple((name,) for name in people), start="2026-03-02T09:00", unit=unit, hours=hours, zone=zone)


def sampled(
    policy: Policy, urgency: Any, known: Known, start: datetime, end: datetime, every: timedelta
) -> list[tuple[datetime, tuple[Any, ...]]]:
    """Open a page at every moment, one after the other."""
    plan = Plan(policy, urgency, Lookup(known, start, end + timedelta(days=9)))
    found = []
    at = start
    while at < end:
        found.append((at, plan.at(at)[0]))
        at += every
    return found


def at_moment(stretches: Any, at: datetime) -> tuple[Any, ...]:
    return next(one.reached for one in stretches if one.since <= at < one.until)


_clock = st.sampled_from(["00:00", "03:00", "08:30", "09:00", "17:00", "22:00"])
_hours = st.builds(Hours, start=_clock, end=_clock)
_names = st.sampled_from(["ana", "bo", "cy", "unproved", "nobody"])
_layers = st.builds(
    layer, _names, _names, hours=st.one_of(st.just(()), st.tuples(_hours)), unit=st.sampled_from(["day", "week", "hour"]),
    zone=st.sampled_from(["", "Europe/Lisbon", "America/New_York"]),
)  # fmt: skip
_windows = st.one_of(
    st.none(),
    st.builds(lambda a, b, how: Window(a, b, otherwise=how) if a != b else None, _clock, _clock, st.sampled_from(["wait", "skip"])),
)
_steps = st.builds(
    lambda to, wait, window: Step(to=(to,), wait=wait, only=window), st.sampled_from(["schedule:one", "schedule:two", "person:ana", "schedule:one#next"]),
    st.sampled_from(["5m", "30m", "2h"]), _windows,
)  # fmt: skip


@settings(max_examples=40)
@given(st.lists(_steps, min_size=1, max_size=3), _layers, _layers, st.sampled_from(["high", "low"]))
def test_what_is_reckoned_at_the_changes_is_what_a_page_opened_at_any_minute_would_find(
    steps: list[Step], one: Layer, two: Layer, urgency: Any
) -> None:
    quiet = (QuietHours("22:00", "07:00"),)
    known = Known(
        {"ana": person("ana", quiet=quiet, zone="Europe/Lisbon"), "bo": person("bo"), "cy": person("cy"), "unproved": person("unproved", proved=False)},
        {}, {"one": schedule("one", one, zone="Europe/Lisbon"), "two": schedule("two", two)},
    )  # fmt: skip
    policy = Policy("p", steps=tuple(steps), version=1)
    start, end = START + timedelta(days=5), START + timedelta(days=7)
    [answer] = reach([Asked("shop", "SEV1", urgency, policy)], known, start, end)
    assert answer.stretches[0].since == start
    assert answer.stretches[-1].until == end
    for at, reached in sampled(policy, urgency, known, start, end, timedelta(minutes=17)):
        said = at_moment(answer.stretches, at)
        # When somebody is notified may move with the clock (a page waits for an hour); whether and whom does not.
        assert {(who.person, who.way, who.verified) for who in said} == {(who.person, who.way, who.verified) for who in reached}, at


def test_a_hole_is_named_with_its_hours() -> None:
    rota = schedule("payments", layer("ana", hours=(Hours("04:00", "03:00"),)))
    known = Known({"ana": person("ana")}, {}, {"payments": rota})
    policy = Policy("p", steps=(Step(to=("schedule:payments",)),), version=1)
    [answer] = reach([Asked("payments", "SEV-1", "high", policy)], known, START, START + timedelta(weeks=1))
    assert [(one.since.hour, one.until.hour) for one in answer.holes] == [(3, 4)] * 7


def test_a_later_step_fills_a_hole_of_an_earlier_one() -> None:
    rota = schedule("payments", layer("ana", hours=(Hours("09:00", "17:00"),)))
    known = Known({"ana": person("ana"), "bo": person("bo")}, {}, {"payments": rota})
    policy = Policy("p", steps=(Step(to=("schedule:payments",)), Step(to=("person:bo",))), version=1)
    [answer] = reach([Asked("payments", "SEV-1", "high", policy)], known, START, START + timedelta(weeks=1))
    assert answer.holes == ()
    night = at_moment(answer.stretches, START + timedelta(hours=3))
    assert [(one.person, one.after, one.step) for one in night] == [("bo", 0.0, 2)]


def test_the_hours_of_a_shift_move_with_the_clock_of_its_zone() -> None:
    rota = schedule("payments", layer("ana", hours=(Hours("09:00", "17:00"),), zone="Europe/Lisbon"))
    known = Known({"ana": person("ana")}, {}, {"payments": rota})
    policy = Policy("p", steps=(Step(to=("schedule:payments",)),), version=1)
    [answer] = reach([Asked("payments", "SEV-1", "high", policy)], known, START, START + timedelta(weeks=2))
    ends = {one.until.date(): one.until.hour for one in answer.holes}
    assert ends[datetime(2026, 3, 28, tzinfo=UTC).date()] == 9
    assert ends[datetime(2026, 3, 29, tzinfo=UTC).date()] == 8


def test_a_year_of_many_services_takes_little_time() -> None:
    people = {name: person(name) for name in ("ana", "bo", "cy")}
    known = Known(people, {}, {f"s{n}": schedule(f"s{n}", layer("ana", "bo", "cy")) for n in range(20)})
    asked = [
        Asked(f"service-{n}", level, urgency, Policy(f"p{n}", steps=(Step(to=(f"schedule:s{n}",)), Step(to=(f"schedule:s{(n + 1) % 20}",))), version=1))
        for n in range(20)
        for level, urgency in LEVELS
    ]  # fmt: skip
    began = time.perf_counter()
    assert len(list(reach(asked, known, START, START + timedelta(weeks=53)))) == 60
    assert time.perf_counter() - began < 20


def test_the_api_names_every_hole_of_every_level_that_calls_somebody(scene: Scene) -> None:
    scene.person("ana", "sms")
    layers = [{"id": "day", "groups": [["ana"]], "start": "2025-10-20T00:00", "hours": [{"start": "04:00", "end": "03:00"}]}]
    scene.post("/schedules/payments", {"layers": layers})
    scene.policy("p", ["schedule:payments"], waive="nights are short")
    scene.post("/services/payments", {"name": "Payments", "policy": "p"})
    found = scene.get("/reach", weeks="1", severity="SEV1")
    assert found["whole"] is False
    assert found["holes"][0]["says"] == "Tue 2025-10-28 03:00–04:00 UTC: a SEV1 on payments reaches nobody"
    assert len(found["holes"]) == 7
    assert {one["severity"] for one in scene.get("/reach")["reach"]} >= {"SEV0", "SEV1", "SEV2"}


def test_a_person_whose_way_was_never_proved_is_a_hole(scene: Scene) -> None:
    scene.person("ana", "sms", proved=False)
    scene.post("/services/payments", {"name": "Payments", "page": ["ana"]})
    says = scene.get("/reach", severity="SEV1")["holes"][0]["says"]
    assert says == "At any time: a SEV1 on payments reaches only ana, by a way that was never proved"
    scene.prove("ana", "sms")
    assert scene.get("/reach", severity="SEV1")["whole"] is True


@pytest.mark.parametrize("weeks", ["0", "99", "soon", "-1"])
def test_weeks_that_make_no_sense_are_refused(scene: Scene, weeks: str) -> None:
    answer = scene.send("GET", f"/reach?weeks={weeks}")
    assert (answer.status, answer.json["field"]) == (422, "weeks")
