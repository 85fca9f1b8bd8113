"""Who would be reached, by which proved way and how soon, at every moment of the coming weeks. Pure.

Nothing is sampled: who is reached can only change where a shift, a step's hours or somebody's quiet hours begin or end, or as long before that as
a later step comes after the first. Only those moments are looked at, so that a year of many services takes seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise, product
from typing import Any, Final

import msgspec

from tocsin.oncall import layers
from tocsin.oncall.model import Schedule
from tocsin.paging import hours, steps
from tocsin.paging.calling import Resolved, Someone, bare, call, someone
from tocsin.paging.model import Policy, Step, Urgency, Window
from tocsin.paging.page import Missing
from tocsin.paging.policies import Hole
from tocsin.people.model import Person
from tocsin.playbooks.durations import Duration

_MOST_OFFSETS: Final = 64
_DAY: Final = 86_400


class Reached(msgspec.Struct, frozen=True):
    """Somebody who would be notified."""

    person: str
    way: str
    """The channel."""
    verified: bool
    after: float
    """Seconds after the page was opened."""
    step: int
    """From 1; 0 is the last resort."""


class Stretch(msgspec.Struct, frozen=True):
    """Moments [since, until) at which a page would reach the same people, after the same time."""

    since: datetime
    until: datetime
    reached: tuple[Reached, ...] = ()
    """The first notification of each person, soonest first; proved ways alone, unless there are none."""
    why: str = ""
    """Why nobody is reached."""

    @property
    def good(self) -> bool:
        """Whether somebody is reached by a proved way."""
        return any(one.verified for one in self.reached)


class Line(msgspec.Struct, frozen=True):
    """One thing that would happen."""

    at: datetime
    step: int
    """From 1; 0 is the last resort, or the end."""
    person: str = ""
    way: str = ""
    verified: bool = False
    why: str = ""


class Known(msgspec.Struct, frozen=True):
    """All that decides who is reached."""

    people: Mapping[str, Person]
    teams: Mapping[str, tuple[str, ...]]
    schedules: Mapping[str, Schedule]


class Lookup:
    """Whom targets mean at any moment of a window; each schedule is laid out once."""

    def __init__(self, known: Known, start: datetime, end: datetime) -> None:
        self._known = known
        self.start = start
        self.end = end
        self._lines: dict[str, list[layers.Stretch]] = {}
        self._people: dict[str, Someone] = {}

    def resolve(self, targets: Iterable[str], at: datetime) -> Resolved:
        """Return whom targets mean at a moment."""
        found: dict[str, Someone] = {}
        missing: list[Missing] = []
        for target in targets:
            names, why = self._names(target, at)
            if why:
                missing.append(Missing(target, why))
            for name in names:
                found.setdefault(name, self._someone(name))
        return Resolved(tuple(found.values()), tuple(missing))

    def edges(self, targets: Iterable[str]) -> set[datetime]:
        """Return every moment of the window at which other people are meant."""
        found: set[datetime] = set()
        for target in targets:
            kind, name = self._kind(target)
            if kind == "schedule":
                found |= {datetime.fromtimestamp(one.start, UTC) for one in self._line(name)}
        return found

    def people_of(self, targets: Iterable[str]) -> list[Someone]:
        """Return everybody whom targets mean at any moment of the window."""
        names: dict[str, None] = {}
        for target in targets:
            kind, name = self._kind(target)
            if kind == "schedule":
                names |= dict.fromkeys(who for one in self._line(name) for who in one.people)
            else:
                names |= dict.fromkeys(self._names(target, self.start)[0])
        return [self._someone(name) for name in names]

    def _someone(self, name: str) -> Someone:
        if name not in self._people:
            person = self._known.people.get(name)
            self._people[name] = bare(name) if person is None else someone(person, "")
        return self._people[name]

    def _kind(self, target: str) -> tuple[str, str]:
        kind, _, name = target.partition(":")
        if name and kind in ("person", "schedule", "team"):
            return kind, name
        if target in self._known.people:
            return "person", target
        if target.partition("#")[0] in self._known.schedules:
            return "schedule", target
        return ("team", target) if target in self._known.teams else ("", target)

    def _names(self, target: str, at: datetime) -> tuple[tuple[str, ...], str]:
        kind, name = self._kind(target)
        match kind:
            case "person":
                return ((name,), "") if name in self._known.people else ((), "there is no such person")
            case "team":
                members = self._known.teams.get(name)
                return (members or (), "" if members else "nobody is in this team" if members is not None else "there is no such team")
            case "schedule":
                if name.partition("#")[0] not in self._known.schedules:
                    return (), "there is no such schedule"
                seconds = int(at.timestamp())
                now = next((one for one in self._line(name) if one.start <= seconds < one.end), None)
                return (now.people, "") if now is not None and now.people else ((), "nobody is on call")
            case _:
                return (target,), ""

    def _line(self, name: str) -> list[layers.Stretch]:
        if name in self._lines:
            return self._lines[name]
        following = name.endswith("#next")
        schedule_id, _, role = name.removesuffix("#next").partition("#")
        schedule = self._known.schedules.get(schedule_id)
        start, end = int(self.start.timestamp()), int(self.end.timestamp())
        found = layers.stretches(schedule, start, end + (100 * _DAY if following else 0), role) if schedule is not None else []
        if following:
            found = [one._replace(duties=_after(found, index)) for index, one in enumerate(found) if one.start < end]
        self._lines[name] = found
        return found


def _after(found: Sequence[layers.Stretch], index: int) -> tuple[layers.Duty, ...]:
    now = found[index].people
    return next((one.duties for one in found[index + 1 :] if one.people and one.people != now), ())


class Plan:
    """A policy for one urgency over a window."""

    def __init__(self, policy: Policy, urgency: Urgency, lookup: Lookup) -> None:
        self.policy = policy
        self.urgency = urgency
        self._lookup = lookup
        self._steps = steps.order(policy)

    def at(self, opened: datetime) -> tuple[tuple[Reached, ...], str]:
        """Return who is notified first where a page is opened at a moment, and why nobody, where nobody is."""
        found: list[Reached] = []
        whys: list[str] = []
        begins = opened
        for index in self._steps:
            step = self.policy.steps[index]
            closed = hours.opens_at(step.only, self.policy.zone, begins) if step.only is not None else None
            if closed is not None and step.only is not None:
                if step.only.otherwise == "skip":
                    continue
                begins = closed
            reached = self._reached(step, index, begins, opened, whys)
            found += reached
            if reached:
                begins += steps.wait_of(step)
        for index, step in enumerate(self.policy.steps):
            if step.at_age:
                found += self._reached(step, index, opened + Duration.parse(step.at_age), opened, whys)
        if not found and self.policy.last_resort:
            found += self._reached(Step(to=self.policy.last_resort), -1, begins, opened, whys)
        found = [one for one in found if one.verified] or found
        first: dict[str, Reached] = {}
        for one in sorted(found, key=lambda one: one.after):
            first.setdefault(one.person, one)
        return tuple(first.values()), "; ".join(dict.fromkeys(whys))

    def script(self, opened: datetime) -> list[Line]:
        """Return everything that happens to a page opened at a moment if nobody ever acknowledges, in its first round."""
        found: list[Line] = []
        begins = opened
        for index in self._steps:
            step = self.policy.steps[index]
            closed = hours.opens_at(step.only, self.policy.zone, begins) if step.only is not None else None
            if closed is not None and step.only is not None:
                if step.only.otherwise == "skip":
                    found.append(Line(begins, index + 1, why="outside of its hours; the next step begins at once"))
                    continue
                found.append(Line(begins, index + 1, why=f"waits until {closed:%a %H:%M} UTC"))
                begins = closed
            lines = self._lines(step, index, begins)
            found += lines
            if any(line.person for line in lines):
                begins += steps.wait_of(step)
        end = max((begins, *(line.at for line in found)))
        for index, step in enumerate(self.policy.steps):
            if step.at_age:
                found += self._lines(step, index, opened + Duration.parse(step.at_age))
        if self.policy.last_resort:
            found += self._lines(Step(to=self.policy.last_resort), -1, end)
        found.append(
            Line(end, 0, why="it counts as unanswered" + (f", and begins again ({self.policy.repeat})" if self.policy.repeat else ""))
        )
        return sorted(found, key=lambda line: line.at)

    def _lines(self, step: Step, index: int, begins: datetime) -> list[Line]:
        resolved = self._lookup.resolve(step.to, begins)
        urgency = step.urgency or self.urgency
        found = [Line(begins, index + 1, why=f"{one.target}: {one.why}") for one in resolved.missing]
        for who in resolved.people:
            called = call(who, urgency, begins)
            if called.named_only or not called.planned:
                why = "a name and nobody here" if called.named_only else "; ".join(who.problems) or "no way to be reached"
                found.append(Line(begins, index + 1, why=f"{who.person}: {why}"))
                continue
            for one in called.planned:
                held = f"held by quiet hours since {one.held_from:%a %H:%M} UTC" if one.held_from else ""
                turn = "one of these in turn" if step.pick == "in_turn" and len(resolved.people) > 1 else ""
                found.append(
                    Line(
                        one.due_at, index + 1, who.person, one.way.kind, one.way.verified, "; ".join(text for text in (held, turn) if text)
                    )
                )
        return found

    def _reached(self, step: Step, index: int, begins: datetime, opened: datetime, whys: list[str]) -> list[Reached]:
        resolved = self._lookup.resolve(step.to, begins)
        urgency = step.urgency or self.urgency
        found = []
        whys += [f"{one.target}: {one.why}" for one in resolved.missing]
        for who in resolved.people:
            called = call(who, urgency, begins)
            if called.named_only or not called.planned:
                whys.append(f"{who.person}: {'is a name and nobody here' if called.named_only else '; '.join(who.problems) or 'no way'}")
                continue
            one = min(called.planned, key=lambda planned: (not planned.way.verified, planned.due_at))
            if not one.way.verified:
                whys.append(f"{who.person}: {one.way.contact} is not proved")
            found.append(Reached(who.person, one.way.kind, one.way.verified, (one.due_at - opened).total_seconds(), index + 1))
        return found

    @cached_property
    def _edges(self) -> set[datetime]:
        start, end = self._lookup.start, self._lookup.end
        everybody = (*(target for step in self.policy.steps for target in step.to), *self.policy.last_resort)
        found = self._lookup.edges(everybody)
        for step in self.policy.steps:
            if step.only is not None:
                found |= set(hours.edges(step.only, self.policy.zone, start, end))
        if self.urgency == "low" or any(step.urgency == "low" for step in self.policy.steps):
            for who in self._lookup.people_of(everybody):
                for quiet in who.quiet:
                    window = Window(quiet.start, quiet.end, tuple(quiet.days), who.zone)  # type: ignore[arg-type]
                    found |= set(hours.edges(window, who.zone, start, end))
        return found

    def _offsets(self) -> set[timedelta]:
        """Return how long after its opening a page may look somebody up: any of its steps may give way at once or take its wait."""
        waits = [steps.wait_of(self.policy.steps[index]) for index in self._steps[:-1]]
        ages = {Duration.parse(step.at_age) for step in self.policy.steps if step.at_age}
        if 2 ** len(waits) <= _MOST_OFFSETS:
            sums = {
                sum((wait for wait, taken in zip(waits, choice, strict=True) if taken), timedelta(0))
                for choice in product((False, True), repeat=len(waits))
            }
        else:
            sums = {sum(waits[:count], timedelta(0)) for count in range(len(waits) + 1)}
        return {timedelta(0), *sums, *ages}

    def stretches(self, start: datetime, end: datetime) -> list[Stretch]:
        """Return who is reached throughout [start, end), in order and without holes."""
        offsets = self._offsets()
        cuts = sorted({start, end, *(cut for edge in self._edges for offset in offsets if start < (cut := edge - offset) < end)})
        found: list[Stretch] = []
        for since, until in pairwise(cuts):
            reached, why = self.at(since)
            good = any(one.verified for one in reached)
            if found and found[-1].reached == reached and (good or found[-1].why == why):
                found[-1] = msgspec.structs.replace(found[-1], until=until)
            else:
                found.append(Stretch(since, until, reached, "" if good else why))
        return found


class Asked(msgspec.Struct, frozen=True):
    """One thing to look at: what severity on what service, with the policy and urgency that it would have."""

    service: str
    severity: str
    urgency: Urgency
    policy: Policy


class Answer(msgspec.Struct, frozen=True):
    """Who is reached for one severity on one service."""

    service: str
    severity: str
    urgency: Urgency
    policy: str
    stretches: tuple[Stretch, ...]

    @property
    def holes(self) -> tuple[Stretch, ...]:
        """When nobody is reached by a proved way; neighbours are one."""
        found: list[Stretch] = []
        for one in self.stretches:
            if one.good:
                continue
            if found and found[-1].until == one.since:
                found[-1] = msgspec.structs.replace(found[-1], until=one.until)
            else:
                found.append(one)
        return tuple(found)


def reach(asked: Sequence[Asked], known: Known, start: datetime, end: datetime) -> Iterator[Answer]:
    """Yield who is reached for each; policies that several services share are looked at once."""
    longest = max((_longest(one.policy) for one in asked), default=timedelta(0))
    lookup = Lookup(known, start, end + longest)
    seen: dict[tuple[Any, str], tuple[Stretch, ...]] = {}
    for one in asked:
        key = ((one.policy.id, one.policy.version) if one.policy.version else one.policy, one.urgency)
        if key not in seen:
            seen[key] = tuple(Plan(one.policy, one.urgency, lookup).stretches(start, end))
        yield Answer(one.service, one.severity, one.urgency, one.policy.id or "by name", seen[key])


def _longest(policy: Policy) -> timedelta:
    """Return how long after its opening a page may still look somebody up, in its first round."""
    waits = sum((steps.wait_of(step) for step in policy.steps if not step.at_age), timedelta(0))
    ages = max((Duration.parse(step.at_age) for step in policy.steps if step.at_age), default=timedelta(0))
    windows = timedelta(days=8) if any(step.only is not None for step in policy.steps) else timedelta(0)
    return max(waits, ages) + windows


# -- before a policy is written down --------------------------------------------------------------


def step_holes(policy: Policy, known: Known, start: datetime, end: datetime) -> tuple[tuple[Hole, ...], tuple[str, ...]]:
    """Return when a step of a policy would reach nobody at all, and whom it reaches only by ways that were never proved."""
    lookup = Lookup(known, start, end)
    holes: list[Hole] = []
    warnings: dict[str, None] = {}
    for index, step in enumerate(policy.steps):
        windows = hours.edges(step.only, policy.zone, start, end) if step.only is not None else []
        cuts = sorted({start, end, *(edge for edge in (*lookup.edges(step.to), *windows) if start < edge < end)})
        for since, until in pairwise(cuts):
            if step.only is not None and hours.opens_at(step.only, policy.zone, since) is not None:
                continue
            resolved = lookup.resolve(step.to, since)
            called = [call(who, step.urgency or "high", since) for who in resolved.people]
            if any(who.hopeful for who in called):
                for who in called:
                    if who.hopeful and not any(one.way.verified for one in who.planned):
                        warnings[f"step {index + 1}: no way of {who.person} was proved yet"] = None
                continue
            whys = [f"{one.target}: {one.why}" for one in resolved.missing]
            whys += [
                f"{who.person}: {'is a name and nobody here' if who.named_only else '; '.join(who.problems) or 'no way'}" for who in called
            ]
            why = "; ".join(dict.fromkeys(whys)) or "nobody is named"
            if holes and holes[-1].step == index and holes[-1].until == since and holes[-1].why == why:
                holes[-1] = msgspec.structs.replace(holes[-1], until=until)
            else:
                holes.append(Hole(index, since, until, why))
    whole = tuple(msgspec.structs.replace(hole, always=True) if (hole.since, hole.until) == (start, end) else hole for hole in holes)
    return whole, tuple(warnings)
