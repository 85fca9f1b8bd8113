"""The incident as the engine runs it, and what the shell looks up for its decisions."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tocsin.alerts.queries import alert_of
from tocsin.engine import blobs
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Reader
from tocsin.incidents import commands as c
from tocsin.incidents import decide_timer, events
from tocsin.incidents.decide import decide
from tocsin.incidents.decide_base import Found
from tocsin.incidents.evolve import FOLD_VERSION, evolve, initial
from tocsin.incidents.model import Incident
from tocsin.incidents.rows import rows
from tocsin.incidents.timeline_queries import attached_only_by
from tocsin.people import names_queries
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.services import queries as services


def incident_kind(shelf: Bookshelf, default_playbook: str) -> Kind:
    """Return the incident as a kind of record; playbooks come from the shelf."""

    def prepare(incident: Incident, command: Command, reader: Reader) -> Found:
        if isinstance(command, c.Declare | c.Import):
            return _for_declaration(command, reader)
        playbook = shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None
        match command:
            case c.CorrectEntry():
                stream = f"incident:{incident.id}"
                made = incident.corrections.get(str(command.entry), ())
                # What is not given stays as the newest correction left it.
                return Found(playbook, entry=reader.fact(stream, made[-1] if made else command.entry), corrections=made)
            case c.Redact():
                return _for_redaction(incident, playbook, command.fact, reader)
            case c.PostUpdate() | c.AssignRole() | c.AcceptRole() | c.Leave():
                return Found(playbook, names=names_queries.names_of(reader, _named_by(incident, command)))
            case c.Pin() | c.SendAgain():
                return Found(playbook, entry=reader.fact(f"incident:{incident.id}", command.fact))
            case c.Merge():
                return Found(playbook, other=reader.state(f"incident:{command.into}"))
            case c.LogEntry() if command.attachments:
                return Found(playbook, not_kept=blobs.missing(reader, command.attachments))
            case c.LinkAlert():
                return Found(playbook, alerts=_alerts((command.alert,), reader))
            case _:
                return Found(playbook)

    def _for_declaration(command: c.Declare | c.Import, reader: Reader) -> Found:
        wanted = command.playbook or _service_playbook(command.service, reader) or default_playbook
        current = shelf.current(wanted, reader)
        if current is None:
            return Found(playbook_ids=tuple(shelf.ids(reader)))
        alerts = _alerts(command.alerts, reader) if isinstance(command, c.Declare) else ()
        return Found(shelf.by_digest(current.digest, reader), (current.id, current.version, current.digest), alerts=alerts)

    def wake(incident: Incident, now: datetime, found: Any) -> datetime | None:
        return decide_timer.wake(incident, found.playbook if isinstance(found, Found) else None, now)

    return Kind(
        name="incident", state=Incident, events=events.EVENTS, fold_version=FOLD_VERSION, initial=initial, evolve=evolve, decide=decide,
        prepare=prepare, rows=rows, wake=wake, plan=lambda incident: incident.plan,
    )  # fmt: skip


def _for_redaction(incident: Incident, playbook: Playbook | None, number: int, reader: Reader) -> Found:
    """Look an entry up with its corrections, or a message: what is redacted goes whole, whichever of its facts was named."""
    stream = f"incident:{incident.id}"
    named = reader.fact(stream, number)
    if named is None or not isinstance(named.event, events.EntryLogged | events.EntryCorrected):
        return Found(playbook, entry=named)
    whole = named.event.entry if isinstance(named.event, events.EntryCorrected) else number
    made = incident.corrections.get(str(whole), ())
    entry = reader.fact(stream, whole) or named
    return Found(
        playbook, entry=entry, corrections=made, newest=reader.fact(stream, made[-1]) if made else None, only_here=attached_only_by(reader, entry),
    )  # fmt: skip


def _named_by(incident: Incident, command: c.PostUpdate | c.AssignRole | c.AcceptRole | c.Leave) -> set[str]:
    """Return whom a message of this moment may name."""
    given = {getattr(command, field, "") for field in ("by", "person", "to")}
    return {
        *(holding.person for holding in incident.roles.values()),
        *(offer.person for offer in incident.offers.values()),
        *given,
        *incident.engaged,
    }


def _service_playbook(service: str, reader: Reader) -> str:
    found = services.named(reader, service) if service else None
    return found.playbook if found else ""


def _alerts(ids: tuple[str, ...], reader: Reader) -> tuple[dict[str, Any], ...]:
    found = []
    for alert_id in ids:
        alert = alert_of(reader, alert_id)
        if alert is not None:
            found.append(
                {
                    "id": alert.id, "asked": alert_id, "title": alert.title, "state": alert.state, "started_at": alert.started_at, "received_at": alert.received_at,
                    "labels": alert.labels, "links": alert.links, "acknowledged_at": alert.acknowledged_at, "acknowledged_by": alert.acknowledged_by,
                },
            )  # fmt: skip
    return tuple(found)
