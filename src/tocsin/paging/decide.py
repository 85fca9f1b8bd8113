"""What follows from a command on a page. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Command, Context, Decision
from tocsin.paging import commands as c
from tocsin.paging import events as e
from tocsin.paging import steps
from tocsin.paging.calling import call, replanned
from tocsin.paging.page import HANDED, IN_FLIGHT, REHEARSALS, Page
from tocsin.paging.story import Story

FUTURE_LEEWAY: Final = timedelta(seconds=5)
"""How far ahead the clock of somebody who acknowledges may be."""


def decide(page: Page, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command.

    Raises:
        NotFound: there is no such page, or no such policy for a new one.
        Conflict: it has ended.
        Refused: nobody is named, or whoever is named cannot be reached.

    """
    if isinstance(command, c.OpenPage):
        return _open(page, command, ctx)
    if not page.version:
        raise NotFound(f"There is no page {page.id}.", fix="Check the id; `tocsin pages` shows the open ones.")
    story = Story(page, ctx)
    match command:
        case Tick():
            return _tick(story)
        case c.AcknowledgePage():
            return _acknowledge(story, command)
        case c.EscalatePage():
            return _escalate(story, command)
        case c.HandPage():
            return _hand(story, command)
        case c.SnoozePage():
            return _snooze(story, command)
        case c.ResolvePage():
            return _resolve(story, command)
        case c.RaisePage():
            return _raise(story, command)
        case c.NoteSent():
            return _sent(story, command)
        case c.NoteFailed():
            return _failed(story, command)
        case c.Replan():
            return _replan(story, command)
        case _:
            raise Refused(f"A page does not know {type(command).__name__}.")


def _open(page: Page, command: c.OpenPage, ctx: Context) -> Decision:
    if page.version:
        raise Conflict(f"There is a page {page.id} already.", fix="Leave the id to us.")
    story = Story(page, ctx)
    policy = story.found.policy
    if policy is None:
        raise NotFound(
            f"There is no escalation policy {command.policy!r}.", fix="`tocsin policy list` shows them; --person names somebody without one.",
            field="policy",
        )  # fmt: skip
    why = "; ".join(text for text in (command.why, story.found.note) if text)
    story.add(
        e.PageOpened(
            command.title, command.urgency, policy, story.found.service or command.service, command.group, command.incident, why,
            command.carries, command.origin, story.found.number,
        ),
    )  # fmt: skip
    story.go_on("opened")
    story.notify()
    return story.decision(number=story.page.number, **called(story.page))


def called(page: Page) -> dict[str, Any]:
    """Return whom a page calls now and what comes next, for the answer to whoever opened it."""
    run = page.runs[-1] if page.runs else None
    following = steps.due_next(page)
    return {
        "calls": [who.person for who in run.called if who.hopeful] if run else [],
        "next_at": following.isoformat() if following else None,
        "unanswered": page.unanswered,
        "not_reached": [f"{one.target}: {one.why}" for held in page.runs for one in held.missing],
    }


def _tick(story: Story) -> Decision:
    page, now = story.page, story.now
    if not page.live:
        return Decision()
    if page.origin in REHEARSALS and page.opened_at is not None and page.opened_at + steps.REHEARSAL <= now:
        story.resolve("", "the test is over")
        return story.decision()
    if page.state == "acknowledged" and page.lease_until is not None and page.lease_until <= now:
        story.add(e.LeaseRanOut(page.acknowledged[0].person if page.acknowledged else ""))
        story.go_on("lease")
    elif page.state == "snoozed" and page.snoozed_until is not None and page.snoozed_until <= now:
        story.add(e.SnoozeEnded())
        story.go_on("snooze")
    for index, at in list(steps.by_age(story.page)):
        if at <= now:
            story.begin(index, "age", by_age=True)
    following = steps.due_next(story.page)
    if following is not None and following <= now:
        story.go_on("waited")
    story.notify()  # last: what an earlier step and this one owe somebody at the same moment is one message
    return story.decision()


