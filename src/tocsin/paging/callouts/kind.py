"""What an incident's facts mean to pages, and what has to be looked up for it.

A role or contact of a playbook (``on_call``, ``vp_engineering``) calls people where a schedule, team, person or role holder has its name; where
nothing has, the incident's own message to the console and the outbox folder is all there is.
"""

from __future__ import annotations

from tocsin.alerts.group_model import Group
from tocsin.alerts.queries import alert_of
from tocsin.engine.kinds import Reaction
from tocsin.engine.model import Fact, Reader
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident
from tocsin.paging import queries
from tocsin.paging.callouts.decide import Wanted, end_pages, is_over, open_page
from tocsin.paging.model import Urgency
from tocsin.paging.page import Page
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.scale import Severity


def reactions(shelf: Bookshelf) -> tuple[Reaction, ...]:
    """Return what an incident's facts mean to pages."""

    def level_of(incident: Incident, reader: Reader) -> Severity | None:
        playbook = shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None
        return playbook.severity(incident.severity) if playbook is not None and incident.severity else None

    def for_severity(fact: Fact, incident: Incident, reader: Reader) -> Wanted | None:
        level = level_of(incident, reader)
        if level is None or level.urgency == "none" or level.mode == "ticket_only" or incident.imported or incident.ended:
            return None
        if isinstance(fact.event, e.SeverityChanged):
            playbook = shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None
            before = playbook.severity(fact.event.previous) if playbook is not None and fact.event.previous else None
            if before is not None and before.rank <= level.rank:
                return None
        return _wanted(incident, level.page, level, f"{level.id} calls them", fact, reader)

    def for_escalation(fact: Fact, incident: Incident, reader: Reader) -> Wanted | None:
        event = fact.event
        assert isinstance(event, e.Escalated)
        level = level_of(incident, reader)
        why = f"the playbook escalates: {event.says or event.when.replace('_', ' ')}"
        return _wanted(incident, event.to, level, why, fact, reader, again=True)

    def for_person(fact: Fact, incident: Incident, reader: Reader) -> Wanted | None:
        event = fact.event
        assert isinstance(event, e.PersonInvited | e.HandOverOffered)
        if incident.imported or incident.ended:
            return None
        if isinstance(event, e.HandOverOffered):
            if event.person in incident.engaged and event.person not in incident.left:
                return None  # they are in the room, and see it there
            why = f"{fact.actor} asks them to take {event.role.replace('_', ' ')}" + (f": {event.note}" if event.note else "")
        else:
            why = f"{fact.actor} asks for them" + (f": {event.why}" if event.why else "")
        return _wanted(incident, (event.person,), level_of(incident, reader), why, fact, reader)

    def open_pages(fact: Fact, incident: Incident, reader: Reader) -> list[str]:
        event = fact.event
        assert isinstance(event, e.StageMoved)
        if not is_over(event):
            return []
        return [row["id"] for row in queries.list_pages(reader, state="live", incident=incident.id, limit=queries.MOST)]

    return (
        Reaction("incident resolved: end its pages", e.StageMoved, end_pages, open_pages),
        Reaction("incident declared: call those whom its severity names", e.Declared, open_page, for_severity),
        Reaction("severity changed: call those whom it names besides", e.SeverityChanged, open_page, for_severity),
        Reaction("person invited to an incident: call them", e.PersonInvited, open_page, for_person),
        Reaction("person asked to take a role: call them, if they are not there", e.HandOverOffered, open_page, for_person),
        Reaction("incident escalated: call whom the rule names", e.Escalated, open_page, for_escalation),
    )


def _wanted(
    incident: Incident, names: tuple[str, ...], level: Severity | None, why: str, fact: Fact, reader: Reader, *, again: bool = False
) -> Wanted:
    """again: call people also where a page calls them already; that is what escalating means."""
    calling: set[str] = set() if again else _called(incident, reader)
    targets: list[str] = []
    for name in dict.fromkeys(incident.roles[name].person if name in incident.roles else name for name in names):
        people = [one.person for one in queries.resolve(reader, (name,), fact.recorded_at).people if not one.named_only]
        if people and not set(people) <= calling:
            targets.append(name)
            calling |= set(people)
    urgency: Urgency = level.urgency if level is not None and level.urgency in ("high", "low") else "high"
    return Wanted(tuple(targets), urgency, (level.page_word or level.id).upper() if level is not None else "", why)


def _called(incident: Incident, reader: Reader) -> set[str]:
    """Return everybody whom a living page of the incident, or of the groups of its alerts, calls."""
    found: set[str] = set()
    pages = {row["id"] for row in queries.list_pages(reader, incident=incident.id)}
    for name in incident.alerts:
        alert = alert_of(reader, name)
        group: Group | None = reader.state(f"group:{alert.group}") if alert is not None and alert.group else None
        pages |= set(group.pages) if group is not None else set()
    for name in pages:
        page: Page | None = reader.state(f"page:{name}")
        if page is not None and page.live:
            found |= {one.person for run in page.runs for one in run.called if not one.named_only}
    return found
