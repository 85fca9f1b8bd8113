"""What the commands of ``tocsin oncall`` share: the group, the viewer's clock, windows of time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, TypeVar

import click

from tocsin.cli import output, times
from tocsin.cli.client import RefusedByServer
from tocsin.cli.shell import Session, group

oncall = group("oncall", "Who is on call: schedules, overrides, swaps, absences, hand-offs.")

_F = TypeVar("_F", bound=Callable[..., Any])
_NOT_FOUND: Final = 404
zone_option = click.option("--zone", metavar="NAME", help="The clock to read and show times on; yours, else the schedule's.")
schedule_argument = click.argument("schedule", metavar="SCHEDULE")


def window_options(days: int) -> Callable[[_F], _F]:
    """Add --from, --to, --days and --zone. days: how long the window is without them."""

    def decorate(function: _F) -> _F:
        function = click.option(
            "--days", type=click.IntRange(1, 1000), default=days, show_default=True, help="How many days, without --to."
        )(function)
        function = click.option("--to", "to", metavar="TIME", help="Until when.")(function)
        function = click.option(
            "--from", "from_", metavar="TIME", help="From when: 14:00, 2026-01-05 or 2026-01-05T09:00; now without it."
        )(function)
        return zone_option(function)

    return decorate


def stretch_options(function: _F) -> _F:
    """Add --from and --to, both needed, and --zone."""
    function = click.option("--to", "to", required=True, metavar="TIME", help="Until when.")(function)
    function = click.option("--from", "from_", required=True, metavar="TIME", help="From when: 18:00 (the next) or 2026-01-05T18:00.")(
        function
    )
    return zone_option(function)


def clock_of(session: Session, given: str | None, schedule_zone: str = "UTC") -> tuple[tzinfo, str]:
    """Return the clock that times are read and shown on: the one given, the person's own, or the schedule's."""
    name = given or _own_zone(session) or schedule_zone
    return times.zone_of(name), name


def _own_zone(session: Session) -> str:
    if not session.person:
        return ""
    try:
        return str(session.api.get(f"/people/{session.person}")["zone"])
    except RefusedByServer as refusal:
        if refusal.status == _NOT_FOUND:
            return ""
        raise


def read_time(session: Session, text: str, zone: tzinfo, option: str, after: datetime | None = None) -> datetime:
    """Return the moment that a person typed: a clock time is the next one (after ``after``), a date its midnight.

    Raises:
        click.BadParameter: it is no time.

    """
    if times.is_clock(text):
        return datetime.fromisoformat(times.coming(text, after or session.now(), zone, option)).astimezone(UTC)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a time; write it like 18:00 or 2026-01-05T18:00", param_hint=option) from error
    return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).astimezone(UTC)


def stretch(session: Session, from_: str, to: str, zone: tzinfo) -> dict[str, str]:
    """Return the two ends of a stretch of time, as the API takes them."""
    start = read_time(session, from_, zone, "--from")
    return {"start": wire(start), "end": wire(read_time(session, to, zone, "--to", start))}


def window(session: Session, from_: str | None, to: str | None, days: int, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the window that is asked for."""
    start = read_time(session, from_, zone, "--from") if from_ else session.now()
    return start, read_time(session, to, zone, "--to", start) if to else start + timedelta(days=days)


def wire(at: datetime) -> str:
    """Return a moment as the API takes it."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local(value: str, zone: tzinfo) -> str:
    """Return a time of the API on a clock: ``Mon 2026-01-05 09:00``."""
    at = output.moment(value)
    assert at is not None
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"


def people(found: list[dict[str, Any]]) -> str:
    """Return who is on call, for one cell."""
    return ", ".join(one["name"] + (" (wants to give it away)" if one.get("asked") else "") for one in found)
