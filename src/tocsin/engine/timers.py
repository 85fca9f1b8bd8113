"""Wake records when their time comes: a heap in memory over the table of next due times. Nothing polls."""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import select

from tocsin.engine import tables
from tocsin.engine.clock import Clock
from tocsin.engine.committer import Committer, Result, Submission
from tocsin.engine.database import Database
from tocsin.engine.kinds import Tick
from tocsin.engine.model import SYSTEM, Actor, micros, moment
from tocsin.engine.worker import Worker

logger = logging.getLogger(__name__)

_AGAIN: Final = 0.01
"""Seconds after which a tick that failed, or changed nothing, is tried again; twice as long each time it fails."""
_LONGEST_AGAIN: Final = 5.0
_LONGEST_REST: Final = 5.0
"""Seconds: the machine's clock may be set, or have slept, while the thread waits."""
_LOOK_AGAIN: Final = 60.0
"""Seconds after which the table is searched for due times that memory does not know, for whatever reason."""
_SWEEP_EVERY: Final = timedelta(hours=1)

_TIMER: Final = Actor("system", SYSTEM.id, via="timer")


class Lateness(msgspec.Struct):
    """By how much records were woken late, from when they were due to when what they decided was on disk. Seconds."""

    count: int = 0
    total: float = 0.0
    most: float = 0.0


