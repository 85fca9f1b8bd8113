"""Conditions (CEL): compiled once, checked before they are used, bounded in what they can cost.

``compile_condition(text, variables)`` refuses whatever could fail later, in a sentence: bad syntax, unknown names, values
of different kinds compared, calculation (it can overflow or divide by zero), text that is too long, loops inside loops.
What is left costs microseconds and cannot run for long. The engine of the language is imported on first use (0.1 s);
``true``, the commonest condition by far, never imports it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from tocsin.playbooks.condition_text import (
    LOOPS,
    Comparison,
    ConditionRefused,
    Kind,
    comparisons_in,
    explain_syntax,
    is_call,
    marks_asked,
    refuse_calculation,
    refuse_costly,
    refuse_loose_access,
    refuse_mixed_kinds,
    refuse_unknown_functions,
    tokens_of,
)
from tocsin.playbooks.errors import did_you_mean

if TYPE_CHECKING:
    import cel

INCIDENT: Final[Mapping[str, Kind]] = {
    "rank": "integer",
    "severity": "text",
    "mode": "text",
    "marks": "marks",
    "service": "text",
    "detected_by": "text",
    "cause": "text",
}
"""The variables of every condition on an incident (``if:`` of obligations, escalations, gates …)."""

__all__ = [
    "INCIDENT",
    "Comparison",
    "Condition",
    "ConditionFailed",
    "ConditionRefused",
    "Kind",
    "compile_condition",
    "incident_condition",
]

LONGEST_CONDITION: Final = 1000
"""Characters."""
LONGEST_TEXT: Final = 2000
"""Characters of a text value that a condition looks at; what comes after is not seen."""
_TRIALS: Final = 256
_STRIDE: Final = 7919
"""A prime, so that trials spread over all combinations."""
_PLACE: Final = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_SAMPLES: Final[Mapping[Kind, tuple[object, ...]]] = {
    "yes_no": (False, True),
    "integer": (0, 1, 100),
    "number": (0.0, 1.0, 100.0),
    "text": ("", "a", "b"),
}
_NOTHING_KNOWN: Final[Mapping[str, object]] = {"text": "", "marks": {}}


class ConditionFailed(RuntimeError):
    """The condition could not be decided with these values; the message names the condition and the value."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. ``names`` are the variables it uses, ``marks`` the keys it asks of maps."""

    text: str
    kinds: Mapping[str, Kind]
    names: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    constant: bool | None = None
    _program: cel.Program | None = field(default=None, repr=False, compare=False)

    def holds(self, values: Mapping[str, object]) -> bool:
        """Say whether it holds. A missing text is empty, a missing mark is not set; values beyond the variables are ignored.

        Raises:
            ConditionFailed: a number that the condition uses is missing, or it divides by zero.

        """
        if self.constant is not None:
            return self.constant
        given: dict[str, object] = {}
        for name in self.names:
            value = values.get(name)
            if value is None:
                value = _NOTHING_KNOWN.get(self.kinds[name])
            if value is None:
                raise ConditionFailed(f"The condition `{self.text}` needs `{name}`, and it is not known.")
            given[name] = self._fit(value)
        return bool(self._run(given))

    def decide(self, values: Mapping[str, object]) -> bool | None:
        """Say whether it holds though values may be missing or None; None where what is known does not settle it."""
        if self.constant is not None:
            return self.constant
        given = {name: self._fit(value) for name in self.names if (value := values.get(name)) is not None}
        if len(given) == len(self.names):
            return bool(self._run(given))
        try:
            return bool(self._run(given))
        except ConditionFailed:
            return None

    def _fit(self, value: object) -> object:
        if isinstance(value, str):
            return value[:LONGEST_TEXT]
        if isinstance(value, Mapping):
            return {**dict.fromkeys(self.marks, False), **value}
        return value

    def _run(self, given: dict[str, object]) -> object:
        if self._program is None:
            raise ConditionFailed(f"The condition `{self.text}` was never compiled.")
        try:
            return self._program.execute(given)
        except (ValueError, TypeError, KeyError, RuntimeError, ArithmeticError) as error:
            raise ConditionFailed(f"The condition `{self.text}` cannot be decided: {str(error).partition('. ')[0]}.") from error


def incident_condition(text: str) -> Condition:
    """Compile a condition on an incident; see ``compile_condition``."""
    return compile_condition(text, INCIDENT)


def compile_condition(text: str, variables: Mapping[str, Kind]) -> Condition:
    """Return the condition, compiled once for each text and set of variables.

    variables: the names that may be used, and what each holds.

    Raises:
        ConditionRefused: it says what is wrong and what to write.

    """
    if text == "true":
        return _TRUE
    return _compiled(text, tuple(sorted(variables.items())))


