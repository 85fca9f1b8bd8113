"""What the API and pages do with incidents: make an id and declare, read one as of a moment, compose an update."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tocsin.comms import wording
from tocsin.engine.batch import fresh
from tocsin.engine.errors import Refused
from tocsin.engine.model import Actor, Context, Reader
from tocsin.engine.runtime import Runtime
from tocsin.incidents import commands as c
from tocsin.incidents import decide_import, importing, messages, naming, queries, timeline
from tocsin.incidents.decide_base import Found
from tocsin.incidents.errors import UnknownWord
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.services import queries as services


async def declare(
    runtime: Runtime, shelf: Bookshelf, default: str, command: c.Declare | c.Import, actor: Actor, key: str = "", request: str = ""
) -> dict[str, Any]:
    """Declare an incident under an id of the playbook's pattern, or the one that was given."""
    given = command.id if isinstance(command, c.Declare) else None
    if given is None:
        with runtime.reading() as reader:
            wanted = command.playbook or _service_playbook(reader, command.service) or default
            current = shelf.current(wanted, reader)
            playbook = shelf.by_digest(current.digest, reader) if current else None
        day = (command.at if isinstance(command, c.Declare) else None) or _earliest(command) or runtime.clock.now()
        pattern = playbook.naming.incident if playbook else "INC-{date}-{random}"
        given = naming.incident_id(pattern, day, fresh())
    return await runtime.commit("incident", given, command, actor, key, request)


async def import_file(
    runtime: Runtime, shelf: Bookshelf, default: str, document: Any, playbook: str, actor: Actor, key: str = "", request: str = ""
) -> dict[str, Any]:
    """Take in every incident of a file. All are checked before the first is written; with a key, a repeat goes on where it stopped.

    Raises:
        Refused: the file or one of its incidents cannot be taken in; nothing was written.

    """
    imports = [msgspec.structs.replace(found, playbook=playbook or found.playbook) for found in importing.read(document)]
    for number, found in enumerate(imports):
        with runtime.reading() as reader:
            wanted = found.playbook or _service_playbook(reader, found.service) or default
            current = shelf.current(wanted, reader)
            known = Found(playbook_ids=tuple(shelf.ids(reader)))
            if current is not None:
                known = Found(shelf.by_digest(current.digest, reader), (current.id, current.version, current.digest))
        try:
            decide_import.take_in(Incident(id=""), found, Context(runtime.clock.now(), actor, (), None), known)
        except Refused as refusal:
            where = f"incidents[{number}].{refusal.field}" if len(imports) > 1 else refusal.field
            raise Refused(f"{found.reference or found.title}: {refusal.what}", fix=refusal.fix, field=where) from refusal
    made = [
        await declare(runtime, shelf, default, found, actor, f"{key}#{number}" if key else "", request) for number, found in enumerate(imports)
    ]  # fmt: skip
    return {"incidents": made, "count": len(made)}


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
    if opened.playbook is not None:
        command = _with_timeline(runtime, incident_id, opened.playbook, command)
    return await runtime.commit("incident", incident_id, command, actor, key, request)


def _with_timeline(runtime: Runtime, incident_id: str, playbook: Playbook, command: c.PostUpdate) -> c.PostUpdate:
    message = playbook.message(command.message)
    wanted = [f for f in message.fields if f.prefill == "timeline" and f.id not in command.fields] if message else []
    if not wanted:
        return command
    facts = runtime.facts("incident", incident_id)
    shown = [timeline.plain(line) for line in timeline.lines(facts, playbook) if line.entry]
    return msgspec.structs.replace(command, fields={**command.fields, **{f.id: shown for f in wanted}})


def preview(runtime: Runtime, shelf: Bookshelf, incident_id: str, command: c.PostUpdate, actor: Actor) -> dict[str, Any]:
    """Return what would be sent, to the letter, with advice on its wording; nothing is posted.

    Raises:
        Refused: it could not be posted either; the same refusal.

    """
    opened = queries.open_incident(runtime, shelf, incident_id)
    playbook = opened.playbook
    if playbook is None:
        raise UnknownWord("message", command.message, ())
    command = _with_timeline(runtime, incident_id, playbook, command)
    at = command.at or opened.now
    posted, deliveries = messages.post(opened.incident, playbook, command, Context(opened.now, actor, (), None), at)
    template = playbook.message(command.message)
    assert template is not None
    shown = []
    for audience, delivery in {str(d.values["audience"]): d for d in deliveries}.items():
        subject, body = runtime.outbox.rendered(delivery.kind, delivery.target, delivery.values)
        people = [*opened.incident.engaged, *opened.incident.invited]
        known = "postmortem_approved" in opened.incident.moments
        advice = wording.advise(template.rules, f"{subject}\n{body}", people=people, cause_known=known)
        channels = [d.channel for d in deliveries if d.values["audience"] == audience]
        shown.append(
            {"audience": audience, "to": delivery.target, "channels": channels, "subject": subject, "body": body, "advice": advice}
        )
    return {
        "message": posted.message,
        "number": posted.number,
        "next_at": posted.next_at,
        "when_resolved": posted.when_resolved,
        "messages": shown,
    }


async def merge(runtime: Runtime, incident_id: str, command: c.Merge, actor: Actor, key: str, request: str) -> dict[str, Any]:
    """Merge one incident into another; the other's record says so in the same transaction."""
    return await runtime.commit("incident", incident_id, command, actor, key, request)


def _service_playbook(reader: Reader, service: str) -> str:
    found = services.named(reader, service) if service else None
    return found.playbook if found else ""
