"""Roles, severity, mitigations, stability windows, milestones and corrections."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World


@pytest.fixture
def incident(world: World) -> str:
    world.at("14:30")
    return world.declare(started_at="2025-10-27T14:20:00Z")


def milestones(world: World, incident: str, **query: str) -> dict[str, str]:
    return {m["id"]: m["at"][11:16] for m in world.get(f"/incidents/{incident}", **query)["milestones"]}


def lines(world: World, incident: str, kind: str) -> list[dict[str, Any]]:
    return [line for line in world.get(f"/incidents/{incident}/timeline") if line["kind"] == kind]


# -- roles -----------------------------------------------------------------------------------------


def test_a_hand_over_of_the_lead_posts_the_whole_role_list_again(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/roles", {"role": "scribe", "person": "eve"})
    world.at("14:36")
    world.post(f"/incidents/{incident}/roles", {"role": "IC", "person": "charlie"}, person="charlie")
    posted = [m for m in world.outbox() if m["values"].get("message") == "roles"]
    assert posted
    assert "charlie" in posted[-1]["body"]
    assert "eve" in posted[-1]["body"]
    assert milestones(world, incident)["lead_assigned"] == "14:30"
    assert milestones(world, incident)["formal_lead"] == "14:36"


def test_two_roles_on_one_person_are_said_openly(world: World, incident: str) -> None:
    answer = world.post(f"/incidents/{incident}/roles", {"role": "scribe", "person": "alice"})
    assert len(answer["conflicts"]) == 1
    assert "alice is both" in answer["conflicts"][0]
    assert world.get(f"/incidents/{incident}")["role_conflicts"] == answer["conflicts"]


def test_giving_a_role_to_whoever_holds_it_changes_nothing(world: World, incident: str) -> None:
    before = world.get(f"/incidents/{incident}")["version"]
    world.post(f"/incidents/{incident}/roles", {"role": "ic", "person": "alice"})
    assert world.get(f"/incidents/{incident}")["version"] == before


# -- severity --------------------------------------------------------------------------------------


def test_raising_needs_no_reason_and_plans_the_duties_of_the_new_level(world: World) -> None:
    world.at("14:30")
    incident = world.declare(severity="SEV-3")
    before = {d["rule"] for d in world.get(f"/incidents/{incident}")["obligations"]}
    world.at("14:40")
    world.post(f"/incidents/{incident}/severity", {"severity": "SEV-1"})
    scribe = next(d for d in world.get(f"/incidents/{incident}")["obligations"] if d["rule"] == "assign_scribe")
    assert "assign_scribe" not in before
    assert scribe["due_at"] == "2025-10-27T14:50:00Z", "the clock of a new duty starts when it begins to apply"


def test_lowering_needs_a_reason_and_deletes_no_duty_that_was_broken(world: World, incident: str) -> None:
    world.at("14:45")
    assert world.refused(f"/incidents/{incident}/severity", {"severity": "SEV-3"})["field"] == "reason"
    world.post(f"/incidents/{incident}/severity", {"severity": "SEV-3", "reason": "one shop only"})
    states = {d["rule"]: d["state"] for d in world.get(f"/incidents/{incident}")["obligations"]}
    assert states["assign_scribe"] == "missed"
    assert all(state != "overdue" or rule != "assign_scribe" for rule, state in states.items())


# -- mitigations and windows -----------------------------------------------------------------------


def test_a_mitigation_keeps_its_values_before_and_after_and_whether_it_helped(world: World, incident: str) -> None:
    made = world.post(f"/incidents/{incident}/mitigations", {"kind": "capacity", "text": "Pool 20 to 50", "before": "20"})["mitigation"]
    world.advance(minutes=2)
    world.post(f"/incidents/{incident}/mitigations/complete", {"mitigation": made, "after": "50"})
    world.advance(minutes=1)
    world.post(f"/incidents/{incident}/mitigations/verify", {"mitigation": made, "effective": True, "text": "the query prints 50"})
    (kept,) = world.get(f"/incidents/{incident}")["mitigations"]
    assert (kept["before"], kept["after"], kept["effective"]) == ("20", "50", True)
    assert milestones(world, incident)["mitigation_started"] == "14:30"
    assert milestones(world, incident)["mitigation_effective"] == "14:33"


def test_a_dangerous_mitigation_wants_its_guard_confirmed(world: World) -> None:
    incident = world.post("/incidents", {"title": "stale cache", "playbook": "compact", "severity": "SEV2"})["incident"]
    kinds = world.app.shelf
    assert kinds is not None
    problem = world.refused(f"/incidents/{incident}/mitigations", {"kind": "clear_cache", "text": "flush"})
    assert problem["field"] == "confirmed"
    assert world.post(
        f"/incidents/{incident}/mitigations", {"kind": "clear_cache", "text": "flush", "confirmed": "only the cache lives there"}
    )


def test_a_relapse_restarts_the_window_and_moves_the_incident_back(world: World, incident: str) -> None:
    for stage in ("mitigating", "monitoring"):
        world.post(f"/incidents/{incident}/stage", {"stage": stage})
    world.advance(minutes=14)
    world.post(f"/incidents/{incident}/relapse", {"text": "errors at 12 % again"})
    view = world.get(f"/incidents/{incident}")
    assert (view["stage"], view["windows"][0]["restarts"], view["windows"][0]["started_at"]) == ("mitigating", 1, None)
    assert "stable_since" not in milestones(world, incident)
    world.post(f"/incidents/{incident}/stage", {"stage": "monitoring"})
    world.advance(minutes=14)
    assert any("15m" in missing for missing in world.refused(f"/incidents/{incident}/resolve", {"confirm": "yes"})["missing"])


# -- milestones and corrections --------------------------------------------------------------------


def test_a_correction_moves_the_milestone_and_leaves_the_old_time_in_the_record(world: World, incident: str) -> None:
    answer = world.post(
        f"/incidents/{incident}/milestones",
        {"milestone": "impact_started", "when": "2025-10-27T14:18:00Z", "precision": "estimated", "note": "from the graph"},
    )
    assert answer["previous"] == "2025-10-27T14:20:00+00:00"
    assert milestones(world, incident)["impact_started"] == "14:18"
    said = [line["text"] for line in lines(world, incident, "incident.milestone_set")]
    assert any("14:20" in text for text in said)
    assert any("corrected to 2025-10-27 14:18 UTC (estimated)" in text for text in said)


def test_a_back_dated_acknowledgement_moves_the_milestone_it_belongs_to(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/acknowledge", {"person": "bob", "at": "2025-10-27T14:29:00Z"})
    world.post(f"/incidents/{incident}/acknowledge", {"person": "alice", "at": "2025-10-27T14:27:00Z"})
    assert milestones(world, incident)["acknowledged"] == "14:27"


def test_a_correction_of_an_entry_shows_both_and_moves_what_followed_from_it(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/mitigations", {"kind": "rollback", "text": "back", "at": "2025-10-27T14:21:00Z"})
    world.advance(minutes=10)
    made = world.post(
        f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "errors at 3 %", "reading": {"measure": "error_rate", "value": 3}}
    )
    assert milestones(world, incident)["below_threshold"] == "14:40"
    world.post(
        f"/incidents/{incident}/entries/correct",
        {"entry": made["entry"], "text": "errors at 3.2 %", "at": "2025-10-27T14:38:00Z", "reason": "wrong clock"},
    )
    assert milestones(world, incident)["below_threshold"] == "14:38"
    (line,) = lines(world, incident, "OBSERVATION")
    assert (line["text"], line["corrected"], line["corrects"]) == ("errors at 3.2 %", True, ["14:40 OBSERVATION: errors at 3 %"])


def test_an_incident_can_be_read_as_of_a_moment_in_two_ways(world: World, incident: str) -> None:
    world.at("14:50")
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "seen early, written late", "at": "2025-10-27T14:35:00Z"})
    happened = world.get(f"/incidents/{incident}/timeline", at="2025-10-27T14:40:00Z")
    known = world.get(f"/incidents/{incident}/timeline", at="2025-10-27T14:40:00Z", reading="known_by")
    assert any(line["text"] == "seen early, written late" for line in happened)
    assert not any(line["text"] == "seen early, written late" for line in known)


def test_resolving_twice_counts_the_last_time_and_reopening_takes_the_first_away(world: World, incident: str) -> None:
    def resolve() -> None:
        world.post(f"/incidents/{incident}/stage", {"stage": "monitoring"})
        world.advance(minutes=16)
        for item in world.get(f"/incidents/{incident}")["checklists"][0]["items"]:
            if item["state"] in ("open", "unmet"):
                world.post(f"/incidents/{incident}/checks/waive", {"item": item["id"], "reason": "rehearsal"})
        world.post(f"/incidents/{incident}/resolve", {"confirm": "yes"})

    world.post(f"/incidents/{incident}/stage", {"stage": "mitigating"})
    resolve()
    first = milestones(world, incident)["resolved"]
    world.post(f"/incidents/{incident}/reopen", {"reason": "it is back"})
    assert "resolved" not in milestones(world, incident)
    if world.get(f"/incidents/{incident}")["stage"] != "mitigating":
        world.post(f"/incidents/{incident}/stage", {"stage": "mitigating"})
    resolve()
    assert milestones(world, incident)["resolved"] > first


# -- beginnings and ends ---------------------------------------------------------------------------


def test_a_merged_incident_ends_and_the_other_one_says_so(world: World, incident: str) -> None:
    other = world.declare(title="Checkout fails")
    world.post(f"/incidents/{other}/merge", {"into": incident, "reason": "the same cause"})
    assert world.get(f"/incidents/{other}")["merged_into"] == incident
    assert any(other in line["text"] for line in lines(world, incident, "incident.absorbed"))
    assert incident in world.refused(f"/incidents/{other}/entries", {"kind": "OBSERVATION", "text": "x"})["fix"]


def test_what_was_no_incident_is_triaged_away_and_its_duties_lapse(world: World) -> None:
    incident = world.declare(triage=True)
    world.post(f"/incidents/{incident}/dismiss", {"reason": "planned load test"})
    view = world.get(f"/incidents/{incident}")
    assert (view["stage_kind"], view["ended"]) == ("dismissed", True)
    world.advance(hours=5)
    assert {d["state"] for d in view["obligations"]} <= {"void", "kept", "missed"}


def test_more_people_are_called_when_nothing_moves(world: World) -> None:
    incident = world.post("/incidents", {"title": "Search is down", "playbook": "nine-stage", "severity": "SEV1"})["incident"]
    world.advance(minutes=29)
    assert not any("progress" in line["data"]["rule"] for line in lines(world, incident, "incident.escalated"))
    world.advance(minutes=2)
    called = [line for line in lines(world, incident, "incident.escalated") if "progress" in line["data"]["rule"]]
    assert len(called) == 1
    world.post(f"/incidents/{incident}/entries", {"kind": "DECISION", "text": "fail over"})
    world.advance(minutes=28)
    assert len([line for line in lines(world, incident, "incident.escalated") if "progress" in line["data"]["rule"]]) == 1


def test_age_calls_the_next_ones_whatever_was_acknowledged(world: World) -> None:
    incident = world.post("/incidents", {"title": "Releases fail", "playbook": "service-levels", "severity": "P1"})["incident"]
    world.post(f"/incidents/{incident}/acknowledge")
    world.advance(minutes=61)
    called = [(line["at"][11:16], line["text"]) for line in lines(world, incident, "incident.escalated")]
    ages = [at for at, text in called if "cto" in text.lower() or "ceo" in text.lower()]
    assert ages == ["14:55", "15:25"]


def test_a_gate_that_itself_wants_something_can_be_waived_by_a_named_person_with_a_reason(world: World) -> None:
    incident = world.post("/incidents", {"title": "Search is down", "playbook": "nine-stage", "severity": "SEV1"})["incident"]
    for stage in ("investigation", "mitigation", "resolution", "monitoring"):
        world.post(f"/incidents/{incident}/stage", {"stage": stage, "confirm": "yes"})
    for item in [i for c in world.get(f"/incidents/{incident}")["checklists"] for i in c["items"] if i["state"] in ("open", "unmet")]:
        world.post(f"/incidents/{incident}/checks/waive", {"item": item["id"], "reason": "rehearsal"})
    missing = world.refused(f"/incidents/{incident}/stage", {"stage": "closure", "confirm": "yes"})["missing"]
    assert any("30m" in want for want in missing)
    assert world.refused(f"/incidents/{incident}/checks/waive", {"item": "gate.closure", "reason": "x"}, person="")["field"] == "actor"
    world.post(f"/incidents/{incident}/checks/waive", {"item": "gate.closure", "reason": "the region is shut down for good"})
    assert world.post(f"/incidents/{incident}/stage", {"stage": "closure", "confirm": "yes"})["stage"] == "closure"
    assert any("shut down for good" in line["text"] for line in lines(world, incident, "incident.check_waived"))


def test_somebody_at_work_is_the_start_of_the_response(world: World) -> None:
    """Acknowledging is one clock, somebody at work on it another (S3: five minutes and fifteen)."""
    incident = world.post("/incidents", {"title": "x", "playbook": "rota-and-runbooks", "severity": "SEV-1", "triage": True}, person="")[
        "incident"
    ]
    world.post(f"/incidents/{incident}/acknowledge", {"person": "alice"})
    assert "response_started" not in milestones(world, incident)
    world.at("14:40")
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "queries pile up", "at": "2025-10-27T14:38:00Z"})
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "still", "at": "2025-10-27T14:39:00Z"})
    assert milestones(world, incident)["response_started"] == "14:38"


def test_a_specialist_can_be_called_at_any_moment(world: World, incident: str) -> None:
    answer = world.post(f"/incidents/{incident}/escalations", {"rule": "database_specialist", "why": "the pool is exhausted"})
    assert answer["called"]
    assert any("the pool is exhausted" in message["body"] for message in world.outbox() if message["kind"] == "incident.escalation")
    assert any("the pool is exhausted" in line["text"] for line in lines(world, incident, "incident.escalated"))
    assert "database_specialist" in world.refused(f"/incidents/{incident}/escalations", {"rule": "wizard"})["fix"]


# -- what shows that somebody was at work ----------------------------------------------------------


def test_what_was_seen_before_the_declaration_does_not_say_that_somebody_was_at_work_then(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "errors begin", "at": "2025-10-27T14:21:00Z"})
    assert milestones(world, incident)["response_started"] == "14:30"
    world.post(f"/incidents/{incident}/entries", {"kind": "ACTION", "text": "restarted one node", "at": "2025-10-27T14:25:00Z"})
    assert milestones(world, incident)["response_started"] == "14:25"


def test_a_criterion_that_a_person_judges_is_ticked_with_what_was_seen(world: World, incident: str) -> None:
    problem = world.refused(f"/incidents/{incident}/checks/tick", {"item": "resolution.latency", "evidence": " "})
    assert (problem["status"], problem["field"]) == (422, "evidence")
    assert "what was seen" in problem["detail"]
    world.post(f"/incidents/{incident}/checks/tick", {"item": "resolution.latency", "evidence": "p95 at 310 ms"})
    page = world.page(f"/incidents/{incident}").text
    field = page[page.index('value="resolution.throughput"') :]
    assert " required" in field[: field.index("</form>")]
