"""A page as the fold of its facts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from tocsin.engine.model import Fact, micros
from tocsin.paging import events as e
from tocsin.paging.model import Named
from tocsin.paging.page import GOOD, IN_FLIGHT, LAST_RESORT, Called, Notice, Page, Planned, Run

_RUNS_KEPT: Final = 40


def evolve(page: Page, fact: Fact) -> Page:
    """Return the page after one more fact."""
    page = replace(page, version=fact.version)
    at = fact.occurred_at
    match fact.event:
        case e.PageOpened() as event:
            return replace(
                page, number=event.number, title=event.title, urgency=event.urgency, policy=event.policy, service=event.service,
                group=event.group, incident=event.incident, why=event.why, carries=event.carries, origin=event.origin, opened_at=at,
                state="open",
            )  # fmt: skip
        case e.StepBegan() as event:
            return _begun(page, event, at)
        case e.StepPassed() as event:
            return replace(page, position=event.step, round=event.round)
        case e.StepHeld() as event:
            return replace(page, next_at=event.until)
        case e.Notified(notices=notices):
            return _notified(page, notices, at)
        case e.NoticeSent(key=key):
            return _settled(page, key, lambda one: replace(one, state="sent" if one.state != "stopped" else "stopped", why=""))
        case e.NoticeFailed() as event:
            return _failed(page, event, at)
        case e.PageAcknowledged() as event:
            return _acknowledged(page, event, at)
        case e.PageJoined(person=person, via=via):
            joined = replace(page, acknowledged=(*page.acknowledged, Named(person, at, via)))
            return _stopped(joined, lambda _run, called: called.person == person)
        case e.LeaseRenewed(lease_until=until):
            return replace(page, lease_until=until)
        case e.LeaseRanOut() | e.SnoozeEnded():
            return replace(page, state="open", acknowledged=(), lease_until=None, snoozed_until=None, position=-1, round=0, next_at=at)
        case e.PageEscalated():
            return replace(page, state="open", acknowledged=(), lease_until=None, snoozed_until=None, exhausted_at=None)
        case e.PageHanded():
            open_again = replace(page, state="open", acknowledged=(), lease_until=None, snoozed_until=None, exhausted_at=None)
            return _stopped(open_again, lambda run, _called: not run.by_age)
        case e.PageSnoozed(until=until):
            silent = replace(page, state="snoozed", snoozed_until=until, lease_until=None, next_at=None, exhausted_at=None)
            return _stopped(silent, lambda _run, _called: True)
        case e.PageRaised() as event:
            raised = replace(
                page, urgency=event.urgency or page.urgency, carries=event.carries or page.carries,
                incident=page.incident if event.incident is None else event.incident,
            )  # fmt: skip
            again = event.urgency == "high" and page.state == "open"  # its step begins anew, by the rules for high urgency
            return _stopped(raised, lambda run, _called: not run.by_age) if again else raised
        case e.Replanned(runs=runs):
            return replace(page, runs=tuple(replace(run, called=runs.get(str(run.number), run.called)) for run in page.runs))
        case e.PageExhausted(goes_on=goes_on):
            return replace(page, exhausted_at=page.exhausted_at or at, next_at=page.next_at if goes_on else None)
        case e.PageResolved(person=person):
            over = replace(
                page, state="resolved", resolved=Named(person, at), next_at=None, lease_until=None, snoozed_until=None, exhausted_at=None
            )
            return _stopped(over, lambda _run, _called: True)
        case _:
            return page


def _begun(page: Page, event: e.StepBegan, at: datetime) -> Page:
    run = Run(event.run, event.step, event.cause, at, event.urgency, event.called, event.missing, event.by_age)
    page = replace(page, runs=(*_worth_keeping(page.runs), run))
    if event.by_age:
        return replace(page, aged=(*page.aged, event.step))
    if event.step == LAST_RESORT:
        return page
    moved = replace(page, round=event.round, next_at=event.next_at)
    return replace(moved, position=event.step) if event.step >= 0 else moved


def _worth_keeping(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Return the newest runs and those that still owe something: a page that calls for days must not grow for ever. Its facts hold the rest."""
    if len(runs) < _RUNS_KEPT:
        return runs
    return tuple(run for index, run in enumerate(runs) if index >= len(runs) - _RUNS_KEPT // 2 or _owes(run))


def _owes(run: Run) -> bool:
    return any(one.state in ("waiting", *IN_FLIGHT) for called in run.called for one in called.planned)


def _notified(page: Page, notices: tuple[Notice, ...], at: datetime) -> Page:
    by_way = {(notice.person, notice.contact): notice for notice in notices}

    def mark(_run: Run, called: Called, one: Planned) -> Planned:
        notice = by_way.get((called.person, one.way.contact))
        if notice is None or one.state != "waiting" or one.due_at > at:
            return one
        return replace(one, state="notified", key=notice.key)

    marked = replace(
        page, last_notified={**page.last_notified, **{notice.person: micros(at) for notice in notices}}, notified=page.notified + len(notices),
        late=max(page.late, *(micros(at) - micros(notice.due_at) for notice in notices)),
    )  # fmt: skip
    return _each(marked, mark)


def _settled(page: Page, key: str, change: Callable[[Planned], Planned]) -> Page:
    return _each(page, lambda _run, _called, one: change(one) if one.key == key else one)


def _failed(page: Page, event: e.NoticeFailed, at: datetime) -> Page:
    """Mark what failed; whoever has nothing else under way in that run is notified by their next way at once."""
    state = "failed" if event.final else "retrying"
    marked = _settled(page, event.key, lambda one: one if one.state == "stopped" else replace(one, state=state, why=event.why))
    marked = replace(marked, failures=marked.failures + 1)
    runs = []
    for run in marked.runs:
        people = []
        for called in run.called:
            hit = any(one.key == event.key and one.state == state for one in called.planned)
            people.append(_next_way(called, at) if hit and not any(one.state in GOOD for one in called.planned) else called)
        runs.append(replace(run, called=tuple(people)) if tuple(people) != run.called else run)
    return replace(marked, runs=tuple(runs))


def _next_way(called: Called, at: datetime) -> Called:
    waiting = [one for one in called.planned if one.state == "waiting"]
    if waiting:
        first = min(one.due_at for one in waiting)
        if first <= at:
            return called
        planned = tuple(replace(one, due_at=at) if one.state == "waiting" and one.due_at == first else one for one in called.planned)
        return replace(called, planned=planned)
    if called.spare:
        return replace(called, planned=(*called.planned, Planned(called.spare[0], at)), spare=called.spare[1:])
    return called


def _acknowledged(page: Page, event: e.PageAcknowledged, at: datetime) -> Page:
    named = Named(event.person, at, event.via)
    page = replace(page, acknowledged=(*page.acknowledged, named), first_acknowledged=page.first_acknowledged or named)
    if event.awaited:  # where everybody was tried it stays so: the others are still to answer, and nothing more would happen by itself
        return _stopped(page, lambda _run, called: called.person == event.person)
    done = replace(page, state="acknowledged", lease_until=event.lease_until, next_at=None, snoozed_until=None, exhausted_at=None)
    return _stopped(done, lambda run, called: not run.by_age or called.person == event.person)


def _stopped(page: Page, whose: Callable[[Run, Called], bool]) -> Page:
    """Take back what has not left yet, of some people."""

    def stop(run: Run, called: Called, one: Planned) -> Planned:
        if one.state in ("waiting", "notified", "retrying") and whose(run, called):
            return replace(one, state="stopped")
        return one

    return _each(page, stop)


def _each(page: Page, change: Callable[[Run, Called, Planned], Planned]) -> Page:
    """Return the page with every planned notification changed; parts that stay the same stay themselves."""
    runs: list[Run] | None = None
    for number, run in enumerate(page.runs):
        people: list[Called] | None = None
        for place, called in enumerate(run.called):
            planned: list[Planned] | None = None
            for index, one in enumerate(called.planned):
                changed = change(run, called, one)
                if changed is not one:
                    planned = planned or list(called.planned)
                    planned[index] = changed
            if planned is not None:
                people = people or list(run.called)
                people[place] = replace(called, planned=tuple(planned))
        if people is not None:
            runs = runs or list(page.runs)
            runs[number] = replace(run, called=tuple(people))
    return page if runs is None else replace(page, runs=tuple(runs))
