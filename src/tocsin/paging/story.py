"""What one command does to a page, fact by fact: each is folded in before the next is decided. Pure.

Runs of steps, notifications that are due, and the end of a policy stand here; ``decide.py`` says which command asks for which of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.engine.model import Context, Decision, Delivery, Event, Fact, Happened
from tocsin.paging import events as e
from tocsin.paging import messages, steps
from tocsin.paging.calling import Resolved, Someone, call_all, first_due
from tocsin.paging.evolve import evolve
from tocsin.paging.model import Policy, Step, Urgency
from tocsin.paging.page import IN_FLIGHT, LAST_RESORT, REHEARSALS, Called, Cause, Missing, Notice, Page, Planned, Run

_TAKES_BACK: Final = (e.PageAcknowledged, e.PageJoined, e.PageHanded, e.PageSnoozed, e.PageRaised, e.PageResolved)
"""Facts with which messages that have not left are taken back."""


class Found(msgspec.Struct, frozen=True):
    """What was looked up for a command on a page."""

    policy: Policy | None = None
    """The policy of a page that is to be opened; None where the one that was named does not exist."""
    note: str = ""
    """What was not as the command has it: the policy that it names does not exist, say."""
    number: int = 0
    """The number of a page that is to be opened."""
    service: str = ""
    """The catalogue's id of the service that was named."""
    steps: Mapping[int, Resolved] = {}
    """Whom the steps mean that may begin now; by ``LAST_RESORT`` and ``HANDED`` too."""
    calls: Mapping[int, tuple[tuple[Called, ...], int | None]] = {}
    """What is planned for them, as far as the look-up had to know it already."""
    people: Mapping[str, Someone] = {}
    """Those whose rules have changed."""
    last_resort: tuple[str, ...] = ()
    """The installation's, where the policy has none."""


