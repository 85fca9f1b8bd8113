"""What was found, in the order of its worth: grouped by incident. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

import msgspec

from tocsin.search.marking import Piece

_HALF_LIFE: Final = 120.0
"""Days after which an entry counts half of what it could."""
_LEAST: Final = 0.35
"""What age leaves of an entry's worth at least: an old incident that fits exactly comes before a new one that hardly does."""
_KIND: Final[Mapping[str, float]] = {"incident": 1.5, "postmortem": 1.15, "update": 0.9}
"""What a kind counts besides: the head of an incident before a line of its timeline."""
_TITLE: Final = 6.0
"""What words in a title count, against those in a text."""
_USUAL: Final = 160
"""Characters of a usual text: in a longer one each word says less."""


class Result(msgspec.Struct, frozen=True):
    """One thing that was found."""

    kind: str
    record: str
    label: str
    title: tuple[Piece, ...]
    snippet: tuple[Piece, ...]
    url: str
    at: datetime | None = None


class Head(msgspec.Struct, frozen=True):
    """The incident that results belong to, as a list shows it."""

    id: str
    title: str
    severity: str
    rank: int
    service: str
    stage: str
    ended: bool
    private: bool
    declared_at: datetime


class Group(msgspec.Struct, frozen=True):
    """What was found in one incident; or one thing that belongs to none."""

    head: Head | None
    results: tuple[Result, ...]
    more: int = 0
    """How many others it has."""


class Candidate(msgspec.Struct, frozen=True):
    """A row that fits, before its text is read."""

    number: int
    kind: str
    record: str
    incident: str
    worth: float


def worth(kind: str, length: int, age_days: float, *, titled: bool) -> float:
    """Return what a row is worth. All of them have every word; so what counts is where, among how much else, and how long ago.

    length: characters of its text. titled: its title has the words.
    """
    fits = (_TITLE if titled else 1.0) / math.log2(2 + length / _USUAL)
    fresh = _LEAST + (1 - _LEAST) * math.exp2(-max(0.0, age_days) / _HALF_LIFE)
    return fits * fresh * _KIND.get(kind, 1.0)


def grouped(candidates: Iterable[Candidate], groups: int, each: int) -> list[tuple[str, list[Candidate], int]]:
    """Return the best groups: the incident (empty for what belongs to none), its best rows, and how many others it has."""
    found: dict[str, list[Candidate]] = {}
    for one in sorted(candidates, key=_best_first):
        found.setdefault(one.incident or f"{one.kind}:{one.record}", []).append(one)
    return [(rows[0].incident, rows[:each], max(0, len(rows) - each)) for rows in list(found.values())[:groups]]


def _best_first(one: Candidate) -> tuple[float, int]:
    return -one.worth, -one.number


def url_of(kind: str, record: str, place: str, text: str) -> str:
    """Return where a thing is opened: the entry itself, not only its page."""
    name = quote(record, safe="")
    match kind:
        case "entry" | "update":
            return f"/incidents/{name}#{quote(place)}"
        case "postmortem":
            return f"/incidents/{name}/postmortem#{quote(place.partition('/')[0])}"
        case "action":
            return f"/actions/{name}"
        case "runbook":
            url = text.rpartition("\n")[2].strip()
            return url if url.startswith(("https://", "http://")) else f"/settings/services/{name}"
        case "service":
            return f"/settings/services/{name}"
        case "person":
            return f"/settings/people/{name}"
        case "team":
            return f"/settings/teams/{name}"
        case _:
            return f"/incidents/{name}"


def plain(parts: Sequence[Piece]) -> str:
    """Return a text without marks."""
    return "".join(part.text for part in parts)
