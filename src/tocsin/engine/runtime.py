"""What a running installation is made of, and the two things every handler does with it: commit a command, read a state."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import Connection

from tocsin.engine import limits, log
from tocsin.engine.access import Rule, behind
from tocsin.engine.clock import Clock, VirtualClock
from tocsin.engine.committer import Committed, Committer, Result, Submission
from tocsin.engine.database import Database
from tocsin.engine.decoding import work_out_types
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.feed import Feed
from tocsin.engine.journal import Transaction
from tocsin.engine.kinds import Follow, Registry
from tocsin.engine.model import SYSTEM, Actor, Command, Fact, Reader, moment
from tocsin.engine.outbox import Outbox
from tocsin.engine.ports import Channel, Renderer
from tocsin.engine.seen import LongRecords
from tocsin.engine.sessions import Sessions
from tocsin.engine.timers import Timers
from tocsin.engine.worker import Worker

T = TypeVar("T")
_ADMIN_TOKEN: Final = "admin_token"  # noqa: S105 (the name of a setting)
_MOST_ROUNDS: Final = 10_000


class Runtime:
    """One running installation. Made by ``app.build``; ``start`` and ``stop`` bracket its life."""

    def __init__(
        self, database: Database, registry: Registry, clock: Clock, channels: Mapping[str, Channel], render: Renderer,
        on_failure: Callable[[str, str, str, str], Follow | None],
        on_sent: Callable[[str, str, str, str], Follow | None] = lambda _stream, _key, _channel, _receipt: None,
        on_retry: Callable[[str, str, str, str, datetime], Follow | None] = lambda _stream, _key, _channel, _why, _due: None,
        rule: Rule | None = None,
    ) -> None:  # fmt: skip
        self.database = database
        self.registry = registry
        self.clock = clock
        self.channels = channels
        self.committer = Committer(database, registry, clock)
        self.timers = Timers(database, self.committer, clock)
        self.outbox = Outbox(database, self.committer, clock, channels, render, on_failure, on_sent, on_retry)
        self.feed = Feed()
        self.workers: list[Worker] = []
        """Threads of packages that live as long as the installation runs; the first one starts first."""
        self._advancing = threading.Lock()
        self._admin_digest: str | None = None
        self._rule = rule
        self._kept: dict[str, Any] = {}
        self._long = LongRecords()
        self.sessions = Sessions(database, self.write, self.write_later, lambda: self._admin() or "")
        self.committer.listen(self._committed)

    def start(self) -> None:
        """Start the committer, timers and outbox."""
        work_out_types()
        self.committer.start()
        self.timers.start()
        self.outbox.start()
        for worker in self.workers:
            worker.start()

    def stop(self) -> None:
        """Stop in reverse order; what was accepted is on disk before this returns."""
        for worker in reversed(self.workers):
            worker.stop()
        self.outbox.stop()
        self.timers.stop()
        self.committer.stop()
        self.database.close()

    def _committed(self, committed: Committed) -> None:
        if committed.timers:
            self.timers.handle(committed.timers)
        if committed.deliveries or committed.withdrawn:
            self.outbox.handle(committed)
        if committed.facts or committed.news:
            self.feed.publish([*((fact.stream, fact.version) for fact in committed.facts), *((f"{name}:", 0) for name in committed.news)])

    # -- commands ---------------------------------------------------------------------------------

    async def commit(self, kind: str, record: str, command: Command, actor: Actor, key: str = "", request: str = "") -> Result:
        """Carry out a command and return its result once it is on disk.

        Raises:
            Refused: it cannot be carried out; nothing was written.

        """
        command = limits.checked(command)
        if behind() is not None and actor.kind != "system":
            actor = await self.glance(self._allowed, kind, record, command, actor)
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Result] = loop.create_future()
        self.committer.submit(Submission(f"{kind}:{record}", command, actor, key, request, waiter=(loop, waiter)))
        return await waiter

    async def enter(self, journal: str, entry: Any) -> Result:
        """Have a journal take an entry, and return its answer once it is on disk.

        Raises:
            Refused: it cannot be taken; nothing was written.

        """
        loop = asyncio.get_running_loop()
        waiter: asyncio.Future[Result] = loop.create_future()
        self.committer.submit(Submission("", None, SYSTEM, journal=journal, entry=entry, waiter=(loop, waiter)))
        return await waiter

    def commit_now(self, kind: str, record: str, command: Command, actor: Actor, key: str = "") -> Result:
        """Carry out a command from a thread that may wait."""
        command = limits.checked(command)
        if actor.kind != "system":
            actor = self._allowed(kind, record, command, actor)
        return self.committer.submit(Submission(f"{kind}:{record}", command, actor, key)).result()

    def write(self, write: Callable[[Connection], Result]) -> Result:
        """Change plain rows in a transaction of the committer's, from a thread that may wait; return what the function returns.

        Raises:
            Refused: the function refused; nothing was written.

        """
        return self.committer.submit(Submission("", None, SYSTEM, write=write)).result()

    def write_later(self, write: Callable[[Connection], Result]) -> None:
        """The same without waiting, when there is time for it."""
        self.committer.submit(Submission("", None, SYSTEM, write=write, patient=True))

    def transact(self, work: Callable[[Transaction], Result], key: str = "", request: str = "") -> Result:
        """Run commands and change plain rows in one transaction, from a thread that may wait.

        Nobody is asked whether they may: the caller has seen to it.

        Raises:
            Refused: a part was refused. The work looks at everything that can refuse before it writes.

        """
        return self.committer.submit(Submission("", None, SYSTEM, key, request, work=work)).result()

    def transact_later(self, work: Callable[[Transaction], Result]) -> None:
        """The same without waiting, when there is time for it."""
        self.committer.submit(Submission("", None, SYSTEM, work=work, patient=True))

    def kept(self, name: str, make: Callable[[], Any]) -> Any:
        """Return something that lives as long as this installation runs, made when it is first asked for."""
        found = self._kept.get(name)
        return found if found is not None else self._kept.setdefault(name, make())

    def _allowed(self, kind: str, record: str, command: Command, actor: Actor) -> Actor:
        """Return the actor as the facts shall show it.

        Raises:
            NotAllowed: whoever is behind the work may not have this command carried out on this record.

        """
        by = behind()
        if by is None or self._rule is None:
            return actor
        configures = self._rule(by[0], kind, record, command, self.committer.state)
        return msgspec.structs.replace(actor, address=by[1]) if configures and by[1] else actor

    # -- reading ----------------------------------------------------------------------------------

    async def glance(self, read: Callable[..., T], *given: Any) -> T:
        """Read a row or two: here where the database is in this process, for to change threads costs more; in a thread where a network lies between."""
        return read(*given) if self.database.dialect == "sqlite" else await asyncio.to_thread(read, *given)

    def state(self, kind: str, record: str) -> Any:
        """Return the state of a record.

        Raises:
            NotFound: there is no such record.

        """
        found = self.committer.state(f"{kind}:{record}")
        if found is None:
            raise NotFound(f"There is no {kind} {record}.", fix="Check the id.")
        return found

    def facts(self, kind: str, record: str, after: int = 0, versions: Sequence[int] | None = None) -> list[Fact]:
        """Return the facts of a record in recorded order, after the given version; or those with these versions, in ascending order."""
        with self.database.reading() as connection:
            stream = f"{kind}:{record}"
            if versions is not None:
                return log.read_some(connection, self.registry, stream, versions)
            if after:
                return list(log.read_facts(connection, self.registry, stream, after))
            known = self._long.get(stream, log.version_of(connection, stream))
            if known is None:
                known = list(log.read_facts(connection, self.registry, stream))
                self._long.keep(stream, known)
            return known

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Read states and rows outside a command."""
        with self.database.reading() as connection:
            yield _Reader(self, connection)

    # -- time -------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Run what is due and send what waits, until nothing is left to do at this moment."""
        for _ in range(_MOST_ROUNDS):
            if not self.timers.run_due() + self.outbox.drain():
                return
        raise Refused("Timers and deliveries did not come to rest.", fix="Report this with the log: some duty sets itself again and again.")

    def advance(self, to: datetime, *, hold: bool = False) -> datetime:
        """Move a virtual clock to a later moment, stopping on the way at every due timer and at every message that is tried again.

        hold: stand at that moment before what falls due in it, so that people can act first; it happens when the clock next moves.

        Raises:
            Refused: the clock is the machine's.

        """
        clock = self.clock
        if not isinstance(clock, VirtualClock):
            raise Refused("This server's clock is the machine's own.", fix="Start it with --virtual-clock to move the time.")
        with self._advancing:
            if not hold or to > clock.now():
                self.settle()
            for _ in range(_MOST_ROUNDS):
                due = self._next_due()
                if due is None or due > to or (hold and due == to):
                    break
                clock.set(due)
                self.settle()
            clock.set(to)
            if hold:
                self.outbox.drain()
            else:
                self.settle()
        return clock.now()

    def _next_due(self) -> datetime | None:
        waiting = self.outbox.next_due()
        moments = [due for due in (self.timers.next_due(), None if waiting is None else moment(waiting)) if due is not None]
        return min(moments, default=None)

    # -- the first token --------------------------------------------------------------------------

    def first_token(self) -> str | None:
        """Return a new administrator's token at the very first start, None later; only its digest is kept."""
        if self.database.setting(_ADMIN_TOKEN) is not None:
            return None
        token = f"tocsin_{secrets.token_urlsafe(24)}"
        self.set_token(token)
        return token

    def set_token(self, token: str) -> None:
        """Replace the administrator's token."""
        self._admin_digest = _digest(token)
        self.database.keep_setting(_ADMIN_TOKEN, self._admin_digest)

    def is_admin_token(self, token: str) -> bool:
        """Tell whether this is the administrator's token."""
        kept = self._admin()
        return kept is not None and secrets.compare_digest(kept, _digest(token))

    def _admin(self) -> str | None:
        if self._admin_digest is None:
            self._admin_digest = self.database.setting(_ADMIN_TOKEN)
        return self._admin_digest


class _Reader:
    def __init__(self, runtime: Runtime, connection: Connection) -> None:
        self._runtime = runtime
        self._connection = connection
        self.now = runtime.clock.now()

    def state(self, stream: str) -> Any:
        return self._runtime.committer.state(stream)

    def rows(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        return list(self._connection.execute(statement, parameters or {}))

    def row(self, table: str, key: tuple[Any, ...]) -> Mapping[str, Any] | None:
        return log.read_row(self._connection, table, key)

    def fact(self, stream: str, version: int) -> Fact | None:
        return log.read_fact(self._connection, self._runtime.registry, stream, version)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
