"""Each contradiction and each gap is found, named with its line, and can be accepted; what is right is left alone."""

import pytest

from tests.playbooks.small import SMALL, edited, found, line_of
from tocsin.playbooks.lint import KINDS, lint, unaccepted
from tocsin.playbooks.load import load_text

QUESTIONS = "    - {id: core, ask: Is a core function broken?}\n"
RULES = "    - {severity: HIGH, when: core, because: a core function is broken}\n"
CADENCE = "    every: 30m\n"
UPDATE = "    next_update: required\n"
LAST_RULE = "    - {severity: LOW, when: users_percent <= 25.0, because: a quarter of the users or fewer are affected}\n"


def test_a_playbook_without_contradictions_has_no_findings() -> None:
    assert found() == {}


# --- the scale


def test_a_gap_between_two_levels_is_named_with_its_line() -> None:
    change = ("users_percent <= 25.0,", "users_percent < 10.0,")
    finding = found(change)["coverage-gap:users_percent:10-25"]
    assert finding.line == line_of(edited(change), "- {id: users_percent")
    assert finding.what == "no rule covers 10 % to 25 % for `users_percent`; only `otherwise` (LOW) applies there"
    assert "accept the gap" in finding.remedy


def test_a_single_number_between_two_rules_is_a_gap() -> None:
    assert set(found(("users_percent <= 25.0,", "users_percent < 25.0,"))) == {"coverage-gap:users_percent:25-25"}


def test_a_share_below_the_only_threshold_is_a_gap_and_nobody_affected_is_none() -> None:
    [finding] = found((LAST_RULE, "")).values()
    assert finding.id == "coverage-gap:users_percent:0-25"
    assert "more than 0 %, up to 25 %" in finding.what


def test_a_number_below_its_only_threshold_is_no_gap_but_one_above_is() -> None:
    seconds = (QUESTIONS, QUESTIONS + "    - {id: seconds, ask: How slow is it?, kind: number, unit: s}\n")
    slow = (RULES, RULES + "    - {severity: HIGH, when: seconds > 5.0, because: it is slow}\n")
    assert found(seconds, slow) == {}
    fast = (RULES, RULES + "    - {severity: LOW, when: seconds > 2.0 && seconds < 5.0, because: it is slow}\n")
    assert set(found(seconds, fast)) == {"coverage-gap:seconds:5-inf"}


def test_a_range_that_holds_only_together_with_another_answer_counts_as_covered() -> None:
    changes = (
        ("users_percent <= 25.0,", "users_percent <= 25.0 && core,"),
        (RULES, "    - {severity: HIGH, when: 'core && users_percent > 5.0', because: a core function is broken}\n"),
    )
    assert not [name for name in found(*changes) if name.startswith("coverage-gap:users_percent")]


def test_a_yes_that_counts_only_together_with_another_is_a_gap() -> None:
    changes = (
        (QUESTIONS, QUESTIONS + "    - {id: feature, ask: Is a feature broken?}\n    - {id: workaround, ask: Is there a way round it?}\n"),
        (
            LAST_RULE,
            LAST_RULE.replace("users_percent <= 25.0", "feature && workaround") + LAST_RULE.replace("<=", "> 0.0 && users_percent <="),
        ),
    )
    finding = found(*changes)["coverage-gap:feature-workaround"]
    assert finding.line == line_of(edited(*changes), "feature && workaround")
    assert "feature without workaround" in finding.what


def test_a_yes_that_another_rule_covers_alone_is_no_gap() -> None:
    changes = (
        (QUESTIONS, QUESTIONS + "    - {id: workaround, ask: Is there a way round it?}\n"),
        (
            RULES,
            "    - {severity: HIGH, when: core && !workaround, because: broken}\n    - {severity: LOW, when: core && workaround, because: broken}\n",
        ),
    )
    assert found(*changes) == {}


def test_a_question_whose_answer_no_rule_uses_is_found() -> None:
    change = (QUESTIONS, QUESTIONS + "    - {id: weather, ask: Does it rain?}\n")
    finding = found(change)["coverage-gap:weather"]
    assert finding.line == line_of(edited(change), "id: weather")


def test_a_rule_that_can_never_decide_is_found() -> None:
    change = (LAST_RULE, LAST_RULE + "    - {severity: LOW, when: core && users_percent > 50.0, because: broken}\n")
    finding = found(change)["overlap:HIGH:LOW:core-users_percent"]
    assert finding.line == line_of(edited(change), "core && users_percent > 50.0")
    assert "so it never leads to LOW" in finding.what


def test_a_wider_threshold_after_a_narrower_one_is_no_overlap() -> None:
    assert found(("users_percent <= 25.0,", "users_percent >= 0.0,")) == {}


