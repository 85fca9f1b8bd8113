"""Read what was done beside incidents: pages that called people, groups of alerts, action items, hours on call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Select, select

from tocsin.actions.tables import action_items
from tocsin.engine import log
from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.incidents.belonging_queries import Hidden
from tocsin.incidents.privacy import hidden
from tocsin.incidents.tables import incidents
from tocsin.insights import figure_queries
from tocsin.insights.burden import Call, Clocks
from tocsin.insights.cases import Case
from tocsin.insights.chosen import Chosen
from tocsin.insights.completion import Item
from tocsin.insights.figure_queries import services_of
from tocsin.insights.noise import Group
from tocsin.insights.period import Period, buckets
from tocsin.insights.queries import Filter, Numbers
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Schedule
from tocsin.oncall.shifts import merged, shifts
from tocsin.oncall.tables import schedules
from tocsin.people.model import Person
from tocsin.people.tables import people
from tocsin.playbooks.queries import Bookshelf
from tocsin.services.tables import services

S = TypeVar("S", Call, Group)

_HOUR: Final = 3600
_PERSON: Final = "person:"
_MOST_KEPT: Final = 20_000
"""Months of schedules whose hours are kept in memory."""


class Work:
    """Pages and groups of alerts, kept in memory."""

    def __init__(self) -> None:
        self._calls = figure_queries.calls()
        self._groups = figure_queries.alert_groups()
        self.clocks = Clocks()

    def calls(self, reader: Reader, viewer: Viewer, wanted: Filter) -> Chosen[Call]:
        """Return whom pages of the period called, oldest first; of what the viewer may not read only what called them."""
        found = _of(self._calls.within(reader, wanted.begin, wanted.end), reader, wanted)
        unread = Hidden(reader, viewer)
        if not unread.incidents:
            return found
        own = viewer.id if viewer.kind == "person" else ""
        hidden_too = frozenset(unread.incidents), frozenset(unread.groups)

        def choose() -> Chosen[Call]:
            return Chosen(
                call for call in found if call.person == own or (call.incident not in unread.incidents and call.group not in unread.groups)
            )

        return found.once((own, hidden_too), choose)

    def groups(self, reader: Reader, viewer: Viewer, wanted: Filter) -> list[Group]:
        """Return the groups of alerts that opened within the period, oldest first."""
        found = _of(self._groups.within(reader, wanted.begin, wanted.end), reader, wanted)
        unread = hidden(reader, viewer)
        return [group for group in found if group.incident not in unread] if unread else found


def _of(found: Chosen[S], reader: Reader, wanted: Filter) -> Chosen[S]:
    if not (wanted.service or wanted.team):
        return found
    owned = frozenset(services_of(reader, wanted.team)) if wanted.team else None

    def choose() -> Chosen[S]:
        return Chosen(one for one in found if wanted.service in ("", one.service) and (owned is None or one.service in owned))

    return found.once((wanted.service, owned), choose)


def items(reader: Reader, viewer: Viewer, wanted: Filter) -> list[Item]:
    """Return action items, oldest first: all that were written down before the end of the period. The filter is that of their incidents."""
    table = action_items
    query = select(
        table.c.id, table.c.incident, table.c.title, table.c.owner, table.c.state, table.c.created_at, table.c.closed_at, table.c.due
    ).order_by(table.c.created_at, table.c.id)
    if wanted.end is not None:
        query = query.where(table.c.created_at < micros(wanted.end))
    if wanted.severity or wanted.service or wanted.playbook or wanted.team:
        query = query.join(incidents, incidents.c.id == table.c.incident)
        for column, value in (("severity", wanted.severity), ("service", wanted.service), ("playbook", wanted.playbook)):
            if value:
                query = query.where(incidents.c[column] == value)
        if wanted.team:
            query = query.where(incidents.c.service.in_(_owned(wanted.team)))
    unread = hidden(reader, viewer)
    return [
        Item(
            id_,
            incident,
            title,
            owner,
            state,
            moment(created),
            None if closed is None else moment(closed),
            date.fromisoformat(due) if due else None,
        )
        for id_, incident, title, owner, state, created, closed, due in reader.rows(query)
        if incident not in unread
    ]


class OnCallHours:
    """Hours on call, kept by schedule and month: a month that is over is reckoned once for each version of a schedule."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int, datetime, datetime], dict[str, float]] = {}

    def within(self, reader: Reader, period: Period) -> dict[str, float]:
        """Return how many hours everybody stood on call within a period, over all schedules and lines, up to the full hour before now."""
        end = min(period.end, reader.now.replace(minute=0, second=0, microsecond=0))
        found: dict[str, float] = {}
        if period.begin >= end:
            return found
        steps = buckets(Period(period.begin, end))
        for row in reader.rows(select(schedules.c.id, schedules.c.version)):
            for step in steps:
                for person, hours in self._of(reader, row.id, row.version, step.begin, step.end).items():
                    found[person] = found.get(person, 0.0) + hours
        return found

    def _of(self, reader: Reader, schedule_id: str, version: int, begin: datetime, end: datetime) -> dict[str, float]:
        key = (schedule_id, version, begin, end)
        known = self._kept.get(key)
        if known is None:
            known = {}
            schedule: Schedule | None = reader.state(f"schedule:{schedule_id}")
            if schedule is None:
                return known
            for role in roles_of(schedule):
                for shift in merged(shifts(schedule, begin, end, role)):
                    known[shift.person] = known.get(shift.person, 0.0) + (shift.end - shift.start).total_seconds() / _HOUR
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = known
        return known


