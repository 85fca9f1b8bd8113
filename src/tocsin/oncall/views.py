"""Schedules, hand-offs and availability as answers of the API. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from tocsin.oncall.availability import Availability
from tocsin.oncall.handoff import Handoff
from tocsin.oncall.layers import duties_at, roles_of
from tocsin.oncall.model import Exchange, Override, Rota, Schedule, Shift
from tocsin.oncall.shifts import next_change, next_on_call


def plainly(value: Any) -> Any:
    """Return a value as lists, dictionaries and moments."""
    return msgspec.to_builtins(value, builtin_types=(datetime,))


def whole(rota: Rota) -> dict[str, Any]:
    """Return a rota with all its fields, also those that are as usual."""
    return {name: plainly(getattr(rota, name)) for name in rota.__struct_fields__}


def now_view(schedule: Schedule, at: datetime, names: Mapping[str, str]) -> dict[str, Any]:
    """Return who is on call at a moment, line by line, why, until when, and who comes next."""
    lines = []
    for role in roles_of(schedule):
        duties = duties_at(schedule, at, role)
        lines.append(
            {
                "role": role, "until": next_change(schedule, at, role),
                "on_call": [
                    {"person": one.person, "name": names.get(one.person, one.person), "because": one.because, "asked": one.asked} for one in duties
                ],
                "next": [{"person": one, "name": names.get(one, one)} for one in next_on_call(schedule, at, role)],
            }
        )  # fmt: skip
    if len(lines) > 1 and not any(layer.role == "" for layer in schedule.rota.layers) and not lines[0]["on_call"]:
        lines = lines[1:]  # every line of it has a name of its own
    return {"schedule": schedule.id, "name": schedule.rota.name or schedule.id, "zone": schedule.rota.zone, "at": at, "lines": lines}


def schedule_view(schedule: Schedule, now: datetime, names: Mapping[str, str], public_url: str) -> dict[str, Any]:
    """Return a schedule for the API: its rota, who is on call, and what was agreed for the time from now on."""
    coming = [one for one in schedule.versions if one.since is not None and one.since > now]
    in_force = schedule.at(now)
    return {
        "id": schedule.id, "version": schedule.version, **whole(in_force.rota if in_force else schedule.rota), "now": now_view(schedule, now, names)["lines"],
        "since": in_force.since if in_force else None, "coming": [{"since": one.since, "rota": whole(one.rota)} for one in coming],
        "overrides": [plainly(one) for one in overrides_from(schedule, now)], "offers": [plainly(one) for one in offers_of(schedule, now)],
        "calendars": [
            {"id": name, "shifts": len(one.spans), "read_until": one.read_until, "user_from": one.user_from, "unknown": one.unknown}
            for name, one in schedule.calendars.items()
        ],
        "subscribers": plainly(schedule.subscribers), "feed": feed_url(public_url, schedule.feed),
        "away": [{"person": name, "spans": plainly([s for s in spans if s.end > now])} for name, spans in schedule.away.items() if any(s.end > now for s in spans)],
    }  # fmt: skip


def overrides_from(schedule: Schedule, now: datetime) -> list[Override]:
    """Return overrides that are not over, by start."""
    return sorted((one for one in schedule.overrides.values() if one.end > now), key=lambda one: (one.start, one.id))


def offers_of(schedule: Schedule, now: datetime) -> list[Exchange]:
    """Return swaps and cover requests that are open or agreed and not over, by start."""
    found = (one for one in schedule.exchanges.values() if one.end > now and one.state in ("offered", "taken"))
    return sorted(found, key=lambda one: (one.start, one.id))


def feed_url(public_url: str, secret: str) -> str | None:
    """Return the address of a published calendar; None where it is not published."""
    return f"{public_url.rstrip('/')}/calendar/{secret}.ics" if secret else None


def shift_view(shift: Shift, names: Mapping[str, str], schedule: str = "") -> dict[str, Any]:
    """Return a shift for the API."""
    of = {"schedule": schedule} if schedule else {}
    return {
        **of, "person": shift.person, "name": names.get(shift.person, shift.person), "start": shift.start, "end": shift.end, "role": shift.role,
        "because": shift.because, "asked": shift.asked,
    }  # fmt: skip


def handoff_view(handoff: Handoff, names: Mapping[str, str], draft: str = "") -> dict[str, Any]:
    """Return a hand-off for the API. draft: what the record suggests while nothing is written."""
    return {
        "id": handoff.id, "schedule": handoff.schedule, "at": handoff.at, "state": handoff.state, "late": handoff.late,
        "outgoing": list(handoff.outgoing), "incoming": list(handoff.incoming), "names": {p: names.get(p, p) for p in handoff.outgoing + handoff.incoming},
        "shift_began": handoff.shift_began, "warn_at": handoff.warn_at, "warned": handoff.warned, "text": handoff.text, "draft": draft,
        "signed_by": handoff.signed_by or None, "signed_at": handoff.signed_at, "acknowledged": dict(handoff.read_by),
    }  # fmt: skip


def availability_view(known: Availability, now: datetime, public_url: str) -> dict[str, Any]:
    """Return a person's absences that are not over, and the address of their calendar."""
    return {
        "person": known.id,
        "absences": [{"id": name, **plainly(span)} for name, span in known.typed.items() if span.end > now],
        "calendars": [
            {"calendar": name, "spans": [plainly(span) for span in spans if span.end > now]} for name, spans in known.calendars.items()
        ],
        "feed": feed_url(public_url, known.feed),
    }
