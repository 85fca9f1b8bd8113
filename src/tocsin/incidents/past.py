"""Looking at an incident as of an earlier moment: what the address asks for, and the strip of moments to choose from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.incidents import milestones
from tocsin.incidents.model import Incident
from tocsin.incidents.timeline import Reading
from tocsin.playbooks.model import Playbook

_LONGEST_MINUTE: Final = 7
_LAST_YEAR: Final = 9000


class Asked(msgspec.Struct, frozen=True):
    """A moment that the address asks for."""

    at: datetime
    reading: Reading


class Strip(msgspec.Struct, frozen=True):
    """The life of an incident, minute by minute: its milestones, and where one looks."""

    start: datetime
    end: datetime
    points: tuple[dict[str, Any], ...]
    minutes: int
    """How long it is, in minutes."""
    minute: int
    """The minute at which one looks."""


def asked(query: Mapping[str, str]) -> Asked | None:
    """Return the moment that the address asks for; None where it asks for none.

    ``?at=2025-10-27T14:40`` is UTC where no zone stands; ``reading`` is ``happened_by`` or ``known_by``.

    Raises:
        Refused: it is not a time.

    """
    text = query.get("at", "").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Refused(f"{text!r} is not a time.", fix="Write it like 2026-01-31T14:05Z.", field="at") from error
    return Asked(at, "known_by" if query.get("reading") == "known_by" else "happened_by")


def slid(query: Mapping[str, str]) -> Asked | None:
    """Return the moment that the slider was let go at: so many minutes after its start; None where it was not used."""
    minute = query.get("minute", "")
    if not (minute.isascii() and minute.isdigit() and len(minute) <= _LONGEST_MINUTE):
        return None
    begun = asked({**query, "at": query.get("start", "")})
    if begun is None or begun.at.year >= _LAST_YEAR:
        return None
    return msgspec.structs.replace(begun, at=begun.at + timedelta(minutes=int(minute)))


def strip(incident: Incident, playbook: Playbook | None, ends: Sequence[datetime], now: datetime, at: datetime | None) -> Strip | None:
    """Return the strip for an incident as it is now; None for one that has no length yet. ends: when its first and last lines happened."""
    known = milestones.known(incident, playbook)
    own = {m.id: m.name for m in playbook.milestones} if playbook else {}
    times = [*ends, *(m.at for m in known.values())]
    if not times:
        return None
    start = min(times)
    end = max(times) if incident.ended or "resolved" in known else max(now, *times)
    length = end - start
    if length < timedelta(minutes=1):
        return None
    points = tuple(
        {"name": own.get(name) or name.replace("_", " ").capitalize(), "at": m.at, "minute": _minute(m.at, start)}
        for name, m in known.items()
    )
    minutes = max(1, -(-int(length.total_seconds()) // 60))
    return Strip(start, end, points, minutes, min(minutes, max(0, _minute(at or end, start))))


def _minute(at: datetime, start: datetime) -> int:
    return round((at - start).total_seconds() / 60)
