"""Whom a step calls, by which ways and when: a person's rules, ways and quiet hours become a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.channels import abilities
from tocsin.paging.model import Urgency
from tocsin.paging.page import Called, Missing, Planned, Way
from tocsin.people.contacts import named, quiet_until
from tocsin.people.model import Person, QuietHours, Rule
from tocsin.playbooks.durations import Duration

WRITTEN_TO: Final = ("console", "file")
"""Where a name goes that is nobody's: somebody may be looking."""


class Someone(msgspec.Struct, frozen=True):
    """Somebody whom a target means, with all that decides how they are notified."""

    person: str
    name: str
    because: str
    ways: tuple[Way, ...] = ()
    rules: tuple[Rule, ...] = ()
    quiet: tuple[QuietHours, ...] = ()
    zone: str = "UTC"
    named_only: bool = False
    problems: tuple[str, ...] = ()


class Resolved(msgspec.Struct, frozen=True):
    """Whom a step means at a moment."""

    people: tuple[Someone, ...] = ()
    missing: tuple[Missing, ...] = ()
    turn: int = 0
    """Whose turn it is in a step that calls one after the other, counted through its people."""


def someone(person: Person, because: str) -> Someone:
    """Return a person with the ways that there are channels for."""
    saved = person.saved
    if saved is None:
        return Someone(person.id, person.id, because, problems=("nobody has written this person down",))
    ways, problems = [], []
    for contact in named(saved.contacts):
        if abilities.of(contact.kind).pages:
            ways.append(Way(contact.id, contact.kind, contact.value, person.is_verified(contact)))
        else:
            problems.append(f"{contact.id}: there is no channel {contact.kind}")
    if not saved.active:
        return Someone(person.id, saved.name, because, problems=("is not here any more",))
    if not ways:
        problems.append("has no way to be reached")
    return Someone(person.id, saved.name or person.id, because, tuple(ways), saved.rules, saved.quiet, saved.zone, problems=tuple(problems))


def bare(name: str) -> Someone:
    """Return a name that is nobody's: it is written down where somebody may see it."""
    return Someone(name, name, "named, and nobody's name here", tuple(Way(kind, kind, name) for kind in WRITTEN_TO), named_only=True)


def call(who: Someone, urgency: Urgency, began: datetime) -> Called:
    """Return what is planned for somebody whom a step reaches at a moment.

    Ways that were proved go before all others; the others are kept for when those fail, or used where there is nothing else.
    A rule whose way cannot be used gives its place to the next that can.
    """
    if who.named_only:
        return Called(who.person, who.name, who.because, tuple(Planned(way, began) for way in who.ways), named_only=True)
    proved = [way for way in who.ways if way.verified]
    usable = proved or list(who.ways)
    wanted = _wanted(who, urgency, usable)
    plan = tuple(_held(way, began + after, who, urgency) for after, way in sorted(wanted, key=lambda one: one[0]))
    named_ways = {one.way.contact for one in plan}
    spare = tuple(way for way in (*usable, *(w for w in who.ways if w not in usable)) if way.contact not in named_ways)
    return Called(who.person, who.name, who.because, plan, spare, problems=who.problems)


def call_all(resolved: Resolved, urgency: Urgency, began: datetime, *, one: bool) -> tuple[tuple[Called, ...], int | None]:
    """Return what is planned for everybody whom a step means, or for one in turn, and whose turn it is then."""
    if not one:
        return tuple(call(who, urgency, began) for who in resolved.people), None
    count = len(resolved.people)
    for offset in range(count):
        index = (resolved.turn + offset) % count
        called = call(resolved.people[index], urgency, began)
        # Whoever cannot be reached is passed over; where nobody can, the first whose turn it is stands for all.
        if called.hopeful:
            return (called,), index + 1
    return tuple(call(who, urgency, began) for who in resolved.people[:1]), resolved.turn + 1 if count else resolved.turn


def replanned(before: Called, who: Someone, urgency: Urgency, began: datetime, now: datetime) -> Called:
    """Return somebody's plan after their rules have changed: what was sent stays, what has passed is left out, what is to come is new."""
    fresh = call(who, urgency, began)
    kept = tuple(one for one in before.planned if one.state != "waiting")
    done = {(one.way.contact, one.due_at) for one in kept}
    held = {(one.way.contact, one.held_from) for one in before.planned if one.state == "waiting" and one.held_from is not None}
    waiting = []
    for one in fresh.planned:
        if (one.way.contact, one.due_at) in done:
            continue
        if one.due_at >= now:
            waiting.append(one)
        elif (one.way.contact, one.due_at) in held:  # quiet hours were all that kept it
            waiting.append(replace(one, due_at=now))
    return replace(fresh, because=before.because, planned=(*kept, *waiting))


def _wanted(who: Someone, urgency: Urgency, usable: Sequence[Way]) -> list[tuple[timedelta, Way]]:
    rules = [(Duration.parse(rule.after), rule.contact) for rule in who.rules if rule.urgency in (urgency, "any")]
    found: list[tuple[timedelta, Way]] = []
    gaps: list[timedelta] = []
    for after, contact in sorted(rules, key=lambda one: one[0]):
        ways = [way for way in usable if way.contact == contact] or [way for way in usable if way.kind == contact]
        if ways:
            found += [(after, way) for way in ways]
        else:
            gaps.append(after)
    if not found:  # no rule for this urgency, or none that can be used: by every way at once
        return [(timedelta(0), way) for way in usable]
    first = min(after for after, _ in found)
    if gaps and gaps[0] < first:
        found = [(gaps[0] if after == first else after, way) for after, way in found]
    return found


def _held(way: Way, due: datetime, who: Someone, urgency: Urgency) -> Planned:
    end = quiet_until(who.quiet, who.zone, due) if urgency == "low" and who.quiet else None
    return Planned(way, due) if end is None else Planned(way, end, held_from=due)


def first_due(called: Iterable[Called]) -> datetime | None:
    """Return when the first notification of several people is due; None where there is none."""
    return min((one.due_at for who in called for one in who.planned), default=None)
