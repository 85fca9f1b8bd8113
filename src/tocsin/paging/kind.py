"""Pages and escalation policies as kinds of records: what a decision looks up, and how they are wired to the engine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from tocsin.engine.errors import Refused
from tocsin.engine.kinds import Kind, Reaction, Tick
from tocsin.engine.model import Command, Fact, Reader
from tocsin.incidents.model import Incident
from tocsin.oncall.events import OnCallChanged
from tocsin.oncall.model import Schedule
from tocsin.paging import commands as c
from tocsin.paging import events as e
from tocsin.paging import policies, queries, steps, watch, watch_queries
from tocsin.paging.calling import Resolved, call_all
from tocsin.paging.decide import decide
from tocsin.paging.evolve import evolve
from tocsin.paging.meaning_queries import meaning
from tocsin.paging.model import Policy, PolicyRecord
from tocsin.paging.page import HANDED, LAST_RESORT, Called, Page
from tocsin.paging.reach import step_holes
from tocsin.paging.reactions import REACTIONS, others_on_call, replan
from tocsin.paging.rows import NUMBERS, page_rows, policy_rows
from tocsin.paging.story import Found
from tocsin.paging.watch_model import PAGER_EVENTS, Audit, Pager
from tocsin.people.model import ContactVerified, PersonSaved
from tocsin.services.queries import named as service_named

_LOOKED_AT: Final = timedelta(days=14)
"""How far ahead a policy's steps are tried before it is written down."""


def page_kind() -> Kind:
    """Return the page as a kind of record."""
    return Kind(
        name="page", state=Page, events=e.PAGE_EVENTS, fold_version=1, initial=Page, evolve=evolve, decide=decide, prepare=_prepare,
        rows=page_rows, wake=lambda page, _now, _found: steps.wake(page), plan=steps.wake,
    )  # fmt: skip


def policy_kind() -> Kind:
    """Return the escalation policy as a kind of record."""
    return Kind(
        name="policy", state=PolicyRecord, events=e.POLICY_EVENTS, fold_version=1, initial=PolicyRecord, evolve=policies.evolve,
        decide=policies.decide, prepare=_try_policy, rows=policy_rows,
    )  # fmt: skip


def pager_kind(every: timedelta) -> Kind:
    """Return the pager's watch as a kind of record. every: how often it audits."""

    def look(pager: Pager, command: Command, reader: Reader) -> Audit | None:
        return watch_queries.audit(reader, pager, watch.LATE) if isinstance(command, Tick) else None

    return Kind(
        name="pager", state=Pager, events=PAGER_EVENTS, fold_version=1, initial=Pager, evolve=watch.evolve, decide=watch.decide, prepare=look,
        wake=lambda pager, now, _found: watch.wake(pager, now, every), plan=lambda pager: (pager.settings, pager.synthetic, pager.version),
    )  # fmt: skip


def _try_policy(record: PolicyRecord, command: Command, reader: Reader) -> policies.Looked | None:
    """Look ahead: when does a step of the policy reach nobody."""
    if not isinstance(command, c.SavePolicy):
        return None
    try:
        policy = policies.checked(record.id, command)
    except Refused:
        return None  # the decision says so
    start, end = reader.now, reader.now + _LOOKED_AT
    holes, warnings = step_holes(policy, queries.known_for(reader, queries.targets_of(policy), start, end), start, end)
    return policies.Looked(holes, warnings=warnings)


def reactions() -> tuple[Reaction, ...]:
    """Return what facts elsewhere mean to pages."""

    def pages_of(fact: Fact, _person: object, reader: Reader) -> list[str]:
        return queries.live_pages_of(reader, fact.stream.partition(":")[2])

    def waiting(fact: Fact, schedule: Schedule, reader: Reader) -> list[str]:
        return queries.pages_waiting_for(reader, schedule.id)

    return (
        *REACTIONS,
        Reaction("others are on call: call them for what nobody has", OnCallChanged, others_on_call, waiting),
        *watch.REACTIONS,
        Reaction("person changed: plan their pages anew", PersonSaved, replan, pages_of),
        Reaction("way proved: plan their pages anew", ContactVerified, replan, pages_of),
    )


# -- looking up -----------------------------------------------------------------------------------


def _prepare(page: Page, command: Command, reader: Reader) -> Found | None:
    now = reader.now
    match command:
        case c.OpenPage():
            return None if page.version else _for_opening(command, reader)
        case Tick() if page.live:
            return _for_steps(page, reader, _ticking(page, now), [index for index, at in steps.by_age(page) if at <= now])
        case c.EscalatePage() if page.live:
            return _for_steps(page, reader, _from(page, by_hand=True), [])
        case c.NoteFailed() if page.live and page.state == "open":
            return _for_steps(page, reader, _from(page, by_hand=False), [])
        case c.RaisePage() if page.live and command.urgency == "high" and page.urgency != "high" and page.position >= 0:
            again = {page.position: queries.resolve_step(reader, page.policy, page.position, now)}
            found = _for_steps(page, reader, _from(page, by_hand=False), [])
            return Found(steps={**found.steps, **again}, last_resort=found.last_resort)
        case c.HandPage() if page.live:
            return Found(steps={HANDED: queries.resolve(reader, command.to, now)}, last_resort=queries.last_resort(reader))
        case c.Replan(schedule=schedule) if page.live and schedule:
            waits = page.state == "open" and 0 <= page.position < len(page.policy.steps)
            if not waits:
                return None
            resolved = queries.resolve_step(reader, page.policy, page.position, now)
            return Found(steps={page.position: resolved}, last_resort=queries.last_resort(reader))
        case c.Replan() if page.live:
            found = _for_steps(page, reader, _from(page, by_hand=False), [])
            return Found(steps=found.steps, people=queries.persons(reader, command.people), last_resort=found.last_resort)
        case _:
            return None


