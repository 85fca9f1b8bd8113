"""Changes of plain lists and dictionaries that can be taken back: what a draft of alerts gathers before its commit. Pure."""

from __future__ import annotations

from typing import Any, Final, Protocol

_NONE: Final = object()
_POP: Final = object()


class Keeps(Protocol):
    """Something whose values can be saved and put back."""

    def saved(self) -> Any:
        """Return all its values."""

    def restore(self, saved: Any) -> None:
        """Have these values again."""


class Undo:
    """Remembers how to take changes back, from the first mark on; before it, nothing is remembered, and changes cost nothing more."""

    __slots__ = ("on", "steps")

    def __init__(self) -> None:
        self.on = False
        self.steps: list[tuple[Any, Any, Any]] = []

    def mark(self) -> int:
        """Return a place to go back to."""
        self.on = True
        return len(self.steps)

    def put(self, into: dict[Any, Any], key: Any, value: Any) -> None:
        """Set an entry of a dictionary."""
        if self.on:
            self.steps.append((into, key, into.get(key, _NONE)))
        into[key] = value

    def drop(self, out_of: dict[Any, Any], key: Any) -> None:
        """Take an entry out of a dictionary, if it is there."""
        if key in out_of:
            if self.on:
                self.steps.append((out_of, key, out_of[key]))
            del out_of[key]

    def set(self, into: list[Any], at: int, value: Any) -> None:
        """Set an entry of a list."""
        if self.on:
            self.steps.append((into, at, into[at]))
        into[at] = value

    def add(self, to: list[Any], value: Any) -> None:
        """Add to the end of a list."""
        if self.on:
            self.steps.append((to, _POP, None))
        to.append(value)

    def keep(self, thing: Keeps) -> None:
        """Remember the values of a thing that is about to change."""
        if self.on:
            self.steps.append((thing, thing, thing.saved()))

    def back_to(self, mark: int) -> None:
        """Take back what was changed after a mark."""
        while len(self.steps) > mark:
            into, key, before = self.steps.pop()
            if key is _POP:
                into.pop()
            elif into is key:
                into.restore(before)
            elif before is _NONE:
                into.pop(key, None)
            else:
                into[key] = before

    def forget(self) -> None:
        """Forget everything: what was changed so far stays."""
        self.on = False
        self.steps.clear()
