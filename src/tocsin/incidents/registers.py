"""The registers of an incident: small values that the fold keeps current, each with the latest (occurred_at, version). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from tocsin.engine.model import Fact
from tocsin.incidents.model import Change, Circumstances, Incident, Moment, Reading, Said, Seen, Series, UpdateRef

_MOMENTS_KEPT: Final = 64

K = TypeVar("K")
V = TypeVar("V")


def put(mapping: dict[K, V], key: K, value: V) -> dict[K, V]:
    """Return a copy of the mapping with one more entry."""
    return {**mapping, key: value}


def without(mapping: dict[K, V], key: K) -> dict[K, V]:
    """Return the mapping without an entry; the same one where it has none."""
    return {name: value for name, value in mapping.items() if name != key} if key in mapping else mapping


def with_moments(moments: dict[str, tuple[Moment, ...]], names: Iterable[str], moment: Moment) -> dict[str, tuple[Moment, ...]]:
    """Add a candidate to each milestone. Only so many are kept: the earliest and the latest can be chosen in any case."""
    changed = dict(moments)
    for name in names:
        candidates = tuple(sorted((*changed.get(name, ()), moment), key=lambda m: (m.at, m.source)))
        if len(candidates) > _MOMENTS_KEPT:
            candidates = candidates[: _MOMENTS_KEPT - 1] + candidates[-1:]
        changed[name] = candidates
    return changed


def with_change(changes: tuple[Change, ...], change: Change) -> dict[str, Any]:
    """Add a change at its place in time, and say what held from each change on."""
    ordered = tuple(sorted((*changes, change), key=lambda c: (c.at, c.source)))
    held: dict[str, Any] = {"severity": "", "rank": -1, "mode": "", "marks": {}, "service": "", "detected_by": "", "cause": ""}
    history = []
    for one in ordered:
        for name in ("severity", "rank", "mode", "service", "detected_by", "cause"):
            if (value := getattr(one, name)) is not None:
                held[name] = value
        held["marks"] = {**held["marks"], **one.marks}
        history.append(Circumstances(at=one.at, source=one.source, **held))
    return {"changes": ordered, "circumstances": tuple(history)}


def engage(people: dict[str, datetime], names: Iterable[str], at: datetime) -> dict[str, datetime]:
    """Add people to those who took part or were called in, each with the earliest moment at which they did."""
    for name in names:
        known = people.get(name)
        if known is None or at < known:
            people = put(people, name, at)
    return people


def read(readings: dict[str, Series], reading: Reading, fact: Fact) -> dict[str, Series]:
    """Add a measured value to its series: the first, the last and the largest are kept."""
    seen = Seen(fact.occurred_at, reading.value, reading.unit, fact.version)
    series = readings.get(reading.measure)
    if series is None:
        return put(readings, reading.measure, Series(seen, seen, seen))
    first = min(series.first, seen, key=lambda s: (s.at, s.source))
    last = max(series.last, seen, key=lambda s: (s.at, s.source))
    largest = max(series.largest, seen, key=lambda s: (s.value, s.source))
    return put(readings, reading.measure, Series(first, last, largest))


def replace_reading(readings: dict[str, Series], reading: Reading, fact: Fact, replaced: set[int]) -> dict[str, Series]:
    """Add a corrected value to its series, without those of the facts that it replaces."""
    series = readings.get(reading.measure)
    seen = Seen(fact.occurred_at, reading.value, reading.unit, fact.version)
    if series is None:
        return put(readings, reading.measure, Series(seen, seen, seen))
    kept = [s for s in (series.first, series.last, series.largest) if s.source not in replaced] + [seen]
    return put(
        readings,
        reading.measure,
        Series(min(kept, key=lambda s: (s.at, s.source)), max(kept, key=lambda s: (s.at, s.source)), max(kept, key=lambda s: s.value)),
    )


def say(said: dict[str, Said], name: str, text: str, fact: Fact) -> dict[str, Said]:
    """Write an answer down, unless a later one is known; the moment of the first one stays."""
    known = said.get(name)
    if known is None:
        return put(said, name, Said(fact.occurred_at, text, fact.version))
    since = min(known.since or known.at, fact.occurred_at)
    if (known.at, known.source) > (fact.occurred_at, fact.version):
        return put(said, name, msgspec.structs.replace(known, since=since))
    return put(said, name, Said(fact.occurred_at, text, fact.version, since))


def with_update(state: Incident, posted: UpdateRef) -> tuple[UpdateRef, ...]:
    """Return the updates with one more, in the order in which they were posted."""
    return tuple(sorted((*state.updates, posted), key=lambda update: (update.at, update.source)))


def later(known: datetime | None, at: datetime) -> datetime:
    """Return the later of two moments; the second where nothing is known before."""
    return at if known is None or at > known else known
