"""iCalendar (RFC 5545) in and out: what a calendar's events say about duty and absence, and shifts as a calendar.

A calendar comes from outside, so its size is limited, and so is the work that its rules ask for: a rule that repeats by the second, or that never
comes to an end within what is asked, is refused before it is expanded.
"""

from __future__ import annotations

import warnings
from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

import icalendar
import msgspec
import recurring_ical_events  # type: ignore[import-untyped]
from dateutil.rrule import rrulestr

from tocsin.oncall.errors import NotACalendar
from tocsin.oncall.model import Shift, Span
from tocsin.oncall.walltime import instant_of, moment

LARGEST: Final = 1_000_000
"""Bytes of a calendar."""
MOST_EVENTS: Final = 3000
MOST_REPEATS: Final = 20_000
"""Repetitions of one rule, counted from its beginning."""
MOST_OCCURRENCES: Final = 20_000
"""Of all events, within what is asked."""
_OLDEST: Final = 1970
MOST_TOGETHER: Final = 30_000
"""Of all rules."""
MOST_FILTERED: Final = 50
"""Rules that pick days by more than the day of the week; each may have to be looked through for a second."""
_FILTERS: Final = ("BYSETPOS", "BYMONTHDAY", "BYMONTH", "BYYEARDAY", "BYWEEKNO")
_ONLY_YEARLY: Final = ("BYYEARDAY", "BYWEEKNO")
OWN_PROPERTY: Final = "X-TOCSIN-PERSON"
"""The property of our own calendars that holds the person's id; ``user_from`` may name it."""
_PERSONS: Final = ("ATTENDEE", "ORGANIZER")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (wall time)


class Occurrence(msgspec.Struct, frozen=True):
    """One time that an event takes place. All-day events have dates, floating ones times without a zone."""

    user: str
    """The property that names the user; empty where the event has none."""
    start: date | datetime
    end: date | datetime
    cancelled: bool = False
    summary: str = ""

    @property
    def all_day(self) -> bool:
        """Whether it has dates instead of times."""
        return not isinstance(self.start, datetime)

    @property
    def floating(self) -> bool:
        """Whether its times have no zone."""
        return isinstance(self.start, datetime) and self.start.tzinfo is None


def occurrences(text: str, start: datetime, end: datetime, user_from: str = "SUMMARY") -> list[Occurrence]:
    """Return what takes place within [start, end) (aware), by start.

    Raises:
        NotACalendar: it cannot be read, or is too large.

    """
    calendar = _parsed(text, end)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of libraries, about slips of the calendar's author
            found = recurring_ical_events.of(calendar, skip_bad_series=True).between(start.astimezone(UTC), end.astimezone(UTC))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, ArithmeticError, RecursionError) as error:
        raise _unreadable(error) from error
    if len(found) > MOST_OCCURRENCES:
        raise NotACalendar(
            f"The calendar has more than {MOST_OCCURRENCES:,} occurrences.", fix="Send a calendar of duties only.", field="calendar"
        )
    made = [_occurrence(event, user_from) for event in found]
    return sorted((one for one in made if one is not None), key=lambda one: (_sortable(one.start), _sortable(one.end), one.user))


def spans_of(
    text: str, user_from: str, known: Mapping[str, str] | None, zone: str, start: datetime, end: datetime
) -> tuple[tuple[Span, ...], tuple[str, ...]]:  # fmt: skip
    """Return who is on call within [start, end) by a calendar, and the names in it that nobody has. Cancelled events put nobody on call.

    known: names in small letters and who each is; None: every name is taken as it is. zone: the schedule's. Whole days are read on its clock, and
    so are times without a zone in a calendar that names none of its own.

    Raises:
        NotACalendar: it cannot be read, or is too large.

    """
    spans: list[Span] = []
    unknown: dict[str, None] = {}
    for one in occurrences(text, start, end, user_from):
        if one.cancelled or not one.user:
            continue
        person = one.user if known is None else known.get(one.user.casefold(), "")
        if not person:
            unknown[one.user] = None
            continue
        begin, stop = _instant(one.start, zone), _instant(one.end, zone)
        if begin < stop:
            spans.append(Span(begin, stop, person))
    return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.person))), tuple(unknown)


def names_in(text: str, user_from: str, start: datetime, end: datetime) -> tuple[str, ...]:
    """Return the users that a calendar names within [start, end), each once."""
    return tuple(dict.fromkeys(one.user for one in occurrences(text, start, end, user_from) if one.user and not one.cancelled))


