"""Why a person is on call at a moment: each layer and agreement with what it said and whether it counted. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tocsin.oncall.layers import duties_at
from tocsin.oncall.model import Exchange, Override, Schedule


def why(schedule: Schedule, at: datetime, role: str, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one entry for each layer of the line and each agreement that touches the moment, in the order in which they apply."""
    version = schedule.at(at)
    if version is None:
        return [{"what": "schedule", "counts": False, "people": [], "says": "The schedule did not exist yet."}]
    bare = replace(schedule, overrides={}, exchanges={})
    base = duties_at(bare, at, role)
    told = []
    for layer in sorted((one for one in version.rota.layers if one.role == role), key=lambda one: one.priority):
        alone = replace(bare, versions=(replace(version, rota=replace(version.rota, layers=(layer,))),))
        people = [duty.person for duty in duties_at(alone, at, role)]
        counts = bool(people) and all(any(duty.person == person for duty in base) for person in people)
        told.append(
            {
                "what": f"layer:{layer.id}",
                "counts": counts,
                "people": people,
                "says": _of_layer(layer.name or layer.id, people, counts, names),
            }
        )
    for duty in base:
        if duty.because.startswith("absence:"):
            away = duty.because.partition(":")[2]
            says = f"{_name(away, names)} is away; {_name(duty.person, names)} is next and stands in."
            told.append({"what": duty.because, "counts": True, "people": [duty.person], "says": says})
    overrides = sorted(schedule.overrides.values(), key=lambda one: (one.how != "take", one.number))
    told += [_told_of(one, names) for one in overrides if one.role == role and one.start <= at < one.end]
    for swap in schedule.exchanges.values():
        if swap.role == role and swap.state in ("offered", "taken") and _touches(swap, at):
            told.append(_of_exchange(swap, at, names))
    return told


def _touches(swap: Exchange, at: datetime) -> bool:
    back = swap.back_start is not None and swap.back_end is not None and swap.back_start <= at < swap.back_end
    return swap.start <= at < swap.end or (swap.state == "taken" and back)


def _of_layer(name: str, people: list[str], counts: bool, names: Mapping[str, str]) -> str:
    if not people:
        return f"{name} has nobody at this time."
    who = ", ".join(_name(person, names) for person in people)
    return f"{name}: {who}." if counts else f"{name} has {who}, but a layer of higher priority counts."


def _told_of(override: Override, names: Mapping[str, str]) -> dict[str, Any]:
    people = [override.person] if override.person else []
    return {"what": f"override:{override.id}", "counts": True, "people": people, "says": _of_override(override, names)}


def _of_override(override: Override, names: Mapping[str, str]) -> str:
    comes, goes = _name(override.person, names), _name(override.instead_of, names)
    says = {
        "take": f"{comes} alone is on call", "add": f"{comes} is on call as well", "replace": f"{comes} in the place of {goes}",
        "remove": f"{goes} is not on call",
    }[override.how]  # fmt: skip
    return f"{says}, by {override.by or 'an override'}{': ' + override.why if override.why else ''}."


def _of_exchange(swap: Exchange, at: datetime, names: Mapping[str, str]) -> dict[str, Any]:
    gives, takes = _name(swap.person, names), _name(swap.to, names)
    if swap.state == "offered":
        says = f"{gives} wants to give this away{' to ' + takes if swap.to else ''}; nobody has taken it."
    elif swap.start <= at < swap.end:
        counts = swap.since is None or swap.since <= at
        says = f"{takes} took {gives}'s shift." if counts else f"{takes} took {gives}'s shift, but only later."
    else:
        says = f"{gives} took {takes}'s shift in return."
    people = [swap.to] if swap.state == "taken" else []
    return {"what": f"exchange:{swap.id}", "counts": swap.state == "taken", "people": people, "says": says}


def _name(person: str, names: Mapping[str, str]) -> str:
    return names.get(person, person)
