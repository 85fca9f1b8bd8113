"""A playbook's own tests are run, and each failure says what came instead."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from tests.playbooks.small import loaded
from tocsin.playbooks.errors import PlaybookRefused
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.selftest import ObligationCase, Result, run_tests

SMALL = loaded().playbook


def outcomes(text: str) -> list[tuple[str, str, str]]:
    return [(result.name, result.outcome, result.why) for result in run_tests(SMALL, "playbook: small\n" + text, "small.tests.yaml", dues)]


def dues(playbook: Playbook, case: ObligationCase) -> Mapping[str, timedelta]:
    """Stands for the incidents package: one-off duties only."""
    level = playbook.severity(case.severity)
    assert level is not None
    return {
        duty.id: case.milestones[duty.after] + duty.within
        for duty in playbook.obligations
        if duty.within is not None and duty.after in case.milestones and (duty.if_ == "true" or level.rank <= 1)
    }


def test_answers_that_lead_to_the_level_pass_and_others_fail_with_what_came_instead() -> None:
    assert outcomes("""\
classify:
  - {name: core, answers: {core: true}, expect: HIGH}
  - {name: nothing, answers: {core: false, data: safe, users_percent: 0}, expect: HIGH}
  - {name: unknown, answers: {}, expect: LOW}
  - {name: no such level, answers: {}, expect: SEV9}
  - {name: no such answer, answers: {core: perhaps}, expect: LOW}
  - {name: doubt, answers: {}, expect: HIGH, unsure: false}
""") == [
        ("core", "passed", ""),
        ("nothing", "failed", "expected HIGH, got LOW (a quarter of the users or fewer are affected)"),
        ("unknown", "failed", "expected LOW, got HIGH (Nobody knows yet: take HIGH.; not known: core, data, users_percent)"),
        ("no such level", "failed", "the playbook has no severity SEV9"),
        ("no such answer", "failed", "core: 'perhaps' is not yes or no. Write true or false, or leave it out where nobody knows."),
        ("doubt", "failed", "expected the level to be sure, and it is not"),
    ]


def test_due_times_are_compared_with_what_the_caller_computes() -> None:
    assert outcomes("""\
obligations:
  - {name: right, severity: HIGH, milestones: {alerted: 0m, resolved: 1h}, expect: {acknowledge: 5m, review: 49h}, absent: [tell]}
  - {name: wrong, severity: HIGH, milestones: {alerted: 1m}, expect: {acknowledge: 5m, review: 1h, riview: 1h}}
  - {name: there, severity: HIGH, milestones: {alerted: -2m}, absent: [acknowledge]}
""") == [
        ("right", "passed", ""),
        (
            "wrong",
            "failed",
            "acknowledge is due at 6m, expected at 5m; review is not due, expected at 1h; riview does not exist, expected at 1h",
        ),
        ("there", "failed", "acknowledge is due at 3m, expected not to be"),
    ]


def test_due_times_are_skipped_where_nothing_computes_them() -> None:
    [result] = run_tests(SMALL, "playbook: small\nobligations:\n  - {name: n, severity: HIGH, milestones: {}}\n")
    assert result.outcome == "skipped"


def test_moves_are_allowed_or_refused_as_the_lifecycle_says() -> None:
    assert outcomes("""\
transitions:
  - {name: back, from: watching, to: open, expect: allowed}
  - {name: at once, from: open, to: closed, expect: refused}
  - {name: wrong, from: open, to: closed, expect: allowed}
  - {name: no stage, from: opne, to: closed, expect: allowed}
  - {name: gate, from: watching, to: resolved, expect: allowed, gate: stable}
  - {name: another gate, from: watching, to: open, expect: allowed, gate: stable}
""") == [
        ("back", "passed", ""),
        ("at once", "passed", ""),
        ("wrong", "failed", "expected allowed; from open one can go to dismissed, watching"),
        ("no stage", "failed", "the playbook has no stage opne"),
        ("gate", "passed", ""),
        ("another gate", "failed", "expected the gate stable, got none"),
    ]


def test_a_move_with_a_condition_is_tried_at_the_level_that_is_named() -> None:
    playbook = loaded(("move_to: dismissed}", "move_to: dismissed, if: rank > 1}")).playbook
    text = "playbook: small\ntransitions:\n" + "".join(
        f"  - {{name: {level}, from: open, to: dismissed, expect: {expect}, severity: {level}}}\n"
        for level, expect in (("LOW", "allowed"), ("HIGH", "refused"))
    )
    assert [result.outcome for result in run_tests(playbook, text)] == ["passed", "passed"]


def test_a_result_names_its_file_and_line() -> None:
    [result] = run_tests(SMALL, "playbook: small\n\nclassify:\n  - {name: core, answers: {core: true}, expect: LOW}\n", "t.yaml")
    assert result == Result("classify", "core", "t.yaml", 4, "failed", "expected LOW, got HIGH (a core function is broken)")
    assert str(result).startswith("t.yaml:4: classify: core: failed: expected LOW")


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("playbook: other\n", 1, "Write `playbook: small`."),
        ("- a\n", 1, "Begin with `playbook: <its id>`."),
        ("playbook: small\nclassify:\n  - {name: n, answer: {}, expect: LOW}\n", 3, "Did you mean `answers`?"),
        ("playbook: small\ntransitions:\n  - {name: n, from: a, to: b, expect: maybe}\n", 3, "Write one of: allowed, refused."),
    ],
)
def test_tests_that_cannot_be_read_are_refused_with_their_place(text: str, line: int, remedy: str) -> None:
    with pytest.raises(PlaybookRefused) as refused:
        run_tests(SMALL, text)
    [problem] = refused.value.problems
    assert (problem.line, problem.remedy) == (line, remedy)
