"""The nine-stage lifecycle with levels SEV0 to SEV3, line by line (S2): it holds on an incident under the playbook ``nine-stage``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from tests.procedures.bench import Case, cited, in_force, level, playbook
from tests.world import World

BOOK = "nine-stage"
STAGES = ["detection", "triage", "declaration", "investigation", "mitigation", "resolution", "monitoring", "closure", "post_mortem"]


def monitored(world: World, severity: str = "SEV1", minutes: float = 30) -> Case:
    case = Case(world, BOOK, severity)
    case.go("investigation", "mitigation", "resolution", "monitoring")
    case.wait(minutes=minutes)
    return case


def test_nine_stages_follow_one_another() -> None:
    """S2-01, S2-24: mitigation stops the harm, resolution removes the cause."""
    graph = playbook(BOOK).lifecycle
    assert [s.id for s in graph.stages if s.id != "dismissed"] == STAGES
    moves = {(t.move_from, t.move_to) for t in graph.transitions}
    assert all(pair in moves for pair in pairwise(STAGES))
    kinds = {s.id: s.kind for s in graph.stages}
    assert (kinds["mitigation"], kinds["resolution"], kinds["closure"]) == ("open", "mitigated", "resolved")


@pytest.mark.parametrize("severity", ["SEV0", "SEV1", "SEV2"])
def test_a_page_is_acknowledged_within_five_minutes(world: World, severity: str) -> None:
    """S2-02."""
    case = Case(world, BOOK, severity)
    assert case.due("acknowledge", case.began) == 5
    (metric,) = [m for m in playbook(BOOK).metrics if m.id == "time_to_acknowledge"]
    assert metric.target is not None
    assert metric.target.total_seconds() == 300


def test_an_incident_may_come_from_monitoring_customers_probes_or_the_house() -> None:
    """S2-02: seven sources of four kinds."""
    kinds = [source.partition(":")[0] for source in playbook(BOOK).detection_sources]
    assert kinds == ["automated alert"] * 3 + ["customer report"] * 2 + ["synthetic monitoring", "internal discovery"]


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"core_function": True, "customers_affected": "all", "workaround": False}, "SEV0"),
        ({"core_function": True, "customers_affected": "many", "workaround": False}, "SEV1"),
        ({"core_function": False, "customers_affected": "some", "workaround": True}, "SEV2"),
        ({"core_function": False, "customers_affected": "none", "workaround": True}, "SEV3"),
        ({}, "SEV1"),
    ],
)
def test_four_questions_lead_to_a_level_and_doubt_to_a_declaration(world: World, answers: dict[str, Any], expected: str) -> None:
    """S2-03, S2-11, S2-23: the procedure defines no level; this playbook's reading is written down."""
    assert level(world, BOOK, **answers) == expected
    assert [q.id for q in playbook(BOOK).classify.questions] == ["what_broken", "customers_affected", "core_function", "workaround"]
    assert "In doubt SEV1" in in_force(BOOK, "other:levels-without-definition")


def test_a_declaration_opens_a_channel_by_date_and_topic_and_asks_for_four_steps(world: World) -> None:
    """S2-04: channel, commander, initial status, status page at Investigating."""
    case = Case(world, BOOK, "SEV1", title="API down", topic="checkout errors")
    assert case.view["channel"] == "#incident-2025-10-27-checkout-errors"
    (steps,) = [c for c in case.view["checklists"] if c["id"] == "declaration"]
    assert len(steps["items"]) == 4
    assert case.view["public_status"] == "Investigating"
    body = case.tell("initial_status", {"description": "elevated error rates"}, next_in="30m")["body"]
    assert body.splitlines()[:3] == ["Severity: SEV1", "Incident Commander: not assigned yet", "Description: elevated error rates"]
    assert case.due("assign_lead") == 5