def test_one_sign_in_other_words_at_two_levels_is_found() -> None:
    changes = (
        ("signs: [Many users cannot work]", "signs: [A non-critical function is broken]"),
        ("signs: [Some users are hindered]", "signs: [A feature that is not critical is out of order]"),
    )
    finding = found(*changes)["overlap:HIGH:LOW:broken-critical-feature-not"]
    assert finding.line == line_of(edited(*changes), "A feature that is not")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A core function fails for 25 % of users", "A core function fails for 5 % of users"),
        ("There is a way around it", "There is no way around it"),
        ("A breach is suspected", "A breach is confirmed"),
    ],
)
def test_signs_with_other_numbers_a_not_or_other_words_are_other_signs(one: str, other: str) -> None:
    assert found(("[Many users cannot work]", f'["{one}"]'), ("[Some users are hindered]", f'["{other}"]')) == {}


def test_a_level_without_a_definition_is_found() -> None:
    finding = found(("definition: Some users are hindered.", 'definition: ""'))["no-definition:LOW"]
    assert finding.line == line_of(SMALL, "- id: LOW")


def test_a_level_that_no_rule_leads_to_is_found() -> None:
    changes = (("severity: LOW, when", "severity: HIGH, when"), ("otherwise: LOW", "otherwise: HIGH"))
    assert "no-definition:LOW" in found(*changes)


# --- times


def test_time_boxes_that_add_up_to_more_than_the_target_are_found() -> None:
    changes = (
        (
            "{id: look, name: Look, time_box: 10m}",
            "{id: look, name: Look, time_box: 20m, time_box_at_least: 15m}\n  - {id: dig, name: Dig, time_box: 15m}",
        ),
        (
            "done: {milestone: postmortem_met}}",
            "done: {milestone: postmortem_met}}\n  - {id: cause, name: Find the cause, after: declared, within: 30m, owner: lead, done: {milestone: cause_identified}}",
        ),
    )
    finding = found(*changes)["time-box-over-target:cause"]
    assert finding.line == line_of(edited(*changes), "id: cause,")
    assert "30m to 35m" in finding.what
    fits = (changes[0][0], changes[0][1].replace("20m", "15m"))
    assert "time-box-over-target:cause" not in found(fits, changes[1])


def second_review(condition: str, within: str = "24h") -> tuple[str, str]:
    one = "owner: lead, done: {milestone: postmortem_met}}"
    return (
        one,
        f"{one}\n  - {{id: other, name: Other, if: '{condition}', after: resolved, within: {within}, owner: lead, done: {{milestone: postmortem_met}}}}",
    )


def test_two_deadlines_for_one_milestone_at_one_level_are_found() -> None:
    finding = found(second_review("marks.customer_visible"))["deadline-conflict:postmortem"]
    assert finding.line == line_of(edited(second_review("marks.customer_visible")), "id: other")
    assert "at HIGH" in finding.what


@pytest.mark.parametrize(("condition", "within"), [("rank > 1", "24h"), ("true", "48h")])
def test_two_deadlines_at_two_levels_or_of_one_time_are_none(condition: str, within: str) -> None:
    assert found(second_review(condition, within)) == {}


def test_two_deadlines_whose_marks_exclude_each_other_are_none() -> None:
    changes = (
        ("name: Hold the review, if: rank <= 1", "name: Hold the review, if: '!marks.customer_visible'"),
        second_review("marks.customer_visible"),
    )
    assert found(*changes) == {}


def test_a_level_and_its_duty_that_disagree_are_found() -> None:
    finding = found(("acknowledge_within: 5m", "acknowledge_within: 10m"))["deadline-conflict:acknowledged"]
    assert finding.line == line_of(SMALL, "acknowledge_within")


TIER = (
    "checklists:\n",
    "checklists:\n  - {id: follow_up, name: Follow-up, if: rank <= 1, after: resolved, within: 24h, items: [{id: held, says: The postmortem was held.}]}\n",
)


def test_a_tier_that_wants_the_review_sooner_than_its_duty_is_found() -> None:
    finding = found(TIER)["deadline-conflict:postmortem"]
    assert finding.line == line_of(edited(TIER), "id: held")
    assert "a tier of 1d, and the duty `review` gives it 2d" in finding.what
    assert found((TIER[0], TIER[1].replace("24h", "48h"))) == {}
    assert found((TIER[0], TIER[1].replace("The postmortem was held.", "Code review was held."))) == {}


def test_a_tier_and_the_duty_for_it_that_disagree_are_found() -> None:
    duty = "done: {milestone: postmortem_met}}"
    change = (duty, f"{duty}\n  - {{id: tier, name: Tier, after: resolved, within: 8h, owner: lead, done: {{checklist: follow_up}}}}")
    tier = (TIER[0], TIER[1].replace("The postmortem was held.", "All is tidy."))
    assert set(found(tier, change)) == {"deadline-conflict:follow_up"}


