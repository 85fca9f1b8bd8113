"""Every way in which a playbook can fail to hold together is refused, with its line and what to write."""

import pytest

from tests.playbooks.small import SMALL, edited, line_of, problems
from tocsin.playbooks.check import load_checked
from tocsin.playbooks.errors import PlaybookRefused

# (what is wrong, the change, a text in the line that is named, a piece of the sentence, a piece of the remedy)
REFUSALS = [
    # the scale
    ("an_id_that_stands_twice", ("- id: LOW", "- id: HIGH"), "- id: HIGH\n    name: Low", "`HIGH` is defined twice, first in line 6", "another id"),
    ("ranks_out_of_order", ("rank: 3", "rank: 1"), "rank: 1\n    definition: Some", "rank of LOW (1) does not lie after", "from worst to least"),
    ("a_rank_outside_the_common_scale", ("rank: 3", "rank: 7"), "rank: 7", "outside the common scale", "from 0 (all hands) to 4"),
    ("an_alias_of_two_levels", ("aliases: [H1]", "aliases: [low]"), "- id: LOW", "`LOW` already stands for HIGH", "one level"),
    ("an_unknown_calendar_of_a_response", ("calendar: office, says", "calendar: ofice, says"), "ofice", "no calendar `ofice`", "Did you mean `office`?"),
    ("an_unknown_member_of_a_team", ("team: [lead, on_call]", "team: [leed, on_call]"), "leed", "no role or contact `leed`", "Did you mean `lead`?"),
    ("an_unknown_mandatory_role", ("mandatory_roles: [lead]\n    review", "mandatory_roles: [manager]\n    review"), "[manager]\n    review",
     "no role `manager`", "Write one of: lead, on_call."),
    ("an_unknown_default_severity", ("default_severity: HIGH", "default_severity: HIHG"), "HIHG", "no severity `HIHG`", "Did you mean `HIGH`?"),
    ("an_otherwise_that_does_not_exist", ("otherwise: LOW", "otherwise: LWO"), "otherwise: LWO", "no severity `LWO`", "Did you mean `LOW`?"),
    ("an_unsure_level_that_does_not_exist", ("{use: HIGH,", "{use: NOPE,"), "{use: NOPE", "no severity `NOPE`", "Write one of: HIGH, LOW."),
    ("a_rule_for_an_unknown_level", ("severity: HIGH, when: core", "severity: HIG, when: core"), "HIG, when", "no severity `HIG`", "`HIGH`"),
    ("an_unknown_question_in_a_rule", ("when: core,", "when: cor,"), "when: cor,", "uses `cor`, which is not known", "Did you mean `core`?"),
    ("an_unknown_choice_in_a_rule", ('data == "lost"', 'data == "lots"'), "lots", "no choice of `data` `lots`", "Did you mean `lost`?"),
    ("a_choice_without_choices", ("choice, choices: [safe, lost]", "choice"), "id: data", "has 0 choices", "Add `choices: [...]`."),
    ("a_question_that_no_condition_could_name", ("id: core,", "id: in,"), "id: in,", "`in` cannot be used in conditions", "small letters"),
    # people
    ("a_second_lead", ("on_call: true, assign", "on_call: true, lead: true, assign"), "name: On call", "`on_call` leads, and so does `lead`", "one role only"),
    ("a_role_shared_with_nobody", ("may_share_with: [lead]", "may_share_with: [scribe]"), "scribe", "no role `scribe`", "Write one of"),
    ("an_escalation_to_nobody_known", ("to: [manager]}", "to: [manger]}"), "manger", "no role or contact `manger`", "Did you mean `manager`?"),
    ("an_escalation_to_nobody", ("to: [manager]}", "to: []}"), "to: []", "calls nobody", "Name a role or contact"),
    ("a_timed_escalation_without_a_time", ("when: age, after: 30m,", "when: age,"), "id: older", "does not say after how long", "Add `after:`"),
    ("a_time_on_an_escalation_that_fires_at_once", ("when: age,", "when: overrun,"), "after: 30m", "fires at once", "Take `after` out"),
    # calendars
    ("an_unknown_zone", ("Europe/Berlin", "Europe/Berlim"), "Berlim", "no time zone `Europe/Berlim`", "Did you mean `Europe/Berlin`?"),
    ("an_hour_that_is_none", ('start: "09:00"', 'start: "9:00"'), '"9:00"', "`9:00` is not a time of day", '"09:00"'),
    ("hours_that_end_before_they_start", ('end: "17:00"', 'end: "08:00"'), '"08:00"', "not after it starts", "24:00"),
    ("a_holiday_that_is_no_date", ("[2026-12-25]", "[25.12.2026]"), "25.12.2026", "is not a date", "2026-12-25"),
    ("a_sprint_of_unknown_length", (", sprint_length: 2w", ""), "id: sprint", "does not say when sprints are", "sprint_length"),
    ("a_sprint_of_half_a_day", ("sprint_length: 2w", "sprint_length: 12h"), "12h", "not whole days", "2w"),
    ("a_calendar_that_is_built_in", ("{id: sprint,", "{id: always,"), "{id: always", "is built in", "another id"),
    ("an_unknown_field_of_a_name", ("#incident-{date}", "#incident-{dat}"), "{dat}", "uses `{dat}`", "Did you mean `date`?"),
    # stages and gates
    ("a_beginning_that_does_not_exist", ("initial: open", "initial: opne"), "opne", "no stage `opne`", "Did you mean `open`?"),
    ("a_transition_to_nowhere", ("move_to: watching}", "move_to: wathcing}"), "wathcing", "no stage `wathcing`", "Did you mean `watching`?"),
    ("a_transition_from_nowhere", ("move_from: resolved, move_to: closed", "move_from: solved, move_to: closed"), "from: solved", "no stage `solved`",
     "Did you mean `resolved`?"),
    ("a_stage_that_nobody_reaches", ("- {move_from: open, move_to: dismissed}", "- {move_from: dismissed, move_to: open}"), "id: dismissed",
     "no way leads to the stage `dismissed`", "move_to: dismissed"),
    ("a_gate_that_does_not_exist", ("gate: stable}", "gate: stabel}"), "stabel", "no gate `stabel`", "Did you mean `stable`?"),
    ("a_gate_that_no_transition_uses", (", gate: stable}", "}"), "name: Stable,", "no transition uses the gate `stable`", "Write `gate: stable`"),
    ("a_gate_that_asks_for_nothing", ("checklists: [resolve], window: stable, requires: [mitigated], roles: [lead]}", "if: rank <= 1}"), "name: Stable,",
     "asks for nothing", "Add `checklists`"),
    ("a_gate_with_an_unknown_checklist", ("checklists: [resolve]", "checklists: [resolv]"), "[resolv]", "no checklist `resolv`", "Did you mean `resolve`?"),
    ("a_gate_with_an_unknown_milestone", ("requires: [mitigated]", "requires: [mitigatd]"), "mitigatd", "no milestone `mitigatd`", "`mitigated`"),
    ("a_stage_with_an_unknown_window", ("sets: [mitigated], window: stable}", "sets: [mitigated], window: steady}"), "steady", "no window `steady`", "stable"),
    ("a_public_word_that_is_no_label", ("public: Resolved}", "public: Solved}"), "public: Solved", "no status label `Solved`", "Did you mean `Resolved`?"),
    # what happens
    ("an_unknown_measure", ("measure: error_rate, op", "measure: eror_rate, op"), "eror_rate", "no measure `eror_rate`", "`error_rate`"),
    ("a_criterion_without_a_value", (', op: "<", value: 1}', "}"), "id: error_rate, says", "compares with nothing", "Add `value:`"),
    ("a_timer_without_a_window", ("kind: timer, window: stable", "kind: timer, window: calm"), "calm", "no window `calm`", "Write one of: stable."),
    ("a_quiet_time_without_a_length", ("kind: quiet, for: 15m", "kind: quiet"), "kind: quiet", "does not say for how long", "Add `for:`"),
    ("a_window_that_starts_at_nothing", ("starts: mitigation_effective", "starts: mitigation_effectiv"), "effectiv,", "no milestone", "`mitigation_effective`"),
    ("a_window_that_leads_back_to_nowhere", ("back_to: open", "back_to: opened"), "back_to: opened", "no stage `opened`", "Did you mean `open`?"),
    ("a_milestone_that_is_built_in", ("{id: customers_told,", "{id: resolved,"), "{id: resolved, name: Customers", "is built in", "another id"),
    ("a_milestone_set_by_nobody", ("set_by: {update_to: customers}", "set_by: {update_to: customer}"), "customer}}", "no audience `customer`", "`customers`"),
    ("a_milestone_set_in_two_ways", ("{update_to: customers}", "{update_to: customers, entry: ACTION}"), "customers_told", "set in 2 ways", "Keep one"),
    ("a_reading_without_a_value", ("{update_to: customers}", "{reading_of: error_rate}"), "customers_told", "`op` and `value` together", "set_by:"),
    ("a_deadline_by_half", ("- id: resolve\n    name: Resolve", "- id: resolve\n    within: 1h\n    name: Resolve"), "- id: resolve\n", "`after` is missing", "Add `after:`"),
    ("a_dangerous_mitigation_without_a_guard", ("name: Roll back}", "name: Roll back, dangerous: true}"), "id: rollback", "has no guard", "Add `guard:`"),
    # obligations
    ("an_obligation_after_nothing", ("after: alerted", "after: alertet"), "alertet", "no milestone `alertet`", "Did you mean `alerted`?"),
    ("an_obligation_of_nobody", ("owner: on_call", "owner: oncall"), "owner: oncall", "no role or contact `oncall`", "Did you mean `on_call`?"),
    ("an_obligation_in_no_calendar", ("within: 5m\n    owner", "within: 5m\n    calendar: night\n    owner"), "calendar: night", "no calendar `night`", "office"),
    ("an_obligation_with_two_times", ("within: 48h,", "within: 48h, every: 1h, until: closed,"), "id: review, name", "within and every", "exactly one of"),
    ("an_obligation_without_a_time", ("within: 48h, ", ""), "id: review, name", "no due time", "exactly one of"),
    ("a_repetition_without_an_end", ("    until: resolved\n", ""), "- id: cadence", "repeats without end", "Add `until:`"),
    ("an_end_of_what_falls_due_at_milestones", ("at: [mitigated, resolved]", "at: [mitigated, resolved], until: closed"), "until: closed", "goes with `every`", "Take it out"),
    ("an_unknown_end", ("until: resolved", "until: resoled"), "resoled", "no milestone `resoled`", "Did you mean `resolved`?"),
    ("a_moment_that_does_not_exist", ("at: [mitigated, resolved]", "at: [mitigated, resolvd]"), "resolvd", "no milestone `resolvd`", "`resolved`"),
    ("a_grace_without_moments", ("within: 48h,", "within: 48h, grace: 1h,"), "grace: 1h", "goes with `at`", "Take it out"),
    ("a_warning_before_the_beginning", ("warn: 2m", "warn: 5m"), "warn: 5m", "warns 5m before", "shorter than 5m"),
    ("an_obligation_kept_by_nothing", ("done: {milestone: acknowledged}", "done: {}"), "done: {}", "is kept by nothing", "exactly one of"),
    ("an_obligation_kept_by_two_things", ("{milestone: acknowledged}", "{milestone: acknowledged, mark: done}"), "mark: done", "milestone and mark", "exactly one of"),
    ("an_obligation_kept_by_an_unknown_milestone", ("{milestone: acknowledged}", "{milestone: acknowledge}"), "acknowledge}", "no milestone", "`acknowledged`"),
    ("an_obligation_kept_by_an_unknown_role", ("{milestone: acknowledged}", "{role: boss}"), "boss", "no role `boss`", "Write one of"),
    ("an_obligation_kept_by_an_unknown_entry", ("{milestone: acknowledged}", "{entry: ACTOIN}"), "ACTOIN", "no entry type `ACTOIN`", "`ACTION`"),
    ("an_obligation_kept_by_an_unknown_checklist", ("{milestone: acknowledged}", "{checklist: resole}"), "resole}", "no checklist", "`resolve`"),
    ("an_obligation_kept_by_an_unknown_stage", ("{milestone: acknowledged}", "{stage: close}"), "stage: close}", "no stage `close`", "`closed`"),
    ("an_obligation_kept_by_an_unknown_approver", ("{milestone: acknowledged}", "{approval: vp}"), "vp", "no approver of the postmortem `vp`", "manager"),
    ("an_obligation_kept_by_an_unknown_follow_up", ("{milestone: acknowledged}", "{follow_up: weak}"), "weak", "no follow-up", "`week`"),
    ("an_obligation_kept_by_an_unknown_mitigation", ("{milestone: acknowledged}", "{mitigation: rolback}"), "rolback", "no mitigation", "`rollback`"),
    ("an_obligation_kept_by_an_update_to_nobody_known", ("{update_to: [team]}", "{update_to: [teem]}"), "teem", "no audience `teem`", "`team`"),
    ("a_kind_of_message_that_the_playbook_has_not", ("update_kind: update", "update_kind: updated"), "updated", "no message of kind `updated`", "`update`"),
    ("a_kind_of_message_that_goes_to_others", ("update_kind: update", "update_kind: page"), "update_kind: page", "no message of kind page goes to customers", "team"),
    ("a_breach_that_tells_nobody_known", ("on_breach: [manager]", "on_breach: [manger]"), "on_breach: [manger]", "no role or contact", "`manager`"),
    # conditions
    ("an_unknown_mark", ("if: marks.customer_visible", "if: marks.customer_visble"), "visble", "no mark `customer_visble`", "`customer_visible`"),
    ("a_level_in_a_condition_that_does_not_exist", ("if: marks.customer_visible", 'if: severity == "HIHG"'), "HIHG", "no severity `HIHG`", "`HIGH`"),
    ("a_source_in_a_condition_that_does_not_exist", ("if: marks.customer_visible", 'if: detected_by == "monitor"'), '"monitor"', "no detection source", "`monitoring`"),
    ("a_condition_that_cannot_be_read", ("if: marks.customer_visible", "if: rank = 1"), "rank = 1", "cannot be read", "write `==`"),
    # messages
    ("a_template_with_an_unknown_field", ("{{ f.impact }}", "{{ f.impct }}"), "f.impct", "no field of the message `customer_update` `impct`", "`impact`"),
    ("a_template_with_an_unknown_value", ("Next update: {{ next_update }}", "Next update: {{ next_upate }}"), "next_upate", "no value for templates", "`next_update`"),
    ("a_template_with_an_unknown_value_of_the_incident", ("{{ incident.title }}", "{{ incident.titel }}"), "titel", "no value of the incident `titel`", "`title`"),
    ("a_template_with_an_unknown_filter", ("{{ sent_at|hm }}", "{{ sent_at|hmm }}"), "hmm", "no filter `hmm`", "Did you mean `hm`?"),
    ("a_template_with_an_unknown_milestone", ("{{ milestones.mitigated|hm }}", "{{ milestones.mitigatd|hm }}"), "mitigatd", "no milestone", "`mitigated`"),
    ("a_template_with_an_unknown_value_of_a_role", ("{{ r.person }}", "{{ r.persn }}"), "r.persn", "no value of a role `persn`", "`person`"),
    ("a_template_that_does_not_close", ("|hm }}{% endif %}", "|hm }}"), "Next update:", "cannot be read", "close each {% if %}"),
    ("a_template_that_takes_in_another", ("{{ f.impact }}", '{% include "x" %}'), "include", "takes in another template", "Write the text out"),
    ("a_prefill_from_nowhere", ("prefill: incident.impact", "prefill: incident.impct"), "prefill: incident.impct", "no value of the incident", "`impact`"),
    ("a_prefill_of_an_unknown_source", ("prefill: incident.impact", "prefill: weather"), "weather", "cannot be filled from `weather`", "incident.<value>"),
    ("a_message_to_nobody_known", ("kind: update\n    audiences: [customers]", "kind: update\n    audiences: [customer]"), "[customer]", "no audience", "`customers`"),
    ("a_default_promise_of_a_message_that_promises_nothing", ("next_update: required", "next_update_default: 30m"), "next_update_default", "promises none", "required"),
    # numbers, review, acceptances
    ("a_metric_from_nothing", ("start: impact_started", "start: impact_start"), "impact_start,", "no milestone", "`impact_started`"),
    ("a_metric_without_an_end", (", end: resolved}", "}"), "time_to_resolve", "has no end", "Add `end:`"),
    ("a_metric_of_two_forms", (", end: resolved}", ", end: resolved, count: updates}"), "time_to_resolve", "start and end and count", "exactly one of"),
    ("a_review_without_a_default_kind", ("- id: default", "- id: standard"), "kinds:", "no kind of postmortem `default`", "id: default"),
    ("an_approver_who_does_not_exist", ("by: manager", "by: manger"), "by: manger", "no role or contact `manger`", "`manager`"),
]  # fmt: skip


