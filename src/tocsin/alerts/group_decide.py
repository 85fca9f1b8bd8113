"""What follows from a command on a group of alerts, and when a group next wants to act. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.alerts import group_commands as c
from tocsin.alerts import group_events as e
from tocsin.alerts.flapping import flaps
from tocsin.alerts.group_model import Group, Shows, shows_of
from tocsin.alerts.group_story import Story, louder, worse
from tocsin.alerts.lifecycle import cell
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Command, Context, Decision

FUTURE_LEEWAY: Final = timedelta(seconds=5)
"""How far ahead the clock of somebody who acknowledges may be."""


def decide(group: Group, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on a group.

    Raises:
        NotFound: there is no such group.
        Refused: nobody is named, or a time lies in the future.

    """
    story = Story(group, ctx)
    if isinstance(command, c.NoteAlerts):
        _alerts(story, command)
        return story.decision()
    if not group.version:
        raise NotFound(f"There is no group {group.id}.", fix="Check the id; `tocsin group list` shows them.")
    match command:
        case Tick():
            _tick(story)
        case c.AcknowledgeGroup():
            return _acknowledge(story, command)
        case c.ResolveGroup():
            return _resolve(story, command)
        case c.LinkGroup():
            story.happen("linked", incident=command.incident)
            return story.decision(incident=command.incident)
        case c.UnlinkGroup():
            if group.incident == command.incident and not story.found.tied:
                story.add(e.GroupUnlinked(command.incident))
        case c.UnmuteGroup():
            if not group.loud or group.phase == "flapping":
                who = ctx.actor.id
                story.happen("unmuted", why=command.why or "a person wants to be called", person=who)
        case c.NotePage():
            _page(story, command)
        case c.NoteIncidentOver():
            _incident_over(story, command)
        case c.NoteNoticeFailed():
            story.add(e.NoticeFailed(command.key, command.channel, command.why))
        case _:
            raise Refused(f"A group does not know {type(command).__name__}.")
    return story.decision()


# --- what its alerts do -------------------------------------------------------------------------------------------------------------------


def _alerts(story: Story, note: c.NoteAlerts) -> None:
    """Follow what has changed among its alerts."""
    before = story.group
    shows = shows_of(note.firing, note.muted, loud=before.loud)
    if not before.version and (note.opening is None or shows == "none"):
        return
    if shows != before.shows:
        _turn(story, note, shows)
    elif shows == "firing" and note.came:
        story.happen("further", note=note)
    group = story.group
    if group.version and shows == "firing" and group.phase in ("pending", "firing", "acknowledged", "flapping"):
        if louder(note, group):
            story.happen("louder", note=note)
        elif worse(note.lead, group):
            story.happen("worse", note=note)
    if story.group.lingers and shows == "firing" and (note.came or note.again):
        story.happen("due", why=f"{story.group.incident} is over, and it fires on")
    _due(story)


def _turn(story: Story, note: c.NoteAlerts, shows: Shows) -> None:
    """Follow a group whose alerts began, ended, or became quiet."""
    before = story.group
    turned = "none" in (shows, before.shows) and "muted" not in (shows, before.shows) and before.version > 0
    if turned and before.phase != "flapping" and flaps(before.changes, before.handling.flapping, story.now):
        story.happen("flaps", note=note, shows=shows)
    elif shows == "none":
        story.happen("ended", note=note, shows=shows, why="none of its alerts fires any more")
    elif shows == "muted":
        story.happen("muted", note=note, shows=shows)
    else:
        story.happen("fires", note=note, shows=shows)


def _due(story: Story) -> None:
    if story.due() and story.group.urgency is not None:
        group = story.group
        story.happen("due", why=f"{group.incident} is over, and nobody said that it has ended" if group.lingers else "")


def _incident_over(story: Story, command: c.NoteIncidentOver) -> None:
    """Leave a group to itself whose incident is over: whatever of it fires on may call people again."""
    group = story.group
    if group.incident != command.incident or not group.incident_open:
        return
    story.happen("incident_over", incident=command.incident, by=command.by)
    if story.group.lingers and story.group.shows == "muted":  # it was acknowledged, and is quiet all the same
        story.happen("muted", note=c.NoteAlerts(0, 1, mute="its alerts are muted"))
    if story.group.lingers and story.group.urgency is None:
        story.happen("due")  # it is only recorded: there is nothing to wait for
    _due(story)


# --- time ---------------------------------------------------------------------------------------------------------------------------------


def _tick(story: Story) -> None:
    now = story.now
    _due(story)
    group = story.group
    if group.held is not None and group.held.until <= now:
        says = story.digest()
        if group.shows == "firing" and group.phase in ("firing", "flapping"):
            story.happen("due", why=says, released=True)
    group = story.group
    if (again := repeat_at(group)) is not None and again <= now:
        story.happen("repeat")
    if group.calm_at is not None and group.calm_at <= now:
        _calm(story)
    if story.group.notice_at is not None and story.group.notice_at <= now:
        story.tell_channels()
    if story.group.closes_at is not None and story.group.closes_at <= now:
        story.happen("over")


