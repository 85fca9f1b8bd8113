"""Where the five procedures contradict one another: each keeps its own answer, side by side in one installation (C1 to C34)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.procedures.bench import Case, level, playbook
from tests.world import World

WORST = {"payments-sev1": "SEV-1", "compact": "SEV1", "nine-stage": "SEV0", "rota-and-runbooks": "SEV-1", "service-levels": "P1"}
BOOKS = tuple(WORST)


def per_book(world: World, levels: dict[str, str], rules: dict[str, str], **more: Any) -> dict[str, float]:
    return {book: Case(world, book, levels[book], **more).due(rule) for book, rule in rules.items()}


def test_five_scales_with_five_spellings_are_compared_by_rank_only(world: World) -> None:
    """C1, C3, C4: what one team calls SEV2 is another's SEV3, and a P2 is neither."""
    scales = {book: [s.id for s in playbook(book).severities] for book in BOOKS}
    assert scales["compact"] == ["SEV1", "SEV2", "SEV3", "SEV4"]
    assert scales["nine-stage"] == ["SEV0", "SEV1", "SEV2", "SEV3"]
    assert scales["service-levels"] == ["P1", "P2", "P3", "P4"]
    rows = world.get("/crosswalk")["rows"]
    (two,) = [r for r in rows if (r["playbook"], r["severity"]) == ("nine-stage", "SEV2")]
    assert two["rank"] == 3
    assert (two["labels"]["compact"]["severity"], two["labels"]["service-levels"]["severity"]) == ("SEV3", "P3")
    (one,) = [r for r in rows if (r["playbook"], r["severity"]) == ("nine-stage", "SEV3")]
    assert one["labels"]["compact"]["severity"] == "SEV4"


def test_the_worst_level_means_what_each_procedure_says(world: World) -> None:
    """C2, C29: loss for all users, half of them, or all hands; data loss is the worst level where a procedure speaks of it."""
    assert level(world, "payments-sev1", users_percent=50, revenue_impact=False, sla_breach=False) == "SEV-1"
    assert level(world, "compact", outage=False, data_loss=True) == "SEV1"
    assert level(world, "rota-and-runbooks", all_users_down=False, data_loss_risk=True) == "SEV-1"
    assert level(world, "service-levels", unavailable=False, users_percent=0, data_loss=True) == "P1"
    integrity = {
        "all_users_down": False,
        "data_loss_risk": False,
        "security_breach": False,
        "significant_feature_down": False,
        "slowdown_percent": 0,
    }
    assert level(world, "rota-and-runbooks", **integrity, data_integrity_concern=True) == "SEV-2"


def test_the_first_response_at_the_worst_level_is_each_procedures_own(world: World) -> None:
    """C5: five minutes, except where acknowledging and answering are two clocks."""
    rules = {
        "compact": "respond_sev1",
        "nine-stage": "acknowledge",
        "rota-and-runbooks": "respond_sev_1",
        "service-levels": "respond_p1",
        "payments-sev1": "acknowledge",
    }
    found = per_book(world, WORST, rules)
    assert found == {"compact": 5, "nine-stage": 5, "rota-and-runbooks": 15, "service-levels": 5, "payments-sev1": 5}


def test_the_label_two_is_answered_in_fifteen_thirty_or_five_minutes(world: World) -> None:
    """C6."""
    levels = {"compact": "SEV2", "nine-stage": "SEV2", "rota-and-runbooks": "SEV-2", "service-levels": "P2"}
    rules = {"compact": "respond_sev2", "nine-stage": "acknowledge", "rota-and-runbooks": "respond_sev_2", "service-levels": "respond_p2"}
    assert per_book(world, levels, rules) == {"compact": 15, "nine-stage": 5, "rota-and-runbooks": 30, "service-levels": 15}


def test_the_label_three_is_answered_in_an_hour_in_business_hours_or_not_at_all(world: World) -> None:
    """C7."""
    assert Case(world, "compact", "SEV3").due("respond_sev3") == 60
    assert Case(world, "service-levels", "P3").due("respond_p3") == 60
    assert Case(world, "rota-and-runbooks", "SEV-3").duty("respond_sev_3")["due_at"] == "2025-10-28T10:25:00Z"
    assert not Case(world, "nine-stage", "SEV3").planned("acknowledge")


