"""The alerts' share of one transaction, as the committer asks for it: requests in, commands, rows out. See ``engine.journal.Draft``."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from tocsin.alerts import commands as c
from tocsin.alerts.arrival import Arrived, Marked, Several, Taken
from tocsin.alerts.changes.model import noted
from tocsin.alerts.decide import FUTURE_LEEWAY
from tocsin.alerts.drafting.gathering import Gathering, json_of
from tocsin.alerts.drafting.joining import INTAKE, Joining
from tocsin.alerts.drafting.occurring import Occurring
from tocsin.alerts.drafting.quieting import Quieting
from tocsin.alerts.group_commands import LinkGroup, UnlinkGroup
from tocsin.alerts.live import scope_of
from tocsin.alerts.model import ENDED, Outcome, Signal, alert_id, number_of, receipt_id, receipt_number
from tocsin.alerts.proofs.model import asking
from tocsin.alerts.reading import Note, Reading
from tocsin.alerts.receipts import Receipt
from tocsin.alerts.store import AT, prune_receipts
from tocsin.engine.chance import fresh
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.journal import Transaction
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Actor, Command, micros, moment

if TYPE_CHECKING:
    from tocsin.alerts.journal import Alerts

logger = logging.getLogger(__name__)

_PRUNE_EVERY: Final = 24 * 3600 * 1_000_000
"""Microseconds between two times that old requests are forgotten."""


class Draft:
    """What one transaction gathers."""

    def __init__(self, journal: Alerts, transaction: Transaction) -> None:
        self._g = Gathering(journal, transaction)
        self._joining = Joining(self._g)
        self._quieting = Quieting(self._g, self._joining)
        self._occurring = Occurring(self._g, self._joining, self._quieting)

    # -- requests ---------------------------------------------------------------------------------

    def take(self, entry: Any) -> Any:
        """Take a request or several, or what was learnt of one later."""
        if isinstance(entry, Several):
            return [self._arrive(arrived) for arrived in entry.arrived]
        if isinstance(entry, Marked):
            self._g.undo.add(self._g.marks, (entry.receipt, int(entry.verified), entry.note))
            return {}
        assert isinstance(entry, Arrived)
        return self._arrive(entry)

    def _arrive(self, arrived: Arrived) -> Taken:
        g = self._g
        number = g.next_receipt
        g.next_receipt = number + 1
        reading = arrived.reading
        outcomes: tuple[Outcome, ...] = ()
        notes = arrived.notes
        if arrived.rejected is None:
            signals = reading.signals
            if arrived.strict and reading.proof is not None:
                outcomes = tuple(Outcome("held", "its signature is checked first", one.title, one.fingerprint) for one in signals)
            elif len(signals) == 1:
                outcomes = (self._occurring.signal(arrived, signals[0], number),)
            elif signals:
                outcomes = self._signals(arrived, signals, number)
            if reading.changes or reading.notes:
                notes = (*notes, *self._beside(arrived, reading, number))
            if reading.proof is not None or reading.handshake is not None:
                notes = (*notes, *self._ask_for_proof(arrived, reading, number))
        kept = Receipt(
            g.now, arrived.source, arrived.key, arrived.sender, arrived.media, arrived.body, outcomes, arrived.status, arrived.rejected,
            reading.ignored, reading.event, arrived.verified, notes,
        )  # fmt: skip
        g.undo.add(g.receipts, kept)
        return Taken(number, outcomes)

    def _signals(self, arrived: Arrived, signals: Sequence[Signal], receipt: int) -> tuple[Outcome, ...]:
        """Take the alerts of one request in their order: one that ends and fires again in it fires. A mere repeat in it counts once."""
        last: dict[str, tuple[Signal, Outcome]] = {}
        outcomes: list[Outcome] = []
        for signal in signals:
            known = last.get(signal.fingerprint)
            if known is not None and (why := _said_already(known[0], signal)):
                outcomes.append(Outcome("unchanged", why, signal.title, signal.fingerprint, known[1].alert, known[1].group))
                continue
            outcome = self._occurring.signal(arrived, signal, receipt)
            last[signal.fingerprint] = (signal, outcome)
            outcomes.append(outcome)
        return tuple(outcomes)

    def _ask_for_proof(self, arrived: Arrived, reading: Reading, receipt: int) -> list[str]:
        """Have a signature checked, or an address confirmed, outside the transaction."""
        asked = asking(reading, receipt_id(receipt), arrived.source, arrived.key, arrived.service, strict=arrived.strict)
        failure = self._g.tx.attempt(f"proof:{asked.receipt}", asked, INTAKE) if asked is not None else None
        if asked is None or failure is None:
            return []
        logger.error("the signature of %s cannot be checked", asked.receipt, exc_info=failure)
        return [f"its signature cannot be checked: {failure}"]

    def _beside(self, arrived: Arrived, reading: Reading, receipt: int) -> list[str]:
        """Write down what is no alert: changes that were made, and what another tool's people wrote."""
        told: list[str] = []
        for change in reading.changes:
            name = f"C-{fresh()}{fresh()}"
            failure = self._g.tx.attempt(
                f"change:{name}", noted(change, receipt_id(receipt)), Actor("sender", arrived.source, via="intake")
            )
            told.append(f"written down as change {name}" if failure is None else f"a change was refused: {failure}")
        told += [self._note(arrived, note, receipt) for note in reading.notes]
        return told

    def _note(self, arrived: Arrived, note: Note, receipt: int) -> str:
        live = self._g.find(scope_of(arrived.source, arrived.key), note.subject)
        if live is None:
            return f"a note on {note.subject}, which is no alert here"
        at = micros(note.at) if note.at is not None else self._g.now
        self._g.event(live.id, "note", min(at, self._g.now), note.by or arrived.source, receipt, {"text": note.text})
        return f"a note on {alert_id(live.id)}"

    # -- commands ---------------------------------------------------------------------------------

    def command(self, record: str, command: Command, actor: Actor) -> dict[str, Any]:
        """Carry out a command on an alert, or on the journal itself (the record "").

        Raises:
            NotFound: there is no such alert.
            Refused: nobody is named, or the time lies in the future.

        """
        if not record:
            return self._of_all(command, actor)
        number = number_of(record)
        row = self._g.row(number) if number is not None else []
        if number is None or not row:
            raise NotFound(f"There is no alert {record}.", fix="Check the id; `tocsin alert list` shows them.")
        match command:
            case c.AcknowledgeAlert():
                return self._acknowledge(number, row, command, actor)
            case c.ResolveAlert():
                return self._resolve(number, command, actor)
            case c.LinkTo():
                return self._link(number, row, command.incident, actor)
            case c.UnlinkFrom():
                return self._unlink(number, row, command, actor)
            case _:
                raise Refused(f"An alert does not know {type(command).__name__}.")

    def _of_all(self, command: Command, actor: Actor) -> dict[str, Any]:
        match command:
            case Tick():
                self._tick()
            case c.Tell():
                body = json_of({"source": command.source, "signals": command.signals})
                arrived = Arrived(command.source, Reading(command.signals), body, sender=actor.via or actor.id, media="application/json")
                return self._arrive(arrived).answer()
            case c.MarkReceipt():
                self._marked(command)
            case c.LookAtGroup():
                self._joining.look(command.group)
            case c.EndGroup():
                return {"ended": self._end_group(command)}
            case c.LookAgain():
                self._quieting.take_over(command.record)
            case _:
                raise Refused(f"Alerts do not know {type(command).__name__}.")
        return {}

    def _marked(self, command: c.MarkReceipt) -> None:
        """Write down what was learnt of a request, and take in those of its alerts that waited for it."""
        number = receipt_number(command.receipt)
        if number is None:
            raise NotFound(f"There is no receipt {command.receipt}.", fix="Check the id; GET /api/v1/receipts lists them.")
        arrived = Arrived(command.source, key=command.key, service=command.service)
        outcomes = self._signals(arrived, command.signals, number)
        told = [f"{alert_id(one.alert)} {one.what}" if one.alert else one.what for one in outcomes]
        note = f"{command.note} Let through: {', '.join(told)}." if told else command.note
        self._g.undo.add(self._g.marks, (number, int(command.verified), note))

    def _acknowledge(self, number: int, row: list[Any], command: c.AcknowledgeAlert, actor: Actor) -> dict[str, Any]:
        if command.person is None and actor.kind != "person":
            raise Refused(
                "An acknowledgement needs a named person.", fix="Send it as a person (--as NAME), or give `person`.", field="person"
            )
        taken_at, taken_by = row[AT["acknowledged_at"]], row[AT["acknowledged_by"]]
        groups = str(row[AT["grp"]]).split()
        cause = self._joining.cause(groups[0]) if taken_at is None and groups and row[AT["state"]] != ENDED else None
        if cause is not None and cause.taken_at:  # whoever is on the group is on its alerts
            taken_at, taken_by = cause.taken_at, cause.taken_by
        if taken_at is not None:
            return _acknowledged(number, taken_by, moment(taken_at), changed=False)
        who, at = command.person or actor.id, self._past(command.at)
        live = self._g.of(number)
        if live is not None and live.state != ENDED:
            self._occurring.take_up(live, who, at, 0)
        else:
            self._occurring.note_taken(number, who, at, 0)
        return _acknowledged(number, who, at, changed=True)

    def _resolve(self, number: int, command: c.ResolveAlert, actor: Actor) -> dict[str, Any]:
        at = self._past(command.at)
        live = self._g.of(number)
        fires = live is not None and live.state != ENDED
        if live is not None and fires:
            self._occurring.end(live, micros(at), actor.id, 0, command.why)
        return {"alert": alert_id(number), "changed": fires}

    def _past(self, at: datetime | None) -> datetime:
        """Return a moment that has come, by the clock of whoever names it."""
        now = self._g.at
        at = at or now
        if at > now + FUTURE_LEEWAY:
            raise Refused(
                f"{at:%Y-%m-%d %H:%M:%S} UTC has not come yet; it is {now:%H:%M:%S} UTC.", fix="Leave `at` out for now.", field="at",
            )  # fmt: skip
        return min(at, now)

    def _link(self, number: int, row: list[Any], incident: str, actor: Actor) -> dict[str, Any]:
        before = str(row[AT["incidents"]])
        if incident not in before.split():
            incidents = f"{before or ' '}{incident} "
            self._g.update(number, incidents=incidents)
            self._g.event(number, "linked", self._g.now, actor.id, 0, {"incident": incident})
            if (live := self._g.of(number)) is not None:
                now = live.copy()
                now.incidents = tuple(incidents.split())
                self._g.put(now)
            for name in str(row[AT["grp"]]).split():
                self._g.tx.attempt(f"group:{name}", LinkGroup(incident), actor)
                self._joining.look(name)
        return {"alert": alert_id(number), "incident": incident}

    def _unlink(self, number: int, row: list[Any], command: c.UnlinkFrom, actor: Actor) -> dict[str, Any]:
        left = [name for name in str(row[AT["incidents"]]).split() if name != command.incident]
        if len(left) < len(str(row[AT["incidents"]]).split()):
            incidents = f" {' '.join(left)} " if left else ""
            self._g.update(number, incidents=incidents)
            self._g.event(number, "unlinked", self._g.now, actor.id, 0, {"incident": command.incident})
            if (live := self._g.of(number)) is not None:
                now = live.copy()
                now.incidents = tuple(left)
                self._g.put(now)
            for name in str(row[AT["grp"]]).split():
                self._g.tx.attempt(f"group:{name}", UnlinkGroup(command.incident), actor)
                self._joining.look(name)
        return {"alert": alert_id(number), "incident": command.incident}

    def _end_group(self, command: c.EndGroup) -> int:
        ended = 0
        for live in self._g.all_live():
            if live.state != ENDED and command.group in live.group.split():
                self._occurring.end(live, micros(command.at), command.by, 0, f"{command.group} was ended")
                ended += 1
        self._joining.look(command.group)
        return ended

    # -- time -------------------------------------------------------------------------------------

    def _tick(self) -> None:
        g = self._g
        for live in g.journal.index.expired(g.now):
            now = g.find(live.scope, live.fingerprint) or live
            touched = g.touched.get(live.id)
            expires = touched[1] if touched is not None else now.expires
            if now.id == live.id and now.state != ENDED and 0 < expires <= g.now:
                self._occurring.end(now, expires, "", 0, "nothing was heard of it any more")
        self._quieting.on_time()
        if 0 < g.prune_at <= g.now:
            oldest = prune_receipts(g.tx.connection, g.now - g.journal.keep_receipts)
            g.prune_at = max(oldest + g.journal.keep_receipts, g.now + _PRUNE_EVERY) if oldest else 0

    def wake(self) -> datetime | None:
        """Return when the journal next wants to act."""
        g, quieting = self._g, self._quieting
        if quieting.again or quieting.rules_changed:
            return g.at
        moments = [at for at in (g.prune_at, g.soonest, g.journal.index.next_expiry(), quieting.next_change()) if at]
        return moment(min(moments)) if moments else None

    # -- the transaction --------------------------------------------------------------------------

    def mark(self) -> Any:
        """Return how much was gathered so far."""
        quieting = self._quieting
        return self._g.mark(), list(quieting.again), quieting.muting, quieting.changed, quieting.rules_changed

    def back_to(self, mark: Any) -> None:
        """Forget what was gathered after the mark."""
        quieting = self._quieting
        if mark is None:
            self._g.undo.forget()
            self._g.begin()
            self._joining.begin()
            quieting.begin()
            return
        gathered, quieting.again, quieting.muting, quieting.changed, quieting.rules_changed = mark
        self._g.back_to(gathered)

    def flush(self) -> None:
        """Tell the groups, and write what was gathered."""
        self._joining.tell_all()
        self._g.write_alerts()
        self._g.write_receipts()
        self._g.undo.forget()

    def news(self) -> bool:
        """Tell whether an alert is new, changed or has something more in its history."""
        return self._g.news

    def committed(self) -> None:
        """Make what was written known to the journal."""
        self._g.committed()
        self._joining.committed()
        self._quieting.committed()


def _acknowledged(number: int, who: str, at: datetime, *, changed: bool) -> dict[str, Any]:
    return {"alert": alert_id(number), "acknowledged_by": who, "acknowledged_at": at.isoformat(), "changed": changed}


def _said_already(before: Signal, signal: Signal) -> str:
    """Return why a request says nothing new where it names an alert once more; an empty text where it does."""
    if before.status == signal.status:
        return f"the request names it twice; its first word ({before.status}) counts"
    ended, began = signal.ends_at, before.starts_at
    if signal.status == ENDED and before.status == "firing" and ended is not None and began is not None and ended < began:
        return "that end is older than the beginning that the request names before it"
    return ""
