"""Conditions: each compiles, uses names that exist, and compares with words that can occur."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import get_args

from tocsin.playbooks.checking import Checker
from tocsin.playbooks.expressions import INCIDENT, Condition, ConditionRefused, Kind, compile_condition
from tocsin.playbooks.places import Path
from tocsin.playbooks.scale import Mode, Question


def question_kinds(questions: tuple[Question, ...]) -> dict[str, Kind]:
    """Return the variables of classification rules: the questions' ids and what their answers are."""
    kinds: dict[str, Kind] = {"yes_no": "yes_no", "percent": "number", "number": "number", "choice": "text", "text": "text"}
    return {question.id: kinds[question.kind] for question in questions}


def check_conditions(checker: Checker) -> None:
    """Note conditions that do not compile, marks that are not defined and words that never occur."""
    playbook = checker.playbook
    words: dict[str, tuple[Collection[str], str]] = {
        "severity": ({label for level in playbook.severities for label in (level.id,)}, "severity"),
        "mode": (get_args(Mode), "mode"),
    }
    if playbook.detection_sources:
        words["detected_by"] = (playbook.detection_sources, "detection source")
    for path, text in incident_conditions(checker):
        condition = _compile(checker, path, text, INCIDENT)
        if condition is not None:
            for mark in condition.marks:
                checker.known(path, mark, checker.names.marks, "mark")
            _check_words(checker, path, condition, words)
    questions = {
        question.id: (question.choices, f"choice of `{question.id}`") for question in playbook.classify.questions if question.choices
    }
    kinds = question_kinds(playbook.classify.questions)
    for index, rule in enumerate(playbook.classify.rules):
        path = ("classify", "rules", index, "when")
        condition = _compile(checker, path, rule.when, kinds)
        if condition is not None:
            _check_words(checker, path, condition, questions)


def incident_conditions(checker: Checker) -> Iterator[tuple[Path, str]]:
    """Yield every condition on an incident with its place."""
    playbook = checker.playbook
    parts: list[tuple[Path, str]] = [(("review", "approvals_if"), playbook.review.approvals_if)]
    parts += [(("escalations", index, "if"), part.if_) for index, part in enumerate(playbook.escalations)]
    parts += [(("lifecycle", "transitions", index, "if"), part.if_) for index, part in enumerate(playbook.lifecycle.transitions)]
    parts += [(("gates", index, "if"), part.if_) for index, part in enumerate(playbook.gates)]
    parts += [(("checklists", index, "if"), part.if_) for index, part in enumerate(playbook.checklists)]
    parts += [(("windows", index, "if"), part.if_) for index, part in enumerate(playbook.windows)]
    parts += [(("obligations", index, "if"), part.if_) for index, part in enumerate(playbook.obligations)]
    parts += [(("messages", index, "if"), part.if_) for index, part in enumerate(playbook.messages)]
    parts += [(("on_call", "pay", index, "if"), part.if_) for index, part in enumerate(playbook.on_call.pay)]
    yield from ((path, text) for path, text in parts if text != "true")


def _compile(checker: Checker, path: Path, text: str, variables: Mapping[str, Kind]) -> Condition | None:
    try:
        return compile_condition(text, variables)
    except ConditionRefused as refused:
        checker.say(path, refused.what, refused.remedy)
        return None


def _check_words(checker: Checker, path: Path, condition: Condition, words: Mapping[str, tuple[Collection[str], str]]) -> None:
    for comparison in condition.comparisons:
        if comparison.name in words and isinstance(comparison.value, str):
            known, of = words[comparison.name]
            checker.known(path, comparison.value, sorted(known), of)
