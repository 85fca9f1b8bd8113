"""Templates: their Jinja reads, and uses fields, values and filters that exist."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

import jinja2
from jinja2 import nodes

from tocsin.playbooks.checking import Checker, Names
from tocsin.playbooks.record import Message
from tocsin.playbooks.yamltext import Path

VALUES: Final = (
    "f", "incident", "number", "sent_at", "status", "next_update", "eta", "roles", "conflicts", "milestones", "entries", "status_page",
)  # fmt: skip
"""The names that a template may use at its top level."""
INCIDENT_FIELDS: Final = (
    "id", "title", "severity", "service", "impact", "channel", "bridge", "lead", "started_at", "detected_at", "declared_at", "mitigated_at",
    "resolved_at", "duration", "playbook", "detected_by",
)  # fmt: skip
OWN_FILTERS: Final = ("hm", "date", "span")
"""Beside Jinja's own: a time as ``14:20 UTC``, a date, a duration as ``47 minutes``."""
RULES: Final = ("facts_only", "cause_preliminary", "apology", "no_names")
_GLOBALS: Final = ("range", "loop", "namespace", "dict", "lipsum", "cycler", "joiner")
_SPEAKING: Final = {"roles": ("role", "short", "person"), "entries": ("at", "by", "type", "text")}
_BLOCK: Final = re.compile(r":\s*(?:[&!]\S+\s+)*[|>][-+0-9]*\s*(?:#.*)?$")


def check_messages(checker: Checker) -> None:
    """Note templates that cannot be read and names in them that do not exist."""
    environment = jinja2.Environment(autoescape=True)
    for index, message in enumerate(checker.playbook.messages):
        at = ("messages", index)
        for key in ("subject", "body"):
            _check_template(checker, environment, (*at, key), getattr(message, key), message)
        if not message.body.strip():
            checker.say((*at, "body"), f"the message `{message.id}` says nothing", "Write its text in `body`.")
        for place, entry in enumerate(message.fields):
            if entry.prefill:
                _check_prefill(checker, (*at, "fields", place, "prefill"), entry.prefill)
        checker.all_known((*at, "rules"), message.rules, RULES, "wording rule")


def _check_template(checker: Checker, environment: jinja2.Environment, path: Path, text: str, message: Message) -> None:
    first = 1 if _is_block(checker, path) else 0
    try:
        tree = environment.parse(text)
    except jinja2.TemplateSyntaxError as error:
        reason = (error.message or "it cannot be read").rstrip(".")
        remedy = "Write values as {{ f.name }}, and close each {% if %} and {% for %}."
        checker.say(path, f"the template of `{message.id}` cannot be read: {reason}", remedy, down=error.lineno - 1 + first)
        return
    for line, what, known, of in _names_used(tree, message, checker.names, environment):
        checker.known(path, what, known, of, down=line - 1 + first)
    for node in tree.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        what = f"the template of `{message.id}` takes in another template"
        checker.say(path, what, "Write the text out in this message.", down=node.lineno - 1 + first)


def _names_used(
    tree: nodes.Template, message: Message, names: Names, environment: jinja2.Environment
) -> Iterator[tuple[int, str, Collection[str], str]]:
    """Yield each name in a template: its line, what it is, what it may be and what it should name."""
    fields = tuple(entry.id for entry in message.fields)
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx != "load"}
    for name in tree.find_all(nodes.Name):
        if name.name not in own and name.name not in _GLOBALS:
            yield name.lineno, name.name, VALUES, "value for templates"
    speaking = {name: known for loop in tree.find_all(nodes.For) for name, known in _loop_names(loop)}
    for node, owner, attribute in _attributes(tree):
        if owner == "f":
            yield node.lineno, attribute, fields, f"field of the message `{message.id}`"
        elif owner == "incident":
            yield node.lineno, attribute, INCIDENT_FIELDS, "value of the incident"
        elif owner == "milestones":
            yield node.lineno, attribute, names.milestones, "milestone"
        elif owner in speaking:
            yield node.lineno, attribute, speaking[owner], f"value of `{owner}`"
    for called in tree.find_all(nodes.Filter):
        yield called.lineno, called.name, (*OWN_FILTERS, *environment.filters), "filter"
    for test in tree.find_all(nodes.Test):
        yield test.lineno, test.name, tuple(environment.tests), "test"


def _attributes(tree: nodes.Template) -> Iterator[tuple[nodes.Node, str, str]]:
    for dotted in tree.find_all(nodes.Getattr):
        if isinstance(dotted.node, nodes.Name):
            yield dotted, dotted.node.name, dotted.attr
    for indexed in tree.find_all(nodes.Getitem):
        if isinstance(indexed.node, nodes.Name) and isinstance(indexed.arg, nodes.Const) and isinstance(indexed.arg.value, str):
            yield indexed, indexed.node.name, indexed.arg.value


def _loop_names(loop: nodes.For) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the loop variable of ``for r in roles`` and what such an item has."""
    source = loop.iter
    while isinstance(source, nodes.Filter) and source.node is not None:
        source = source.node
    if isinstance(loop.target, nodes.Name) and isinstance(source, nodes.Name) and source.name in _SPEAKING:
        yield loop.target.name, _SPEAKING[source.name]


def _is_block(checker: Checker, path: Path) -> bool:
    """Say whether the text stands below its key (``body: |``), so that its first line is the next one."""
    line, _ = checker.loaded.position(path)
    lines = checker.loaded.text.splitlines()
    return 0 < line <= len(lines) and _BLOCK.search(lines[line - 1]) is not None


def _check_prefill(checker: Checker, path: Path, source: str) -> None:
    playbook = checker.playbook
    head, dot, rest = source.partition(".")
    known: dict[str, tuple[Collection[str], str]] = {
        "incident": (INCIDENT_FIELDS, "value of the incident"),
        "assessment": (tuple(line.id for line in playbook.assessment), "line of the assessment"),
        "figures": (tuple(figure.id for figure in playbook.figures), "figure"),
        "readings": (checker.names.measures, "measure"),
        "last": (checker.names.entry_types, "entry type"),
    }
    if dot and head in known:
        names, of = known[head]
        checker.known(path, rest, names, of)
    elif dot or head not in ("actions", "timeline", "roles"):
        what = f"a field cannot be filled from `{source}`"
        ways = "incident.<value>, assessment.<line>, figures.<figure>, readings.<measure>, last.<ENTRY_TYPE>, actions, timeline, roles"
        checker.say(path, what, f"Write one of: {ways}.")
