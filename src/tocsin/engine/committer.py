"""The committer: one thread that takes every waiting command, decides, writes all rows together and commits once."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, case, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tocsin.engine import log, tables
from tocsin.engine.batch import Batch
from tocsin.engine.clock import Clock
from tocsin.engine.database import Database, upsert
from tocsin.engine.errors import Conflict, Refused, Unavailable
from tocsin.engine.kinds import Registry
from tocsin.engine.model import Actor, Command, Fact, micros

logger = logging.getLogger(__name__)

_MOST_AT_ONCE: Final = 256
_STATES_KEPT: Final = 2000
_KEEP_KEYS: Final = timedelta(hours=24)

Result = dict[str, Any]


@dataclass(slots=True)
class Submission:
    """A command that waits for its commit, or a plain write that joins the same transaction."""

    stream: str
    command: Command | None
    actor: Actor
    key: str = ""
    request: str = ""
    """A digest of the request, so that the same key with another request is refused."""
    write: Callable[[Connection], Result] | None = None
    journal: str = ""
    """The journal that takes ``entry``, instead of a record that takes a command."""
    entry: Any = None
    future: Future[Result] = field(default_factory=Future)
    waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[Result]] | None = None
    """Where a coroutine waits instead of a thread: all of one commit are told in one call to their loop."""


Answer = tuple[Submission, "Result | BaseException"]


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit changed; told to those who wait for timers, deliveries and the live feed."""

    facts: Sequence[Fact]
    timers: bool
    deliveries: bool


