"""What the API and pages do with incidents: make an id and declare, read one as of a moment, compose an update."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.comms import sequence, wording
from tocsin.comms.status import queries as status
from tocsin.comms.status.names import mailing_id
from tocsin.engine.chance import fresh
from tocsin.engine.errors import NotAllowed, Refused
from tocsin.engine.model import Actor, Context, Fact, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.incidents import commands as c
from tocsin.incidents import decide_import, delivery_queries, importing, messages, naming, obligations, privacy, queries, timeline
from tocsin.incidents.decide_base import Found
from tocsin.incidents.errors import UnknownWord
from tocsin.incidents.model import Incident
from tocsin.people import names_queries
from tocsin.people.rights import at_least
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.record import Message
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
    names = _names(runtime, opened.incident)
    shown = _written(opened.facts, playbook, names)
    filled = messages.prefill(opened.incident, playbook, message, opened.now, shown, names=names)
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
        command = with_timeline(runtime, incident_id, opened.playbook, command)
    return await runtime.commit("incident", incident_id, command, actor, key, request)


def with_timeline(runtime: Runtime, incident_id: str, playbook: Playbook, command: c.PostUpdate) -> c.PostUpdate:
    """Return an update with the fields that only the timeline can fill."""
    message = playbook.message(command.message)
    wanted = [f for f in message.fields if f.prefill == "timeline" and f.id not in command.fields] if message else []
    if not wanted:
        return command
    shown = _written(runtime.facts("incident", incident_id), playbook, _names(runtime, runtime.state("incident", incident_id)))
    return msgspec.structs.replace(command, fields={**command.fields, **{f.id: shown for f in wanted}})


def _written(facts: Sequence[Fact], playbook: Playbook, names: Mapping[str, str]) -> list[str]:
    return [timeline.plain(line, playbook, names) for line in timeline.lines(facts, playbook) if line.entry]


def _names(runtime: Runtime, incident: Incident | None) -> Mapping[str, str]:
    """Return what those are called whom a message of the incident may name."""
    if incident is None:
        return {}
    with runtime.reading() as reader:
        return names_queries.names_of(reader, {*incident.named, *incident.engaged, *(held.person for held in incident.roles.values())})


def as_if_posted(runtime: Runtime, opened: queries.Opened, actor: Actor) -> Context:
    """Return what a message of this moment is made with, for a preview."""
    return Context(opened.now, actor, (), Found(opened.playbook, names=_names(runtime, opened.incident)))


def preview(runtime: Runtime, shelf: Bookshelf, incident_id: str, command: c.PostUpdate, actor: Actor) -> dict[str, Any]:
    """Return what would be sent, to the letter, with advice on its wording; nothing is posted.

    Raises:
        Refused: it could not be posted either; the same refusal.

    """
    opened = queries.open_incident(runtime, shelf, incident_id)
    playbook = opened.playbook
    if playbook is None:
        raise UnknownWord("message", command.message, ())
    command = with_timeline(runtime, incident_id, playbook, command)
    at = command.at or opened.now
    posted, deliveries = messages.post(opened.incident, playbook, command, as_if_posted(runtime, opened, actor), at)
    template = playbook.message(command.message)
    assert template is not None
    shown = []
    for audience, delivery in {str(d.values["audience"]): d for d in deliveries}.items():
        subject, body = runtime.outbox.rendered(delivery.kind, delivery.target, delivery.values)
        advice = advise(opened.incident, template, posted.public, f"{subject}\n{body}")
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


async def set_privacy(
    runtime: Runtime, incident_id: str, command: c.SetPrivacy, actor: Actor, viewer: Viewer, key: str = "", request: str = ""
) -> dict[str, Any]:
    """Make an incident private or public: for its lead, and for managers who read it.

    Raises:
        NotFound: there is no such incident, as far as this viewer may know.
        NotAllowed: they do not lead it and are no manager.

    """

    def look() -> Incident:
        with runtime.reading() as reader:
            privacy.check(reader, viewer, incident_id)
        found: Incident = runtime.state("incident", incident_id)
        return found

    incident = await asyncio.to_thread(look)
    if not may_set_privacy(incident, viewer):
        who = f"{incident.lead}, who leads it" if incident.lead else "somebody who takes the lead"
        raise NotAllowed(f"{viewer.id} may not say who reads {incident_id}.", fix=f"Ask {who}, or a manager who reads it.", field="private")
    return await runtime.commit("incident", incident_id, command, actor, key, request)


def may_set_privacy(incident: Incident, viewer: Viewer) -> bool:
    """Tell whether somebody who reads an incident may make it private or public."""
    leads = viewer.kind == "person" and bool(viewer.id) and viewer.id == incident.lead
    return (leads and at_least(viewer.role, "responder")) or at_least(viewer.role, "manager")


def told(runtime: Runtime, shelf: Bookshelf, incident_id: str) -> dict[str, Any]:
    """Return what was told to whom, newest first: what was promised and kept, and what became of each message; and what stands out, by audience."""
    opened = queries.open_incident(runtime, shelf, incident_id)
    incident, playbook = opened.incident, opened.playbook
    with runtime.reading() as reader:
        ways = delivery_queries.of_updates(reader, incident_id)
        streams = [f"mailing:{mailing_id(incident_id, one.source)}" for one in incident.updates]
        mailed = status.sent_counts(reader, streams)
    names = {a.id: a.name for a in playbook.audiences} if playbook else {}
    duties = {duty.id: duty for duty in obligations.plan(incident, playbook, opened.now) if duty.kind == "promise"} if playbook else {}
    rows = []
    for one in reversed(incident.updates):
        message = playbook.message(one.message) if playbook else None
        kept = [duties[key] for audience in one.audiences if (key := f"promise:{audience}@{one.source}") in duties]
        rows.append(
            {
                "fact": one.source, "at": one.at, "message": one.message, "name": message.name if message else one.message, "kind": one.kind, "number": one.number,
                "audiences": [{"id": audience, "name": names.get(audience, audience)} for audience in one.audiences],
                "next_at": one.next_at, "when_resolved": one.when_resolved,
                "promise": next((duty.state for duty in kept if duty.state in ("overdue", "late", "missed")), kept[0].state if kept else None),
                "deliveries": ways.get(one.source, []), "subscribers": mailed.get(f"mailing:{mailing_id(incident_id, one.source)}", {}),
            }
        )  # fmt: skip
    judged = {}
    for audience in dict.fromkeys(a for one in incident.updates for a in one.audiences):
        sent = [sequence.Sent(one.at, one.next_at, one.kind == "resolved") for one in incident.updates if audience in one.audiences]
        judged[audience] = sequence.judge(sent, now=None if incident.ended else opened.now)
    return {
        "incident": incident_id, "updates": rows,
        "audiences": [
            {
                "id": audience, "name": names.get(audience, audience), "late": len(one.late), "flags": list(one.flags),
                "longest_gap_seconds": round(one.longest_gap.total_seconds()) if one.longest_gap is not None else None,
            }
            for audience, one in judged.items()
        ],
    }  # fmt: skip


def advise(incident: Incident, message: Message, public: bool, text: str) -> list[wording.Advice]:
    """Return advice on the wording of a message as it would be sent. What goes outside is also looked through for what only the house knows."""
    rules = (*message.rules, *((wording.NO_INTERNALS,) if public else ()))
    now = incident.now_circumstances
    inside = [incident.id, *((now.service,) if now and "-" in now.service else ()), *(link.id for link in incident.links)]
    known = "postmortem_approved" in incident.moments
    return wording.advise(rules, text, people=[*incident.engaged, *incident.invited], cause_known=known, inside=inside)


async def merge(runtime: Runtime, incident_id: str, command: c.Merge, actor: Actor, key: str, request: str) -> dict[str, Any]:
    """Merge one incident into another; the other's record says so in the same transaction."""
    return await runtime.commit("incident", incident_id, command, actor, key, request)


def _service_playbook(reader: Reader, service: str) -> str:
    found = services.named(reader, service) if service else None
    return found.playbook if found else ""
