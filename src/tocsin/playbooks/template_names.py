"""What a message's template may be and what it uses: names, attributes, filters and tests, each with its line. Nothing is rendered here.

Templates print values, choose, repeat and name a value; they do not calculate, call or build. So what they cost can be bounded, and
a template that somebody got wrong holds nobody up at night.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import jinja2
from jinja2 import nodes

OWN_FILTERS: Final = ("hm", "date", "span")
"""Beside Jinja's own: a time as ``14:20 UTC``, a date, a duration as ``47 minutes``."""
FILTERS: Final = (
    "abs", "capitalize", "count", "default", "d", "e", "escape", "first", "float", "int", "join", "last", "length", "list", "lower", "reverse", "round",
    "sort", "string", "title", "trim", "truncate", "unique", "upper",
)  # fmt: skip
"""Jinja's own filters that a template may use: those whose result is no larger than what they are given."""
LONGEST: Final = 20_000
"""Characters of a template; the longest shipped one has a twentieth of that."""
_DEEPEST: Final = 60
_GLOBALS: Final = ("loop",)
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Assign, nodes.Getattr, nodes.Getitem, nodes.Const, nodes.List,
    nodes.Tuple, nodes.If, nodes.For, nodes.CondExpr, nodes.Or, nodes.And, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Filter, nodes.Test,
    nodes.Neg, nodes.Pos, nodes.Slice, nodes.Keyword,
)  # fmt: skip
_OTHER: Final = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)


class TemplateUnreadable(ValueError):
    """The text is not Jinja. ``line`` counts from 1 in the text."""

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        self.reason = reason
        super().__init__(f"line {line}: {reason}")


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that a template uses.

    ``owner`` is what an attribute is taken of; for the variable of a loop it is what the loop runs over (``for r in roles``).
    """

    kind: Literal["name", "attribute", "filter", "test", "other template"]
    name: str
    line: int
    owner: str = ""


def uses(text: str) -> list[Use]:
    """Return what a template uses.

    Raises:
        TemplateUnreadable: it is not Jinja.

    """
    if len(text) > LONGEST:
        raise TemplateUnreadable(1, f"it has {len(text)} characters, more than {LONGEST}")
    try:
        tree = _environment().parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateUnreadable(error.lineno, (error.message or "it cannot be read").rstrip(".")) from error
    except RecursionError as error:
        raise TemplateUnreadable(1, "it is nested too deeply") from error
    refuse_costly(tree)
    return list(_walk(tree))


def refuse_costly(tree: nodes.Template) -> None:
    """Refuse what could run for long or grow without end, whatever the values: calls, calculation, variables, macros, endless nesting.

    Raises:
        TemplateUnreadable: it names the line and what stands there.

    """
    waiting: list[tuple[nodes.Node, int]] = [(tree, 0)]
    while waiting:
        node, deep = waiting.pop()
        if deep > _DEEPEST:
            raise TemplateUnreadable(node.lineno or 1, "it is nested too deeply")
        if not isinstance(node, (*_ALLOWED, *_OTHER)) or _builds(node):
            what = _WORDS.get(type(node), "this (" + type(node).__name__.casefold() + ")")
            raise TemplateUnreadable(node.lineno or 1, f"a template cannot use {what}; it prints values, chooses (if) and repeats (for)")
        waiting += [(child, deep + 1) for child in node.iter_child_nodes()]


def _builds(node: nodes.Node) -> bool:
    """Tell whether it makes structures out of structures: a loop that calls itself, a variable that is a list of variables."""
    if isinstance(node, nodes.For):
        return bool(node.recursive)
    return isinstance(node, nodes.Assign) and any(True for _ in node.find_all((nodes.List, nodes.Tuple)))


_WORDS: Final[dict[type[nodes.Node], str]] = {
    nodes.Call: "calls", nodes.Assign: "`set` with lists", nodes.AssignBlock: "`set` with a body", nodes.Macro: "macros", nodes.CallBlock: "macros", nodes.For: "recursive loops",
    nodes.Block: "blocks", nodes.FilterBlock: "filter blocks", nodes.Add: "calculation", nodes.Sub: "calculation", nodes.Mul: "calculation",
    nodes.Div: "calculation", nodes.FloorDiv: "calculation", nodes.Mod: "calculation", nodes.Pow: "calculation", nodes.With: "`with`", nodes.Dict: "mappings",
}  # fmt: skip


def filters() -> tuple[str, ...]:
    """Return the filters that a template may use."""
    return (*OWN_FILTERS, *FILTERS)


def tests() -> tuple[str, ...]:
    """Return the tests (``is defined``) that a template may use."""
    return tuple(_environment().tests)


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return jinja2.Environment(autoescape=True)


def _walk(tree: nodes.Template) -> Iterator[Use]:
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    loops = {name: source for loop in tree.find_all(nodes.For) for name, source in _loop(loop)}
    for name in tree.find_all(nodes.Name):
        if name.name not in own and name.name not in _GLOBALS:
            yield Use("name", name.name, name.lineno)
    for dotted in tree.find_all(nodes.Getattr):
        if isinstance(dotted.node, nodes.Name):
            yield Use("attribute", dotted.attr, dotted.lineno, loops.get(dotted.node.name, dotted.node.name))
    for indexed in tree.find_all(nodes.Getitem):
        if isinstance(indexed.node, nodes.Name) and isinstance(indexed.arg, nodes.Const) and isinstance(indexed.arg.value, str):
            yield Use("attribute", indexed.arg.value, indexed.lineno, loops.get(indexed.node.name, indexed.node.name))
    yield from (Use("filter", called.name, called.lineno) for called in tree.find_all(nodes.Filter) if called.name)
    yield from (Use("test", test.name, test.lineno) for test in tree.find_all(nodes.Test))
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        yield Use("other template", type(node).__name__.casefold(), node.lineno)


def _loop(loop: nodes.For) -> Iterator[tuple[str, str]]:
    """Yield the variable of a loop and the name that the loop runs over, filters left aside; ``each of`` tells it from the list itself."""
    source: nodes.Node | None = loop.iter
    while isinstance(source, nodes.Filter):
        source = source.node
    if isinstance(loop.target, nodes.Name) and isinstance(source, nodes.Name):
        yield loop.target.name, f"each of {source.name}"