def test_the_worst_level_is_updated_every_fifteen_or_five_minutes(world: World) -> None:
    """C8."""
    levels = {**WORST, "service-levels": "P1"}
    rules = {
        "nine-stage": "cadence_stakeholders_sev0",
        "rota-and-runbooks": "cadence_status_page_sev_1",
        "service-levels": "cadence_stakeholders_p1",
    }
    assert per_book(world, levels, rules) == {"nine-stage": 15, "rota-and-runbooks": 15, "service-levels": 5}
    compact = Case(world, "compact", "SEV1")
    compact.tell("first_message", {"impact_what": "all", "impact_who": "all"}, next_in="15m")
    assert compact.due("cadence_stakeholders_sev1") == 15


def test_the_label_two_is_updated_every_half_hour_or_at_milestones(world: World) -> None:
    """C9."""
    assert Case(world, "rota-and-runbooks", "SEV-2").due("cadence_status_page_sev_2") == 30
    assert Case(world, "service-levels", "P2").due("cadence_stakeholders_p2") == 30
    nine = Case(world, "nine-stage", "SEV2")
    assert not nine.planned("cadence_stakeholders_sev2")


def test_a_commander_leads_or_a_lead_or_nobody() -> None:
    """C10."""
    leads = {book: found.name if (found := playbook(book).lead) else None for book in BOOKS}
    assert leads == {
        "payments-sev1": "Incident Commander", "compact": "Incident Commander", "nine-stage": "Incident Commander", "rota-and-runbooks": None, "service-levels": "Lead",
    }  # fmt: skip
    sev2 = playbook("nine-stage").severity("SEV2")
    assert sev2 is not None
    assert sev2.mode == "single_responder"


def test_mitigation_stands_before_or_after_investigation() -> None:
    """C11: three graphs over the same milestones."""

    def order(book: str, first: str, then: str) -> bool:
        ids = [s.id for s in playbook(book).lifecycle.stages]
        return ids.index(first) < ids.index(then)

    assert order("compact", "mitigating", "investigating")
    assert order("nine-stage", "investigation", "mitigation")
    assert order("payments-sev1", "investigating", "mitigating")


def test_resolved_is_set_where_each_procedure_means_it() -> None:
    """C12: service restored, cause fixed, the eighth of nine stages, a time, or metrics back to normal."""
    setting = {book: [s.id for s in playbook(book).lifecycle.stages if "resolved" in s.sets] for book in BOOKS}
    assert setting == {
        "payments-sev1": ["resolved"],
        "compact": ["resolved"],
        "nine-stage": ["closure"],
        "rota-and-runbooks": ["resolved"],
        "service-levels": ["resolved"],
    }
    gate = playbook("compact").gate("resolve")
    assert gate is not None
    assert gate.requires == ("cause_identified",)


def test_fifteen_or_thirty_minutes_of_stability_or_none() -> None:
    """C13."""
    windows = {book: [str(w.length) for w in playbook(book).windows] for book in BOOKS}
    assert windows == {"payments-sev1": ["15m"], "compact": [], "nine-stage": ["30m"], "rota-and-runbooks": [], "service-levels": ["30m"]}
    assert playbook("service-levels").windows[0].if_ == 'severity == "P2"'


def test_the_error_rate_that_counts_as_normal_differs() -> None:
    """C14."""
    targets = {
        book: [(item.op, item.value) for c in playbook(book).checklists for item in c.items if item.measure == "error_rate"]
        for book in BOOKS
    }
    assert targets["payments-sev1"] == [("<", 0.5)]
    assert targets["service-levels"] == [("<", 0.1)]


def test_the_review_is_due_after_twenty_four_or_forty_eight_hours_of_the_resolution(world: World) -> None:
    """C15, C31."""
    rules = {
        "payments-sev1": "postmortem_publish", "compact": "postmortem_publish", "nine-stage": "postmortem_sev0", "rota-and-runbooks": "postmortem_publish", "service-levels": "postmortem_meeting",
    }  # fmt: skip
    hours = {}
    for book, rule in rules.items():
        case = Case(world, book, WORST[book])
        case.milestone("resolved")
        hours[book] = case.due(rule, case.world.now) / 60
    assert hours == {"payments-sev1": 48, "compact": 48, "nine-stage": 24, "rota-and-runbooks": 48, "service-levels": 24}


def test_a_review_is_required_at_all_levels_or_only_at_the_upper_ones() -> None:
    """C16."""
    required = {book: [s.id for s in playbook(book).severities if s.review == "required"] for book in BOOKS}
    assert required == {
        "payments-sev1": ["SEV-1"], "compact": ["SEV1", "SEV2", "SEV3", "SEV4"], "nine-stage": ["SEV0", "SEV1"], "rota-and-runbooks": ["SEV-1", "SEV-2"],
        "service-levels": ["P1", "P2"],
    }  # fmt: skip


