"""Ninety days of a component: which state it was in when, each day's worst, and how much of the time it was there. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final, NamedTuple

from tocsin.comms.status.notice import Notice
from tocsin.comms.status.vocabulary import OUTAGES, rank

DAYS: Final = 90
_DAY: Final = timedelta(days=1)


class Span(NamedTuple):
    """A component was in a state when since <= t < until; ``cause`` names the incident or window."""

    since: datetime
    until: datetime
    state: str
    cause: str = ""


class Day(NamedTuple):
    """A day (UTC) of a component: its worst state, for how many seconds it was in which, and what it was."""

    day: datetime
    worst: str
    seconds: dict[str, int]
    causes: tuple[str, ...]


def spans_of(notice: Notice, now: datetime) -> dict[str, list[Span]]:
    """Return by service when a notice had its component in another state than operational."""
    told = notice.shown
    begins, over = notice.begins, notice.resolved_at
    found: dict[str, list[Span]] = {}
    for number, one in enumerate(told):
        since = one.at if number else min(one.at, begins or one.at)
        until = told[number + 1].at if number + 1 < len(told) else now
        if over is not None and over < until:
            until = over
        if since < until:
            for service, state in one.components.items():
                if rank(state) > 0:
                    found.setdefault(service, []).append(Span(since, until, state, notice.id))
    return found


def flattened(spans: Iterable[Span], begin: datetime, end: datetime) -> list[Span]:
    """Return spans that do not overlap: at each moment the worst state; only what lies within begin <= t < end."""
    inside = [Span(max(s.since, begin), min(s.until, end), s.state, s.cause) for s in spans if s.until > begin and s.since < end]
    edges = sorted({edge for span in inside for edge in (span.since, span.until)})
    found: list[Span] = []
    for since, until in pairwise(edges):
        here = [span for span in inside if span.since <= since < span.until]
        if not here:
            continue
        worst = max(here, key=lambda span: rank(span.state))
        last = found[-1] if found else None
        if last is not None and last.until == since and (last.state, last.cause) == (worst.state, worst.cause):
            found[-1] = Span(last.since, until, last.state, last.cause)
        else:
            found.append(Span(since, until, worst.state, worst.cause))
    return found


def days_of(spans: Sequence[Span], now: datetime, count: int = DAYS) -> list[Day]:
    """Return the last days, oldest first, today last. spans: as ``flattened`` gives them."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first = today - (count - 1) * _DAY
    seconds: list[dict[str, int]] = [{} for _ in range(count)]
    causes: list[dict[str, None]] = [{} for _ in range(count)]
    for span in spans:
        since, until = max(span.since, first), min(span.until, today + _DAY)
        while since < until:
            number = (since - first) // _DAY
            end = min(until, first + (number + 1) * _DAY)
            day = seconds[number]
            day[span.state] = day.get(span.state, 0) + round((end - since).total_seconds())
            if span.cause:
                causes[number][span.cause] = None
            since = end
    return [
        Day(first + number * _DAY, max(seconds[number], key=rank, default="operational"), seconds[number], tuple(causes[number]))
        for number in range(count)
    ]


def uptime(spans: Sequence[Span], begin: datetime, end: datetime) -> float | None:
    """Return for which part of the time (0 … 1) a component was neither partly nor wholly out; None where there was no time.

    spans: as ``flattened`` gives them. Degraded performance and maintenance count as time available.
    """
    whole = (end - begin).total_seconds()
    if whole <= 0:
        return None
    out = sum(
        (min(s.until, end) - max(s.since, begin)).total_seconds() for s in spans if s.state in OUTAGES and s.until > begin and s.since < end
    )
    return max(0.0, 1.0 - out / whole)


def percent(part: float | None) -> str:
    """Return an uptime as people write it, never rounded up to what it was not: ``100 %``, ``99.98 %``."""
    if part is None:
        return ""
    if part >= 1:
        return "100 %"
    return f"{int(part * 10_000) / 100:.2f} %"