def test_a_criterion_that_the_normal_value_does_not_meet_is_found() -> None:
    finding = found(("normal: 0.2", "normal: 1"))["comparator-boundary:resolve.error_rate"]
    assert finding.line == line_of(SMALL, "{id: error_rate, says")
    assert "Error rate < 1 %, and its normal value 1 % does not meet that" in finding.what
    assert "`op: <=`" in finding.remedy
    assert found(("normal: 0.2", "normal: 1"), ('op: "<"', 'op: "<="')) == {}


def test_a_worse_level_that_is_not_watched_is_found() -> None:
    change = ("back_to: open}", "back_to: open, if: rank > 1}")
    finding = found(change)["stability-missing:HIGH"]
    assert finding.line == line_of(SMALL, "- id: HIGH")
    assert "LOW is watched for 30m" in finding.what
    assert found(("back_to: open}", "back_to: open, if: rank <= 1}")) == {}


FIRST = (
    "done: {milestone: acknowledged}",
    "done: {milestone: acknowledged}\n  - {id: first, name: First, after: declared, within: 15m, owner: lead, done: {milestone: first_update_sent}}",
)


def test_an_immediate_response_with_the_first_message_of_a_lesser_level_is_found() -> None:
    first = (
        "\n  - id: cadence\n",
        "\n  - {id: first, name: First, after: declared, within: 15m, owner: lead, done: {milestone: first_update_sent}}\n  - id: cadence\n",
    )
    finding = found(("says: within 15 minutes", "says: immediately"), first)["response-order:HIGH"]
    assert finding.line == line_of(SMALL, "    response: {acknowledge_within")
    assert found(first) == {}


# --- people


def test_a_member_of_the_team_whom_nobody_calls_is_found() -> None:
    changes = (
        ("team: [lead, on_call]", "team: [lead, on_call, experts]"),
        ("  - {id: manager, name: Manager}\n", "  - {id: manager, name: Manager}\n  - {id: experts, name: Experts}\n"),
    )
    finding = found(*changes)["team-mismatch:HIGH"]
    assert finding.line == line_of(edited(*changes), "experts]")
    assert "experts belongs to the team of HIGH" in finding.what
    assert (
        found(
            *changes,
            (
                "page: [on_call]\n    mandatory_roles: [lead]\n    review",
                "page: [on_call, experts]\n    mandatory_roles: [lead]\n    review",
            ),
        )
        == {}
    )
    assert found(*changes, ("to: [manager]}", "to: [manager, experts]}")) == {}


def later_step(to: str, when: str = "age") -> tuple[str, str]:
    return ("to: [manager]}\n", f"to: [manager]}}\n  - {{id: still_older, when: {when}, after: 60m, if: rank <= 1, to: {to}}}\n")


def test_a_later_step_that_calls_nobody_new_is_found() -> None:
    finding = found(later_step("[manager, on_call]"))["escalation-adds-nobody:still_older"]
    assert finding.line == line_of(edited(later_step("[manager, on_call]")), "still_older")
    assert found(later_step("[manager, lead]")) == {}


def test_calling_somebody_again_who_has_not_answered_the_page_is_no_mistake() -> None:
    assert found(later_step("[on_call]", "unacknowledged")) == {}


def test_a_step_that_fires_before_the_levels_own_target_is_found() -> None:
    change = ("after: 30m, if: rank <= 1", "after: 10m, if: rank <= 1")
    finding = found(change)["escalation-before-target:older"]
    assert finding.line == line_of(SMALL, "id: older")
    assert "after 10m, and at HIGH the response may take 15m" in finding.what


def test_a_writer_whom_nobody_must_name_is_found() -> None:
    changes = (
        ("writes_review: true}", "may_share_with: [scribe]}\n  - {id: scribe, name: Scribe, does: Writes., writes_review: true}"),
        ("mandatory_roles: [lead]\n    review", "mandatory_roles: [lead]\n    review"),
    )
    finding = found(changes[0])["review-writer-unassigned:scribe"]
    assert finding.line == line_of(edited(changes[0]), "id: scribe")
    assert found(changes[0], ("mandatory_roles: [lead]\n    review", "mandatory_roles: [lead, scribe]\n    review")) == {}


def test_a_review_that_nobody_writes_is_found() -> None:
    assert set(found((", writes_review: true}", "}"))) == {"review-writer-unassigned:nobody"}


