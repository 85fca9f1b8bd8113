"""Schedules in files, on the command line and on pages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.oncall.conftest import WEEKLY
from tests.oncall.oracle import utc
from tests.oncall.test_handoffs import AT
from tests.world import World
from tocsin.cli.main import cli
from tocsin.engine.errors import Refused
from tocsin.oncall import load
from tocsin.oncall.importing import from_pagerduty
from tocsin.oncall.layers import who_is_on_call
from tocsin.oncall.model import plain

FILE = """
schedules:
  - id: payments
    name: Payments
    zone: Europe/Berlin
    layers:
      - id: week
        people: [ana, [bo, cy]]
        start: 2025-10-20T09:00
      - {id: night, priority: 1, people: dina, hours: [{start: "22:00", end: "06:00"}]}
"""


# -- files -----------------------------------------------------------------------------------------


def test_a_file_holds_schedules_as_people_write_them() -> None:
    ((name, rota),) = load.schedules(FILE)
    assert name == "payments"
    assert rota.layers[0].groups == (("ana",), ("bo", "cy"))
    assert rota.layers[0].start == "2025-10-20T09:00"
    assert [who_is_on_call(plain(rota), utc(2025, 10, 29, hour)) for hour in (12, 23)] == [("bo", "cy"), ("dina",)]


def test_names_of_schedules_may_be_keys() -> None:
    assert [name for name, _ in load.schedules("schedules: {one: {}, two: {zone: Europe/Lisbon}}")] == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("schedules: [", "not YAML"),
        ("- a\n- b", "no list of schedules"),
        ("schedules: [{zone: UTC}]", "has no id"),
        ("schedules: [{id: x, zones: UTC}]", "zones"),
        ("schedules: [{id: x, layers: [{id: y, people: [a], unit: fortnight}]}]", "schedules[0].layers[0].unit"),
        ("schedules: [{id: x, layers: [{id: y, people: [a], groups: [[a]]}]}]", "both people and groups"),
        ("schedules: [{id: x, layers: [{id: y, people: [a, b]}]}]", "when the first turn"),
        ("a: &a [1]\nschedules: [*a]", "aliases"),
        ("schedules: [{id: 'no such id!'}]", "cannot be the id"),
    ],
)
def test_a_file_that_cannot_be_is_refused_in_a_sentence(text: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        load.schedules(text)
    assert says in str(refused.value)


def test_a_pagerduty_schedule_is_taken_over_with_its_layers_users_and_restrictions() -> None:
    document = {
        "schedule": {
            "name": "Primary", "time_zone": "America/New_York",
            "schedule_layers": [
                {
                    "name": "Weekends", "start": "2025-10-01T00:00:00-04:00", "rotation_virtual_start": "2025-10-03T17:00:00-04:00",
                    "rotation_turn_length_seconds": 604800, "users": [{"user": {"id": "PX1", "summary": "Ana"}}],
                    "restrictions": [{"type": "weekly_restriction", "start_day_of_week": 5, "start_time_of_day": "17:00:00", "duration_seconds": 230400}],
                },
                {
                    "name": "Days", "start": "2025-10-01T00:00:00-04:00", "rotation_virtual_start": "2025-10-01T09:00:00-04:00",
                    "rotation_turn_length_seconds": 86400, "users": [{"user": {"id": "PX2", "summary": "Bo"}}, {"user": {"id": "PX3", "summary": "Cy"}}],
                },
            ],
        }
    }  # fmt: skip
    schedule = plain(from_pagerduty(document, {"px1": "ana"}))
    assert [layer.priority for layer in schedule.rota.layers] == [0, 1]
    # Friday 17:00 to Monday 09:00 in New York, over the change of the clock on 2 November.
    moments = [utc(2025, 10, 31, 20, 59), utc(2025, 10, 31, 21), utc(2025, 11, 3, 13, 59), utc(2025, 11, 3, 14)]
    assert [who_is_on_call(schedule, at) for at in moments] == [("Bo",), ("ana",), ("ana",), ("Cy",)]


@pytest.mark.parametrize("turn", [0, -5, 1000])
def test_a_turn_of_odd_seconds_is_refused(turn: int) -> None:
    layer = {
        "start": "2025-10-01T00:00:00Z",
        "rotation_virtual_start": "2025-10-01T00:00:00Z",
        "rotation_turn_length_seconds": turn,
        "users": ["a"],
    }
    with pytest.raises(Refused):
        from_pagerduty({"layers": [layer]})


# -- the command line ------------------------------------------------------------------------------


class Terminal:
    def __init__(self, data: Path) -> None:
        self._data = data

    def run(self, *words: str, exits: int = 0) -> Result:
        result = CliRunner().invoke(
            cli, ["--data", str(self._data), *words], env={"NO_COLOR": "1", "TOCSIN_SERVER": "", "TOCSIN_TOKEN": ""}
        )
        assert result.exit_code == exits, f"{words}: {result.output}\n{result.exception!r}"
        return result


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    file = tmp_path / "rota.yaml"
    file.write_text(FILE.replace("2025-10-20", "2026-01-05"), encoding="utf-8")
    found = Terminal(tmp_path / "data")
    found.run("oncall", "apply", str(file))
    return found


def test_the_terminal_says_who_is_on_call_and_shows_lanes_on_the_viewers_clock(terminal: Terminal) -> None:
    assert "Payments" in terminal.run("oncall", "who", "--schedule", "payments").stdout
    shown = terminal.run("oncall", "show", "payments", "--from", "2027-03-22", "--days", "14", "--zone", "Europe/Lisbon").stdout
    assert "Europe/Lisbon" in shown
    assert "█" in shown
    assert "Sun 2027-03-28 21:00" in shown
    assert "set forward by 60 min" in shown
    (one,) = json.loads(terminal.run("oncall", "who", "--json").stdout)["schedules"]
    assert one["schedule"] == "payments"


def test_overrides_offers_and_absences_go_through_the_terminal(terminal: Terminal) -> None:
    terminal.run(
        "oncall", "override", "add", "payments", "--from", "2027-02-01T10:00", "--to", "12:00", "--person", "dina", "--zone", "UTC"
    )
    offer = json.loads(
        terminal.run(
            "oncall",
            "cover",
            "ask",
            "payments",
            "--person",
            "dina",
            "--from",
            "2027-02-01T10:00",
            "--to",
            "2027-02-01T11:00",
            "--zone",
            "UTC",
            "--json",
        ).stdout
    )
    terminal.run("oncall", "cover", "take", "payments", offer["exchange"], "--person", "eve")
    shown = json.loads(terminal.run("oncall", "who", "--schedule", "payments", "--at", "2027-02-01T10:30Z", "--json").stdout)
    assert shown["lines"][0]["on_call"][0]["person"] == "eve"
    absence = json.loads(terminal.run("oncall", "absence", "add", "ana", "--from", "2027-02-01", "--to", "2027-02-03", "--json").stdout)
    assert absence["absence"] in terminal.run("oncall", "absence", "list", "ana").stdout
    terminal.run("oncall", "absence", "remove", "ana", absence["absence"])


def test_gaps_and_fairness_and_calendars_in_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    terminal.run("oncall", "gaps", "payments")
    (tmp_path / "office.yaml").write_text(
        "schedules: {office: {layers: [{id: d, people: ana, hours: [{start: '09:00', end: '17:00'}]}]}}", encoding="utf-8"
    )
    terminal.run("oncall", "apply", str(tmp_path / "office.yaml"))
    assert "Nobody is on call" in terminal.run("oncall", "gaps", "office", exits=4).stdout
    assert "dina" in terminal.run("oncall", "fairness", "payments").stdout
    terminal.run("oncall", "ics", "export", "payments", "--out", str(tmp_path / "out.ics"))
    assert "BEGIN:VTIMEZONE" in (tmp_path / "out.ics").read_text(encoding="utf-8")
    terminal.run("oncall", "import", "calendar", "office", str(tmp_path / "out.ics"), "--user-from", "X-TOCSIN-PERSON")
    assert "/calendar/" in terminal.run("oncall", "ics", "publish", "--schedule", "office").stdout
    terminal.run("oncall", "pay", "--schedule", "payments")
    terminal.run("oncall", "handoff", "list")


def test_a_dry_run_saves_nothing(terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("schedules: {other: {layers: [{id: d, people: ana}]}}", encoding="utf-8")
    assert "ana" in terminal.run("oncall", "apply", str(tmp_path / "other.yaml"), "--dry-run").stdout
    assert "other" not in terminal.run("oncall", "list").stdout


# -- pages -----------------------------------------------------------------------------------------


def test_the_pages_show_who_is_on_call_next_and_where_the_holes_are(payments: World) -> None:
    payments.post(
        "/schedules/office", {"name": "Office", "layers": [{"id": "d", "groups": [["ana"]], "hours": [{"start": "09:00", "end": "17:00"}]}]}
    )
    text = payments.page("/on-call", "bo").text
    assert "Payments" in text
    assert "<bdi>Bo</bdi>" in text
    text = payments.page("/on-call/office?weeks=4", "bo").text
    assert "Nobody is on call." in text
    assert text.count('class="week-day"') == 28
    assert payments.page("/on-call/nothing").status == 404
    assert payments.page("/on-call/office?from=9999-99-99&weeks=x&zone=Mars").status == 200


def test_a_page_puts_somebody_on_call_and_takes_it_back(payments: World) -> None:
    page = "/on-call/payments?zone=America/Chicago"
    fields = {"start": "2025-10-28T05:00", "end": "2025-10-28T07:00", "person": "cy"}
    assert payments.form(page, "/on-call/payments/override", fields, person="bo").status == 303
    assert payments.get("/schedules/payments/on-call", at="2025-10-28T11:00:00Z")["lines"][0]["on_call"][0]["person"] == "cy"
    assert payments.form(page, "/on-call/payments/override/remove", person="bo").status == 303
    assert payments.get("/schedules/payments/on-call", at="2025-10-28T11:00:00Z")["lines"][0]["on_call"][0]["person"] == "bo"
    wrong = payments.form(page, "/on-call/payments/override", {**fields, "end": "2025-10-28T04:00"}, person="bo")
    assert (wrong.status, "ends before it begins" in wrong.text, 'value="2025-10-28T05:00"' in wrong.text) == (422, True, True)


def test_a_shift_is_given_away_and_taken_on_pages(payments: World) -> None:
    fields = {"start": "2025-10-30T09:00", "end": "2025-10-31T09:00", "why": "concert"}
    assert payments.form("/on-call/payments", "/on-call/payments/offer", fields, person="bo").status == 303
    assert "concert" in payments.page("/on-call", "ana").text
    assert payments.form("/on-call", "/on-call/payments/offer/take", person="ana").status == 303
    assert "taken by" in payments.page("/on-call/payments", "bo").text


def test_my_absences_and_my_calendar_are_on_the_page(payments: World) -> None:
    fields = {"start": "2025-11-10T00:00", "end": "2025-11-12T00:00", "why": "leave"}
    assert payments.form("/on-call/mine", "/on-call/my/absence", fields, person="ana").status == 303
    assert "leave" in payments.page("/on-call/mine", "ana").text
    assert payments.form("/on-call/mine", "/on-call/my/feed", person="ana").status == 303
    assert "/calendar/" in payments.page("/on-call/mine", "ana").text
    assert payments.form("/on-call/mine", "/on-call/my/absence/remove", person="ana").status == 303
    assert "leave" not in payments.page("/on-call/mine", "ana").text


def test_a_hand_off_is_signed_and_read_on_its_page(payments: World) -> None:
    payments.advance(days=6.5)
    page = f"/on-call/handoffs/{AT}"
    assert "not signed it yet" in payments.page(page, "cy").text
    assert payments.form(page, f"{page}/sign", {"text": "All quiet."}, person="bo").status == 303
    assert payments.form(page, f"{page}/acknowledge", person="cy").status == 303
    assert payments.get(f"/handoffs/{AT}")["acknowledged"].keys() == {"cy"}


def test_a_name_cannot_break_a_page(payments: World) -> None:
    payments.post("/people/ana", {"name": "<script>alert(1)</script>"})
    payments.post("/schedules/payments", {**WEEKLY, "name": '"><img src=x>'})
    for page in ("/on-call", "/on-call/payments"):
        text = payments.page(page, "bo").text
        assert "<script>alert" not in text
        assert "<img" not in text
        assert ' style="' not in text
