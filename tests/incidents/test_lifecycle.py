"""An incident from declaration to closure."""

from __future__ import annotations

import re

from tests.world import World


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_an_incident_is_declared_logged_and_read_back(world: World) -> None:
    world.at("14:30")
    incident = world.declare(started_at="2025-10-27T14:20:00Z", id="INC-20251027-ABC123")
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "the pool is exhausted", "at": "2025-10-27T14:28:00Z"})
    view = world.get(f"/incidents/{incident}")
    assert (view["id"], view["severity"], view["stage"], view["lead"]) == ("INC-20251027-ABC123", "SEV-1", "investigating", "alice")
    assert [line["text"] for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry")] == ["the pool is exhausted"]


def test_a_gate_names_what_it_still_wants_and_passes_when_it_has_it(world: World) -> None:
    world.at("14:30")
    incident = world.declare()
    world.post(f"/incidents/{incident}/stage", {"stage": "mitigating"})
    world.post(f"/incidents/{incident}/stage", {"stage": "monitoring"})
    problem = world.refused(f"/incidents/{incident}/resolve")
    assert problem["status"] == 409
    assert any("15m" in missing for missing in problem["missing"])
    world.advance(minutes=15)
    world.post(
        f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "calm", "reading": {"measure": "error_rate", "value": 0.3}}
    )
    for item in world.get(f"/incidents/{incident}")["checklists"][0]["items"]:
        if item["state"] == "open":
            world.post(f"/incidents/{incident}/checks/tick", {"item": item["id"], "evidence": "seen"})
    assert world.post(f"/incidents/{incident}/resolve", {"confirm": "verified"})["stage"] == "resolved"


def test_the_record_survives_a_restart_and_its_chain_verifies(world: World) -> None:
    incident = world.declare()
    for number in range(150):
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"entry {number}"})
    before = world.get(f"/incidents/{incident}")
    world.restart()
    assert world.get(f"/incidents/{incident}") == before
    assert world.get(f"/incidents/{incident}/verify")["whole"] is True


def test_what_comes_next_after_the_resolution_is_not_what_was_left_undone_before(world: World) -> None:
    world.at("14:30")
    incident = world.declare()
    world.advance(minutes=40)
    page = f"/incidents/{incident}"
    world.post(f"{page}/stage", {"stage": "mitigating"})
    world.post(f"{page}/stage", {"stage": "monitoring"})
    for item in world.get(page)["checklists"][0]["items"]:
        world.post(f"{page}/checks/waive", {"item": item["id"], "reason": "a test"})
    world.post(f"{page}/checks/waive", {"item": "gate.resolution", "reason": "a test"})
    world.post(f"{page}/resolve", {"confirm": "verified"})
    assert any(one["state"] == "overdue" for one in world.get(page)["obligations"]), "something was left undone"
    room = words(world.page(page).text)
    assert "Tell customers that it is resolved" in room[: room.index("Duties")]
    assert "Tell customers that it is resolved" in words(world.page("/").text)