def test_a_level_that_is_declared_without_a_lead_is_found() -> None:
    change = ("    page: [on_call]\n    mandatory_roles: [lead]\ndefault", "    page: [on_call]\ndefault")
    finding = found(change)["declare-without-lead:LOW"]
    assert finding.line == line_of(SMALL, "- id: LOW")
    assert found(change, ("mode: single_responder", "mode: ticket_only")) == {}


def test_a_procedure_without_a_leading_role_is_found_where_a_team_answers_and_not_where_one_person_does() -> None:
    assert set(found((" lead: true,", ""))) == {"declare-without-lead:HIGH"}


def pay(entry: str, terms: str = "") -> tuple[str, str]:
    return ("on_call:\n  duties:", f"on_call:\n  pay:\n    - {entry}\n{terms}  duties:")


@pytest.mark.parametrize(
    ("entry", "word"),
    [
        ("{id: night, per: overnight_page, amount: 4, unit: hours_off}", "overnight"),
        ("{id: each, per: incident, amount: 200, unit: USD}", "handled"),
        ("{id: flat, per: week, amount: 500, unit: USD, says: Double on holidays.}", "holidays"),
    ],
)
def test_a_word_that_money_hangs_on_wants_a_definition(entry: str, word: str) -> None:
    finding = found(pay(entry))[f"undefined-terms:{word}"]
    assert finding.line == line_of(edited(pay(entry)), entry)
    assert finding.remedy == f"Define `{word}` in `on_call.terms`."
    assert found(pay(entry, f"  terms: {{{word}: what we mean by it}}\n")) == {}


def test_a_word_that_a_deadline_hangs_on_wants_a_definition() -> None:
    assert set(found(("says: Acknowledge., within: 5m", "says: Acknowledge in business hours., within: 5m"))) == {
        "undefined-terms:business_hours"
    }


# --- messages and numbers


@pytest.mark.parametrize(("promise", "wrong"), [("15m", True), ("30m", False), ("1h", True)])
def test_a_promise_that_differs_from_the_duty_is_found(promise: str, *, wrong: bool) -> None:
    change = (UPDATE, f"{UPDATE}    next_update_default: {promise}\n")
    findings = found(change)
    assert set(findings) == ({"promise-cadence-mismatch:customer_update"} if wrong else set())
    for finding in findings.values():
        assert finding.line == line_of(edited(change), "next_update_default")
        assert "30m at HIGH, 30m at LOW" in finding.what


def test_a_figure_that_the_procedure_states_otherwise_is_found() -> None:
    change = ("start: impact_started, end: resolved}", "start: impact_started, end: resolved, claims: 47 min, claims_because: it was 45}")
    finding = found(change)["metric-claim:time_to_resolve"]
    assert finding.line == line_of(SMALL, "id: time_to_resolve")
    assert "47 min" in finding.what


# --- acceptance


def acceptance(finding: str) -> str:
    return f'accepted:\n  - {{finding: "{finding}", because: It is so., in_force: The stricter.}}\n'


def test_an_accepted_finding_carries_its_acceptance_and_counts_no_more() -> None:
    text = edited(("users_percent <= 25.0,", "users_percent < 10.0,")) + acceptance("coverage-gap:users_percent:10-25")
    [finding] = findings = lint(load_text(text))
    assert finding.accepted is not None
    assert finding.accepted.in_force == "The stricter."
    assert unaccepted(findings) == []


def test_an_acceptance_whose_finding_is_gone_is_a_finding() -> None:
    text = SMALL + acceptance("metric-claim:time_to_resolve")
    [finding] = lint(load_text(text))
    assert (finding.id, finding.kind) == ("stale-acceptance:metric-claim:time_to_resolve", "stale-acceptance")
    assert finding.line == line_of(text, "metric-claim")
    assert "other:metric-claim-time_to_resolve" in finding.remedy


def test_a_misspelt_acceptance_is_told_what_was_meant() -> None:
    text = edited(("users_percent <= 25.0,", "users_percent < 10.0,")) + acceptance("coverage-gap:users_percent:10-20")
    by_id = {finding.id: finding for finding in lint(load_text(text))}
    assert by_id["stale-acceptance:coverage-gap:users_percent:10-20"].remedy == "Did you mean `coverage-gap:users_percent:10-25`?"


def test_what_no_machine_finds_is_accepted_as_other() -> None:
    assert lint(load_text(SMALL + acceptance("other:two-tellings"))) == []


def test_an_acceptance_of_a_word_that_the_playbook_has_come_to_define_is_not_stale() -> None:
    text = edited(pay("{id: night, per: overnight_page, amount: 4, unit: hours_off}", "  terms: {overnight: 22:00 to 06:00}\n"))
    assert lint(load_text(text + acceptance("undefined-terms:overnight"))) == []


def test_every_kind_of_finding_is_described() -> None:
    assert all(KINDS.values())
    assert len(KINDS) == 17
