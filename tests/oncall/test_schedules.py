"""Schedules as versioned facts: who is on call, what people agree on top, and that the past stays what it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.world import World
from tocsin.oncall.queries import who_is_next, who_is_on_call

WEEKLY = {
    "name": "Payments",
    "zone": "Europe/Berlin",
    "layers": [{"id": "week", "groups": [["ana"], ["bo"], ["cy"]], "start": "2025-10-20T09:00"}],
}
"""Monday to Monday at nine in Berlin: bo until 3 November, then cy, then ana."""


@pytest.fixture
def payments(world: World) -> World:
    for person, zone in (("ana", "Europe/Lisbon"), ("bo", "America/Chicago"), ("cy", "UTC")):
        world.post(f"/people/{person}", {"name": person.title(), "zone": zone, "contacts": [{"kind": "file", "value": person}]})
    world.post("/schedules/payments", WEEKLY)
    return world


def on_call(world: World, at: str, **more: Any) -> list[str]:
    found = world.get("/schedules/payments/on-call", at=at, **more)
    return [one["person"] for one in found["lines"][0]["on_call"]]


def shifts(world: World, start: str, end: str, **more: Any) -> list[tuple[str, str, str]]:
    found = world.get("/schedules/payments/shifts", **{"from": start, "to": end}, **more)["shifts"]
    return [(one["person"], one["start"], one["end"]) for one in found]


def messages(world: World, kind: str) -> list[dict[str, Any]]:
    return [one for one in world.outbox() if one["kind"] == kind]


# -- the rota --------------------------------------------------------------------------------------


def test_the_week_turns_on_monday_at_nine_on_the_schedules_clock(payments: World) -> None:
    assert on_call(payments, "2025-11-03T07:59:59Z") == ["bo"]
    assert on_call(payments, "2025-11-03T08:00:00Z") == ["cy"]
    assert shifts(payments, "2025-11-03T08:00:00Z", "2025-11-17T08:00:00Z") == [
        ("cy", "2025-11-03T08:00:00Z", "2025-11-10T08:00:00Z"), ("ana", "2025-11-10T08:00:00Z", "2025-11-17T08:00:00Z"),
    ]  # fmt: skip


def test_other_packages_ask_who_is_on_call_and_who_is_next(payments: World) -> None:
    with payments.app.runtime.reading() as reader:
        assert who_is_on_call(reader, "payments", payments.now) == ("bo",)
        assert who_is_next(reader, "payments", payments.now) == ("cy",)
        assert who_is_on_call(reader, "payments#secondary", payments.now) == ()
        assert who_is_on_call(reader, "nothing", payments.now) is None


def test_an_edited_rota_counts_from_now_on_and_past_shifts_stay(payments: World) -> None:
    payments.advance(days=8)
    before = shifts(payments, "2025-10-27T14:25:00Z", "2025-11-04T14:25:00Z")
    payments.post("/schedules/payments", {**WEEKLY, "layers": [{"id": "week", "groups": [["dina"]], "start": "2025-10-20T09:00"}]})
    assert shifts(payments, "2025-10-27T14:25:00Z", "2025-11-04T14:25:00Z") == before
    assert on_call(payments, "2025-11-04T14:25:00Z") == ["dina"]
    assert on_call(payments, "2025-11-04T14:24:59Z") == ["cy"]


def test_a_rota_can_be_written_down_ahead_and_counts_from_its_own_moment(payments: World) -> None:
    changed = {**WEEKLY, "layers": [{"id": "week", "groups": [["dina"]], "start": "2025-10-20T09:00"}], "since": "2025-11-05T00:00:00Z"}
    payments.post("/schedules/payments", changed)
    assert on_call(payments, "2025-11-04T23:59:59Z") == ["cy"]
    assert on_call(payments, "2025-11-05T00:00:00Z") == ["dina"]
    assert payments.get("/schedules/payments")["coming"][0]["since"] == "2025-11-05T00:00:00Z"
    refused = payments.refused("/schedules/payments", {**changed, "since": "2025-10-20T00:00:00Z"})
    assert refused["field"] == "since"


def test_before_a_schedule_existed_nobody_was_on_call_and_that_is_no_gap(payments: World) -> None:
    assert on_call(payments, "2025-10-27T14:24:59Z") == []
    found = payments.get("/schedules/payments/gaps", **{"from": "2025-10-01T00:00:00Z", "to": "2025-11-01T00:00:00Z"})
    assert [one["kind"] for one in found["findings"] if one["kind"] == "gap"] == []


def test_who_was_on_call_that_night_is_answered_as_it_was_known_then(payments: World) -> None:
    payments.advance(days=2)
    payments.post(
        "/schedules/payments/overrides",
        {"start": "2025-10-28T20:00:00Z", "end": "2025-10-28T22:00:00Z", "person": "cy", "why": "she covered"},
    )
    assert on_call(payments, "2025-10-28T21:00:00Z") == ["cy"]
    assert on_call(payments, "2025-10-28T21:00:00Z", known="2025-10-28T21:00:00Z") == ["bo"]


def test_saving_the_same_again_is_no_new_version(payments: World) -> None:
    assert payments.post("/schedules/payments", WEEKLY)["changed"] is False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"zone": "Mars/Base"}, "zone"),
        ({"layers": [{"id": "x", "groups": [["ana"]], "start": "next week"}]}, "layers[0].start"),
        ({"layers": [{"id": "x", "groups": []}]}, "layers[0].groups"),
        ({"layers": [{"id": "x", "groups": [["ana"], ["bo"]]}]}, "layers[0].start"),
        ({"layers": [{"id": "x", "groups": [["ana"]]}, {"id": "x", "groups": [["bo"]]}]}, "layers[1].id"),
        ({"layers": [{"id": "x", "groups": [["ana"]], "hours": [{"start": "25:00"}]}]}, "layers[0].hours[0].start"),
        ({"layers": [{"id": "x", "groups": [["ana"]], "start": "2025-10-20T09:00", "lasts": "soon"}]}, "layers[0].lasts"),
        ({"layers": [{"id": "x", "groups": [["ana"]], "start": "2025-10-20T09:00", "unit": "day", "lasts": "30d"}]}, "layers[0].lasts"),
        ({"layers": [{"id": "x", "groups": [["ana"]], "start": "2025-10-20T09:00", "unit": "shift"}]}, "layers[0].hours"),
        ({"holidays": ["Christmas"]}, "holidays[0]"),
        ({"tell_before": "a day"}, "tell_before"),
        ({"tell_before": "400d"}, "tell_before"),
    ],
)
def test_what_cannot_be_a_schedule_is_refused_by_its_place_and_nothing_is_kept(world: World, change: dict[str, Any], field: str) -> None:
    refused = world.refused("/schedules/payments", {**WEEKLY, **change})
    assert refused["field"] == field
    assert refused["fix"]
    assert world.send("GET", "/schedules/payments").status == 404


def test_a_rota_can_be_tried_without_being_saved(world: World) -> None:
    found = world.post("/schedules/preview", {**WEEKLY, "start": "2026-03-23T08:00:00Z", "end": "2026-04-06T07:00:00Z"})
    assert [(one["person"], one["end"]) for one in found["shifts"]] == [("bo", "2026-03-30T07:00:00Z"), ("cy", "2026-04-06T07:00:00Z")]
    assert "clock_change" in {one["kind"] for one in found["findings"]}
    assert world.get("/schedules")["schedules"] == []


# -- overrides -------------------------------------------------------------------------------------


def test_an_override_puts_one_person_on_call_for_a_while(payments: World) -> None:
    body = {"start": "2025-10-28T10:00:00Z", "end": "2025-10-28T12:00:00Z"}
    made = payments.post("/schedules/payments/overrides", body, person="cy")["override"]
    assert [on_call(payments, f"2025-10-28T{at}Z") for at in ("09:59:59", "10:00:00", "11:59:59", "12:00:00")] == [
        ["bo"],
        ["cy"],
        ["cy"],
        ["bo"],
    ]
    why = payments.get("/schedules/payments/on-call", at="2025-10-28T11:00:00Z")["why"]
    assert [(one["what"], one["counts"]) for one in why] == [("layer:week", True), (f"override:{made}", True)]


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ({"how": "add", "person": "cy"}, ["bo", "cy"]),
        ({"how": "replace", "person": "cy", "instead_of": "bo"}, ["cy"]),
        ({"how": "remove", "instead_of": "bo"}, []),
    ],
)
def test_overrides_add_replace_and_remove(payments: World, how: dict[str, str], wanted: list[str]) -> None:
    payments.post("/schedules/payments/overrides", {"start": "2025-10-28T10:00:00Z", "end": "2025-10-28T12:00:00Z", **how})
    assert on_call(payments, "2025-10-28T11:00:00Z") == wanted


def test_nobody_is_replaced_who_is_not_on_call(payments: World) -> None:
    body = {"start": "2025-10-28T10:00:00Z", "end": "2025-10-28T12:00:00Z", "how": "replace", "person": "cy", "instead_of": "ana"}
    assert payments.refused("/schedules/payments/overrides", body)["field"] == "instead_of"


def test_an_override_taken_back_half_way_ends_then_and_one_that_is_over_stays(payments: World) -> None:
    body = {"start": "2025-10-28T10:00:00Z", "end": "2025-10-28T12:00:00Z", "person": "cy"}
    made = payments.post("/schedules/payments/overrides", body)["override"]
    payments.app.runtime.advance(datetime.fromisoformat("2025-10-28T11:00:00+00:00"))
    payments.post("/schedules/payments/overrides/remove", {"override": made})
    assert [on_call(payments, f"2025-10-28T{at}:00Z") for at in ("10:30", "11:00")] == [["cy"], ["bo"]]
    assert payments.refused("/schedules/payments/overrides/remove", {"override": made})["status"] == 409


@pytest.mark.parametrize("end", ["2025-10-28T10:00:00Z", "2025-10-28T09:00:00Z", "2030-10-28T10:00:00Z"])
def test_an_override_without_length_or_of_years_is_refused(payments: World, end: str) -> None:
    assert (
        payments.refused("/schedules/payments/overrides", {"start": "2025-10-28T10:00:00Z", "end": end, "person": "cy"})["field"] == "end"
    )


# -- swaps and cover requests ----------------------------------------------------------------------


def test_a_swap_counts_once_it_is_accepted_and_goes_both_ways(payments: World) -> None:
    offer = {
        "start": "2025-10-30T08:00:00Z",
        "end": "2025-10-31T08:00:00Z",
        "to": "cy",
        "back_start": "2025-11-04T08:00:00Z",
        "back_end": "2025-11-05T08:00:00Z",
    }
    made = payments.post("/schedules/payments/offers", offer, person="bo")["exchange"]
    assert on_call(payments, "2025-10-30T12:00:00Z") == ["bo"]
    assert payments.get("/schedules/payments/on-call", at="2025-10-30T12:00:00Z")["lines"][0]["on_call"][0]["asked"] is True
    payments.post("/schedules/payments/offers/take", {"exchange": made}, person="cy")
    assert payments.post("/schedules/payments/offers/take", {"exchange": made}, person="cy")["changed"] is False
    assert on_call(payments, "2025-10-30T12:00:00Z") == ["cy"]
    assert on_call(payments, "2025-11-04T12:00:00Z") == ["bo"]
    assert on_call(payments, "2025-11-05T12:00:00Z") == ["cy"]


def test_a_cover_request_is_anybodys_to_take_and_only_once(payments: World) -> None:
    made = payments.post("/schedules/payments/offers", {"start": "2025-10-30T08:00:00Z", "end": "2025-10-30T20:00:00Z"}, person="bo")[
        "exchange"
    ]
    assert [one["id"] for one in payments.get("/on-call/offers", person="ana")["offers"]] == [made]
    assert payments.get("/on-call/offers", person="bo")["offers"] == []
    payments.post("/schedules/payments/offers/decline", {"exchange": made}, person="cy")
    payments.post("/schedules/payments/offers/take", {"exchange": made}, person="ana")
    assert payments.refused("/schedules/payments/offers/take", {"exchange": made}, person="cy")["status"] == 409
    assert [one[0] for one in shifts(payments, "2025-10-30T06:00:00Z", "2025-10-30T22:00:00Z")] == ["bo", "ana", "bo"]


def test_only_who_was_asked_may_take_a_swap_and_a_declined_one_is_closed(payments: World) -> None:
    offer = {"start": "2025-10-30T08:00:00Z", "end": "2025-10-31T08:00:00Z", "to": "cy"}
    made = payments.post("/schedules/payments/offers", offer, person="bo")["exchange"]
    assert payments.refused("/schedules/payments/offers/take", {"exchange": made}, person="ana")["field"] == "person"
    assert payments.refused("/schedules/payments/offers/take", {"exchange": made}, person="bo")["field"] == "person"
    payments.post("/schedules/payments/offers/decline", {"exchange": made}, person="cy")
    assert payments.refused("/schedules/payments/offers/withdraw", {"exchange": made}, person="bo")["status"] == 409


def test_nobody_offers_a_shift_that_is_not_theirs(payments: World) -> None:
    body = {"start": "2025-10-30T08:00:00Z", "end": "2025-10-31T08:00:00Z"}
    assert payments.refused("/schedules/payments/offers", body, person="ana")["status"] == 409


def test_a_swap_taken_after_it_began_counts_from_then(payments: World) -> None:
    made = payments.post("/schedules/payments/offers", {"start": "2025-10-27T15:00:00Z", "end": "2025-10-27T20:00:00Z"}, person="bo")[
        "exchange"
    ]
    payments.advance(hours=2)
    payments.post("/schedules/payments/offers/take", {"exchange": made}, person="cy")
    assert [on_call(payments, f"2025-10-27T{at}:00Z") for at in ("16:00", "16:25", "20:00")] == [["bo"], ["cy"], ["bo"]]


# -- absences --------------------------------------------------------------------------------------


def away(world: World, person: str = "cy", start: str = "2025-11-04T00:00:00Z", end: str = "2025-11-06T00:00:00Z") -> str:
    return str(world.post(f"/people/{person}/absences", {"start": start, "end": end, "why": "leave"})["absence"])


def test_whoever_is_next_stands_in_for_somebody_who_is_away(payments: World) -> None:
    away(payments)
    assert shifts(payments, "2025-11-03T08:00:00Z", "2025-11-10T08:00:00Z") == [
        ("cy", "2025-11-03T08:00:00Z", "2025-11-04T00:00:00Z"), ("ana", "2025-11-04T00:00:00Z", "2025-11-06T00:00:00Z"),
        ("cy", "2025-11-06T00:00:00Z", "2025-11-10T08:00:00Z"),
    ]  # fmt: skip


def test_a_schedule_may_leave_a_gap_or_keep_the_person_and_say_so(payments: World) -> None:
    away(payments)
    payments.post("/schedules/payments", {**WEEKLY, "absent": "gap"})
    window = {"from": "2025-11-03T08:00:00Z", "to": "2025-11-10T08:00:00Z"}
    found = payments.get("/schedules/payments/gaps", **window)["findings"]
    assert [(one["kind"], one["start"], one["end"]) for one in found] == [("gap", "2025-11-04T00:00:00Z", "2025-11-06T00:00:00Z")]
    payments.post("/schedules/payments", {**WEEKLY, "absent": "keep"})
    found = payments.get("/schedules/payments/gaps", **window)["findings"]
    assert [(one["kind"], one["person"]) for one in found] == [("away", "cy")]


def test_an_absence_that_is_known_too_late_or_taken_back_changes_nothing_that_was(payments: World) -> None:
    payments.advance(days=8)
    absence = away(payments, start="2025-11-03T10:00:00Z")
    assert on_call(payments, "2025-11-04T14:00:00Z") == ["cy"]
    assert on_call(payments, "2025-11-04T15:00:00Z") == ["ana"]
    payments.advance(hours=5)
    payments.post("/people/cy/absences/remove", {"absence": absence})
    assert [on_call(payments, f"2025-11-04T{at}:00Z") for at in ("15:00", "19:25")] == [["ana"], ["cy"]]


def test_a_person_who_joins_a_rota_brings_their_absences_along(payments: World) -> None:
    away(payments, "dina", "2025-10-27T00:00:00Z", "2025-10-29T00:00:00Z")
    payments.post("/schedules/payments", {**WEEKLY, "layers": [{"id": "week", "groups": [["dina"], ["bo"]], "start": "2025-10-27T09:00"}]})
    assert [on_call(payments, f"2025-10-{day}T12:00:00Z") for day in (28, 29)] == [["bo"], ["dina"]]


# -- lines, holidays, follow the sun ---------------------------------------------------------------


def test_a_second_line_is_the_same_people_one_turn_ahead(payments: World) -> None:
    second = {**WEEKLY["layers"][0], "id": "second", "role": "secondary", "ahead": 1}  # type: ignore[dict-item]
    payments.post("/schedules/payments", {**WEEKLY, "layers": [*WEEKLY["layers"], second]})
    lines = payments.get("/schedules/payments/on-call")["lines"]
    assert [(line["role"], line["on_call"][0]["person"]) for line in lines] == [("", "bo"), ("secondary", "cy")]
    with payments.app.runtime.reading() as reader:
        assert who_is_on_call(reader, "payments#secondary", payments.now) == ("cy",)


def test_layers_follow_the_sun_each_on_its_own_clock(world: World) -> None:
    day = [{"start": "09:00", "end": "17:00"}]
    layers = [
        {"id": "tokyo", "groups": [["t"]], "zone": "Asia/Tokyo", "hours": day},
        {"id": "berlin", "groups": [["b"]], "zone": "Europe/Berlin", "hours": day},
        {"id": "denver", "groups": [["d"]], "zone": "America/Denver", "hours": day},
    ]
    world.post("/schedules/payments", {"layers": layers})
    assert [on_call(world, f"2025-11-03T{at}:00:00Z") for at in ("03", "10", "20")] == [["t"], ["b"], ["d"]]


def test_on_holidays_a_layer_is_off_or_has_them_alone(world: World) -> None:
    layers = [
        {"id": "usual", "groups": [["ana"]], "holidays": "off"},
        {"id": "feast", "groups": [["bo"]], "holidays": "only"},
    ]
    world.post("/schedules/payments", {"zone": "Europe/Berlin", "holidays": ["2025-12-25"], "layers": layers})
    assert [on_call(world, f"2025-12-{at}:00Z") for at in ("24T22:59", "24T23:00", "25T22:59", "25T23:00")] == [
        ["ana"],
        ["bo"],
        ["bo"],
        ["ana"],
    ]


# -- notices ---------------------------------------------------------------------------------------


def test_a_place_hears_who_is_on_call_when_it_begins_to_listen_and_at_every_change(payments: World) -> None:
    payments.post("/schedules/payments/subscribers", {"channel": "file", "target": "team"})
    assert [(one["to"], one["values"]["people"]) for one in messages(payments, "schedule.on_call")] == [("team", ["bo"])]
    payments.post(
        "/schedules/payments/overrides", {"start": "2025-10-27T14:30:00Z", "end": "2025-10-27T14:40:00Z", "person": "cy", "how": "add"}
    )
    payments.advance(minutes=30)
    assert [sorted(one["values"]["people"]) for one in messages(payments, "schedule.on_call")] == [["bo"], ["bo", "cy"], ["bo"]]
    assert "on-call" in messages(payments, "schedule.on_call")[1]["subject"]
    payments.post("/schedules/payments/subscribers/remove", {"channel": "file", "target": "team"})
    payments.advance(days=9)
    assert len(messages(payments, "schedule.on_call")) == 3


def test_a_change_by_hand_is_told_at_once(payments: World) -> None:
    payments.post("/schedules/payments/subscribers", {"channel": "file", "target": "team"})
    payments.post("/schedules/payments/overrides", {"start": "2025-10-27T14:00:00Z", "end": "2025-10-27T15:00:00Z", "person": "cy"})
    assert messages(payments, "schedule.on_call")[-1]["values"]["people"] == ["cy"]


def test_people_are_told_that_their_shift_comes_as_long_before_as_the_schedule_says(payments: World) -> None:
    payments.post("/schedules/payments", {**WEEKLY, "tell_before": "2d"})
    payments.advance(days=4)
    assert messages(payments, "schedule.shift_coming") == []
    payments.advance(days=2)
    (told,) = messages(payments, "schedule.shift_coming")
    assert (told["to"], told["values"]["start"], told["values"]["end"]) == ("cy", "2025-11-03T08:00:00Z", "2025-11-10T08:00:00Z")
    payments.advance(days=1)
    assert len(messages(payments, "schedule.shift_coming")) == 1


# -- lists -----------------------------------------------------------------------------------------


def test_everybody_on_call_a_person_and_a_service_can_be_asked_for(payments: World) -> None:
    payments.post("/services/payment-api", {"name": "Payment API", "page": ["schedule:payments"]})
    payments.post("/schedules/other", {"layers": [{"id": "x", "groups": [["dina"]]}]})
    assert [one["schedule"] for one in payments.get("/on-call")["schedules"]] == ["other", "payments"]
    assert [one["schedule"] for one in payments.get("/on-call", service="payment-api")["schedules"]] == ["payments"]
    found = payments.get("/on-call", person="cy")
    assert [(one["schedule"], one["start"]) for one in found["shifts"]] == [("payments", "2025-11-03T08:00:00Z")]
    page = payments.get("/schedules", limit=1)
    assert (page["schedules"][0]["id"], page["next"]) == ("other", "other")
    assert [one["id"] for one in payments.get("/schedules", after="other")["schedules"]] == ["payments"]


def test_the_history_of_a_schedule_names_who_did_what(payments: World) -> None:
    payments.post("/schedules/payments/overrides", {"start": "2025-10-28T10:00:00Z", "end": "2025-10-28T12:00:00Z"}, person="cy")
    found = payments.get("/schedules/payments/history")["history"]
    assert [(one["type"], one["by"]) for one in found if one["type"] != "schedule.on_call_changed"] == [
        ("schedule.saved", "alice"), ("schedule.override_added", "cy"),
    ]  # fmt: skip


def test_a_restart_forgets_nothing(payments: World) -> None:
    away(payments)
    payments.post("/schedules/payments/overrides", {"start": "2025-10-28T10:00:00Z", "end": "2025-10-28T12:00:00Z", "person": "cy"})
    before = shifts(payments, "2025-10-27T14:25:00Z", "2025-12-01T00:00:00Z")
    payments.restart()
    assert shifts(payments, "2025-10-27T14:25:00Z", "2025-12-01T00:00:00Z") == before
