"""Who is on call: the layers of a schedule on top of one another, and on top of them what people agreed. Pure.

The order, from below: layers (the highest priority that has anybody), absences within each layer, overrides that take the whole duty, and then
additions, replacements, removals and exchanges in the order in which they were decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from tocsin.oncall import rotation
from tocsin.oncall.model import Exchange, Layer, Override, Rota, Schedule, Span
from tocsin.oncall.rotation import Compiled
from tocsin.oncall.walltime import moment, seconds


class Duty(NamedTuple):
    """A person who is on call, and what puts them there."""

    person: str
    because: str
    asked: bool = False
    """Whether they want to give it away and nobody has taken it yet."""


class Stretch(NamedTuple):
    """Instants [start, end) during which the same people are on call for the same reasons; nobody is an empty tuple."""

    start: int
    end: int
    duties: tuple[Duty, ...]

    @property
    def people(self) -> tuple[str, ...]:
        """Who is on call, each once."""
        return tuple(dict.fromkeys(duty.person for duty in self.duties))


def who_is_on_call(schedule: Schedule, at: datetime, role: str = "") -> tuple[str, ...]:
    """Return who is on call at a moment; nobody is an empty tuple. role: another line than the first."""
    start = seconds(at)
    found = stretches(schedule, start, start + 1, role)
    return found[-1].people if found else ()


def duties_at(schedule: Schedule, at: datetime, role: str = "") -> tuple[Duty, ...]:
    """Return who is on call at a moment and what puts each of them there."""
    start = seconds(at)
    found = stretches(schedule, start, start + 1, role)
    return found[-1].duties if found else ()


def roles_of(schedule: Schedule) -> tuple[str, ...]:
    """Return the lines of a schedule, the first one (the empty text) first."""
    roles = dict.fromkeys(layer.role for version in schedule.versions for layer in version.rota.layers)
    return ("", *(role for role in roles if role))


def stretches(schedule: Schedule, start: int, end: int, role: str = "") -> list[Stretch]:
    """Return who is on call throughout [start, end), in order and without holes; the time before the first version is left out."""
    found: list[Stretch] = []
    for rota, begin, stop in in_force(schedule, start, end):
        for stretch in _stacked(schedule, rota, begin, stop, role):
            if found and found[-1].duties == stretch.duties and found[-1].end == stretch.start:
                found[-1] = found[-1]._replace(end=stretch.end)
            else:
                found.append(stretch)
    return found


def anybody(schedule: Schedule) -> set[str]:
    """Return everybody who may ever be on call: in any version's layers, in calendars, by what was agreed."""
    found = {person for version in schedule.versions for layer in version.rota.layers for group in layer.groups for person in group}
    found |= {span.person for calendar in schedule.calendars.values() for span in calendar.spans if span.person}
    found |= {one.person for one in schedule.overrides.values() if one.person}
    return found | {person for one in schedule.exchanges.values() for person in (one.person, one.to) if person}


class Turn(NamedTuple):
    """A stretch [start, end) of one layer by itself, whatever else puts people on call then."""

    start: int
    end: int
    people: tuple[str, ...]


def turns_of(schedule: Schedule, start: int, end: int, role: str = "") -> dict[str, tuple[Layer, list[Turn]]]:
    """Return what each layer of a line says by itself within [start, end), by the layer's id; the layer is the newest of that id.

    Neighbouring stretches of the same people are one.
    """
    found: dict[str, tuple[Layer, list[Turn]]] = {}
    for rota, begin, stop in in_force(schedule, start, end):
        for layer in rota.layers:
            if layer.role != role:
                continue
            turns = found[layer.id][1] if layer.id in found else []
            known = None if layer.calendar else rotation.compiled(layer, rota.zone)
            for lane in sorted(_lanes(schedule, rota, layer, known, 0, begin, stop)):
                people = (lane.person,) if known is None else rotation.people_of(known, lane.turn)
                if turns and turns[-1].end == lane.start and turns[-1].people == people:
                    turns[-1] = turns[-1]._replace(end=lane.end)
                else:
                    turns.append(Turn(lane.start, lane.end, people))
            found[layer.id] = (layer, turns)
    return found


