"""From draft to publication, and what the incident learns of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.postmortems.scene import Scene
from tests.world import World


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world).responded()


def milestones(scene: Scene) -> dict[str, str]:
    return {m["id"]: m["at"] for m in scene.world.get(f"/incidents/{scene.id}")["milestones"]}


def test_the_kind_follows_the_cause_of_the_incident(scene: Scene) -> None:
    assert scene.post("postmortem", {})["kind"] == "deployment"


def test_a_cause_without_a_kind_of_its_own_gets_the_usual_one_and_a_given_kind_wins(world: World) -> None:
    other = Scene(world, cause="configuration")
    assert other.post("postmortem", {})["kind"] == "default"
    third = Scene(world)
    assert third.post("postmortem", {"kind": "default"})["kind"] == "default"


def test_an_unknown_kind_is_refused_and_the_known_ones_are_named(scene: Scene) -> None:
    problem = world_refused(scene, "postmortem", {"kind": "novel"})
    assert problem["field"] == "kind"
    assert "deployment" in problem["fix"] + problem["detail"]


def world_refused(scene: Scene, path: str, body: object = None) -> dict[str, Any]:
    return scene.world.refused(f"/incidents/{scene.id}/{path}", body)


def test_without_authors_those_whom_the_playbook_makes_writers_are_the_authors(scene: Scene) -> None:
    scene.post("roles", {"role": "tech_lead", "person": "alice"})
    assert scene.post("postmortem", {})["authors"] == ["charlie", "alice"]


def test_an_incident_without_a_postmortem_says_how_to_begin_one(scene: Scene) -> None:
    answer = scene.world.send("GET", f"/incidents/{scene.id}/postmortem/document")
    assert answer.status == 404
    assert "postmortem draft" in answer.json["fix"]
    assert world_refused(scene, "postmortem/sections", {"section": "summary", "text": "x"})["status"] == 404
    assert scene.world.refused("/incidents/INC-20200101-ZZZZZZ/postmortem", {})["status"] == 404


def test_every_step_is_a_milestone_of_the_incident_and_the_first_draft_counts(scene: Scene) -> None:
    scene.world.at("16:00")
    scene.drafted()
    scene.world.at("17:00")
    scene.drafted(authors=["eve"])
    scene.post("postmortem/review")
    scene.post("postmortem/met", {"at": "2025-10-27T16:30:00Z", "attendees": ["alice", "bob"]})
    scene.post("postmortem/publish", {"targets": ["wiki"]})
    scene.world.advance(minutes=1)
    found = milestones(scene)
    assert (found["postmortem_drafted"], found["postmortem_met"]) == ("2025-10-27T16:00:00Z", "2025-10-27T16:30:00Z")
    assert found["postmortem_published"] == "2025-10-27T17:00:00Z"
    view = scene.view()
    assert (view["stage"], view["authors"], view["attendees"]) == ("published", ["eve"], ["alice", "bob"])


def test_drafting_in_time_keeps_the_obligation(scene: Scene) -> None:
    def duty() -> str:
        duties = scene.world.get(f"/incidents/{scene.id}")["obligations"]
        return str(next(d["state"] for d in duties if d["id"] == "postmortem_draft"))

    assert duty() == "open"
    scene.drafted()
    assert duty() == "kept"


def test_a_meeting_in_the_future_is_refused(scene: Scene) -> None:
    scene.drafted()
    assert world_refused(scene, "postmortem/met", {"at": "2025-10-28T10:00:00Z"})["field"] == "at"


def test_a_section_that_the_kind_does_not_have_is_refused(scene: Scene) -> None:
    scene.drafted()
    assert world_refused(scene, "postmortem/sections", {"section": "novel", "text": "x"})["field"] == "section"
    assert world_refused(scene, "postmortem/sections", {"section": "causes", "part": "moon", "text": "x"})["field"] == "part"


def test_peoples_texts_survive_another_draft_and_show_in_the_document(scene: Scene) -> None:
    scene.drafted()
    scene.write("summary", "Payments failed for 47 minutes.")
    scene.write("causes.latent conditions", "- the pool was sized by hand")
    scene.drafted(kind="default", authors=["eve"])
    text = scene.document()
    assert "Payments failed for 47 minutes." in text
    assert "- the pool was sized by hand" in text
    scene.write("summary", "")
    assert "Payments failed for 47 minutes." not in scene.document()


# -- approvals, under a playbook that wants two ---------------------------------------------------------


@pytest.fixture
def signed(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "s4", playbook="service-levels")
    yield world
    world.close()


def test_each_approver_signs_once_and_publishing_waits_for_all_of_them(signed: World) -> None:
    world = signed
    incident = world.post("/incidents", {"title": "Release history is slow", "severity": "P1"})["incident"]
    world.post(f"/incidents/{incident}/postmortem", {})
    path = f"/incidents/{incident}/postmortem"
    problem = world.refused(f"{path}/publish", {})
    assert problem["status"] == 409
    assert "VP Engineering" in problem["detail"]
    assert world.post(f"{path}/approve", {"approver": "engineering_manager"}, "erin")["missing"] == ["vp_engineering"]
    assert "postmortem_approved" not in [m["id"] for m in world.get(f"/incidents/{incident}")["milestones"]]
    again = world.refused(f"{path}/approve", {"approver": "engineering_manager"}, "erin")
    assert (again["status"], again["field"]) == (409, "approver")
    assert world.refused(f"{path}/approve", {"approver": "the mayor"})["field"] == "approver"
    assert world.post(f"{path}/approve", {"approver": "VP Engineering"}, "vic")["missing"] == []
    assert "postmortem_approved" in [m["id"] for m in world.get(f"/incidents/{incident}")["milestones"]]
    world.post(f"{path}/publish", {})
    world.advance(minutes=1)
    text = world.send("GET", f"{path}/document").text
    assert "| Engineering manager | erin | 2025-10-27 14:25 UTC |" in text


def test_a_token_alone_cannot_sign(signed: World) -> None:
    incident = signed.post("/incidents", {"title": "Release history is slow"})["incident"]
    signed.post(f"/incidents/{incident}/postmortem", {})
    answer = signed.send("POST", f"/incidents/{incident}/postmortem/approve", {"approver": "vp_engineering"}, person="")
    assert (answer.status, answer.json["field"]) == (422, "by")


def test_a_postmortem_survives_a_restart(scene: Scene) -> None:
    scene.drafted()
    scene.write("summary", "Payments failed.")
    before = scene.document()
    scene.world.restart()
    assert scene.document() == before
