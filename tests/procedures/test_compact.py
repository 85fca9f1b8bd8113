"""The compact workflow with four levels, line by line (S1): its figures hold on an incident under the playbook ``compact``."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.procedures.bench import Case, cited, in_force, level, playbook
from tests.world import World

BOOK = "compact"
FACTS = {"what_broken": "checkout", "who_affected": "every customer", "when_started": "14:20", "what_changed": "v12 at 14:15"}


def test_the_four_levels_follow_from_outage_core_feature_minor_fault_and_looks(world: World) -> None:
    """S1-01."""
    nothing = {"outage": False, "data_loss": False, "core_feature": False, "minor_fault": False, "cosmetic_only": False}
    found = {sign: level(world, BOOK, **{**nothing, sign: True}) for sign in nothing}
    assert found == {"outage": "SEV1", "data_loss": "SEV1", "core_feature": "SEV2", "minor_fault": "SEV3", "cosmetic_only": "SEV4"}


@pytest.mark.parametrize(("severity", "minutes"), [("SEV1", 5), ("SEV2", 15), ("SEV3", 60)])
def test_a_response_is_due_at_once_in_fifteen_minutes_or_in_an_hour(world: World, severity: str, minutes: int) -> None:
    """S1-01, S1-16: immediately means five minutes, the end of the first step."""
    case = Case(world, BOOK, severity)
    assert case.due(f"respond_{severity.lower()}", case.began) == minutes


def test_a_sev4_is_answered_by_the_end_of_the_next_business_day(world: World) -> None:
    """S1-01, S1-16: from Monday 27 October 14:25, that is Tuesday 17:00; no update is due by the minute."""
    case = Case(world, BOOK, "SEV4")
    for rule in ("acknowledge_sev4", "respond_sev4", "first_update_sev4"):
        assert case.duty(rule)["due_at"] == "2025-10-28T17:00:00Z"
    case.tell("first_message", {"impact_what": "a wrong icon", "impact_who": "nobody much"}, next_in="24h")
    assert not any("cadence" in duty["rule"] for duty in case.duties)


@pytest.mark.parametrize("source", ["monitoring", "user report", "team member"])
def test_each_of_three_sources_may_begin_an_incident(world: World, source: str) -> None:
    """S1-02: without an alert the clocks run from the declaration."""
    assert source in playbook(BOOK).detection_sources
    case = Case(world, BOOK, "SEV2", alerted=source == "monitoring", detected_by=source)
    assert case.view["detected_by"] == source
    assert case.due("respond_sev2" if source == "monitoring" else "respond_reported_sev2", case.began) == 15


def test_the_first_five_minutes_hold_three_actions(world: World) -> None:
    """S1-02: acknowledge, assess, open a channel or call."""
    case = Case(world, BOOK, "SEV1")
    assert (case.due("acknowledge", case.began), case.due("first_actions", case.began)) == (5, 5)
    (actions,) = [c for c in case.view["checklists"] if c["id"] == "first_actions"]
    assert len(actions["items"]) == 3


def test_four_questions_are_answered_by_minute_fifteen(world: World) -> None:
    """S1-03."""
    case = Case(world, BOOK, "SEV2")
    assert [f.id for f in playbook(BOOK).assessment if f.required] == list(FACTS)
    assert case.due("assessment", case.began) == 15
    case.post("assessment", {"answers": FACTS})
    assert case.view["assessment"] == FACTS


def test_the_first_message_has_start_severity_impact_status_and_next_update(world: World) -> None:
    """S1-04, S1-14: its status begins as Investigating, what and who come from the assessment, and it is due by minute 15."""
    case = Case(world, BOOK, "SEV1", started_at="2025-10-27T14:20:00Z")
    assert case.due("first_update", case.began) == 15
    case.post("assessment", {"answers": FACTS})
    body = case.tell("first_message", next_in="15m")["body"]
    assert body.splitlines() == [
        "Incident Started: 14:20 UTC", "Severity: SEV1", "Impact: checkout; affected: every customer", "Status: Investigating", "Next Update: 14:40 UTC",
    ]  # fmt: skip
    assert case.duty("first_update")["state"] == "kept"


def test_there_are_five_ways_to_mitigate_and_flushing_the_cache_has_a_guard() -> None:
    """S1-05, S1-12, S1-13."""
    kinds = {m.id: m for m in playbook(BOOK).mitigations}
    assert set(kinds) == {"rollback", "scale_up", "feature_flag", "redirect_traffic", "clear_cache"}
    assert [m.id for m in kinds.values() if m.dangerous] == ["clear_cache"]
    assert "redis-cli FLUSHALL" in kinds["clear_cache"].commands
    assert kinds["scale_up"].commands == ("kubectl scale deployment/api --replicas=10",)
    assert len(kinds["rollback"].commands) == 2, "reverting in git and undoing the rollout are two ways back"
    assert "says" in in_force(BOOK, "other:two-ways-back") or "says which" in in_force(BOOK, "other:two-ways-back")


def test_mitigation_comes_before_investigation_and_the_cause_may_be_found_beside_it(world: World) -> None:
    """S1-05, S1-06, S1-15: assess, mitigate, investigate, resolve; or straight to resolve once the cause is known and the harm has stopped."""
    moves = {(t.move_from, t.move_to) for t in playbook(BOOK).lifecycle.transitions}
    assert all(pair in moves for pair in pairwise(["assess", "mitigating", "investigating", "resolving", "resolved", "closed"]))
    case = Case(world, BOOK, "SEV1")
    case.go("mitigating")
    assert len(case.missing("resolving")) == 2
    case.milestone("cause_identified")
    made = case.post("mitigations", {"kind": "rollback", "text": "undo", "done": True})["mitigation"]
    case.post("mitigations/verify", {"mitigation": made, "effective": True})
    assert case.missing("resolving") == []


def test_the_investigation_looks_at_changes_rates_logs_metrics_and_dependencies() -> None:
    """S1-06, S1-12, S1-13: the commands as the procedure writes them."""
    steps = {step.id: step for step in playbook(BOOK).investigation}
    assert list(steps) == ["recent_changes", "error_rates", "logs", "metrics", "dependencies"]
    assert "git log --oneline -10" in steps["recent_changes"].commands
    assert "kubectl logs deployment/api --since=1h | grep ERROR" in steps["logs"].commands
    assert "kubectl logs deployment/api --tail=100" in steps["logs"].commands


def test_resolved_means_a_proper_fix_tested_and_watched(world: World) -> None:
    """S1-07."""
    case = Case(world, BOOK, "SEV1")
    case.go("mitigating", "investigating")
    case.milestone("cause_identified")
    case.go("resolving")
    assert len(case.missing("resolved")) == 3
    case.satisfy()
    case.go("resolved")
    assert case.view["stage_kind"] == "resolved"


@pytest.mark.parametrize("severity", ["SEV1", "SEV2", "SEV3", "SEV4"])
def test_a_postmortem_is_drafted_in_one_day_and_finished_in_two_at_every_level(world: World, severity: str) -> None:
    """S1-08, S1-14."""
    case = Case(world, BOOK, severity)
    case.milestone("resolved")
    assert (case.due("postmortem_draft", case.world.now), case.due("postmortem_publish", case.world.now)) == (24 * 60, 48 * 60)


def test_the_postmortem_has_the_fields_and_the_five_moments_of_its_template(world: World) -> None:
    """S1-08, S1-15: the moments stand in the order of their times."""
    case = Case(world, BOOK, "SEV2", started_at="2025-10-27T14:20:00Z")
    case.post("acknowledge")
    case.wait(minutes=5)
    case.post("mitigations", {"kind": "rollback", "text": "undo", "done": True})
    case.wait(minutes=5)
    case.milestone("cause_identified")
    case.go("mitigating", "investigating")
    case.post("postmortem", {"authors": ["alice"]})
    document = case.world.send("GET", f"/incidents/{case.id}/postmortem/document").text
    headings = [line[3:] for line in document.splitlines() if line.startswith("## ")]
    wanted = [
        "Summary",
        "Impact",
        "Timeline",
        "Root Cause",
        "Contributing Factors",
        "What Went Well",
        "What Could Be Improved",
        "Action Items",
    ]
    assert [h for h in headings if h in wanted] == wanted
    known = [m["id"] for m in case.view["milestones"]]
    assert known.index("mitigation_started") < known.index("cause_identified")


def test_four_roles_answer_and_the_commander_decides() -> None:
    """S1-09."""
    roles = {role.name: role for role in playbook(BOOK).roles if role.id != "on_call"}
    assert set(roles) == {"Incident Commander", "Tech Lead", "Communications", "Scribe"}
    assert roles["Incident Commander"].lead


@pytest.mark.parametrize(("severity", "minutes"), [("SEV1", 15), ("SEV2", 30), ("SEV3", 30)])
def test_stakeholders_hear_every_fifteen_to_thirty_minutes(world: World, severity: str, minutes: int) -> None:
    """S1-10: the short end at the worst level; below it a warning after 15 and late after 30."""
    case = Case(world, BOOK, severity)
    case.tell("first_message", {"impact_what": "checkout", "impact_who": "all"}, next_in="15m")
    rule = f"cadence_stakeholders_{severity.lower()}"
    assert case.due(rule) == minutes
    if minutes == 30:
        case.wait(minutes=15)
        assert case.duty(rule)["state"] == "warned"


def test_no_message_goes_out_without_the_time_of_the_next_one(world: World) -> None:
    """S1-10."""
    case = Case(world, BOOK, "SEV1")
    fields = {"impact_what": "checkout", "impact_who": "all"}
    assert case.refused("updates", {"message": "first_message", "fields": fields})["field"] == "next_at"
    assert "facts_only" in playbook(BOOK).messages[1].rules


def test_an_update_has_time_status_facts_actions_and_next_update(world: World) -> None:
    """S1-11: with one of three words as its status."""
    case = Case(world, BOOK, "SEV2")
    fields = {"known": ["errors since 14:20"], "doing": ["rolling back"]}
    body = case.tell("stakeholder_update", fields, status="Mitigating", next_in="20m")["body"]
    for said in (
        "Status Update - 14:25 UTC",
        "Current Status: Mitigating",
        "What we know:\n- errors since 14:20",
        "What we're doing:\n- rolling back",
        "Next update: 14:45 UTC",
    ):
        assert said in body, said
    problem = case.refused("updates", {"message": "stakeholder_update", "fields": fields, "status": "Fixed", "next_in": "20m"})
    assert problem["field"] == "status"
    assert {m.id: m.statuses for m in playbook(BOOK).messages}["stakeholder_update"] == ("Investigating", "Mitigating", "Resolved")


def test_the_six_quick_commands_stand_as_written() -> None:
    """S1-12, S1-13: one names its namespace, five do not."""
    commands = [c.run for c in playbook(BOOK).commands]
    assert commands == [
        "kubectl get pods -n production", "kubectl logs deployment/api --tail=100", 'psql -c "SELECT count(*) FROM pg_stat_activity"',
        "kubectl rollout history deployment/api", "kubectl rollout undo deployment/api", "kubectl scale deployment/api --replicas=10",
    ]  # fmt: skip
    assert sum("-n production" in c for c in commands) == 1
    assert "adds the namespace" in in_force(BOOK, "other:command-namespace")


def test_stakeholders_read_mitigating_while_the_cause_is_looked_for(world: World) -> None:
    """S1-15: what is told never runs back."""
    words = ["Investigating", "Mitigating", "Resolved"]
    told = [stage.public for stage in playbook(BOOK).lifecycle.stages if stage.public]
    assert told == sorted(told, key=words.index)


def test_an_immediate_response_and_a_first_message_by_minute_fifteen_both_hold(world: World) -> None:
    """S1-16: two duties, so the message's window does not loosen the response."""
    case = Case(world, BOOK, "SEV1")
    assert (case.due("respond_sev1", case.began), case.due("first_update", case.began)) == (5, 15)


def test_every_contradiction_of_the_procedure_is_owned_up_to() -> None:
    """The lines that contradict themselves are cited by an acceptance that says what is in force."""
    assert {"S1-13", "S1-15", "S1-16"} <= cited(BOOK)
    assert all(one.because and one.in_force for one in playbook(BOOK).accepted)
