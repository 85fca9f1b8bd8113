"""What duty earns by the terms of procedure 003, how it is spread, and that every line names what it came from."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.oncall.oracle import utc
from tests.world import World
from tocsin.oncall.fairness import at_night, loads, nights_of
from tocsin.oncall.model import Hours, Layer, Rota, plain
from tocsin.oncall.pay import weeks
from tocsin.oncall.shifts import merged, shifts
from tocsin.playbooks.response import OnCall

BERLIN = "Europe/Berlin"


def statement(world: World, start: str = "2025-10-20T00:00:00Z", end: str = "2025-11-30T00:00:00Z") -> dict[str, Any]:
    found: dict[str, Any] = world.get("/schedules/payments/pay", **{"from": start, "to": end})
    return found


def test_each_week_is_paid_flat_and_a_part_of_it_by_its_part(payments: World) -> None:
    made = payments.post("/schedules/payments/offers", {"start": "2025-11-03T08:00:00Z", "end": "2025-11-04T08:00:00Z"}, person="cy")[
        "exchange"
    ]
    payments.post("/schedules/payments/offers/take", {"exchange": made}, person="ana")
    found = [
        (one["person"], one["quantity"], one["amount"], one["for"])
        for one in statement(payments)["lines"]
        if one["for"] == "payments 2025-11-03"
    ]
    assert found == [
        ("ana", pytest.approx(1 / 7, abs=1e-6), 71.43, "payments 2025-11-03"),
        ("cy", pytest.approx(6 / 7, abs=1e-6), 428.57, "payments 2025-11-03"),
    ]


def test_a_sev_1_that_was_handled_and_a_page_at_night_are_paid_and_name_what_they_came_from(payments: World) -> None:
    payments.advance(hours=12)  # 21:25 in Chicago, and past two at night where the schedule is
    payments.post("/pages", {"title": "Early", "targets": ["person:bo"]})
    payments.advance(hours=3)
    page = payments.post("/pages", {"title": "Disk nearly full", "targets": ["person:bo"]})["page"]
    incident = payments.post("/incidents", {"title": "Pool exhausted", "severity": "SEV-1", "service": "db"}, person="bo")["incident"]
    payments.post(f"/incidents/{incident}/roles", {"role": "on_call", "person": "bo"}, person="bo")
    payments.post("/incidents", {"title": "A detail", "severity": "SEV-3"}, person="bo")
    found = statement(payments)
    earned = [(one["person"], one["term"], one["amount"], one["unit"], one["for"]) for one in found["lines"] if one["term"] != "weekly"]
    assert earned == [("bo", "overnight", 4, "hours_off", page), ("bo", "sev_1", 200, "USD", incident)]
    assert {"person": "bo", "unit": "hours_off", "amount": 4} in found["totals"]


def test_weeks_run_from_hand_off_to_hand_off_over_a_change_of_the_clock() -> None:
    found = weeks(OnCall(rotation="weekly", hand_off_day="mon", hand_off_time="09:00"), BERLIN, utc(2025, 10, 13), utc(2025, 11, 3))
    assert [(begin, (end - begin) / timedelta(hours=1)) for begin, end in found] == [
        (utc(2025, 10, 13, 7), 168), (utc(2025, 10, 20, 7), 169), (utc(2025, 10, 27, 8), 168),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("22:00-06:00 in the zone of the person on call.", Hours("22:00", "06:00")),
        ("from (23:30-05:00)", Hours("23:30", "05:00")),
        ("at night", None),
        ("", None),
    ],
)
def test_the_hours_of_the_night_are_those_that_the_playbook_names(text: str, wanted: Hours | None) -> None:
    assert nights_of(text) == wanted


def test_a_night_is_on_the_persons_own_clock() -> None:
    night = Hours("22:00", "06:00")
    assert [at_night(utc(2025, 11, 3, 4), night, zone) for zone in ("UTC", "America/Chicago", "Asia/Tokyo")] == [True, True, False]
    assert [at_night(utc(2025, 11, 3, hour), night, "UTC") for hour in (21, 22, 5, 6)] == [False, True, True, False]


def test_hours_nights_weekends_and_holidays_are_added_up_and_shares_make_a_whole() -> None:
    rota = Rota(zone=BERLIN, layers=(Layer(id="week", groups=(("ana",), ("bo",)), start="2025-10-20T09:00"),), holidays=("2025-10-28",))
    found = merged(shifts(plain(rota), utc(2025, 10, 20, 7), utc(2025, 11, 3, 8)))
    ana, bo = sorted(loads(found, {"bo": "America/Chicago"}, BERLIN, Hours("22:00", "06:00"), rota.holidays), key=lambda load: load.person)
    assert (ana.hours, ana.nights, ana.weekends, ana.holidays) == (169, 57, 49, 0)
    assert (bo.hours, bo.holidays, bo.shifts) == (168, 24, 1)
    assert ana.share + bo.share == pytest.approx(1)


def test_rotating_by_served_shift_spreads_restricted_weekdays_evenly_and_by_calendar_does_not() -> None:
    hours = (Hours("09:00", "17:00", ("mon", "fri")),)
    people = (("a",), ("b",), ("c",), ("d",), ("e",), ("f",), ("g",))
    served = plain(Rota(layers=(Layer(id="s", groups=people, start="2025-10-20T00:00", unit="shift", hours=hours),)))
    by_day = plain(Rota(layers=(Layer(id="d", groups=people, start="2025-10-20T00:00", unit="day", hours=hours),)))
    start, end = utc(2025, 10, 20), utc(2026, 1, 26)
    assert {load.person: load.hours for load in loads(shifts(served, start, end), {}, "UTC", None)} == dict.fromkeys("abcdefg", 32)
    assert {load.person for load in loads(shifts(by_day, start, end), {}, "UTC", None)} == {"a", "e"}
