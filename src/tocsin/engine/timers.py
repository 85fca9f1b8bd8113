"""Wake records when their time comes: the next due times are rows; nothing polls faster than it must."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select

from tocsin.engine import tables
from tocsin.engine.clock import Clock
from tocsin.engine.committer import Committer, Submission
from tocsin.engine.database import Database
from tocsin.engine.kinds import Tick
from tocsin.engine.model import SYSTEM, Actor, micros, moment
from tocsin.engine.worker import LONGEST_REST, Worker

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 500
_AGAIN: Final = 0.01
"""Seconds: a tick that failed is due still, and must not be tried in a tight circle."""
_SWEEP_EVERY: Final = timedelta(hours=1)

_TIMER: Final = Actor("system", SYSTEM.id, via="timer")


class Timers(Worker):
    """Sends a ``Tick`` to every record whose due time has come. On a virtual clock only ``run_due`` does anything."""

    def __init__(self, database: Database, committer: Committer, clock: Clock) -> None:
        super().__init__("timers", clock)
        self._database = database
        self._committer = committer
        self._swept: datetime | None = None

    def next_due(self) -> datetime | None:
        """Return the earliest due time of all records."""
        with self._database.reading() as connection:
            due = connection.execute(select(func.min(tables.timers.c.due_at))).scalar()
        return None if due is None else moment(int(due))

    def run_due(self) -> int:
        """Tick every record that is due now, wait until it is on disk, and return how many that was. One that fails stays due."""
        self._sweep()
        now = micros(self._clock.now())
        table = tables.timers
        with self._database.reading() as connection:
            due = list(
                connection.execute(select(table.c.stream).where(table.c.due_at <= now).order_by(table.c.due_at).limit(_AT_ONCE)).scalars()
            )
        waiting = [(stream, self._committer.submit(Submission(stream, Tick(), _TIMER))) for stream in due]
        done = 0
        for stream, future in waiting:
            error = future.exception()
            if error is None:
                done += 1
            else:
                self.troubles += 1
                logger.error("the timer of %s failed, and is tried again: %s", stream, error)
        return done

    def _sweep(self) -> None:
        """Have old idempotency keys forgotten, now and then."""
        now = self._clock.now()
        if self._swept is None or now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            if (error := self._committer.sweep().exception()) is not None:
                logger.warning("old idempotency keys could not be forgotten; that is tried again in an hour: %s", error)

    def work(self) -> bool:
        """Tick what is due; tell whether anything was."""
        return self.run_due() > 0

    def rest(self) -> float:
        """Return the seconds until the next due time; a little where a tick that was due could not be done."""
        due = self.next_due()
        return LONGEST_REST if due is None else max(_AGAIN, (due - self._clock.now()).total_seconds())
