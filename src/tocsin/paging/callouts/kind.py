"""What an incident's facts mean to pages, and what has to be looked up for it.

A role or contact of a playbook (``on_call``, ``vp_engineering``, ``escalation_matrix``) calls whoever holds the role in the incident; else the person, the
schedule, the team or the escalation policy of its name (``standing`` says which). Where there is none, the incident's record says so, and the incident's
own message to the console and the outbox folder is all there is.
"""

from __future__ import annotations

from tocsin.engine.kinds import Reaction
from tocsin.engine.model import Fact, Reader
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident
from tocsin.paging import queries
from tocsin.paging.callouts.decide import Wanted, end_pages, is_over, open_page
from tocsin.paging.model import Urgency
from tocsin.paging.page import Page
from tocsin.paging.standing import callees, says
from tocsin.paging.standing_queries import calling, name_in, standing
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.scale import Severity


def reactions(shelf: Bookshelf) -> tuple[Reaction, ...]:
    """Return what an incident's facts mean to pages."""

    def book_of(incident: Incident, reader: Reader) -> Playbook | None:
        return shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None

    def level_of(incident: Incident, reader: Reader) -> Severity | None:
        playbook = book_of(incident, reader)
        return playbook.severity(incident.severity) if playbook is not None and incident.severity else None

    def for_severity(fact: Fact, incident: Incident, reader: Reader) -> Wanted | None:
        level = level_of(incident, reader)
        if level is None or not level.calls or incident.imported or incident.ended:
            return None
        if isinstance(fact.event, e.SeverityChanged):
            playbook = book_of(incident, reader)
            before = playbook.severity(fact.event.previous) if playbook is not None and fact.event.previous else None
            if before is not None and before.rank <= level.rank:
                return None
        return _wanted(incident, level.page, level, f"{level.id} calls them", fact, reader, book=book_of(incident, reader))

    def for_escalation(fact: Fact, incident: Incident, reader: Reader) -> Wanted | None:
        event = fact.event
        assert isinstance(event, e.Escalated)
        level = level_of(incident, reader)
        why = f"the playbook escalates: {event.says or event.when.replace('_', ' ')}"
        return _wanted(incident, event.to, level, why, fact, reader, again=True, book=book_of(incident, reader))

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
        # Pages of alerts are their groups' own: those hear that the incident is over, and call again for what fires on.
        live = queries.list_pages(reader, state="live", incident=incident.id, limit=queries.MOST)
        return [row["id"] for row in live if not row["group"]]

    return (
        Reaction("incident resolved: end its pages", e.StageMoved, end_pages, open_pages),
        Reaction("incident declared: call those whom its severity names", e.Declared, open_page, for_severity),
        Reaction("severity changed: call those whom it names besides", e.SeverityChanged, open_page, for_severity),
        Reaction("person invited to an incident: call them", e.PersonInvited, open_page, for_person),
        Reaction("person asked to take a role: call them, if they are not there", e.HandOverOffered, open_page, for_person),
        Reaction("incident escalated: call whom the rule names", e.Escalated, open_page, for_escalation),
    )


def _wanted(
    incident: Incident, names: tuple[str, ...], level: Severity | None, why: str, fact: Fact, reader: Reader, *, again: bool = False, book: Playbook | None = None,
) -> Wanted:  # fmt: skip
    """again: call people also where a page calls them already; that is what escalating means. book: the words are its own; who is missing is said."""
    words = (incident.roles[name].person if name in incident.roles else name for name in names)
    found = standing(reader, words, fact.recorded_at)
    before = () if again else calling(reader, incident.id, incident.alerts)
    called = callees(found, before, () if again else _by_policies(incident, reader))
    said = says(found, lambda word: name_in(book, word)) if book is not None else ()
    urgency: Urgency = level.urgency if level is not None and level.urgency in ("high", "low") else "high"
    return Wanted(called.targets, urgency, (level.page_word or level.id).upper() if level is not None else "", why, called.policies, said)


def _by_policies(incident: Incident, reader: Reader) -> set[str]:
    """Return the escalation policies by which living pages of the incident call people."""
    rows = queries.list_pages(reader, state="live", incident=incident.id, limit=queries.MOST)
    pages: list[Page | None] = [reader.state(f"page:{row['id']}") for row in rows]
    return {page.policy.id for page in pages if page is not None and page.live}
