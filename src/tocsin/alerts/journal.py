"""The journal of alerts: rows with integer ids, the live ones in memory, and the records that say what becomes of them kept at hand.

What the memory holds changes only after a commit (``Draft.committed``), and is built anew from the rows at the start and after a commit that
failed. Routes, silences, maintenance windows, inhibitions, intake keys, services and playbooks are records; the journal hears of their facts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from tocsin.alerts import keys as k
from tocsin.alerts import store as s
from tocsin.alerts.causes import Cause, Causes
from tocsin.alerts.door import Door
from tocsin.alerts.drafting.draft import Draft
from tocsin.alerts.inhibition import Inhibitions
from tocsin.alerts.live import Index, Live, scope_of
from tocsin.alerts.model import ENDED
from tocsin.alerts.muting import Muting
from tocsin.alerts.receipts import Packer
from tocsin.alerts.route_model import ROUTES, SaveRoutes
from tocsin.alerts.routes.queries import Services
from tocsin.alerts.routing import Catalogue, compile_routes
from tocsin.alerts.tally import Tally
from tocsin.engine import log, tables
from tocsin.engine.database import Database
from tocsin.engine.journal import Transaction
from tocsin.engine.kinds import Registry
from tocsin.engine.model import Reader, micros
from tocsin.engine.runtime import Runtime
from tocsin.engine.submissions import Committed

logger = logging.getLogger(__name__)

REMEMBERED: Final = timedelta(hours=6)
"""How long an alert that has ended is remembered, so that the same one is recognised when it fires again."""
KEEP_RECEIPTS: Final = timedelta(days=30)
"""How long requests are kept, unless a setting says otherwise."""
_QUIET: Final = ("silence", "maintenance")
_HEARD: Final = ("routes", "silence", "maintenance", "inhibitions", "intake_key", "service", "playbook")
_labels: Final = msgspec.json.Decoder(dict[str, str])


class Alerts:
    """The journal ``alert``. Its drafts run on the committer's thread; keys may be looked up from any."""

    name = "alert"

    def __init__(self, database: Database, services: Services, first_routes: SaveRoutes, keep_receipts: timedelta = KEEP_RECEIPTS) -> None:
        """first_routes: those that hold until ``routes:main`` says otherwise."""
        self._database = database
        self._services = services
        self._first_routes = first_routes
        self._registry: Registry | None = None
        self._state: Callable[[str], Any] = lambda _stream: None
        self._tell: Callable[[list[tuple[str, int]]], None] | None = None
        self.store = s.Store(database.dialect)
        self.packer = Packer()
        self.door = Door()
        self.keep_receipts = micros_of(keep_receipts)
        self.router = compile_routes(first_routes)
        self.keys: Mapping[bytes, k.IntakeKey] = {}
        """Intake keys by the digests of their secrets; replaced as a whole, so that any thread may look."""
        self._keys: dict[str, k.IntakeKey] = {}
        self._empty()

    def _empty(self) -> None:
        self.index = Index()
        self.causes = Causes()
        self.tally = Tally()
        self.muting = Muting()
        self.mutes_at: datetime | None = None
        """When a silence or window next begins or ends."""
        self.again: list[int] = []
        """Alerts whose silences are to be judged again."""
        self.next_alert = self.next_receipt = self.next_group = 1
        self.prune_at = 0
        """When old requests are next forgotten; 0: there are none."""
        self.count_again = False
        """Whether the rules of inhibition have changed, so that the tallies are to be made anew."""

    def wire(self, runtime: Runtime) -> None:
        """Learn where records are read, and hear of every commit."""
        self._registry = runtime.registry
        self._state = runtime.committer.state
        self._tell = runtime.feed.publish
        runtime.committer.listen(self._committed)

    def draft(self, transaction: Transaction) -> Draft:
        """Begin the journal's share of a transaction."""
        if self.count_again:
            self.count_again = False
            self._count(transaction.connection)
            self.again = list(dict.fromkeys([*self.again, *(live.id for live in self.index if live.state != ENDED)]))
        return Draft(self, transaction)

    def catalogue(self, reader: Reader) -> Catalogue:
        """Return what finds services within a transaction."""
        services = self._services
        return lambda name: services.find(name, reader)

    def forget(self, now: int) -> None:
        """Forget alerts that ended long ago."""
        self.index.forget(now - micros_of(REMEMBERED))

    def changed(self) -> None:
        """Tell open pages that alerts have changed."""
        if self._tell is not None:
            self._tell([(f"{self.name}:", 0)])

    # -- building what is in memory ---------------------------------------------------------------

    def load(self, connection: Connection, now: datetime) -> None:
        """Build everything anew from the rows and the records."""
        self._empty()
        self._services.forget()
        alert, receipt, group = s.numbers(connection)
        self.next_alert, self.next_receipt, self.next_group = alert + 1, receipt + 1, group + 1
        for row in s.live_rows(connection, micros(now) - micros_of(REMEMBERED)):
            self.index.put(_live(row))
        for row in s.group_rows(connection):
            self.causes.put(_cause(row))
        self._load_records(connection, now)
        self._count(connection)
        oldest = s.oldest_receipt(connection)
        self.prune_at = oldest + self.keep_receipts if oldest else 0
        # A silence may have begun or ended while nothing ran, or in a transaction that came to nothing; the journal's due time, which was
        # written with what went before, has passed then, and its tick judges these again.
        muting = self.muting
        judged = bool(muting.silences or muting.plans or muting.inhibitor.rules)
        self.again = [live.id for live in self.index if live.state != ENDED and (judged or live.muted)]

    def _load_records(self, connection: Connection, now: datetime) -> None:
        registry = self._registry
        if registry is None:
            return

        def all_of(kind: str) -> list[Any]:
            if kind not in registry.kinds:
                return []
            names = connection.execute(select(tables.streams.c.stream).where(tables.streams.c.stream.like(f"{kind}:%"))).scalars()
            return [log.load(connection, registry, name)[0] for name in list(names)]

        self._keys = {key.id: key for key in all_of("intake_key")}
        self.keys = k.by_digest(self._keys.values())
        routes = [one for one in all_of("routes") if one.id == ROUTES and one.version]
        self.router = compile_routes(routes[0].saved if routes else self._first_routes)
        rules: list[Inhibitions] = all_of("inhibitions")
        self.muting = Muting.of(all_of("silence"), all_of("maintenance"), rules[0] if rules else None).living(now)
        self.mutes_at = self.muting.next_change(now)

    def _count(self, connection: Connection) -> None:
        """Make the tallies of inhibition anew."""
        self.tally = Tally()
        inhibitor = self.muting.inhibitor
        if not inhibitor.rules:
            return
        numbers = [live.id for live in self.index if live.state != ENDED]
        for number, row in s.rows_of(connection, numbers).items():
            subject = s.subject_of(row)
            for key in inhibitor.source_keys(subject):
                self.tally.change(added=True, of_sources=True, key=key, number=number)
            for key in inhibitor.target_keys(subject):
                self.tally.change(added=True, of_sources=False, key=key, number=number)

    # -- hearing of records -----------------------------------------------------------------------

    def _committed(self, committed: Committed) -> None:
        """Take over the records that a commit has changed. Those that keep alerts quiet come by the journal's own commands, in their commit."""
        changed = {fact.stream for fact in committed.facts if fact.stream.partition(":")[0] in _HEARD}
        for stream in changed:
            match stream.partition(":")[0]:
                case "routes":
                    self.router = compile_routes(self._state(stream).saved)
                case "intake_key":
                    key: k.IntakeKey = self._state(stream)
                    self._keys[key.id] = key
                    self.keys = k.by_digest(self._keys.values())
                case "service" | "playbook":
                    self._services.forget()
                case _:
                    pass

    def all_keys(self) -> list[k.IntakeKey]:
        """Return all intake keys, by their ids."""
        return [key for _, key in sorted(self._keys.items())]

    def key(self, id_: str) -> k.IntakeKey | None:
        """Return an intake key by its id."""
        return self._keys.get(id_)


def micros_of(span: timedelta) -> int:
    """Return a span in microseconds."""
    return span // timedelta(microseconds=1)


def _live(row: Any) -> Live:
    (
        number, source, key, fingerprint, state, content, told, started, ended, group, muted, incidents, fired, taken, expires, seen_expires, repeats,
    ) = row  # fmt: skip
    if repeats is not None:
        expires = seen_expires
    return Live(
        number, scope_of(source, key), fingerprint, state, content, told or 0, started, (expires or 0) if state != ENDED else 0, group, muted,
        tuple(incidents.split()), ended or 0, fired, acknowledged=taken is not None,
    )  # fmt: skip


def _cause(row: Any) -> Cause:
    cause = Cause(row.number, row.key, row.opened_at)
    cause.firing, cause.muted, cause.total = row.firing, row.muted, row.total
    cause.last, cause.changed, cause.ended = row.last_at, row.changed_at, row.ended_at or 0
    cause.taken_at, cause.taken_by, cause.closed = row.acknowledged_at or 0, row.acknowledged_by, bool(row.closed)
    return cause
