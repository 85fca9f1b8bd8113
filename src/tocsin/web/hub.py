"""Tells all open pages what changed: one pump reads the log after each commit and hands every browser what its person may hear of."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Final

import msgspec

from tocsin.engine import log
from tocsin.engine.model import Reader, Viewer
from tocsin.engine.runtime import Runtime

TOGETHER: Final = 0.1
"""Seconds for which changes are gathered after some were told: a storm is ten events a second at most."""
STILL_HERE: Final = 15.0
"""Seconds between signs of life, which keep proxies from closing a quiet stream; then the person's session is looked at again, too."""
RETRY: Final = 2000
"""Milliseconds after which a browser connects again by itself."""
_EVERYTHING: Final = "*"
_MOST_MISSED: Final = 5000
"""Facts. Whoever missed more is told that everything may have changed."""
_MOST_TOPICS: Final = 200
"""Records that one event names; more of a kind are told as the kind."""
_MOST_WAITING: Final = 200
"""Events that wait for a browser that does not read; then it is let go, and told what it missed when it comes back."""
_SLACK: Final = 500
"""Positions that a transaction of PostgreSQL may commit behind another's: so many are read again. SQLite has one writer."""
_LOOK: Final = 1.0
"""Seconds between looks at the log on PostgreSQL, where other nodes write as well."""
_MOST_REMEMBERED: Final = 2000
_SPREAD_FROM: Final = 50
_SPREAD_MS: Final = 2
"""Milliseconds for each browser beyond the first fifty over which they spread their fetching, so that one fact is no stampede."""
_WHO: Final = frozenset({"account", "session", "token", "person", "team"})
"""Kinds of record that say who somebody is: a change of one has every session looked at again."""

Secret = Callable[[Reader, Iterable[str]], Mapping[str, frozenset[str]]]
"""Streams -> those of them that belong to something private, each with the people who may read it."""
Closed = Callable[[Reader, int], frozenset[str]]
"""The streams that were made private after a position of the log: whoever read them until then is told once more."""


class Seat:
    """One browser's place in the feed. ``viewer`` is who it was when last looked at; ``look`` tells again, None once the session has ended."""

    def __init__(self, viewer: Viewer, look: Callable[[], Viewer | None]) -> None:
        self.viewer = viewer
        self.look = look
        self.due = 0.0
        self.gone = False
        self._waiting: list[bytes] = []
        self._wake = asyncio.Event()

    def push(self, event: bytes) -> None:
        """Have an event sent; a browser that reads nothing is let go."""
        if len(self._waiting) >= _MOST_WAITING:
            self.leave()
            return
        self._waiting.append(event)
        self._wake.set()

    def leave(self) -> None:
        """End the stream once what waits has been sent."""
        self.gone = True
        self._wake.set()

    async def take(self) -> bytes:
        """Return what waits as one piece, as soon as something does; nothing once the stream has ended."""
        await self._wake.wait()
        self._wake.clear()
        taken = b"".join(self._waiting)
        self._waiting.clear()
        if self.gone:
            self._wake.set()
        return taken


def position(runtime: Runtime, reader: Reader) -> str:
    """Return where the feed stands, for a page that is about to be read: the id of the newest event that it need not hear of.

    It is the position in the log, which survives restarts, and the mark of the journals, which does not: after a restart they count as changed.
    """
    mark = runtime.feed.mark
    return f"{log.newest(reader)}.{mark}"


