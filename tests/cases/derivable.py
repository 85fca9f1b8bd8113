"""Which numbers of a document follow from the data: whole texts of it, its times, differences of two of its times, and counts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

_STAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2})?)?(?: UTC|Z)?")
_CLOCK = re.compile(r"\b\d{2}:\d{2}(?::\d{2})?\b")
_SPAN = re.compile(r"(?<![\w.])(?:\d+ ?(?:d|days?|h|hours?|min|minutes?|m|s|seconds?)(?![a-z]) ?)+")
_PART = re.compile(r"(\d+) ?(d|h|m|s)")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LONG = 12
_SECONDS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def texts(value: Any) -> Iterable[str]:
    """Yield every text in a document, at any depth, and every number as text."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from texts(name)
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value:g}" if isinstance(value, float) else str(value)


def plain(markdown: str) -> str:
    """Return Markdown as its reader sees it, in one line: without escapes, quotation marks and line ends."""
    unescaped = re.sub(r"\\([^\w\s])", r"\1", markdown).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return " ".join(re.sub(r"^> ?", "", unescaped, flags=re.MULTILINE).split())


def unexplained(document: str, known: Iterable[str], times: Iterable[datetime], counts: int) -> list[str]:
    """Return the numbers of a document that follow from nothing.

    document: plain text. known: texts whose numbers are given. times: moments of the data. counts: the largest number of things in it.
    """
    moments = sorted(set(times))
    stamps = {text for at in moments for text in _written(at)}
    differences = {(later - earlier) for earlier in moments for later in moments if later >= earlier}
    spans = {whole for gap in differences for whole in _roundings(gap)}
    given = [" ".join(text.split()) for text in known]
    left = document
    # Longer texts go as a whole; a short one such as 2h could tear a hole into 2h44m.
    whole = {text for text in given if len(text) >= _LONG and _NUMBER.search(text) and not _NUMBER.fullmatch(text)}
    for text in sorted(whole, key=len, reverse=True):
        left = left.replace(text, " ")
    numbers = {number.replace(",", "") for text in given for number in _NUMBER.findall(text)} | {
        str(number) for number in range(counts + 1)
    }
    given_spans = {_seconds(span) for text in given for span in _SPAN.findall(text)}
    wrong: list[str] = []

    def judge(pattern: re.Pattern[str], fits: Any) -> None:
        nonlocal left
        wrong.extend(found for found in pattern.findall(left) if not fits(found))
        left = pattern.sub(" ", left)

    judge(_STAMP, lambda found: re.sub(r" UTC|Z", "", found).replace("T", " ") in stamps)
    judge(_CLOCK, lambda found: found in stamps)
    judge(_SPAN, lambda found: _seconds(found) in spans or _seconds(found) in given_spans)
    judge(_NUMBER, lambda found: found.replace(",", "") in numbers)
    return wrong


def _written(at: datetime) -> list[str]:
    return [f"{at:%Y-%m-%d}", f"{at:%Y-%m-%d %H:%M}", f"{at:%Y-%m-%d %H:%M:%S}", f"{at:%H:%M}", f"{at:%H:%M:%S}"]


def _seconds(text: str) -> int:
    return sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def _roundings(gap: timedelta) -> set[int]:
    """Return a difference exactly, and cut down to whole minutes."""
    seconds = int(gap.total_seconds())
    return {seconds, seconds // 60 * 60}
