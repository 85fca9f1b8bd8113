"""A person's ways of being reached, the rules by which they are used, and quiet hours. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from tocsin.channels import addresses
from tocsin.engine.errors import Refused
from tocsin.oncall.walltime import WEEKDAYS, at_clock, known_zone
from tocsin.people.model import Contact, QuietHours, Rule, SavePerson
from tocsin.playbooks.durations import Duration

_MOST_IN_A_ROW: Final = 14
"""Quiet hours that follow one another without a gap; more than a week of them is as good as no end."""
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def key_of(contact: Contact) -> str:
    """Return what a proof is kept under: the same way, whatever it is called."""
    return f"{contact.kind}:{contact.value}"


def named(contacts: Sequence[Contact]) -> tuple[Contact, ...]:
    """Return the contacts with an id each: the one given, or the kind with a number from the second on."""
    taken = {contact.id for contact in contacts if contact.id}
    found = []
    for contact in contacts:
        name = contact.id
        number = 1
        while not name:
            candidate = contact.kind if number == 1 else f"{contact.kind}-{number}"
            name = "" if candidate in taken else candidate
            number += 1
        taken.add(name)
        found.append(replace(contact, id=name))
    return tuple(found)


def contact_of(contacts: Sequence[Contact], name: str) -> Contact:
    """Return the contact of this id.

    Raises:
        Refused: there is none.

    """
    for contact in named(contacts):
        if contact.id == name:
            return contact
    known = ", ".join(contact.id for contact in named(contacts)) or "none"
    raise Refused(f"There is no way {name!r} to reach this person.", fix=f"Theirs: {known}.", field="contact")


def checked(saved: SavePerson, known: Sequence[Contact] = ()) -> SavePerson:
    """Return a person as they can be kept: every contact named, every rule and hour understood.

    known: ways that were written down before; what was taken once is not refused now.

    Raises:
        Refused: something cannot be used; the refusal names the field by its path.

    """
    known_zone(saved.zone)
    contacts = named(saved.contacts)
    for index, contact in enumerate(contacts):
        if not _ID.fullmatch(contact.id):
            raise Refused(
                f"contacts[{index}].id {contact.id!r} cannot be used.", fix="Use up to 40 letters, digits, dots, hyphens and underscores.",
                field=f"contacts[{index}].id",
            )  # fmt: skip
        if not contact.value.strip():
            raise Refused(
                f"contacts[{index}].value is empty.", fix="Write the address, number or subscription.", field=f"contacts[{index}].value"
            )
        before = any((one.kind, one.value) == (contact.kind, contact.value) for one in known)
        if not before and (wrong := addresses.problem(contact.kind, contact.value)):
            what, _, instead = wrong.partition("; ")
            raise Refused(
                f"contacts[{index}].value cannot be sent to: {what}.", fix=f"{instead[:1].upper()}{instead[1:]}." if instead else "",
                field=f"contacts[{index}].value",
            )  # fmt: skip
        if any(other.id == contact.id for other in contacts[:index]):
            raise Refused(f"Two contacts are called {contact.id!r}.", fix="Give one of them another id.", field=f"contacts[{index}].id")
    words = {name for contact in contacts for name in (contact.id, contact.kind)}
    for index, rule in enumerate(saved.rules):
        if rule.contact not in words:
            raise Refused(
                f"rules[{index}].contact {rule.contact!r} is none of the person's ways.", fix=f"Theirs: {', '.join(sorted(words)) or 'none'}.",
                field=f"rules[{index}].contact",
            )  # fmt: skip
        delay_of(rule, f"rules[{index}].after")
    for index, hours in enumerate(saved.quiet):
        for name in ("start", "end"):
            if not _CLOCK.fullmatch(getattr(hours, name)):
                raise Refused(f"quiet[{index}].{name} is not a time of day.", fix="Write it like 22:00.", field=f"quiet[{index}].{name}")
        if hours.start == hours.end:
            raise Refused(
                f"quiet[{index}] begins and ends at {hours.start}.", fix="Write two different times.", field=f"quiet[{index}].end"
            )
        for day in hours.days:
            if day not in WEEKDAYS:
                raise Refused(f"quiet[{index}].days has {day!r}.", fix=f"Days are {', '.join(WEEKDAYS)}.", field=f"quiet[{index}].days")
    return replace(saved, contacts=contacts) if contacts != saved.contacts else saved


def added(saved: SavePerson, contact: Contact) -> tuple[SavePerson, str]:
    """Return a person with one more way, and its id; unchanged where the same way is there."""
    ways = named(saved.contacts)
    for way in ways:
        if key_of(way) == key_of(contact):
            return saved, way.id
    more = checked(replace(saved, contacts=(*ways, contact)), saved.contacts)
    return more, more.contacts[-1].id


def changed(saved: SavePerson, name: str, value: str) -> SavePerson:
    """Return a person with another value for one way.

    Raises:
        Refused: there is no such way, or it cannot be sent to.

    """
    gone = contact_of(saved.contacts, name)
    ways = tuple(replace(way, value=value) if way.id == gone.id else way for way in named(saved.contacts))
    return checked(replace(saved, contacts=ways), saved.contacts)


def removed(saved: SavePerson, name: str) -> SavePerson:
    """Return a person without one way, and without the rules that nothing fits any more.

    Raises:
        Refused: there is no such way.

    """
    gone = contact_of(saved.contacts, name)
    left = tuple(way for way in named(saved.contacts) if way.id != gone.id)
    words = {word for way in left for word in (way.id, way.kind)}
    return replace(saved, contacts=left, rules=tuple(rule for rule in saved.rules if rule.contact in words))


def ordered(saved: SavePerson, names: Sequence[str]) -> SavePerson:
    """Return a person with their ways in another order: those named first.

    Raises:
        Refused: one of them is not there.

    """
    first = [contact_of(saved.contacts, name) for name in dict.fromkeys(names)]
    rest = [way for way in named(saved.contacts) if way not in first]
    return replace(saved, contacts=(*first, *rest))


def delay_of(rule: Rule, field: str = "after") -> timedelta:
    """Return how long after the step a rule notifies.

    Raises:
        Refused: the text is not a duration.

    """
    try:
        return Duration.parse(rule.after)
    except ValueError as error:
        raise Refused(f"{field}: {error}.", fix="Write it like 5m.", field=field) from error


def quiet_until(hours: Sequence[QuietHours], zone: str, at: datetime) -> datetime | None:
    """Return when the quiet hours end that hold at a moment (UTC); None outside of all.

    ``oncall.walltime`` says what a local time means that a clock change skips or shows twice.
    """
    clock = ZoneInfo(zone)
    end = at
    for _ in range(_MOST_IN_A_ROW):
        later = _end(hours, clock, end)
        if later is None:
            break
        end = later
    return end if end > at else None


def _end(hours: Sequence[QuietHours], clock: ZoneInfo, at: datetime) -> datetime | None:
    """Return when the last of the quiet hours ends that hold at a moment."""
    today = at.astimezone(clock).date()
    ends = []
    for one in hours:
        for day in (today - timedelta(days=1), today):
            if WEEKDAYS[day.weekday()] in one.days:
                begin = at_clock(day, one.start, clock.key)
                end = at_clock(day if one.end > one.start else day + timedelta(days=1), one.end, clock.key)
                if begin <= at < end:
                    ends.append(end)
    return max(ends, default=None)


def code_digest(person: str, contact: Contact, code: str) -> str:
    """Return what is kept of a code that was sent."""
    return hashlib.sha256(f"{person}\n{key_of(contact)}\n{code.strip().upper()}".encode()).hexdigest()
