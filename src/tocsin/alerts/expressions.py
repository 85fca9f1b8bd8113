"""Expressions that give values: what the mapping of ``generic`` says of a body it has never seen. Bounded, whatever is in either.

They are the same language as conditions (CEL), with calculation and a few functions on texts and lists. What could run away is refused before
it runs: loops in loops, more than three loops, loops that build lists (the engine copies the list at each step; ``pick`` does it in one). What
it looks at is bounded as well (``bounded``): characters of a text, members of a list, levels of nesting. A part that is missing makes the
whole expression *nothing*.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from tocsin.playbooks.condition_text import ConditionRefused, Token, is_call, tokens_of
from tocsin.playbooks.errors import did_you_mean

if TYPE_CHECKING:
    import cel

LONGEST_EXPRESSION: Final = 1000
"""Characters."""
LONGEST_VALUE: Final = 4000
"""Characters of a text that an expression looks at or makes."""
MOST_MEMBERS: Final = 1000
"""Members of a list or object that an expression looks at."""
DEEPEST: Final = 24
"""Levels of lists and objects that an expression looks into."""
MOST_LOOPS: Final = 3

_LOOPS: Final = ("all", "exists", "exists_one")
_BUILT_IN: Final = ("contains", "double", "endsWith", "has", "int", "matches", "size", "startsWith", "string")
_TRUE_WORDS: Final = frozenset({"true", "false", "null", "in"})
_INTEGER: Final = 2**63


class ExpressionFailed(ValueError):
    """The expression cannot give a value for this body; the message says why."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression. ``names`` are the variables that it uses."""

    text: str
    names: tuple[str, ...]
    loops: int
    """How often it runs over all that it looks at: its loops, and the calls of our own functions."""
    _program: cel.Program = field(repr=False, compare=False)

    def value(self, scope: Scope) -> Any:
        """Return its value; None where a part that it names is missing.

        Raises:
            ExpressionFailed: it cannot be worked out; the message names the operation.

        """
        try:
            return self._program.execute(scope.context)
        except (KeyError, IndexError):
            return None
        except (ValueError, TypeError, RuntimeError, ArithmeticError) as error:
            raise ExpressionFailed(f"`{self.text}` cannot be worked out: {str(error).partition('. ')[0]}") from error