def _calm(story: Story) -> None:
    """Say what a group is that has not changed for a while."""
    group, tally = story.group, story.found.tally
    limit = group.handling.flapping
    if tally is not None and tally.changed_at is not None and limit is not None and tally.changed_at + limit.calm > story.now:
        story.happen("flaps", shows=group.shows)
        return
    shows = group.shows if tally is None else shows_of(tally.firing, tally.muted, loud=group.loud)
    # While people worked on its incident, none of its pages may have been made; then nobody would be called for what fires on.
    alone = bool(group.incident) and not group.incident_open and not group.pages and group.held is None
    if shows == "none":
        story.happen("calm_ended", shows=shows, why="it was calm for a while, and nothing fires")
    elif group.acknowledged_by and not alone:
        story.happen("calm_in_hand", shows=shows, why="it was calm for a while")
    else:
        story.happen("calm", shows=shows, why="it was calm for a while")
        _still_muted(story)
        if alone and story.group.phase == "firing":
            story.happen("due", why=f"{group.incident} is over, and it fires on")


def _still_muted(story: Story) -> None:
    """Have a group be quiet that fires by its phase, while all of its alerts are muted."""
    if story.group.phase == "firing" and story.group.shows == "muted":
        story.happen("muted", note=c.NoteAlerts(0, 1, mute="its alerts are muted"))


def repeat_at(group: Group) -> datetime | None:
    """Return when a group calls people again because it fires still."""
    repeat = group.handling.repeat
    if repeat is None or group.phase != "firing" or group.paged_at is None or group.held is not None or group.urgency is None:
        return None
    if any(page not in group.unanswered for page in group.pages):
        return None
    return group.paged_at + repeat


def wake(group: Group, now: datetime, _found: Any) -> datetime | None:
    """Return when a group next wants to act by itself."""
    moments = [
        group.calm_at,
        group.closes_at,
        group.held.until if group.held is not None else None,
        repeat_at(group),
        _notice_at(group, now),
    ]
    if group.phase == "pending" and group.waits_until is not None and group.waits_until > now:
        moments.append(group.waits_until)
    return min((at for at in moments if at is not None), default=None)


def _notice_at(group: Group, now: datetime) -> datetime | None:
    """Return when channels may next be told; looks at which there was nothing to tell leave no trace."""
    rule, at = group.handling.notify, group.notice_at
    if rule is None or at is None or not (group.shows == "firing" or (group.noticed is not None and group.noticed.firing)):
        return None
    if at > now:
        return at
    step = max(rule.interval, timedelta(seconds=1))
    return at + ((now - at) // step + 1) * step


def plan(group: Group) -> object:
    """Return a value that changes whenever ``wake`` may answer differently."""
    return (
        group.phase, group.shows, group.lingers, group.waits_until, group.held, group.paged_at, group.pages, group.unanswered, group.closes_at, group.calm_at,
        group.notice_at, group.noticed,
    )  # fmt: skip


# --- people -------------------------------------------------------------------------------------------------------------------------------


def _who(given: str | None, ctx: Context, what: str) -> str:
    if given:
        return given
    if ctx.actor.kind != "person":
        raise Refused(f"{what} needs a named person.", fix="Send it as a person (--as NAME), or give `person`.", field="person")
    return ctx.actor.id


def _moment(at: datetime | None, now: datetime) -> datetime:
    if at is not None and at > now + FUTURE_LEEWAY:
        raise Refused(f"{at:%Y-%m-%d %H:%M:%S} UTC has not come yet; it is {now:%H:%M:%S} UTC.", fix="Leave `at` out for now.", field="at")
    return min(at or now, now)


def _acknowledge(story: Story, command: c.AcknowledgeGroup) -> Decision:
    who = _who(command.person, story.ctx, "An acknowledgement")
    at = _moment(command.at, story.now)
    before = story.group
    if not before.acknowledged_by:
        story.happen("acknowledged", person=who, at=at)
    group = story.group
    return story.decision(
        acknowledged_by=group.acknowledged_by or None, acknowledged_at=group.acknowledged_at.isoformat() if group.acknowledged_at else None,
    )  # fmt: skip


def _resolve(story: Story, command: c.ResolveGroup) -> Decision:
    who = _who(command.person, story.ctx, "Ending a group")
    story.happen("resolved", person=who, why=command.why, at=_moment(command.at, story.now))
    return story.decision(resolved_by=story.group.resolved_by or None)


# --- pages --------------------------------------------------------------------------------------------------------------------------------


def _page(story: Story, command: c.NotePage) -> None:
    """Follow what became of a page of the group; of others' pages it wants to know nothing."""
    group = story.group
    if command.page not in group.pages:
        return
    match command.what:
        case "acknowledged":
            if not group.acknowledged_by:
                story.happen("acknowledged", person=command.person, at=_moment(command.at, story.now))
        case "lapsed":
            if group.acknowledged_by and cell(group.phase, "lapsed").does:
                story.happen("lapsed", person=command.person or group.acknowledged_by, page=command.page)
                _still_muted(story)
        case "unanswered":
            if command.page not in group.unanswered:
                story.add(e.PageUnanswered(command.page))
        case "ended" if command.person:
            story.happen("resolved", person=command.person, why=command.why, at=_moment(command.at, story.now))
        case "ended":
            story.add(e.PageEnded(command.page))
        case _:
            raise Refused(f"A group does not know that a page is {command.what!r}.", field="what")
