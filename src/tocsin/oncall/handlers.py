"""What stands around the decisions: calendars read outside the transaction, and what happened in a shift looked up for a draft or a statement."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.alerts.quiet import queries as quiet
from tocsin.engine.errors import NotFound
from tocsin.engine.model import SYSTEM, Actor, Fact, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.incidents import queries as incidents
from tocsin.incidents.conditions import holds as holds_of
from tocsin.incidents.model import Circumstances, Incident
from tocsin.incidents.obligations import SETTLED, plan
from tocsin.oncall import commands as c
from tocsin.oncall import ical, pay, queries
from tocsin.oncall.coverage import gaps
from tocsin.oncall.draft import Material, Told
from tocsin.oncall.due import READ_AHEAD
from tocsin.oncall.evolve import evolve
from tocsin.oncall.handoff import Handoff
from tocsin.oncall.kind import digest_of
from tocsin.oncall.layers import roles_of, who_is_on_call
from tocsin.oncall.model import Schedule, Span
from tocsin.oncall.shifts import merged, shifts
from tocsin.paging import queries as paging
from tocsin.people import queries as people
from tocsin.people.model import Person
from tocsin.people.rights import SYSTEM_VIEWER
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.response import OnCall
from tocsin.services import queries as services
from tocsin.services.model import Service

_EVERYBODY: Final = Viewer("system", SYSTEM.id)
"""Who reads a hand-off's note: everybody here, so that nothing private is told in it."""
_PRIVATE: Final = "a private incident"
"""What everybody who sees a statement of pay reads of it: the work counts, the incident stays hidden."""
_PAGES_AT_ONCE: Final = 500
_SOON: Final = timedelta(days=7)
"""Silences that end, obligations that fall due and gaps within this time stand in a hand-off's draft."""
_LONGEST_SHIFT: Final = timedelta(days=45)
"""No more of a shift is looked through for a draft."""


# -- as known then ---------------------------------------------------------------------------------


def known_then(runtime: Runtime, schedule_id: str, known: datetime) -> Schedule:
    """Return a schedule as it was known at a moment.

    Raises:
        NotFound: there was no such schedule then.

    """
    state = Schedule(schedule_id)
    for fact in runtime.facts("schedule", schedule_id):
        if fact.recorded_at <= known:
            state = evolve(state, fact)
    if not state.versions:
        raise NotFound(f"There was no schedule {schedule_id} at {known:%Y-%m-%d %H:%M} UTC.", fix="Ask for a later moment.")
    return state


def first_known(runtime: Runtime, schedule_id: str, at: datetime) -> tuple[str, ...]:
    """Return who was on call at a moment as the record knew it at that moment."""
    return who_is_on_call(known_then(runtime, schedule_id, at), at)


# -- people ----------------------------------------------------------------------------------------


def names(reader: Reader) -> dict[str, str]:
    """Return the names of everybody, by id."""
    return {row["id"]: row["name"] for row in people.list_people(reader, everybody=True)}


def persons(reader: Reader) -> list[Person]:
    """Return everybody who is active."""
    found = (reader.state(f"person:{row['id']}") for row in people.list_people(reader))
    return [person for person in found if person is not None]


def known_as(everybody: list[Person]) -> dict[str, str]:
    """Return every name, id and mail address of people in small letters, and who each is. A name that two people have is nobody's."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for person in everybody:
        saved = person.saved
        if saved is None:
            continue
        words = {person.id, saved.name, *(way.value for way in saved.contacts if way.kind == "email")}
        for word in {word.strip().casefold() for word in words if word.strip()}:
            if found.setdefault(word, person.id) != person.id:
                twice.add(word)
    return {word: person for word, person in found.items() if word not in twice or word == person.casefold()}


def zones(reader: Reader, ids: tuple[str, ...]) -> dict[str, str]:
    """Return the time zones of people."""
    found = ((name, reader.state(f"person:{name}")) for name in ids)
    return {name: person.saved.zone for name, person in found if person is not None and person.saved is not None}


# -- calendars from outside ------------------------------------------------------------------------


async def take_calendar(
    runtime: Runtime, schedule_id: str, calendar: str, text: str, user_from: str, actor: Actor, key: str = "", fingerprint: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Import a calendar into a schedule: it is read here, and only its shifts go into the transaction.

    Raises:
        Refused: it cannot be read, or there is no such schedule.

    """
    schedule: Schedule = runtime.state("schedule", schedule_id)
    now = runtime.clock.now()
    until = now + READ_AHEAD
    with runtime.reading() as reader:
        known = known_as(persons(reader))
    spans, unknown = ical.spans_of(text, user_from, known, schedule.rota.zone, now - timedelta(days=1), until)
    used = {name: person for name, person in known.items() if any(span.person == person for span in spans)}
    command = c.TakeCalendar(calendar, text, spans, until, user_from, used, unknown)
    result = await runtime.commit("schedule", schedule_id, command, actor, key, fingerprint)
    other = ical.calendar_zone(text)
    note = f"The calendar is for {other}; whole days are read on the schedule's clock, {schedule.rota.zone}." if other else ""
    used_by = any(layer.calendar == calendar for layer in schedule.rota.layers)
    return {**result, "in_use": used_by, "note": note if other != schedule.rota.zone else ""}


