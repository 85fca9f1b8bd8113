"""Whether a rota can be one: every text in it read, every mistake named with its place and what to write instead. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.engine.errors import Refused
from tocsin.oncall.errors import NotASchedule, NotATime
from tocsin.oncall.model import Layer, Rota
from tocsin.oncall.walltime import DAY, WEEK, day_of, known_zone, midnight, read_clock, read_wall
from tocsin.playbooks.durations import Duration

_LENGTHS: Final = {"hour": 3600, "day": DAY, "week": WEEK, "month": 28 * DAY}
_MOST_AT_ONCE: Final = 10
"""So many turns of one layer can overlap."""
_LONGEST: Final = timedelta(days=3 * 366)
"""No override or exchange is longer."""
_MOST_PEOPLE: Final = 500
_FURTHEST: Final = timedelta(days=60)
"""No notice and no summary is further ahead of its shift."""


def check(rota: Rota) -> None:
    """Make sure that a rota can be reckoned with.

    Raises:
        Refused: it cannot; the refusal names the place.

    """
    known_zone(rota.zone)
    for field in ("tell_before", "summary_opens", "summary_warns", "summary_least"):
        if _read(Duration.parse, getattr(rota, field) or "0m", field) > _FURTHEST:
            raise NotASchedule(f"{field} is longer than {_FURTHEST.days} days.", fix="Write it like 1d.", field=field)
    for place, text in enumerate(rota.holidays):
        wall = _read(read_wall, text, f"holidays[{place}]")
        if midnight(day_of(wall)) != wall:
            raise NotASchedule(f"The holiday {text!r} is not a date.", fix="Write it like 2026-12-25.", field=f"holidays[{place}]")
    known: set[str] = set()
    for place, layer in enumerate(rota.layers):
        where = f"layers[{place}]"
        if layer.id in known:
            raise NotASchedule(f"Two layers have the id {layer.id!r}.", fix="Give each its own.", field=f"{where}.id")
        known.add(layer.id)
        _check_layer(layer, where)


def _check_layer(layer: Layer, where: str) -> None:
    if layer.zone:
        known_zone(layer.zone, f"{where}.zone")
    if layer.begins and layer.until and layer.until <= layer.begins:
        raise NotASchedule(f"The layer {layer.id} ends before it begins.", fix="Let until be later than begins.", field=f"{where}.until")
    for place, hours in enumerate(layer.hours):
        for name in ("start", "end"):
            _read(read_clock, getattr(hours, name), f"{where}.hours[{place}].{name}")
        if not hours.days:
            raise NotASchedule(
                "These hours have no days.", fix="Name days, or leave `days` out for every day.", field=f"{where}.hours[{place}]"
            )
        if hours.lasts and not 0 < _read(Duration.parse, hours.lasts, f"{where}.hours[{place}].lasts").total_seconds() <= WEEK:
            raise NotASchedule("Hours last some time, and a week at most.", fix="Write it like 3d.", field=f"{where}.hours[{place}].lasts")
        if hours.start == "24:00":
            raise NotASchedule("Hours cannot begin at 24:00.", fix="Begin at 00:00 of the next day.", field=f"{where}.hours[{place}].start")
    if layer.calendar:
        if layer.groups:
            raise NotASchedule(
                f"The layer {layer.id} has groups and a calendar.", fix="The calendar says who is on call; leave groups out.", field=f"{where}.groups"
            )  # fmt: skip
        return
    _check_turns(layer, where)


def _check_turns(layer: Layer, where: str) -> None:
    if not layer.groups or not all(layer.groups):
        raise NotASchedule(
            f"The layer {layer.id} has nobody in it.", fix="Name people in `groups`, such as [[ana], [bo]].", field=f"{where}.groups"
        )
    if sum(map(len, layer.groups)) > _MOST_PEOPLE:
        raise NotASchedule(
            f"The layer {layer.id} has more than {_MOST_PEOPLE} places.", fix="Make several layers.", field=f"{where}.groups"
        )
    if layer.start:
        _read(read_wall, layer.start, f"{where}.start")
    elif len(layer.groups) > 1:
        raise NotASchedule(
            f"It is not said when the first turn of the layer {layer.id} begins.", fix="Write the local time of a hand-off, such as 2026-01-05T09:00.",
            field=f"{where}.start",
        )  # fmt: skip
    if layer.unit == "shift" and not layer.hours:
        raise NotASchedule(
            f"The layer {layer.id} counts turns in shifts and has no hours.",
            fix="Name the hours of a shift in `hours`.",
            field=f"{where}.hours",
        )
    if layer.lasts:
        lasts = _read(Duration.parse, layer.lasts, f"{where}.lasts").total_seconds()
        if layer.unit == "shift":
            raise NotASchedule(
                "A turn that is counted in shifts lasts as long as its hours.", fix="Leave `lasts` out.", field=f"{where}.lasts"
            )
        if not lasts:
            raise NotASchedule(f"A turn of the layer {layer.id} lasts no time.", fix="Write it like 8h.", field=f"{where}.lasts")
        if lasts > _MOST_AT_ONCE * _LENGTHS[layer.unit] * layer.every:
            raise NotASchedule(
                f"A turn lasts {layer.lasts}: more than {_MOST_AT_ONCE} turns would overlap.",
                fix="Make it shorter.",
                field=f"{where}.lasts",
            )


def check_span(start: datetime, end: datetime, field: str = "end") -> None:
    """Make sure that a stretch of time is one that somebody could be on call for.

    Raises:
        NotATime: it is not.

    """
    if end <= start:
        raise NotATime("It ends before it begins.", fix="Let the end be later than the start.", field=field)
    if end - start > _LONGEST:
        raise NotATime("It is longer than three years.", fix="Change the schedule itself instead.", field=field)


def check_role(role: str, roles: Collection[str]) -> None:
    """Make sure that a schedule has such a line.

    Raises:
        NotASchedule: it has not.

    """
    if role not in roles:
        known = ", ".join(repr(one) for one in roles if one) or "none besides the first"
        raise NotASchedule(f"The schedule has no line {role!r}.", fix=f"Its lines are: {known}.", field="role")


def _read(read: Callable[[Any], Any], text: str, field: str) -> Any:
    try:
        return read(text)
    except ValueError as error:
        raise Refused(f"{field}: {error}.", fix="Put it right and save again.", field=field) from error
