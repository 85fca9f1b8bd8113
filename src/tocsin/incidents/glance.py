"""What tells an incident at a glance, as a row: since when it runs, whether anybody has it, what is due next. Pure.

Lists read these rows instead of opening records. Deadlines stand there as moments, so that a row stays right while time passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Fact, RowWrite, micros
from tocsin.incidents import beside, milestones, obligations
from tocsin.incidents.model import Incident
from tocsin.incidents.rows import LISTED
from tocsin.playbooks.model import Playbook

TABLE: Final = "incident_glances"
MOST_DUTIES: Final = 30
"""So many duties that wait stand in a row, the earliest first."""


class Waiting(msgspec.Struct, frozen=True, array_like=True):
    """A duty that waits."""

    due_at: int
    """Microseconds since 1970 UTC."""
    name: str
    owner: str
    """The name of the role that owes it, as the playbook has it."""
    person: str
    """Who holds that role; empty where nobody does."""
    id: str


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """A role that somebody was asked to take, and has not taken or declined yet."""

    role: str
    name: str
    """The role's, as the playbook has it."""
    person: str
    by: str
    note: str


class Glance(msgspec.Struct, frozen=True):
    """What a list shows of an incident beside its row in ``incidents``."""

    since: int
    """When it began for its users, as far as that is known. Microseconds since 1970 UTC, as are all times here."""
    until: int | None
    stage_name: str
    lead_role: str
    acknowledged: bool
    duties: tuple[Waiting, ...]
    waiting: int
    """How many duties wait altogether."""
    asked: tuple[Asked, ...] = ()


encode: Final = msgspec.json.Encoder().encode
decode: Final = msgspec.json.Decoder(Glance).decode


def glance(incident: Incident, playbook: Playbook | None, now: datetime) -> Glance:
    """Return an incident at a glance."""
    moments = milestones.known(incident, playbook)
    begun = moments.get("impact_started") or moments.get("detected") or moments.get("declared")
    since = begun.at if begun else incident.declared_at or now
    resolved = moments.get("resolved")
    until = resolved.at if resolved else (incident.stage_since if incident.ended else None)
    stage = playbook.stage(incident.stage) if playbook else None
    lead = playbook.lead if playbook else None
    duties = _waiting(incident, playbook, now) if playbook else []
    asked = tuple(
        Asked(role, named.name if playbook and (named := playbook.role(role)) else role, offer.person, offer.by, offer.note)
        for role, offer in incident.offers.items()
    )
    return Glance(
        micros(since), micros(until) if until else None, stage.name if stage else incident.stage, (lead.short or lead.name) if lead else "",
        "acknowledged" in moments or incident.stage_kind != "open" or incident.ended, tuple(duties[:MOST_DUTIES]), len(duties), asked,
    )  # fmt: skip


def _waiting(incident: Incident, playbook: Playbook, now: datetime) -> list[Waiting]:
    found = []
    seen: set[tuple[str, datetime]] = set()
    for duty in obligations.plan(incident, playbook, now):
        if duty.state in obligations.SETTLED or (duty.name, duty.due_at) in seen:
            continue
        seen.add((duty.name, duty.due_at))
        role = playbook.role(duty.owner)
        holding = incident.roles.get(duty.owner)
        contact = next((c for c in playbook.contacts if c.id == duty.owner), None)
        owner = (role.short or role.name) if role else contact.name if contact else duty.owner.replace("_", " ")
        found.append(Waiting(micros(duty.due_at), duty.name, owner, holding.person if holding else "", duty.id))
    return found


def row(incident: Incident, playbook: Playbook | None, now: datetime) -> RowWrite:
    """Return the row of an incident."""
    seen = glance(incident, playbook, now)
    people = sorted({*(holding.person for holding in incident.roles.values()), *incident.engaged} - {""})
    values = {
        "incident": incident.id, "next_at": seen.duties[0].due_at if seen.duties else None, "since": seen.since,
        "people": "".join(f"\n{one}" for one in people) + "\n" if people else "", "body": encode(seen).decode(),
    }  # fmt: skip
    return RowWrite(TABLE, (incident.id,), values)


def glancing(kind: Kind, playbook_of: Callable[[str], Playbook | None]) -> Kind:
    """Return the incident's kind with its glance among its rows. playbook_of: the parsed playbook of a digest."""

    def rows(before: Incident, after: Incident, facts: Sequence[Fact], playbook: Playbook | None) -> list[RowWrite]:
        if after.declared_at is None:
            return []
        same = before.plan == after.plan and before.engaged is after.engaged and before.offers is after.offers
        if same and not any(isinstance(fact.event, LISTED) for fact in facts):
            return []
        return [row(after, playbook, facts[-1].recorded_at)]

    return beside.writing(kind, playbook_of, rows)
