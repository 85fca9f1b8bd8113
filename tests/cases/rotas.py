"""What the models of on-call cases describe, as our schedules. Nothing here knows a single case."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.oncall.model import EVERY_DAY, Exchange, Hours, Layer, Override, Rota, Schedule, Weekday, plain
from tocsin.oncall.walltime import instant_of, moment, read_wall

_DAYS: dict[str, Weekday] = {"MO": "mon", "TU": "tue", "WE": "wed", "TH": "thu", "FR": "fri", "SA": "sat", "SU": "sun"}
_UNITS: dict[str, Any] = {"hourly": "hour", "daily": "day", "weekly": "week", "monthly": "month"}
LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)


def when(text: str) -> datetime:
    """Return a moment of a case."""
    return datetime.fromisoformat(text).astimezone(UTC)


def local(text: str, zone: str) -> datetime:
    """Return the moment that a local time of a case means."""
    return moment(instant_of(zone, read_wall(text)))


def wall(at: datetime, zone: str) -> datetime:
    """Return what the clock of a zone shows at a moment."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def days_of(names: list[str] | str | None) -> tuple[Weekday, ...]:
    """Return days of the week."""
    return EVERY_DAY if not names or names == "every day" else tuple(_DAYS[name] for name in names)


def take_turns(
    groups: list[list[str]], first: datetime, length: timedelta, frequency: str, interval: int, by_day: list[str] | None, zone: str,
    begins: datetime, until: datetime | None, week_start: str = "MO",
) -> Layer:  # fmt: skip
    """Return groups that take turns. first: the wall time of the first shift."""
    people = tuple(map(tuple, groups))
    common: dict[str, Any] = {"id": "turns", "groups": people, "every": interval, "begins": begins, "until": until, "zone": zone}
    lasts = f"{int(length.total_seconds())}s"
    if not by_day:
        return Layer(start=first.isoformat(), unit=_UNITS[frequency], lasts=lasts, **common)
    hours = (Hours(start=f"{first:%H:%M}", lasts=lasts, days=days_of(by_day)),)
    if frequency == "daily":
        # Turns move on included days only, and the interval counts included days.
        return Layer(start=datetime.combine(first.date(), datetime.min.time()).isoformat(), unit="shift", hours=hours, **common)
    if frequency == "weekly":
        back = (first.weekday() - list(_DAYS).index(week_start)) % 7
        return Layer(start=(first - timedelta(days=back)).isoformat(), unit="week", lasts="1w", hours=hours, **common)
    assert frequency == "monthly"
    assert interval == 1, "months with pauses between are not said by any case"
    return Layer(start=first.replace(day=1).isoformat(), unit="month", hours=hours, **common)


def rolling_groups(given: dict[str, Any]) -> Schedule:
    """Return the schedule of a ``rolling-groups`` input."""
    zone = given["timezone"]
    hour, minute = map(int, given["shift_start"].split(":"))
    day = date.fromisoformat(given["start"])
    first = datetime(day.year, day.month, day.day, hour, minute)  # noqa: DTZ001 (a wall time)
    layer = take_turns(
        given["rolling_groups"], first, timedelta(hours=given["duration_h"]), given["frequency"], given["interval"], given["by_day"], zone,
        local(given["start"], zone), None, given["week_start"],
    )  # fmt: skip
    return plain(Rota(zone=zone, layers=(layer,)))


def rolling_interval(given: dict[str, Any]) -> Schedule:
    """Return the schedule of a ``rolling-interval`` input."""
    zone, turn = given["timezone"], given["rotation"]
    length = timedelta(hours=turn.get("duration_h", 0), minutes=turn.get("duration_min", 0))
    begins = when(turn.get("rotation_start", turn["start"]))
    layer = take_turns(
        turn["groups"], wall(when(turn["start"]), zone), length, turn["frequency"], turn.get("interval", 1), turn.get("by_day"), zone, begins,
        when(turn["until"]) if "until" in turn else None, turn.get("week_start", "MO"),
    )  # fmt: skip
    return plain(Rota(zone=zone, layers=(layer,)))


def layered(given: dict[str, Any]) -> Schedule:
    """Return the schedule of a ``layers``, ``overrides``, ``swap`` or ``weekly-rule`` input."""
    zone = given["timezone"]
    layers = [
        Layer(
            id=f"layer-{number}", priority=one.get("priority", 0), groups=((one["user"],),), start=wall(when(one["start"]), zone).isoformat(),
            unit=_UNITS[one["repeat"]], lasts=f"{int(one['duration_h'] * 3600)}s",
        )
        for number, one in enumerate(given.get("layers", ()))
    ]  # fmt: skip
    rules = [*given.get("rules", ()), *([given["rule"]] if "rule" in given else ())]
    layers += [
        Layer(id=f"rule-{number}", groups=((one["user"],),), hours=(Hours(one["start"], one["end"], days_of(one["weekdays"])),))
        for number, one in enumerate(rules)
    ]
    overrides = {}
    for number, one in enumerate(given.get("overrides", ())):
        how = one.get("kind", "take")
        coming = one.get("add", one.get("user", ""))
        overrides[str(number)] = Override(
            str(number), how, when(one["start"]), when(one["end"]), coming, one.get("remove", ""), one.get("priority", 0), number=number
        )
    exchanges = {
        str(number): Exchange(
            str(number), one["from_user"], when(one["start"]), when(one["end"]), one["to_user"], state="taken" if one["taken"] else "offered",
            number=number,
        )
        for number, one in enumerate(given.get("swaps", ()))
    }  # fmt: skip
    return plain(Rota(zone=zone, layers=tuple(layers)), overrides=overrides, exchanges=exchanges)


def turns(zone: str, kind: str, length: int, start_local: str, users: list[str] | None = None, begins: datetime = LONG_AGO) -> Layer:
    """Return people who take turns all day long. Its turns go back before the first one."""
    groups = tuple((user,) for user in users or ["a", "b"])
    return Layer(id="turns", groups=groups, unit=_UNITS[kind], every=length, start=start_local, zone=zone, begins=begins)
