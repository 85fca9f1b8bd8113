"""Which open incidents may be the one that somebody is about to declare. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

_WORD: Final = re.compile(r"\w+", re.UNICODE)
_SHORTEST: Final = 4
"""Letters; shorter words say nothing of what is broken."""
_COMMON: Final = frozenset(
    [
        "with",
        "from",
        "that",
        "this",
        "than",
        "some",
        "more",
        "have",
        "does",
        "being",
        "been",
        "when",
        "where",
        "while",
        "after",
        "fails",
        "failing",
        "failed",
        "error",
        "errors",
        "down",
        "slow",
    ]
)
_SAME_SERVICE: Final = 3.0
_ENOUGH: Final = 1.0
_MOST_WORDS: Final = 3.0


def words_of(text: str) -> frozenset[str]:
    """Return the words of a title that tell one trouble from another."""
    return frozenset(word for found in _WORD.findall(text.casefold()) if len(word := found) >= _SHORTEST and word not in _COMMON)


def similar(title: str, service: str, rows: Sequence[Mapping[str, Any]], most: int) -> list[dict[str, Any]]:
    """Return the rows that are about the same service or share words with the title, the likeliest first, each with why.

    rows: open incidents with ``title`` and ``service``.
    """
    wanted, own = words_of(title), service.strip().casefold()
    found: list[tuple[float, dict[str, Any]]] = []
    for row in rows:
        same = bool(own) and str(row["service"]).casefold() == own
        shared = wanted & words_of(str(row["title"]))
        score = (_SAME_SERVICE if same else 0.0) + (_MOST_WORDS * len(shared) / len(wanted) if wanted else 0.0)
        if score >= _ENOUGH:
            why = "the same service" if same else "similar words"
            found.append((score, {**row, "why": f"{why} and words" if same and shared else why}))
    return [row for _, row in sorted(found, key=lambda one: -one[0])[:most]]
