"""Schedules as another tool describes them, as ours. Pure; what cannot be said in ours is refused by name."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.oncall.errors import NotASchedule
from tocsin.oncall.model import Aware, Hours, Layer, Rota, Weekday
from tocsin.oncall.walltime import DAY, HOUR, WEEK, known_zone, seconds, show_wall, wall_of

_DAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class _Reference(msgspec.Struct, frozen=True):
    id: str = ""
    summary: str = ""
    name: str = ""
    email: str = ""


class _User(_Reference, frozen=True):
    user: _Reference | None = None
    """The answer of the API wraps each user once more."""


class _Restriction(msgspec.Struct, frozen=True):
    type: str
    start_time_of_day: str
    duration_seconds: int
    start_day_of_week: int | None = None


class _PagerDutyLayer(msgspec.Struct, frozen=True):
    start: Aware
    rotation_virtual_start: Aware
    rotation_turn_length_seconds: int
    users: tuple[str | _User, ...] = ()
    name: str = ""
    end: Aware | None = None
    restrictions: tuple[_Restriction, ...] = ()


class _PagerDutySchedule(msgspec.Struct, frozen=True):
    time_zone: str = ""
    timezone: str = ""
    name: str = ""
    summary: str = ""
    description: str | None = None
    layers: tuple[_PagerDutyLayer, ...] = ()
    schedule_layers: tuple[_PagerDutyLayer, ...] = ()


def from_pagerduty(document: Any, people: dict[str, str] | None = None) -> Rota:
    """Return a schedule that PagerDuty describes: its REST answer (with or without the outer ``schedule``) or ``layers`` as in Terraform files.

    people: their users, by id, e-mail or name in small letters, and who each is here; who is not in it keeps the name.

    Raises:
        Refused: it is none, or turns by something else than whole hours.

    """
    inner = document.get("schedule", document) if isinstance(document, dict) else document
    try:
        schedule = msgspec.convert(inner, _PagerDutySchedule, strict=False)
    except msgspec.ValidationError as error:
        raise NotASchedule(
            f"This is not a PagerDuty schedule: {error}.", fix="Send what GET /schedules/{id} of its API answers."
        ) from error
    zone = known_zone(schedule.time_zone or schedule.timezone or "UTC", "time_zone")
    # The API lists the layer that wins first, files list it last.
    layers = schedule.layers or tuple(reversed(schedule.schedule_layers))
    return Rota(
        name=schedule.name or schedule.summary, zone=zone, about=schedule.description or "",
        layers=tuple(_layer(layer, place, zone, people or {}) for place, layer in enumerate(layers)),
    )  # fmt: skip


def _layer(layer: _PagerDutyLayer, place: int, zone: str, people: dict[str, str]) -> Layer:
    where = f"layers[{place}]"
    length = layer.rotation_turn_length_seconds
    for unit, size in (("week", WEEK), ("day", DAY), ("hour", HOUR)):
        if length > 0 and length % size == 0:
            return Layer(
                id=f"layer-{place + 1}", name=layer.name, priority=place, unit=unit, every=length // size,  # type: ignore[arg-type]
                groups=tuple((_name(user, people),) for user in layer.users), start=_local(layer.rotation_virtual_start, zone),
                begins=layer.start, until=layer.end,
                hours=tuple(_hours(one, f"{where}.restrictions[{number}]") for number, one in enumerate(layer.restrictions)),
            )  # fmt: skip
    raise NotASchedule(
        f"A turn of {length} seconds is no whole number of hours.", fix="Round it to hours.", field=f"{where}.rotation_turn_length_seconds"
    )


def _hours(restriction: _Restriction, where: str) -> Hours:
    start = restriction.start_time_of_day[:5]
    length = f"{restriction.duration_seconds}s"
    if restriction.type == "daily_restriction":
        return Hours(start=start, lasts=length)
    day = restriction.start_day_of_week or 0
    if restriction.type == "weekly_restriction" and 1 <= day <= len(_DAYS):
        return Hours(start=start, lasts=length, days=(_DAYS[day - 1],))
    raise NotASchedule(f"{restriction.type!r} is no kind of restriction that is known here.", fix="Say it as hours.", field=f"{where}.type")


def _local(at: datetime, zone: str) -> str:
    return show_wall(wall_of(zone, seconds(at))).isoformat(timespec="minutes")


def _name(user: str | _User, people: dict[str, str]) -> str:
    if isinstance(user, str):
        return people.get(user.casefold(), user)
    who = user.user or user
    names = [name for name in (who.id, who.email, who.name, who.summary) if name]
    return next((people[name.casefold()] for name in names if name.casefold() in people), names[-1] if names else "?")
