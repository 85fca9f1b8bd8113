"""The service-level guide with P1 to P4, line by line (S4): it holds on an incident under the playbook ``service-levels``."""

from __future__ import annotations

from typing import Any

import pytest

from tests.procedures.bench import Case, cited, in_force, level, playbook
from tests.world import World

BOOK = "service-levels"
NOTHING: dict[str, Any] = {
    "unavailable": False, "users_percent": 0, "data_loss": False, "breach": False, "payments_down": False, "database_offline": False,
    "major_feature": False, "response_seconds": 1, "data_inaccessible": False, "connections_maxed": False, "workaround": "none",
    "intermittent": False, "slow_operations": False, "noncritical_feature": False, "cosmetic": False, "internal_only": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"users_percent": 100}, "P1"), ({"data_loss": True}, "P1"), ({"breach": True}, "P1"), ({"payments_down": True}, "P1"), ({"database_offline": True}, "P1"),
        ({"users_percent": 26}, "P2"), ({"response_seconds": 5.1}, "P2"), ({"data_inaccessible": True}, "P2"), ({"workaround": "manual"}, "P2"), ({"connections_maxed": True}, "P2"),
        ({"users_percent": 9}, "P3"), ({"users_percent": 1, "intermittent": True}, "P3"), ({"users_percent": 1, "slow_operations": True}, "P3"), ({"users_percent": 1, "workaround": "available"}, "P3"),
        ({"cosmetic": True}, "P4"), ({"internal_only": True}, "P4"), ({"workaround": "easy"}, "P4"),
    ],
)  # fmt: skip
def test_four_levels_follow_from_the_signs_of_each(world: World, answers: dict[str, Any], expected: str) -> None:
    """S4-02, S4-03, S4-04, S4-05, S4-19."""
    assert level(world, BOOK, **{**NOTHING, **answers}) == expected


@pytest.mark.parametrize("percent", [10, 15, 25])
def test_between_ten_and_twenty_five_percent_the_level_above_the_hole_holds(world: World, percent: int) -> None:
    """S4-06."""
    assert level(world, BOOK, **{**NOTHING, "users_percent": percent}) == "P2"
    assert in_force(BOOK, "other:majority-or-a-quarter") == "More than 25 %."


def test_a_feature_that_is_not_critical_is_p3_though_it_is_a_sign_of_p4_too(world: World) -> None:
    """S4-19, S4-20, S4-25: where two levels fit, the higher one holds."""
    assert level(world, BOOK, **{**NOTHING, "noncritical_feature": True, "workaround": "easy", "internal_only": True}) == "P3"
    assert level(world, BOOK, **{**NOTHING, "users_percent": 30, "internal_only": True}) == "P2"
    examples = {s.id: len(s.examples) for s in playbook(BOOK).severities}
    assert examples == {"P1": 4, "P2": 4, "P3": 4, "P4": 4}


def test_every_incident_of_the_one_service_is_tracked(world: World) -> None:
    """S4-01: a ticket at P2 and P3, a record at every level."""
    assert playbook(BOOK).scope == "Release Manager"
    for severity, minutes in (("P2", 15), ("P3", 60)):
        case = Case(world, BOOK, severity)
        assert case.due(f"ticket_{severity.lower()}", case.began) == minutes
        assert case.world.get(f"/incidents/{case.id}/verify")["whole"] is True


@pytest.mark.parametrize(("severity", "minutes"), [("P1", 5), ("P2", 15), ("P3", 60)])
def test_a_response_is_due_in_five_minutes_a_quarter_or_an_hour(world: World, severity: str, minutes: int) -> None:
    """S4-02, S4-03, S4-04."""
    case = Case(world, BOOK, severity)
    assert case.due(f"respond_{severity.lower()}", case.began) == minutes


def test_a_p4_has_no_response_time_and_is_planned_for_the_next_sprint(world: World) -> None:
    """S4-05, S4-20: sprints of two weeks from 1 January 2024; the one after that of 27 October 2025 ends on Friday 14 November."""
    case = Case(world, BOOK, "P4", alerted=False)
    assert [d["rule"] for d in case.duties] == ["schedule_p4"]
    assert case.duty("schedule_p4")["due_at"] == "2025-11-14T17:00:00Z"
    p4 = playbook(BOOK).severity("P4")
    assert p4 is not None
    assert (p4.response.respond_within, len(p4.steps), p4.page) == (None, 4, ())


@pytest.mark.parametrize(("severity", "minutes"), [("P1", 5), ("P2", 30), ("P3", 120)])
def test_stakeholders_hear_every_five_minutes_half_hour_or_two_hours(world: World, severity: str, minutes: int) -> None:
    """S4-02, S4-03, S4-04: of a range, its near end warns and its far end is late."""
    case = Case(world, BOOK, severity)
    rule = f"cadence_stakeholders_{severity.lower()}"
    assert case.due(rule) == minutes
    if severity != "P1":
        case.wait(minutes=minutes / 2)
        assert case.duty(rule)["state"] == "warned"