def _acknowledge(story: Story, command: c.AcknowledgePage) -> Decision:
    page, ctx = story.page, story.ctx
    person = command.person or (ctx.actor.id if ctx.actor.kind == "person" else "")
    if not person:
        raise Refused("An acknowledgement needs a named person.", fix="Send it as a person (--as NAME), or give `person`.", field="person")
    at = _past(command.at, story.now)
    first = page.first_acknowledged
    if page.state == "resolved":
        who = page.resolved.person if page.resolved else ""
        return story.decision(changed=False, says=f"it was ended already{f' by {who}' if who else ''}", **_who(page))
    have = {one.person for one in page.acknowledged}
    lease = story.now + steps.lease_of(page.policy)
    if page.state == "acknowledged":
        holder = page.acknowledged[0].person
        if person not in have:
            story.add(e.PageJoined(person, command.via), at)
            return story.decision(changed=True, says=f"already acknowledged by {holder}; you are on it too", **_who(story.page))
        renewed = page.lease_until is not None and page.lease_until - story.now < steps.lease_of(page.policy) / 2
        if renewed:
            story.add(e.LeaseRenewed(person, lease))
        return story.decision(changed=renewed, says=f"already acknowledged by {'you' if person == holder else holder}", **_who(story.page))
    if person in have:
        return story.decision(changed=False, says="already acknowledged by you; others are still called", **_who(page))
    awaited = steps.awaited(page, person)
    story.add(e.PageAcknowledged(person, None if awaited else lease, command.via, awaited), at)
    if page.origin in REHEARSALS and not awaited:
        story.resolve(person, "the test is over", at)
    more = f"; {awaited} more {'has' if awaited == 1 else 'have'} to" if awaited else ""
    again = f" (before you by {first.person})" if first is not None and first.person != person and not have else ""
    return story.decision(changed=True, says=f"acknowledged{again}{more}", **_who(story.page))


def _who(page: Page) -> dict[str, Any]:
    first = page.acknowledged[0] if page.acknowledged else page.first_acknowledged
    return {
        "acknowledged_by": first.person if first else None, "acknowledged_at": first.at.isoformat() if first else None,
        "lease_until": page.lease_until.isoformat() if page.lease_until else None, "number": page.number, "title": page.title,
    }  # fmt: skip


def _past(at: datetime | None, now: datetime) -> datetime:
    if at is not None and at > now + FUTURE_LEEWAY:
        raise Refused(f"{at:%Y-%m-%d %H:%M:%S} UTC has not come yet; it is {now:%H:%M:%S} UTC.", fix="Leave `at` out for now.", field="at")
    return min(at or now, now)


def _alive(page: Page) -> None:
    if page.state == "resolved":
        who = f" by {page.resolved.person}" if page.resolved and page.resolved.person else ""
        raise Conflict(f"The page {page.id} was ended{who}.", fix="Open a new one with `tocsin page`.")


def _escalate(story: Story, command: c.EscalatePage) -> Decision:
    _alive(story.page)
    story.add(e.PageEscalated(command.why))
    story.go_on("escalated", by_hand=True)
    story.notify()
    return story.decision(changed=True, **called(story.page))


def _hand(story: Story, command: c.HandPage) -> Decision:
    _alive(story.page)
    resolved = story.found.steps.get(HANDED)
    people = resolved.people if resolved is not None else ()
    if not any(call(who, story.page.urgency, story.now).hopeful for who in people):
        missing = resolved.missing if resolved is not None else ()
        whys = [f"{one.target}: {one.why}" for one in missing] + [
            f"{who.person}: {'; '.join(who.problems) or who.because}" for who in people
        ]
        raise Refused(
            f"Nobody there can be reached ({'; '.join(whys) or 'nobody is named'}).",
            fix="Name somebody with a way to be reached; the page goes on as it was.", field="to",
        )  # fmt: skip
    story.add(e.PageHanded(command.to, command.why))
    story.begin(HANDED, "handed", story.page.round)
    story.notify()
    return story.decision(changed=True, **called(story.page))


