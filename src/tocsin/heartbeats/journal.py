"""Reports of heartbeats as the committer takes them in: one row each, and a fact only when silence begins or ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from tocsin.engine.database import upsert
from tocsin.engine.errors import NotFound
from tocsin.engine.journal import Draft, Transaction
from tocsin.engine.model import SYSTEM, Actor, Command, micros, moment
from tocsin.heartbeats import model, tables
from tocsin.heartbeats.rearm import Rearm


class Beat(msgspec.Struct, frozen=True):
    """One report. ``secret``: the end of the address that it came to. ``failed``: it says that the job went wrong."""

    secret: str = ""
    id: str = ""
    """Instead of the secret, from somebody who is signed in."""
    failed: bool = False
    note: str = ""


class Slot(msgspec.Struct, frozen=True):
    """A heartbeat as the journal knows it; times in microseconds."""

    id: str
    every: int
    grace: int
    secret: str
    silent: bool = False
    """Whether its silence is on the record already."""
    failed: bool = False
    last_at: int | None = None
    """None: it has never reported, so nothing is expected of it yet."""
    count: int = 0

    @property
    def due(self) -> int | None:
        """When its silence begins; None where none is to come."""
        return None if self.last_at is None or self.silent else self.last_at + self.every + self.grace


class Beats:
    """The journal ``beat``."""

    name = "beat"

    def __init__(self, dialect: str) -> None:
        self.slots: dict[str, Slot] = {}
        self.by_secret: dict[str, str] = {}
        self._write = upsert(dialect, tables.beats, ("heartbeat",))

    def load(self, connection: Connection, now: datetime) -> None:
        """Read every heartbeat with its newest report."""
        kept, beats = tables.heartbeats, tables.beats
        rows = connection.execute(select(kept, beats.c.last_at, beats.c.reports).outerjoin(beats, beats.c.heartbeat == kept.c.id))
        self.slots = {
            row.id: Slot(
                row.id, row.every, row.grace, row.secret, row.state == "missed", row.state == "failed", row.last_at, row.reports or 0
            )
            for row in rows
        }
        self.by_secret = {slot.secret: slot.id for slot in self.slots.values()}

    def draft(self, transaction: Transaction) -> Draft:
        """Begin the journal's share of a transaction."""
        return _Draft(self, transaction, self._write)


class _Draft:
    def __init__(self, journal: Beats, transaction: Transaction, write: Any) -> None:
        self._journal = journal
        self._transaction = transaction
        self._statement = write
        self._changed: dict[str, Slot] = {}
        self._unwritten: set[str] = set()

    def _slot(self, name: str) -> Slot | None:
        return self._changed.get(name) or self._journal.slots.get(name)

    def take(self, entry: Any) -> dict[str, Any]:
        """Take one report.

        Raises:
            NotFound: nobody is expected at this address.

        """
        assert isinstance(entry, Beat)
        name = entry.id or self._journal.by_secret.get(entry.secret, "")
        slot = self._slot(name)
        if slot is None:
            raise NotFound("There is no heartbeat at this address.", fix="`tocsin heartbeat list` shows the addresses.")
        now = micros(self._transaction.now)
        sender = Actor("sender", slot.id, via="heartbeat")
        self._changed[slot.id] = replace(slot, last_at=now, count=slot.count + 1, silent=False, failed=entry.failed)
        self._unwritten.add(slot.id)
        if entry.failed:
            self._transaction.run(f"heartbeat:{slot.id}", model.Fail(entry.note), sender)
        elif slot.silent or slot.failed:
            self._transaction.run(f"heartbeat:{slot.id}", model.Recover(), sender)
        return {"heartbeat": slot.id, "count": slot.count + 1}

    def command(self, record: str, command: Command, actor: Actor) -> dict[str, Any]:
        """Take over what is expected, or note every silence that has begun."""
        if isinstance(command, Rearm):
            before = self._slot(record) or Slot(record, 0, 0, "")
            self._changed[record] = replace(before, every=command.every, grace=command.grace, secret=command.secret)
            return {}
        now = micros(self._transaction.now)
        for slot in list(self._all()):
            if slot.due is not None and slot.due <= now and slot.last_at is not None:
                self._changed[slot.id] = replace(slot, silent=True)
                miss = model.Miss(moment(slot.last_at), moment(slot.due))
                self._transaction.run(f"heartbeat:{slot.id}", miss, SYSTEM)
        return {}

    def _all(self) -> list[Slot]:
        return list({**self._journal.slots, **self._changed}.values())

    def mark(self) -> Any:
        """Return how much was gathered so far."""
        return dict(self._changed), set(self._unwritten)

    def back_to(self, mark: Any) -> None:
        """Forget what was gathered after the mark."""
        self._changed, self._unwritten = mark if mark is not None else ({}, set())

    def flush(self) -> None:
        """Write the newest report of each that reported."""
        rows = [
            {"heartbeat": slot.id, "last_at": slot.last_at, "reports": slot.count}
            for slot in map(self._changed.__getitem__, self._unwritten)
        ]
        if rows:
            self._transaction.connection.execute(self._statement, rows)
        self._unwritten = set()

    def wake(self) -> datetime | None:
        """Return when the next silence begins."""
        due = min((slot.due for slot in self._all() if slot.due is not None), default=None)
        return None if due is None else moment(due)

    def news(self) -> bool:
        """Tell nobody of mere reports: what begins or ends a silence is a fact of the heartbeat."""
        return False

    def committed(self) -> None:
        """Make the reports known."""
        for slot in self._changed.values():
            before = self._journal.slots.get(slot.id)
            if before is not None and before.secret != slot.secret:
                self._journal.by_secret.pop(before.secret, None)
            self._journal.slots[slot.id] = slot
            self._journal.by_secret[slot.secret] = slot.id
