"""How bad is it: answers to a playbook's questions lead to a level, with the reasons and with what would change it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal

import msgspec

from tocsin.playbooks.check_conditions import question_kinds
from tocsin.playbooks.crosswalk import crosswalk
from tocsin.playbooks.errors import AnswersRefused, BadAnswer, did_you_mean
from tocsin.playbooks.expressions import Condition, compile_condition
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.ranges import Cell, cells, words
from tocsin.playbooks.scale import Question, Severity

Answer = bool | float | str | None
"""What was answered; None where nobody knows."""

_PERCENT: Final = 100.0
_YES: Final = frozenset({"yes", "y", "true"})
_NO: Final = frozenset({"no", "n", "false"})
_UNKNOWN: Final = frozenset({"", "unknown", "?", "unsure"})


class Change(msgspec.Struct, frozen=True):
    """Another answer to one question, and the level that it would lead to. ``worse``: that level is worse than the one found."""

    question: str
    answer: str
    severity: str
    rank: int
    worse: bool


class Gap(msgspec.Struct, frozen=True):
    """A number that no rule covers although rules cover smaller and greater ones."""

    question: str
    answer: float
    between: str
    """The whole range that no rule covers, in words."""
    says: str
    """What the playbook says of what no rule covers."""


class Classification(msgspec.Struct, frozen=True):
    """A level and how it was reached."""

    severity: str
    rank: int
    """On the common scale, see ``Severity.rank``."""
    because: tuple[str, ...]
    """The criteria that led to it, in words."""
    unsure: bool = False
    """Whether missing answers could have led to another level, so that the playbook's rule for doubt was used."""
    unsure_rule: str = ""
    decided_by: Literal["rule", "otherwise", "doubt"] = "rule"
    """What led to the level: a rule that the answers meet, none that they meet, or the playbook's rule for doubt."""
    gaps: tuple[Gap, ...] = ()
    """Answers that lie between the rules, so that the level rests on ``otherwise`` or on the rule for doubt."""
    missing: tuple[str, ...] = ()
    """The questions whose answers could still decide it."""
    changes: tuple[Change, ...] = ()
    """One for each question and level that another answer would lead to."""
    crosswalk: dict[str, str] = {}
    """What the level is called in the other playbooks, by their ids."""


class _Verdict(msgspec.Struct, frozen=True):
    level: Severity
    because: tuple[str, ...]
    unsure: bool
    missing: tuple[str, ...]
    by: Literal["rule", "otherwise", "doubt"]


def classify(playbook: Playbook, answers: Mapping[str, Answer], others: Sequence[Playbook] = ()) -> Classification:
    """Return the level that the answers lead to.

    The first rule that holds decides. Where a rule before it cannot be decided because an answer is missing and would lead to another
    level, the playbook's rule for doubt counts, unless the answers given already lead to a worse level.

    answers: by question; a question left out or answered None is not known. others: playbooks for the crosswalk.

    Raises:
        AnswersRefused: an answer cannot be used; every such answer is named.

    """
    values = read_answers(playbook, answers)
    conditions = rule_conditions(playbook)
    verdict = _judge(playbook, conditions, values)
    return Classification(
        severity=verdict.level.id,
        rank=verdict.level.rank,
        because=verdict.because,
        unsure=verdict.unsure,
        unsure_rule=playbook.classify.unsure.says if verdict.unsure else "",
        decided_by=verdict.by,
        gaps=tuple(_gaps(playbook, conditions, values)) if verdict.by != "rule" else (),
        missing=verdict.missing,
        changes=tuple(_changes(playbook, conditions, values, verdict.level)),
        crosswalk={name: match.severity for name, match in crosswalk(playbook, verdict.level.id, others).items()},
    )


def rule_conditions(playbook: Playbook) -> list[Condition]:
    """Return the compiled conditions of the playbook's rules, in their order."""
    kinds = question_kinds(playbook.classify.questions)
    return [compile_condition(rule.when, kinds) for rule in playbook.classify.rules]


def _judge(playbook: Playbook, conditions: Sequence[Condition], values: Mapping[str, Answer]) -> _Verdict:
    rules = playbook.classify.rules
    decided = [condition.decide(values) for condition in conditions]
    first = next((index for index, holds in enumerate(decided) if holds), None)
    known = _level(playbook, rules[first].severity if first is not None else playbook.classify.otherwise)
    open_rules = [
        index for index, holds in enumerate(decided[:first]) if holds is None and (first is None or rules[index].severity != known.id)
    ]
    because = tuple(rule.because for rule, holds in zip(rules, decided, strict=True) if holds and rule.severity == known.id)
    if first is None:
        because = (playbook.classify.otherwise_because,)
    by: Literal["rule", "otherwise"] = "rule" if first is not None else "otherwise"
    at_worst = first is not None and known.rank <= min(level.rank for level in playbook.severities)
    if not open_rules or at_worst:
        return _Verdict(known, because, unsure=False, missing=(), by=by)
    missing = dict.fromkeys(name for index in open_rules for name in conditions[index].names if values.get(name) is None)
    doubt = _level(playbook, playbook.classify.unsure.use)
    if first is not None and known.rank <= doubt.rank:
        return _Verdict(known, because, unsure=True, missing=tuple(missing), by=by)
    return _Verdict(doubt, (playbook.classify.unsure.says,), unsure=True, missing=tuple(missing), by="doubt")


