"""The pages of groups and of what is kept quiet."""

from __future__ import annotations

import pytest

from tests.alerts.bodies import alert_of, one
from tests.world import World


@pytest.fixture
def group(world: World) -> str:
    """A group that fires."""
    return str(world.get(f"/alerts/{alert_of(world, one(service='shop'))}")["group"])


def test_the_list_shows_what_fires_and_that_nobody_is_on_it(world: World, group: str) -> None:
    page = world.page("/groups").text
    assert f'href="/groups/{group}"' in page
    assert "nobody" in page
    assert "DiskFull on db-1" not in world.page("/groups?state=muted").text
    assert "No group fires" not in page


def test_one_button_acknowledges_a_group_and_its_page(world: World, group: str) -> None:
    answer = world.form(f"/groups/{group}", f"/groups/{group}/acknowledge", person="bob")
    assert (answer.status, answer.headers["location"]) == (303, f"/groups/{group}")
    page = world.page(f"/groups/{group}").text
    assert "bob" in page
    assert "/acknowledge" not in page
    assert world.get("/pages")["pages"][0]["acknowledged_by"] == "bob"


def test_a_group_says_why_it_is_quiet_what_it_waits_for_and_what_happened(world: World) -> None:
    world.post("/routes/file", {"text": "routes:\n- {name: slow, wait: 5m, group_by: [alertname]}\n"})
    alert = alert_of(world, one(start="2025-10-27T14:25:00Z"))
    page = world.page(f"/groups/{world.get(f'/alerts/{alert}')['group']}").text
    assert "It must fire for 5m first." in page
    assert "people are called, if it fires still" in page
    assert "The route slow takes it" in page


def test_ending_a_group_names_what_the_button_does(world: World, group: str) -> None:
    assert "End it and its 1 alert" in world.page(f"/groups/{group}").text
    world.form(f"/groups/{group}", f"/groups/{group}/resolve", {"why": "a false alarm"}, person="bob")
    assert world.get(f"/groups/{group}")["phase"] == "resolved"
    assert "a false alarm" in world.page(f"/groups/{group}").text


def test_a_group_is_silenced_from_its_page_after_a_look_at_what_that_would_mute(world: World, group: str) -> None:
    assert f'href="/silences?group={group}"' in world.page(f"/groups/{group}").text
    shown = world.page(f"/silences?group={group}").text
    assert "1 alert that fires now would be kept quiet" in shown
    answer = world.form(f"/silences?group={group}", "/silences", {"why": "known noise", "for": "90m"})
    assert answer.status == 303
    assert world.get(f"/groups/{group}")["phase"] == "muted"
    page = world.page("/silences").text
    assert "known noise" in page
    (silence,) = world.get("/silences")["silences"]
    world.form("/silences", f"/silences/{silence['id']}/expire")
    assert world.get(f"/groups/{group}")["phase"] == "firing"


def test_a_silence_that_cannot_be_is_refused_on_its_form_with_what_was_typed(world: World) -> None:
    answer = world.form("/silences", "/silences", {"match": "env=~(", "why": "noise", "for": "2h"})
    assert answer.status == 422
    assert "env=~(" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert world.form("/silences", "/silences", {"match": "", "why": "noise"}).status == 422
    assert world.form("/silences", "/silences", {"match": "env=dev", "why": "noise", "for": "long"}).status == 422


def test_a_muted_group_can_be_made_to_call_people(world: World, group: str) -> None:
    world.post("/silences", {"group": group, "until": "2025-10-27T16:00:00Z", "why": "noise"})
    assert "alice silenced it" in world.page(f"/groups/{group}").text
    world.form(f"/groups/{group}", f"/groups/{group}/unmute")
    assert world.get(f"/groups/{group}")["phase"] == "firing"


def test_planned_maintenance_is_listed_with_its_window(world: World) -> None:
    body = {
        "title": "Upgrade",
        "services": ["shop"],
        "since": "2025-10-27T20:00:00Z",
        "until": "2025-10-27T21:00:00Z",
        "public_title": "May be slow",
    }
    world.post("/maintenance", body)
    page = world.page("/maintenance").text
    assert "Upgrade" in page
    assert "on the status page" in page
    plan = page.partition('href="/maintenance/M-')[2].partition('"')[0]
    assert "May be slow" in world.page(f"/maintenance/M-{plan}").text


def test_pages_of_groups_that_do_not_exist_say_so(world: World) -> None:
    assert world.page("/groups/G-999").status == 404