def test_a_p1_opens_a_bridge_prepares_the_rollback_in_fifteen_minutes_and_decides_in_thirty(world: World) -> None:
    """S4-02."""
    case = Case(world, BOOK, "P1")
    assert (case.due("open_bridge_p1"), case.due("rollback_prepared_p1"), case.due("rollback_decided_p1")) == (5, 15, 30)
    case.tell("bridge_call", {"symptoms": "no answer", "impact": "all users"})
    assert case.duty("open_bridge_p1")["state"] == "kept"
    p1 = playbook(BOOK).severity("P1")
    assert p1 is not None
    assert set(p1.page) == {"on_call", "on_call_team", "vp_engineering", "engineering_manager", "devops_lead"}


def test_a_p2_finds_its_cause_in_thirty_minutes_is_fixed_in_sixty_and_watched_for_thirty(world: World) -> None:
    """S4-03, S4-24: the worked example was watched for five."""
    case = Case(world, BOOK, "P2")
    assert (case.due("identify_cause_p2"), case.due("fix_p2")) == (30, 60)
    case.go("fixing", "monitoring")
    case.read("error_rate", 0.05)
    case.satisfy()
    case.wait(minutes=29)
    assert any("30m" in missing for missing in case.missing("resolved"))
    case.wait(minutes=1)
    assert case.missing("resolved") == []


def test_a_p3_finds_its_cause_in_two_hours_and_is_fixed_the_next_day(world: World) -> None:
    """S4-04: on-call alone, the permanent fix in the next sprint."""
    case = Case(world, BOOK, "P3")
    assert (case.due("identify_cause_p3"), case.due("fix_p3")) == (120, 1440)
    assert case.duty("permanent_fix_p3")["due_at"] == "2025-11-14T17:00:00Z"
    p3 = playbook(BOOK).severity("P3")
    assert p3 is not None
    assert (p3.mode, p3.team) == ("single_responder", ("on_call",))


@pytest.mark.parametrize(
    ("severity", "calls"),
    [
        ("P1", [(30, "cto"), (60, "ceo")]), ("P2", [(30, "vp_engineering"), (60, "vp_engineering")]), ("P3", [(30, "engineering_manager"), (60, "vp_engineering")]),
        ("P4", []),
    ],
)  # fmt: skip
def test_the_matrix_calls_by_age_whatever_was_acknowledged(world: World, severity: str, calls: list[tuple[int, str]]) -> None:
    """S4-07, S4-21, S4-22: as written, the second call of a P2 adds nobody."""
    case = Case(world, BOOK, severity)
    case.post("acknowledge")
    case.wait(minutes=61)
    assert case.called() == calls
    assert playbook(BOOK).on_call.schedule_link.startswith("https://")


def test_the_bridge_call_has_link_channel_level_service_symptoms_impact_start_and_three_first_actions(world: World) -> None:
    """S4-08, S4-28: at any level, and the impact counts users or features."""
    case = Case(world, BOOK, "P2", started_at="2025-10-27T14:20:00Z", service="Release Manager")
    sent = case.tell("bridge_call", {"symptoms": "responses of 5 to 10 seconds", "impact": "500 users"})
    assert case.view["bridge"].startswith("https://zoom.us/j/")
    for said in (
        f"Call: {case.view['bridge']}", "Chat: #incidents", "Severity: P2", "Service: Release Manager", "Symptoms: responses of", "Impact: 500 users",
        "Started: 2025-10-27 14:20 UTC", "1. Acknowledge", "2. Find its scope", "3. Stop the harm",
    ):  # fmt: skip
        assert said in sent["body"], said


def test_the_initial_notification_has_all_its_fields_and_goes_to_channel_and_stakeholders(world: World) -> None:
    """S4-09, S4-28."""
    case = Case(world, BOOK, "P2", started_at="2025-10-27T14:20:00Z", service="Release Manager")
    case.role("lead", "alice")
    fields = {
        "summary": "slow",
        "impact": ["lists time out"],
        "users": 500,
        "timeline": ["14:20 first timeouts"],
        "actions": ["looking at queries", "rolling back"],
    }
    body = case.tell("initial_notification", fields, next_in="15m")["body"]
    for said in (
        "# INCIDENT: The API answers with errors", "**Severity**: P2", "**Service**: Release Manager", "**Status**: INVESTIGATING", "**Started**: 2025-10-27 14:20 UTC", "slow",
        "- lists time out", "Users affected (estimate): 500", "- 14:20 first timeouts", "1. looking at queries\n2. rolling back", "14:40 UTC, or when the status changes",
        "**Lead**: alice", "**Channel**: #incidents", "**Bridge**: https://zoom.us/j/",
    ):  # fmt: skip
        assert said in body, said
    to = {m["values"]["audience"] for m in world.outbox() if m["values"].get("message") == "initial_notification"}
    assert "incidents_channel" in to
    assert next(m.audiences for m in playbook(BOOK).messages if m.id == "initial_notification") == ("incidents_channel", "stakeholders")