def test_the_commander_decides_whether_enough_is_known_to_mitigate(world: World) -> None:
    """S2-05: a question before the move, and investigation goes on until somebody says yes."""
    case = Case(world, BOOK, "SEV1")
    case.go("investigation")
    (way,) = [w for w in case.view["ways"] if w["to"] == "mitigation"]
    assert way["ask"] == "Is enough known to mitigate?"
    assert any("Enough is known" in m for m in case.refused("stage", {"stage": "mitigation"})["missing"])
    assert case.post("stage", {"stage": "mitigation", "confirm": "yes"})["stage"] == "mitigation"
    asked = {ask for step in playbook(BOOK).investigation for ask in step.asks}
    assert {"When did this start?", "Which systems are affected?"} <= asked
    assert "HYPOTHESIS" in {kind.id for kind in playbook(BOOK).entry_types}


def test_there_are_six_ways_to_mitigate_and_the_commander_announces_what_was_done(world: World) -> None:
    """S2-06."""
    kinds = [m.id for m in playbook(BOOK).mitigations]
    assert kinds == ["rollback", "feature_flag", "failover", "scale_up", "rate_limit", "maintenance_mode"]
    case = Case(world, BOOK, "SEV1")
    case.log("ACTION", "rolled back to v12")
    assert (
        case.tell("mitigation_announcement")["body"]
        == "Mitigation in place: rolled back to v12. We are watching whether the impact goes down."
    )


def test_resolution_is_a_permanent_fix_verified_and_tested(world: World) -> None:
    """S2-07, S2-24."""
    case = Case(world, BOOK, "SEV1")
    (steps,) = [c for c in case.view["checklists"] if c["id"] == "resolution"]
    assert [i["id"].partition(".")[2] for i in steps["items"]] == ["permanent_fix", "verified", "tested"]


def test_thirty_stable_minutes_come_before_closure_and_instability_leads_back(world: World) -> None:
    """S2-08, S2-20: error rate, latency, reports and all metrics are watched."""
    case = monitored(world, minutes=29)
    case.satisfy()
    assert any("30m" in missing for missing in case.missing("closure"))
    case.wait(minutes=1)
    assert case.missing("closure") == []
    case.post("relapse", {"text": "errors again"})
    assert case.view["stage"] == "investigation"
    (window,) = playbook(BOOK).windows
    assert len(window.watch) == 4


def test_closure_has_four_criteria_and_four_closing_steps(world: World) -> None:
    """S2-09, S2-26: both versions of the fourth criterion hold, as one about the response only."""
    case = monitored(world)
    assert len(case.missing("closure")) == 3, "the window has run; three are left to people"
    lists = {c["id"]: len(c["items"]) for c in case.view["checklists"]}
    assert (lists["closure"], lists["closing_steps"]) == (4, 4)
    assert in_force(BOOK, "other:closure-fourth-criterion").startswith("Both, as one criterion")
    case.satisfy()
    case.go("closure")
    assert {m["id"] for m in case.view["milestones"]} >= {"resolved"}
    assert case.view["public_status"] == "Resolved"


@pytest.mark.parametrize(("severity", "hours"), [("SEV0", 24), ("SEV1", 48)])
def test_the_post_mortem_is_scheduled_written_and_held_in_one_day_or_two(world: World, severity: str, hours: int) -> None:
    """S2-10, S2-13, S2-27: held, not just scheduled, counted from the resolution."""
    case = Case(world, BOOK, severity)
    case.milestone("resolved")
    suffix = severity.lower()
    for rule in (f"postmortem_schedule_{suffix}", f"postmortem_draft_{suffix}", f"postmortem_{suffix}"):
        assert case.due(rule, case.world.now) == hours * 60, rule
    assert case.duty(f"postmortem_draft_{suffix}")["owner"] == "scribe"
    assert case.duty(f"postmortem_schedule_{suffix}")["owner"] == "ic"


def test_any_one_of_four_reasons_is_enough_to_declare() -> None:
    """S2-11, S2-28."""
    reasons = playbook(BOOK).declare
    assert len(reasons) == 4
    assert any("certain" in reason.when for reason in reasons)
    assert "lowered" in playbook(BOOK).principles[0]


