"""Calendars in and out: who is on call by iCalendar, absences and holidays, published addresses, and what hostile calendars may not do."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import icalendar
import pytest

from tests.oncall.oracle import utc
from tests.world import World
from tocsin.oncall import ical
from tocsin.oncall.errors import NotACalendar

CALENDAR = {"zone": "Europe/Berlin", "layers": [{"id": "from-calendar", "calendar": "duty"}]}


def calendar(*events: str, zone: str = "") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *([f"X-WR-TIMEZONE:{zone}"] if zone else [])]
    for number, event in enumerate(events):
        lines += ["BEGIN:VEVENT", f"UID:{number}", "DTSTAMP:20251001T000000Z", *event.split("|"), "END:VEVENT"]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


def send(world: World, path: str, content: bytes) -> Any:
    answer = world.send("POST", path, raw=content, headers={"content-type": "text/calendar"})
    assert answer.status == 200, answer.text
    return answer.json


def on_call(world: World, at: str) -> list[str]:
    return [one["person"] for one in world.get("/schedules/payments/on-call", at=at)["lines"][0]["on_call"]]


@pytest.fixture
def payments(world: World) -> World:
    for person in ("ana", "bo"):
        world.post(f"/people/{person}", {"name": person.title(), "contacts": [{"kind": "email", "value": f"{person}@example.com"}]})
    world.post("/schedules/payments", CALENDAR)
    return world


def test_a_calendar_says_who_is_on_call_and_names_are_matched_without_regard_to_case(payments: World) -> None:
    week = "DTSTART:20251103T080000Z|DTEND:20251103T200000Z|RRULE:FREQ=DAILY;COUNT=3|SUMMARY:ANA@Example.com"
    found = send(
        payments, "/schedules/payments/calendars/duty", calendar(week, "DTSTART:20251106T080000Z|DTEND:20251106T090000Z|SUMMARY:somebody")
    )
    assert (found["shifts"], found["unknown"], found["in_use"]) == (3, ["somebody"], True)
    assert [on_call(payments, f"2025-11-{at}:00Z") for at in ("03T07:59", "03T08:00", "05T19:59", "05T20:00", "06T08:30")] == [
        [],
        ["ana"],
        ["ana"],
        [],
        [],
    ]


def test_a_cancelled_event_puts_nobody_on_call(payments: World) -> None:
    send(
        payments,
        "/schedules/payments/calendars/duty",
        calendar("DTSTART:20251103T080000Z|DTEND:20251103T200000Z|SUMMARY:bo|STATUS:CANCELLED"),
    )
    assert on_call(payments, "2025-11-03T12:00:00Z") == []


def test_the_user_may_stand_in_another_property(payments: World) -> None:
    event = "DTSTART:20251103T080000Z|DTEND:20251103T200000Z|SUMMARY:Duty|ATTENDEE:mailto:bo@example.com"
    send(payments, "/schedules/payments/calendars/duty?user_from=attendee", calendar(event))
    assert on_call(payments, "2025-11-03T12:00:00Z") == ["bo"]


def test_whole_days_are_read_on_the_schedules_clock_and_times_without_a_zone_on_the_calendars(payments: World) -> None:
    day = "DTSTART;VALUE=DATE:20251103|DTEND;VALUE=DATE:20251104|SUMMARY:bo"
    found = send(
        payments,
        "/schedules/payments/calendars/duty",
        calendar(day, "DTSTART:20251105T090000|DTEND:20251105T100000|SUMMARY:ana", zone="Asia/Tokyo"),
    )
    assert "Europe/Berlin" in found["note"]
    assert [on_call(payments, f"2025-11-{at}:00Z") for at in ("02T22:59", "02T23:00", "03T22:59", "03T23:00", "05T00:30")] == [
        [],
        ["bo"],
        ["bo"],
        [],
        ["ana"],
    ]


def test_importing_it_again_counts_from_now_on(payments: World) -> None:
    send(payments, "/schedules/payments/calendars/duty", calendar("DTSTART:20251027T000000Z|DTEND:20251127T000000Z|SUMMARY:ana"))
    payments.advance(days=2)
    send(payments, "/schedules/payments/calendars/duty", calendar("DTSTART:20251027T000000Z|DTEND:20251127T000000Z|SUMMARY:bo"))
    assert [on_call(payments, f"2025-10-{at}:00Z") for at in ("27T14:25", "29T14:24", "29T14:25")] == [["ana"], ["ana"], ["bo"]]
    again = send(payments, "/schedules/payments/calendars/duty", calendar("DTSTART:20251027T000000Z|DTEND:20251127T000000Z|SUMMARY:bo"))
    assert again["changed"] is False


def test_a_series_without_end_is_read_on_by_itself(payments: World) -> None:
    send(
        payments,
        "/schedules/payments/calendars/duty",
        calendar("DTSTART:20251103T080000Z|DTEND:20251103T200000Z|RRULE:FREQ=WEEKLY|SUMMARY:bo"),
    )
    payments.advance(days=221)
    assert on_call(payments, "2027-02-22T12:00:00Z") == ["bo"]


def test_every_event_of_a_persons_calendar_is_an_absence(payments: World) -> None:
    payments.post("/schedules/payments", {"layers": [{"id": "week", "groups": [["ana"], ["bo"]], "start": "2025-10-27T09:00"}]})
    found = send(
        payments, "/people/ana/absences/calendars/leave", calendar("DTSTART;VALUE=DATE:20251029|DTEND;VALUE=DATE:20251031|SUMMARY:holiday")
    )
    assert found["absences"] == 1
    assert [on_call(payments, f"2025-10-{day}T12:00:00Z") for day in (28, 29, 30, 31)] == [["ana"], ["bo"], ["bo"], ["ana"]]
    send(payments, "/people/ana/absences/calendars/leave", calendar())
    assert on_call(payments, "2025-10-30T12:00:00Z") == ["ana"]


def test_holidays_come_from_a_calendar(payments: World) -> None:
    payments.post("/schedules/payments", {**CALENDAR, "layers": [{"id": "usual", "groups": [["ana"]], "holidays": "off"}]})
    event = "DTSTART;VALUE=DATE:20251225|DTEND;VALUE=DATE:20251227|SUMMARY:Christmas|RRULE:FREQ=YEARLY"
    assert send(payments, "/schedules/payments/holidays", calendar(event))["holidays"] >= 4
    assert [on_call(payments, f"2025-12-{day}T12:00:00Z") for day in (24, 25, 26, 27)] == [["ana"], [], [], ["ana"]]


# -- published calendars ---------------------------------------------------------------------------


def test_shifts_are_published_at_a_secret_address_with_their_time_zone(payments: World) -> None:
    payments.post(
        "/schedules/payments",
        {**CALENDAR, "name": "Payments", "layers": [{"id": "week", "groups": [["ana"], ["bo"]], "start": "2025-10-20T09:00"}]},
    )
    payments.post("/schedules/payments/feed")
    address = payments.get("/schedules/payments")["feed"]
    answer = payments.send("GET", address, person="")
    assert (answer.status, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    found = icalendar.Calendar.from_ical(answer.text)
    assert [str(zone["TZID"]) for zone in found.walk("VTIMEZONE")] == ["Europe/Berlin"]
    event: Any = found.walk("VEVENT")[1]
    assert (str(event["SUMMARY"]), event["DTSTART"].dt) == ("Ana on call for Payments", utc(2025, 11, 3, 8))
    assert event["DTSTART"].params["TZID"] == "Europe/Berlin"


def test_a_new_address_ends_the_old_one_and_a_revoked_one_is_gone(payments: World) -> None:
    payments.post("/schedules/payments/feed")
    first = payments.get("/schedules/payments")["feed"]
    payments.post("/schedules/payments/feed")
    second = payments.get("/schedules/payments")["feed"]
    assert [payments.send("GET", address, person="").status for address in (first, second)] == [404, 200]
    payments.post("/schedules/payments/feed/revoke")
    assert payments.send("GET", second, person="").status == 404
    assert payments.send("GET", "/calendar/guess.ics", person="").status == 404


def test_a_persons_address_has_their_shifts_of_all_schedules(payments: World) -> None:
    for name in ("one", "two"):
        payments.post(
            f"/schedules/{name}",
            {"name": name, "layers": [{"id": "x", "groups": [["ana"], ["bo"]], "unit": "week", "start": "2025-10-27T09:00"}]},
        )
    payments.post("/people/ana/feed")
    text = payments.send("GET", payments.get("/people/ana/availability")["feed"], person="").text
    assert {str(event["SUMMARY"]) for event in icalendar.Calendar.from_ical(text).walk("VEVENT")} == {
        "Ana on call for one",
        "Ana on call for two",
    }


def test_what_is_exported_says_the_same_when_it_is_imported(payments: World) -> None:
    payments.post(
        "/schedules/source",
        {"zone": "America/New_York", "layers": [{"id": "x", "groups": [["ana"], ["bo"]], "unit": "day", "start": "2025-10-27T09:00"}]},
    )
    window = "from=2025-10-28T00:00:00Z&to=2025-11-10T00:00:00Z"
    text = payments.send("GET", f"/schedules/source/calendar?{window}").text
    send(payments, "/schedules/payments/calendars/duty?user_from=X-TOCSIN-PERSON", text.encode())
    wanted = payments.send("GET", f"/schedules/source/shifts?{window}").json["shifts"]
    found = payments.send("GET", f"/schedules/payments/shifts?{window}").json["shifts"]
    assert [(one["person"], one["start"], one["end"]) for one in found] == [(one["person"], one["start"], one["end"]) for one in wanted]


# -- hostile calendars -----------------------------------------------------------------------------

HOSTILE = [
    "DTSTART:20251103T080000Z|DTEND:20251103T080001Z|RRULE:FREQ=SECONDLY|SUMMARY:bo",
    "DTSTART:20251103T080000Z|DTEND:20251103T080001Z|RRULE:FREQ=MINUTELY|SUMMARY:bo",
    "DTSTART:19700103T080000Z|DTEND:19700103T090000Z|RRULE:FREQ=HOURLY|SUMMARY:bo",
    "DTSTART:20250103T080000Z|DTEND:20250103T090000Z|RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5|SUMMARY:bo",
    "DTSTART:00010103T080000Z|DTEND:00010103T090000Z|RRULE:FREQ=DAILY|SUMMARY:bo",
    "RRULE:FREQ=DAILY|SUMMARY:bo",
    "DTSTART:20250103T080000Z|RRULE:FREQ=NEVER|SUMMARY:bo",
    "DTSTART:nonsense|SUMMARY:bo",
]


@pytest.mark.parametrize("event", HOSTILE)
def test_a_rule_that_asks_for_too_much_is_refused_at_once_and_nothing_is_kept(payments: World, event: str) -> None:
    begin = time.perf_counter()
    answer = payments.send("POST", "/schedules/payments/calendars/duty", raw=calendar(event))
    assert time.perf_counter() - begin < 5
    assert (answer.status in (200, 422), payments.get("/schedules/payments")["calendars"] == [] or answer.status == 200) == (True, True)
    if answer.status == 200:
        assert answer.json["shifts"] == 0


@pytest.mark.parametrize(
    "rule", ["FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"]
)
def test_a_rule_that_never_comes_true_is_not_looked_for_for_ever(rule: str) -> None:
    begin = time.perf_counter()
    text = calendar(f"DTSTART:20240103T080000Z|DTEND:20240103T090000Z|RRULE:{rule}|SUMMARY:bo").decode()
    found = ical.occurrences(text, utc(2025, 1, 1), utc(2026, 1, 1))
    assert found == []
    assert time.perf_counter() - begin < 5


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\xff\xfe", b"BEGIN:VCALENDAR", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR", b"BEGIN:VCALENDAR\x00"]
)
def test_what_is_no_calendar_is_refused(payments: World, content: bytes) -> None:
    answer = payments.send("POST", "/schedules/payments/calendars/duty", raw=content)
    assert answer.status == 422
    assert answer.json["fix"]


def test_calendars_have_a_size(payments: World) -> None:
    events = ["DTSTART:20251103T080000Z|DTEND:20251103T090000Z|SUMMARY:bo"] * (ical.MOST_EVENTS + 1)
    with pytest.raises(NotACalendar, match="more than"):
        ical.occurrences(calendar(*events).decode(), utc(2025, 11, 1), utc(2025, 12, 1))
    assert payments.send("POST", "/schedules/payments/calendars/duty", raw=b"BEGIN:VCALENDAR" + b"x" * 1_100_000).status in (413, 422)


def test_occurrences_are_limited_within_what_is_asked() -> None:
    many = [f"DTSTART:20251103T080000Z|DTEND:20251103T090000Z|RRULE:FREQ=DAILY|SUMMARY:{n}" for n in range(100)]
    with pytest.raises(NotACalendar, match="together"):
        ical.occurrences(calendar(*many).decode(), utc(2025, 11, 1), utc(2025, 11, 1) + timedelta(days=400))
