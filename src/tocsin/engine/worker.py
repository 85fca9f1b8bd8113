"""A thread that works when there is something to do and otherwise waits until exactly then. Nothing that goes wrong ends it."""

from __future__ import annotations

import logging
import math
import threading
import time
from abc import ABC, abstractmethod
from typing import Final

from tocsin.engine.clock import Clock

logger = logging.getLogger(__name__)

LONGEST_REST: Final = 60.0
"""Seconds after which a worker looks again, whatever it was told."""
_AFTER_TROUBLE: Final = 1.0


class Worker(ABC):
    """Base of the timers and the outbox. On a virtual clock the thread does not run: whoever moves the clock does the work."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._dirty = True
        self._planned = math.inf
        """When the thread looks next (monotonic seconds); infinite while it works, so that whoever comes then makes it look again."""
        self._stopping = False
        self._thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self.troubles = 0
        """How often the work failed in a way that nobody foresaw; shown by ``/metrics``."""

    @abstractmethod
    def work(self) -> bool:
        """Do what is due; tell whether there may be more at once."""

    @abstractmethod
    def rest(self) -> float:
        """Return for how many seconds there will be nothing to do."""

    def start(self) -> None:
        """Start the thread, on a clock that runs by itself."""
        if not self._clock.virtual:
            self._thread.start()

    def stop(self) -> None:
        """Stop after the piece of work under way."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def changed(self) -> None:
        """Say that there may be something to do."""
        with self._changed:
            self._dirty = True
            self._changed.notify()

    def wake_by(self, at: float) -> None:
        """Say that there will be something to do at a moment (monotonic seconds). The thread itself need not say so."""
        if at >= self._planned or threading.current_thread() is self._thread:
            return
        with self._changed:
            self._dirty = True
            self._changed.notify()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._dirty = False
                if self._stopping:
                    return
            try:
                if self.work():
                    continue
                wait = min(LONGEST_REST, max(0.0, self.rest()))
            except Exception:  # a full disk or a lost database must not end the thread that wakes people
                self.troubles += 1
                logger.exception("%s had trouble and goes on", self._thread.name)
                wait = _AFTER_TROUBLE
                with self._changed:
                    self._dirty = False
            with self._changed:
                if not self._dirty and not self._stopping:
                    self._planned = time.monotonic() + wait
                    self._changed.wait(wait)
                    self._planned = math.inf
