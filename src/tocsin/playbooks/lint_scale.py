"""The scale of levels: gaps between its rules, signs at two levels, levels that nothing leads to."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from tocsin.playbooks.classify import rule_conditions
from tocsin.playbooks.expressions import Condition
from tocsin.playbooks.finding import Draft, Subject, listed
from tocsin.playbooks.ranges import Cell, cells, joined, runs, spans, words
from tocsin.playbooks.scale import Question

_MOST_TRIALS: Final = 4096
_SAME_SIGN: Final = 0.75
_TOPIC: Final = 0.6
_WORD: Final = re.compile(r"[a-z]+|\d+(?:\.\d+)?")
_IDLE: Final = frozenset(
    [
        *(
            "a",
            "an",
            "and",
            "any",
            "are",
            "be",
            "been",
            "being",
            "but",
            "by",
            "can",
            "do",
            "does",
            "for",
            "from",
            "has",
            "have",
            "in",
            "is",
        ),
        *(
            "it",
            "its",
            "now",
            "of",
            "on",
            "one",
            "or",
            "out",
            "s",
            "so",
            "some",
            "something",
            "that",
            "the",
            "their",
            "there",
            "they",
            "this",
        ),
        *("to", "up", "very", "was", "which", "who", "will", "with"),
    ],
)
_SAME_WORD: Final[Mapping[str, str]] = {
    **dict.fromkeys(("function", "functionality", "functions", "features"), "feature"),
    **dict.fromkeys(("broken", "unavailable", "down", "fails", "failing", "failed", "unusable"), "broken"),
    **dict.fromkeys(("customer", "customers", "user"), "users"),
    **dict.fromkeys(("non", "no", "without", "never", "cannot"), "not"),
    "noncritical": "not critical",
    "minor": "not critical",
}


def findings(subject: Subject) -> Iterator[Draft]:
    """Yield what is open or said twice in the scale and its classification."""
    conditions = rule_conditions(subject.playbook)
    yield from _range_gaps(subject, conditions)
    yield from _combination_gaps(subject, conditions)
    yield from _unused_questions(subject, conditions)
    yield from _shadowed_rules(subject, conditions)
    yield from _same_signs(subject)
    yield from _undefined_levels(subject)


def _answers(subject: Subject, condition: Condition, among: Sequence[Condition], fixed: str = "") -> Iterator[dict[str, object]]:
    """Yield answers to the questions of a condition, one of each kind that the conditions tell apart; ``fixed`` is left out."""
    questions = {question.id: question for question in subject.playbook.classify.questions}
    names = [name for name in condition.names if name != fixed]
    for picked in itertools.islice(itertools.product(*(_samples(questions[name], among) for name in names)), _MOST_TRIALS):
        yield dict(zip(names, picked, strict=True))


def _samples(question: Question, among: Sequence[Condition]) -> Sequence[object]:
    match question.kind:
        case "yes_no":
            return (False, True)
        case "percent" | "number":
            return [cell.sample for cell in cells(question, among)]
        case "choice":
            return question.choices
        case "text":
            literals = {one.value for condition in among for one in condition.comparisons if one.name == question.id}
            return ["", *sorted(value for value in literals if isinstance(value, str))]


def _range_gaps(subject: Subject, conditions: Sequence[Condition]) -> Iterator[Draft]:
    """A number for which no rule is decided by this question: between two that are, above them, or (for a share) below them."""
    classify = subject.playbook.classify
    for index, question in enumerate(classify.questions):
        using = [condition for condition in conditions if question.id in condition.names]
        if question.kind not in ("percent", "number") or not using:
            continue
        every = cells(question, using)
        covered = [any(_decides(subject, condition, question, cell, every) for condition in using) for cell in every]
        first = next((place for place, yes in enumerate(covered) if yes), len(covered))
        open_cells = [not yes for yes in covered]
        for place, cell in enumerate(every):
            nothing_wrong = cell.point and cell.low == 0.0
            low_end_of_a_number = question.kind == "number" and place < first
            if nothing_wrong or low_end_of_a_number:
                open_cells[place] = False
        for run in runs(open_cells, every):
            what = f"no rule covers {words(run, question.unit)} for `{question.id}`; only `otherwise` ({classify.otherwise}) applies there"
            remedy = f"Write a rule for {joined(run).low:g} to {joined(run).high:g}, or accept the gap and say what is in force."
            yield Draft("coverage-gap", (question.id, spans(run)), ("classify", "questions", index), what, remedy)


def _decides(subject: Subject, condition: Condition, question: Question, cell: Cell, every: Sequence[Cell]) -> bool:
    """Say whether a condition covers a cell: it holds there when nothing else is wrong, or with some other answers there and not everywhere."""
    if condition.decide({**_neutral(subject), question.id: cell.sample}):
        return True
    for answers in _answers(subject, condition, [condition], question.id):
        if condition.decide({**answers, question.id: cell.sample}) and not all(
            condition.decide({**answers, question.id: other.sample}) for other in every
        ):
            return True
    return False


def _neutral(subject: Subject, yes: frozenset[str] = frozenset()) -> dict[str, object]:
    """Return the answers with which nothing is wrong, but for some that are yes."""
    nothing: Mapping[str, object] = {"percent": 0.0, "number": 0.0, "choice": "", "text": ""}
    return {question.id: nothing.get(question.kind, question.id in yes) for question in subject.playbook.classify.questions}


def _combination_gaps(subject: Subject, conditions: Sequence[Condition]) -> Iterator[Draft]:
    """A rule that asks for several yes-answers together, where each part of them alone leads nowhere."""
    classify = subject.playbook.classify
    yes_no = {question.id for question in classify.questions if question.kind == "yes_no"}
    for index, condition in enumerate(conditions):
        asked = [name for name in condition.names if name in yes_no]
        open_parts: list[str] = []
        for yes in _least_yes(subject, condition, asked):
            parts = [frozenset(yes) - {left_out} for left_out in yes]
            if not any(condition.decide(_neutral(subject, part)) for part in parts for condition in conditions):
                open_parts += [f"{listed(sorted(part))} without {listed(sorted(yes - part))}" for part in parts]
        if open_parts:
            ordered = sorted(asked, key=classify.rules[index].when.find)
            what = f"no rule covers {'; '.join(dict.fromkeys(open_parts))}; only `otherwise` ({classify.otherwise}) applies there"
            remedy = "Write a rule for each that can occur, or accept the gap and say what is in force."
            yield Draft("coverage-gap", ("-".join(ordered),), ("classify", "rules", index, "when"), what, remedy)


def _least_yes(subject: Subject, condition: Condition, asked: Sequence[str]) -> list[frozenset[str]]:
    """Return the smallest sets of two or more yes-answers with which a condition of nothing else holds."""
    if len(asked) != len(condition.names):
        return []
    holding: list[frozenset[str]] = []
    for size in range(len(asked) + 1):
        for yes in itertools.combinations(asked, size):
            chosen = frozenset(yes)
            if not any(smaller <= chosen for smaller in holding) and condition.decide({name: name in chosen for name in asked}):
                holding.append(chosen)
    return [chosen for chosen in holding if len(chosen) > 1]


def _unused_questions(subject: Subject, conditions: Sequence[Condition]) -> Iterator[Draft]:
    used = {name for condition in conditions for name in condition.names}
    for index, question in enumerate(subject.playbook.classify.questions):
        if question.id not in used and question.kind != "text":
            what = f"the question `{question.id}` is asked and no rule uses the answer"
            yield Draft(
                "coverage-gap", (question.id,), ("classify", "questions", index), what, "Write a rule that uses it, or do not ask it."
            )


def _shadowed_rules(subject: Subject, conditions: Sequence[Condition]) -> Iterator[Draft]:
    """A rule that can never decide, because rules for other levels before it hold whenever it does."""
    rules = subject.playbook.classify.rules
    for index, condition in enumerate(conditions):
        before = [place for place in range(index) if rules[place].severity != rules[index].severity]
        holding = [answers for answers in _answers(subject, condition, conditions) if condition.decide(answers)]
        first = [next((place for place in before if conditions[place].decide(answers)), None) for answers in holding]
        if not holding or any(place is None for place in first):
            continue
        other = rules[next(place for place in first if place is not None)]
        topic = "-".join(condition.names) or "always"
        what = (
            f"where `{rules[index].when}` holds, rules before it decide for {other.severity}, so it never leads to {rules[index].severity}"
        )
        remedy = "Let each answer stand at one level: narrow one of the rules, or take this one out."
        yield Draft("overlap", (other.severity, rules[index].severity, topic), ("classify", "rules", index, "when"), what, remedy)


def _same_signs(subject: Subject) -> Iterator[Draft]:
    """One sign in other words at two levels; different numbers or a `not` make different signs."""
    signs = [
        (place, index, level.id, sign, sign_words(sign))
        for place, level in enumerate(subject.playbook.severities)
        for index, sign in enumerate(level.signs)
    ]
    for (_, _, level, sign, one), (place, index, other_level, _, other) in itertools.combinations(signs, 2):
        if level == other_level or not one or not other or _like(one, other) < _SAME_SIGN:
            continue
        if ("not" in one) is not ("not" in other) or {w for w in one if w[0].isdigit()} != {w for w in other if w[0].isdigit()}:
            continue
        what = f"`{sign}` is a sign of {level}, and in other words of {other_level}"
        remedy = "Let each sign stand at one level, or accept it and say which level is in force."
        yield Draft("overlap", (level, other_level, _topic(subject, one & other)), ("severities", place, "signs", index), what, remedy)


def _topic(subject: Subject, shared: frozenset[str]) -> str:
    """Name what two signs share by the question that asks for it, or else by the words themselves."""
    best = max(
        subject.playbook.classify.questions,
        key=lambda question: len(shared & sign_words(question.ask)) / len(shared),
        default=None,
    )
    if best is not None and len(shared & sign_words(best.ask)) / len(shared) >= _TOPIC:
        return best.id
    return "-".join(sorted(shared))


def sign_words(text: str) -> frozenset[str]:
    """Return the words of a sign that carry its meaning, near-synonyms made one."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold().replace("out of order", "broken")):
        found.update(_SAME_WORD.get(word, word).split())
    return frozenset(found - _IDLE)


def _like(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / len(one | other)


def _undefined_levels(subject: Subject) -> Iterator[Draft]:
    classify = subject.playbook.classify
    led_to = {rule.severity for rule in classify.rules} | {classify.otherwise, classify.unsure.use}
    for index, level in enumerate(subject.playbook.severities):
        if not level.definition.strip():
            what = f"{level.id} has no definition"
            yield Draft("no-definition", (level.id,), ("severities", index), what, "Write in `definition` when it applies.")
        elif level.id not in led_to:
            what = f"no rule of the classification leads to {level.id}"
            yield Draft("no-definition", (level.id,), ("severities", index), what, f"Write a rule with `severity: {level.id}`.")
