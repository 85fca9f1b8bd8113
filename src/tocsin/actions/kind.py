"""The action item as the engine runs it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tocsin.actions import commands as c
from tocsin.actions.decide import Found, decide, evolve, wake
from tocsin.actions.events import EVENTS
from tocsin.actions.model import Item
from tocsin.actions.tables import NO_DATE
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Fact, Reader, RowWrite, micros
from tocsin.playbooks.model import Playbook

PlaybookOf = Callable[[str, Reader], Playbook | None]
"""The playbook of a digest."""


def action_kind(playbook_of: PlaybookOf) -> Kind:
    """Return the action item as a kind of record."""

    def prepare(item: Item, command: Command, reader: Reader) -> Found:
        incident_id = command.incident if isinstance(command, c.CreateAction) else item.incident
        incident = reader.state(f"incident:{incident_id}") if incident_id else None
        if incident is None:
            return Found()
        playbook = playbook_of(incident.playbook.digest, reader) if incident.playbook else None
        return Found(incident.id, incident.title, playbook)

    return Kind(
        name="action", state=Item, events=EVENTS, fold_version=1, initial=Item, evolve=evolve, decide=decide, prepare=prepare,
        rows=_rows, wake=wake, plan=lambda item: (item.fields.due, item.state, item.reminded_of),
    )  # fmt: skip


def _rows(_before: Item, after: Item, facts: Sequence[Fact]) -> list[RowWrite]:
    fields = after.fields
    values = {
        "id": after.id, "incident": after.incident, "title": fields.title, "group_id": fields.group, "owner": fields.owner,
        "due": fields.due.isoformat() if fields.due else None, "priority": fields.priority, "ticket": fields.ticket, "about": fields.about,
        "state": after.state, "created_at": micros(after.created_at) if after.created_at else 0, "changed_at": micros(facts[-1].recorded_at),
        "closed_at": micros(after.closed_at) if after.closed_at else None, "closed_by": after.closed_by, "evidence": after.evidence,
        "reason": after.reason, "started_at": micros(after.started_at) if after.started_at else None,
        "words": f"{fields.title}\n{fields.about}\n{fields.ticket}\n{after.id}\n{fields.owner}".casefold(),
        "due_key": fields.due.isoformat() if fields.due else NO_DATE,
    }  # fmt: skip
    return [RowWrite("action_items", (after.id,), values)]