def test_the_small_playbook_holds_together() -> None:
    assert problems() == []


@pytest.mark.parametrize(("change", "marker", "what", "remedy"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
def test_it_is_named_with_its_line_and_its_remedy(change: tuple[str, str], marker: str, what: str, remedy: str) -> None:
    line = line_of(edited(change), marker)
    at_line = [problem for problem in problems(change) if problem.line == line and what in problem.what]
    assert at_line, f"nothing of {what!r} in line {line}: {[str(problem) for problem in problems(change)]}"
    assert remedy in at_line[0].remedy


def test_a_stage_without_a_way_out_is_named_with_its_line() -> None:
    changes = (
        ("    - {move_from: watching, move_to: resolved, gate: stable}\n", ""),
        ("    - {move_from: watching, move_to: open, backward: true}\n", ""),
    )
    said = [problem for problem in problems(*changes) if "no way leads out of the stage `watching`" in problem.what]
    assert [problem.line for problem in said] == [line_of(edited(*changes), "{id: watching")]
    assert "move_from: watching" in said[0].remedy


def test_a_ring_of_stages_that_never_ends_is_named() -> None:
    changes = (
        ("    - {move_from: resolved, move_to: closed}\n", ""),
        ("    - {move_from: open, move_to: dismissed}\n", ""),
    )
    said = {problem.what for problem in problems(*changes)}
    assert "from the stage `open` no way leads to an end" in said
    assert "no stage of kind closed can be reached" in said


def test_every_problem_is_refused_at_once_in_the_order_of_the_file() -> None:
    text = edited(("otherwise: LOW", "otherwise: LWO"), ("by: manager", "by: manger"), ("f.impact }}", "f.impct }}"))
    with pytest.raises(PlaybookRefused) as refused:
        load_checked(text, "small.yaml")
    lines = [problem.line for problem in refused.value.problems]
    assert lines == [line_of(text, "LWO"), line_of(text, "impct"), line_of(text, "by: manger")]
    assert str(refused.value).startswith(f"small.yaml:{lines[0]}:")


def test_a_playbook_that_holds_together_is_loaded() -> None:
    assert load_checked(SMALL).playbook.playbook == "small"


def test_a_name_inside_a_list_is_named_with_its_column() -> None:
    [problem] = problems(("team: [lead, on_call]", "team: [lead, oncall]"))
    assert (problem.column, problem.path) == (18, "severities.0.team.1")


def test_whoever_is_on_call_needs_no_definition() -> None:
    role = "  - {id: on_call, name: On call, does: Answers., on_call: true, assign: on_call, may_share_with: [lead]}\n"
    assert problems((role, "")) == []


def test_a_loop_variable_and_a_set_value_are_no_unknown_names() -> None:
    change = ("{{ f.impact }}", "{% set words = f.impact %}{{ words }}{% for e in entries %}{{ loop.index }} {{ e.text }}{% endfor %}")
    assert problems(change) == []