def test_the_resolved_notification_has_duration_cause_resolution_version_timeline_impact_and_topics(world: World) -> None:
    """S4-10, S4-24: time without service and time of degraded service are two fields."""
    case = Case(world, BOOK, "P2", started_at="2025-10-27T14:20:00Z")
    case.post("mitigations", {"kind": "roll_back", "text": "back to v2024.01.14", "done": True, "confirmed": "no migration"})
    case.wait(minutes=45)
    case.milestone("resolved")
    fields = {
        "root_cause": "one query for each row", "version": "v2024.01.14", "timeline": ["a", "b", "c", "d", "e"], "degraded": "45 min", "users": "500",
        "transactions_lost": "0", "postmortem_topics": ["why no test saw it"],
    }  # fmt: skip
    body = case.tell("resolved_notification", fields, status="RESOLVED")["body"]
    for said in (
        "**Status**: RESOLVED", "**Duration**: 50 minutes", "14:20 UTC - 15:10 UTC", "one query for each row", "14:25 UTC: back to v2024.01.14", "Version now: v2024.01.14",
        "- a\n- b\n- c\n- d\n- e", "Time of degraded service: 45 min", "Users affected: 500", "Transactions lost: 0", "- why no test saw it", "Thank you",
    ):  # fmt: skip
        assert said in body, said
    assert "Time without service" not in body


def test_the_investigation_has_five_time_boxes_of_forty_to_fifty_minutes(world: World) -> None:
    """S4-11: more than the thirty minutes for the cause, which stay in force."""
    boxes = playbook(BOOK).investigation
    upper = sum(b.time_box.total_seconds() / 60 for b in boxes if b.time_box)
    lower = sum((b.time_box_at_least or b.time_box).total_seconds() / 60 for b in boxes if b.time_box)
    assert ([b.id for b in boxes], lower, upper) == (["initial_assessment", "logs", "database", "resources", "deployments"], 40, 50)
    assert in_force(BOOK, "time-box-over-target:identify_cause_p2").startswith("The 30 minutes")
    assert Case(world, BOOK, "P2").due("identify_cause_p2") == 30


def test_the_commands_of_the_investigation_stand_as_written_with_questions_that_fit_them() -> None:
    """S4-18, S4-27: a count is called a count, and the renamed column is named."""
    boxes = {b.id: b for b in playbook(BOOK).investigation}
    assert [len(b.commands) for b in boxes.values()] == [5, 4, 4, 4, 3]
    assert any("histogram_quantile(0.99" in c for c in boxes["initial_assessment"].commands)
    assert any("grep -c ERROR" in c for c in boxes["logs"].commands)
    assert any("one number" in a for a in boxes["logs"].asks)
    assert any("mean_exec_time" in a for a in boxes["database"].asks)
    assert any("git diff v2024.01.14..v2024.01.15" in c for c in boxes["deployments"].commands)


def test_resolution_is_confirmed_in_three_tiers_of_seven_six_and_six(world: World) -> None:
    """S4-12, S4-13, S4-14, S4-29: at once, within an hour, within a day, counted from the resolution."""
    case = Case(world, BOOK, "P2")
    assert [(c["id"], len(c["items"])) for c in case.view["checklists"]] == [("immediate", 7), ("extended", 6), ("follow_up", 6)]
    case.milestone("resolved")
    assert (case.due("checklist_extended", case.world.now), case.due("checklist_follow_up", case.world.now)) == (60, 1440)


def test_the_error_rate_must_be_under_a_tenth_of_a_percent(world: World) -> None:
    """S4-12."""
    case = Case(world, BOOK, "P1")
    case.go("fixing", "monitoring")
    case.satisfy()
    case.read("error_rate", 0.1)
    assert len(case.missing("resolved")) == 1
    case.read("error_rate", 0.09)
    assert case.missing("resolved") == []


def test_the_review_is_held_within_a_day_and_the_vice_president_hears_after_two(world: World) -> None:
    """S4-14, S4-15: the stricter of the two times is in force."""
    case = Case(world, BOOK, "P1")
    case.milestone("resolved")
    assert (case.due("postmortem_meeting", case.world.now), case.due("postmortem_meeting_latest", case.world.now)) == (24 * 60, 48 * 60)
    assert in_force(BOOK, "deadline-conflict:postmortem").startswith("24 hours")


