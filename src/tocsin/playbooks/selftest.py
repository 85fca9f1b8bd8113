"""A playbook's own tests (``<playbook>.tests.yaml``): which answers give which level, which duties are due when, which moves are allowed.

```yaml
playbook: house
classify:
  - {name: "people in danger", answers: {danger: true}, expect: SEV0}
obligations:                      # due times and milestones count from the same moment
  - {name: "SEV0", severity: SEV0, milestones: {alerted: 0m}, expect: {acknowledge: 5m}, absent: [weekly_report]}
transitions:
  - {name: "no way round the gate", from: open, to: closed, expect: refused}
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Literal

import msgspec

from tocsin.playbooks.classify import Answer, classify
from tocsin.playbooks.durations import Duration, format_span
from tocsin.playbooks.errors import AnswersRefused, PlaybookRefused, Problem
from tocsin.playbooks.expressions import incident_condition
from tocsin.playbooks.load import read_yaml
from tocsin.playbooks.mismatch import mismatches
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.places import Source
from tocsin.playbooks.process import Transition


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: str


class ClassifyCase(_Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Answers and the level that they must lead to. Answers left out are not known."""

    answers: dict[str, bool | int | float | str | None]
    expect: str
    unsure: bool | None = None
    """Where given: whether the rule for doubt must have been used."""


