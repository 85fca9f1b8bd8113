"""The procedure with rota, pay and runbooks, line by line (S3): it holds on an incident under the playbook ``rota-and-runbooks``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.procedures.bench import Case, cited, in_force, level, playbook
from tests.world import World

BOOK = "rota-and-runbooks"
NOTHING = {
    "all_users_down": False, "data_loss_risk": False, "security_breach": False, "significant_feature_down": False, "slowdown_percent": 0,
    "data_integrity_concern": False, "minor_feature": False, "workaround": False, "isolated": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"all_users_down": True}, "SEV-1"), ({"data_loss_risk": True}, "SEV-1"), ({"security_breach": True}, "SEV-1"),
        ({"significant_feature_down": True}, "SEV-2"), ({"slowdown_percent": 51}, "SEV-2"), ({"data_integrity_concern": True}, "SEV-2"),
        ({"minor_feature": True, "workaround": True}, "SEV-3"),
    ],
)  # fmt: skip
def test_three_levels_follow_from_the_signs_of_each(world: World, answers: dict[str, Any], expected: str) -> None:
    """S3-01, S3-02, S3-03."""
    assert level(world, BOOK, **{**NOTHING, **answers}) == expected


@pytest.mark.parametrize("answers", [{"slowdown_percent": 50}, {"minor_feature": True}])
def test_the_two_holes_of_the_scale_take_the_level_above(world: World, answers: dict[str, Any]) -> None:
    """S3-14: half as fast, and a lesser feature that nobody gets round."""
    assert level(world, BOOK, **{**NOTHING, **answers}) == "SEV-2"
    assert in_force(BOOK, "coverage-gap:slowdown_percent:0-50").startswith("SEV-2")


@pytest.mark.parametrize(("severity", "minutes"), [("SEV-1", 15), ("SEV-2", 30)])
def test_acknowledging_in_five_minutes_and_answering_in_fifteen_or_thirty_are_two_clocks(world: World, severity: str, minutes: int) -> None:
    """S3-01, S3-02, S3-04."""
    case = Case(world, BOOK, severity)
    assert case.due("acknowledge", case.began) == 5
    assert case.due(f"respond_{severity.lower().replace('-', '_')}", case.began) == minutes
    case.post("acknowledge")
    assert case.duty("acknowledge")["state"] == "kept"


def test_a_sev_3_is_answered_after_four_business_hours(world: World) -> None:
    """S3-03: from Monday 14:25 that is Tuesday 10:25; acknowledging still takes five minutes."""
    case = Case(world, BOOK, "SEV-3")
    assert case.duty("respond_sev_3")["due_at"] == "2025-10-28T10:25:00Z"
    assert case.due("acknowledge", case.began) == 5
    assert (case.duty("track_sev_3")["due_at"], case.duty("notify_team_sev_3")["audience"]) == ("2025-10-28T10:25:00Z", "team")


@pytest.mark.parametrize(("severity", "minutes"), [("SEV-1", 15), ("SEV-2", 30)])
def test_the_status_page_is_updated_every_fifteen_or_thirty_minutes(world: World, severity: str, minutes: int) -> None:
    """S3-01, S3-02."""
    case = Case(world, BOOK, severity)
    rule = f"cadence_status_page_{severity.lower().replace('-', '_')}"
    assert case.due(rule) == minutes
    case.wait(minutes=10)
    case.tell("initial", {"issue": "checkout fails"}, next_in="15m")
    assert case.due(rule, case.world.now) == minutes


def test_a_sev_1_tells_executives_and_customer_success_and_calls_its_whole_team(world: World) -> None:
    """S3-01, S3-16."""
    sev1 = playbook(BOOK).severity("SEV-1")
    assert sev1 is not None
    assert sev1.page == ("on_call", "on_call_sre", "team_lead", "vp_engineering")
    case = Case(world, BOOK, "SEV-1")
    case.log("ACTION", "failing over")
    case.tell("executives")
    case.tell("customer_success")
    assert [case.duty(f"notify_{who}_sev_1")["state"] for who in ("executives", "customer_success")] == ["kept", "kept"]


def test_a_raised_level_calls_the_team_of_the_new_one(world: World) -> None:
    """S3-01, S3-02."""
    case = Case(world, BOOK, "SEV-2")
    case.wait(minutes=3)
    case.post("severity", {"severity": "SEV-1"})
    case.wait(minutes=1)
    assert {who for _, who in case.called()} == {"on_call_sre", "team_lead", "vp_engineering"}


def test_half_an_hour_without_triage_calls_for_help(world: World) -> None:
    """S3-04."""
    case = Case(world, BOOK, "SEV-2")
    case.wait(minutes=31)
    assert case.called() == [(30.0, "on_call_sre"), (30.0, "team_lead")]


def test_the_rota_turns_every_monday_and_is_handed_off_in_writing() -> None:
    """S3-04: five duties, two of them with minutes."""
    terms = playbook(BOOK).on_call
    assert (terms.rotation, terms.hand_off_day, terms.hand_off_summary) == ("weekly", "mon", True)
    minutes = {d.id: d.within.total_seconds() / 60 for d in terms.duties if d.within}
    assert minutes == {"acknowledge": 5, "near_a_workstation": 15, "escalate": 30}
    assert {d.id for d in terms.duties} - set(minutes) == {"equipment", "hand_off"}


def test_a_week_a_sev_1_and_a_page_overnight_are_paid() -> None:
    """S3-05, S3-15: the words that money hangs on are defined."""
    pay = {p.per: (p.amount, p.unit) for p in playbook(BOOK).on_call.pay}
    assert pay == {"week": (500, "USD"), "incident": (200, "USD"), "overnight_page": (4, "hours_off")}
    assert {"overnight", "handled", "response_time", "review_time"} <= set(playbook(BOOK).on_call.terms)


def test_the_incident_record_has_every_field_of_its_template_with_dates_in_utc(world: World) -> None:
    """S3-06, S3-15: hours and minutes alone would be ambiguous."""
    case = Case(world, BOOK, "SEV-2", started_at="2025-10-27T14:20:00Z", detected_by="alert")
    case.milestone("detected")
    case.post("acknowledge")
    case.post("mitigations", {"kind": "scale_consumers", "text": "six consumers", "done": True})
    case.log("EVENT", "lag falls")
    case.go("mitigated", "resolved")
    for figure, value in (("users_affected", 1200), ("revenue_impact", 4000), ("data_loss", "no")):
        case.post("figures", {"figure": figure, "value": value, "source": "dashboard", "estimate": figure == "revenue_impact"})
    case.post("postmortem", {"kind": "record", "authors": ["alice"]})
    document = case.world.send("GET", f"/incidents/{case.id}/postmortem/document").text
    for said in (
        "The API answers with errors",
        "SEV-2",
        "Milestones",
        "Duration",
        "Impact",
        "Root cause",
        "Timeline",
        "Action items",
        "1,200",
        "4,000",
        "2025-10-27",
        "UTC",
        "lag falls",
    ):
        assert said in document, said
    assert list(playbook(BOOK).detection_sources) == ["alert", "customer report", "monitoring"]


@pytest.mark.parametrize(("severity", "reviewed"), [("SEV-1", True), ("SEV-2", True), ("SEV-3", False)])
def test_sev_1_and_sev_2_are_reviewed_within_forty_eight_hours_of_the_resolution(world: World, severity: str, reviewed: bool) -> None:
    """S3-07, S3-15."""
    case = Case(world, BOOK, severity)
    case.milestone("resolved")
    assert case.planned("postmortem_publish") is reviewed
    if reviewed:
        assert case.due("postmortem_publish", case.world.now) == 48 * 60
        assert any("blame" in p or "not at people" in p for p in playbook(BOOK).principles)


def test_an_item_has_a_ticket_an_owner_and_a_date_and_the_review_is_shared_twice(world: World) -> None:
    """S3-08."""
    case = Case(world, BOOK, "SEV-1")
    lacks = {p["code"] for p in case.post("actions", {"title": "alert on the pool"})["problems"]}
    assert lacks == {"no_owner", "no_due", "no_ticket"}
    fine = case.post("actions", {"title": "alert on the pool", "owner": "bob", "due": "2025-11-03", "ticket": "OPS-1"})
    assert fine["problems"] == []
    assert [t.name for t in playbook(BOOK).review.targets] == ["#engineering"]
    case.milestone("postmortem_published")
    assert case.due("postmortem_present", case.world.now) == 7 * 1440


def test_a_review_has_six_sections_and_asks_why_five_times(world: World) -> None:
    """S3-08, S3-09."""
    case = Case(world, BOOK, "SEV-1")
    case.post("postmortem", {"authors": ["alice"]})
    document = case.world.send("GET", f"/incidents/{case.id}/postmortem/document").text
    headings = [line[3:] for line in document.splitlines() if line.startswith("## ")]
    assert headings == [
        "Incident summary",
        "Timeline of events",
        "Root cause analysis",
        "What went well",
        "What could be improved",
        "Action items",
    ]
    assert document.count("> - ") == 5


@pytest.mark.parametrize(
    ("runbook", "first"),
    [
        ("db_pool_exhaustion", "SELECT count(*) FROM pg_stat_activity;"),
        ("kafka_consumer_lag", "kafka-consumer-groups --describe --group <group>"),
        ("pod_memory_pressure", "kubectl top pods -n <namespace>"),
    ],
)
def test_three_runbooks_have_five_steps_each(runbook: str, first: str) -> None:
    """S3-10, S3-11, S3-12, S3-13."""
    (found,) = [r for r in playbook(BOOK).runbooks if r.id == runbook]
    assert len(found.steps) == 5
    assert first in found.steps[0]
    assert found.matches


def test_idle_connections_are_listed_before_they_are_ended(world: World) -> None:
    """S3-13: the runbook's own list shows active ones; ending idle ones wants that to be confirmed."""
    assert "list the idle ones before" in playbook(BOOK).runbooks[0].steps[2]
    case = Case(world, BOOK, "SEV-2")
    assert case.refused("mitigations", {"kind": "end_idle_connections", "text": "end them"})["field"] == "confirmed"
    assert "listed first" in in_force(BOOK, "other:pool-runbook-lists-active-ends-idle")


