"""The stretch of time that numbers are about: presets, the equally long one before it, and the weeks or months that it falls into. Pure.

Everything is in UTC, and every stretch is half-open.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

import msgspec

from tocsin.engine.errors import Refused

Step = Literal["week", "month"]
PRESETS: Final[dict[str, str]] = {
    "30d": "30 days", "90d": "90 days", "12m": "12 months", "3y": "3 years",
}  # fmt: skip
"""What the address calls a stretch that ends now, and its name."""
DEFAULT: Final = "12m"
_LENGTHS: Final = {"30d": timedelta(days=30), "90d": timedelta(days=90)}
_MONTHS: Final = {"12m": 12, "3y": 36}
_WEEKLY_UP_TO: Final = timedelta(days=120)
_YEAR_MONTHS: Final = 12
_FIRST_YEAR: Final = 1971
_LAST_YEAR: Final = 2990
_MOST_BUCKETS: Final = 400


class Period(msgspec.Struct, frozen=True):
    """[begin, end), and into which steps it is divided."""

    begin: datetime
    end: datetime
    preset: str = ""
    """The preset that it came from; empty where its days were named."""
    step: Step = "month"

    @property
    def before(self) -> Period:
        """The equally long stretch that ends where this one begins."""
        return Period(self.begin - (self.end - self.begin), self.begin, "", self.step)

    @property
    def words(self) -> str:
        """The stretch for people to read."""
        last = self.end - timedelta(microseconds=1)
        return f"{self.begin.day} {self.begin:%b %Y} to {last.day} {last:%b %Y}"


class Bucket(msgspec.Struct, frozen=True):
    """A week or a month of a period, cut to it."""

    begin: datetime
    end: datetime
    name: str
    """``Mar 2026``, or the Monday of a week: ``2 Mar``."""


def of_query(query: Mapping[str, str], now: datetime) -> Period:
    """Return the period that an address asks for: ``last=90d``, or ``from`` and ``to`` as days, the last one included.

    Raises:
        Refused: a day is no day, or they lie the wrong way round.

    """
    first, last = query.get("from", "").strip(), query.get("to", "").strip()
    asked = query.get("by", "")
    if first or last:
        end = _day(last, "to") + timedelta(days=1) if last else tomorrow(now)
        begin = _day(first, "from") if first else _months_before(end, _MONTHS[DEFAULT])
        if begin >= end:
            raise Refused("The period ends before it begins.", fix="Take an earlier day in From, or a later one in To.", field="from")
        return stepped(begin, end, "", asked)
    preset = query.get("last", "") if query.get("last", "") in PRESETS else DEFAULT
    end = tomorrow(now)
    begin = end - _LENGTHS[preset] if preset in _LENGTHS else _months_before(end, _MONTHS[preset])
    return stepped(begin, end, preset, asked)


def buckets(period: Period) -> list[Bucket]:
    """Return the weeks (from Monday) or months of a period, the first and the last cut to it."""
    found: list[Bucket] = []
    start = period.begin
    while start < period.end and len(found) < _MOST_BUCKETS:
        following = min(_next(start, period.step), period.end)
        name = f"{start:%b %Y}" if period.step == "month" else f"{start.day} {start:%b}"
        found.append(Bucket(start, following, name))
        start = following
    return found


def place(begins: Sequence[datetime], at: datetime) -> int:
    """Return the number of the bucket that a moment lies in. begins: of the buckets, in order."""
    return bisect_right(begins, at) - 1


def stepped(begin: datetime, end: datetime, preset: str, asked: str) -> Period:
    """Return a period with its steps. asked: ``week`` or ``month``; anything else leaves it to its length."""
    step: Step = "week" if asked == "week" or (asked != "month" and end - begin <= _WEEKLY_UP_TO) else "month"
    return Period(begin, end, preset, step)


def _next(at: datetime, step: Step) -> datetime:
    midnight = datetime.combine(at.date(), time(), UTC)
    if step == "week":
        return midnight + timedelta(days=7 - at.weekday())
    return midnight.replace(year=at.year + 1, month=1, day=1) if at.month == _YEAR_MONTHS else midnight.replace(month=at.month + 1, day=1)


def tomorrow(now: datetime) -> datetime:
    """Return the first moment after the day of a moment."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


def _months_before(end: datetime, months: int) -> datetime:
    """Return the first day of the month that many months before the one that a period ends in, that one counted."""
    last = end - timedelta(microseconds=1)
    index = last.year * _YEAR_MONTHS + last.month - months
    return datetime(index // _YEAR_MONTHS, index % _YEAR_MONTHS + 1, 1, tzinfo=UTC)


def _day(text: str, field: str) -> datetime:
    try:
        found = date.fromisoformat(text[:10])
        if not _FIRST_YEAR <= found.year <= _LAST_YEAR:
            raise ValueError(text)
    except ValueError as error:
        raise Refused(f"{text!r} is not a day.", fix="Write it like 2026-01-31.", field=field) from error
    return datetime.combine(found, time(), UTC)