async def take_absences(
    runtime: Runtime, person: str, calendar: str, text: str, actor: Actor, key: str = "", fingerprint: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Import a person's absences: every event of the calendar is one.

    Raises:
        Refused: it cannot be read.

    """
    now = runtime.clock.now()
    state: Person | None = runtime.committer.state(f"person:{person}")
    zone = state.saved.zone if state is not None and state.saved is not None else "UTC"
    spans, _ = ical.spans_of(text, "SUMMARY", None, zone, now, now + READ_AHEAD)
    own = tuple(Span(span.start, span.end, person, span.person) for span in spans)
    return await runtime.commit("availability", person, c.TakeAbsences(calendar, own), actor, key, fingerprint)


async def take_holidays(
    runtime: Runtime, schedule_id: str, text: str, actor: Actor, key: str = "", fingerprint: str = ""
) -> dict[str, Any]:  # fmt: skip
    """Make the whole days of a calendar the schedule's holidays; those that are past stay.

    Raises:
        Refused: it cannot be read.

    """
    schedule: Schedule = runtime.state("schedule", schedule_id)
    now = runtime.clock.now()
    coming = ical.days_in(text, now, now + 2 * READ_AHEAD)
    past = tuple(day for day in schedule.rota.holidays if day < f"{now:%Y-%m-%d}")
    return await runtime.commit("schedule", schedule_id, c.TakeHolidays((*past, *coming)), actor, key, fingerprint)


# -- what happened in a shift ----------------------------------------------------------------------


def terms_of(reader: Reader, shelf: Bookshelf, schedule: Schedule, default_playbook: str) -> tuple[str, OnCall]:
    """Return the id of the schedule's playbook and its terms of on-call duty."""
    name = schedule.rota.playbook or default_playbook
    current = shelf.current(name, reader)
    playbook: Playbook | None = shelf.by_digest(current.digest, reader) if current else None
    return name, playbook.on_call if playbook else OnCall()


def pages_of(reader: Reader, viewer: Viewer, person: str, start: datetime, end: datetime) -> Iterator[dict[str, Any]]:
    """Yield the pages that called a person and were opened within [start, end), newest first, as a viewer may see them."""
    after = 0
    while True:
        rows = paging.list_pages(reader, viewer, person=person, after=after, limit=_PAGES_AT_ONCE)
        for row in rows:
            opened = datetime.fromisoformat(row["opened_at"])
            if opened < start:
                return
            if opened < end:
                yield row
        if len(rows) < _PAGES_AT_ONCE:
            return
        after = int(rows[-1]["number"])


def incidents_of(reader: Reader, viewer: Viewer, start: datetime, end: datetime) -> Iterator[Incident]:
    """Yield incidents that were declared within [start, end) or are still open, newest first, as a viewer may see them."""
    after = ""
    while True:
        rows = incidents.list_incidents(reader, viewer, after=after, limit=incidents.MOST)
        for row in rows:
            inside = start <= row["declared_at"] < end
            if (inside or (not row["ended"] and row["declared_at"] < end)) and (found := reader.state(f"incident:{row['id']}")) is not None:
                yield found
        if len(rows) < incidents.MOST or rows[-1]["declared_at"] < start - _LONGEST_SHIFT:
            return
        after = rows[-1]["id"]


def material_of(runtime: Runtime, shelf: Bookshelf, handoff: Handoff) -> tuple[Material, dict[str, str]]:
    """Return what a hand-off's draft is made of, and the names of people."""
    schedule: Schedule = runtime.state("schedule", handoff.schedule)
    assert handoff.at is not None
    now = runtime.clock.now()
    start = max(handoff.shift_began or handoff.at, handoff.at - _LONGEST_SHIFT)
    with runtime.reading() as reader:
        called: dict[str, dict[str, Any]] = {}
        for person in handoff.outgoing:
            called |= {row["id"]: row for row in pages_of(reader, _EVERYBODY, person, start, handoff.at)}
        found = [
            one
            for one in incidents_of(reader, _EVERYBODY, start, handoff.at)
            if _of_shift(one, handoff.outgoing, called, start) or _of_schedule(one, schedule.id, reader)
        ]
        duties = [told for one in found if not one.ended for told in _duties(one, shelf, reader, now)]
        silences = quiet.list_silences(reader, state="active", limit=_PAGES_AT_ONCE)
        known = names(reader)
    coming = merged(shifts(schedule, handoff.at, handoff.at + _SOON))
    return Material(
        schedule.rota.name or schedule.id, schedule.rota.zone, start, handoff.at, handoff.outgoing, handoff.incoming,
        tuple(_page(row) for row in sorted(called.values(), key=lambda row: row["number"])), tuple(_incident(one) for one in found),
        tuple(sorted(duties, key=lambda told: told.at)),
        tuple(Told(one["id"], one["match"], one["until"], one["why"]) for one in silences if one["until"] <= handoff.at + _SOON),
        tuple(coming), tuple(gaps(schedule, handoff.at, handoff.at + _SOON)),
    ), known  # fmt: skip


def _of_shift(incident: Incident, outgoing: tuple[str, ...], called: dict[str, dict[str, Any]], start: datetime) -> bool:
    paged = any(row["incident"] == incident.id for row in called.values())
    took_part = not set(outgoing).isdisjoint(_took_part(incident))
    return (paged or took_part) and (not incident.ended or (incident.declared_at or start) >= start)


def _of_schedule(incident: Incident, schedule_id: str, reader: Reader) -> bool:
    """Tell whether an incident is open whose service's pages go to a schedule."""
    circumstances = incident.now_circumstances
    service = services.named(reader, circumstances.service) if circumstances is not None and not incident.ended else None
    return service is not None and schedule_id in schedules_paged_by(reader, service)


def _took_part(incident: Incident) -> set[str]:
    return {*incident.engaged, *(one.person for one in incident.roles.values()), *(done.by for done in incident.first_held.values())}


def _page(row: dict[str, Any]) -> Told:
    by = row["acknowledged_by"]
    says = row["state"] + (f" by {by}" if by and row["state"] == "acknowledged" else "")
    return Told(row["id"], row["title"], datetime.fromisoformat(row["opened_at"]), says, open=row["state"] != "resolved")


def _incident(incident: Incident) -> Told:
    at = incident.declared_at
    assert at is not None
    says = ", ".join(filter(None, (incident.severity, incident.stage.replace("_", " "))))
    return Told(incident.id, incident.title, at, says, open=not incident.ended)


def _duties(incident: Incident, shelf: Bookshelf, reader: Reader, now: datetime) -> Iterator[Told]:
    playbook = shelf.by_digest(incident.playbook.digest, reader) if incident.playbook else None
    if playbook is None:
        return
    for duty in plan(incident, playbook, now):
        if duty.state not in SETTLED and duty.due_at <= now + _SOON:
            yield Told(incident.id, duty.name, duty.due_at, duty.state, open=True)


# -- pay -------------------------------------------------------------------------------------------


def statement_of(
    runtime: Runtime, shelf: Bookshelf, schedule: Schedule, start: datetime, end: datetime, default_playbook: str
) -> tuple[str, pay.Statement]:  # fmt: skip
    """Return what a schedule's people earned within [start, end), and the playbook whose terms were used."""
    with runtime.reading() as reader:
        playbook, terms = terms_of(reader, shelf, schedule, default_playbook)
        ids = tuple(dict.fromkeys(shift.person for shift in shifts(schedule, start, end)))
        called = []
        for person in ids:
            open_ = {row["id"] for row in pages_of(reader, _EVERYBODY, person, start, end)}
            for row in pages_of(reader, SYSTEM_VIEWER, person, start, end):
                at = datetime.fromisoformat(row["opened_at"])
                if person in who_is_on_call(schedule, at):
                    told = row["id"] in open_
                    called.append(pay.Called(row["id"] if told else "", row["title"] if told else _PRIVATE, person, at))
        handled = [_handled(one, reader) for one in incidents_of(reader, SYSTEM_VIEWER, start, end)]
        clocks = zones(reader, ids)
    return playbook, pay.statement(schedule, start, end, terms, handled, called, clocks, _holds)


def _handled(incident: Incident, reader: Reader) -> pay.Handled:
    acknowledged = {row["acknowledged_by"] for row in paging.list_pages(reader, incident=incident.id, limit=_PAGES_AT_ONCE)}
    roles = {one.person for one in incident.roles.values()} | {done.by for done in incident.first_held.values()}
    at = incident.declared_at
    assert at is not None
    who = tuple(sorted(name for name in acknowledged | roles if name))
    named = ("", _PRIVATE) if incident.private else (incident.id, incident.title)
    return pay.Handled(*named, at, who, tuple(msgspec.to_builtins(one) for one in incident.circumstances))


def _holds(condition: str, circumstances: Any) -> bool:
    return holds_of(condition, msgspec.convert(circumstances, Circumstances))


def story(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return every fact of a schedule, oldest first, without the texts of calendars."""
    shown = []
    for fact in facts:
        said = msgspec.to_builtins(fact.event, builtin_types=(datetime,))
        what = {name: value for name, value in said.items() if name not in ("type", "text", "secret")}
        shown.append({"version": fact.version, "at": fact.recorded_at, "by": str(fact.actor), "type": fact.type, "what": what})
    return shown


def schedules_at(reader: Reader, person: str = "") -> list[Schedule]:
    """Return all schedules, or those in which a person stands."""
    if not person:
        return queries.all_schedules(reader)
    found = (reader.state(f"schedule:{name}") for name in queries.schedules_of(reader, person))
    return [schedule for schedule in found if schedule is not None]


def schedules_paged_by(reader: Reader, service: Service) -> list[str]:
    """Return the ids of the schedules to which the pages of a service go, by its policy or by name."""
    policy = paging.policy_of_service(reader, service)
    found: dict[str, None] = {}
    for target in paging.targets_of(policy):
        kind, _, name = target.partition(":")
        name = (name if kind == "schedule" else target).partition("#")[0]
        if kind in ("schedule", target) and reader.state(f"schedule:{name}") is not None:
            found[name] = None
    return list(found)


# -- calendars for others --------------------------------------------------------------------------

PUBLISHED_BEFORE: Final = timedelta(days=31)
PUBLISHED_AHEAD: Final = timedelta(days=366)
"""A published calendar shows shifts from so long ago to so far ahead."""


def schedule_calendar(schedule: Schedule, start: datetime, end: datetime, known: dict[str, str], now: datetime, person: str = "") -> str:
    """Return a schedule's shifts within [start, end) as iCalendar. person: only theirs."""
    found = [
        shift for role in roles_of(schedule) for shift in merged(shifts(schedule, start, end, role)) if not person or shift.person == person
    ]
    events = [ical.Event(shift, schedule.id, schedule.rota.name or schedule.id) for shift in found]
    return ical.export(schedule.rota.name or schedule.id, schedule.rota.zone, events, known, now)


def person_calendar(
    person: str, schedules: list[Schedule], zone: str, start: datetime, end: datetime, known: dict[str, str], now: datetime
) -> str:
    """Return a person's shifts in all their schedules within [start, end) as iCalendar, on their own clock."""
    events = [
        ical.Event(shift, one.id, one.rota.name or one.id)
        for one in schedules
        for role in roles_of(one)
        for shift in merged(shifts(one, start, end, role))
        if shift.person == person
    ]
    return ical.export(f"On call: {known.get(person, person)}", zone, events, known, now)


def published(runtime: Runtime, secret: str) -> str:
    """Return the calendar that is published at a secret address.

    Raises:
        NotFound: there is none.

    """
    with runtime.reading() as reader:
        found = queries.feed(reader, digest_of(secret)) if secret else None
        if found is None:
            raise NotFound("Nothing is published at this address.", fix="Ask for a new one: the address may have been changed or revoked.")
        kind, record = found
        known, now = names(reader), reader.now
        start, end = now - PUBLISHED_BEFORE, now + PUBLISHED_AHEAD
        if kind == "schedule":
            return schedule_calendar(reader.state(f"schedule:{record}"), start, end, known, now)
        clock = zones(reader, (record,)).get(record, "UTC")
        return person_calendar(record, schedules_at(reader, record), clock, start, end, known, now)
