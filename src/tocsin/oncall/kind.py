"""Schedules, availability and hand-offs as kinds of records, and what their decisions look up."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Fact, Reader, RowWrite, micros
from tocsin.oncall import availability, due, events, handoff, tables
from tocsin.oncall import commands as c
from tocsin.oncall.decide import decide
from tocsin.oncall.due import Found, Reach
from tocsin.oncall.evolve import FOLD_VERSION, evolve
from tocsin.oncall.model import Rota, Schedule
from tocsin.people.model import Person
from tocsin.playbooks.queries import Bookshelf


def everybody(schedule: Schedule, rota: Rota | None = None) -> tuple[str, ...]:
    """Return who may come to be on call: in the layers, the calendars, by what was agreed. rota: instead of the newest one."""
    layers = (schedule.rota if rota is None else rota).layers
    named = dict.fromkeys(person for layer in layers for group in layer.groups for person in group)
    named |= dict.fromkeys(span.person for calendar in schedule.calendars.values() for span in calendar.spans)
    named |= dict.fromkeys(one.person for one in schedule.overrides.values() if one.person)
    named |= dict.fromkeys(person for one in schedule.exchanges.values() for person in (one.person, one.to) if person)
    return tuple(named)


def schedule_kind(shelf: Bookshelf, default_playbook: str) -> Kind:
    """Return the schedule as a kind of record; the playbook says whether hand-offs are written."""

    def prepare(schedule: Schedule, command: Command, reader: Reader) -> Found:
        rota = command if isinstance(command, Rota) else schedule.rota
        summary = False
        if rota.hand_off_summary is None:
            current = shelf.current(rota.playbook or default_playbook, reader)
            playbook = shelf.by_digest(current.digest, reader) if current else None
            summary = playbook is not None and playbook.on_call.hand_off_summary
        concerned = everybody(schedule, rota)
        known = _people(concerned, reader)
        away = {}
        if isinstance(command, c.SaveSchedule | c.TakeCalendar):
            more = command.spans if isinstance(command, c.TakeCalendar) else ()
            for person in dict.fromkeys((*concerned, *(span.person for span in more))):
                found = reader.state(f"availability:{person}")
                if found is not None:
                    away[person] = availability.spans_of(found)
        return Found(
            summary, {person.id: person.saved.name for person in known if person.saved}, {one.id: _reach(one) for one in known}, away,
            tuple(person for person in concerned if all(person != one.id for one in known)),
            bool(rota.team) and reader.state(f"team:{rota.team}") is None,
        )  # fmt: skip

    return Kind(
        name="schedule", state=Schedule, events=events.SCHEDULE_EVENTS, fold_version=FOLD_VERSION, initial=Schedule, evolve=evolve,
        decide=decide, prepare=prepare, rows=_schedule_rows, wake=due.wake, plan=lambda schedule: schedule.plan,
    )  # fmt: skip


def _people(ids: Iterable[str], reader: Reader) -> list[Person]:
    found = (reader.state(f"person:{person}") for person in ids)
    return [person for person in found if person is not None]


def _reach(person: Person) -> Reach:
    """Return how a person is told something that can wait: by the ways that were proved to reach them, else by all of them."""
    saved = person.saved
    if saved is None:
        return Reach()
    proved = [way for way in saved.contacts if person.is_verified(way)]
    quiet = [way for way in proved or saved.contacts if way.kind not in ("voice", "sms")] or proved or list(saved.contacts)
    return Reach(tuple((way.kind, way.value) for way in quiet), saved.zone)


def _schedule_rows(before: Schedule, after: Schedule, _facts: Sequence[Fact]) -> list[RowWrite]:
    rota = after.rota
    values = {"id": after.id, "name": rota.name or after.id, "zone": rota.zone, "team": rota.team, "version": after.version}
    rows = [RowWrite(tables.schedules.name, (after.id,), values)]
    if before.rota is not rota or before.calendars is not after.calendars or before.overrides is not after.overrides:
        now, then = set(everybody(after)), set(everybody(before))
        table = tables.people.name
        rows += [RowWrite(table, (one, after.id), {"person": one, "schedule": after.id}) for one in sorted(now - then)]
        rows += [RowWrite(table, (one, after.id), None) for one in sorted(then - now)]
    return rows + _feed_rows("schedule", after.id, before.feed, after.feed)


def digest_of(secret: str) -> str:
    """Return what is kept of a secret address in the table."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _feed_rows(kind: str, record: str, before: str, after: str) -> list[RowWrite]:
    rows = []
    if before and before != after:
        rows.append(RowWrite(tables.feeds.name, (digest_of(before),), None))
    if after and before != after:
        digest = digest_of(after)
        rows.append(RowWrite(tables.feeds.name, (digest,), {"digest": digest, "kind": kind, "record": record}))
    return rows


def availability_kind() -> Kind:
    """Return a person's availability as a kind of record."""

    def rows(before: Any, after: Any, _facts: Sequence[Fact]) -> list[RowWrite]:
        until = max((micros(span.end) for span in availability.spans_of(after)), default=0)
        kept = RowWrite(tables.availability.name, (after.id,), {"person": after.id, "until": until})
        return [kept, *_feed_rows("availability", after.id, before.feed, after.feed)]

    return Kind(
        name="availability", state=availability.Availability, events=events.AVAILABILITY_EVENTS, fold_version=1,
        initial=availability.Availability, evolve=availability.evolve, decide=availability.decide, rows=rows,
    )  # fmt: skip


def handoff_kind() -> Kind:
    """Return the written hand-off as a kind of record."""

    def prepare(kept: handoff.Handoff, command: Command, reader: Reader) -> handoff.Found:
        name = command.schedule if isinstance(command, c.AskSummary) else kept.schedule
        people = command.outgoing + command.incoming if isinstance(command, c.AskSummary) else kept.outgoing + kept.incoming
        known = _people(people, reader)
        names = {person.id: person.saved.name for person in known if person.saved}
        return handoff.Found(reader.state(f"schedule:{name}"), names, {one.id: _reach(one) for one in known})

    def rows(_before: handoff.Handoff, after: handoff.Handoff, _facts: Sequence[Fact]) -> list[RowWrite]:
        assert after.at is not None
        values = {
            "id": after.id, "schedule": after.schedule, "at": micros(after.at), "state": after.state, "outgoing": " ".join(after.outgoing),
            "incoming": " ".join(after.incoming),
        }  # fmt: skip
        return [RowWrite(tables.handoffs.name, (after.id,), values)]

    return Kind(
        name="handoff", state=handoff.Handoff, events=events.HANDOFF_EVENTS, fold_version=1, initial=handoff.Handoff, evolve=handoff.evolve,
        decide=handoff.decide, prepare=prepare, rows=rows, wake=handoff.wake, plan=lambda kept: (kept.at, kept.state, kept.warned),
    )  # fmt: skip
