"""Some of the kept values, with what was worked out of them: the same numbers are looked at many times before the record changes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from itertools import count
from typing import Any, Final, TypeVar

T = TypeVar("T")
W = TypeVar("W")

_MOST: Final = 64
"""What is worked out of one choice and kept; more begins anew."""
_tokens = count(1)


class Chosen(list[T]):
    """Values that nobody changes: what changed is chosen anew. Safe from any thread; the same may be worked out twice at one moment."""

    def __init__(self, values: Iterable[T] = ()) -> None:
        super().__init__(values)
        self.token = next(_tokens)
        """Names this choice within the process, in the keys of others."""
        self._notes: dict[Hashable, Any] = {}

    def once(self, key: Hashable, work: Callable[[], W]) -> W:
        """Return what the work gives, which is done at the first call with this key. key: everything else that the outcome follows from."""
        try:
            found: W = self._notes[key]
        except KeyError:
            found = work()
            if len(self._notes) >= _MOST:
                self._notes = {}
            self._notes[key] = found
        return found
