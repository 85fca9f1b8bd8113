"""The committer: one thread that takes every waiting command, decides, writes all rows together and commits once."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tocsin.engine import log, tables
from tocsin.engine.batch import Batch, View
from tocsin.engine.clock import Clock
from tocsin.engine.database import Database
from tocsin.engine.errors import Refused, Unavailable
from tocsin.engine.kinds import Registry
from tocsin.engine.model import SYSTEM, micros
from tocsin.engine.seen import Seen
from tocsin.engine.submissions import Answer, Committed, Result, Submission, repeat, tell, unavailable
from tocsin.engine.writer import Writer

__all__ = ["Committed", "Committer", "Result", "Submission"]

logger = logging.getLogger(__name__)

_FEWEST_AT_ONCE: Final = 64
_MOST_AT_ONCE: Final = 2000
_AT_FIRST: Final = 256
_LONGEST: Final = 0.04
"""Seconds that a transaction should last at most, for everybody else waits for it."""
_STATES_KEPT: Final = 20_000
_FACTS_KEPT: Final = 150_000
"""Facts that the states in memory were folded from, in sum: many small records stay, or few large ones."""
_KEEP_KEYS_MICROS: Final = 24 * 3600 * 1_000_000

_keys = select(tables.idempotency.c.key, tables.idempotency.c.request, tables.idempotency.c.result).where(
    tables.idempotency.c.key.in_(bindparam("keys", expanding=True))
)


class Committer:
    """Owns the writer's connection. ``submit`` may be called from any thread."""

    def __init__(self, database: Database, registry: Registry, clock: Clock) -> None:
        self._database = database
        self._registry = registry
        self._clock = clock
        self._writer = Writer(database.dialect)
        self._waiting: deque[Submission] = deque()
        self._patient: deque[Submission] = deque()
        self._wake = threading.Condition()
        self._stopping = False
        self._cache: OrderedDict[str, tuple[Any, log.Head]] = OrderedDict()
        self._folded = 0
        """Facts that the states of the cache were folded from."""
        self._seen = Seen()
        self.commits = 0
        """Transactions that were committed since the start."""
        self._listeners: list[Callable[[Committed], None]] = []
        self._at_once = _AT_FIRST
        self._committing = False
        """Whether the transaction under way has begun to commit: then nobody knows what a failure left."""
        self._thread = threading.Thread(target=self._loop, name="committer", daemon=True)

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
        self.submit_all((submission,))
        return submission.future

    def submit_all(self, submissions: Sequence[Submission]) -> None:
        """Queue several, which are taken together as far as a transaction goes."""
        with self._wake:
            if not self._stopping:
                for submission in submissions:
                    (self._patient if submission.patient else self._waiting).append(submission)
                self._wake.notify()
                return
        tell([(submission, Unavailable("The server is stopping.", fix="Try again in a moment.")) for submission in submissions])

    def state(self, stream: str) -> Any:
        """Return the committed state of a stream; None where it has no facts."""
        cached = self._cache.get(stream)
        if cached is not None:
            return cached[0] if cached[1].version else None
        seen = self._seen.get(stream)
        if seen is not None:
            return seen[0] if seen[1] else None
        turn = self._seen.turn
        with self._database.reading() as connection:
            state, head = log.load(connection, self._registry, stream)
        self._seen.keep(turn, stream, state, head.version)
        return state if head.version else None

    # -- the thread -------------------------------------------------------------------------------

    def _loop(self) -> None:
        while True:
            with self._wake:
                while not self._waiting and not self._patient and not self._stopping:
                    self._wake.wait()
                if not self._waiting and not self._patient:
                    return
                taken = self._take()
            begin = time.perf_counter()
            self._commit(taken)
            self._adapt(len(taken), time.perf_counter() - begin)

    def _take(self) -> list[Submission]:
        """Take what one transaction can hold: half of it is the patient's while others wait, the whole where nobody does."""
        patient = min(len(self._patient), max(self._at_once // 2, self._at_once - len(self._waiting)))
        others = min(len(self._waiting), self._at_once - patient)
        return [self._waiting.popleft() for _ in range(others)] + [self._patient.popleft() for _ in range(patient)]

    def _adapt(self, taken: int, seconds: float) -> None:
        """Let the next transactions hold as much as this machine does in the time that others can wait."""
        if taken >= self._at_once // 2:
            fitting = int(taken * _LONGEST / max(seconds, 1e-6))
            self._at_once = max(_FEWEST_AT_ONCE, min(_MOST_AT_ONCE, (self._at_once + fitting) // 2))

    def _commit(self, submissions: list[Submission], *, again: bool = False) -> None:
        try:
            self._transact(submissions)
        except Exception as error:  # the thread must outlive any defect, and its callers must hear of it
            written = isinstance(error, SQLAlchemyError)
            self._cache.clear()
            self._folded = 0
            self._seen.clear()
            if self._committing or not written or isinstance(error, IntegrityError):
                self._reload()
            if len(submissions) > 1:
                logger.warning("a batch of %d could not be written, trying its halves: %s", len(submissions), error)
                half = len(submissions) // 2
                self._commit(submissions[:half])
                self._commit(submissions[half:])
            elif isinstance(error, IntegrityError) and not again:
                # Another node has written what this one remembered otherwise; it remembers nothing now, and looks at the rows.
                self._commit(submissions, again=True)
            elif isinstance(error, SQLAlchemyError):
                tell([(submissions[0], unavailable(error))])
            else:
                logger.exception("a command failed in a way that nobody foresaw: %r", submissions[0].command)
                tell([(submissions[0], error)])

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
        self._committing = False
        with self._database.writing() as connection:
            now = self._clock.now()
            batch = Batch(self._registry, connection, self._cache, now)
            answers, new_keys = self._decide(connection, batch, submissions)
            batch.flush()
            committed = self._writer.write(connection, batch, new_keys)
            self._committing = True
        self._keep(batch)
        self.commits += 1
        for listener in self._listeners:
            try:
                listener(committed)
            except Exception:  # what is committed stays so, whoever could not be told of it
                logger.exception("a listener failed")
        tell(answers)

    def _decide(self, connection: Connection, batch: Batch, submissions: list[Submission]) -> tuple[list[Answer], list[dict[str, Any]]]:
        """Carry out everything in memory, entries of journals first; return the answers, and the keys that are new."""
        answers: list[Answer] = []
        new_keys: list[dict[str, Any]] = []
        known = self._known_keys(connection, [s.key for s in submissions if s.key])
        batch.load(_streams(submissions))
        view = View(batch)
        for submission in sorted(submissions, key=_journals_first) if self._registry.journals else submissions:
            try:
                if submission.journal:
                    answers.append((submission, batch.draft(submission.journal).take(submission.entry)))
                    continue
                if batch.drafts:
                    batch.flush()
                if submission.key and submission.key in known:
                    answers.append((submission, repeat(submission, *known[submission.key])))
                    continue
                if submission.write is not None:
                    result = submission.write(connection)
                elif submission.work is not None:
                    result = submission.work(view)
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
                new_keys.append({"key": submission.key, "request": submission.request, "result": text, "at": micros(batch.now)})
        return answers, new_keys

    def _keep(self, batch: Batch) -> None:
        """Make what was committed known to the journals' indexes and to the states in memory."""
        for name, draft in batch.drafts.items():
            try:
                draft.committed()
            except Exception:  # the rows are on disk: the index follows them, and nobody is told otherwise
                logger.exception("the index of %s could not follow its rows and is built anew", name)
                self._reload()
        for name, record in batch.streams.items():
            before = self._cache.get(name)
            self._folded += record.head.version - (before[1].version if before is not None else 0)
            self._cache[name] = (record.state, record.head)
            self._cache.move_to_end(name)
        self._seen.forget(batch.streams)
        while len(self._cache) > _STATES_KEPT or self._folded > _FACTS_KEPT:
            self._folded -= self._cache.popitem(last=False)[1][1].version

    def _known_keys(self, connection: Connection, keys: list[str]) -> dict[str, tuple[str, str]]:
        if not keys:
            return {}
        return {row.key: (row.request, row.result) for row in connection.execute(_keys, {"keys": keys})}

    def sweep(self) -> Future[Result]:
        """Forget idempotency keys that are older than they are promised to be kept; the future is done once they are gone."""
        oldest = micros(self._clock.now()) - _KEEP_KEYS_MICROS

        def write(connection: Connection) -> Result:
            connection.execute(delete(tables.idempotency).where(tables.idempotency.c.at < oldest))
            return {}

        return self.submit(Submission("", None, SYSTEM, write=write, patient=True))


def _journals_first(submission: Submission) -> bool:
    return not submission.journal


def _streams(submissions: Sequence[Submission]) -> list[str]:
    """Return the streams that these will want first."""
    wanted: list[str] = []
    for submission in submissions:
        if submission.command is not None:
            wanted.append(submission.stream)
        wanted += submission.loads
    return wanted
