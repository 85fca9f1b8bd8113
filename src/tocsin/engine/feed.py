"""Tells who listens that records changed, after the commit. It carries no content: listeners read what they may see."""

from __future__ import annotations

import asyncio
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

Change = tuple[str, int]
"""A stream and the version that it now has; the stream ``alert:`` with version 0 says that some rows of that journal changed."""


class Feed:
    """Hands every commit's changes to whoever listens, each in its own event loop."""

    def __init__(self) -> None:
        self._epoch = secrets.token_hex(4)
        self._news = 0
        self._listeners: list[tuple[asyncio.AbstractEventLoop, asyncio.Queue[Change]]] = []
        self._lock = threading.Lock()

    @property
    def mark(self) -> str:
        """A text that changes whenever a journal has news; it is never the same in two processes. Of records, the log's positions tell."""
        return f"{self._epoch}.{self._news}"

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Change]]:
        """Return a queue of changes, for as long as the context lasts; the queue drops nothing."""
        entry = (asyncio.get_running_loop(), asyncio.Queue[Change]())
        with self._lock:
            self._listeners.append(entry)
        try:
            yield entry[1]
        finally:
            with self._lock:
                self._listeners.remove(entry)

    def publish(self, changes: Sequence[Change]) -> None:
        """Tell every listener; called on the committer's thread."""
        if any(not version for _, version in changes):
            self._news += 1
        with self._lock:
            listeners = list(self._listeners)
        for loop, queue in listeners:
            with suppress(RuntimeError):  # the listener's loop has been closed meanwhile
                loop.call_soon_threadsafe(_put, queue, changes)

    def close(self) -> None:
        """Tell every listener to leave: what comes is the stream ``""``. Takes no lock, for a signal may come while one is held."""
        for loop, queue in list(self._listeners):
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(_put, queue, (("", 0),))


def _put(queue: asyncio.Queue[Change], changes: Sequence[Change]) -> None:
    for change in changes:
        queue.put_nowait(change)
