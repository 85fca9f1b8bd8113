"""What the decisions on an incident share: what was looked up, when it happened, who is meant. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.engine.model import Context, Decision, Event, Fact, Happened
from tocsin.incidents import errors
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import CANONICAL_MILESTONES, Playbook
from tocsin.playbooks.process import SetBy

FUTURE_LEEWAY: Final = timedelta(seconds=5)
"""How far ahead a sender's clock may be (a setting of the engine, not policy)."""


class Found(msgspec.Struct, frozen=True):
    """What the shell looked up for a decision."""

    playbook: Playbook | None = None
    pin: tuple[str, int, str] | None = None
    """Id, version and digest of the playbook to pin, for a declaration."""
    playbook_ids: tuple[str, ...] = ()
    entry: Fact | None = None
    corrections: tuple[int, ...] = ()
    """Versions of the entry's corrections so far."""
    newest: Fact | None = None
    """The entry's newest correction; nothing where it has none."""
    other: Incident | None = None
    alerts: tuple[dict[str, Any], ...] = ()
    people: tuple[str, ...] = ()
    not_kept: tuple[str, ...] = ()
    """Attachments that an entry names and nobody has sent."""
    names: Mapping[str, str] = {}
    """What people are called, by id, for what is told to others."""
    only_here: tuple[str, ...] = ()
    """Attachments of the entry that no other entry of any incident names."""


Handler = Callable[[Incident, Any, Context, Playbook], Decision]


def occurred(at: datetime | None, ctx: Context, field: str = "at") -> datetime:
    """Return when it happened: the given time, which must not lie in the future, or now."""
    if at is None:
        return ctx.now
    if at > ctx.now + FUTURE_LEEWAY:
        raise errors.NotYet(field, f"{at:%Y-%m-%d %H:%M:%S} UTC", f"{ctx.now:%H:%M:%S} UTC")
    return min(at, ctx.now)


def one(event: Event, at: datetime | None = None, **result: Any) -> Decision:
    """Return a decision of one fact."""
    return Decision((Happened(event, at),), result=result)


def open_only(incident: Incident) -> None:
    """Refuse where the incident has ended."""
    if incident.ended:
        raise errors.Ended(incident.id, incident.stage, incident.merged_into)


def role_id(playbook: Playbook, name: str) -> str:
    """Return the id of a role, given its id or short name."""
    role = playbook.role(name)
    if role is None:
        raise errors.UnknownWord("role", name, (f"{r.id} ({r.short})" if r.short else r.id for r in playbook.roles))
    return role.id


def milestone_ids(playbook: Playbook) -> list[str]:
    """Return the ids of all milestones, canonical and own."""
    return [*CANONICAL_MILESTONES, *(m.id for m in playbook.milestones)]


def milestones_set_by(playbook: Playbook, matches: Callable[[SetBy], bool]) -> tuple[str, ...]:
    """Return the playbook's own milestones for which the fact at hand is a candidate."""
    return tuple(m.id for m in playbook.milestones if matches(m.set_by))


def person(ctx: Context, given: str | None) -> str:
    """Return the person that a command speaks of: the one given, or whoever sent it."""
    return given or ctx.actor.id


def need(value: str, field: str, why: str) -> str:
    """Refuse an empty text."""
    if not value.strip():
        raise Refused(f"{field} is missing: {why}.", fix=f"Give {field}.", field=field)
    return value
