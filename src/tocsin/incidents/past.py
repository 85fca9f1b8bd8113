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

_LONGEST_NUMBER: Final = 7
"""Digits."""
_AFTER: Final = 5
"""Minutes after the resolution that are shown as finely as those before it."""
_LONG_TAIL: Final = 2
"""So many times as long as the acute part the whole must be for what follows to be shown coarsely."""
_TAIL: Final = 4
"""The acute part is so many times as wide as what follows it."""
_LAST_YEAR: Final = 9000


class Asked(msgspec.Struct, frozen=True):
    """A moment that the address asks for."""

    at: datetime
    reading: Reading


class Strip(msgspec.Struct, frozen=True):
    """The life of an incident: its milestones, and where one looks. A step is a minute until it was resolved, and more in the weeks after."""

    start: datetime
    end: datetime
    points: tuple[dict[str, Any], ...]
    """``name``, ``at``, and ``step``: where on the strip it stands."""
    steps: int
    """How long the strip is."""
    step: int
    """Where one looks."""
    bend: int
    """The step from which on they are longer than a minute."""
    coarse: int
    """Minutes of a step from there on."""


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
    """Return the moment that the slider was let go at: so many steps after its start; None where it was not used."""
    step = _number(query.get("step", ""))
    if step is None:
        return None
    begun = asked({**query, "at": query.get("start", "")})
    if begun is None or begun.at.year >= _LAST_YEAR:
        return None
    bend, coarse = _number(query.get("bend", "")), _number(query.get("coarse", ""))
    minutes = step if bend is None or coarse is None or step <= bend else min(bend + (step - bend) * coarse, 10**_LONGEST_NUMBER)
    return msgspec.structs.replace(begun, at=begun.at + timedelta(minutes=minutes))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def strip(incident: Incident, playbook: Playbook | None, ends: Sequence[datetime], now: datetime, at: datetime | None) -> Strip | None:
    """Return the strip for an incident as it is now; None for one that has no length yet. ends: when its first and last lines happened."""
    known = milestones.known(incident, playbook)
    own = {m.id: m.name for m in playbook.milestones} if playbook else {}
    times = [*ends, *(m.at for m in known.values())]
    if not times:
        return None
    start = min(times)
    end = max(times) if incident.ended or "resolved" in known else max(now, *times)
    if end - start < timedelta(minutes=1):
        return None
    minutes = max(1, _minutes(end - start))
    bend, coarse = minutes, 1
    if "resolved" in known:
        acute = max(1, _minutes(known["resolved"].at - start) + _AFTER)
        if minutes > acute * _LONG_TAIL:
            bend, coarse = acute, -(-(minutes - acute) // max(1, acute // _TAIL))
    steps = bend + -(-(minutes - bend) // coarse)

    def place(moment: datetime) -> int:
        minute = round((moment - start).total_seconds() / 60)
        return min(steps, max(0, minute if minute <= bend else bend + round((minute - bend) / coarse)))

    points = tuple(
        {"name": own.get(name) or name.replace("_", " ").capitalize(), "at": m.at, "step": place(m.at)} for name, m in known.items()
    )
    return Strip(start, end, points, steps, place(at or end), bend, coarse)


def _minutes(length: timedelta) -> int:
    return -(-int(length.total_seconds()) // 60)