def test_half_an_hour_without_progress_a_raised_level_a_specialist_or_an_overrun_call_for_help(world: World) -> None:
    """S2-12."""
    case = Case(world, BOOK, "SEV2")
    case.wait(minutes=31)
    assert (30.0, "escalation_matrix") in case.called()
    case.post("severity", {"severity": "SEV1"})
    case.wait(minutes=1)
    assert any(at == 31.0 for at, _ in case.called())
    case.post("marks", {"mark": "specialist_needed"})
    case.post("marks", {"mark": "needs_database"})
    case.wait(minutes=1)
    assert "database_specialists" in {who for _, who in case.called()}
    case.wait(hours=2)
    assert any(line["data"]["rule"].startswith("overrun") for line in case.timeline() if line["kind"] == "incident.escalated")


def test_a_sev0_calls_all_hands_fills_three_roles_and_tells_executives_within_fifteen_minutes(world: World) -> None:
    """S2-13."""
    sev0 = playbook(BOOK).severity("SEV0")
    assert sev0 is not None
    assert "all_hands" in sev0.page
    assert sev0.mandatory_roles == ("ic", "communications_lead", "scribe")
    assert len(sev0.steps) == 6
    case = Case(world, BOOK, "SEV0")
    assert (case.due("exec_notice"), case.due("all_hands_steps")) == (15, 15)
    case.log("ACTION", "failing over")
    case.tell("executive_notice", next_in="15m")
    assert case.duty("exec_notice")["state"] == "kept"
    assert "Video call: https://video.example/1" in case.tell("bridge", {"link": "https://video.example/1"})["body"]


def test_a_sev2_has_one_responder_and_the_status_page_only_where_customers_see_it(world: World) -> None:
    """S2-14, S2-25."""
    case = Case(world, BOOK, "SEV2")
    assert (case.view["mode"], case.planned("assign_lead"), case.planned("status_page_sev2")) == ("single_responder", False, False)
    case.post("marks", {"mark": "customer_visible"})
    assert case.planned("status_page_sev2")
    case.post("marks", {"mark": "novel"})
    case.milestone("resolved")
    assert case.due("postmortem_decision_sev2", case.world.now) == 48 * 60
    assert not case.planned("postmortem_sev1")
    assert "single responder leads" in in_force(BOOK, "declare-without-lead:SEV2")


def test_a_sev3_is_a_ticket_for_the_next_sprint_without_a_post_mortem(world: World) -> None:
    """S2-15: sprints of two weeks begin on 5 January 2026 here; from 27 October 2025 the next one ends on Friday 21 November."""
    case = Case(world, BOOK, "SEV3", alerted=False)
    assert (case.view["mode"], [d["rule"] for d in case.duties]) == ("ticket_only", ["plan_fix_sev3"])
    assert case.duty("plan_fix_sev3")["due_at"] == "2025-11-21T17:00:00Z"
    case.milestone("resolved")
    assert not any("postmortem" in d["rule"] for d in case.duties)


def test_a_sev1_follows_the_main_flow_with_a_commander(world: World) -> None:
    """S2-16."""
    sev1 = playbook(BOOK).severity("SEV1")
    assert sev1 is not None
    assert (sev1.mode, sev1.mandatory_roles) == ("full", ("ic",))


@pytest.mark.parametrize(("severity", "minutes"), [("SEV0", 15), ("SEV1", 30)])
def test_updates_are_due_every_fifteen_minutes_at_sev0_and_every_thirty_at_sev1(world: World, severity: str, minutes: int) -> None:
    """S2-13, S2-17."""
    case = Case(world, BOOK, severity)
    rule = f"cadence_stakeholders_{severity.lower()}"
    assert case.due(rule) == minutes
    fields = {"issue": "errors", "impact": "checkout", "progress": "looking", "next_steps": "roll back"}
    case.wait(minutes=minutes)
    case.tell("status_update", fields, next_in="15m", eta="unknown")
    assert [d["state"] for d in case.duties if d["rule"] == rule] == ["kept", "open"]
    assert case.due(rule, case.world.now) == minutes


def test_a_sev2_is_updated_at_major_milestones(world: World) -> None:
    """S2-17: cause, mitigation, resolution; no clock in between."""
    case = Case(world, BOOK, "SEV2")
    case.wait(hours=3)
    assert not case.planned("cadence_stakeholders_sev2")
    case.milestone("cause_identified")
    assert case.due("cadence_stakeholders_sev2") == 30