def days_in(text: str, start: datetime, end: datetime) -> tuple[str, ...]:
    """Return the dates of a calendar's whole days within [start, end), such as a calendar of public holidays has them."""
    found: set[str] = set()
    for one in occurrences(text, start, end):
        if one.all_day and not one.cancelled:
            day: date = one.start
            while day < one.end and len(found) < MOST_OCCURRENCES:
                found.add(day.isoformat())
                day += timedelta(days=1)
    return tuple(sorted(found))


def calendar_zone(text: str) -> str:
    """Return the zone that a calendar says it is for (X-WR-TIMEZONE); an empty text where it says none that exists."""
    for line in text.replace("\r\n ", "").replace("\n ", "").splitlines():
        if line.upper().startswith("X-WR-TIMEZONE"):
            name = line.partition(":")[2].strip()
            try:
                ZoneInfo(name)
            except (KeyError, ValueError, OSError):
                return ""
            return name
    return ""


def _instant(at: date | datetime, zone: str) -> datetime:
    wall = at if isinstance(at, datetime) else datetime.combine(at, time())
    return moment(instant_of(zone, (wall - _EPOCH) // timedelta(seconds=1))) if wall.tzinfo is None else wall.astimezone(UTC)


def _sortable(at: date | datetime) -> datetime:
    if not isinstance(at, datetime):
        return datetime.combine(at, time(), UTC)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _occurrence(event: Any, user_from: str) -> Occurrence | None:
    begin, stop = event.get("DTSTART"), event.get("DTEND")
    if begin is None:
        return None
    start = begin.dt
    end = stop.dt if stop is not None else start
    if isinstance(start, datetime) is not isinstance(end, datetime):
        end = start
    cancelled = str(event.get("STATUS", "")).upper() == "CANCELLED"
    return Occurrence(_user(event, user_from), start, end, cancelled, str(event.get("SUMMARY", "")))


def _user(event: Any, user_from: str) -> str:
    value = event.get(user_from)
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return ""
    text = str(value).strip()
    # People stand in these properties as addresses.
    return text[len("mailto:") :] if user_from.upper() in _PERSONS and text.lower().startswith("mailto:") else text


# -- reading, within limits ------------------------------------------------------------------------


def _parsed(text: str, until: datetime) -> Any:
    if len(text.encode()) > LARGEST:
        raise NotACalendar(f"The calendar is larger than {LARGEST:,} bytes.", fix="Send a calendar of duties only.", field="calendar")
    if text.upper().count("BEGIN:VEVENT") > MOST_EVENTS:
        raise NotACalendar(f"The calendar has more than {MOST_EVENTS:,} events.", fix="Send a calendar of duties only.", field="calendar")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            calendar = icalendar.Calendar.from_ical(text)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise _unreadable(error) from error
    try:
        _limit(calendar.walk("VEVENT"), until)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, icalendar.error.BrokenCalendarProperty) as error:
        raise _unreadable(error) from error
    return calendar


def _limit(events: Sequence[Any], until: datetime) -> None:
    """Refuse rules that ask for too much, and take out those that bring nothing: looking for what never comes takes for ever."""
    together = filtered = 0
    for event in events:
        rules = event.get("RRULE")
        if rules is None:
            continue
        begin = event.get("DTSTART")
        if begin is None or begin.dt.year < _OLDEST:
            raise NotACalendar("A rule repeats without a beginning after 1970.", fix="Give its event a later DTSTART.", field="calendar")
        kept = []
        for rule in rules if isinstance(rules, list) else [rules]:
            _refuse_odd(rule)
            filtered += any(name in rule for name in _FILTERS)
            if filtered > MOST_FILTERED:
                raise NotACalendar(
                    f"More than {MOST_FILTERED} rules pick days by month, week or position.",
                    fix="Send a calendar of duties only.",
                    field="calendar",
                )
            repeats = _repeats(rule, begin.dt, until)
            together += repeats
            if together > MOST_TOGETHER:
                raise NotACalendar(
                    f"The rules repeat more than {MOST_TOGETHER:,} times together.",
                    fix="Let events begin later, or send fewer.",
                    field="calendar",
                )
            if repeats:
                kept.append(rule)
        del event["RRULE"]
        if kept:
            event["RRULE"] = kept if len(kept) > 1 else kept[0]


def _refuse_odd(rule: Any) -> None:
    """Refuse rules that nobody's duty has, and those that the standard does not know."""
    frequency = str((rule.get("FREQ") or [""])[0]).upper()
    if frequency in ("SECONDLY", "MINUTELY"):
        raise NotACalendar(
            f"A rule repeats {frequency.lower()}.", fix="No duty changes that often; write it hourly at most.", field="calendar"
        )
    odd = [name for name in _ONLY_YEARLY if name in rule and frequency != "YEARLY"]
    odd += [name for name in ("BYSETPOS",) if name in rule and frequency in ("HOURLY", "DAILY")]
    if odd:
        raise NotACalendar(f"A rule repeats {frequency.lower()} and has {odd[0]}.", fix="Write it yearly or monthly.", field="calendar")


def _repeats(rule: Any, begin: date | datetime, until: datetime) -> int:
    """Return how often a rule repeats up to a moment, counted from its beginning.

    Raises:
        NotACalendar: more often than is allowed.

    """
    start = begin.replace(tzinfo=None) if isinstance(begin, datetime) else datetime.combine(begin, time())
    last = until.astimezone(UTC).replace(tzinfo=None) + timedelta(days=2)
    if not _has_a_day(rule, start.date(), last.date()):
        return 0
    words = {name: value for name, value in rule.items() if name.upper() not in ("UNTIL", "COUNT")}
    text = str(icalendar.vRecur(words).to_ical().decode())  # type: ignore[no-untyped-call]
    most = (rule.get("COUNT") or [MOST_REPEATS + 1])[0]
    series: Any = rrulestr(text, dtstart=start)
    seen = sum(1 for _ in islice(series.replace(until=last), min(int(most), MOST_REPEATS + 1)))
    if seen > MOST_REPEATS:
        raise NotACalendar(
            f"A rule repeats more than {MOST_REPEATS:,} times.", fix="Let its event begin later, or repeat less often.", field="calendar"
        )
    return seen


def _has_a_day(rule: Any, first: date, last: date) -> bool:
    """Tell whether any day between two is one of a rule's months and days of the month: 30 February never comes."""
    months = {int(month) for month in rule.get("BYMONTH") or ()}
    days = {int(day) for day in rule.get("BYMONTHDAY") or ()}
    if not days:
        return True
    day = first.replace(day=1)
    while day <= last:
        length = monthrange(day.year, day.month)[1]
        if (not months or day.month in months) and any(0 < (one if one > 0 else length + 1 + one) <= length for one in days):
            return True
        day += timedelta(days=length)
    return False


def _unreadable(error: Exception) -> NotACalendar:
    said = str(error).strip() or type(error).__name__
    return NotACalendar(f"The calendar cannot be read: {said}.", fix="Send an iCalendar file (RFC 5545).", field="calendar")


# -- writing ---------------------------------------------------------------------------------------


class Event(msgspec.Struct, frozen=True):
    """A shift that is to stand in a calendar, and the schedule that it belongs to."""

    shift: Shift
    schedule: str
    name: str


def export(name: str, zone: str, events: Sequence[Event], people: Mapping[str, str], stamp: datetime) -> str:
    """Return shifts as a calendar with its time zone in it (VTIMEZONE). Ids of events stay the same as long as their shifts do.

    people: what each person is called. zone: the clock that the shifts are written on.
    """
    calendar = icalendar.Calendar()
    calendar.add("PRODID", "-//Tocsin//on-call//EN")
    calendar.add("VERSION", "2.0")
    calendar.add("METHOD", "PUBLISH")
    calendar.add("X-WR-CALNAME", name)
    calendar.add("X-WR-TIMEZONE", zone)
    local = ZoneInfo(zone)
    for one in events:
        shift = one.shift
        event = icalendar.Event()
        line = f" ({shift.role})" if shift.role else ""
        event.add(
            "UID", f"{shift.start:%Y%m%dT%H%M%SZ}-{shift.person}{'-' + shift.role if shift.role else ''}@{one.schedule}.on-call.tocsin"
        )
        event.add("DTSTAMP", stamp)
        event.add("DTSTART", shift.start.astimezone(local))
        event.add("DTEND", shift.end.astimezone(local))
        event.add("SUMMARY", f"{people.get(shift.person, shift.person)} on call for {one.name}{line}")
        event.add("CATEGORIES", ["on-call"])
        event.add(OWN_PROPERTY, shift.person)
        calendar.add_component(event)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calendar.add_missing_timezones()
    return str(calendar.to_ical().decode())
