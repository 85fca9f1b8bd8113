"""The list of postmortems, the follow-ups, and whom they are hidden from."""

from __future__ import annotations

import re

import pytest

from tests.postmortems.scene import Scene
from tests.web_pages.test_pages import words
from tests.world import World
from tocsin.engine import rebuild


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world).responded()


def titles(page: str) -> list[str]:
    return re.findall(r'href="/incidents/([^/"]+)/postmortem"', page)


def test_an_incident_whose_level_asks_for_a_review_is_owed_one_as_soon_as_it_is_resolved(world: World) -> None:
    running = Scene(world)
    assert world.get("/postmortems")["postmortems"] == []
    running.responded()
    found = world.get("/postmortems", state="missing")
    assert [(one["incident"], one["stage"], one["wanted"]) for one in found["postmortems"]] == [(running.id, "", "required")]
    assert found["postmortems"][0]["duty"]
    assert found["postmortems"][0]["due_at"] > "2025-10-27T15:07"
    assert "Not begun 1" in words(world.page("/postmortems").text)


def test_it_is_overdue_by_how_much_and_moves_through_its_states(scene: Scene) -> None:
    world = scene.world
    world.advance(days=3)
    assert world.get("/postmortems")["counts"]["overdue"] == 1
    page = world.page("/postmortems?state=overdue").text
    assert "late" in words(page)
    scene.drafted()
    counts = world.get("/postmortems")["counts"]
    assert (counts["missing"], counts["draft"]) == (0, 1)
    scene.post("postmortem/review")
    assert world.get("/postmortems", state="review")["postmortems"][0]["incident"] == scene.id


def test_a_corrected_milestone_moves_the_due_date_in_the_list(scene: Scene) -> None:
    before = scene.world.get("/postmortems")["postmortems"][0]["due_at"]
    scene.milestone("resolved", "14:55")
    assert scene.world.get("/postmortems")["postmortems"][0]["due_at"] < before


def test_a_dismissed_incident_owes_nothing(world: World) -> None:
    scene = Scene(world)
    other = world.declare(title="The same again")
    world.post(f"/incidents/{other}/merge", {"into": scene.id})
    scene.responded()
    assert [one["incident"] for one in world.get("/postmortems")["postmortems"]] == [scene.id]


def test_the_list_is_filtered_by_service_author_and_words(scene: Scene) -> None:
    world = scene.world
    scene.drafted(authors=["dana"])
    for query, count in (
        ("service=payment-api", 1), ("service=other", 0), ("owner=dana", 1), ("owner=dan", 0), ("q=payment error", 1), ("q=100%", 0), ("state=published", 0),
    ):  # fmt: skip
        assert len(titles(world.page(f"/postmortems?{query}").text)) == count, query


def test_the_rows_are_those_of_a_rebuild(scene: Scene) -> None:
    scene.drafted()
    scene.write("lessons", "More.")
    scene.action("Watch the pool")
    with scene.world.app.runtime.database.reading() as connection:
        assert rebuild.differences(connection, scene.world.app.runtime.registry) == []


def test_follow_ups_stand_in_the_list_until_they_are_held(scene: Scene) -> None:
    world = scene.world
    scene.drafted()
    scene.action("Watch the pool")
    first = world.get("/postmortems/follow-ups")["follow_ups"][0]
    assert (first["incident"], first["items"]["open"]) == (scene.id, 1)
    assert "0 of 1 action items done" in words(world.page("/postmortems/follow-ups").text)
    world.advance(days=8)
    answer = world.form("/postmortems/follow-ups", "/postmortems/follow-ups", {"evidence": "It is on its way"})
    assert answer.status == 303
    second = world.get("/postmortems/follow-ups")["follow_ups"][0]
    assert second["id"] != first["id"]


def test_what_one_may_not_read_is_in_no_list_and_in_no_number(world: World) -> None:
    scene = Scene(world, private=True).responded()
    item = scene.action("Watch the pool")
    world.advance(days=30)
    for path in ("/postmortems", "/postmortems/follow-ups", "/actions", "/actions?view=list&state=all"):
        mine, theirs = world.page(path, "alice").text, world.page(path, "stranger").text
        assert scene.id in mine, path
        assert scene.id not in theirs, path
    for path in (f"/actions/{item}", f"/actions/{item}/history"):
        assert world.send("GET", path, person="stranger").status == 404
    assert world.send("POST", f"/actions/{item}/done", {"evidence": "x"}, "stranger").status == 404
    assert world.send("GET", "/postmortems", person="stranger").json["counts"][""] == 0
    assert "0 overdue" in words(world.page("/actions", "stranger").text)


def test_an_empty_list_teaches(world: World) -> None:
    assert "No postmortems yet" in words(world.page("/postmortems").text)
    assert "No follow-up is owed" in words(world.page("/postmortems/follow-ups").text)
