"""Who would be reached during the coming week for every service, kept until something that decides it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec
from sqlalchemy import select

from tocsin.engine import tables as engine_tables
from tocsin.engine.model import Reader
from tocsin.oncall.queries import list_schedules
from tocsin.paging import queries
from tocsin.paging.model import Policy, Urgency
from tocsin.paging.reach import Answer, Asked, reach
from tocsin.people import queries as people
from tocsin.services import queries as services

T = TypeVar("T")

WEEK: Final = timedelta(days=8)
"""A week, and what is left of the day on which it begins: on some clock it is a later one."""
_AT_ONCE: Final = 5000
"""Records that are asked for in one query."""


class Of(msgspec.Struct, frozen=True):
    """A service's answer."""

    service: str
    name: str
    policy: str
    """The id of its policy; empty where it names people or nobody."""
    answer: Answer


class Week(msgspec.Struct, frozen=True):
    """The coming week of every service."""

    start: datetime
    end: datetime
    answers: tuple[Of, ...]


class Weeks:
    """Weeks that were worked out, by urgency, with what they were worked out from. One per installation; any thread may ask."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[tuple[object, ...], Week]] = {}
        self._told: dict[str, tuple[Week, Any]] = {}
        self._lock = threading.Lock()

    def get(self, urgency: str, key: tuple[object, ...]) -> Week | None:
        """Return the week that was worked out from the same; None where there is none."""
        with self._lock:
            found = self._kept.get(urgency)
        return found[1] if found is not None and found[0] == key else None

    def told(self, urgency: str, week: Week, tell: Callable[[], T]) -> T:
        """Return what is made of a week, made once for each."""
        with self._lock:
            found = self._told.get(urgency)
        if found is not None and found[0] is week:
            made: T = found[1]
            return made
        made = tell()
        with self._lock:
            self._told[urgency] = (week, made)
        return made

    def keep(self, urgency: str, key: tuple[object, ...], week: Week) -> None:
        """Keep a week in the place of the one before."""
        with self._lock:
            self._kept[urgency] = (key, week)


def week(weeks: Weeks, reader: Reader, urgency: Urgency) -> Week:
    """Return the coming week of every service."""
    # What is worked out holds for the hour: nothing but time passes until the key is another one.
    key = (reader.now.replace(minute=0, second=0, microsecond=0), _versions(reader))
    found = weeks.get(urgency, key)
    if found is None:
        found = _worked_out(reader, urgency, reader.now.replace(second=0, microsecond=0))
        weeks.keep(urgency, key, found)
    return found


def _versions(reader: Reader) -> frozenset[tuple[str, int]]:
    """Return the version of every record that decides who is reached."""
    streams = [f"person:{row['id']}" for row in people.list_people(reader, everybody=True)]
    streams += [f"team:{row['id']}" for row in people.list_teams(reader)]
    streams += [f"schedule:{row['id']}" for row in list_schedules(reader)]
    streams += [f"policy:{row['id']}" for row in queries.list_policies(reader, everything=True)]
    streams += [f"service:{row['id']}" for row in services.list_services(reader, everything=True)]
    table = engine_tables.streams
    found: set[tuple[str, int]] = set()
    for begin in range(0, len(streams), _AT_ONCE):
        query = select(table.c.stream, table.c.version).where(table.c.stream.in_(streams[begin : begin + _AT_ONCE]))
        found |= {(str(row[0]), int(row[1])) for row in reader.rows(query)}
    return frozenset(found)


def _worked_out(reader: Reader, urgency: Urgency, start: datetime) -> Week:
    end = start + WEEK
    asked: list[Asked] = []
    about: list[tuple[str, str]] = []
    policies: dict[str, Policy] = {}
    for row in services.list_services(reader):
        service = services.named(reader, row["id"])
        policy = queries.policy_of_service(reader, service)
        policy = policies.setdefault(policy.id, policy) if policy.id else policy
        asked.append(Asked(row["id"], "", urgency, policy))
        about.append((row["name"], policy.id))
    targets = dict.fromkeys(target for one in asked for target in queries.targets_of(one.policy))
    known = queries.known_for(reader, targets, start, end)
    answers = reach(asked, known, start, end)
    return Week(start, end, tuple(Of(one.service, name, policy, one) for one, (name, policy) in zip(answers, about, strict=True)))
