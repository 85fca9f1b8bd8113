"""What somebody types into the search, as words and phrases. Nothing that is typed is an error. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

import msgspec

_TOKEN: Final = re.compile(r'(?P<no>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
_WORD: Final = re.compile(r"[^\W_]+")
_MOST_TERMS: Final = 12
_MOST_WORDS: Final = 8
"""Words of one phrase."""
_LONGEST_WORD: Final = 60
_LONGEST: Final = 400
"""Characters that are looked at."""
_SHORTEST_PREFIX: Final = 2
_ENDINGS: Final = ("ation", "atio", "ment", "ing", "ati", "men", "ed", "es", "in", "er", "at", "s", "i", "e")
"""Endings, whole or half typed, that the index takes off its words: ``failin`` is on its way to ``failing``, which is kept as ``fail``."""
_STEM: Final = 4


class Term(msgspec.Struct, frozen=True):
    """One thing that must be there, or must not: words that stand side by side."""

    words: tuple[str, ...]
    prefix: bool = False
    """The last word may go on: it is still being typed."""
    absent: bool = False
    or_stem: str = ""
    """What the last word may be without its half-typed ending."""


class Asked(msgspec.Struct, frozen=True):
    """A question to the search."""

    text: str = ""
    """As it was typed."""
    terms: tuple[Term, ...] = ()
    kind: str = ""
    service: str = ""
    incident: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @property
    def filtered(self) -> bool:
        """Whether something narrows it down beside its words."""
        return bool(self.kind or self.service or self.incident or self.since or self.until)


def terms(text: str) -> tuple[Term, ...]:
    """Return the words and phrases of a text: ``pool "connection refused" -staging``. The last word counts as unfinished where nothing follows it."""
    found: list[Term] = []
    text = text[:_LONGEST]
    for token in _TOKEN.finditer(text):
        phrase = token.group("phrase")
        words = tuple(word[:_LONGEST_WORD] for word in _WORD.findall(phrase if phrase is not None else token.group("word")))[:_MOST_WORDS]
        if not words:
            continue
        typing = phrase is None and token.end() == len(text) and len(words[-1]) >= _SHORTEST_PREFIX
        absent = bool(token.group("no"))
        found.append(Term(words, typing and not absent, absent, _stem(words[-1]) if typing and not absent else ""))
    kept = found[:_MOST_TERMS]
    return tuple(kept) if any(not term.absent for term in kept) else ()


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.casefold().endswith(ending) and len(word) - len(ending) >= _STEM:
            return word[: -len(ending)]
    return ""


def day(text: str, *, after: bool = False) -> datetime | None:
    """Return the first moment of a day written like ``2026-01-31``, or the one after its last; None for anything else."""
    try:
        found = datetime.combine(date.fromisoformat(text.strip()), time(0), UTC)
        return found + timedelta(days=1) if after else found
    except (ValueError, OverflowError):
        return None


# -- the two databases' own languages -------------------------------------------------------------


def for_sqlite(asked: Asked, *, titles: bool = False) -> str:
    """Return the MATCH expression of FTS5. Every word stands in quotes and has letters and digits only, so nothing in it is an operator."""
    wanted = " AND ".join(_fts(term) for term in asked.terms if not term.absent)
    unwanted = " OR ".join(_fts(term) for term in asked.terms if term.absent)
    found = f"{{{'title' if titles else 'title text'}}} : ({wanted})"
    marks = [f'marks : "{word}"' for word in _marks(asked)]
    found = " AND ".join((*marks, found))
    return f"({found}) NOT ({{title text}} : ({unwanted}))" if unwanted else found


def _marks(asked: Asked) -> list[str]:
    """Return the words by which the index itself narrows down."""
    return [word for text in (asked.kind, asked.incident) if (word := "".join(_WORD.findall(text)))]


def _fts(term: Term) -> str:
    phrase = f'"{" ".join(term.words)}"' + (" *" if term.prefix else "")
    if not term.or_stem:
        return phrase
    return f'({phrase} OR "{" ".join((*term.words[:-1], term.or_stem))}")'


def for_postgresql(asked: Asked) -> str:
    """Return the text of a tsquery."""
    return " & ".join(("!" if term.absent else "") + _ts(term) for term in asked.terms)


def _ts(term: Term) -> str:
    whole = _phrase(term.words, prefix=term.prefix)
    if term.or_stem:
        whole += f" | {_phrase((*term.words[:-1], term.or_stem))}"
    return f"({whole})"


def _phrase(words: tuple[str, ...], *, prefix: bool = False) -> str:
    return " <-> ".join(f"'{word}'" for word in words) + (":*" if prefix else "")