def test_words_that_a_deadline_hangs_on_are_defined(world: World) -> None:
    """S3-15: the response counts from the alert, or from the declaration where a person told of it."""
    case = Case(world, BOOK, "SEV-1", alerted=False, detected_by="customer report")
    assert case.due("respond_reported_sev_1", case.began) == 15
    assert not case.planned("respond_sev_1")
    hours = playbook(BOOK).calendars[0]
    assert (hours.start, hours.end, hours.zone) == ("09:00", "17:00", "UTC")


def test_five_roles_are_named_and_none_of_them_commands() -> None:
    """S3-16."""
    assert [r.id for r in playbook(BOOK).roles] == ["on_call", "on_call_sre", "team_lead", "vp_engineering", "customer_success"]
    assert playbook(BOOK).lead is None


def test_an_answer_on_a_friday_evening_waits_for_monday(world: World) -> None:
    """S3-03: business hours are a calendar, not minutes."""
    world.app.runtime.advance(datetime(2025, 10, 31, 16, tzinfo=UTC))
    case = Case(world, BOOK, "SEV-3")
    assert case.duty("respond_sev_3")["due_at"] == "2025-11-03T12:00:00Z"


def test_every_contradiction_of_the_procedure_is_owned_up_to() -> None:
    """The lines that contradict themselves are cited by an acceptance that says what is in force."""
    assert {"S3-13", "S3-14", "S3-15", "S3-04"} <= cited(BOOK)
    assert all(one.because and one.in_force for one in playbook(BOOK).accepted)