def in_force(schedule: Schedule, start: int, end: int) -> Iterator[tuple[Rota, int, int]]:
    """Yield each rota that counts within [start, end), and from when to when it does."""
    versions = schedule.versions
    for place, version in enumerate(versions):
        begin = start if version.since is None else max(start, seconds(version.since))
        following = versions[place + 1].since if place + 1 < len(versions) else None
        stop = end if following is None else min(end, seconds(following))
        if begin < stop:
            yield version.rota, begin, stop


class _Lane(NamedTuple):
    """A piece of one layer."""

    start: int
    end: int
    layer: int
    turn: int
    person: str = ""


class _Agreed(NamedTuple):
    """A stretch of something that people agreed; ``number`` says in which order it applies."""

    number: int
    start: int
    end: int
    what: Override | Exchange
    back: bool = False
    """The stretch of an exchange that goes the other way."""


def _stacked(schedule: Schedule, rota: Rota, start: int, end: int, role: str) -> Iterator[Stretch]:
    layers = [layer for layer in rota.layers if layer.role == role]
    known: list[Compiled | None] = [None if layer.calendar else rotation.compiled(layer, rota.zone) for layer in layers]
    lanes = [lane for place, layer in enumerate(layers) for lane in _lanes(schedule, rota, layer, known[place], place, start, end)]
    agreed = _agreed(schedule, start, end, role)
    away = {person: spans for person, spans in schedule.away.items() if rota.absent != "keep" and _touch(spans, start, end)}
    cuts = {start, end}
    for lane in lanes:
        cuts.add(lane.start)
        cuts.add(lane.end)
    for one in agreed:
        cuts.add(max(one.start, start))
        cuts.add(min(one.end, end))
    for spans in away.values():
        cuts.update(cut for span in spans for cut in (seconds(span.start), seconds(span.end)) if start < cut < end)
    ordered = sorted(cuts)
    coming = sorted(lanes)
    active: list[_Lane] = []
    following = 0
    for begin, stop in pairwise(ordered):
        active = [lane for lane in active if lane.end > begin]
        while following < len(coming) and coming[following].start <= begin:
            active.append(coming[following])
            following += 1
        gone = frozenset(person for person, spans in away.items() if _covers(spans, begin)) if away else frozenset()
        duties = _base(layers, known, active, gone, rota.absent)
        yield Stretch(begin, stop, _with_agreed(duties, agreed, begin) if agreed else duties)


def _lanes(
    schedule: Schedule, rota: Rota, layer: Layer, known: Compiled | None, place: int, start: int, end: int
) -> Iterable[_Lane]:  # fmt: skip
    if known is None:
        calendar = schedule.calendars.get(layer.calendar)
        begins = seconds(layer.begins) if layer.begins else start
        until = seconds(layer.until) if layer.until else end
        low, high = max(start, begins), min(end, until)
        for span in calendar.spans if calendar else ():
            begin, stop = max(seconds(span.start), low), min(seconds(span.end), high)
            if begin < stop:
                yield _Lane(begin, stop, place, 0, span.person)
        return
    found = rotation.pieces(known, start, end)
    if layer.holidays != "as_usual" and found:
        days = rotation.holidays_of(rota.holidays, known.zone, start, end)
        found = rotation.without(found, days) if layer.holidays == "off" else rotation.only_in(found, days)
    yield from (_Lane(piece.start, piece.end, place, piece.turn) for piece in found)


def _base(
    layers: Sequence[Layer], known: Sequence[Compiled | None], active: Sequence[_Lane], gone: frozenset[str], absent: str
) -> tuple[Duty, ...]:  # fmt: skip
    """Return who is on call by the layers alone: those of the highest priority that have anybody."""
    best: list[Duty] = []
    highest: int | None = None
    for lane in active:
        layer = layers[lane.layer]
        if highest is not None and layer.priority < highest:
            continue
        duties = _of_lane(layer, known[lane.layer], lane, gone, absent)
        if not duties:
            continue
        if highest is None or layer.priority > highest:
            best, highest = [], layer.priority
        best += [duty for duty in duties if all(duty.person != other.person for other in best)]
    return tuple(best)