@lru_cache(maxsize=4096)
def _compiled(text: str, variables: tuple[tuple[str, Kind], ...]) -> Condition:
    if text.strip() in ("true", "false"):
        return Condition(text, {}, constant=text.strip() == "true")
    if not text.strip():
        raise ConditionRefused("the condition is empty", "Write `true` for always, or leave the key out.")
    if len(text) > LONGEST_CONDITION:
        raise ConditionRefused(
            f"the condition is {len(text)} characters long, more than {LONGEST_CONDITION}",
            "Split it into several rules or marks.",
        )
    kinds = dict(variables)
    tokens = tokens_of(text)
    refuse_costly(tokens)
    program = _parse(text)
    refuse_unknown_functions(program.functions(), tokens)
    refuse_calculation(tokens)
    bound = {tokens[at + 2].group() for at, token in enumerate(tokens[:-2]) if is_call(tokens, at) and token.group() in LOOPS}
    refuse_loose_access(tokens, kinds, bound)
    names = tuple(name for name in program.variables() if name not in bound)
    for name in names:
        if name not in kinds:
            column = next((token.start() for token in tokens if token.group() == name), 0)
            known = ", ".join(f"`{known}`" for known in sorted(kinds)) or "none"
            raise ConditionRefused(
                f"the condition uses `{name}`, which is not known here", did_you_mean(name, kinds, f"The names here: {known}."), column
            )
    marks = tuple(dict.fromkeys(marks_asked(tokens, kinds)))
    comparisons = tuple(comparisons_in(tokens, kinds))
    refuse_mixed_kinds(comparisons, kinds, tokens)
    condition = Condition(text, kinds, names, marks, comparisons, None, program)
    _try_out(condition)
    return condition


def _parse(text: str) -> cel.Program:
    import cel  # noqa: PLC0415 - a tenth of a second that most starts do not need

    try:
        return cel.compile(text)
    except ValueError as error:
        place = _PLACE.search(str(error))
        column = int(place.group(2)) - 1 if place and place.group(1) == "1" else 0
        raise ConditionRefused(*explain_syntax(text, column), column) from error


def _try_out(condition: Condition) -> None:
    """Run it on samples of each kind, so that what cannot work is refused when the playbook is loaded and not at night."""
    for values in _trials(condition):
        program: Any = condition._program  # noqa: SLF001 - our own class
        try:
            result = program.execute({name: condition._fit(value) for name, value in values.items()})  # noqa: SLF001 - as above
        except TypeError as error:
            raise ConditionRefused(
                f"the condition `{condition.text}` compares or combines values of different kinds",
                "Compare numbers with numbers and texts with texts; `&&`, `||` and `!` take yes-or-no values.",
            ) from error
        except (KeyError, ValueError, RuntimeError) as error:
            reason = str(error).splitlines()[0].rstrip(".:")
            raise ConditionRefused(
                f"the condition `{condition.text}` cannot work: {reason}",
                "Write it with the names and functions of docs/reference/playbooks.md.",
            ) from error
        except ArithmeticError:
            continue
        if not isinstance(result, bool):
            raise ConditionRefused(
                f"the condition `{condition.text}` is not yes or no but {result!r}", "Compare it with something, as in `rank <= 1`."
            )


def _trials(condition: Condition) -> Iterator[dict[str, object]]:
    """Yield samples of each variable in all combinations, or in as many as are tried, spread over them all."""
    choices: list[tuple[object, ...]] = []
    for name in condition.names:
        kind = condition.kinds[name]
        literals = [one.value for one in condition.comparisons if one.name == name]
        if kind == "marks":
            names = (*condition.marks, "another")
            choices.append(({}, dict.fromkeys(names, False), dict.fromkeys(names, True)))
        elif kind in ("integer", "number"):
            near = {float(value) + step for value in literals if not isinstance(value, str) for step in (-1, 0, 1)}
            choices.append((*_SAMPLES[kind], *(int(value) if kind == "integer" else value for value in sorted(near))))
        else:
            choices.append((*_SAMPLES[kind], *dict.fromkeys(literals)))
    total = math.prod(len(some) for some in choices)
    for number in range(total) if total <= _TRIALS else (step * _STRIDE % total for step in range(_TRIALS)):
        values: dict[str, object] = {}
        rest = number
        for name, some in zip(condition.names, choices, strict=True):
            rest, place = divmod(rest, len(some))
            values[name] = some[place]
        yield values


_TRUE: Final = Condition("true", {}, constant=True)
