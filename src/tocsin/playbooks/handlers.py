"""The shelf of playbooks: which version is in force, and the parsed playbook of a digest, parsed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from tocsin.engine.errors import Conflict
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, Reader, RowWrite, micros
from tocsin.playbooks import tables
from tocsin.playbooks.events import Current, Publish, Published
from tocsin.playbooks.load import Loaded, load_text
from tocsin.playbooks.model import Playbook


class Bookshelf:
    """Parsed playbooks by digest. A text never changes under its digest, so nothing here ever goes stale."""

    def __init__(self) -> None:
        self._parsed: dict[str, Loaded] = {}

    def loaded(self, digest: str, reader: Reader) -> Loaded | None:
        """Return the playbook of a digest with the places of its parts; None where it was never published."""
        found = self._parsed.get(digest)
        if found is None:
            rows = reader.rows(select(tables.playbook_texts).where(tables.playbook_texts.c.digest == digest))
            if not rows:
                return None
            found = self._parsed[digest] = load_text(rows[0].text, f"{rows[0].id}.yaml")
        return found

    def by_digest(self, digest: str, reader: Reader) -> Playbook | None:
        """Return the playbook of a digest; None where it was never published."""
        found = self.loaded(digest, reader)
        return found.playbook if found else None

    def current(self, playbook_id: str, reader: Reader) -> Current | None:
        """Return the version in force; None where there is no such playbook."""
        found: Current | None = reader.state(f"playbook:{playbook_id}")
        return found

    def ids(self, reader: Reader) -> list[str]:
        """Return the ids of all playbooks in force."""
        return [row.id for row in reader.rows(select(tables.playbooks.c.id).order_by(tables.playbooks.c.id))]


def _decide(state: Current, command: Command, ctx: Context) -> Decision:
    assert isinstance(command, Publish)
    if command.digest == state.digest:
        return Decision(result={"playbook": state.id, "version": state.version, "changed": False})
    if state.facts and command.version <= state.version and not (command.shipped and state.shipped):
        raise Conflict(
            f"Version {state.version} of {state.id} is in force, and this text calls itself version {command.version}.",
            fix=f"Write `version: {state.version + 1}`.", field="version",
        )  # fmt: skip
    published = Published(command.version, command.digest, command.title, command.text, command.shipped)
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
        name="playbook", state=Current, events=(Published,), fold_version=1, initial=lambda playbook_id: Current(playbook_id),
        evolve=_evolve, decide=_decide, rows=_rows,
    )  # fmt: skip


def publication(loaded: Loaded, *, shipped: bool = False) -> Publish:
    """Return the command that puts a playbook in force."""
    return Publish(loaded.playbook.version, loaded.digest, loaded.playbook.title, loaded.text, shipped)
