"""What readers have folded from the log, kept for the next reader. The committer keeps what it wrote itself; this is for what is only read."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final

from tocsin.engine.model import Fact

_STATES_KEPT: Final = 10_000
_FACTS_KEPT: Final = 50_000
"""Facts that the states were folded from, in sum."""


_LONG: Final = 500
"""Facts. A shorter record is read again sooner than it is looked for."""
_RECORDS_KEPT: Final = 4
_LISTED: Final = 60_000
"""Facts that are kept in lists, in sum."""


class LongRecords:
    """The facts of the few long records that somebody looks at as of one past minute after the other. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, list[Fact]] = OrderedDict()

    def get(self, stream: str, version: int) -> list[Fact] | None:
        """Return all facts of a stream that is at this version; None where they are not kept. What redacts a fact adds one, too."""
        with self._lock:
            found = self._known.get(stream)
            if found is None or found[-1].version != version:
                return None
            self._known.move_to_end(stream)
            return found.copy()

    def keep(self, stream: str, facts: list[Fact]) -> None:
        """Keep the facts of a stream, if there are many."""
        if not _LONG <= len(facts) <= _LISTED:
            return
        with self._lock:
            self._known[stream] = facts.copy()
            self._known.move_to_end(stream)
            while len(self._known) > _RECORDS_KEPT or sum(map(len, self._known.values())) > _LISTED:
                self._known.popitem(last=False)


class Seen:
    """States by stream, the least recently read forgotten first. May be used from any thread.

    Whoever folds a state asks for the ``turn`` before they read, and hands it in with what they found: where something was committed in between,
    the state may be old already, and is not kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: OrderedDict[str, tuple[Any, int]] = OrderedDict()
        self._folded = 0
        self.turn = 0
        """How often something was forgotten because it was written."""

    def get(self, stream: str) -> tuple[Any, int] | None:
        """Return a state with its version; version 0 says that the stream has no facts. None where nobody has read it yet."""
        with self._lock:
            found = self._states.get(stream)
            if found is not None:
                self._states.move_to_end(stream)
            return found

    def keep(self, turn: int, stream: str, state: Any, version: int) -> None:
        """Keep what was folded, if nothing was written since ``turn``."""
        with self._lock:
            if turn != self.turn or version > _FACTS_KEPT:
                return
            self._drop(stream)
            self._states[stream] = (state, version)
            self._folded += version
            while len(self._states) > _STATES_KEPT or self._folded > _FACTS_KEPT:
                self._drop(next(iter(self._states)))

    def forget(self, streams: Iterable[str]) -> None:
        """Forget streams that were written."""
        with self._lock:
            self.turn += 1
            for stream in streams:
                self._drop(stream)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.turn += 1
            self._states.clear()
            self._folded = 0

    def _drop(self, stream: str) -> None:
        gone = self._states.pop(stream, None)
        if gone is not None:
            self._folded -= gone[1]