class Scope:
    """The variables of one alert, converted once for all expressions about it."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        """Variables: bounded values (``bounded``)."""
        import cel  # noqa: PLC0415 - a tenth of a second that most starts do not need

        self.context = cel.Context(variables=dict(variables))
        for name, function in _FUNCTIONS.items():
            self.context.add_function(name, function)


@lru_cache(maxsize=2048)
def compile_value(text: str, names: tuple[str, ...]) -> Expression:
    """Return an expression, compiled once for each text. names: the variables that it may use.

    Raises:
        ConditionRefused: it says what is wrong and what to write; ``column`` is where.

    """
    if not text.strip():
        raise ConditionRefused("the expression is empty", "Leave the field out, or write one such as `body.title`.")
    if len(text) > LONGEST_EXPRESSION:
        raise ConditionRefused(f"the expression is {len(text)} characters long, more than {LONGEST_EXPRESSION}", "Write a shorter one.")
    tokens = tokens_of(text)
    _refuse_unknown_functions(tokens)
    loops = _refuse_runaway(tokens)
    program = _parse(text)
    bound = {token.group() for token in loops}
    used = tuple(name for name in program.variables() if name not in bound)
    for name in used:
        if name not in names:
            column = next((token.start() for token in tokens if token.group() == name), 0)
            fix = did_you_mean(name, names, f"The names here: {', '.join(f'`{one}`' for one in names)}; a text stands in quotes.")
            raise ConditionRefused(f"the expression uses `{name}`, which is not known here", fix, column)
    calls = sum(is_call(tokens, at) and token.group() in _FUNCTIONS for at, token in enumerate(tokens))
    return Expression(text, used, len(loops) + calls, program)


def _parse(text: str) -> cel.Program:
    import cel  # noqa: PLC0415 - as above

    try:
        return cel.compile(text)
    except ValueError as error:
        bare = str(error).partition("ERROR: ")[2].partition("\n")[0] or str(error).partition("\n")[0]
        place, _, why = bare.removeprefix("<input>:").partition(" ")
        column = place.rstrip(":").rpartition(":")[2]
        at = max(int(column) - 1, 0) if column.isdecimal() else 0
        raise ConditionRefused(
            f"the expression `{text}` cannot be read: {why or bare}", "Write it as in `body.title` or `alert.host + ' is down'`.", at
        ) from error


def _refuse_unknown_functions(tokens: list[Token]) -> None:
    known = (*_BUILT_IN, *_LOOPS, *_FUNCTIONS)
    for at, token in enumerate(tokens):
        name = token.group()
        if is_call(tokens, at) and name in ("filter", "map"):
            fix = 'To take one part of each member, write `pick(body.tags, "name")`; to leave alerts out, use the mapping\'s `when`.'
            raise ConditionRefused(f"`{name}` is not among the functions here", fix, token.start())
        if is_call(tokens, at) and name not in known and name not in _TRUE_WORDS:
            listed = ", ".join(f"`{one}`" for one in sorted(known))
            raise ConditionRefused(f"there is no function `{name}`", did_you_mean(name, known, f"The functions: {listed}."), token.start())


def _refuse_runaway(tokens: list[Token]) -> list[Token]:
    """Return the names that loops bind.

    Raises:
        ConditionRefused: what the expression costs could grow faster than its text and its values.

    """
    depth, loop_at, loops = 0, None, 0
    bound: list[Token] = []
    for at, token in enumerate(tokens):
        sign = token.group()
        if sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if loop_at is not None and depth <= loop_at:
                loop_at = None
        elif is_call(tokens, at) and sign in _LOOPS:
            loops += 1
            if loop_at is not None or loops > MOST_LOOPS:
                raise ConditionRefused(
                    f"`{sign}` is a loop inside another one, or one too many", f"Write at most {MOST_LOOPS}, side by side.", token.start()
                )
            loop_at = depth
            if at + 2 < len(tokens):
                bound.append(tokens[at + 2])
        elif is_call(tokens, at) and sign == "matches":
            pattern = tokens[at + 2] if at + 2 < len(tokens) else token
            if pattern.lastgroup != "text" or "{" in pattern.group():
                raise ConditionRefused(
                    "`matches` takes a pattern in quotes, without counted repeats",
                    "Write it as in `body.host.matches('^db')`.",
                    token.start(),
                )
    return bound


def bounded(value: Any, deep: int = 0) -> Any:
    """Return a value as far as expressions look at it: cut where it is too long, too large or too deep."""
    match value:
        case str():
            return value[:LONGEST_VALUE] if value.isascii() else value[:LONGEST_VALUE].encode("utf-8", "replace").decode()
        case bool() | None:
            return value
        case int():
            return value if -_INTEGER <= value < _INTEGER else float(value) if abs(value) < 10**300 else str(value)[:LONGEST_VALUE]
        case float():
            return value
        case _ if deep >= DEEPEST:
            return ""
        case Mapping():
            pairs = list(value.items())[:MOST_MEMBERS]
            return {bounded(str(name)): bounded(one, deep + 1) for name, one in pairs}
        case list() | tuple():
            return [bounded(one, deep + 1) for one in value[: MOST_MEMBERS + 1]]
        case _:
            return str(value)[:LONGEST_VALUE]


def weight(value: Any) -> int:
    """Return what converting a bounded value costs, in characters or so."""
    match value:
        case str():
            return len(value) + 8
        case Mapping():
            return 16 + sum(weight(name) + weight(one) for name, one in value.items())
        case list():
            return 16 + sum(weight(one) for one in value)
        case _:
            return 8


# --- functions on texts: none of them fails, and none makes more than it may ---------------------------------------------------------------


def as_text(value: Any) -> str:
    """Return any value as a text: lists and objects as JSON, nothing as an empty text."""
    match value:
        case None:
            return ""
        case str():
            return value[:LONGEST_VALUE]
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer() and abs(value) < 10**15:
            return str(int(value))
        case Mapping() | list() | tuple():
            return json.dumps(bounded(value), ensure_ascii=False, default=str)[:LONGEST_VALUE]
        case _:
            return str(value)[:LONGEST_VALUE]


def _joined(value: Any = None, mark: Any = ", ") -> str:
    members = value[:MOST_MEMBERS] if isinstance(value, list | tuple) else [value]
    return as_text(mark)[:LONGEST_VALUE].join(as_text(one) for one in members)[:LONGEST_VALUE]


def _replaced(value: Any = None, old: Any = "", new: Any = "") -> str:
    text, old, new = as_text(value), as_text(old), as_text(new)
    return text.replace(old, new, MOST_MEMBERS)[:LONGEST_VALUE] if old else text


def _read_json(value: Any = None) -> Any:
    try:
        return bounded(json.loads(as_text(value), strict=False))
    except (ValueError, RecursionError):
        return None


def _picked(value: Any = None, path: Any = "") -> list[Any]:
    """Return one part of each member of a list: ``pick(body.tags, "name")``; members without it are left out, lists of lists become one."""
    found = []
    for member in value[: MOST_MEMBERS + 1] if isinstance(value, list | tuple) else []:
        part = member
        for name in as_text(path).split(".", DEEPEST):
            part = part.get(name) if isinstance(part, Mapping) else None
        found += part if isinstance(part, list) else [] if part is None else [part]
    return found[: MOST_MEMBERS + 1]


def _first(value: Any = None) -> Any:
    return value[0] if isinstance(value, list | tuple) and value else None if isinstance(value, list | tuple) else value


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "after": lambda value=None, mark="": as_text(value).partition(as_text(mark) or " ")[2],
    "before": lambda value=None, mark="": as_text(value).partition(as_text(mark) or " ")[0],
    "first": _first,
    "join": _joined,
    "json": _read_json,
    "members": lambda value=None: list(value.values())[: MOST_MEMBERS + 1] if isinstance(value, Mapping) else [],
    "lower": lambda value=None: as_text(value).lower()[:LONGEST_VALUE],
    "pick": _picked,
    "replace": _replaced,
    "split": lambda value=None, mark=",": as_text(value).split(as_text(mark) or ",", MOST_MEMBERS),
    "text": as_text,
    "trim": lambda value=None: as_text(value).strip(),
    "upper": lambda value=None: as_text(value).upper()[:LONGEST_VALUE],
}
