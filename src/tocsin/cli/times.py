"""Times as people type them: ``14:27`` is the last such time, ``--next-at 15:20`` the next, anything else goes to the server as it is."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

import click

_CLOCK: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_LOOK: Final = 3
"""Days to look through for a clock time: today, and the days beside it in case today has no such time."""


def zone_of(name: str | None) -> tzinfo:
    """Return a time zone by its name; UTC without one.

    Raises:
        click.BadParameter: there is no such zone.

    """
    if not name:
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise click.BadParameter(f"there is no time zone {name!r}; write it like Europe/Berlin", param_hint="--zone") from error


def is_clock(text: str) -> bool:
    """Tell whether a text is a clock time, so that the present moment is needed to understand it."""
    return _CLOCK.fullmatch(text.strip()) is not None


def past(text: str, now: datetime, zone: tzinfo = UTC, option: str = "--at") -> str:
    """Return a time for the server. A clock time is the last one that is not after ``now``.

    Raises:
        click.BadParameter: it is no clock time, or happens twice when the clocks go back.

    """
    return _resolve(text, now, zone, option, direction=-1)


def coming(text: str, now: datetime, zone: tzinfo = UTC, option: str = "--next-at") -> str:
    """Return a time for the server. A clock time is the first one after ``now``."""
    return _resolve(text, now, zone, option, direction=1)


def _resolve(text: str, now: datetime, zone: tzinfo, option: str, direction: int) -> str:
    text = text.strip()
    found = _CLOCK.fullmatch(text)
    if found is None:
        return _with_zone(text, zone)
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 (a day has 24 hours)
        raise click.BadParameter(f"{text!r} is not a time of day; write it like 14:27", param_hint=option)
    today = now.astimezone(zone).date()
    for days in range(_LOOK):
        moments = _moments(today + timedelta(days=direction * days), (hour, minute, second), zone)
        fitting = [at for at in moments if (at <= now if direction < 0 else at > now)]
        if len(fitting) > 1:
            shown = " or ".join(at.astimezone(zone).isoformat() for at in fitting)
            raise click.BadParameter(
                f"{text} happens twice on {moments[0]:%Y-%m-%d}, when the clocks go back; write {shown}", param_hint=option
            )
        if fitting:
            return fitting[0].astimezone(UTC).isoformat().replace("+00:00", "Z")
    raise click.BadParameter(
        f"{text!r} does not exist in this zone near {today}, when the clocks go forward; write it in UTC", param_hint=option
    )


def _moments(day: date, time: tuple[int, int, int], zone: tzinfo) -> list[datetime]:
    """Return the moments at which a clock of the zone shows this time on this day: one, two, or none."""
    naive = datetime(day.year, day.month, day.day, *time)  # noqa: DTZ001 (the zone follows)
    found = []
    for fold in (0, 1):
        at = naive.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) == naive and at not in found:
            found.append(at)
    return found


def _with_zone(text: str, zone: tzinfo) -> str:
    """Complete a time: its seconds, and the zone where one was named. What is no time, or has no zone, is left to the server to refuse."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    if at.tzinfo is None and zone is not UTC:
        at = at.replace(tzinfo=zone)
    return at.isoformat()
