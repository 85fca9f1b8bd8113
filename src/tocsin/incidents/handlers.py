"""What the API and pages do with incidents: make an id and declare, read one as of a moment, compose an update."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tocsin.engine import log
from tocsin.engine.batch import fresh
from tocsin.engine.errors import NotFound
from tocsin.engine.model import Actor, Fact
from tocsin.engine.runtime import Runtime
from tocsin.incidents import commands as c
from tocsin.incidents import messages, naming, timeline, views
from tocsin.incidents.errors import UnknownWord
from tocsin.incidents.evolve import evolve, initial
from tocsin.incidents.model import Incident
from tocsin.playbooks.handlers import Bookshelf
from tocsin.playbooks.model import Playbook


async def declare(runtime: Runtime, shelf: Bookshelf, default: str, command: c.Declare | c.Import, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Declare an incident under an id of the playbook's pattern, or the one that was given."""
    given = command.id if isinstance(command, c.Declare) else None
    if given is None:
        with runtime.reading() as reader:
            wanted = command.playbook or getattr(reader.state(f"service:{command.service}"), "playbook", "") or default
            current = shelf.current(wanted, reader)
            playbook = shelf.by_digest(current.digest, reader) if current else None
        day = (command.at if isinstance(command, c.Declare) else None) or _earliest(command) or runtime.clock.now()
        pattern = playbook.naming.incident if playbook else "INC-{date}-{random}"
        given = naming.incident_id(pattern, day, fresh())
    return await runtime.commit("incident", given, command, actor, key, request)


def _earliest(command: c.Declare | c.Import) -> datetime | None:
    if isinstance(command, c.Declare):
        return None
    times = [m.at for m in command.milestones.values() if m] + [e.at for e in command.timeline]
    return min(times, default=None)


class Opened(msgspec.Struct, frozen=True):
    """An incident with its playbook and the moment at which it is looked at."""

    incident: Incident
    playbook: Playbook | None
    facts: list[Fact]
    now: datetime


def open_incident(runtime: Runtime, shelf: Bookshelf, incident_id: str, *, with_facts: bool = False, at: datetime | None = None, reading: str = "happened_by") -> Opened:
    """Return an incident as it is now, or as of a moment in one of the two readings.

    Raises:
        NotFound: there is no such incident, or it had not begun by then.

    """
    incident: Incident = runtime.state("incident", incident_id)
    facts: list[Fact] = []
    now = runtime.clock.now()
    with runtime.reading() as reader:
        playbook = shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None
    if with_facts or at is not None:
        facts = runtime.facts("incident", incident_id)
    if at is not None:
        facts = timeline.as_of(facts, at, "known_by" if reading == "known_by" else "happened_by")
        if not facts:
            raise NotFound(f"{incident_id} had not begun at {at:%Y-%m-%d %H:%M} UTC.", fix="Ask for a later moment.")
        state = initial(incident_id)
        for fact in facts:
            state = evolve(state, fact)
        incident, now = state, at
    return Opened(incident, playbook, facts, now)


def compose(runtime: Runtime, shelf: Bookshelf, incident_id: str, message_id: str) -> dict[str, Any]:
    """Return a message's fields as the record fills them, for people to look over."""
    opened = open_incident(runtime, shelf, incident_id, with_facts=True)
    playbook = opened.playbook
    message = playbook.message(message_id) if playbook else None
    if playbook is None or message is None:
        raise UnknownWord("message", message_id, (m.id for m in playbook.messages) if playbook else ())
    shown = [timeline.plain(line) for line in timeline.lines(opened.facts, playbook) if line.entry]
    filled = messages.prefill(opened.incident, playbook, message, opened.now, shown)
    return {
        "message": message.id, "name": message.name, "audiences": list(message.audiences), "next_update": message.next_update,
        "next_update_default": str(message.next_update_default) if message.next_update_default else None, "eta": message.eta,
        "statuses": list(message.statuses),
        "fields": [
            {"id": f.id, "label": f.label, "required": f.required, "kind": f.kind, "choices": list(f.choices), "value": filled.get(f.id), "source": f.prefill}
            for f in message.fields
        ],
    }  # fmt: skip


async def post_update(runtime: Runtime, shelf: Bookshelf, incident_id: str, command: c.PostUpdate, actor: Actor, key: str, request: str) -> dict[str, Any]:
    """Post an update; fields that only the timeline can fill are taken from it before the commit."""
    opened = open_incident(runtime, shelf, incident_id)
    message = opened.playbook.message(command.message) if opened.playbook else None
    wanted = [f for f in message.fields if f.prefill == "timeline" and f.id not in command.fields] if message else []
    if wanted and opened.playbook is not None:
        facts = runtime.facts("incident", incident_id)
        shown = [timeline.plain(line) for line in timeline.lines(facts, opened.playbook) if line.entry]
        command = msgspec.structs.replace(command, fields={**command.fields, **{f.id: shown for f in wanted}})
    return await runtime.commit("incident", incident_id, command, actor, key, request)


async def merge(runtime: Runtime, incident_id: str, command: c.Merge, actor: Actor, key: str, request: str) -> dict[str, Any]:
    """Merge one incident into another; the other's record says so in the same transaction."""
    return await runtime.commit("incident", incident_id, command, actor, key, request)


def view(runtime: Runtime, shelf: Bookshelf, incident_id: str, at: datetime | None = None, reading: str = "happened_by") -> dict[str, Any]:
    """Return an incident for the API."""
    opened = open_incident(runtime, shelf, incident_id, at=at, reading=reading)
    return views.incident_view(opened.incident, opened.playbook, opened.now)


def shown_timeline(runtime: Runtime, shelf: Bookshelf, incident_id: str, at: datetime | None = None, reading: str = "happened_by") -> list[timeline.Line]:
    """Return an incident's timeline."""
    opened = open_incident(runtime, shelf, incident_id, with_facts=True, at=at, reading=reading)
    return timeline.lines(opened.facts, opened.playbook)


def check_chain(runtime: Runtime, kind: str, record: str) -> list[log.Broken]:
    """Check the hash chain of a record; return where it breaks."""
    with runtime.database.reading() as connection:
        return log.verify(connection, f"{kind}:{record}")