def _snooze(story: Story, command: c.SnoozePage) -> Decision:
    _alive(story.page)
    if command.until <= story.now:
        raise Refused(f"{command.until:%Y-%m-%d %H:%M:%S} UTC has passed.", fix="Give a time to come.", field="until")
    story.add(e.PageSnoozed(command.until, command.why))
    return story.decision(changed=True, until=command.until.isoformat())


def _resolve(story: Story, command: c.ResolvePage) -> Decision:
    page = story.page
    if page.state == "resolved":
        return story.decision(changed=False, **_who(page))
    own = command.by_system or story.ctx.actor.kind in ("system", "sender")
    person = command.by or ("" if own else story.ctx.actor.id)
    story.resolve(person, command.why, _past(command.at, story.now))
    return story.decision(changed=True, **_who(story.page))


def _raise(story: Story, command: c.RaisePage) -> Decision:
    page = story.page
    if page.state == "resolved":
        return story.decision(changed=False)
    urgency = command.urgency if command.urgency != page.urgency else None
    carries = command.carries if command.carries != page.carries else None
    incident = command.incident if command.incident != page.incident else None
    if urgency is None and carries is None and incident is None:
        return story.decision(changed=False)
    story.add(e.PageRaised(urgency, carries, incident, command.why))
    if urgency == "high" and page.state == "open" and page.position >= 0:
        # By the rules for high urgency, and through quiet hours: the same step begins anew.
        story.begin(page.position, "raised", page.round)
        story.notify()
        story.fall_through()
    return story.decision(changed=True)


def _sent(story: Story, command: c.NoteSent) -> Decision:
    known = [one for _, _, one in story.page.everyone() if one.key == command.key]
    if known and all(one.state not in ("sent", "failed") for one in known):
        story.add(e.NoticeSent(command.key, command.receipt))
    return story.decision()


def _failed(story: Story, command: c.NoteFailed) -> Decision:
    known = [one for _, _, one in story.page.everyone() if one.key == command.key]
    states = {one.state for one in known}
    # What had left may still turn out not to have arrived: a network says so minutes later.
    hears = {*IN_FLIGHT, "sent"} if command.final else {"notified"}
    if not states & hears:
        return story.decision()
    story.add(e.NoticeFailed(command.key, command.channel, command.why, command.final))
    if story.page.live:
        story.notify()
        story.fall_through()
    return story.decision()


def _replan(story: Story, command: c.Replan) -> Decision:
    page = story.page
    if not page.live:
        return story.decision()
    if command.schedule:
        return _others_on_call(story)
    runs = {}
    newest = steps.chain_run(page)
    have = {one.person for one in page.acknowledged}
    for run in page.runs:
        people = []
        for who in run.called:
            known = story.found.people.get(who.person)
            if known is not None and any(one.state == "waiting" for one in who.planned):
                people.append(replanned(who, known, run.urgency, run.began_at, story.now))
            elif known is not None and run is newest and page.state == "open" and not who.hopeful and who.person not in have:
                people.append(replanned(who, known, run.urgency, story.now, story.now))  # can be reached at last
            else:
                people.append(who)
        if tuple(people) != run.called:
            runs[str(run.number)] = tuple(people)
    if runs:
        story.add(e.Replanned(runs, command.people))
        story.notify()
        story.fall_through()
    return story.decision()


def _others_on_call(story: Story) -> Decision:
    """Call those who came on call while the step that means them still waits for an answer; whom it called before is not called again."""
    page = story.page
    resolved = story.found.steps.get(page.position)
    if page.state != "open" or resolved is None:
        return story.decision()
    before = {who.person for run in page.runs if run.step == page.position for who in run.called if who.hopeful}
    others = tuple(who for who in resolved.people if who.person not in before)
    if not any(call(who, page.urgency, story.now).hopeful for who in others):
        return story.decision()
    story.found = replace(story.found, steps={**story.found.steps, page.position: replace(resolved, people=others)}, calls={})
    story.begin(page.position, "on_call", page.round)
    story.notify()
    return story.decision()
