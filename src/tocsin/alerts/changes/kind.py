"""The change as a kind of record."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.alerts.changes.model import ChangeNoted, NoteChange, NotedChange
from tocsin.alerts.reading import Change
from tocsin.engine.errors import Conflict
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, Reader, RowWrite, micros
from tocsin.services.queries import owner_of_name


def change_kind() -> Kind:
    """Return the change as a kind of record."""
    return Kind(
        name="change", state=NotedChange, events=(ChangeNoted,), fold_version=1, initial=NotedChange, evolve=_evolve, decide=_decide,
        prepare=_prepare, rows=_rows,
    )  # fmt: skip


def _prepare(_change: NotedChange, command: Command, reader: Reader) -> str:
    """Look up the service of the catalogue that the sender's word means."""
    assert isinstance(command, NoteChange)
    return owner_of_name(reader, command.service) or command.service


def _decide(change: NotedChange, command: Command, ctx: Context) -> Decision:
    assert isinstance(command, NoteChange)
    if change.version:
        raise Conflict(f"There is already a change {change.id}.", fix="Note it again under another id, or under none.")
    at = command.at or ctx.now
    service: str = ctx.found
    told = Change(command.title, at, service, command.source or str(ctx.actor), command.links, command.details)
    return Decision((Happened(ChangeNoted(told, command.receipt), min(at, ctx.now)),), result={"change": change.id, "title": command.title})


def _evolve(change: NotedChange, fact: Fact) -> NotedChange:
    assert isinstance(fact.event, ChangeNoted)
    return NotedChange(change.id, fact.version, fact.event.change, fact.event.receipt)


def _rows(_before: NotedChange, after: NotedChange, _facts: Sequence[Fact]) -> list[RowWrite]:
    told = after.change
    assert told is not None
    values = {
        "id": after.id, "title": told.title, "at": micros(told.at), "service": told.service, "source": told.source, "receipt": after.receipt,
    }  # fmt: skip
    return [RowWrite("changes", (after.id,), values)]