class Story:
    """A page under one command, with the facts, messages and cancellations that follow."""

    def __init__(self, page: Page, ctx: Context) -> None:
        self.page = page
        self.ctx = ctx
        self.now = ctx.now
        self.found: Found = ctx.found if isinstance(ctx.found, Found) else Found()
        self._facts: list[Happened] = []
        self._deliveries: list[Delivery] = []
        self._cancel: list[str] = []

    def add(self, event: Event, at: datetime | None = None) -> None:
        """Add a fact; what it takes back of messages that have not left is cancelled with it."""
        before = self.page
        stream = f"page:{before.id}"
        fact = Fact(stream, before.version + 1, event, at or self.now, self.now, self.ctx.actor)
        self._facts.append(Happened(event, at))
        self.page = evolve(before, fact)
        if not isinstance(event, _TAKES_BACK):
            return
        flying = {one.key for _, _, one in before.everyone() if one.state in IN_FLIGHT and one.key}
        if flying:
            self._cancel += sorted(flying & {one.key for _, _, one in self.page.everyone() if one.state == "stopped"})

    def decision(self, **result: Any) -> Decision:
        """Return all that was gathered."""
        page = self.page
        return Decision(
            tuple(self._facts), tuple(self._deliveries), {"page": page.id, "state": page.state, **result}, cancel=tuple(dict.fromkeys(self._cancel)),
        )  # fmt: skip

    # -- steps ------------------------------------------------------------------------------------

    def go_on(self, cause: Cause, *, by_hand: bool = False) -> None:
        """Begin the next step; one that reaches nobody gives way to the one after it at once. At the end, everything counts as tried."""
        policy = self.page.policy
        wraps = not by_hand and self.page.position >= 0 and (n := steps.next_step(self.page)) is not None and n.round > self.page.round
        if wraps and policy.repeat == "forever" and self.page.exhausted_at is None:
            self._exhaust(goes_on=True, why="every step was tried once, and nobody has acknowledged")
        following = steps.next_step(self.page, by_hand=by_hand)
        if following is None:
            self._exhaust(goes_on=False, why="every step was tried, and nobody has acknowledged")
            return
        rest = [index for index in steps.order(policy) if index >= following.step]
        for place, index in enumerate(rest):
            step = policy.steps[index]
            closed = steps.closed_until(self.page, index, self.now)
            if closed is not None and step.only is not None:
                if step.only.otherwise == "wait":
                    self.add(e.StepHeld(index, closed, following.round))
                    return
                self.add(e.StepPassed(index, f"it runs only between {step.only.from_} and {step.only.to}", following.round))
                continue
            last = place == len(rest) - 1
            if self.begin(index, cause, following.round, last=last).reaches:
                return
            cause = "fell_through"
        again = policy.repeat == "forever" or self.page.round < policy.repeat
        if not again or self.page.exhausted_at is None:
            self._exhaust(goes_on=again, why="no step reaches anybody now")
        if again and (self.page.next_at is None or self.page.next_at <= self.now):  # every step was passed over: look again after a wait
            self.add(e.StepHeld(rest[-1], self.now + steps.wait_of(policy.steps[rest[-1]]), following.round))

    def begin(self, index: int, cause: Cause, round_: int = 0, *, last: bool = True, by_age: bool = False) -> Run:
        """Begin a step, the last resort or a handing over, and return its run; whoever is due at once is notified by ``notify``.

        last: no other step of this round follows, so that one that reaches nobody waits before the next round.
        """
        page = self.page
        step = page.policy.steps[index] if index >= 0 else Step(to=(), wait=self._wait_of_handing())
        urgency: Urgency = step.urgency or page.urgency
        resolved = self.found.steps.get(index, Resolved())
        one = step.pick == "in_turn"
        called, turn = self.found.calls.get(index) or call_all(resolved, urgency, self.now, one=one)
        missing = (*resolved.missing, *(_unreachable(who) for who in called if not who.hopeful))
        number = page.runs[-1].number + 1 if page.runs else 1
        reaches = any(who.hopeful for who in called)
        follows = index != LAST_RESORT and not by_age
        wait = steps.wait_of(step)
        begins = max(self.now, first_due(called) or self.now)
        next_at = None if not follows else (begins + wait if reaches or last else self.now)
        self.add(e.StepBegan(number, index, cause, urgency, called, missing, next_at, round_, by_age, turn))
        return self.page.runs[-1]

    def _wait_of_handing(self) -> str:
        page = self.page
        return page.policy.steps[page.position].wait if 0 <= page.position < len(page.policy.steps) else "5m"

    def _exhaust(self, *, goes_on: bool, why: str) -> None:
        page = self.page
        resolved = self.found.steps.get(LAST_RESORT, Resolved())
        targets = page.policy.last_resort or self.found.last_resort
        self.add(e.PageExhausted(targets, goes_on, why))
        if page.origin in REHEARSALS:
            return
        if resolved.people or resolved.missing:
            self.begin(LAST_RESORT, "last_resort")

    def resolve(self, person: str, why: str, at: datetime | None = None) -> None:
        """End the page; whoever was reached hears of it, but not who ended it."""
        told = {called.person: one for _, called, one in self.page.everyone() if one.state == "sent" and messages.can_tell(one.way.kind)}
        told.pop(person, None)
        rehearsal = self.page.origin in REHEARSALS
        before = self.page
        self.add(e.PageResolved(person, why), at)
        if told and not rehearsal:
            self.add(e.Told(tuple(told)))
            self._deliveries += [messages.ended(before, who, one.way, person, why, self.now) for who, one in told.items()]

    # -- notifications ----------------------------------------------------------------------------

    def notify(self) -> None:
        """Decide every notification that is due: one message for all that one person is owed by one way at this moment."""
        due: dict[tuple[str, str], list[tuple[Run, Called, Planned]]] = {}
        for run, called, one in self.page.everyone():
            if one.state == "waiting" and one.due_at <= self.now:
                due.setdefault((called.person, one.way.contact), []).append((run, called, one))
        if not due:
            return
        notices = []
        for (person, contact), owed in due.items():
            run, called, one = owed[-1]
            prefix = f"page:{self.page.id}:{run.number}:{person}:{contact}:"
            attempt = 1 + len({sent.key for sent in _by_way(run, person, contact) if sent.key.startswith(prefix)})
            also = tuple(dict.fromkeys(other.number for other, _, _ in owed if other.number != run.number))
            notice = Notice(run.number, person, contact, one.way.kind, attempt, f"{prefix}{attempt}", one.due_at, also)
            notices.append(notice)
            self._deliveries.append(messages.notification(self.page, run, called, one.way, notice, self.now, self.found.last_resort))
        self.add(e.Notified(tuple(notices)))

    def fall_through(self) -> None:
        """Go on at once where the newest run reaches nobody any more."""
        run = steps.chain_run(self.page)
        if self.page.state != "open" or self.page.next_at is None or run is None or run.reaches or run.step == LAST_RESORT:
            return
        self.go_on("fell_through")
        self.notify()


def _by_way(run: Run, person: str, contact: str) -> list[Planned]:
    return [one for called in run.called if called.person == person for one in called.planned if one.way.contact == contact]


def _unreachable(called: Called) -> Missing:
    why = called.because if called.named_only else "; ".join(called.problems) or "has no way that can be used"
    return Missing(called.person, why)
