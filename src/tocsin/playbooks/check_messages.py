"""Templates: their Jinja reads, and uses fields, values and filters that exist."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from tocsin.playbooks.checking import Checker
from tocsin.playbooks.places import Path
from tocsin.playbooks.record import Message
from tocsin.playbooks.template_names import TemplateUnreadable, Use, filters, tests, uses

VALUES: Final = (
    "f", "incident", "number", "sent_at", "status", "next_update", "eta", "roles", "conflicts", "milestones", "entries", "status_page",
)  # fmt: skip
"""The names that a template may use at its top level."""
INCIDENT_FIELDS: Final = (
    "id", "title", "severity", "service", "impact", "channel", "bridge", "lead", "started_at", "detected_at", "declared_at", "mitigated_at",
    "resolved_at", "duration", "playbook", "detected_by",
)  # fmt: skip
ROLE_FIELDS: Final = ("role", "short", "person")
"""What an item of ``roles`` has."""
ENTRY_FIELDS: Final = ("at", "by", "type", "text")
"""What an item of ``entries`` has."""
RULES: Final = ("facts_only", "cause_preliminary", "apology", "no_names")
"""The wording rules."""
_BLOCK: Final = re.compile(r":\s*(?:[&!]\S+\s+)*\|[-+0-9]*\s*(?:#.*)?$")


def check_messages(checker: Checker) -> None:
    """Note templates that cannot be read and names in them that do not exist."""
    for index, message in enumerate(checker.playbook.messages):
        at = ("messages", index)
        _check_template(checker, (*at, "subject"), message.subject, message)
        _check_template(checker, (*at, "body"), message.body, message)
        if not message.body.strip():
            checker.say((*at, "body"), f"the message `{message.id}` says nothing", "Write its text in `body`.")
        for place, entry in enumerate(message.fields):
            if entry.prefill:
                _check_prefill(checker, (*at, "fields", place, "prefill"), entry.prefill)
        checker.all_known((*at, "rules"), message.rules, RULES, "wording rule")


def _check_template(checker: Checker, path: Path, text: str, message: Message) -> None:
    is_block = _is_block(checker, path)
    try:
        found = uses(text)
    except TemplateUnreadable as error:
        remedy = "Write values as {{ f.name }}, and close each {% if %} and {% for %}."
        what = f"the template of `{message.id}` cannot be read: {error.reason}"
        checker.say(path, what, remedy, down=error.line if is_block else 0)
        return
    for use in found:
        _check_use(checker, path, message, use, use.line if is_block else 0)


def _check_use(checker: Checker, path: Path, message: Message, use: Use, down: int) -> None:
    known: Collection[str]
    match use:
        case Use(kind="name"):
            known, of = VALUES, "value for templates"
        case Use(kind="attribute", owner="f"):
            known, of = [entry.id for entry in message.fields], f"field of the message `{message.id}`"
        case Use(kind="attribute", owner="incident"):
            known, of = INCIDENT_FIELDS, "value of the incident"
        case Use(kind="attribute", owner="milestones"):
            known, of = checker.names.milestones, "milestone"
        case Use(kind="attribute", owner="each of roles"):
            known, of = ROLE_FIELDS, "value of a role"
        case Use(kind="attribute", owner="each of entries"):
            known, of = ENTRY_FIELDS, "value of an entry"
        case Use(kind="filter"):
            known, of = filters(), "filter"
        case Use(kind="test"):
            known, of = tests(), "test"
        case Use(kind="other template"):
            what = f"the template of `{message.id}` takes in another template"
            checker.say(path, what, "Write the text out in this message.", down=down)
            return
        case _:
            return
    checker.known(path, use.name, known, of, down=down)


def _is_block(checker: Checker, path: Path) -> bool:
    """Say whether the text stands line by line below its key (``body: |``)."""
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
