"""Feeds that readers understand, and the settings of the page."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from tests.people.visitors import Visitor, make_account
from tests.status.scene import api, components, incident, page, tell
from tests.web_pages.test_pages import words
from tests.world import World, forms_of

__all__ = ["incident"]
_ATOM = "{http://www.w3.org/2005/Atom}"


def test_each_incident_is_one_entry_of_both_feeds_that_changes_with_every_update(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards & more fail")
    world.advance(minutes=10)
    tell(world, incident, fields={"work": "Step <two>"})
    rss = ET.fromstring(world.send("GET", "/status/history.rss", person="").text)
    (item,) = rss.findall("./channel/item")
    assert (item.findtext("title") or "").startswith("Cards & more fail")
    assert "Step &lt;two&gt;" in (item.findtext("description") or "")
    atom = ET.fromstring(world.send("GET", "/status/history.atom", person="").text)
    (entry,) = atom.findall(f"{_ATOM}entry")
    assert entry.findtext(f"{_ATOM}updated") == "2025-10-27T14:40:00Z"
    assert entry.findtext(f"{_ATOM}published") == "2025-10-27T14:30:00Z"
    again = ET.fromstring(world.send("GET", "/status/history.atom", person="").text)
    assert again.findtext(f"{_ATOM}entry/{_ATOM}id") == entry.findtext(f"{_ATOM}id")


def test_feeds_of_an_empty_page_are_valid(world: World) -> None:
    for path in ("/status/history.rss", "/status/history.atom"):
        answer = world.send("GET", path, person="")
        assert answer.headers["content-type"].startswith("application/")
        ET.fromstring(answer.text)


def test_a_system_is_put_on_the_page_changed_moved_hidden_and_taken_off_by_forms_alone(world: World) -> None:
    components(world)
    world.post("/services/reports", {"name": "Reports"})
    here = "/settings/status"
    assert world.form(here, f"{here}/component", {"service": "reports", "name": "Monthly reports"}, number=3).status == 303
    assert "Monthly reports" in page(world)
    order = [one["name"] for one in api(world, "components.json")["components"] if not one["group"]]
    assert world.form(here, f"{here}/order", {"do": "down"}).status == 303
    assert [one["name"] for one in api(world, "components.json")["components"] if not one["group"]] != order
    form = next(one for one in forms_of(world.page(here).text) if one.action == f"{here}/order")
    world.send_form(f"{here}/order", {**form.fields, "do": "hide"})
    hidden = form.fields["service"]
    assert world.get("/api/v1/status-page")["hidden"] == [hidden]
    name = next(one["name"] for one in world.get("/api/v1/status-page")["components"] if one["service"] == "reports")
    removal = next(
        one for one in forms_of(world.page(here).text) if one.action == f"{here}/component" and one.fields.get("service") == "reports"
    )
    world.send_form(f"{here}/component", {**removal.fields, "do": "remove"})
    assert name not in page(world)
    assert world.get("/services/reports")["name"] == "Reports"


def test_saving_a_service_otherwise_leaves_its_component_alone(world: World) -> None:
    components(world)
    world.post("/services/search", {"name": "Search service", "about": "changed"})
    assert "Search" in page(world)
    world.post("/services/search/retire", {})
    assert "Search" not in [one["name"] for one in api(world, "components.json")["components"]]


def test_texts_are_changed_by_their_form_and_a_bad_one_is_named(world: World) -> None:
    here = "/settings/status"
    fields = {"name": "Northwind", "header": "Support is slow today.", "about": "We sell boats.", "support_url": "https://example.com/help"}
    assert world.form(here, here, fields).status == 303
    text = page(world)
    assert "Support is slow today." in text
    assert 'href="https://example.com/help"' in text
    answer = world.form(here, here, {**fields, "support_url": "javascript:alert(1)"})
    assert answer.status == 422
    assert "javascript:alert(1)" in answer.text
    assert "javascript" not in page(world)


def test_a_state_is_set_by_hand_and_taken_back_by_forms(world: World) -> None:
    components(world)
    here = "/settings/status"
    assert world.form(here, f"{here}/state", {"state": "partial_outage", "until": "2h", "reason": "seen by many"}).status == 303
    assert "Partial outage" in words(page(world))
    assert "by hand until 16:25 UTC" in words(world.page(here).text)
    assert world.form(here, f"{here}/clear").status == 303
    assert "All systems operational" in words(page(world))


def test_a_viewer_sees_the_settings_without_forms_and_no_subscriber(world: World) -> None:
    components(world)
    make_account(world, "vera", "viewer")
    vera = Visitor(world)
    vera.sign_in("vera")
    text = vera.get("/settings/status").text
    assert "Card payments" in text
    assert 'action="/settings/status' not in text
    assert vera.get("/settings/subscribers").status == 403
    assert vera.api("POST", "/status-page", {"name": "Hers"}).status == 403
    assert vera.api("GET", "/status-page/subscribers").status == 403


def test_an_incident_is_taken_off_the_page_by_its_button(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    here = "/settings/status"
    assert world.form(here, f"{here}/incident", {"do": "hide"}).status == 303
    assert "Cards fail" not in page(world)
    assert world.form(here, f"{here}/incident", {"do": "show"}).status == 303
    assert "Cards fail" in page(world)