def test_the_review_has_header_sections_four_areas_of_prevention_and_two_signatures(world: World) -> None:
    """S4-15, S4-17, S4-26."""
    case = Case(world, BOOK, "P2")
    case.milestone("resolved")
    case.post("postmortem", {"authors": ["alice"]})
    document = case.world.send("GET", f"/incidents/{case.id}/postmortem/document").text
    for heading in (
        "Summary",
        "Impact",
        "Timeline",
        "Root cause analysis",
        "Why it was not caught",
        "Action items",
        "Preventive measures",
        "Lessons learned",
        "Approval",
    ):
        assert f"## {heading}" in document, heading
    for area in ("Code review process", "Testing", "Monitoring", "Deployment", "1000 records", "canary"):
        assert area in document, area
    assert [a.by for a in playbook(BOOK).review.approvals] == ["engineering_manager", "vp_engineering"]


def test_nothing_closes_before_both_have_signed(world: World) -> None:
    """S4-15: signatures are due within 48 hours."""
    case = Case(world, BOOK, "P1")
    case.go("fixing", "monitoring")
    case.satisfy()
    case.read("error_rate", 0)
    case.go("resolved")
    assert case.due("approve_vp_engineering", case.world.now) == 48 * 60
    case.satisfy()
    assert case.missing("closed") == ["Postmortem approved is not known"]
    case.post("postmortem", {"authors": ["alice"]})
    for section in case.world.get(f"/incidents/{case.id}/postmortem")["sections"]:
        case.post("postmortem/sections", {"section": section["id"], "text": "Written."})
    case.post("postmortem/review")
    case.post("postmortem/approve", {"approver": "engineering_manager"}, "erin")
    assert case.missing("closed") != []
    case.post("postmortem/approve", {"approver": "vp_engineering"}, "victor")
    assert case.missing("closed") == []


def test_the_companion_documents_and_emergency_contacts_are_at_hand() -> None:
    """S4-16, S4-07."""
    assert [d.id for d in playbook(BOOK).documents] == ["deployment_guide", "rollback_procedure", "database_migrations"]
    assert any(c.id == "emergency_contacts" and c.where for c in playbook(BOOK).contacts)


def test_three_tellings_of_one_incident_are_found_by_the_lint() -> None:
    """S4-17, S4-23: each figure that depends on the telling is an accepted finding; the recorded milestones decide."""
    findings = {one.finding for one in playbook(BOOK).accepted if "S4-23" in (one.from_ or "")}
    assert findings == {"metric-claim:time_to_detect", "metric-claim:time_to_declare", "metric-claim:time_to_cause"}


def test_an_item_has_an_owner_a_date_and_a_priority_and_a_saturday_is_pointed_out(world: World) -> None:
    """S4-26."""
    case = Case(world, BOOK, "P2")
    lacks = {p["code"] for p in case.post("actions", {"title": "fix the query"})["problems"]}
    assert lacks == {"no_owner", "no_due", "no_priority"}
    late = case.post("actions", {"title": "review standards", "owner": "erin", "due": "2024-01-20", "priority": "Medium"})
    assert {p["code"] for p in late["problems"]} == {"due_on_weekend"}
    assert "names its action item" in in_force(BOOK, "other:measures-without-action-items")


def test_the_team_of_a_level_is_called_whole_though_three_lists_differ() -> None:
    """S4-21, S4-22."""
    book = playbook(BOOK)
    for name in ("P1", "P2"):
        found = book.severity(name)
        assert found is not None
        assert set(found.team) <= set(found.page) | {"on_call"}
    assert in_force(BOOK, "other:team-of-p1-in-three-lists") == "All of them are paged at once."


def test_a_live_fix_moves_the_watch_and_the_item_is_for_what_remains(world: World) -> None:
    """S4-24: a second fix restarts the thirty minutes."""
    case = Case(world, BOOK, "P2")
    case.go("fixing", "monitoring")
    case.read("error_rate", 0)
    case.satisfy()
    case.wait(minutes=20)
    case.go("fixing", "monitoring")
    case.wait(minutes=15)
    assert any("15m of 30m" in missing for missing in case.missing("resolved"))


def test_every_contradiction_of_the_procedure_is_owned_up_to() -> None:
    """The lines that contradict themselves are cited by an acceptance that says what is in force."""
    marked = {"S4-06", "S4-11", "S4-14", "S4-17", "S4-19", "S4-21", "S4-22", "S4-23", "S4-24", "S4-25", "S4-26", "S4-27", "S4-28", "S4-29"}
    assert marked <= cited(BOOK)
    assert all(one.because and one.in_force for one in playbook(BOOK).accepted)