def test_an_update_has_eight_fields_and_the_words_of_its_status(world: World) -> None:
    """S2-18: timestamp and number, status, issue, impact, progress, next steps, ETA or unknown, next update."""
    case = Case(world, BOOK, "SEV1")
    fields = {
        "headline": "Cause found",
        "issue": "errors",
        "impact": "checkout",
        "progress": "the pool is full",
        "next_steps": "enlarge it",
    }
    body = case.tell("status_update", fields, status="Implementing Fix", next_in="30m", eta="unknown")["body"]
    assert body.splitlines() == [
        "[2025-10-27 14:25 UTC] Update #1 - Cause found", "", "Current Status: Implementing Fix", "Issue: errors", "Impact: checkout", "Progress: the pool is full",
        "Next Steps: enlarge it", "ETA: unknown", "Next Update: 14:55 UTC",
    ]  # fmt: skip
    assert case.refused("updates", {"message": "status_update", "fields": fields, "next_in": "30m"})["field"] == "eta"
    statuses = {m.id: m.statuses for m in playbook(BOOK).messages}
    assert statuses["status_update"] == ("Investigating", "Identified", "Implementing Fix", "Monitoring")


def test_the_status_page_moves_through_four_words_and_customers_get_an_e_mail_within_a_day(world: World) -> None:
    """S2-19: no e-mail at SEV2."""
    words = list(dict.fromkeys(s.public for s in playbook(BOOK).lifecycle.stages if s.public))
    assert words == ["Investigating", "Identified", "Monitoring", "Resolved"]
    for severity, planned in (("SEV0", True), ("SEV1", True), ("SEV2", False)):
        case = Case(world, BOOK, severity)
        case.milestone("resolved")
        assert case.planned("customer_email") is planned
        if planned:
            assert case.due("customer_email", case.world.now) == 24 * 60
            case.tell("customer_email", {"resolution": "more connections"})
            assert case.duty("customer_email")["state"] == "kept"


def test_four_bad_habits_are_found_in_the_record_with_their_remedies(world: World) -> None:
    """S2-20, S2-28: late declaration, a commander at the keyboard, silence, closing early."""
    case = Case(world, BOOK, "SEV1", alerted=False)
    case.role("ic", "alice")
    case.post("milestones", {"milestone": "alerted", "when": "2025-10-27T14:00:00Z"})
    case.log("ACTION", "restarting the database myself", by="alice")
    case.tell("initial_status", {"description": "errors"}, next_in="15m")
    case.wait(minutes=40)
    case.go("investigation", "mitigation", "resolution", "monitoring")
    case.satisfy()
    case.post("checks/waive", {"item": "closure.stable", "reason": "in a hurry"})
    assert any("30m" in missing for missing in case.missing("closure")), "closing early is not found but prevented"
    found = {f["detector"]: f["remedy"] for f in case.world.get(f"/incidents/{case.id}/health")["findings"]}
    assert set(found) == {"delayed_declaration", "commander_hands_on", "no_status_updates"}
    detectors = {d.id: d.remedy for d in playbook(BOOK).detectors}
    assert len(detectors) == 4
    assert "30 minutes" in detectors["premature_closure"]


def test_the_companion_documents_are_listed() -> None:
    """S2-21, S2-10, S2-12."""
    titles = [d.title for d in playbook(BOOK).documents]
    assert len(titles) == 6
    assert any("SRE book" in t for t in titles)


def test_a_sev1_does_not_end_without_a_scribe_to_write_the_post_mortem(world: World) -> None:
    """S2-22."""
    assert [r.id for r in playbook(BOOK).roles] == ["ic", "on_call", "sme", "communications_lead", "scribe", "responder"]
    case = monitored(world)
    case.satisfy()
    case.go("closure")
    assert any("Scribe" in missing for missing in case.missing("post_mortem"))
    case.role("scribe", "eve")
    assert case.missing("post_mortem") == []


def test_every_contradiction_of_the_procedure_is_owned_up_to() -> None:
    """The lines that contradict themselves are cited by an acceptance that says what is in force."""
    assert {"S2-22", "S2-25", "S2-26", "S2-27", "S2-23"} <= cited(BOOK)
    assert all(one.because and one.in_force for one in playbook(BOOK).accepted)
