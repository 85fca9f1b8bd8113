"""The board and the list of action items, and the page of one: moves, filters, hand-over of many, history, CSV."""

from __future__ import annotations

import re

import pytest

from tests.web_pages.test_pages import words
from tests.world import World, forms_of
from tocsin.actions import queries, sheet
from tocsin.engine.model import SYSTEM
from tocsin.people.model import SavePerson, SaveTeam
from tocsin.people.rights import SYSTEM_VIEWER
from tocsin.services.model import SaveService


@pytest.fixture
def incident(world: World) -> str:
    return world.declare()


def item(world: World, incident: str, title: str, **more: str) -> str:
    return str(
        world.post(f"/incidents/{incident}/actions", {"title": title, "group": "prevent", "owner": "bob", "due": "2025-11-03", **more})[
            "action"
        ]
    )


def column(page: str, name: str) -> list[str]:
    """Return the items of a column of the board."""
    found = page.split(f'data-column="{name}" aria-labelledby')[1].split("</section>", maxsplit=1)[0]
    return re.findall(r'class="ticket-title"><a href="/actions/[^"]+"[^>]*>([^<]+)<', found)


def listed(page: str) -> list[str]:
    """Return the items of the list."""
    return re.findall(r'<th scope="row"><a href="/actions/[^"]+"[^>]*>([^<]+)<', page)


def test_the_board_has_a_column_for_each_state_and_every_move_is_a_form(world: World, incident: str) -> None:
    first = item(world, incident, "Watch the pool")
    assert column(world.page("/actions").text, "waiting") == ["Watch the pool"]
    answer = world.form("/actions", f"/actions/{first}/start")
    assert (answer.status, answer.headers["location"]) == (303, "/actions")
    assert column(world.page("/actions").text, "started") == ["Watch the pool"]
    world.form("/actions", f"/actions/{first}/put-back")
    assert column(world.page("/actions").text, "waiting") == ["Watch the pool"]
    world.form(f"/actions/{first}", f"/actions/{first}/done", {"evidence": "the alert fired in a drill"})
    assert column(world.page("/actions").text, "done") == ["Watch the pool"]
    world.form(f"/actions/{first}", f"/actions/{first}/reopen", {"reason": "it was switched off"})
    world.form(f"/actions/{first}", f"/actions/{first}/drop", {"reason": "the pool goes away"})
    assert column(world.page("/actions").text, "dropped") == ["Watch the pool"]


def test_what_is_overdue_stands_first_and_says_by_how_much(world: World, incident: str) -> None:
    item(world, incident, "later", due="2025-12-01")
    item(world, incident, "sooner", due="2025-11-03")
    item(world, incident, "undated", due="2025-11-04")
    world.advance(days=10)
    page = world.page("/actions?view=list")
    assert listed(page.text) == ["sooner", "undated", "later"]
    assert "3 days overdue" in words(page.text)
    assert "2 overdue" in words(page.text)
    assert listed(world.page("/actions?view=list&overdue=1").text) == ["sooner", "undated"]


def test_a_filter_is_an_address(world: World, incident: str) -> None:
    runtime = world.app.runtime
    runtime.commit_now("person", "bob", SavePerson("Bob"), SYSTEM)
    runtime.commit_now("team", "payments", SaveTeam("Payments", ("dana",)), SYSTEM)
    runtime.commit_now("service", "payment-api", SaveService("Payment API", owner="search"), SYSTEM)
    item(world, incident, "for bob", ticket="OPS-1")
    item(world, incident, "for dana", owner="dana")
    item(world, incident, "for nobody", owner="")
    mine = item(world, incident, "for alice", owner="alice")
    world.post(f"/actions/{mine}/start")
    for query, wanted in (
        ("owner=bob", ["for bob"]), ("owner=-", ["for nobody"]), ("mine=1", ["for alice"]), ("team=payments", ["for dana"]), ("q=OPS-1", ["for bob"]),
        ("q=for da", ["for dana"]), ("q=100%25", []), ("state=started", ["for alice"]), ("state=done", []), ("service=payment-api&owner=bob", ["for bob"]),
        ("service=none", []), (f"incident={incident}&owner=dana", ["for dana"]), ("priority=P1", []),
    ):  # fmt: skip
        assert listed(world.page(f"/actions?view=list&{query}").text) == wanted, query


def test_an_item_is_written_changed_and_tells_its_history(world: World, incident: str) -> None:
    made = world.form(
        f"/actions/new?incident={incident}", "/actions/new", {"title": "Watch <b>it</b>", "owner": "bob", "due": "2025-11-03"}
    )
    assert made.status == 303
    page = made.headers["location"]
    assert "Watch &lt;b&gt;it&lt;/b&gt;" in world.page(page).text
    world.form(page, page, {"owner": "dana", "due": ""})
    shown = words(world.page(page).text)
    assert "changed the owner from bob to dana" in shown
    assert "took the date 2025-11-03 away" in shown
    assert "It has no due date" in shown
    history = world.get(f"{page}/history")["history"]
    assert [one["says"] for one in history][-1] == "wrote it down for bob, due 2025-11-03"


