"""The outline of a timeline: one mark per line, in the order in which a page shows them, so that a page reads only the facts that it shows.

A timeline may have ten thousand entries and a page shows some eighty. The outline follows from a few columns of every fact, is kept between
two looks at a page and takes in only what is new. Pure.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.engine.model import Fact, micros
from tocsin.incidents import events as e
from tocsin.incidents.story import sort_of

ENTRY: Final = "incident.entry_logged"
CORRECTED: Final = "incident.entry_corrected"
REDACTED: Final = "incident.redacted"
_STATED: Final = "incident.milestone_set"
_IMPORTED: Final = "incident.imported"


class Brief(msgspec.Struct, frozen=True):
    """What an outline needs of one fact. Times are microseconds since 1970."""

    version: int
    type: str
    occurred_at: int
    recorded_at: int
    kind: str = ""
    """Of an entry."""
    entry: int = 0
    """The entry that a correction is of."""
    at: int | None = None
    """The moment that a milestone was stated for."""
    what: str = ""
    """What became of a page."""


class Mark(msgspec.Struct, frozen=True):
    """One line: where it stands, which fact it is and which one says what stands there now."""

    at: int
    fact: int
    latest: int
    sort: str
    """What filters call it: the type of an entry, or ``told``, ``steps``, ``alarms``, ``system``."""

    def __lt__(self, other: Mark) -> bool:
        return (self.at, self.fact) < (other.at, other.fact)


class Window(msgspec.Struct, frozen=True):
    """Some lines of a timeline that stand together."""

    marks: tuple[Mark, ...]
    earlier: int = 0
    """How many lines stand before them."""
    later: int = 0
    """How many stand after them."""


class Outline:
    """The marks of one timeline. ``version``: the newest fact that was taken in; ``moved``: something has gone, so that it must be made anew."""

    def __init__(self) -> None:
        self.version = 0
        self.moved = False
        self.marks: list[Mark] = []
        self.corrections: dict[int, tuple[int, ...]] = {}
        self.imports: tuple[int, ...] = ()
        self._by_fact: dict[int, Mark] = {}

    @property
    def start(self) -> int | None:
        """When the first line happened."""
        return self.marks[0].at if self.marks else None

    @property
    def end(self) -> int | None:
        """When the last line happened."""
        return self.marks[-1].at if self.marks else None

    def take(self, facts: Iterable[Brief]) -> None:
        """Take in the next facts, in recorded order."""
        fresh: dict[int, None] = {}
        gone: list[Mark] = []
        for fact in facts:
            self.version = fact.version
            if fact.type == CORRECTED:
                mark = self._corrected(fact)
            else:
                self.moved = self.moved or fact.type == REDACTED
                mark = self._line(fact)
            if mark is None:
                continue
            old = self._by_fact.get(mark.fact)
            if old is not None and mark.fact not in fresh:
                gone.append(old)
            self._by_fact[mark.fact] = mark
            fresh[mark.fact] = None
        if len(fresh) + len(gone) > len(self.marks) // 8:
            self.marks = sorted(self._by_fact.values())
            return
        for old in gone:
            del self.marks[bisect_left(self.marks, old)]
        for name in fresh:
            insort(self.marks, self._by_fact[name])

    def _line(self, fact: Brief) -> Mark:
        at = fact.occurred_at
        if fact.type == _IMPORTED:
            at = fact.recorded_at
            self.imports = (*self.imports, fact.version)
        elif fact.type == _STATED and fact.at is not None:
            at = fact.at
        return Mark(at, fact.version, fact.version, fact.kind if fact.type == ENTRY else sort_of(fact.type, fact.what))

    def _corrected(self, fact: Brief) -> Mark | None:
        if fact.entry not in self._by_fact:
            return None
        self.corrections[fact.entry] = (*self.corrections.get(fact.entry, ()), fact.version)
        return Mark(fact.occurred_at, fact.entry, fact.version, fact.kind)

    def copy(self) -> Outline:
        """Return one that later facts do not change."""
        same = Outline()
        same.version, same.imports = self.version, self.imports
        same.marks, same.corrections, same._by_fact = list(self.marks), self.corrections, self._by_fact
        return same

    def counts(self) -> Counter[str]:
        """Return how many lines there are of each sort."""
        return Counter(mark.sort for mark in self.marks)

    def mark(self, fact: int) -> Mark | None:
        """Return the line of a fact; None where it has none."""
        return self._by_fact.get(fact)

    def window(self, most: int, *, sorts: Collection[str] = (), before: int = 0, around: int = 0) -> Window:
        """Return the newest lines, or those before or around the line of a fact.

        sorts: only lines of these sorts; all of them where it is empty.
        """
        wanted = [mark for mark in self.marks if mark.sort in sorts] if sorts else self.marks
        end = len(wanted)
        place = self._by_fact.get(before or around)
        if place is not None:
            index = next((n for n, mark in enumerate(wanted) if not mark < place), end)
            end = index if before else min(end, max(most, index + 1 + most // 2))
        begin = max(0, end - most)
        return Window(tuple(wanted[begin:end]), begin, len(wanted) - end)

    def since(self, version: int, *, sorts: Collection[str] = ()) -> tuple[Mark, ...]:
        """Return the lines that a later fact than this one made or changed."""
        return tuple(mark for mark in self.marks if mark.latest > version and (not sorts or mark.sort in sorts))

    def facts_of(self, marks: Iterable[Mark]) -> list[int]:
        """Return the facts that one must read to show these lines."""
        wanted = set(self.imports)
        for mark in marks:
            wanted.add(mark.fact)
            wanted.update(self.corrections.get(mark.fact, ()))
        return sorted(wanted)


def outline_of(facts: Iterable[Fact]) -> Outline:
    """Return the outline of these facts alone, as of an earlier moment, say."""
    made = Outline()
    made.take(_brief(fact) for fact in facts)
    made.moved = False
    return made


def _brief(fact: Fact) -> Brief:
    event = fact.event
    brief = Brief(fact.version, fact.type, micros(fact.occurred_at), micros(fact.recorded_at))
    match event:
        case e.EntryLogged():
            return replace(brief, kind=event.kind)
        case e.EntryCorrected():
            return replace(brief, kind=event.kind, entry=event.entry)
        case e.MilestoneSet():
            return replace(brief, at=micros(event.at))
        case e.PageNoted():
            return replace(brief, what=event.what)
        case _:
            return brief
