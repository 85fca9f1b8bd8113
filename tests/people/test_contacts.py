"""Ways to reach people: their names, the code that proves them, rules, quiet hours."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.world import World
from tocsin.oncall.walltime import WEEKDAYS
from tocsin.people.contacts import quiet_until
from tocsin.people.decide import CODE_HOLDS, MOST_WRONG
from tocsin.people.model import QuietHours

ANA = {"name": "Ana Reyes", "contacts": [{"kind": "file", "value": "ana"}, {"kind": "sms", "value": "+15550100"}]}


def code_sent(world: World) -> str:
    """The code in the newest message of the file channel."""
    return str([message for message in world.outbox() if message["kind"] == "person.verify"][-1]["values"]["code"])


def way(world: World, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(way for way in world.get("/people/ana")["contacts"] if way["id"] == name)
    return found


def test_a_way_without_a_name_is_called_by_its_kind_and_a_number(world: World) -> None:
    ways = [
        {"kind": "sms", "value": "+15550101"},
        {"kind": "sms", "value": "+15550102"},
        {"kind": "email", "value": "a@b", "id": "sms-3"},
        {"kind": "sms", "value": "+15550103"},
    ]
    world.post("/people/ana", {"name": "Ana", "contacts": ways})
    assert [found["id"] for found in world.get("/people/ana")["contacts"]] == ["sms", "sms-2", "sms-3", "sms-4"]


def test_a_code_that_came_and_is_typed_in_proves_the_way(world: World) -> None:
    world.post("/people/ana", ANA)
    assert way(world, "file")["verified_at"] is None
    world.post("/people/ana/contacts/code", {"contact": "file"})
    code = code_sent(world)
    assert world.post("/people/ana/contacts/confirm", {"contact": "file", "code": f" {code.lower()} "})["verified"] is True
    assert way(world, "file")["verified_at"] == "2025-10-27T14:25:00Z"
    assert world.post("/people/ana/contacts/confirm", {"contact": "file", "code": code})["changed"] is False


def test_the_code_is_in_the_message_and_nowhere_in_the_record(world: World) -> None:
    world.post("/people/ana", ANA)
    world.post("/people/ana/contacts/code", {"contact": "file"})
    code = code_sent(world)
    assert code not in str(world.app.runtime.facts("person", "ana"))


def test_after_five_wrong_codes_the_right_one_is_refused(world: World) -> None:
    world.post("/people/ana", ANA)
    world.post("/people/ana/contacts/code", {"contact": "file"})
    code = code_sent(world)
    left = [world.post("/people/ana/contacts/confirm", {"contact": "file", "code": "WRONG1"})["tries_left"] for _ in range(MOST_WRONG)]
    assert left == [4, 3, 2, 1, 0]
    assert world.refused("/people/ana/contacts/confirm", {"contact": "file", "code": code})["field"] == "code"


def test_a_code_runs_out(world: World) -> None:
    world.post("/people/ana", ANA)
    world.post("/people/ana/contacts/code", {"contact": "file"})
    code = code_sent(world)
    world.advance(minutes=CODE_HOLDS / timedelta(minutes=1))
    problem = world.refused("/people/ana/contacts/confirm", {"contact": "file", "code": code})
    assert (problem["status"], problem["field"]) == (409, "code")


def test_a_code_that_could_not_be_sent_says_why(world: World) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "pigeon", "value": "loft 4"}]})
    world.post("/people/ana/contacts/code", {"contact": "pigeon"})
    world.outbox()
    assert "pigeon" in way(world, "pigeon")["code_failed"]


def test_a_way_that_changes_must_be_proved_again_and_one_that_stays_must_not(world: World) -> None:
    world.post("/people/ana", ANA)
    world.post("/people/ana/contacts/code", {"contact": "file"})
    world.post("/people/ana/contacts/confirm", {"contact": "file", "code": code_sent(world)})
    world.post("/people/ana", {**ANA, "zone": "Asia/Tokyo"})
    assert way(world, "file")["verified_at"]
    world.post("/people/ana", {**ANA, "contacts": [{"kind": "file", "value": "elsewhere"}]})
    assert way(world, "file")["verified_at"] is None
    world.post("/people/ana", ANA)
    assert way(world, "file")["verified_at"] is None


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"rules": [{"contact": "push"}]}, "rules[0].contact"),
        ({"rules": [{"contact": "sms", "after": "soon"}]}, "rules[0].after"),
        ({"rules": [{"contact": "sms", "urgency": "medium"}]}, "rules[0].urgency"),
        ({"quiet": [{"start": "25:00", "end": "07:00"}]}, "quiet[0].start"),
        ({"quiet": [{"start": "22:00", "end": "22:00"}]}, "quiet[0].end"),
        ({"quiet": [{"start": "22:00", "end": "07:00", "days": ["funday"]}]}, "quiet[0].days"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"contacts": [{"kind": "sms", "value": " "}]}, "contacts[0].value"),
        (
            {"contacts": [{"kind": "sms", "value": "+15550101", "id": "a"}, {"kind": "sms", "value": "+15550102", "id": "a"}]},
            "contacts[1].id",
        ),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_place(world: World, more: dict[str, Any], field: str) -> None:
    assert world.refused("/people/ana", {**ANA, **more})["field"] == field


NIGHTS = (QuietHours("22:00", "07:00"),)


def test_quiet_hours_end_on_the_persons_own_clock() -> None:
    assert quiet_until(NIGHTS, "Europe/Lisbon", datetime(2025, 7, 1, 22, 30, tzinfo=UTC)) == datetime(2025, 7, 2, 6, 0, tzinfo=UTC)
    assert quiet_until(NIGHTS, "Europe/Lisbon", datetime(2025, 7, 1, 20, 59, tzinfo=UTC)) is None
    assert quiet_until(NIGHTS, "Europe/Lisbon", datetime(2025, 7, 2, 6, 0, tzinfo=UTC)) is None


def test_quiet_hours_that_touch_are_one() -> None:
    both = (QuietHours("22:00", "00:00"), QuietHours("00:00", "06:00"))
    assert quiet_until(both, "UTC", datetime(2025, 7, 1, 23, 0, tzinfo=UTC)) == datetime(2025, 7, 2, 6, 0, tzinfo=UTC)


def test_quiet_hours_without_a_gap_never_end_and_still_give_a_moment() -> None:
    always = (QuietHours("00:00", "12:00"), QuietHours("12:00", "00:00"))
    found = quiet_until(always, "UTC", datetime(2025, 7, 1, 23, 0, tzinfo=UTC))
    assert found is not None
    assert found > datetime(2025, 7, 1, 23, 0, tzinfo=UTC)


def test_an_end_that_a_clock_change_skips_is_the_change() -> None:
    hours = (QuietHours("22:00", "02:30"),)
    assert quiet_until(hours, "America/New_York", datetime(2026, 3, 8, 6, 0, tzinfo=UTC)) == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)


@given(
    start=st.integers(0, 23), end=st.integers(0, 23), days=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")),
    at=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 (the strategy adds the zone)
)  # fmt: skip
def test_quiet_hours_agree_with_a_clock_on_the_wall(start: int, end: int, days: set[str], zone: str, at: datetime) -> None:
    if start == end:
        return
    hours = QuietHours(f"{start:02}:00", f"{end:02}:00", tuple(days))
    wall = at.astimezone(ZoneInfo(zone))
    nearby = {(wall + timedelta(hours=step)).utcoffset() for step in range(-30, 31)}
    if len(nearby) > 1:
        return  # near a clock change the wall shows hours twice or not at all; the tests above say what holds there
    today, yesterday = WEEKDAYS[wall.weekday()], WEEKDAYS[wall.weekday() - 1]
    if start < end:
        quiet = today in days and start <= wall.hour < end
    else:
        quiet = (today in days and wall.hour >= start) or (yesterday in days and wall.hour < end)
    found = quiet_until((hours,), zone, at)
    assert (found is not None) == quiet
    assert found is None or found > at
