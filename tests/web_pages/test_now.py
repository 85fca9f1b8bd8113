"""The first page: whom pages call, what nobody has answered, who is on call now and next; one tap acknowledges and leads back."""

from __future__ import annotations

from typing import Any

from tests.web_pages.test_mended import fire
from tests.web_pages.test_pages import words
from tests.world import World


def section(page: str, name: str) -> str:
    """Return a section of a page by its id; an empty text where there is none."""
    return page[page.index(f'id="{name}"') :].partition("</section>")[0] if f'id="{name}"' in page else ""


def call(world: World, *people: str, title: str = "Look at the database", **more: Any) -> str:
    """Page people by name; return the page's id."""
    for person in people:
        world.post(f"/people/{person}", {"name": person.capitalize(), "contacts": [{"kind": "file", "value": person}]})
    return str(world.post("/pages", {"title": title, "targets": [f"person:{one}" for one in people], **more})["page"])


def test_a_page_that_calls_me_stands_first_with_a_button_that_acknowledges_and_leads_back(world: World) -> None:
    page = call(world, "bob")
    shown = section(world.page("/", person="bob").text, "called")
    assert "You are called Look at the database" in words(shown)
    assert f'href="/pages/{page}"' in shown
    assert shown.count(">Acknowledge</button>") == 1
    assert "You are called" not in section(world.page("/", person="alice").text, "called")
    answer = world.form("/", f"/pages/{page}/acknowledge", person="bob")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    shown = section(world.page("/", person="bob").text, "called")
    assert "you have it" in words(shown)
    assert ">Acknowledge</button>" not in shown


def test_a_role_that_i_am_asked_to_take_stands_there_until_i_take_or_decline_it(world: World) -> None:
    incident = world.declare(lead="alice")
    world.post(f"/incidents/{incident}/roles/offer", {"role": "ic", "person": "bob", "note": "my shift ends"})
    shown = section(world.page("/", person="bob").text, "called")
    assert "alice asks you to take this role: my shift ends" in words(shown)
    assert "You are asked" not in section(world.page("/", person="carol").text, "called")
    world.form("/", f"/incidents/{incident}/roles/decline", person="bob")
    assert "You are asked" not in section(world.page("/", person="bob").text, "called")
    world.post(f"/incidents/{incident}/roles/offer", {"role": "ic", "person": "bob"})
    world.form("/", f"/incidents/{incident}/roles/accept", person="bob")
    assert world.get(f"/incidents/{incident}")["lead"] == "bob"
    assert "You are asked" not in section(world.page("/", person="bob").text, "called")


def test_what_nobody_has_answered_is_everybodys_to_see_and_to_take(world: World) -> None:
    page = call(world, "bob")
    world.advance(hours=3)
    assert world.get(f"/pages/{page}")["unanswered"]
    shown = section(world.page("/", person="carol").text, "called")
    assert "Nobody has answered Look at the database" in words(shown)
    assert world.form("/", f"/pages/{page}/acknowledge", person="carol").headers["location"] == "/"
    assert "Nobody has answered" not in section(world.page("/", person="alice").text, "called")


def test_who_is_on_call_now_and_next_stands_there_and_a_schedule_without_anybody_first(world: World) -> None:
    assert "Nobody is on call yet. Write a rota" in words(section(world.page("/").text, "oncall"))
    for person in ("ana", "bo"):
        world.post(f"/people/{person}", {"name": f"{person.capitalize()} Somebody"})
    layer = {"id": "week", "groups": [["ana"], ["bo"]], "start": "2025-10-20T09:00"}
    world.post("/schedules/a-shop", {"name": "Shop", "layers": [layer]})
    world.post("/schedules/b-later", {"name": "Later", "layers": [{**layer, "start": "2026-10-20T09:00"}]})
    said = words(section(world.page("/").text, "oncall"))
    assert said.index("nobody until 20 Oct 2026 09:00 Later") < said.index("Shop")
    assert "Bo Somebody until 3 Nov 09:00 Shop , then Ana Somebody" in said


def test_an_alert_that_is_kept_quiet_or_whose_group_has_an_incident_needs_nobody_there(world: World) -> None:
    fire(world, "DiskFull", fingerprint="bb22")
    first = fire(world, "Broken", fingerprint="cc33")
    assert "Broken is firing" in section(world.page("/").text, "firing")
    world.form(f"/declare?alert={first}", "/declare")
    world.post("/silences", {"match": 'alertname="DiskFull"', "until": "2025-10-28T12:00:00Z", "why": "known"})
    shown = section(world.page("/").text, "firing")
    assert "Broken is firing" not in shown
    assert "DiskFull is firing" not in shown