class Hub:
    """All open feeds of one server. Used in its event loop only."""

    def __init__(self, runtime: Runtime, secret: Secret, closed: Closed) -> None:
        self._runtime = runtime
        self._secret = secret
        self._closed = closed
        self._slack = 0 if runtime.database.dialect == "sqlite" else _SLACK
        self._poll = None if runtime.database.dialect == "sqlite" else _LOOK
        self._seats: set[Seat] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._listening: asyncio.Event = asyncio.Event()
        self._position = 0
        self._told: dict[str, int] = {}
        self._readers: dict[str, frozenset[str]] = {}

    async def join(self, seat: Seat, after: str) -> None:
        """Take a browser in, and tell it what changed after the event that it saw last (an empty text: it has seen nothing yet)."""
        self._begin()
        await self._listening.wait()
        self._seats.add(seat)  # before the log is read, so that nothing falls between
        seat.due = time.monotonic() + STILL_HERE
        await asyncio.to_thread(self._catch_up, seat, after, asyncio.get_running_loop())

    def leave(self, seat: Seat) -> None:
        """Forget a browser."""
        self._seats.discard(seat)
        if not self._seats:
            self._stop()

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        if self._tasks and all(not task.done() and task.get_loop() is loop for task in self._tasks):
            return
        self._stop()
        self._seats = set()
        self._listening = asyncio.Event()
        self._tasks = [loop.create_task(self._pump(self._listening)), loop.create_task(self._breathe())]

    def _stop(self) -> None:
        for task in self._tasks:
            with suppress(RuntimeError):  # its loop has been closed meanwhile
                task.cancel()
        self._tasks = []

    # -- what changes -----------------------------------------------------------------------------

    async def _pump(self, listening: asyncio.Event) -> None:
        with self._runtime.feed.listen() as changes:
            self._position = await asyncio.to_thread(self._newest)
            listening.set()
            while True:
                hints: set[str] = set()
                with suppress(TimeoutError):
                    hints.add((await asyncio.wait_for(changes.get(), self._poll))[0])
                while not changes.empty():
                    hints.add(changes.get_nowait()[0])
                if "" in hints:  # the server stops; browsers come back by themselves
                    for seat in list(self._seats):
                        seat.leave()
                    return
                journals = {hint[:-1] for hint in hints if hint.endswith(":")}
                topics, secret = await asyncio.to_thread(self._read, journals)
                if topics:
                    self._tell(topics, secret)
                    if any(topic.partition(":")[0] in _WHO for topic in topics):
                        await self._look_again(list(self._seats))
                    await asyncio.sleep(TOGETHER)

    def _newest(self) -> int:
        with self._runtime.reading() as reader:
            return log.newest(reader)

    def _read(self, journals: Collection[str]) -> tuple[set[str], dict[str, frozenset[str]]]:
        """Return what changed since the last time, and who may hear of what of it is private."""
        with self._runtime.reading() as reader:
            changed = log.changed_since(reader, self._position - self._slack)
            fresh = {stream for stream, at in changed.items() if at > self._told.get(stream, 0)}
            secret = dict(self._secret(reader, fresh))
            closed = self._closed(reader, self._position - self._slack) if secret else ()
        self._position = max((self._position, *changed.values()))
        if self._slack:
            self._told = dict(list({**self._told, **changed}.items())[-_MOST_REMEMBERED:])
        # Somebody who may not read it any more is told once, and everybody of what was public until now: what they see of it has to go.
        told = {stream: people | self._readers.get(stream, frozenset()) for stream, people in secret.items() if stream not in closed}
        self._readers = dict(list({**self._readers, **secret}.items())[-_MOST_REMEMBERED:])
        return fresh | set(journals), told

    def _tell(self, topics: Collection[str], secret: Mapping[str, frozenset[str]]) -> None:
        """Hand everybody the event; it is encoded once for all who may hear the same."""
        encoded: dict[frozenset[str], bytes] = {}
        at = f"{self._position}.{self._runtime.feed.mark}"
        spread = max(0, len(self._seats) - _SPREAD_FROM) * _SPREAD_MS
        for seat in list(self._seats):
            denied = _denied(seat.viewer, secret)
            if denied not in encoded:
                encoded[denied] = _event(at, set(topics) - denied, spread)
            if encoded[denied]:
                seat.push(encoded[denied])

    # -- who comes --------------------------------------------------------------------------------

    def _catch_up(self, seat: Seat, after: str, loop: asyncio.AbstractEventLoop) -> None:
        seen, _, seen_mark = after.partition(".")
        with self._runtime.reading() as reader:
            mark = self._runtime.feed.mark
            newest = log.newest(reader)
            topics: set[str] = set()
            if seen:
                behind = newest - int(seen) if seen.isascii() and seen.isdigit() and len(seen) < len(str(newest)) + 2 else -1
                if 0 <= behind <= _MOST_MISSED:
                    if behind or self._slack:
                        topics = set(log.changed_since(reader, newest - behind - (self._slack if behind else 0)))
                        topics -= _denied(seat.viewer, self._secret(reader, topics)) - self._closed(reader, newest - behind)
                    if seen_mark != mark:
                        topics |= set(self._runtime.registry.journals)
                else:
                    topics = {_EVERYTHING}
        at = f"{newest}.{mark}"
        begin = f"retry: {RETRY}\nid: {at}\nevent: hello\ndata: {{}}\n\n".encode()
        loop.call_soon_threadsafe(seat.push, begin + _event(at, topics, 0))

    # -- who is still there -----------------------------------------------------------------------

    async def _breathe(self) -> None:
        """Give every browser a sign of life now and then, a few at a time, and let those go whose session has ended."""
        while True:
            await asyncio.sleep(1)
            now = time.monotonic()
            due = [seat for seat in self._seats if seat.due <= now]
            for seat in due:
                seat.due = now + STILL_HERE
                seat.push(b"event: here\ndata: {}\n\n")
            if due:
                await self._look_again(due)

    async def _look_again(self, seats: list[Seat]) -> None:
        found = await asyncio.to_thread(lambda: [seat.look() for seat in seats])
        for seat, viewer in zip(seats, found, strict=True):
            if viewer is None:
                seat.leave()
            else:
                seat.viewer = viewer


def _denied(viewer: Viewer, secret: Mapping[str, frozenset[str]]) -> frozenset[str]:
    if viewer.reads_private or not secret:
        return frozenset()
    name = viewer.id if viewer.kind == "person" else f"token:{viewer.id}"
    return frozenset(stream for stream, people in secret.items() if name not in people)


def _event(at: str, topics: Collection[str], spread: int) -> bytes:
    """Return the event that names these records; nothing where there are none."""
    if not topics:
        return b""
    named = sorted(topics)
    if len(named) > _MOST_TOPICS:
        named = sorted({topic.partition(":")[0] for topic in named})
    data = msgspec.json.encode({"topics": named, "spread": spread}).decode()
    return f"id: {at}\nevent: change\ndata: {data}\n\n".encode()