class Timers(Worker):
    """Sends a ``Tick`` to every record whose due time has come, to all of them together. On a virtual clock only ``run_due`` does anything."""

    def __init__(self, database: Database, committer: Committer, clock: Clock) -> None:
        super().__init__("timers", clock)
        self._database = database
        self._committer = committer
        self._swept: datetime | None = None
        self._lock = threading.Condition()
        self._due: dict[str, int] = {}
        self._heap: list[tuple[int, str]] = []
        self._ticking: set[str] = set()
        self._missed: set[str] = set()
        """Records that fell due once more while they were being woken."""
        self._done_since_start = 0
        self._failed: dict[str, tuple[int, float]] = {}
        """Records whose tick did not help: how often in a row, and when to try again (monotonic seconds)."""
        self._lateness = Lateness()
        self._looked = time.monotonic()

    def start(self) -> None:
        """Learn all due times, then begin."""
        table = tables.timers
        with self._database.reading() as connection:
            rows = [(int(due), str(stream)) for stream, due in connection.execute(select(table.c.stream, table.c.due_at))]
        with self._lock:
            for due, stream in rows:
                if stream not in self._due:  # what a commit has said meanwhile is newer
                    self._due[stream] = due
                    self._heap.append((due, stream))
            heapq.heapify(self._heap)
        super().start()

    def handle(self, changed: Iterable[tuple[str, int | None]]) -> None:
        """Take the due times that a commit changed; called on the committer's thread."""
        earliest: int | None = None
        with self._lock:
            for stream, due in changed:
                self._failed.pop(stream, None)
                if due is None:
                    self._due.pop(stream, None)
                elif self._due.get(stream) != due:
                    self._due[stream] = due
                    heapq.heappush(self._heap, (due, stream))
                    earliest = due if earliest is None else min(earliest, due)
            if len(self._heap) > 2 * len(self._due) + 1000:  # mostly what was replaced
                self._heap = [(due, stream) for stream, due in self._due.items()]
                heapq.heapify(self._heap)
        if earliest is not None and not self._clock.virtual:
            self.wake_by(time.monotonic() + (earliest - micros(self._clock.now())) / 1e6)

    def next_due(self) -> datetime | None:
        """Return the earliest due time of all records."""
        with self._lock:
            due = self._next()
        return None if due is None else moment(due)

    def lateness(self) -> Lateness:
        """Return how late records were woken since the start."""
        with self._lock:
            return msgspec.structs.replace(self._lateness)

    def run_due(self) -> int:
        """Tick every record that is due now, wait until it is on disk, and return how many that was. One that fails stays due."""
        if (sweeping := self._sweep()) is not None:
            sweeping.exception()  # what follows may count on it
        self._look_again()
        with self._lock:
            before = self._done_since_start
        self._begin()
        with self._lock:
            begun = set(self._ticking)
            while not begun.isdisjoint(self._ticking):
                self._lock.wait(0.05)
            return self._done_since_start - before

    def work(self) -> bool:
        """Begin the ticks that are due."""
        self._sweep()
        if time.monotonic() - self._looked >= _LOOK_AGAIN:
            self._look_again()
        self._begin()
        return False

    def rest(self) -> float:
        """Return the seconds until the next due time."""
        with self._lock:
            due = self._next()
            again = min((at for _, at in self._failed.values()), default=None)
        waits = [_LONGEST_REST]
        if due is not None:
            waits.append((due - micros(self._clock.now())) / 1e6)
        if again is not None:
            waits.append(again - time.monotonic())
        return max(0.0, min(waits))

    # -- what is due ---------------------------------------------------------------------------------

    def _next(self) -> int | None:
        """Return the earliest due time of a record that is not being woken already."""
        while self._heap and self._due.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _begin(self) -> None:
        """Submit a tick for everything that is due, all together."""
        now = micros(self._clock.now())
        found: dict[str, int] = {}
        with self._lock:
            while (due := self._next()) is not None and due <= now:
                _, stream = heapq.heappop(self._heap)
                if stream in self._ticking:
                    self._missed.add(stream)
                else:
                    found[stream] = due
            if self._failed and not self._clock.virtual:
                instant = time.monotonic()
                for stream in [stream for stream, (_, at) in self._failed.items() if at <= instant]:
                    if stream not in self._ticking and (again := self._due.get(stream)) is not None and again <= now:
                        found[stream] = again
                    self._failed[stream] = (self._failed[stream][0], instant + _LONGEST_AGAIN)
            self._ticking.update(found)
        submissions = [Submission(stream, Tick(), _TIMER, patient=True) for stream in found]
        if submissions:
            self._committer.submit_all(submissions)
            for submission in submissions:
                submission.future.add_done_callback(partial(self._done, submission.stream, found[submission.stream]))

    def _done(self, stream: str, was_due: int, future: Future[Result]) -> None:
        """Hear that a tick is on disk, or failed; called on the committer's thread."""
        error = future.exception()
        with self._lock:
            self._ticking.discard(stream)
            if not self._ticking:
                self._lock.notify_all()
            due = self._due.get(stream)
            if error is None:
                late = max(0.0, (micros(self._clock.now()) - was_due) / 1e6)
                self._done_since_start += 1
                self._lateness.count += 1
                self._lateness.total += late
                self._lateness.most = max(self._lateness.most, late)
            if due is not None and (self._clock.virtual or due > was_due):
                if due <= was_due or stream in self._missed:
                    heapq.heappush(self._heap, (due, stream))
            elif due is not None:  # it is due still: it is tried again, but not in a tight circle
                times = self._failed.get(stream, (0, 0.0))[0] + 1
                again = time.monotonic() + (min(_LONGEST_AGAIN, _AGAIN * 2**times) if error is not None else _AGAIN)
                self._failed[stream] = (times, again)
                self.wake_by(again)
            self._missed.discard(stream)
        if error is not None:
            self.troubles += 1
            logger.error("the timer of %s failed, and is tried again: %s", stream, error)

    def _look_again(self) -> None:
        """Learn due times that stand in the table alone. One that a commit has changed meanwhile costs a tick that changes nothing."""
        self._looked = time.monotonic()
        table = tables.timers
        due_now = select(table.c.stream, table.c.due_at).where(table.c.due_at <= micros(self._clock.now()))
        with self._database.reading() as connection:
            rows = [(str(stream), int(due)) for stream, due in connection.execute(due_now)]
        with self._lock:
            for stream, due in rows:
                if self._due.get(stream) != due and stream not in self._ticking:
                    self._due[stream] = due
                    heapq.heappush(self._heap, (due, stream))

    # -- housekeeping --------------------------------------------------------------------------------

    def _sweep(self) -> Future[Result] | None:
        """Have old idempotency keys forgotten, now and then; return what is under way."""
        now = self._clock.now()
        if self._swept is not None and now - self._swept < _SWEEP_EVERY:
            return None
        self._swept = now
        sweeping = self._committer.sweep()
        sweeping.add_done_callback(_swept)
        return sweeping


def _swept(future: Future[Result]) -> None:
    if (error := future.exception()) is not None:
        logger.warning("old idempotency keys could not be forgotten; that is tried again in an hour: %s", error)
