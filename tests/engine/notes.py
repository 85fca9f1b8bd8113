"""A journal for tests of the engine alone: notes that can be struck out, each text once, with an index of the living ones in memory."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Boolean, Column, Integer, Table, Text, bindparam, func, insert, select, update

from tests.engine.counters import Raise
from tocsin.engine.errors import Conflict, NotFound
from tocsin.engine.journal import Transaction
from tocsin.engine.kinds import Tick
from tocsin.engine.model import SYSTEM, Actor, Command
from tocsin.engine.tables import metadata

notes = Table(
    "test_notes", metadata, Column("id", Integer, primary_key=True, autoincrement=False), Column("text", Text, nullable=False),
    Column("struck", Boolean, nullable=False),
)  # fmt: skip

KEPT = timedelta(minutes=10)
"""After so long all notes are struck."""


class Take(msgspec.Struct, frozen=True):
    """An entry."""

    text: str
    counts: str = ""
    """A counter that each new note raises."""


class Strike(Command, frozen=True):
    """Strike a note out; a second time is refused."""


class NoteDraft:
    """A share of a transaction."""

    def __init__(self, journal: Notes, transaction: Transaction) -> None:
        self._journal = journal
        self._transaction = transaction
        self.taken: list[dict[str, Any]] = []
        self.struck: list[int] = []
        self.counted: set[str] = set()
        self._written = 0
        self._updated = 0

    def _living(self) -> dict[str, int]:
        known = {**self._journal.living, **{row["text"]: row["id"] for row in self.taken}}
        return {text: id_ for text, id_ in known.items() if id_ not in self.struck}

    def take(self, entry: Take) -> dict[str, Any]:
        if not entry.text:
            raise Conflict("A note needs a text.", field="text")
        there = self._living().get(entry.text)
        if there is not None:
            return {"note": there, "new": False}
        id_ = self._journal.last + len(self.taken) + 1
        if entry.counts:
            self._transaction.run(f"counter:{entry.counts}", Raise(1), SYSTEM)
        self.taken.append({"id": id_, "text": entry.text, "struck": False})
        return {"note": id_, "new": True}

    def command(self, record: str, command: Command, _actor: Actor) -> dict[str, Any]:
        if isinstance(command, Tick):
            assert record == ""
            self.struck += self._living().values()
            return {}
        assert isinstance(command, Strike)
        if int(record) not in self._living().values():
            raise NotFound(f"There is no living note {record}.")
        self.struck.append(int(record))
        return {"struck": int(record)}

    def mark(self) -> tuple[int, int]:
        return len(self.taken), len(self.struck)

    def back_to(self, mark: tuple[int, int] | None) -> None:
        taken, struck = mark or (0, 0)
        del self.taken[taken:]
        del self.struck[struck:]

    def flush(self) -> None:
        connection = self._transaction.connection
        if rows := self.taken[self._written :]:
            connection.execute(insert(notes), rows)
            self._written = len(self.taken)
        if ids := self.struck[self._updated :]:
            connection.execute(update(notes).where(notes.c.id == bindparam("of")).values(struck=True), [{"of": id_} for id_ in ids])
            self._updated = len(self.struck)

    def wake(self) -> datetime | None:
        return self._transaction.now + KEPT if self._living() else None

    def news(self) -> bool:
        return bool(self.taken or self.struck)

    def committed(self) -> None:
        if self._journal.breaks:
            self._journal.breaks = False
            raise RuntimeError("the index broke")
        self._journal.living = self._living()
        self._journal.last += len(self.taken)


class Notes:
    """The journal."""

    name = "note"

    def __init__(self) -> None:
        self.living: dict[str, int] = {}
        self.last = 0
        self.loads = 0
        self.breaks = False
        self.drafts: list[NoteDraft] = []

    def load(self, connection: Any, _now: datetime) -> None:
        self.loads += 1
        self.living = {row.text: row.id for row in connection.execute(select(notes).where(~notes.c.struck))}
        self.last = connection.execute(select(func.max(notes.c.id))).scalar() or 0

    def draft(self, transaction: Transaction) -> NoteDraft:
        self.drafts.append(NoteDraft(self, transaction))
        return self.drafts[-1]
