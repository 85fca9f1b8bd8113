"""What one transaction gathers before it is written: alerts as they will be, rows, changes of rows, events, requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from tocsin.alerts.drafting.undo import Undo
from tocsin.alerts.live import Live
from tocsin.alerts.model import ENDED
from tocsin.alerts.receipts import Receipt
from tocsin.alerts.store import AT, rows_of
from tocsin.engine.journal import Transaction
from tocsin.engine.model import micros

if TYPE_CHECKING:
    from tocsin.alerts.journal import Alerts

json_of: Final = msgspec.json.Encoder(enc_hook=str).encode


class Gathering:
    """Everything that is not written yet, laid over what the journal holds in memory. ``now`` is in microseconds since 1970 UTC."""

    def __init__(self, journal: Alerts, transaction: Transaction) -> None:
        self.journal = journal
        self.tx = transaction
        self.at = transaction.now
        self.now = micros(transaction.now)
        self.undo = Undo()
        self.begin()

    def begin(self) -> None:
        """Begin with nothing gathered."""
        journal = self.journal
        self.live: dict[str, dict[str, Live]] = {}
        """By scope and fingerprint."""
        self.by_id: dict[int, Live] = {}
        self.rows: dict[int, list[Any]] = {}
        self.updates: dict[int, dict[str, Any]] = {}
        self.touched: dict[int, tuple[int, int]] = {}
        """Alerts that were heard of again: how often they said the same, and when they expire now."""
        self.expiries: dict[int, int] = {}
        """The latter, of all that was written; for the index."""
        self.soonest = 0
        """The earliest moment at which one of these alerts expires."""
        self.events: list[tuple[Any, ...]] = []
        self.news = False
        """Whether anything but repeats was written."""
        self.receipts: list[Receipt] = []
        self.marks: list[tuple[Any, ...]] = []
        self.next_alert, self.next_receipt, self.next_group = journal.next_alert, journal.next_receipt, journal.next_group
        self.prune_at = journal.prune_at

    # -- alerts -----------------------------------------------------------------------------------

    def find(self, scope: str, fingerprint: str) -> Live | None:
        """Return the newest occurrence of an alert, as this transaction leaves it."""
        mine = self.live.get(scope)
        if mine is not None and (found := mine.get(fingerprint)) is not None:
            return found
        kept = self.journal.index.by_print.get(scope)
        return kept.get(fingerprint) if kept is not None else None

    def of(self, number: int) -> Live | None:
        """Return an alert by its number; None where it is not remembered."""
        return self.by_id.get(number) or self.journal.index.by_id.get(number)

    def all_live(self) -> list[Live]:
        """Return all alerts that are remembered."""
        return list((self.journal.index.by_id | self.by_id).values())

    def firing(self) -> list[int]:
        """Return the numbers of all alerts that fire."""
        return [live.id for live in self.all_live() if live.state != ENDED]

    def put(self, live: Live) -> None:
        """Keep an alert as it is from now on."""
        mine = self.live.get(live.scope)
        if mine is None:
            mine = self.live[live.scope] = {}
        self.undo.put(mine, live.fingerprint, live)
        self.undo.put(self.by_id, live.id, live)
        self._expires(live.expires)

    def touch(self, live: Live, expires: int, again: int = 1) -> None:
        """Count repeats, and remember when the alert expires now."""
        before = self.touched.get(live.id)
        self.undo.put(self.touched, live.id, (before[0] + again if before is not None else again, expires))
        self._expires(expires)

    def _expires(self, at: int) -> None:
        if at and (not self.soonest or at < self.soonest):
            self.soonest = at

    # -- rows -------------------------------------------------------------------------------------

    def row(self, number: int) -> list[Any]:
        """Return an alert's row as this transaction leaves it; nothing where there is none."""
        row = self.rows.get(number)
        if row is None:
            row = rows_of(self.tx.connection, [number]).get(number, [])
        changed = self.updates.get(number)
        if row and changed:
            row = list(row)
            for name, value in changed.items():
                row[AT[name]] = value
        return row

    def rows_by(self, numbers: list[int]) -> dict[int, list[Any]]:
        """Return the rows of several alerts."""
        found = {number: self.rows[number] for number in numbers if number in self.rows}
        return found | rows_of(self.tx.connection, [number for number in numbers if number not in found])

    def update(self, number: int, **values: Any) -> None:
        """Change columns of an alert's row."""
        row = self.rows.get(number)
        if row is not None:
            for name, value in values.items():
                self.undo.set(row, AT[name], value)
            return
        self.undo.put(self.updates, number, {**self.updates.get(number, {}), **values})

    def event(self, number: int, what: str, at: int, by: str, receipt: int, details: dict[str, Any]) -> None:
        """Write down what happened to an alert. by: who did it; empty for time and rules."""
        self.undo.add(self.events, (number, what, at, self.now, by, receipt, json_of(details).decode()))

    # -- the transaction --------------------------------------------------------------------------

    def mark(self) -> tuple[int, ...]:
        """Return a place to go back to."""
        return self.undo.mark(), self.next_alert, self.next_receipt, self.next_group

    def back_to(self, mark: tuple[int, ...]) -> None:
        """Forget what was gathered after a mark."""
        steps, self.next_alert, self.next_receipt, self.next_group = mark
        self.undo.back_to(steps)

    def write_alerts(self) -> None:
        """Write rows of alerts and what happened to them."""
        connection, store = self.tx.connection, self.journal.store
        self.news = self.news or bool(self.rows or self.updates or self.events)
        if self.rows:
            store.alerts.run(connection, list(self.rows.values()))
            self.rows = {}
        if self.updates:
            store.update(connection, self.updates)
            self.updates = {}
        if self.touched:
            touched = self.touched.items()
            store.seen.run(connection, [(number, self.now, expires or None, count) for number, (count, expires) in touched])
            self.expiries.update({number: expires for number, (_, expires) in touched})
            self.touched = {}
        if self.events:
            store.events.run(connection, self.events)
            self.events = []

    def write_receipts(self) -> None:
        """Write requests, and what was learnt of earlier ones."""
        connection, journal = self.tx.connection, self.journal
        if self.receipts:
            blocks = journal.packer.blocks(self.next_receipt - len(self.receipts), self.receipts)
            journal.store.blocks.run(connection, [(block["first"], block["count"], block["at"], block["body"]) for block in blocks])
            self.receipts = []
            self.prune_at = self.prune_at or self.now + journal.keep_receipts
        if self.marks:
            journal.store.marks.run(connection, self.marks)
            self.marks = []

    def committed(self) -> None:
        """Make what was written known to the journal's memory."""
        journal = self.journal
        journal.next_alert, journal.next_receipt, journal.next_group = self.next_alert, self.next_receipt, self.next_group
        for number in sorted(self.by_id):
            journal.index.put(self.by_id[number])
        for number, expires in self.expiries.items():
            live = journal.index.by_id.get(number)
            if live is not None and live.state != ENDED:  # heard of and ended in one transaction: it expires no more
                journal.index.move(live, expires)
        journal.prune_at = self.prune_at
        journal.forget(self.now)
        if self.by_id:
            journal.changed()
