"""The reachability map of a service: runs of hours of one kind, and every hole with the sentence that explains it and where it is mended. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

import msgspec

from tocsin.oncall.charts import Frame

Kind = Literal["first", "later", "unproved", "nobody"]
"""``first``: the first step reaches somebody; ``later``: only a later one does; ``unproved``: only by a way that nobody proved; ``nobody``."""

SAYS: Final[Mapping[Kind, str]] = {
    "first": "somebody is reached by the first step", "later": "only a later step reaches somebody", "unproved": "only a way that was never proved is left",
    "nobody": "nobody is reached",
}  # fmt: skip


_MOST_REASONS: Final = 3
_MOST_MENDS: Final = 6
"""Reasons of one hole that are named; the others show when these are mended."""


class Hour(msgspec.Struct, frozen=True):
    """What is known of a stretch [start, end): as the pager would find it."""

    start: datetime
    end: datetime
    kind: Kind
    who: tuple[str, ...]
    why: str


class Run(msgspec.Struct, frozen=True):
    """Hours of one kind in a row; ``x`` and ``width`` in per cent of the week."""

    x: float
    width: float
    kind: Kind
    says: str
    hole: int = 0
    """The number of the hole that explains it; 0 for none."""


class Mend(msgspec.Struct, frozen=True):
    """One reason, and the page where it is mended."""

    says: str
    href: str = ""
    label: str = ""


class Hole(msgspec.Struct, frozen=True):
    """Times at which a page would not do, all for one reason."""

    number: int
    kind: Kind
    mends: tuple[Mend, ...]
    times: tuple[tuple[datetime, datetime], ...]


class Row(msgspec.Struct, frozen=True):
    """A service over the week."""

    service: str
    name: str
    policy: str
    runs: tuple[Run, ...]
    holes: tuple[Hole, ...]


class Names(msgspec.Struct, frozen=True):
    """What people call people, schedules and teams, by id."""

    people: Mapping[str, str]
    schedules: Mapping[str, str]
    teams: Mapping[str, str]


class Told(msgspec.Struct, frozen=True):
    """A service's time as it is told, whatever the clock on which it is read."""

    service: str
    name: str
    policy: str
    spans: tuple[tuple[datetime, datetime, Kind, int], ...]
    """Stretches of one kind: begin, end, kind, and the number of the hole that explains it (0: none)."""
    mends: tuple[tuple[Kind, tuple[Mend, ...]], ...]
    """By the number of the hole, from 1."""


def tell(service: str, name: str, policy: str, hours: Iterable[Hour], names: Names) -> Told:
    """Return a service's time as it is told. hours: in order and without gaps."""
    kept = list(hours)
    # A few reasons are told one by one; where they are many, those of a kind are told together.
    whys = {kind: dict.fromkeys(one.why for one in kept if one.kind == kind) for kind in ("nobody", "unproved")}
    numbers: dict[tuple[Kind, str], int] = {}
    spans: list[tuple[datetime, datetime, Kind, int]] = []
    for one in kept:
        number = 0
        if one.kind in ("nobody", "unproved"):
            several = whys[one.kind]
            key = (one.kind, one.why if len(several) <= _MOST_REASONS else "; ".join(several))
            number = numbers.setdefault(key, len(numbers) + 1)
        if spans and spans[-1][1:] == (one.start, one.kind, number):
            spans[-1] = (spans[-1][0], one.end, one.kind, number)
        else:
            spans.append((one.start, one.end, one.kind, number))
    return Told(service, name, policy, tuple(spans), tuple((kind, tuple(mends(why, service, policy, names))) for kind, why in numbers))


def row(told: Told, frame: Frame, now: datetime) -> Row:
    """Return a service's week on a clock, from a moment on; what lies before it or after the frame is left out."""
    runs: list[Run] = []
    times: dict[int, list[tuple[datetime, datetime]]] = {}
    for begin, stop, kind, number in told.spans:
        start, end = max(begin, frame.start, now), min(stop, frame.end)
        if start >= end:
            continue
        x = frame.x_of(start)
        runs.append(Run(x, round(frame.x_of(end, ends=True) - x, 3), kind, SAYS[kind], number))
        if number:
            times.setdefault(number, []).append((start, end))
    holes = tuple(Hole(number, *told.mends[number - 1], tuple(found)) for number, found in sorted(times.items()))
    return Row(told.service, told.name, told.policy, tuple(runs), holes)


def mends(why: str, service: str, policy: str, names: Names) -> list[Mend]:
    """Return the reasons of a hole one by one, with the page that mends each."""
    found: list[Mend] = []
    for part in why.split("; ") if why else ():
        head, colon, rest = part.partition(": ")
        kind, _, name = head.partition(":")
        if colon and kind == "schedule" and name:
            schedule_id, _, line = name.removesuffix("#next").partition("#")
            where = names.schedules.get(schedule_id, schedule_id) + (f" ({line})" if line else "")
            found.append(Mend(f"{_capital(rest)} in {where}.", f"/on-call/{schedule_id}", "Open the schedule"))
        elif colon and kind == "team" and name:
            found.append(Mend(f"Team {names.teams.get(name, name)}: {rest}.", f"/settings/teams/{name}", "Open the team"))
        elif colon and kind == "person" and name:
            found.append(Mend(f"{names.people.get(name, name)}: {rest}.", "/settings/people", "Write them down"))
        elif colon and head in names.people:
            says = "no way was ever proved" if rest.endswith("is not proved") else rest
            found.append(Mend(f"{names.people[head]}: {says}.", f"/settings/people/{head}", f"Open {names.people[head]}"))
        elif rest == "is a name and nobody here" or (colon and not found):
            found.append(
                Mend(
                    f"{head!r} {rest}." if rest.startswith("is ") else f"{part}.",
                    f"/settings/services/{service}#change",
                    "Name who is paged",
                )
            )
        elif found:
            found[-1] = msgspec.structs.replace(found[-1], says=f"{found[-1].says.rstrip('.')}; {part}.")
        else:
            found.append(Mend(f"{_capital(part)}.", f"/settings/services/{service}#change", "Open the service"))
    kept = list({(one.says, one.href): one for one in found}.values())
    if len(kept) > _MOST_MENDS:
        kept = [*kept[:_MOST_MENDS], Mend(f"And {len(kept) - _MOST_MENDS} more reasons, which show when these are mended.")]
    return kept or [
        Mend(
            "The policy has no step that begins then.",
            f"/settings/policies/{policy}" if policy else f"/settings/services/{service}#change",
            "Open the policy" if policy else "Open the service",
        )
    ]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
