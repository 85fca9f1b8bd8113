"""Subscribers in the committer's transactions: rows that change and go, for addresses must not stay in a log that keeps everything."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from tocsin.comms.status import model, store
from tocsin.comms.status import subscriber as s
from tocsin.comms.status.mailing import CHANNELS
from tocsin.engine.journal import Draft, Transaction
from tocsin.engine.kinds import Tick
from tocsin.engine.model import SYSTEM, Actor, Command, micros, moment

_WAITS = int(s.WAITS.total_seconds() * 1_000_000)


class Subscribers:
    """The journal ``subscriber``. It keeps no index: it is asked rarely."""

    name = s.STREAM

    def __init__(self, dialect: str, allowed: Collection[str] = ()) -> None:
        """``allowed``: hosts inside that webhooks may reach."""
        self._dialect = dialect
        self._allowed = allowed

    def load(self, connection: Connection, now: datetime) -> None:
        """Nothing is kept in memory."""

    def draft(self, transaction: Transaction) -> Draft:
        """Begin the journal's share of a transaction."""
        return _Draft(self._dialect, transaction, self._allowed)


class _Draft:
    def __init__(self, dialect: str, transaction: Transaction, allowed: Collection[str]) -> None:
        self._allowed = allowed
        self._dialect = dialect
        self._transaction = transaction
        self._changed: dict[str, s.Row | None] = {}
        self._unwritten: set[str] = set()
        self._now = micros(transaction.now)

    def take(self, entry: Any) -> dict[str, Any]:
        """Take somebody in who wants to be told, or carry out what somebody says of a subscriber.

        Raises:
            Refused: it cannot be.

        """
        if isinstance(entry, s.Manage):
            actor = Actor("person", entry.by) if entry.by else SYSTEM
            return self.command(entry.id, entry.command, actor)
        assert isinstance(entry, s.Subscribe)
        entry = s.checked(entry, self._allowed)
        digest = s.digest_of(entry.way, entry.address)
        known = next((row for row in self._changed.values() if row is not None and row.digest == digest), None)
        if known is None:
            stored = store.by_digest(self._transaction.connection, digest)
            known = stored if stored is not None and stored.id not in self._changed else None
        row, message = s.subscribed(known, entry, self._now)
        self._put(row.id, row, message)
        return {"subscriber": row.id, "new": known is None}

    def command(self, record: str, command: Command, actor: Actor) -> dict[str, Any]:
        """Carry out a command on a subscriber; the record "" is the journal itself, whose time it is to forget who never confirmed.

        Raises:
            Refused: it cannot be carried out.

        """
        if isinstance(command, Tick):
            for name in store.outdated(self._transaction.connection, self._now - _WAITS + 1):
                self._put(name, None, "")
            return {}
        row = self._row(record)
        if row is None:
            if isinstance(command, s.Leave | s.NoteSent | s.NoteFailed):
                return {"subscriber": record, "changed": False}
            raise s.gone()
        changed, message = s.after(row, command, self._now)
        if changed is None and actor.kind == "person":
            self._transaction.run(f"status_page:{model.PAGE}", model.NoteRemoved(record, row.way), actor)
        if changed != row:
            self._put(record, changed, message)
        return {"subscriber": record, "changed": changed != row, "state": changed.state if changed else "gone"}

    def _row(self, name: str) -> s.Row | None:
        return self._changed[name] if name in self._changed else store.by_id(self._transaction.connection, name)

    def _put(self, name: str, row: s.Row | None, message: str) -> None:
        if message and row is not None:
            channel = CHANNELS["email" if message == s.STOPPED else row.way]
            written = model.WriteToSubscriber(row.id, message, channel, row.written)
            self._transaction.run(f"status_page:{model.PAGE}", written, SYSTEM)
        self._changed[name] = row
        self._unwritten.add(name)

    def mark(self) -> Any:
        """Return how much was gathered so far."""
        return dict(self._changed), set(self._unwritten)

    def back_to(self, mark: Any) -> None:
        """Forget what was gathered after the mark."""
        self._changed, self._unwritten = mark if mark is not None else ({}, set())

    def flush(self) -> None:
        """Write what changed."""
        if self._unwritten:
            rows = [row for name in self._unwritten if (row := self._changed[name]) is not None]
            gone = [name for name in self._unwritten if self._changed[name] is None]
            store.write(self._transaction.connection, self._dialect, rows, gone)
            self._unwritten = set()

    def news(self) -> bool:
        """Tell nobody: no page that people look at lives of it."""
        return False

    def wake(self) -> datetime | None:
        """Return when the first who has not confirmed is forgotten."""
        self.flush()
        oldest = store.oldest_pending(self._transaction.connection)
        return None if oldest is None else moment(oldest + _WAITS)

    def committed(self) -> None:
        """There is no index to follow."""