def _gaps(playbook: Playbook, conditions: Sequence[Condition], values: Mapping[str, Answer]) -> Iterator[Gap]:
    """Yield the numbers that were answered and that no rule covers, although rules cover smaller and greater ones."""
    for question in playbook.classify.questions:
        given = values.get(question.id)
        if question.kind not in ("percent", "number") or given is None:
            continue
        about = [condition for condition in conditions if question.id in condition.names]
        parts = cells(question, about)
        may_hold = [any(condition.decide({**values, question.id: cell.sample}) is not False for condition in about) for cell in parts]
        here = next((i for i, cell in enumerate(parts) if _inside(float(given), cell)), None)
        if here is None or may_hold[here] or not any(may_hold[:here]) or not any(may_hold[here + 1 :]):
            continue
        first, last = here, here
        while not may_hold[first - 1]:
            first -= 1
        while not may_hold[last + 1]:
            last += 1
        yield Gap(question.id, float(given), words(parts[first : last + 1], question.unit), playbook.classify.otherwise_because)


def _inside(number: float, cell: Cell) -> bool:
    return number == cell.low if cell.point else cell.low < number < cell.high


def _level(playbook: Playbook, severity: str) -> Severity:
    level = playbook.severity(severity)
    if level is None:
        raise LookupError(f"The playbook {playbook.playbook} has no severity {severity!r}; check it before it is used.")
    return level


def _changes(playbook: Playbook, conditions: Sequence[Condition], values: Mapping[str, Answer], now: Severity) -> Iterator[Change]:
    for question in playbook.classify.questions:
        for says, level in _alternatives(playbook, conditions, values, question):
            if level.id != now.id:
                yield Change(question.id, says, level.id, level.rank, level.rank < now.rank)


def _alternatives(
    playbook: Playbook,
    conditions: Sequence[Condition],
    values: Mapping[str, Answer],
    question: Question,
) -> Iterator[tuple[str, Severity]]:
    """Yield other answers to a question in words, with the level that each leads to; neighbouring numbers of one level together."""

    def level_for(answer: Answer) -> Severity:
        return _judge(playbook, conditions, {**values, question.id: answer}).level

    given = values.get(question.id)
    match question.kind:
        case "yes_no":
            for answer, says in ((True, "yes"), (False, "no")):
                if answer is not given:
                    yield says, level_for(answer)
        case "choice":
            yield from ((choice, level_for(choice)) for choice in question.choices if choice != given)
        case "percent" | "number":
            run: list[Cell] = []
            before: Severity | None = None
            for cell in cells(question, conditions):
                level = level_for(cell.sample)
                if before is not None and level.id != before.id:
                    yield words(run, question.unit), before
                    run = []
                run.append(cell)
                before = level
            if before is not None:
                yield words(run, question.unit), before
        case "text":
            return


def read_answers(playbook: Playbook, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """Return the answers as conditions need them, those not known left out.

    Raises:
        AnswersRefused: an unknown question, a percentage outside 0 to 100, an unknown choice, an answer of another kind.

    """
    questions = {question.id: question for question in playbook.classify.questions}
    values: dict[str, Answer] = {}
    bad: list[BadAnswer] = []
    for name, answer in answers.items():
        question = questions.get(name)
        if question is None:
            remedy = did_you_mean(name, questions, f"The questions are: {', '.join(questions)}.")
            bad.append(BadAnswer(name, f"there is no question `{name}`", remedy))
        elif answer is not None:
            if found := _refuse(question, answer):
                bad.append(found)
            else:
                values[name] = float(answer) if question.kind in ("percent", "number") and not isinstance(answer, str) else answer
    if bad:
        raise AnswersRefused(bad)
    return values


def _refuse(question: Question, answer: bool | float | str) -> BadAnswer | None:
    name, number = question.id, isinstance(answer, int | float) and not isinstance(answer, bool)
    match question.kind:
        case "yes_no" if not isinstance(answer, bool):
            return BadAnswer(name, f"{answer!r} is not yes or no", "Write true or false, or leave it out where nobody knows.")
        case "percent" if not number or not 0 <= float(answer) <= _PERCENT:
            return BadAnswer(name, f"{answer!r} is not a percentage", "Write a number from 0 to 100, without the sign.")
        case "number" if not number or not math.isfinite(float(answer)):
            return BadAnswer(name, f"{answer!r} is not a number", f"Write a number{f' ({question.unit})' if question.unit else ''}.")
        case "choice" if answer not in question.choices:
            listed = f"Write one of: {', '.join(question.choices)}."
            return BadAnswer(name, f"{answer!r} is none of the choices", did_you_mean(str(answer), question.choices, listed))
        case "text" if not isinstance(answer, str):
            return BadAnswer(name, f"{answer!r} is not a text", "Write a few words.")
    return None


def parse_answers(playbook: Playbook, texts: Mapping[str, str]) -> dict[str, Answer]:
    """Read answers that were typed: ``yes``, ``no``, ``30``, ``30 %``, a choice; ``unknown``, ``?`` or nothing where nobody knows.

    Raises:
        AnswersRefused: as ``read_answers``.

    """
    kinds = {question.id: question.kind for question in playbook.classify.questions}
    values: dict[str, Answer] = {name: _typed(kinds.get(name, "text"), text.strip()) for name, text in texts.items()}
    return read_answers(playbook, values)


def _typed(kind: str, text: str) -> Answer:
    word = text.casefold()
    if kind == "yes_no" and word in _YES | _NO:
        return word in _YES
    if kind in ("percent", "number"):
        try:
            return float(word.removesuffix("%").strip().replace(",", "."))
        except ValueError:
            return None if word in _UNKNOWN else text
    return None if word in _UNKNOWN and kind != "choice" else text