def _of_lane(layer: Layer, known: Compiled | None, lane: _Lane, gone: frozenset[str], absent: str) -> list[Duty]:
    because = f"layer:{layer.id}"
    people = (lane.person,) if known is None else rotation.people_of(known, lane.turn)
    if gone.isdisjoint(people):
        return [Duty(person, because) for person in people]
    found: list[Duty] = []
    here = [person for person in people if person not in gone]
    for person in people:
        if person not in gone:
            found.append(Duty(person, because))
        elif absent == "next" and known is not None and (stand_in := _stand_in(known, lane.turn, gone, here)):
            here.append(stand_in)
            found.append(Duty(stand_in, f"absence:{person}"))
    return found


def _stand_in(known: Compiled, turn: int, gone: frozenset[str], here: Sequence[str]) -> str:
    """Return the first person of the following groups who is there and not on call already; an empty text where there is none."""
    for further in range(1, len(known.groups)):
        for person in rotation.people_of(known, turn, further):
            if person not in gone and person not in here:
                return person
    return ""


def _agreed(schedule: Schedule, start: int, end: int, role: str) -> list[_Agreed]:
    """Return what was agreed for [start, end), in the order in which it applies: first what takes the whole duty."""
    low, high = moment(start), moment(end)
    found = [
        _Agreed(one.number, seconds(one.start), seconds(one.end), one)
        for one in schedule.overrides.values()
        if one.role == role and one.start < high and one.end > low
    ]
    for swap in schedule.exchanges.values():
        if swap.role != role or swap.state not in ("offered", "taken"):
            continue
        ways = [(swap.start, swap.end, False)]
        if swap.state == "taken" and swap.back_start is not None and swap.back_end is not None:
            ways.append((swap.back_start, swap.back_end, True))
        for begin, stop, back in ways:
            since = begin if swap.since is None else max(begin, swap.since)
            if since < high and stop > low:
                found.append(_Agreed(swap.number, seconds(since), seconds(stop), swap, back))
    return sorted(found, key=lambda one: (not _takes(one), one.number, one.back))


def _takes(one: _Agreed) -> bool:
    return isinstance(one.what, Override) and one.what.how == "take"


def _with_agreed(duties: tuple[Duty, ...], agreed: Sequence[_Agreed], at: int) -> tuple[Duty, ...]:
    now = [one for one in agreed if one.start <= at < one.end]
    if not now:
        return duties
    takers = [one.what for one in now if isinstance(one.what, Override) and one.what.how == "take"]
    if takers:
        highest = max(one.priority for one in takers)
        duties = tuple(Duty(one.person, f"override:{one.id}") for one in takers if one.priority == highest)
    for one in now:
        match one.what:
            case Override() if one.what.how != "take":
                duties = _overridden(duties, one.what)
            case Exchange(state="taken") as swap:
                gives, takes = (swap.to, swap.person) if one.back else (swap.person, swap.to)
                duties = _replaced(duties, gives, takes, f"exchange:{swap.id}")
            case Exchange() as swap:
                duties = tuple(duty._replace(asked=True) if duty.person == swap.person else duty for duty in duties)
            case _:
                pass
    return duties


def _overridden(duties: tuple[Duty, ...], override: Override) -> tuple[Duty, ...]:
    because = f"override:{override.id}"
    match override.how:
        case "add":
            known = any(duty.person == override.person for duty in duties)
            return duties if known else (*duties, Duty(override.person, because))
        case "remove":
            return tuple(duty for duty in duties if duty.person != override.instead_of)
        case _:
            return _replaced(duties, override.instead_of, override.person, because)


def _replaced(duties: tuple[Duty, ...], gone: str, comes: str, because: str) -> tuple[Duty, ...]:
    """Put one person in another's place; nothing changes where the other is not on call, and nobody is on call twice."""
    if all(duty.person != gone for duty in duties):
        return duties
    if any(duty.person == comes for duty in duties):
        return tuple(duty for duty in duties if duty.person != gone)
    return tuple(Duty(comes, because) if duty.person == gone else duty for duty in duties)


def _touch(spans: Iterable[Span], start: int, end: int) -> bool:
    low, high = moment(start), moment(end)
    return any(span.start < high and span.end > low for span in spans)


def _covers(spans: Iterable[Span], at: int) -> bool:
    now = moment(at)
    return any(span.start <= now < span.end for span in spans)
