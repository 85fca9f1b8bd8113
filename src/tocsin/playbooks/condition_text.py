"""The text of a condition before anything runs it: its words, what it compares, and what in it is refused."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from tocsin.playbooks.errors import did_you_mean

Token = re.Match[str]

Kind = Literal["yes_no", "integer", "number", "text", "marks"]
"""What a variable holds: bool, int, float, str, or a map of names to bool."""

_FUNCTIONS: Final = ("contains", "endsWith", "matches", "size", "startsWith")
LOOPS: Final = ("all", "exists", "exists_one")
_OPERATORS: Final = frozenset(
    ["!_", "-_", "_&&_", "_||_", "_?_:_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "_[_]", "@not_strictly_false", "_+_"],
)
"""What the engine calls the operators that conditions may use; ``_+_`` is how it counts in ``exists_one``."""
_TOKEN: Final = re.compile(
    r"""(?P<text>[rR]?(?:\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'))
      | (?P<number>(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<sign>&&|\|\||[<>=!]=|[^\s\w])""",
    re.VERBOSE,
)


class ConditionRefused(ValueError):
    """The text cannot be a condition. ``what`` is wrong with it, ``remedy`` is what to write, ``column`` counts from 0 in the text."""

    def __init__(self, what: str, remedy: str, column: int = 0) -> None:
        self.what = what
        self.remedy = remedy
        self.column = column
        super().__init__(f"{what}. {remedy}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One comparison of a variable with a literal: ``users_percent > 25.0``; ``in`` gives one for each member."""

    name: str
    op: str
    value: float | str


def explain_syntax(text: str, column: int) -> tuple[str, str]:
    """Return in sentences what is wrong with a text that the engine cannot read from a column (from 0) on, and what to write."""
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


def tokens_of(text: str) -> list[Token]:
    """Return the words of a condition: texts, numbers, names and signs (``lastgroup`` says which). What is none of them is left out."""
    return list(_TOKEN.finditer(text))


def is_call(tokens: Sequence[Token], at: int) -> bool:
    """Say whether a name at this place is called like a function."""
    return tokens[at].lastgroup == "name" and at + 1 < len(tokens) and tokens[at + 1].group() == "("


def refuse_costly(tokens: Sequence[Token]) -> None:
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
        elif is_call(tokens, at) and sign in LOOPS:
            if loop_at is not None:
                raise ConditionRefused(
                    f"`{sign}` stands inside another loop", "Loops cannot be nested; write two conditions.", token.start()
                )
            loop_at = depth
        elif is_call(tokens, at) and sign == "matches":
            pattern = tokens[at + 2] if at + 2 < len(tokens) else token
            if pattern.lastgroup != "text" or "{" in pattern.group():
                raise ConditionRefused(
                    "`matches` takes a pattern in quotes, without counted repeats",
                    'Write it as in `service.matches("^pay")`, or use `startsWith` or `contains`.',
                    token.start(),
                )


def refuse_unknown_functions(functions: Collection[str], tokens: Sequence[Token]) -> None:
    """Only functions that never fail and take no time may be called. functions: what the engine says is used."""
    known = (*_FUNCTIONS, *LOOPS)
    called = {token.group(): token.start() for at, token in enumerate(tokens) if is_call(tokens, at)}
    for name in (*called, *(name for name in functions if name not in _OPERATORS)):
        if name not in known and not name.startswith("_"):
            listed = ", ".join(f"`{one}`" for one in known)
            raise ConditionRefused(
                f"there is no function `{name}`", did_you_mean(name, known, f"The functions: {listed}."), called.get(name, 0)
            )


def refuse_calculation(tokens: Sequence[Token]) -> None:
    """A condition compares what it is given; only then can it never fail."""
    for at, token in enumerate(tokens):
        sign, before = token.group(), tokens[at - 1] if at else None
        after_value = before is not None and (before.lastgroup != "sign" or before.group() in (")", "]", "}"))
        if sign in ("+", "*", "/", "%", "{") or (sign == "-" and after_value):
            raise ConditionRefused(f"the condition calculates (`{sign}`)", "Compare the values as they are.", token.start())


def refuse_loose_access(tokens: Sequence[Token], kinds: Mapping[str, Kind], bound: Collection[str]) -> None:
    """Only marks have keys, and a key is written out or runs over the marks in a loop; every other `.` calls a function."""
    for at, token in enumerate(tokens):
        before = tokens[at - 1] if at else None
        of_marks = before is not None and kinds.get(before.group()) == "marks"
        after = [one.group() for one in tokens[at + 1 : at + 3]]
        fine = True
        if token.group() == "." and not (at + 1 < len(tokens) and is_call(tokens, at + 1)):
            fine = of_marks and after[1:] not in (["."], ["["])
        elif (
            token.group() == "["
            and before is not None
            and (before.lastgroup != "sign" or before.group() in (")", "]"))
            and before.group() != "in"
        ):
            fine = of_marks and after[1:] == ["]"] and (tokens[at + 1].lastgroup == "text" or after[0] in bound)
        if not fine:
            raise ConditionRefused(
                f"`{before.group() if before else ''}{token.group()}{after[0] if after else ''}` reads a part of what has no parts",
                "Only marks have parts: write `marks.name`.",
                token.start(),
            )


def marks_asked(tokens: Sequence[Token], kinds: Mapping[str, Kind]) -> Iterator[str]:
    """Yield the marks that are asked for: ``marks.name`` and ``marks["name"]``."""
    for at, token in enumerate(tokens[:-2]):
        if kinds.get(token.group()) == "marks":
            sign, key = tokens[at + 1], tokens[at + 2]
            if sign.group() == "." and key.lastgroup == "name" and not is_call(tokens, at + 2):
                yield key.group()
            elif sign.group() == "[" and key.lastgroup == "text":
                yield _unquoted(key)


def comparisons_in(tokens: Sequence[Token], kinds: Mapping[str, Kind]) -> Iterator[Comparison]:
    """Yield each comparison of a variable with a literal, the variable put first."""
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


def _compared(name: str, op: str, tokens: Sequence[Token], at: int) -> Iterator[Comparison]:
    literal, sign = tokens[at], 1
    if literal.group() == "-" and at + 1 < len(tokens):
        literal, sign = tokens[at + 1], -1
    if literal.lastgroup == "number":
        yield Comparison(name, op, sign * float(literal.group()))
    elif literal.lastgroup == "text":
        yield Comparison(name, op, _unquoted(literal))


def _value(token: Token) -> float | str:
    return float(token.group()) if token.lastgroup == "number" else _unquoted(token)


def _unquoted(token: Token) -> str:
    return token.group().lstrip("rR")[1:-1]


def refuse_mixed_kinds(comparisons: tuple[Comparison, ...], kinds: Mapping[str, Kind], tokens: Sequence[Token]) -> None:
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