class Sources:
    """Where all numbers come from; one for each application, since it keeps what it has read."""

    def __init__(self, shelf: Bookshelf) -> None:
        self.numbers = Numbers(shelf)
        self.work = Work()
        self.hours = OnCallHours()
        self.zones = Zones()


class Zones:
    """The time zone of each person, kept; whoever changed is asked again."""

    def __init__(self) -> None:
        self._position = 0
        self._known: dict[str, str] = {}

    def of(self, reader: Reader, names: Iterable[str]) -> dict[str, str]:
        """Return the time zone of each of these people; UTC for a name that is nobody's."""
        newest = log.newest(reader)
        if newest > self._position:
            for stream in log.changed_since(reader, max(0, self._position - figure_queries.SLACK)) if self._known else ():
                self._known.pop(stream.removeprefix(_PERSON), None)
            self._position = newest
        found = {}
        for name in dict.fromkeys(names):
            if name not in self._known:
                person: Person | None = reader.state(_PERSON + name)
                self._known[name] = person.saved.zone if person is not None and person.saved is not None else "UTC"
            found[name] = self._known[name]
        return found


def names_of(reader: Reader) -> dict[str, str]:
    """Return what each person is called."""
    return {row.id: row.name for row in reader.rows(select(people.c.id, people.c.name))}


def service_names(reader: Reader) -> dict[str, str]:
    """Return what each service is called."""
    return {row.id: row.name for row in reader.rows(select(services.c.id, services.c.name))}


def choices(reader: Reader, cases: Chosen[Case]) -> Mapping[str, list[str]]:
    """Return what the filters may be set to: words that these incidents have, and the teams that own a service. cases: all that one may read."""

    def words() -> dict[str, list[str]]:
        told = {
            "severity": {one.severity for one in cases},
            "service": {one.service for one in cases},
            "playbook": {one.playbook for one in cases},
        }
        return {name: sorted(some - {""}) for name, some in told.items()}

    found = dict(cases.once("words", words))
    owners = select(services.c.owner).where(services.c.owner != "").distinct().order_by(services.c.owner)
    found["team"] = [str(row[0]) for row in reader.rows(owners)]
    return found


def _owned(team: str) -> Select[Any]:
    return select(services.c.id).where(services.c.owner == team)
