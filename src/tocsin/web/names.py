"""What people, services and other records are called, for pages that show many of them: read once, and again when one was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tocsin.engine.model import Fact

__all__ = ["Names"]


class Names:
    """Gives the name of each record of a kind by its id. Safe from any thread."""

    def __init__(self, kind: str, read: Callable[[], Mapping[str, str]]) -> None:
        """kind: of the records. read: asks for the names of all of them."""
        self._own = f"{kind}:"
        self._read = read
        self._known: Mapping[str, str] | None = None
        self._turn = 0

    def changed(self, facts: Iterable[Fact]) -> None:
        """Hear what was committed; where one of the records is among it, the names are read again."""
        if any(fact.stream.startswith(self._own) for fact in facts):
            self._turn += 1
            self._known = None

    def __call__(self, record: str) -> str:
        """Return the name of a record; the text itself where it is the id of none."""
        known = self._known
        if known is None:
            turn, known = self._turn, self._read()
            if turn == self._turn:  # what was written while it was read may be missing in it
                self._known = known
        return known.get(record, record)
