"""Read the moments that tools write: counts since 1970 and dates of many spellings. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from tocsin.engine import limits

_LONGEST: Final = 60
"""Characters of a time."""
_TIME: Final = re.compile(
    r"(\d{4})[-./](\d\d?)[-./](\d\d?)(?:(?:T|t| +)(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?)?\s*(Z|z|UTC|GMT|[+-]\d\d:?\d\d|[+-]\d\d)?"
)
_OFFSET: Final = re.compile(r"([+-])(\d\d):?(\d\d)?")
_SECONDS_BELOW: Final = ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""A count since 1970 below the first number is one of the second number's part of a second: seconds, then milliseconds …"""
_COUNTED_FROM: Final = 1e8
"""Seconds, in 1973: a smaller number is no time, but some other number in its place."""
_COUNTED_BELOW: Final = _SECONDS_BELOW[-1][0]


def moment(value: Any, zone: timezone = UTC) -> datetime | None:
    """Return a moment in UTC, or None where a value is none.

    It may be a count since 1970 (seconds, milli-, micro- or nanoseconds, as a number or text), or a date and time with any number of
    decimals. zone: of times that name none. Zero times of programming languages and years that no calendar reckons with are none.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        value = value.strip()
        if found := _TIME.fullmatch(value[:_LONGEST]):
            return _written(found, zone)
        value = _number(value)
    if not isinstance(value, int | float) or not _COUNTED_FROM <= value < _COUNTED_BELOW:
        return None
    part = next(part for below, part in _SECONDS_BELOW if value < below)
    try:
        return in_range(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=_microseconds(value, part)))
    except (OverflowError, ValueError):
        return None


def _microseconds(value: float, part: float) -> int:
    """Return microseconds without the rounding of floats where the count is whole."""
    if isinstance(value, int):
        return value * 1_000_000 // int(part)
    return round(value * 1_000_000 / part)


def _number(text: str) -> float | None:
    try:
        return int(text) if text.isdecimal() and len(text) <= _LONGEST else float(text)
    except ValueError:
        return None


def _written(found: re.Match[str], zone: timezone) -> datetime | None:
    year, month, day, hour, minute, second, fraction, name = found.groups()
    try:
        at = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), int((fraction or "0")[:6].ljust(6, "0")),
            tzinfo=_zone(name) if name else zone,
        )  # fmt: skip
        return in_range(at)
    except (ValueError, OverflowError):
        return None


def _zone(name: str) -> timezone:
    found = _OFFSET.fullmatch(name)
    return UTC if found is None else _offset(found)


def _offset(found: re.Match[str]) -> timezone:
    """Return the zone of an offset that was matched."""
    sign, hours, minutes = found.groups()
    by = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(-by if sign == "-" else by)


def zone_of(text: str) -> timezone:
    """Return the zone of an offset such as ``+05:30``; UTC where it is none."""
    found = _OFFSET.fullmatch(text.strip())
    try:
        return UTC if found is None else _offset(found)
    except ValueError:
        return UTC


def in_range(at: datetime) -> datetime | None:
    """Return a moment in UTC; None for a zero time of some language and for the end of its calendar."""
    try:
        at = at if at.tzinfo is UTC else at.astimezone(UTC)
    except OverflowError:
        return None
    return at if limits.FIRST_YEAR <= at.year <= limits.LAST_YEAR else None