class Committer:
    """Owns the writer's connection. ``submit`` may be called from any thread."""

    def __init__(self, database: Database, registry: Registry, clock: Clock) -> None:
        self._database = database
        self._registry = registry
        self._clock = clock
        self._waiting: list[Submission] = []
        self._wake = threading.Condition()
        self._stopping = False
        self._cache: OrderedDict[str, tuple[Any, log.Head]] = OrderedDict()
        self.commits = 0
        """Transactions that were committed since the start."""
        self._listeners: list[Callable[[Committed], None]] = []
        self._row_statements: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._loop, name="committer", daemon=True)
        dialect = database.dialect
        # A head moves without touching the snapshot that stands beside it.
        self._heads = upsert(dialect, tables.streams, ("stream",), only=("version", "head"))
        self._timers = upsert(dialect, tables.timers, ("stream",))
        self._snapshots = (
            update(tables.streams)
            .where(tables.streams.c.stream == bindparam("of"))
            .values(snapshot=bindparam("snapshot"), snapshot_version=bindparam("snapshot_version"), fold_version=bindparam("fold_version"))
        )

    # -- for everybody ----------------------------------------------------------------------------

    def start(self) -> None:
        """Build the journals' indexes and start the thread."""
        self.load_journals()
        self._thread.start()

    def stop(self) -> None:
        """Finish what waits, then stop the thread."""
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    def listen(self, listener: Callable[[Committed], None]) -> None:
        """Call the listener after every commit, on the committer's thread; it must be quick."""
        self._listeners.append(listener)

    def submit(self, submission: Submission) -> Future[Result]:
        """Queue a command; its future is done once the command is on disk or refused."""
        with self._wake:
            if self._stopping:
                _tell([(submission, Unavailable("The server is stopping.", fix="Try again in a moment."))])
                return submission.future
            self._waiting.append(submission)
            self._wake.notify()
        return submission.future

    def state(self, stream: str) -> Any:
        """Return the committed state of a stream; None where it has no facts."""
        cached = self._cache.get(stream)
        if cached is not None:
            return cached[0] if cached[1].version else None
        with self._database.reading() as connection:
            state, head = log.load(connection, self._registry, stream)
        return state if head.version else None

    # -- the thread -------------------------------------------------------------------------------

    def _loop(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._stopping:
                    self._wake.wait()
                if not self._waiting:
                    return
                taken, self._waiting = self._waiting[:_MOST_AT_ONCE], self._waiting[_MOST_AT_ONCE:]
            self._commit(taken)

    def _commit(self, submissions: list[Submission]) -> None:
        try:
            self._transact(submissions)
        except SQLAlchemyError as error:
            self._reload()
            if len(submissions) > 1:
                logger.warning("a batch of %d could not be written, trying one by one: %s", len(submissions), error)
                for submission in submissions:
                    self._commit([submission])
                return
            self._cache.clear()
            _tell([(submissions[0], _unavailable(error))])
        except Exception as error:  # the thread must outlive any defect, and its callers must hear of it
            self._cache.clear()
            self._reload()
            if len(submissions) > 1:
                for submission in submissions:
                    self._commit([submission])
                return
            logger.exception("a command failed in a way that nobody foresaw: %r", submissions[0].command)
            _tell([(submissions[0], error)])

    def _reload(self) -> None:
        """Have the journals build their indexes anew: another node may have written, or a draft failed half way."""
        with suppress(SQLAlchemyError):  # a database that is gone is noticed by the next transaction
            self.load_journals()

    def load_journals(self) -> None:
        """Build the indexes of all journals from their rows."""
        if self._registry.journals:
            with self._database.reading() as connection:
                for journal in self._registry.journals.values():
                    journal.load(connection, self._clock.now())

    def _transact(self, submissions: list[Submission]) -> None:
        answers: list[Answer] = []
        with self._database.writing() as connection:
            now = self._clock.now()
            batch = Batch(self._registry, connection, self._cache, now)
            known = self._known_keys(connection, [s.key for s in submissions if s.key])
            new_keys = []
            for submission in sorted(submissions, key=_journals_first) if self._registry.journals else submissions:
                try:
                    if submission.journal:
                        answers.append((submission, batch.draft(submission.journal).take(submission.entry)))
                        continue
                    if batch.drafts:
                        batch.flush()
                    if submission.key and submission.key in known:
                        answers.append((submission, _repeat(submission, *known[submission.key])))
                        continue
                    if submission.write is not None:
                        result = submission.write(connection)
                    else:
                        assert submission.command is not None
                        result = batch.run(submission.stream, submission.command, submission.actor, submission.key)
                    answers.append((submission, result))
                except Refused as refusal:
                    answers.append((submission, refusal))
                    continue
                if submission.key:
                    text = msgspec.json.encode(result).decode()
                    known[submission.key] = (submission.request, text)
                    new_keys.append({"key": submission.key, "request": submission.request, "result": text, "at": micros(now)})
            batch.flush()
            timers = self._write(connection, batch, new_keys)
        for draft in batch.drafts.values():
            draft.committed()
        for name, record in batch.streams.items():
            self._cache[name] = (record.state, record.head)
            self._cache.move_to_end(name)
        for name, _ in batch.redacted:
            self._cache.pop(name, None)  # the state was folded with what is gone; the next reader folds it anew
        while len(self._cache) > _STATES_KEPT:
            self._cache.popitem(last=False)
        self.commits += 1
        _tell(answers)
        committed = Committed(batch.new_facts, timers, bool(batch.deliveries))
        for listener in self._listeners:
            try:
                listener(committed)
            except Exception:  # what is committed and answered stays so, whoever could not be told of it
                logger.exception("a listener failed")

    def _known_keys(self, connection: Connection, keys: list[str]) -> dict[str, tuple[str, str]]:
        if not keys:
            return {}
        table = tables.idempotency
        rows = connection.execute(select(table.c.key, table.c.request, table.c.result).where(table.c.key.in_(keys)))
        return {row.key: (row.request, row.result) for row in rows}

    def _write(self, connection: Connection, batch: Batch, new_keys: list[dict[str, Any]]) -> bool:
        """Write everything that the batch gathered, one statement per table; tell whether a timer changed."""
        if batch.fact_rows:
            connection.execute(insert(tables.facts), batch.fact_rows)
            connection.execute(self._heads, batch.head_rows())
            if snapshots := batch.snapshot_rows():
                connection.execute(self._snapshots, snapshots)
        if batch.deliveries:
            connection.execute(insert(tables.deliveries), batch.deliveries)
        if batch.refused:
            connection.execute(insert(tables.refusals), batch.refused)
        if new_keys:
            connection.execute(insert(tables.idempotency), new_keys)
        self._write_rows(connection, batch)
        for stream, version in batch.redacted:
            _redact(connection, stream, version)
        woken = [(name, record.due) for name, record in batch.streams.items() if record.woken]
        for name, draft in batch.drafts.items():
            due = draft.wake()
            woken.append((f"{name}:", None if due is None else micros(due)))
        if set_timers := [{"stream": name, "due_at": due} for name, due in woken if due is not None]:
            connection.execute(self._timers, set_timers)
        if gone := [name for name, due in woken if due is None]:
            connection.execute(delete(tables.timers).where(tables.timers.c.stream.in_(gone)))
        return bool(woken)

    def _write_rows(self, connection: Connection, batch: Batch) -> None:
        by_table: dict[str, list[dict[str, Any]]] = {}
        for write in batch.rows.values():
            table = tables.metadata.tables[write.table]
            if write.values is None:
                keys = zip(table.primary_key.columns, write.key, strict=True)
                connection.execute(delete(table).where(*(column == value for column, value in keys)))
            else:
                by_table.setdefault(write.table, []).append(dict(write.values))
        for name, rows in by_table.items():
            statement = self._row_statements.get(name)
            if statement is None:
                table = tables.metadata.tables[name]
                statement = upsert(self._database.dialect, table, tuple(column.name for column in table.primary_key.columns))
                self._row_statements[name] = statement
            connection.execute(statement, rows)

    def sweep(self) -> Future[Result]:
        """Forget idempotency keys that are older than they are promised to be kept; the future is done once they are gone."""
        oldest = micros(self._clock.now() - _KEEP_KEYS)

        def write(connection: Connection) -> Result:
            connection.execute(delete(tables.idempotency).where(tables.idempotency.c.at < oldest))
            return {}

        return self.submit(Submission("", None, Actor("system", "tocsin"), write=write))


def _journals_first(submission: Submission) -> bool:
    return not submission.journal


def _tell(answers: Sequence[Answer]) -> None:
    """Give every caller its answer; those who wait in an event loop hear of it in one call."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Result], Result | BaseException]]] = {}
    for submission, answer in answers:
        if submission.waiter is not None:
            loops.setdefault(submission.waiter[0], []).append((submission.waiter[1], answer))
        elif isinstance(answer, BaseException):
            submission.future.set_exception(answer)
        else:
            submission.future.set_result(answer)
    for loop, waiting in loops.items():
        with suppress(RuntimeError):  # the loop was closed meanwhile; nobody waits any more
            loop.call_soon_threadsafe(_tell_waiters, waiting)


def _tell_waiters(waiting: Sequence[tuple[asyncio.Future[Result], Result | BaseException]]) -> None:
    for future, answer in waiting:
        if future.done():  # the caller went away
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _redact(connection: Connection, stream: str, version: int) -> None:
    """Take a fact's content and salt away, and every copy that the engine made of it: snapshots, messages, kept answers."""
    facts, deliveries = tables.facts, tables.deliveries
    record = stream.partition(":")[2]
    connection.execute(update(facts).where(facts.c.stream == stream, facts.c.version == version).values(body=None, salt=None))
    connection.execute(update(tables.streams).where(tables.streams.c.stream == stream).values(snapshot=None, snapshot_version=0))
    connection.execute(
        update(deliveries)
        .where(deliveries.c.stream == stream, deliveries.c.key.like(f"{record}:{version}:%"))
        .values(body="{}", sent=None, state=case((deliveries.c.state == "waiting", "redacted"), else_=deliveries.c.state)),
    )
    connection.execute(delete(tables.idempotency))


def _repeat(submission: Submission, request: str, result: str) -> Result:
    if request != submission.request:
        raise Conflict(
            "This Idempotency-Key was used with another request.",
            fix="Send a new key for a new command.",
            field="Idempotency-Key",
        )
    repeated: Result = msgspec.json.decode(result)
    return repeated


def _unavailable(error: SQLAlchemyError) -> Unavailable:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return Unavailable(f"Nothing was written: {cause}.", fix="Free some disk space or mend the database, then send the same command again.")
