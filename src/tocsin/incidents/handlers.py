"""What the API and pages do with incidents: make an id and declare, read one as of a moment, compose an update."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tocsin.engine.batch import fresh
from tocsin.engine.model import Actor
from tocsin.engine.runtime import Runtime
from tocsin.incidents import commands as c
from tocsin.incidents import messages, naming, queries, timeline
from tocsin.incidents.errors import UnknownWord
from tocsin.playbooks.queries import Bookshelf


async def declare(
    runtime: Runtime, shelf: Bookshelf, default: str, command: c.Declare | c.Import, actor: Actor, key: str = "", request: str = ""
) -> dict[str, Any]:
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


def compose(runtime: Runtime, shelf: Bookshelf, incident_id: str, message_id: str) -> dict[str, Any]:
    """Return a message's fields as the record fills them, for people to look over."""
    opened = queries.open_incident(runtime, shelf, incident_id, with_facts=True)
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


async def post_update(
    runtime: Runtime, shelf: Bookshelf, incident_id: str, command: c.PostUpdate, actor: Actor, key: str, request: str
) -> dict[str, Any]:
    """Post an update; fields that only the timeline can fill are taken from it before the commit."""
    opened = queries.open_incident(runtime, shelf, incident_id)
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
