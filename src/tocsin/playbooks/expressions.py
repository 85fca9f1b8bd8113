"""Conditions (CEL): compiled once, checked before they are used, bounded in what they can cost.

``compile_condition(text, variables)`` refuses whatever could fail later, in a sentence: bad syntax, unknown names, values
of different kinds compared, text that is too long, loops inside loops. What is left costs microseconds and cannot run for
long. The engine of the language is imported on first use (0.1 s); ``true``, the commonest condition by far, never imports it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from tocsin.playbooks.errors import did_you_mean

if TYPE_CHECKING:
    import cel

Kind = Literal["yes_no", "integer", "number", "text", "marks"]
"""What a variable holds: bool, int, float, str, or a map of names to bool."""

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

LONGEST_CONDITION: Final = 1000
"""Characters."""
LONGEST_TEXT: Final = 2000
"""Characters of a text value that a condition looks at; what comes after is not seen."""
_TRIALS: Final = 256
_FUNCTIONS: Final = ("contains", "double", "endsWith", "int", "matches", "size", "startsWith", "string")
_LOOPS: Final = ("all", "exists", "exists_one")
_OPERATORS: Final = re.compile(r"[^A-Za-z]*_[^A-Za-z]*_?|!_|-_|@in|@not_strictly_false|_\?_:_|_\[_\]")
_TOKEN: Final = re.compile(
    r"""(?P<text>[rR]?(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'))
      | (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>&&|\|\||[<>=!]=|[^\s\w])""",
    re.VERBOSE,
)
_PLACE: Final = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]*)")
_SAMPLES: Final[Mapping[Kind, tuple[object, ...]]] = {
    "yes_no": (False, True),
    "integer": (0, 1, 100),
    "number": (0.0, 1.0, 100.0),
    "text": ("",),
}
_NOTHING_KNOWN: Final[Mapping[str, object]] = {"text": "", "marks": {}}


class ConditionRefused(ValueError):
    """The text cannot be a condition. ``what`` is wrong with it, ``remedy`` is what to write, ``column`` counts from 0 in the text."""

    def __init__(self, what: str, remedy: str, column: int = 0) -> None:
        self.what = what
        self.remedy = remedy
        self.column = column
        super().__init__(f"{what}. {remedy}")


class ConditionFailed(RuntimeError):
    """The condition could not be decided with these values; the message names the condition and the value."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a variable with a literal: ``users_percent > 25.0``; ``in`` gives one for each member."""

    name: str
    op: str
    value: float | str


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
    tokens = list(_tokens(text))
    _refuse_costly(tokens)
    program = _parse(text)
    _refuse_unknown_functions(program, tokens)
    bound = {tokens[at + 2].group() for at, token in enumerate(tokens[:-2]) if _is_call(tokens, at) and token.group() in _LOOPS}
    names = tuple(name for name in program.variables() if name not in bound)
    for name in names:
        if name not in kinds:
            column = next((token.start() for token in tokens if token.group() == name), 0)
            known = ", ".join(f"`{known}`" for known in sorted(kinds)) or "none"
            raise ConditionRefused(
                f"the condition uses `{name}`, which is not known here", did_you_mean(name, kinds, f"The names here: {known}."), column
            )
    marks = tuple(dict.fromkeys(_marks(tokens, kinds)))
    comparisons = tuple(_comparisons(tokens, kinds))
    _refuse_mixed_kinds(comparisons, kinds, tokens)
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
        raise ConditionRefused(*_explain_syntax(text, column), column) from error


def _explain_syntax(text: str, column: int) -> tuple[str, str]:
    remedy = "Write it as in `rank <= 1 && marks.customer_visible`."
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", '""', text)
    if re.search(r"(?<![<>=!])=(?!=)", bare):
        remedy = "To compare, write `==`."
    elif found := re.search(r"\b(and|or|not)\b", bare):
        remedy = f"For `{found.group()}` write `{ {'and': '&&', 'or': '||', 'not': '!'}[found.group()] }`."
    elif text.count('"') % 2 or text.count("'") % 2:
        remedy = "A text is closed with the quotation mark that it began with."
    elif bare.count("(") != bare.count(")"):
        remedy = "Each `(` needs its `)`."
    elif "%" in bare:
        remedy = "Write a percentage as a plain number: 25.0."
    rest = text[column:].strip()
    if not rest:
        return f"the condition `{text}` stops before it is complete", remedy
    return f"the condition `{text}` cannot be read from `{rest[:20]}` on", remedy


def _tokens(text: str) -> Iterator[re.Match[str]]:
    return _TOKEN.finditer(text)


def _is_call(tokens: list[re.Match[str]], at: int) -> bool:
    return tokens[at].lastgroup == "name" and at + 1 < len(tokens) and tokens[at + 1].group() == "("


def _refuse_costly(tokens: list[re.Match[str]]) -> None:
    """Loops stand side by side at most, so that cost grows with the length of the text and no faster."""
    depth = 0
    loop_at: int | None = None
    for at, token in enumerate(tokens):
        sign = token.group()
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if loop_at is not None and depth <= loop_at:
                loop_at = None
        elif _is_call(tokens, at) and sign in _LOOPS:
            if loop_at is not None:
                raise ConditionRefused(
                    f"`{sign}` stands inside another loop", "Loops cannot be nested; write two conditions.", token.start()
                )
            loop_at = depth
        elif _is_call(tokens, at) and sign == "matches":
            pattern = tokens[at + 2] if at + 2 < len(tokens) else token
            if pattern.lastgroup != "text" or "{" in pattern.group():
                raise ConditionRefused(
                    "`matches` takes a pattern in quotes, without counted repeats",
                    'Write it as in `service.matches("^pay")`, or use `startsWith` or `contains`.',
                    token.start(),
                )


def _refuse_unknown_functions(program: cel.Program, tokens: list[re.Match[str]]) -> None:
    known = (*_FUNCTIONS, *_LOOPS)
    called = {token.group(): token.start() for at, token in enumerate(tokens) if _is_call(tokens, at)}
    for name in (*called, *(name for name in program.functions() if not _OPERATORS.fullmatch(name))):
        if name not in known:
            listed = ", ".join(f"`{one}`" for one in known)
            raise ConditionRefused(
                f"there is no function `{name}`", did_you_mean(name, known, f"The functions: {listed}."), called.get(name, 0)
            )


def _marks(tokens: list[re.Match[str]], kinds: Mapping[str, Kind]) -> Iterator[str]:
    for at, token in enumerate(tokens[:-2]):
        if kinds.get(token.group()) == "marks":
            sign, key = tokens[at + 1], tokens[at + 2]
            if sign.group() == "." and key.lastgroup == "name" and not _is_call(tokens, at + 2):
                yield key.group()
            elif sign.group() == "[" and key.lastgroup == "text":
                yield _unquoted(key)


def _comparisons(tokens: list[re.Match[str]], kinds: Mapping[str, Kind]) -> Iterator[Comparison]:
    turned = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
    for at, token in enumerate(tokens):
        name = token.group()
        if name not in kinds or token.lastgroup != "name" or kinds[name] == "marks" or (at and tokens[at - 1].group() == "."):
            continue
        if at + 2 < len(tokens):
            op, other = tokens[at + 1].group(), tokens[at + 2]
            if op in turned:
                yield from _compared(name, op, tokens, at + 2)
            elif op == "in" and other.group() == "[":
                for member in itertools.takewhile(lambda member: member.group() != "]", tokens[at + 3 :]):
                    if member.lastgroup in ("text", "number"):
                        yield Comparison(name, "in", _value(member))
        if at > 1 and tokens[at - 1].group() in turned and tokens[at - 2].lastgroup in ("text", "number"):
            yield Comparison(name, turned[tokens[at - 1].group()], _value(tokens[at - 2]))


def _compared(name: str, op: str, tokens: list[re.Match[str]], at: int) -> Iterator[Comparison]:
    literal, sign = tokens[at], 1
    if literal.group() == "-" and at + 1 < len(tokens):
        literal, sign = tokens[at + 1], -1
    if literal.lastgroup == "number":
        yield Comparison(name, op, sign * float(literal.group()))
    elif literal.lastgroup == "text":
        yield Comparison(name, op, _unquoted(literal))


def _value(token: re.Match[str]) -> float | str:
    return float(token.group()) if token.lastgroup == "number" else _unquoted(token)


def _unquoted(token: re.Match[str]) -> str:
    return token.group().lstrip("rR")[1:-1]


def _refuse_mixed_kinds(comparisons: tuple[Comparison, ...], kinds: Mapping[str, Kind], tokens: list[re.Match[str]]) -> None:
    """CEL says quietly that 1 is not "1"; people mean something else."""
    for comparison in comparisons:
        kind = kinds[comparison.name]
        wants_text = kind == "text"
        if isinstance(comparison.value, str) is not wants_text or kind == "yes_no":
            column = next((token.start() for token in tokens if token.group() == comparison.name), 0)
            example = {"text": f'{comparison.name} == "…"', "yes_no": f"`{comparison.name}` or `!{comparison.name}` alone"}.get(
                kind,
                f"`{comparison.name} {comparison.op if comparison.op != 'in' else '=='} 1`",
            )
            raise ConditionRefused(
                f"`{comparison.name}` is {_NAMES[kind]} and is compared with {comparison.value!r}",
                f"Write {example if kind != 'text' else f'`{example}`'}.",
                column,
            )


_NAMES: Final[Mapping[Kind, str]] = {
    "yes_no": "yes or no",
    "integer": "a whole number",
    "number": "a number",
    "text": "a text",
    "marks": "a map of marks",
}


def _try_out(condition: Condition) -> None:
    """Run it on samples of each kind, so that what cannot work is refused when the playbook is loaded and not at night."""
    for values in itertools.islice(_trials(condition), _TRIALS):
        program: Any = condition._program  # noqa: SLF001 - our own class
        try:
            result = program.execute(values)
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
    choices: list[tuple[object, ...]] = []
    for name in condition.names:
        kind = condition.kinds[name]
        if kind == "marks":
            choices.append((dict.fromkeys(condition.marks, False), dict.fromkeys(condition.marks, True)))
        else:
            literals = tuple(dict.fromkeys(one.value for one in condition.comparisons if one.name == name and isinstance(one.value, str)))[
                :3
            ]
            choices.append((*_SAMPLES[kind], *literals))
    for picked in itertools.product(*choices):
        yield dict(zip(condition.names, picked, strict=True))


_TRUE: Final = Condition("true", {}, constant=True)