class ObligationCase(_Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Milestones of an incident and the due times that must follow, all counted from one moment."""

    severity: str
    milestones: dict[str, Duration]
    expect: dict[str, Duration] = {}
    """Obligation ids and when they fall due first; there may be others."""
    absent: tuple[str, ...] = ()
    """Obligations that must not be there."""
    marks: dict[str, bool] = {}
    service: str = ""
    detected_by: str = ""
    cause: str = ""


class TransitionCase(_Row, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A move and whether the playbook has it."""

    from_: str = msgspec.field(name="from")
    to: str
    expect: Literal["allowed", "refused"]
    severity: str = ""
    """Where given, the move must be there at this level (its ``if`` with no marks set)."""
    gate: str | None = None
    """Where given, the gate that must stand before the move; empty for none."""


class PlaybookTests(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All tests of one playbook."""

    playbook: str
    classify: tuple[ClassifyCase, ...] = ()
    obligations: tuple[ObligationCase, ...] = ()
    transitions: tuple[TransitionCase, ...] = ()


class Result(msgspec.Struct, frozen=True):
    """The outcome of one test. ``why``: what was expected and what came instead, or why it could not be run."""

    kind: Literal["classify", "obligations", "transitions"]
    name: str
    file: str
    line: int
    outcome: Literal["passed", "failed", "skipped"]
    why: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.name}: {self.outcome}{f': {self.why}' if self.why else ''}"


Dues = Callable[[Playbook, ObligationCase], Mapping[str, timedelta]]
"""Given a playbook and a case: when each obligation that exists falls due first, counted from the case's moment."""


def load_tests(text: str, file: str = "<tests>") -> tuple[PlaybookTests, Source]:
    """Read the tests of a playbook, with where each stands.

    Raises:
        PlaybookRefused: the text is not YAML or not tests; it carries every problem found.

    """
    source = read_yaml(text, file)
    if not isinstance(source.data, dict):
        raise PlaybookRefused([Problem(file, 1, 1, "", "tests are a mapping of keys", "Begin with `playbook: <its id>`.")])
    try:
        return msgspec.convert(source.data, PlaybookTests, dec_hook=_decode_duration), source
    except msgspec.ValidationError as error:
        raise PlaybookRefused(mismatches(source, PlaybookTests, file, str(error))) from error


def run_tests(playbook: Playbook, text: str, file: str = "<tests>", dues: Dues | None = None) -> list[Result]:
    """Run the tests of a playbook, in the order of the file.

    dues: what the tests of obligations are run through; without it they are skipped.

    Raises:
        PlaybookRefused: the tests cannot be read, or are those of another playbook.

    """
    tests, source = load_tests(text, file)
    if tests.playbook != playbook.playbook:
        what = f"these are tests of `{tests.playbook}`, not of `{playbook.playbook}`"
        raise PlaybookRefused(
            [Problem(file, *source.positions.get(("playbook",), (1, 1)), "playbook", what, f"Write `playbook: {playbook.playbook}`.")]
        )
    return sorted(_run(playbook, tests, source, file, dues), key=lambda result: result.line)


def _run(playbook: Playbook, tests: PlaybookTests, source: Source, file: str, dues: Dues | None) -> Iterator[Result]:
    for index, case in enumerate(tests.classify):
        yield _result("classify", case, source.positions[("classify", index)][0], file, _classify(playbook, case))
    for index, duty in enumerate(tests.obligations):
        line = source.positions[("obligations", index)][0]
        if dues is None:
            yield Result(
                "obligations", duty.name, file, line, "skipped", "obligations are computed by the incidents package, which is not here"
            )
        else:
            yield _result("obligations", duty, line, file, _obligations(playbook, duty, dues))
    for index, move in enumerate(tests.transitions):
        yield _result("transitions", move, source.positions[("transitions", index)][0], file, _transition(playbook, move))


def _result(kind: Literal["classify", "obligations", "transitions"], case: _Row, line: int, file: str, why: str) -> Result:
    return Result(kind, case.name, file, line, "failed" if why else "passed", why)


def _classify(playbook: Playbook, case: ClassifyCase) -> str:
    answers: dict[str, Answer] = dict(case.answers)
    if playbook.severity(case.expect) is None:
        return f"the playbook has no severity {case.expect}"
    try:
        found = classify(playbook, answers)
    except AnswersRefused as refused:
        return str(refused)
    if found.severity != case.expect:
        missing = f"; not known: {', '.join(found.missing)}" if found.missing else ""
        return f"expected {case.expect}, got {found.severity} ({'; '.join(found.because)}{missing})"
    if case.unsure is not None and case.unsure is not found.unsure:
        return f"expected the level to be {'unsure' if case.unsure else 'sure'}, and it is not"
    return ""


def _obligations(playbook: Playbook, case: ObligationCase, dues: Dues) -> str:
    if playbook.severity(case.severity) is None:
        return f"the playbook has no severity {case.severity}"
    found = dues(playbook, case)
    wrong = []
    for name, expected in case.expect.items():
        due = found.get(name)
        if due is None:
            there = any(obligation.id == name for obligation in playbook.obligations)
            wrong.append(f"{name} {'is not due' if there else 'does not exist'}, expected at {expected}")
        elif due != expected:
            wrong.append(f"{name} is due at {format_span(due)}, expected at {expected}")
    wrong += [f"{name} is due at {format_span(found[name])}, expected not to be" for name in case.absent if name in found]
    return "; ".join(wrong)


def _transition(playbook: Playbook, case: TransitionCase) -> str:
    for stage in (case.from_, case.to):
        if playbook.stage(stage) is None:
            return f"the playbook has no stage {stage}"
    if case.severity and playbook.severity(case.severity) is None:
        return f"the playbook has no severity {case.severity}"
    moves = [move for move in playbook.lifecycle.transitions if (move.move_from, move.move_to) == (case.from_, case.to)]
    moves = [move for move in moves if _holds(playbook, move, case.severity)]
    if bool(moves) is not (case.expect == "allowed"):
        others = sorted({move.move_to for move in playbook.lifecycle.transitions if move.move_from == case.from_})
        return f"expected {case.expect}; from {case.from_} one can go to {', '.join(others) or 'nowhere'}"
    if case.gate is not None and moves and moves[0].gate != case.gate:
        return f"expected the gate {case.gate or 'none'}, got {moves[0].gate or 'none'}"
    return ""


def _holds(playbook: Playbook, move: Transition, severity: str) -> bool:
    level = playbook.severity(severity) if severity else None
    if level is None:
        return True
    return incident_condition(move.if_).holds({"rank": level.rank, "severity": level.id, "mode": level.mode})


def _decode_duration(kind: type, value: object) -> object:
    """Read ``5m``; a milestone may lie before the moment that all counts from (``-5m``)."""
    if kind is Duration:
        if isinstance(value, str) and value.startswith("-"):
            return Duration(seconds=-Duration.parse(value[1:]).total_seconds())
        return Duration.parse(value)
    raise NotImplementedError(kind)
