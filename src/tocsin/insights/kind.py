"""Lets a kind of record also write the row of its figures, in the same transaction as its facts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Fact, RowWrite
from tocsin.incidents import beside
from tocsin.incidents.model import Incident
from tocsin.insights import figures
from tocsin.playbooks.model import Playbook


def counting(kind: Kind, playbook_of: Callable[[str], Playbook | None]) -> Kind:
    """Return the incident's kind with its figures among its rows. playbook_of: the parsed playbook of a digest."""

    def rows(before: Incident, after: Incident, facts: Sequence[Fact], playbook: Playbook | None) -> list[RowWrite]:
        return [figures.row(after, playbook, facts[-1].recorded_at)] if figures.changed(before, after, facts, playbook) else []

    return beside.writing(kind, playbook_of, rows)
