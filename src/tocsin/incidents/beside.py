"""Lets the incident's kind write more rows than its own, in the same transaction as its facts: what lists show, what figures count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Fact, RowWrite
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook

More = Callable[[Incident, Incident, Sequence[Fact], Playbook | None], list[RowWrite]]
"""An incident before and after some facts, these, and the playbook that it pins -> rows to write."""


def writing(kind: Kind, playbook_of: Callable[[str], Playbook | None], more: More) -> Kind:
    """Return the incident's kind with more rows among its own.

    playbook_of: the parsed playbook of a digest. What an incident pins was looked up for its decision already, and a text never changes under
    its digest, so each is asked for once.
    """
    known: dict[str, Playbook] = {}

    def pinned(incident: Incident) -> Playbook | None:
        if incident.playbook is None:
            return None
        digest = incident.playbook.digest
        found = known.get(digest) or playbook_of(digest)
        if found is not None:
            known[digest] = found
        return found

    def rows(before: Any, after: Any, facts: Sequence[Fact]) -> list[RowWrite]:
        return [*kind.rows(before, after, facts), *more(before, after, facts, pinned(after))]

    return replace(kind, rows=rows)