def _for_opening(command: c.OpenPage, reader: Reader) -> Found:
    policy, service = _chosen(command, reader)
    number = queries.last_number(reader, NUMBERS) + 1
    if policy is None:
        return Found(service=service)
    fresh = Page("", policy=policy, urgency=command.urgency, opened_at=reader.now)
    found = _for_steps(fresh, reader, iter(steps.order(policy)), [])
    unknown = command.policy and policy.id != command.policy
    note = f"there is no escalation policy {command.policy}" if unknown else ""
    return Found(policy, note, number, service, found.steps, found.calls, last_resort=found.last_resort)


def _chosen(command: c.OpenPage, reader: Reader) -> tuple[Policy | None, str]:
    """Return the policy of a new page, and the service's id: a policy that is named, people who are named, the service's, the default one."""
    service = service_named(reader, command.service) if command.service else None
    service_id = service.id if service is not None else command.service
    if command.policy:
        policy = queries.policy_of(reader, command.policy)
        if policy is not None or command.origin in ("person", "test"):
            return policy, service_id
    targets = _targets(command, reader)
    if len(targets) == 1 and (one := _policy_of_word(targets[0], reader)) is not None:
        return one, service_id
    return queries.made_for(targets) if targets else queries.policy_of_service(reader, service), service_id


def _targets(command: c.OpenPage, reader: Reader) -> tuple[str, ...]:
    """Return the targets of a command; a role of its incident is whoever holds it."""
    incident: Incident | None = reader.state(f"incident:{command.incident}") if command.incident else None
    roles = incident.roles if incident is not None else {}
    return tuple(roles[name].person if name in roles else name for name in command.targets)


def _policy_of_word(word: str, reader: Reader) -> Policy | None:
    """Return the policy that a single bare word means: its own, or the one of the service of this name. ``standing`` says what goes before."""
    kind, _, name = word.partition(":")
    if name:
        return queries.policy_of(reader, name) if kind == "policy" else None
    found = meaning(reader, word)
    if found.kind:
        return queries.policy_of(reader, found.id) if found.kind == "policy" else None
    service = service_named(reader, word)
    if service is None or service.saved is None:
        return None
    return queries.policy_of(reader, service.saved.policy) or (queries.made_for(service.saved.page) if service.saved.page else None)


def _ticking(page: Page, now: datetime) -> Iterator[int]:
    came_back = (page.state == "acknowledged" and page.lease_until is not None and page.lease_until <= now) or (
        page.state == "snoozed" and page.snoozed_until is not None and page.snoozed_until <= now
    )
    if came_back:
        yield from steps.order(page.policy)
        return
    following = steps.due_next(page)
    if following is not None and following <= now:
        yield from _from(page, by_hand=False)


def _from(page: Page, *, by_hand: bool) -> Iterator[int]:
    following = steps.next_step(page, by_hand=by_hand)
    if following is not None:
        yield from (index for index in steps.order(page.policy) if index >= following.step)


def _for_steps(page: Page, reader: Reader, wanted: Iterator[int], aged: list[int]) -> Found:
    """Look up whom the steps mean that may begin now: one after the other until one reaches somebody, and the last resort behind them."""
    now = reader.now
    found: dict[int, Resolved] = {index: queries.resolve_step(reader, page.policy, index, now) for index in aged}
    calls: dict[int, tuple[tuple[Called, ...], int | None]] = {}
    settled = False
    for index in wanted:
        if steps.closed_until(page, index, now) is not None:
            settled = page.policy.steps[index].only is not None and page.policy.steps[index].only.otherwise == "wait"  # type: ignore[union-attr]
            if settled:
                break
            continue
        found[index] = queries.resolve_step(reader, page.policy, index, now)
        step = page.policy.steps[index]
        calls[index] = call_all(found[index], step.urgency or page.urgency, now, one=step.pick == "in_turn")
        if settled := any(who.hopeful for who in calls[index][0]):
            break
    last_resort = queries.last_resort(reader)
    targets = page.policy.last_resort or last_resort
    ends = not settled or (page.policy.repeat == "forever" and page.exhausted_at is None)
    if ends and targets:
        found[LAST_RESORT] = queries.resolve(reader, targets, now)
    return Found(steps=found, calls=calls, last_resort=last_resort)
