"""The group as a kind of record, and what the shell looks up for its decisions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tocsin.alerts import notify
from tocsin.alerts.group_commands import LinkGroup, NoteAlerts, NoteIncidentOver, UnlinkGroup, UnmuteGroup
from tocsin.alerts.group_decide import decide, plan, wake
from tocsin.alerts.group_events import GROUP_EVENTS, GroupPaged
from tocsin.alerts.group_evolve import FOLD_VERSION, evolve
from tocsin.alerts.group_model import Group, Opening
from tocsin.alerts.group_rows import group_rows
from tocsin.alerts.group_story import PAGE, GroupFound, Tally
from tocsin.alerts.groups.queries import of_incident
from tocsin.alerts.queries import alert_of
from tocsin.engine.chance import fresh
from tocsin.engine.kinds import Follow, Kind, Reaction, Tick
from tocsin.engine.model import Command, Fact, Reader
from tocsin.incidents.escalations import goes_on
from tocsin.incidents.events import Merged, StageMoved
from tocsin.incidents.model import Incident
from tocsin.incidents.naming import incident_id
from tocsin.incidents.notes import NotePage
from tocsin.playbooks.queries import Bookshelf

TallyOf = Callable[[Reader, str], Tally | None]
"""How the alerts of a group stand, as their journal counts them."""
MembersOf = Callable[[Reader, str, datetime | None], notify.Members]
"""The alerts of a group: those that fire and may call people, and those that ended since a moment (None: ever)."""


def group_kind(shelf: Bookshelf, default_playbook: str, tally: TallyOf, members: MembersOf) -> Kind:
    """Return the group as a kind of record. default_playbook: of a service that names none."""

    def prepare(group: Group, command: Command, reader: Reader) -> GroupFound:
        if isinstance(command, UnlinkGroup):
            return GroupFound(tied=_tied(group, command.incident, reader))
        if not isinstance(command, NoteAlerts | Tick | UnmuteGroup | NoteIncidentOver):
            return GroupFound()
        opening = group.opening or (command.opening if isinstance(command, NoteAlerts) else None)
        tick = isinstance(command, Tick)
        told = tick and group.notice_at is not None and group.notice_at <= reader.now
        return GroupFound(
            _in_hand(group, reader),
            tally(reader, group.id) if tick else None,
            members(reader, group.id, group.noticed.at if group.noticed is not None else None) if told else None,
            _incident(group, opening, reader),
            _page(reader),
        )

    def _incident(group: Group, opening: Opening | None, reader: Reader) -> str:
        """Return an id for the incident that the group's first page declares."""
        declare = opening.handling.declare if opening is not None else None
        if declare is None or group.declared or group.incident or opening is None:
            return ""
        current = shelf.current(declare.playbook or opening.playbook or default_playbook, reader)
        book = shelf.by_digest(current.digest, reader) if current is not None else None
        return incident_id(book.naming.incident, reader.now, fresh()) if book is not None else ""

    return Kind(
        name="group", state=Group, events=GROUP_EVENTS, fold_version=FOLD_VERSION, initial=Group, evolve=evolve, decide=decide, prepare=prepare,
        rows=group_rows, wake=wake, plan=plan,
    )  # fmt: skip


def reactions() -> tuple[Reaction, ...]:
    """Return what incidents mean to the groups that belong to them."""

    def moved(fact: Fact, incident: Any, groups: list[str]) -> list[Follow]:
        if goes_on(incident):
            return [Follow("group", group, LinkGroup(incident.id)) for group in groups]
        by = fact.actor.id if fact.actor.kind == "person" else ""
        return [Follow("group", group, NoteIncidentOver(incident.id, by)) for group in groups]

    def concerned(_fact: Fact, incident: Any, reader: Reader) -> list[str]:
        """Return the groups that have not heard yet how their incident stands."""
        going_on = goes_on(incident)
        states: list[Group | None] = [reader.state(f"group:{name}") for name in of_incident(reader, incident.id)]
        return [group.id for group in states if group is not None and group.incident_open != going_on]

    def merged(fact: Fact, _incident: Any, groups: list[str]) -> list[Follow]:
        event = fact.event
        assert isinstance(event, Merged)
        return [Follow("group", group, LinkGroup(event.into)) for group in groups]

    def find(_fact: Fact, incident: Any, reader: Reader) -> list[str]:
        return of_incident(reader, incident.id)

    def after(fact: Fact, group: Group, reader: Reader) -> Incident | None:
        event = fact.event
        assert isinstance(event, GroupPaged)
        found: Incident | None = reader.state(f"incident:{group.incident}") if group.incident and not event.incident else None
        return found if found is not None and not found.ended else None

    def called_after(fact: Fact, group: Group, incident: Incident | None) -> list[Follow]:
        event = fact.event
        assert isinstance(event, GroupPaged)
        if incident is None:
            return []
        text = f"{event.title} fires on: people are called again, by the page {event.page} of {group.id}"
        return [Follow("incident", incident.id, NotePage(event.page, "after", text))]

    return (
        Reaction("incident moved: tell its groups where it is over, and where it goes on after all", StageMoved, moved, concerned),
        Reaction("incident merged: its groups belong to the other", Merged, merged, find),
        Reaction("group calls people after its incident: note it there", GroupPaged, called_after, after),
    )


def _tied(group: Group, incident_id: str, reader: Reader) -> bool:
    """Tell whether an alert of the group belongs to the incident."""
    incident: Any = reader.state(f"incident:{incident_id}")
    alerts = (alert_of(reader, name) for name in incident.alerts) if incident is not None else ()
    return any(alert is not None and group.id in alert.group.split() for alert in alerts)


def _page(reader: Reader) -> str:
    """Return an id for the page that the group may open: one that no page has, for a page that cannot be opened is lost."""
    while reader.state(f"page:{(name := f'{PAGE}{fresh()}')}") is not None:
        continue
    return name


def _in_hand(group: Group, reader: Reader) -> str:
    """Return the incident of a group that people still work on; nothing where there is none."""
    return group.incident if group.incident and goes_on(reader.state(f"incident:{group.incident}")) else ""
