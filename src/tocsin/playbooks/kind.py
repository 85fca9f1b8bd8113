"""The playbook as a kind of record: a version is published, and is in force from then on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.engine.errors import Conflict
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, RowWrite, micros
from tocsin.playbooks.events import Current, Publish, Published
from tocsin.playbooks.load import Loaded


def _decide(state: Current, command: Command, ctx: Context) -> Decision:
    assert isinstance(command, Publish)
    if command.digest == state.digest:
        return Decision(result={"playbook": state.id, "version": state.version, "changed": False})
    if state.facts and command.version <= state.version and not (command.shipped and state.shipped):
        raise Conflict(
            f"Version {state.version} of {state.id} is in force, and this text calls itself version {command.version}.",
            fix=f"Write `version: {state.version + 1}`.", field="version",
        )  # fmt: skip
    published = Published(command.version, command.digest, command.title, command.text, command.shipped, command.note)
    return Decision((Happened(published),), result={"playbook": state.id, "version": command.version, "changed": True})


def _evolve(state: Current, fact: Fact) -> Current:
    event = fact.event
    assert isinstance(event, Published)
    return Current(state.id, event.version, fact.version, event.digest, event.title, event.shipped)


def _rows(_before: Current, after: Current, facts: Sequence[Fact]) -> list[RowWrite]:
    rows = [RowWrite("playbooks", (after.id,), {"id": after.id, "version": after.version, "digest": after.digest, "title": after.title})]
    for fact in facts:
        event: Any = fact.event
        at = micros(fact.recorded_at)
        values = {"digest": event.digest, "id": after.id, "version": event.version, "text": event.text, "at": at}
        rows.append(RowWrite("playbook_texts", (event.digest,), values))
    return rows


def playbook_kind() -> Kind:
    """Return the playbook as a kind of record."""
    return Kind(
        name="playbook", state=Current, events=(Published,), fold_version=1, initial=Current,
        evolve=_evolve, decide=_decide, rows=_rows,
    )  # fmt: skip


def publication(loaded: Loaded, *, shipped: bool = False, note: str = "") -> Publish:
    """Return the command that puts a playbook in force."""
    return Publish(loaded.playbook.version, loaded.digest, loaded.playbook.title, loaded.text, shipped, note)
