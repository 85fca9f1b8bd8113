"""Wake records when their time comes: the next due times are rows; nothing polls faster than it must."""

from __future__ import annotations

import logging
import threading
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from tocsin.engine import tables
from tocsin.engine.clock import Clock
from tocsin.engine.committer import Committer, Submission
from tocsin.engine.database import Database
from tocsin.engine.kinds import Tick
from tocsin.engine.model import SYSTEM, Actor, micros, moment

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 500
_LONGEST_WAIT: Final = 60.0

_TIMER: Final = Actor("system", SYSTEM.id, via="timer")


class Timers:
    """Sends a ``Tick`` to every record whose due time has come. On a virtual clock only ``run_due`` does anything."""

    def __init__(self, database: Database, committer: Committer, clock: Clock) -> None:
        self._database = database
        self._committer = committer
        self._clock = clock
        self._changed = threading.Condition()
        self._dirty = True
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name="timers", daemon=True)

    def start(self) -> None:
        """Start waiting for due times, on a clock that runs by itself."""
        if not self._clock.virtual:
            self._thread.start()

    def stop(self) -> None:
        """Stop waiting."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def changed(self) -> None:
        """Say that a due time may have changed."""
        with self._changed:
            self._dirty = True
            self._changed.notify()

    def next_due(self) -> datetime | None:
        """Return the earliest due time of all records."""
        with self._database.reading() as connection:
            due = connection.execute(select(func.min(tables.timers.c.due_at))).scalar()
        return None if due is None else moment(int(due))

    def run_due(self) -> int:
        """Tick every record that is due now, wait until it is on disk, and return how many there were."""
        now = micros(self._clock.now())
        table = tables.timers
        with self._database.reading() as connection:
            due = list(
                connection.execute(select(table.c.stream).where(table.c.due_at <= now).order_by(table.c.due_at).limit(_AT_ONCE)).scalars()
            )
        waiting = [self._committer.submit(Submission(stream, Tick(), _TIMER)) for stream in due]
        for future in waiting:
            error = future.exception()
            if error is not None:
                logger.error("a timer failed: %s", error)
        return len(due)

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._dirty = False
                if self._stopping:
                    return
            ran = self.run_due()
            if ran:
                continue
            due = self.next_due()
            wait = _LONGEST_WAIT if due is None else min(_LONGEST_WAIT, max(0.0, (due - self._clock.now()).total_seconds()))
            with self._changed:
                if not self._dirty and not self._stopping:
                    self._changed.wait(wait)