def test_only_one_procedure_wants_signatures() -> None:
    """C17."""
    assert {book: len(playbook(book).review.approvals) for book in BOOKS if playbook(book).review.approvals} == {"service-levels": 2}


def test_a_channel_is_named_by_id_by_date_and_topic_or_is_shared(world: World) -> None:
    """C18."""
    channels = {book: Case(world, book, WORST[book], title="API down").view["channel"] for book in BOOKS}
    assert channels["payments-sev1"].startswith("#incident-20251027-")
    assert channels["nine-stage"] == "#incident-2025-10-27-api-down"
    assert (channels["rota-and-runbooks"], channels["service-levels"]) == ("#engineering", "#incidents")


def test_customers_hear_through_a_page_an_e_mail_or_nobody_says_how() -> None:
    """C19."""
    public = {book: [a.id for a in playbook(book).audiences if a.public] for book in BOOKS}
    assert public == {
        "payments-sev1": ["customers"],
        "compact": [],
        "nine-stage": ["customers"],
        "rota-and-runbooks": ["status_page"],
        "service-levels": [],
    }
    assert "customer_success" in {a.id for a in playbook("rota-and-runbooks").audiences}


def test_executives_hear_by_duty_by_channel_or_by_age(world: World) -> None:
    """C20, C22: within fifteen minutes, with the first turn of the page, or when the incident is thirty minutes old."""
    assert Case(world, "nine-stage", "SEV0").due("exec_notice") == 15
    assert Case(world, "rota-and-runbooks", "SEV-1").due("notify_executives_sev_1") == 15
    case = Case(world, "service-levels", "P1")
    case.wait(minutes=61)
    assert case.called() == [(30, "cto"), (60, "ceo")]
    kinds = {book: sorted({e.when for e in playbook(book).escalations}) for book in BOOKS}
    assert kinds["nine-stage"] == ["no_progress", "overrun", "severity_raised", "specialist"]
    assert kinds["rota-and-runbooks"] == ["not_triaged", "severity_raised"]
    assert kinds["service-levels"] == ["age"]
    assert kinds["compact"] == []


def test_whoever_is_paged_at_the_worst_level_differs() -> None:
    """C21: from the person on call alone to all hands."""
    paged = {book: set(found.page) for book in BOOKS if (found := playbook(book).severity(WORST[book]))}
    assert paged["payments-sev1"] == {"on_call"}
    assert "all_hands" in paged["nine-stage"]
    assert "vp_engineering" in paged["rota-and-runbooks"]
    assert "on_call_team" in paged["service-levels"]


@pytest.mark.parametrize(
    ("book", "message"),
    [("payments-sev1", "customer_resolved"), ("nine-stage", "status_page_resolved"), ("service-levels", "resolved_notification")],
)
def test_a_cause_that_is_told_is_called_preliminary(book: str, message: str) -> None:
    """C23: facts only where nothing else is said."""
    found = playbook(book).message(message)
    assert found is not None
    assert "cause_preliminary" in found.rules
    compact = playbook("compact").message("stakeholder_update")
    assert compact is not None
    assert compact.rules == ("facts_only",)


def test_what_an_item_must_have_differs() -> None:
    """C24, C33: owner and date everywhere; a group, a ticket or a priority besides."""
    wanted = {book: set(playbook(book).actions.requires) - {"owner", "due"} for book in BOOKS}
    assert wanted == {
        "payments-sev1": {"group"},
        "compact": set(),
        "nine-stage": set(),
        "rota-and-runbooks": {"ticket"},
        "service-levels": {"priority"},
    }
    assert {book: len(playbook(book).actions.follow_ups) for book in BOOKS} == {
        "payments-sev1": 3, "compact": 0, "nine-stage": 0, "rota-and-runbooks": 0, "service-levels": 0,
    }  # fmt: skip


def test_each_procedure_has_its_own_words_of_status() -> None:
    """C25."""
    words = {book: playbook(book).status_labels for book in BOOKS}
    assert words == {
        "payments-sev1": ("Investigating", "Identified", "Mitigated", "Resolved"), "compact": ("Investigating", "Mitigating", "Resolved"),
        "nine-stage": ("Investigating", "Identified", "Implementing Fix", "Monitoring", "Resolved"), "rota-and-runbooks": ("Investigating", "Mitigated", "Resolved"),
        "service-levels": ("INVESTIGATING", "FIXING", "MONITORING", "RESOLVED"),
    }  # fmt: skip


