"""What a message's template uses: its names, attributes, filters and tests, each with its line. Nothing is rendered here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import jinja2
from jinja2 import nodes

OWN_FILTERS: Final = ("hm", "date", "span")
"""Beside Jinja's own: a time as ``14:20 UTC``, a date, a duration as ``47 minutes``."""
_GLOBALS: Final = ("range", "loop", "namespace", "dict", "lipsum", "cycler", "joiner")


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
    try:
        tree = _environment().parse(text)
    except jinja2.TemplateSyntaxError as error:
        raise TemplateUnreadable(error.lineno, (error.message or "it cannot be read").rstrip(".")) from error
    return list(_walk(tree))


def filters() -> tuple[str, ...]:
    """Return the filters that a template may use."""
    return (*OWN_FILTERS, *_environment().filters)


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
    yield from (Use("filter", called.name, called.lineno) for called in tree.find_all(nodes.Filter))
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
