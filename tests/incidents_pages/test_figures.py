"""Figures of the impact, as people type them in the room: every one that the playbook names, recorded, told as an estimate, and corrected."""

from __future__ import annotations

from html import unescape
from typing import Any

import pytest

from tests.web_pages.test_pages import words
from tests.world import Answer, World, forms_of
from tocsin.engine.errors import Refused
from tocsin.incidents import figures
from tocsin.playbooks.record import Figure

USERS = Figure(id="users", name="Users affected", unit="users")
LOST = Figure(id="lost", name="Revenue lost", unit="USD", kind="money")
SHARE = Figure(id="share", name="Share of users", unit="%", kind="percent")


@pytest.mark.parametrize(
    ("figure", "typed", "value", "about"),
    [
        (USERS, "1000", 1000, False),
        (USERS, "1,000", 1000, False),
        (USERS, "12 000", 12000, False),
        (USERS, "about 40,000 users", 40000, True),
        (USERS, "1 user", 1, False),
        (USERS, "~15,000", 15000, True),
        (SHARE, "12.5 %", 12.5, False),
        (SHARE, "12.5%", 12.5, False),
        (SHARE, "0", 0, False),
        (LOST, "$25,000", 25000, False),
        (LOST, "25000.50 USD", 25000.5, False),
        (LOST, "-30", -30, False),
        (USERS, 7, 7, False),
        (Figure(id="data", name="Data lost", kind="yes_no"), "No", "no", False),
        (Figure(id="data", name="Data lost", kind="text"), "1,000 rows of orders", "1,000 rows of orders", False),
    ],
)
def test_a_figure_is_read_as_people_write_it(figure: Figure, typed: str | float, value: str | float, about: bool) -> None:
    assert figures.read(figure, typed) == (value, about)


@pytest.mark.parametrize(
    ("figure", "typed", "fix"),
    [
        (SHARE, "12,5 %", "point before decimals"),
        (USERS, "many", "one number"),
        (USERS, "1000-2000", "one number"),
        (USERS, "1,00,000", "one number"),
        (USERS, "nan", "one number"),
        (USERS, "9" * 400, "one number"),
        (USERS, "", "one number"),
    ],
)
def test_what_cannot_be_read_as_a_number_says_how_to_write_it(figure: Figure, typed: str, fix: str) -> None:
    with pytest.raises(Refused) as caught:
        figures.read(figure, typed)
    assert caught.value.field == "value"
    assert fix in caught.value.fix


def record(world: World, incident: str, figure: str, **fields: str) -> Answer:
    """Fill the figure's own form in, as it stands in the room, and send it."""
    page, action = f"/incidents/{incident}", f"/incidents/{incident}/figures"
    known = [form.fields["figure"] for form in forms_of(world.page(page).text) if form.action == action]
    return world.form(page, action, fields, number=known.index(figure))


def recorded(world: World, incident: str) -> dict[str, Any]:
    found: dict[str, Any] = world.get(f"/incidents/{incident}")["figures"]
    return found


@pytest.mark.parametrize(
    ("book", "severity"),
    [("compact", "SEV2"), ("nine-stage", "SEV1"), ("rota-and-runbooks", "SEV-2"), ("service-levels", "P2"), ("house", "SEV2")],
)
def test_every_figure_of_the_playbook_can_be_recorded_in_the_room_the_required_ones_first(world: World, book: str, severity: str) -> None:
    incident = world.declare(playbook=book, severity=severity, service="")
    page = world.page(f"/incidents/{incident}").text
    asked = [form.fields["figure"] for form in forms_of(page) if form.action == f"/incidents/{incident}/figures"]
    named = world.get(f"/playbooks/{book}")["figures"]
    assert sorted(asked) == sorted(one["id"] for one in named)
    required = [one["id"] for one in named if one.get("required")]
    assert asked[: len(required)] == required
    assert words(page).count("for the postmortem not recorded") == len(required)
    for one in named:
        typed = {"yes_no": "no", "text": "orders of the last hour", "percent": "12.5 %"}.get(one.get("kind", "count"), "1,000")
        assert record(world, incident, one["id"], value=typed).status == 303
    assert set(recorded(world, incident)) == {one["id"] for one in named}


def test_a_figure_is_corrected_in_the_same_place_and_what_it_was_stays_on_the_timeline(world: World) -> None:
    incident = world.declare(playbook="compact", severity="SEV2", service="")
    answer = record(world, incident, "users_affected", value="about 1,000", source="login log")
    assert answer.headers["location"] == f"/incidents/{incident}?part=duties#figures"
    assert "Users affected about 1,000 users" in words(world.page(f"/incidents/{incident}").text)
    record(world, incident, "users_affected", value="1,250", source="warehouse", estimate="")
    kept = recorded(world, incident)["users_affected"]
    assert (kept["value"], kept["unit"], kept["source"], kept["estimate"]) == (1250, "users", "warehouse", False)
    told = [line["text"] for line in world.get(f"/incidents/{incident}/timeline") if line["text"].startswith("Users affected")]
    assert told == ["Users affected: about 1,000 users", "Users affected: 1,250 users"]


def test_a_figure_that_cannot_be_read_keeps_what_was_typed(world: World) -> None:
    incident = world.declare(playbook="compact", severity="SEV2", service="")
    answer = record(world, incident, "users_affected", value="a few", source="support")
    assert answer.status == 422
    said = unescape(answer.text)
    assert "Users affected is a number, not 'a few'." in said
    assert "Write one number, such as 1,000 or 12.5; its unit (users) is known." in said
    assert 'value="a few"' in answer.text
    assert 'value="support"' in answer.text
    assert record(world, incident, "users_affected", value=" ").status == 422


def test_the_api_takes_a_figure_as_a_number_and_as_text(world: World) -> None:
    incident = world.declare(playbook="compact", severity="SEV2", service="")
    world.post(f"/incidents/{incident}/figures", {"figure": "users_affected", "value": 5000})
    assert recorded(world, incident)["users_affected"]["value"] == 5000
    world.post(f"/incidents/{incident}/figures", {"figure": "users_affected", "value": "~6,000"})
    kept = recorded(world, incident)["users_affected"]
    assert (kept["value"], kept["estimate"]) == (6000, True)