def test_the_next_update_is_promised_as_a_time_until_resolved_or_on_change(world: World) -> None:
    """C26: a length of time becomes a time as soon as it is sent."""
    payments = Case(world, "payments-sev1", "SEV-1")
    fields = {"actions": ["rolled back"], "efforts": ["watching"]}
    assert "NEXT UPDATE: 14:55 UTC or when resolved" in payments.tell("customer_update", fields, next_in="30m", when_resolved=True)["body"]
    compact = Case(world, "compact", "SEV1")
    assert (
        "Next update: 14:45 UTC"
        in compact.tell("stakeholder_update", {"known": ["x"], "doing": ["y"]}, next_at="2025-10-27T14:45:00Z")["body"]
    )
    levels = Case(world, "service-levels", "P2")
    assert "14:40 UTC, or when the status changes" in levels.tell("status_update", {"progress": "looking"}, next_in="15m")["body"]


def test_rolling_back_is_a_default_a_first_choice_or_a_prepared_decision() -> None:
    """C27."""
    rollback = {
        book: next(m for m in playbook(book).mitigations if "roll" in m.id and "back" in m.id)
        for book in ("payments-sev1", "compact", "nine-stage", "service-levels")
    }
    assert "safe default" in rollback["payments-sev1"].default_when
    assert playbook("compact").mitigations[0].id == "rollback"
    assert len(playbook("nine-stage").mitigations) == 6
    within = {o.id: o.within for o in playbook("service-levels").obligations}
    assert (within["rollback_prepared_p1"], within["rollback_decided_p1"]) == (timedelta(minutes=15), timedelta(minutes=30))


def test_one_incident_has_a_level_of_its_own_in_every_procedure(world: World) -> None:
    """C28: half of the payments fail, not all users, a core feature, nothing lost."""
    found = {
        "payments-sev1": level(world, "payments-sev1", users_percent=50, revenue_impact=True, sla_breach=True),
        "compact": level(world, "compact", outage=False, data_loss=False, core_feature=True),
        "nine-stage": level(world, "nine-stage", core_function=True, customers_affected="many", workaround=False),
        "rota-and-runbooks": level(
            world, "rota-and-runbooks", all_users_down=False, data_loss_risk=False, security_breach=False, significant_feature_down=True
        ),
        "service-levels": level(
            world,
            "service-levels",
            unavailable=False,
            users_percent=50,
            data_loss=False,
            breach=False,
            payments_down=False,
            database_offline=False,
        ),
    }
    assert found == {
        "payments-sev1": "SEV-1",
        "compact": "SEV2",
        "nine-stage": "SEV1",
        "rota-and-runbooks": "SEV-2",
        "service-levels": "P2",
    }


def test_the_writer_of_the_review_is_a_role_of_each_procedure() -> None:
    """C30, C32: and where it goes, where a procedure says so."""
    writers = {book: playbook(book).review.writers for book in BOOKS}
    assert writers == {
        "payments-sev1": ("ic", "tech_lead"), "compact": ("incident_commander",), "nine-stage": ("scribe",), "rota-and-runbooks": ("on_call",), "service-levels": ("lead",),
    }  # fmt: skip
    targets = {book: [t.id for t in playbook(book).review.targets] for book in BOOKS}
    assert targets["payments-sev1"] == ["wiki", "blog", "engineering_channel"]
    assert targets["rota-and-runbooks"] == ["engineering"]
    assert all(set(targets[book]) <= {"records"} for book in ("compact", "nine-stage", "service-levels")), (
        "no place is named: a folder of ours"
    )


def test_a_call_is_opened_where_the_procedure_has_one(world: World) -> None:
    """C34: a link made of the incident's number, a video call for all hands, or none."""
    assert Case(world, "service-levels", "P2").view["bridge"].startswith("https://zoom.us/j/")
    assert Case(world, "payments-sev1", "SEV-1").view["bridge"] == ""
    bridges = {book: [m.id for m in playbook(book).messages if m.kind == "bridge"] for book in BOOKS}
    assert {book for book, found in bridges.items() if found} == {"nine-stage", "service-levels"}


def test_an_incident_runs_under_one_procedure_and_the_others_do_not_touch_it(world: World) -> None:
    """Five incidents under five playbooks at once: each has the duties of its own only."""
    for book in BOOKS:
        case = Case(world, book, WORST[book])
        assert case.view["playbook"]["id"] == book
        assert {duty["rule"] for duty in case.duties} <= {o.id for o in playbook(book).obligations}
