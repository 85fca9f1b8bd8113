"""People and teams as versioned facts, over the API."""

import pytest

from tests.world import World

ANA = {"name": "Ana Reyes", "contacts": [{"kind": "email", "value": "ana@example.com"}], "teams": ["payments"], "zone": "Europe/Lisbon"}


def test_a_person_is_written_down_and_read_back(world: World) -> None:
    assert world.post("/people/ana", ANA) == {"person": "ana", "changed": True, "warnings": ["There is no team payments."]}
    shown = world.get("/people/ana")
    assert (shown["name"], shown["zone"]) == (ANA["name"], "Europe/Lisbon")
    assert [(way["id"], way["kind"], way["value"]) for way in shown["contacts"]] == [("email", "email", "ana@example.com")]
    assert {"id": "ana", "name": "Ana Reyes", "active": True} in world.get("/people")["people"]


def test_writing_down_the_same_again_makes_no_new_version(world: World) -> None:
    world.post("/people/ana", ANA)
    assert world.post("/people/ana", ANA)["changed"] is False
    assert world.get("/people/ana")["version"] == 1


def test_the_history_of_a_person_says_who_changed_what_when(world: World) -> None:
    world.post("/people/ana", ANA, person="carol")
    world.at("15:00")
    world.post("/people/ana", {**ANA, "zone": "UTC"}, person="dave")
    first, second = world.get("/people/ana/history")["history"]
    assert (first["by"], first["at"], first["saved"]["zone"]) == ("carol", "2025-10-27T14:25:00Z", "Europe/Lisbon")
    assert (second["by"], second["at"], second["saved"]["zone"]) == ("dave", "2025-10-27T15:00:00Z", "UTC")


def test_who_has_left_is_listed_only_when_asked_for(world: World) -> None:
    world.post("/people/ana", {**ANA, "active": False})
    assert world.get("/people")["people"] == []
    assert [found["id"] for found in world.get("/people", everybody="true")["people"]] == ["ana"]


def test_a_team_has_the_members_that_it_names_and_those_who_name_it(world: World) -> None:
    world.post("/people/ana", ANA)
    world.post("/teams/payments", {"name": "Payments", "members": ["bob"]})
    assert world.get("/teams/payments")["members"] == ["bob", "ana"]
    world.post("/people/bob", {"name": "Bob"})
    assert world.get("/people/bob")["teams"] == ["payments"]
    assert world.get("/teams")["teams"] == [{"id": "payments", "name": "Payments"}]
    assert len(world.get("/teams/payments/history")["history"]) == 1


@pytest.mark.parametrize("path", ["/people/nobody", "/people/nobody/history", "/teams/nobody", "/teams/nobody/history"])
def test_who_is_not_there_is_not_found(world: World, path: str) -> None:
    assert world.send("GET", path).status == 404


def test_an_id_that_cannot_stand_in_an_address_is_refused(world: World) -> None:
    problem = world.refused("/people/ana reyes", ANA)
    assert (problem["status"], problem["field"]) == (422, "id")


def test_a_misspelt_field_is_refused_by_name(world: World) -> None:
    assert world.refused("/people/ana", {**ANA, "zoen": "UTC"})["field"] == "zoen"


def test_people_are_there_after_a_restart(world: World) -> None:
    world.post("/people/ana", ANA)
    before = world.get("/people/ana")
    world.restart()
    assert world.get("/people/ana") == before
