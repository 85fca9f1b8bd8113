"""The playbook's detectors find their anti-patterns in the record, with evidence, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world import World


@pytest.fixture
def house(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "house", playbook="house")
    yield world
    world.close()


def findings(world: World, incident: str, detect: str) -> list[dict[str, Any]]:
    return [one for one in world.get(f"/incidents/{incident}/health")["findings"] if one["detect"] == detect]


def declare(world: World, **more: Any) -> str:
    return world.declare(severity="SEV1", **more)


def test_a_declaration_long_after_the_alert_is_found_and_a_quick_one_is_not(house: World) -> None:
    house.at("15:00")
    incident = declare(house)
    house.post(f"/incidents/{incident}/milestones", {"milestone": "alerted", "when": "2025-10-27T14:30:00Z"})
    assert findings(house, incident, "late_declaration") == []
    house.post(f"/incidents/{incident}/milestones", {"milestone": "alerted", "when": "2025-10-27T14:29:59Z"})
    found = findings(house, incident, "late_declaration")
    assert [one["seconds"] for one in found] == [1801]
    assert found[0]["sentence"] == "Declared 30m1s after the alert; the playbook allows 30m."
    assert len(found[0]["facts"]) == 2
    assert found[0]["remedy"]


def test_a_lead_who_works_on_systems_is_found_only_while_leading(house: World) -> None:
    incident = declare(house)
    house.post(f"/incidents/{incident}/entries", {"kind": "ACTION", "text": "restarting", "by": "alice"})
    house.advance(minutes=5)
    house.post(f"/incidents/{incident}/roles", {"role": "lead", "person": "bob"})
    house.advance(minutes=1)
    house.post(f"/incidents/{incident}/entries", {"kind": "ACTION", "text": "restarting again", "by": "alice"})
    house.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "it runs", "by": "bob"})
    found = findings(house, incident, "lead_hands_on")
    assert [one["sentence"] for one in found] == ["alice was Lead and logged the action “restarting”."]
    house.post(f"/incidents/{incident}/mitigations", {"kind": "rollback", "text": "undo", "by": "bob"}, "bob")
    assert findings(house, incident, "lead_hands_on")[1]["sentence"] == "bob was Lead and began the mitigation “undo”."


def test_one_person_alone_on_a_minor_incident_may_lead_and_work(house: World) -> None:
    incident = house.declare(severity="SEV3", lead="alice")
    house.post(f"/incidents/{incident}/entries", {"kind": "ACTION", "text": "restarting", "by": "alice"})
    assert findings(house, incident, "lead_hands_on") == []


def test_standstill_is_found_from_the_last_decision_on_and_ends_with_an_action(house: World) -> None:
    incident = declare(house)
    house.advance(minutes=30)
    house.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "nothing new"})
    assert findings(house, incident, "no_progress") == []
    house.advance(minutes=15)
    found = findings(house, incident, "no_progress")
    assert [one["seconds"] for one in found] == [45 * 60]
    house.post(f"/incidents/{incident}/entries", {"kind": "ACTION", "text": "try the cheapest thing", "at": "2025-10-27T14:45:00Z"})
    assert findings(house, incident, "no_progress") == []  # typed late, it counts from when it was done
    house.advance(minutes=16)
    assert [one["seconds"] for one in findings(house, incident, "no_progress")] == [41 * 60]


def test_watching_quietly_after_the_mitigation_is_no_standstill(house: World) -> None:
    incident = declare(house)
    house.post(f"/incidents/{incident}/stage", {"stage": "mitigating"})
    house.post(f"/incidents/{incident}/stage", {"stage": "monitoring"})
    house.advance(minutes=45)
    assert findings(house, incident, "no_progress") == []


def test_an_incident_that_outlasts_its_level_is_found(house: World) -> None:
    incident = declare(house)
    house.advance(hours=4)
    assert findings(house, incident, "overrun") == []
    house.advance(minutes=1)
    assert [one["sentence"] for one in findings(house, incident, "overrun")] == ["It has taken 4h1m so far; 4h were expected."]


def pass_gate(world: World, incident: str, *, waive: bool = False) -> None:
    for checklist in world.get(f"/incidents/{incident}")["checklists"]:
        for item in checklist["items"]:
            if item["state"] == "open":
                world.post(f"/incidents/{incident}/checks/tick", {"item": item["id"], "evidence": "seen"})
            elif item["state"] == "unmet" and waive:
                world.post(f"/incidents/{incident}/checks/waive", {"item": item["id"], "reason": "no reading"})
    world.post(f"/incidents/{incident}/resolve", {"confirm": "verified"})


def monitored(world: World) -> str:
    incident = declare(world)
    world.post(f"/incidents/{incident}/stage", {"stage": "mitigating"})
    world.post(f"/incidents/{incident}/stage", {"stage": "monitoring"})
    return incident


def test_resolving_after_the_whole_window_is_not_premature_and_reopening_shows_that_it_was(house: World) -> None:
    incident = monitored(house)
    house.advance(minutes=30)
    pass_gate(house, incident, waive=True)
    assert findings(house, incident, "premature_closure") == []
    house.advance(minutes=20)
    house.post(f"/incidents/{incident}/reopen", {"reason": "it is back"})
    assert [one["sentence"] for one in findings(house, incident, "premature_closure")] == ["Reopened 20m after it was resolved."]


def test_an_imported_record_is_not_judged_by_stages_that_it_never_had(house: World) -> None:
    body = {
        "title": "old", "severity": "SEV1", "timeline": [{"at": "2025-10-01T12:00:00Z", "type": "x", "text": "y"}],
        "milestones": {"detected": {"at": "2025-10-01T10:00:00Z"}, "declared": {"at": "2025-10-01T11:00:00Z"}, "resolved": {"at": "2025-10-01T12:00:00Z"}},
    }  # fmt: skip
    incident = house.post("/incidents/import", body)["incident"]
    health = house.get(f"/incidents/{incident}/health")
    assert [one["detect"] for one in health["findings"]] == ["late_declaration"]
    assert {"lead_hands_on", "no_progress", "premature_closure"} <= {one["detector"] for one in health["not_judged"]}
    assert house.get(f"/incidents/{incident}/adherence")["obligations"] == []


def test_resolving_before_the_window_has_run_is_found_though_its_criterion_was_waived(world: World) -> None:
    incident = world.declare()
    world.post(f"/incidents/{incident}/stage", {"stage": "mitigating"})
    world.post(f"/incidents/{incident}/stage", {"stage": "monitoring"})
    world.advance(minutes=5)
    pass_gate(world, incident, waive=True)
    found = findings(world, incident, "premature_closure")
    assert [(one["sentence"], one["seconds"]) for one in found] == [("It was resolved after 5m of watching; 15m were to run.", 300)]