def test_a_form_that_is_refused_keeps_what_was_typed(world: World, incident: str) -> None:
    answer = world.form(f"/actions/new?incident={incident}", "/actions/new", {"title": "Watch it", "group": "prevent", "due": "soon"})
    assert answer.status == 422
    assert "is not a date" in words(answer.text)
    form = next(form for form in forms_of(answer.text) if form.action == "/actions/new")
    assert (form.fields["title"], form.fields["group"]) == ("Watch it", "prevent")


def test_a_new_item_is_not_due_before_today(world: World, incident: str) -> None:
    answer = world.form(f"/actions/new?incident={incident}", "/actions/new", {"title": "Watch it", "due": "2025-10-01"})
    assert answer.status == 422
    assert "2025-10-01 lies in the past. Give today or a later day." in words(answer.text)
    assert next(form for form in forms_of(answer.text) if form.action == "/actions/new").fields["title"] == "Watch it"


def test_an_owner_whom_nobody_wrote_down_is_said_to_get_no_reminder(world: World, incident: str) -> None:
    world.post("/people/bob", {"name": "Bob"})
    known, unknown = item(world, incident, "one", owner="bob"), item(world, incident, "two", owner="bobb")
    assert "nobody is reminded" not in words(world.page(f"/actions/{known}").text)
    assert "bobb not written down here, so nobody is reminded" in words(world.page(f"/actions/{unknown}").text)


def test_done_wants_evidence(world: World, incident: str) -> None:
    first = item(world, incident, "Watch the pool")
    answer = world.form(f"/actions/{first}", f"/actions/{first}/done", {"evidence": "  "})
    assert answer.status == 422
    assert "how one can see that it is done" in words(answer.text)


def test_several_items_change_hands_at_once_and_a_closed_one_is_named(world: World, incident: str) -> None:
    first, second = item(world, incident, "one"), item(world, incident, "two")
    answer = world.form("/actions?view=list", "/actions/reassign", {"to": "dana", "item": first})
    assert answer.status == 303
    assert world.get(f"/actions/{first}")["owner"] == "dana"
    moved = world.post("/actions/reassign", {"owner": "bob", "to": "erin"})
    assert moved["changed"] == [second]
    world.post(f"/actions/{first}/drop", {"reason": "no"})
    again = world.post("/actions/reassign", {"actions": [first, second], "to": "alice"})
    assert (again["changed"], [one["action"] for one in again["refused"]]) == ([second], [first])
    assert world.refused("/actions/reassign", {"to": "alice"})["status"] == 422


def test_nothing_ticked_and_nobody_named_are_said(world: World, incident: str) -> None:
    item(world, incident, "one")
    assert "No item is ticked" in words(world.form("/actions?view=list", "/actions/reassign", {"to": "dana"}).text)


def test_the_csv_has_what_the_filter_leaves_and_no_formula(world: World, incident: str) -> None:
    item(world, incident, '=HYPERLINK("http://evil")')
    item(world, incident, "plain, with a comma", owner="dana")
    answer = world.send("GET", "/actions?format=csv&owner=bob")
    assert answer.headers["content-type"].startswith("text/csv")
    lines = answer.text.splitlines()
    assert len(lines) == 2
    assert '"\'=HYPERLINK(""http://evil"")"' in lines[1]


@pytest.mark.parametrize(
    ("value", "cell"), [("-3", "-3"), ("-x", "'-x"), ("a,b", '"a,b"'), ('say "x"', '"say ""x"""'), ("@cmd", "'@cmd"), ("", "")]
)
def test_a_cell_is_quoted_where_it_must_be(value: str, cell: str) -> None:
    assert sheet.csv([(value,)]) == f"{cell}\r\n"


def test_a_persons_overdue_items_are_found_the_longest_overdue_first(world: World, incident: str) -> None:
    item(world, incident, "second", due="2025-11-04")
    item(world, incident, "first", due="2025-11-03")
    item(world, incident, "in time", due="2025-12-03")
    item(world, incident, "of another", owner="dana")
    done = item(world, incident, "done")
    world.post(f"/actions/{done}/done", {"evidence": "seen"})
    world.advance(days=10)
    with world.app.runtime.reading() as reader:
        found = queries.due_for(reader, SYSTEM_VIEWER, "bob", 5)
        assert [(one.title, one.days_late(reader.now)) for one in found] == [("first", 3), ("second", 2)]
        assert len(queries.due_for(reader, SYSTEM_VIEWER, "bob", 1)) == 1


def test_the_started_mark_survives_a_rebuild_and_ends_with_the_item(world: World, incident: str) -> None:
    first = item(world, incident, "one")
    world.post(f"/actions/{first}/start", {"by": "bob"})
    assert world.get(f"/actions/{first}")["started_by"] == "bob"
    world.restart()
    assert world.get("/actions", state="started")["actions"][0]["id"] == first
    world.post(f"/actions/{first}/done", {"evidence": "seen"})
    world.post(f"/actions/{first}/reopen", {"reason": "no"})
    assert world.get("/actions", state="waiting")["actions"][0]["id"] == first
    assert world.refused("/actions/ACT-NONE/start")["status"] == 404


def test_an_empty_board_teaches(world: World) -> None:
    assert "No action items yet" in words(world.page("/actions").text)
