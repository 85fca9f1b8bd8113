"""The groups that alerts join in one transaction: found or opened, counted, and told once at its end."""

from __future__ import annotations

import logging
from typing import Any, Final

import msgspec

from tocsin.alerts.causes import Cause
from tocsin.alerts.drafting.gathering import Gathering
from tocsin.alerts.group_commands import NoteAlerts
from tocsin.alerts.group_model import Lead, lead_of, opening_of
from tocsin.alerts.matchers import Subject
from tocsin.alerts.model import Body, alert_id
from tocsin.alerts.routing import Catalogue, Routed, group_labels
from tocsin.alerts.store import AT, lead_row, subject_of, untold
from tocsin.engine.model import Actor, moment

logger = logging.getLogger(__name__)

INTAKE: Final = Actor("system", "alerts", via="intake")
_body: Final = msgspec.json.Decoder(Body)


class Joining:
    """Groups as this transaction sees them."""

    def __init__(self, gathering: Gathering) -> None:
        self._g = gathering
        self.catalogue: Catalogue = gathering.journal.catalogue(gathering.tx)
        self.begin()

    def begin(self) -> None:
        """Begin with no group touched."""
        self._causes: dict[str, Cause] = {}
        self._keys: dict[str, str] = {}
        self.dirty: dict[str, None] = {}
        """Groups whose counts have changed."""

    def cause(self, name: str) -> Cause | None:
        """Return a group by its id; None where it is over and has no alert that fires."""
        cause = self._causes.get(name)
        if cause is None:
            kept = self._g.journal.causes.by_id.get(name)
            if kept is None:
                return None
            cause = kept.copy()
            self._g.undo.put(self._causes, name, cause)
        if cause.mind is None:
            cause.look(self._g.tx.state(f"group:{name}"))
        return cause

    def over(self, name: str) -> str:
        """Have a group that wants to hear of mere repeats hear of one; return the incident that is over, or nothing where it wants none.

        Costs one look into a dictionary for every other group.
        """
        kept = self._causes.get(name) or self._g.journal.causes.by_id.get(name)
        if kept is None or kept.still is False:
            return ""
        cause = self.cause(name)
        if cause is None or not cause.still:
            return ""
        self._g.undo.keep(cause)
        cause.again = True
        self.moved(cause)
        group = self._g.tx.state(f"group:{name}")
        return str(group.incident) if group is not None else ""

    def of_key(self, key: str) -> Cause | None:
        """Return the group that an alert with this key joins; None where one is to be opened."""
        name = self._keys.get(key) or self._g.journal.causes.by_key.get(key)
        cause = self.cause(name) if name is not None else None
        if cause is None or cause.mind is None:
            return None
        return cause if cause.opening is not None or cause.mind.joins(self._g.at) else None

    def open(self, routed: Routed, subject: Subject) -> Cause:
        """Open a group; its record hears of it at the end of the transaction."""
        g = self._g
        cause = Cause(g.next_group, routed.key, g.now)
        g.next_group += 1
        cause.look(None)
        cause.opening = opening_of(routed, group_labels(routed, subject))
        after = routed.handling.resolve_after
        cause.fires_for = int(after.total_seconds() * 1_000_000) if after is not None else 0
        g.undo.put(self._causes, cause.id, cause)
        g.undo.put(self._keys, routed.key, cause.id)
        return cause

    def moved(self, cause: Cause) -> None:
        """Remember that a group's counts have changed."""
        if cause.id not in self.dirty:
            self._g.undo.put(self.dirty, cause.id, None)

    def look(self, name: str) -> None:
        """See how a group's record stands, to write that down with its counts."""
        cause = self.cause(name)
        if cause is None:
            return
        self._g.undo.keep(cause)
        if cause.opening is None:
            cause.look(self._g.tx.state(f"group:{name}"))
        self.moved(cause)

    def tell_all(self) -> None:
        """Tell every group that wants to hear of it how its alerts stand, and write down the counts."""
        counted: dict[str, Cause] = {}
        if self.dirty:
            self._g.write_alerts()  # what follows from a group's page may look for its alerts
        while self.dirty:  # what a group does may touch another
            names = list(self.dirty)
            self.dirty.clear()
            for name in names:
                cause = self.cause(name)
                if cause is not None:
                    self._tell(cause)
                    counted[name] = cause
        if counted:
            self._g.journal.store.counts.run(self._g.tx.connection, [cause.row() for cause in counted.values()])

    def _tell(self, cause: Cause) -> None:
        if not cause.must_tell():
            return
        if cause.lead is None and (cause.firing or cause.muted):
            self._g.write_alerts()  # the row to look for may be among those that wait
            row = lead_row(self._g.tx.connection, cause.id, muted=not cause.firing)
            cause.lead = self._lead_from(row) if row is not None else None
        note = NoteAlerts(
            cause.firing, cause.muted, tuple(cause.came), cause.lead, cause.loudest if cause.firing else None, cause.opening, cause.mute, cause.how,
            cause.again,
        )  # fmt: skip
        cause.came = []
        cause.again = False
        failure = self._g.tx.attempt(f"group:{cause.id}", note, INTAKE)
        if failure is None:
            cause.opening = None
        else:  # the alerts are kept all the same, the group is told with the next of them, and the pager's watch calls the last resort
            logger.error("%s could not be told of its alerts", cause.id, exc_info=failure)
            untold(self._g.tx.connection, cause.id, f"{type(failure).__name__}: {failure}", self._g.now)
        cause.look(self._g.tx.state(f"group:{cause.id}"))

    def _lead_from(self, row: list[Any]) -> Lead:
        subject = subject_of(row)
        routed = self._g.journal.router.route(subject, self.catalogue(subject.service), self.catalogue)[0]
        body = _body.decode(row[AT["body"]])
        return lead_of(
            alert_id(row[0]), routed, title=row[AT["title"]], level=row[AT["level"]], severity=row[AT["severity"]], value=body.value,
            threshold=body.threshold, summary=body.summary, started_at=moment(row[AT["started_at"]]), labels=dict(subject.labels), links=body.links,
        )  # fmt: skip

    def committed(self) -> None:
        """Make the counts known to the journal's memory."""
        for cause in self._causes.values():
            self._g.journal.causes.put(cause.settled())
