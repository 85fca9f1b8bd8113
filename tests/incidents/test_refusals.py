"""Bad input gets a sentence that names the field and what to do, and leaves nothing half done."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.world import World

CASES: list[tuple[str, dict[str, Any], str, str]] = [
    ("entries", {"kind": "GUESS", "text": "x"}, "kind", "OBSERVATION"),
    ("entries", {"kind": "OBSERVATION"}, "text", "Give text"),
    ("entries", {"kind": "OBSERVATION", "text": ""}, "text", ""),
    ("entries", {"kind": "OBSERVATION", "text": "x", "at": "2030-01-01T00:00:00Z"}, "at", "time at which it happened"),
    ("entries", {"kind": "OBSERVATION", "text": "x", "at": "2025-10-27T14:25:00"}, "at", "2026-01-31T14:05:00Z"),
    ("entries", {"kind": "OBSERVATION", "text": "x", "at": "yesterday"}, "at", "2026-01-31T14:05:00Z"),
    ("entries", {"kind": "OBSERVATION", "text": "x", "reading": {"measure": "mood", "value": 3}}, "reading.measure", "error_rate"),
    ("entries", {"kind": "OBSERVATION", "text": "x", "txet": "y"}, "txet", "spelling"),
    ("entries/correct", {"entry": 999, "text": "x"}, "entry", "number"),
    ("severity", {"severity": "SEV-9"}, "severity", "SEV-1"),
    ("roles", {"role": "captain", "person": "bob"}, "role", "ic"),
    ("milestones", {"milestone": "lunch", "when": "2025-10-27T14:20:00Z"}, "milestone", "impact_started"),
    ("milestones", {"milestone": "detected", "when": "2025-10-27T14:20:00Z", "precision": "range"}, "until", "until"),
    ("stage", {"stage": "nirvana"}, "stage", "investigating"),
    ("checks/tick", {"item": "resolution.moon"}, "item", "resolution.error_rate"),
    ("checks/waive", {"item": "resolution.latency", "reason": ""}, "reason", ""),
    ("figures", {"figure": "failed_requests", "value": "many"}, "value", "number"),
    ("figures", {"figure": "love", "value": 1}, "figure", "failed_requests"),
    ("mitigations", {"kind": "prayer", "text": "x"}, "kind", "rollback"),
    ("marks", {"mark": "purple"}, "mark", "deployment_correlates"),
    ("updates", {"message": "poem"}, "message", "customer_update"),
    ("obligations/done", {"obligation": "tea"}, "obligation", "acknowledge"),
    ("merge", {"into": "INC-20251027-NOBODY"}, "into", "Check the id"),
    ("alerts", {"alert": "nothing"}, "alert", "alert list"),
]


@pytest.mark.parametrize(("path", "body", "field", "fix"), CASES, ids=[f"{path} {field}" for path, _, field, _ in CASES])
def test_a_refusal_names_the_field_and_what_to_write_and_changes_nothing(
    world: World, path: str, body: dict[str, Any], field: str, fix: str
) -> None:
    incident = world.declare()
    before = world.get(f"/incidents/{incident}")
    problem = world.refused(f"/incidents/{incident}/{path}", body)
    assert problem["status"] in (409, 422)
    assert problem.get("field", "") == field
    assert fix in problem.get("fix", "") + problem["detail"]
    assert world.get(f"/incidents/{incident}") == before


def test_an_unknown_playbook_or_severity_names_those_there_are(world: World) -> None:
    assert "house" in world.refused("/incidents", {"title": "x", "playbook": "nope"})["fix"]
    assert "SEV-1" in world.refused("/incidents", {"title": "x", "severity": "P1"})["fix"]
    assert world.get("/incidents")["incidents"] == []


def test_an_id_can_be_given_once(world: World) -> None:
    world.declare(id="INC-20251027-ABC123")
    problem = world.refused("/incidents", {"title": "again", "id": "INC-20251027-ABC123"})
    assert problem["status"] == 409
    assert "already" in problem["detail"]


def test_an_id_that_is_none_is_refused(world: World) -> None:
    assert world.refused("/incidents", {"title": "x", "id": "my incident"})["field"] == "id"


def test_nothing_can_be_logged_on_an_incident_that_has_ended(world: World) -> None:
    incident = world.declare()
    world.post(f"/incidents/{incident}/dismiss", {"reason": "a test alert"})
    problem = world.refused(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "late"})
    assert problem["status"] == 409
    assert "Reopen" in problem["fix"]


def test_an_unknown_incident_is_not_found(world: World) -> None:
    assert world.send("GET", "/incidents/INC-20251027-NOBODY").status == 404
    assert world.refused("/incidents/INC-20251027-NOBODY/entries", {"kind": "OBSERVATION", "text": "x"})["status"] == 404


def test_a_body_that_is_not_json_is_refused_in_a_sentence(world: World) -> None:
    answer = world.send("POST", "/incidents", raw=b"{title: nope}")
    assert answer.status == 422
    assert "JSON" in answer.json["detail"]


def test_of_two_people_who_close_at_once_one_closes_and_one_is_told(world: World) -> None:
    incident = _ready_to_close(world)
    answers = []

    def close(person: str) -> None:
        answers.append(world.send("POST", f"/incidents/{incident}/close", {"confirm": "yes"}, person))

    threads = [threading.Thread(target=close, args=(person,)) for person in ("alice", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 409]
    assert "already" in next(answer for answer in answers if answer.status == 409).json["detail"]
    closed = [
        line
        for line in world.get(f"/incidents/{incident}/timeline")
        if line["kind"] == "incident.stage_moved" and line["data"]["stage"] == "closed"
    ]
    assert len(closed) == 1


def _ready_to_close(world: World) -> str:
    """Bring an incident under the house playbook to where only closing is left."""
    incident = str(world.post("/incidents", {"title": "x", "playbook": "house", "severity": "SEV3"})["incident"])
    for stage in ("mitigating", "monitoring"):
        world.post(f"/incidents/{incident}/stage", {"stage": stage, "confirm": "yes"})
    world.advance(minutes=31)
    for before in ("resolving", "closing"):
        for item in [i for c in world.get(f"/incidents/{incident}")["checklists"] for i in c["items"] if i["state"] in ("open", "unmet")]:
            world.post(f"/incidents/{incident}/checks/waive", {"item": item["id"], "reason": "not needed"})
        if before == "resolving":
            world.post(f"/incidents/{incident}/resolve", {"confirm": "yes"})
    for milestone in ("cause_identified", "postmortem_published"):
        world.post(f"/incidents/{incident}/milestones", {"milestone": milestone, "when": world.now.isoformat()})
    return incident
