"""Lets a kind of record also write the row of its figures, in the same transaction as its facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Fact, RowWrite
from tocsin.incidents.model import Incident
from tocsin.insights import figures
from tocsin.playbooks.model import Playbook


def counting(kind: Kind, playbook_of: Callable[[str], Playbook | None]) -> Kind:
    """Return the incident's kind with its figures among its rows.

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
        return [*kind.rows(before, after, facts), *_figures(before, after, facts)]

    def _figures(before: Incident, after: Incident, facts: Sequence[Fact]) -> list[RowWrite]:
        playbook = pinned(after)
        return [figures.row(after, playbook, facts[-1].recorded_at)] if figures.changed(before, after, facts, playbook) else []

    return replace(kind, rows=rows)
