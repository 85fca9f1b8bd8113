"""Which step is next, when, and how many acknowledgements are wanted. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

import msgspec

from tocsin.paging.hours import opens_at
from tocsin.paging.model import Policy, Step
from tocsin.paging.page import REHEARSALS, Page, Run
from tocsin.playbooks.durations import Duration

LEASE: Final = timedelta(hours=4)
"""How long an acknowledgement holds where the policy does not say."""
WAIT: Final = timedelta(minutes=5)
"""How long somebody to whom a page was handed has, where the policy has no step."""
REHEARSAL: Final = timedelta(hours=1)
"""When a page that is only a test ends by itself, answered or not."""
SHORTEST_WAIT: Final = timedelta(seconds=10)
"""A policy that repeats for ever cannot call faster than this."""


class Next(msgspec.Struct, frozen=True):
    """The step that comes next, and how often the policy has begun again by then."""

    step: int
    round: int


def order(policy: Policy) -> tuple[int, ...]:
    """Return the steps that follow one another; those by age stand beside them."""
    return tuple(index for index, step in enumerate(policy.steps) if not step.at_age)


def wait_of(step: Step) -> timedelta:
    """Return how long a step waits for an acknowledgement."""
    return max(Duration.parse(step.wait), SHORTEST_WAIT)


def lease_of(policy: Policy) -> timedelta:
    """Return how long an acknowledgement holds."""
    return Duration.parse(policy.lease) if policy.lease else LEASE


def next_step(page: Page, *, by_hand: bool = False) -> Next | None:
    """Return the step after the one that was begun last; None where the policy is at its end.

    by_hand: somebody asks for it, so that an end is a new beginning.
    """
    for index in range(page.position + 1, len(page.policy.steps)):
        if not page.policy.steps[index].at_age:
            return Next(index, page.round)
    if by_hand or page.policy.repeat == "forever" or page.round < page.policy.repeat:
        steps = order(page.policy)
        return Next(steps[0], page.round + 1) if steps else None
    return None


def due_next(page: Page) -> datetime | None:
    """Return when the next step is to begin, or everything counts as tried.

    The end does not come before the last notification that somebody's own rules still hold.
    """
    if page.next_at is None or page.state != "open":
        return None
    if next_step(page) is not None:
        return page.next_at
    waiting = (one.due_at for run, _, one in page.everyone() if one.state == "waiting" and not run.by_age)
    return max((page.next_at, *waiting))


def by_age(page: Page) -> Iterator[tuple[int, datetime]]:
    """Yield the steps by age that have not begun, with their times."""
    if page.opened_at is None:
        return
    for index, step in enumerate(page.policy.steps):
        if step.at_age and index not in page.aged:
            yield index, page.opened_at + Duration.parse(step.at_age)


def closed_until(page: Page, step: int, now: datetime) -> datetime | None:
    """Return when the hours of a step next begin; None where it may begin now."""
    window = page.policy.steps[step].only
    return None if window is None else opens_at(window, page.policy.zone, now)


def wake(page: Page) -> datetime | None:
    """Return when the page next wants to be looked at: a step, a notification, the end of a lease or of a silence."""
    if not page.live:
        return None
    times = [one.due_at for run in page.runs for called in run.called for one in called.planned if one.state == "waiting"]
    times += [at for _, at in by_age(page)]
    if page.state == "acknowledged" and page.lease_until is not None:
        times.append(page.lease_until)
    if page.state == "snoozed" and page.snoozed_until is not None:
        times.append(page.snoozed_until)
    following = due_next(page)
    if following is not None:
        times.append(following)
    if page.origin in REHEARSALS and page.opened_at is not None:
        times.append(page.opened_at + REHEARSAL)
    return min(times, default=None)


def chain_run(page: Page) -> Run | None:
    """Return the newest run of the steps that follow one another, or of handing over."""
    return next((run for run in reversed(page.runs) if not run.by_age), None)


def awaited(page: Page, person: str) -> int:
    """Return how many more people have to acknowledge once this person has."""
    have = {one.person for one in page.acknowledged} | {person}
    run = chain_run(page)
    if run is None or not 0 <= run.step < len(page.policy.steps):
        return 0
    wanted = page.policy.steps[run.step].acknowledgements
    asked = {called.person for called in run.called if called.hopeful or called.person in have}
    if wanted == "everyone":
        return len(asked - have)
    # Nobody waits for more people than were called.
    return max(0, min(wanted, max(1, len(asked | have))) - len(have))
