"""What people and places are told about on-call duty: the frozen values of a message, and its words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from tocsin.oncall.model import Schedule

KINDS: tuple[str, ...] = ("schedule.on_call", "schedule.shift_coming", "handoff.missing", "handoff.written")


def on_call_notice(
    schedule: Schedule, people: Sequence[str], before: Sequence[str], role: str, at: datetime, names: Mapping[str, str]
) -> dict[str, Any]:  # fmt: skip
    """Return the values of the notice of who is on call."""
    rota = schedule.rota
    return {
        "schedule": schedule.id, "name": rota.name or schedule.id, "role": role, "people": list(people), "before": list(before),
        "names": {one: names.get(one, one) for one in (*people, *before)}, "at": at, "zone": rota.zone,
    }  # fmt: skip


def coming_notice(schedule: Schedule, person: str, start: datetime, end: datetime, role: str, zone: str) -> dict[str, Any]:
    """Return the values of the notice that a person's shift comes. zone: the person's."""
    return {
        "schedule": schedule.id, "name": schedule.rota.name or schedule.id, "role": role, "person": person, "start": start, "end": end,
        "zone": zone or schedule.rota.zone,
    }  # fmt: skip


def render(kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return subject and body of a message about on-call duty."""
    match kind:
        case "schedule.on_call":
            return _on_call(values)
        case "schedule.shift_coming":
            return _coming(values)
        case "handoff.missing":
            return _missing(values)
        case "handoff.written":
            return _written(values)
        case _:
            raise ValueError(f"on-call duty knows no message {kind!r}")


def _on_call(values: Mapping[str, Any]) -> tuple[str, str]:
    who = _names(values["people"], values["names"]) or "nobody"
    line = f"{values['name']}{' (' + values['role'] + ')' if values['role'] else ''}"
    before = _names(values["before"], values["names"])
    body = [f"On-call for {line}: {who}.", f"Since {_local(values['at'], values['zone'])}."]
    if before:
        body.append(f"Before: {before}.")
    if not values["people"]:
        body.append("Pages to this schedule reach nobody: add an override or a layer.")
    return f"{line}: {who} on-call", "\n".join(body)


def _coming(values: Mapping[str, Any]) -> tuple[str, str]:
    line = f"{values['name']}{' (' + values['role'] + ')' if values['role'] else ''}"
    start, end = (_local(values[name], values["zone"]) for name in ("start", "end"))
    return (
        f"You are on-call for {line} from {start}",
        f"Your shift for {line} begins {start} and ends {end}.\nCannot do it? Offer it: tocsin oncall cover --schedule {values['schedule']}",
    )


def _missing(values: Mapping[str, Any]) -> tuple[str, str]:
    at = _local(values["at"], values["zone"])
    return (
        f"Hand-off of {values['name']} at {at}: the summary is missing",
        "\n".join(
            (
                f"Your shift for {values['name']} {'ended' if values['missed'] else 'ends'} {at}; {_names(values['incoming'], values['names'])} comes.",
                f"A draft is ready. Read it, put it right and sign it: tocsin oncall handoff write {values['handoff']}",
            )
        ),
    )


def _written(values: Mapping[str, Any]) -> tuple[str, str]:
    at = _local(values["at"], values["zone"])
    return (
        f"Hand-off of {values['name']} at {at}",
        "\n\n".join(
            (
                f"{_names(values['outgoing'], values['names'])} hands {values['name']} off to you.",
                values["text"],
                f"Say that you have read it: tocsin oncall handoff ack {values['handoff']}",
            )
        ),
    )


def _names(people: Sequence[str], names: Mapping[str, str]) -> str:
    shown = [f"{names[one]} ({one})" if names.get(one, one) != one else one for one in people]
    return " and ".join(filter(None, (", ".join(shown[:-1]), *shown[-1:])))


def _local(at: datetime | str, zone: str) -> str:
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y %H:%M} {zone}"
