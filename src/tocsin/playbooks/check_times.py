"""Times: zones that exist, hours and dates that can be read, patterns whose fields are known."""

from __future__ import annotations

import re
import string
from datetime import date, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from tocsin.playbooks.checking import Checker
from tocsin.playbooks.errors import did_you_mean
from tocsin.playbooks.places import Path
from tocsin.playbooks.response import Calendar

NAMING_FIELDS: Final = ("id", "id_lower", "date", "date_dashed", "random", "random_lower", "topic", "number")
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY: Final = timedelta(days=1)


def check_times(checker: Checker) -> None:
    """Note zones, hours, dates and patterns that cannot be used."""
    for index, calendar in enumerate(checker.playbook.calendars):
        _check_calendar(checker, ("calendars", index), calendar)
    _check_clock(checker, ("on_call", "hand_off_time"), checker.playbook.on_call.hand_off_time)
    naming = checker.playbook.naming
    for key in ("incident", "channel", "bridge"):
        _check_pattern(checker, ("naming", key), getattr(naming, key))
    for index, audience in enumerate(checker.playbook.audiences):
        _check_pattern(checker, ("audiences", index, "where"), audience.where)


def _check_calendar(checker: Checker, at: Path, calendar: Calendar) -> None:
    try:
        ZoneInfo(calendar.zone)
    except (ValueError, OSError, LookupError):
        remedy = did_you_mean(calendar.zone, available_timezones(), "Write a name such as Europe/Berlin, or UTC.")
        checker.say((*at, "zone"), f"there is no time zone `{calendar.zone}`", remedy)
    start_reads = _check_clock(checker, (*at, "start"), calendar.start)
    end_reads = calendar.end == "24:00" or _check_clock(checker, (*at, "end"), calendar.end)
    if start_reads and end_reads and calendar.start >= calendar.end:
        what = f"the calendar `{calendar.id}` ends at {calendar.end}, not after it starts at {calendar.start}"
        checker.say((*at, "end"), what, "Write an end later on the same day; midnight is 24:00.")
    if not calendar.days:
        checker.say(
            (*at, "days"), f"no day counts in the calendar `{calendar.id}`", "Write for instance `days: [mon, tue, wed, thu, fri]`."
        )
    for index, holiday in enumerate(calendar.holidays):
        _check_date(checker, (*at, "holidays", index), holiday)
    if calendar.kind == "next_sprint":
        if calendar.sprint_starts is None or calendar.sprint_length is None:
            what = f"the calendar `{calendar.id}` does not say when sprints are"
            checker.say(at, what, "Add `sprint_starts:` (the first day of any sprint) and `sprint_length:` (such as 2w).")
        elif not calendar.sprint_length or calendar.sprint_length % _DAY:
            checker.say(
                (*at, "sprint_length"), f"a sprint of {calendar.sprint_length} is not whole days", "Write days or weeks, such as 2w."
            )
    if calendar.sprint_starts is not None:
        _check_date(checker, (*at, "sprint_starts"), calendar.sprint_starts)


def _check_clock(checker: Checker, path: Path, text: str) -> bool:
    if _CLOCK.fullmatch(text):
        time.fromisoformat(text)
        return True
    checker.say(path, f"`{text}` is not a time of day", 'Write hours and minutes with two digits each, such as "09:00".')
    return False


def _check_date(checker: Checker, path: Path, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        checker.say(path, f"`{text}` is not a date", "Write year, month and day, such as 2026-12-25.")


def _check_pattern(checker: Checker, path: Path, pattern: str) -> None:
    try:
        found = [(name, bool(width or conversion)) for _, name, width, conversion in string.Formatter().parse(pattern) if name is not None]
    except ValueError:
        checker.say(path, f"the pattern `{pattern}` has a brace without its partner", "Write fields as in INC-{date}-{random}.")
        return
    for name, dressed in found:
        if dressed:
            checker.say(path, f"the pattern `{pattern}` says how `{{{name}}}` is to be written", f"Write just {{{name}}}.")
        elif name not in NAMING_FIELDS:
            listed = ", ".join(f"{{{known}}}" for known in NAMING_FIELDS)
            checker.say(path, f"the pattern `{pattern}` uses `{{{name}}}`", did_you_mean(name, NAMING_FIELDS, f"The fields are: {listed}."))
