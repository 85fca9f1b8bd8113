"""Mark the words that were meant in a text, and choose the part of it that is shown. Pure.

The database knows which rows fit; the marks are made here, alike for both databases. A word is marked that begins as one of the question does and ends
otherwise, as words of one stem do: rather one too many than none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import msgspec

from tocsin.search.asked import Term

_WORD: Final = re.compile(r"[^\W_]+")
_STEM: Final = 4
"""Letters that words of one stem share at least."""
_ENDING: Final = 3
"""Letters by which the shorter of two such words may end otherwise …"""
_LONGER: Final = 6
"""… and by which the other may be longer."""
_BEFORE: Final = 60
"""Characters that are shown before the first marked word."""
_READ: Final = 20_000
"""Characters in which words are looked for."""
_MOST: Final = 400
"""Marked words that are weighed."""


class Piece(msgspec.Struct, frozen=True):
    """A part of a text."""

    text: str
    hit: bool = False


def marked(text: str, terms: Sequence[Term], longest: int = 0) -> tuple[Piece, ...]:
    """Return a text in parts, those that were meant marked. longest: characters that are shown, around where most was meant; all of it without one."""
    text = " ".join(text[:_READ].split())
    spans = [found.span() for found in _WORD.finditer(text) if _meant(found.group().casefold(), terms)]
    begin, end = _window(text, spans[:_MOST], longest) if longest else (0, len(text))
    pieces: list[Piece] = [Piece("…")] if begin else []
    at = begin
    for start, stop in spans:
        if start < at or stop > end:
            continue
        if start > at:
            pieces.append(Piece(text[at:start]))
        pieces.append(Piece(text[start:stop], hit=True))
        at = stop
    if at < end:
        pieces.append(Piece(text[at:end]))
    if end < len(text):
        pieces.append(Piece("…"))
    return tuple(pieces)


def _meant(word: str, terms: Sequence[Term]) -> bool:
    for term in terms:
        if term.absent:
            continue
        for number, wanted in enumerate(term.words, 1):
            wanted = wanted.casefold()  # noqa: PLW2901 (the same word)
            if word == wanted or (term.prefix and number == len(term.words) and word.startswith(wanted)) or _alike(word, wanted):
                return True
    return False


def _alike(word: str, other: str) -> bool:
    """Tell whether two words may have one stem."""
    least = min(len(word), len(other))
    common = max(_STEM, least - _ENDING)
    return least >= common and abs(len(word) - len(other)) <= _LONGER and word[:common] == other[:common]


def _window(text: str, spans: Sequence[tuple[int, int]], longest: int) -> tuple[int, int]:
    """Return where the part of a text begins and ends that has most of what was meant, the first of several."""
    if len(text) <= longest:
        return 0, len(text)
    starts = [start for start, _ in spans]
    best = max(range(len(starts)), key=lambda at: (bisect_right(starts, starts[at] - _BEFORE + longest) - at, -at), default=None)
    begin = max(0, starts[best] - _BEFORE) if best is not None else 0
    if begin:
        begin = text.find(" ", begin) + 1 or begin
    end = begin + longest
    return (begin, len(text)) if end >= len(text) else (begin, max(text.rfind(" ", begin, end), begin + longest // 2))
