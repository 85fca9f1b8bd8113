"""What one command does to a group, fact by fact: the life cycle's table says what follows, each effect is a method here. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.alerts import flapping, notify
from tocsin.alerts import group_events as e
from tocsin.alerts.group_commands import NoteAlerts
from tocsin.alerts.group_evolve import evolve
from tocsin.alerts.group_model import LOUDNESS, MOST_MOMENTS, Group, Lead, Phase, Shows, carried, shows_of
from tocsin.alerts.lifecycle import Effect, Happening, cell
from tocsin.engine.model import Context, Decision, Delivery, Event, Fact, Happened
from tocsin.playbooks.durations import format_span

PAGE: Final = "P-"
"""What ids of pages begin with."""
_TITLE: Final = 300


class Tally(msgspec.Struct, frozen=True):
    """How the alerts of a group stand, as their journal counts them."""

    firing: int = 0
    muted: int = 0
    changed_at: datetime | None = None
    """When its alerts last all ended, or began again."""


class GroupFound(msgspec.Struct, frozen=True):
    """What was looked up for a command on a group."""

    in_hand: str = ""
    """The incident that it belongs to and that has not ended."""
    tally: Tally | None = None
    members: notify.Members | None = None
    incident: str = ""
    """An id for an incident that the group may declare."""
    page: str = ""
    """An id for a page that the group may open, which no page has."""
    tied: bool = False
    """Another of its alerts belongs to the incident."""


class Story:
    """A group under one command, with the facts and messages that follow."""

    def __init__(self, group: Group, ctx: Context) -> None:
        self.group = group
        self.ctx = ctx
        self.now = ctx.now
        self.found: GroupFound = ctx.found if isinstance(ctx.found, GroupFound) else GroupFound()
        self._facts: list[Happened] = []
        self._deliveries: list[Delivery] = []
        self._fresh = list(ctx.fresh)
        self._given: dict[str, Any] = {}

    def add(self, event: Event, at: datetime | None = None) -> None:
        """Add a fact and fold it in."""
        before = self.group
        fact = Fact(f"group:{before.id}", before.version + 1, event, at or self.now, self.now, self.ctx.actor)
        self._facts.append(Happened(event, at))
        self.group = evolve(before, fact)

    def decision(self, **result: Any) -> Decision:
        """Return all that was gathered."""
        group = self.group
        answer = {"group": group.id, "phase": group.phase, "changed": bool(self._facts), **result}
        return Decision(tuple(self._facts), tuple(self._deliveries), answer)

    def happen(self, what: Happening, **given: Any) -> None:
        """Do what the table says of a happening. given: what its effects need (``why``, ``person``, ``note`` …)."""
        before = self._given
        self._given = given
        for effect in cell(self.group.phase, what).does:
            self._do(effect, what)
        self._given = before

    def _do(self, effect: Effect, what: Happening) -> None:
        given = self._given
        match effect:
            case "open":
                self._open(given["note"])
            case "reopen":
                self._reopen(given["note"])
            case "hold":
                self._hold()
            case "count":
                if self.group.handling.threshold is not None and given["note"].came:
                    self.add(e.AlertsCounted(given["note"].came[-MOST_MOMENTS:]))
            case "page":
                self.page(what, given.get("why") or _WHY.get(what, "it fires"))
            case "raise":
                self._raise(given["note"], what)
            case "acknowledge":
                self.add(e.GroupAcknowledged(given["person"], self.group.pages), given.get("at"))
            case "lapse":
                self.add(e.GroupLapsed(given["person"], given.get("page", "")))
            case "mute":
                note: NoteAlerts = given["note"]
                # A silence is a person's wish for quiet. Announced work and inhibition keep new pages from being made, and end none.
                self.add(e.GroupMuted(note.mute or "its alerts are muted", note.how, self.group.pages if note.how == "silence" else ()))
            case "loosen":
                note_ = given.get("note")
                self.add(
                    e.GroupUnmuted(given.get("why") or "what kept it quiet is over", given.get("person", ""), note_.lead if note_ else None)
                )
            case "resolve":
                self.add(e.GroupResolved(given.get("person", ""), self.group.pages, given.get("why", "")), given.get("at"))
                if not self.group.handling.reopen:
                    self.happen("over")
            case "close":
                self.digest()
                self.add(e.GroupClosed())
            case "flap":
                limit = self.group.handling.flapping
                assert limit is not None
                self.add(e.GroupFlapping(limit.changes, self.now + limit.calm, given["shows"], flapping.says(limit)))
            case "stir":
                limit = self.group.handling.flapping
                calm = limit.calm if limit is not None else timedelta(0)
                self.add(e.GroupStirred(self.now + calm, given["shows"], given["note"].lead if "note" in given else None))
            case "settle":
                self._settle(what)
            case "link":
                if self.group.incident != given["incident"] or not self.group.incident_open:
                    self.add(e.GroupLinked(given["incident"], self.group.pages))
            case "note":
                self._incident_over(given, lingers=False)
            case "leave":
                self._incident_over(given, lingers=True)

    # -- effects that take some thought --------------------------------------------------------------

    def _open(self, note: NoteAlerts) -> None:
        opening = note.opening
        assert opening is not None
        shows = shows_of(note.firing, note.muted)
        lead = note.lead
        title = (lead.title if lead is not None else opening.key)[:_TITLE]
        self.add(
            e.GroupOpened(
                opening.key, title, opening.route, opening.service, note.urgency if note.firing else opening.urgency, opening.why,
                lead.alert if lead is not None else "", opening, lead, shows, note.mute if shows == "muted" else "",
            ),
        )  # fmt: skip
        if opening.handling.threshold is not None and note.came:
            self.add(e.AlertsCounted(note.came[-MOST_MOMENTS:]))

    def _reopen(self, note: NoteAlerts) -> None:
        shows = shows_of(note.firing, note.muted, loud=self.group.loud)
        self.add(e.GroupReopened(note.mute if shows == "muted" else "", note.lead, shows, note.urgency or self.group.urgency))
        if self.group.handling.threshold is not None and note.came:
            self.add(e.AlertsCounted(note.came[-MOST_MOMENTS:]))

    def _hold(self) -> None:
        """Begin the hold-down and the threshold; where there is none, the page is due at once."""
        group, handling = self.group, self.group.handling
        lead = group.lead
        known = lead.started_at if lead is not None and not self._again() else None
        began = min(known or self.now, self.now)
        until = began + handling.wait
        reasons = []
        if handling.wait and until > self.now:
            reasons.append(f"it must fire for {format_span(handling.wait)} first")
        if handling.threshold is not None and not self._enough():
            reasons.append(f"{handling.threshold.count} alerts must begin within {format_span(handling.threshold.within)} first")
        if reasons and group.urgency is not None:
            self.add(e.GroupWaits(until if until > self.now else None, _sentence(reasons)))
        else:
            self.happen("due", why="it fires again" if self._again() else self._given.get("why", ""))

    def _again(self) -> bool:
        """Tell whether this command made the group fire again after its end."""
        return any(isinstance(one.event, e.GroupReopened) for one in self._facts)

    def _enough(self) -> bool:
        threshold = self.group.handling.threshold
        if threshold is None:
            return True
        return sum(1 for at in self.group.counted if at > self.now - threshold.within) >= threshold.count

    def due(self) -> bool:
        """Tell whether a group that waits need wait no longer."""
        group = self.group
        over = group.waits_until is None or group.waits_until <= self.now
        return group.phase == "pending" and over and (group.lingers or self._enough())

    def _incident_over(self, given: dict[str, Any], *, lingers: bool) -> None:
        """Leave the group to itself. lingers: it fires, and its senders have as long to end it as they have to begin it again."""
        group, incident, by = self.group, given["incident"], given.get("by", "")
        if group.incident != incident or not group.incident_open:
            return
        if not lingers:
            # Pages of what flaps or waits go their way; what is muted calls by new ones when the quiet is over.
            self.add(e.IncidentOver(incident, group.pages if group.phase == "muted" else (), by=by))
            return
        until = self.now + group.handling.reopen
        why = f"{incident} is over: people are called as soon as it is heard of again, and at {until:%H:%M} UTC if nobody says that it has ended"
        self.add(e.IncidentOver(incident, group.pages, until, by, why))

    def _raise(self, note: NoteAlerts, what: Happening) -> None:
        group = self.group
        lead = note.lead or group.lead
        assert lead is not None
        urgency = note.urgency if what == "louder" else None
        why = f"It is {note.urgency} urgency now" if urgency else f"A worse alert has come: {lead.title}"
        self.add(e.GroupRaised(lead, urgency, group.pages, why, carried(lead)))

    def page(self, what: Happening, why: str) -> None:
        """Call people, unless nobody is to be called; held back where the group has had as many pages as its route allows."""
        group, limit = self.group, self.group.handling.limit
        calling = [page for page in group.pages if page not in group.unanswered]
        # What is louder than what was acknowledged calls anew; else a page that goes its way is enough. A page that was open before
        # announced work began, and that nobody answered, stays as it is when the work is over.
        open_ = group.pages if what == "due" and group.held is None and not self._given.get("released") else calling
        enough = bool(open_) and not (what in ("louder", "unmuted") and group.acknowledged_by)
        recent = [at for at in group.paged if limit is not None and at > self.now - limit.within]
        if group.urgency is None:
            self._quiet("It is only to be recorded")
        elif enough:
            self._quiet("A page of it goes its way")
        elif self.found.in_hand and what not in ("louder", "unmuted"):
            self._quiet(f"People work on {self.found.in_hand} already")
        elif limit is not None and len(recent) >= limit.count:
            self.add(e.GroupHeld(recent[-limit.count] + limit.within, why))
        else:
            self._call(why)

    def _quiet(self, why: str) -> None:
        """Say why nobody is called, where that is news."""
        if self.group.phase != "firing" or self.group.because != why:
            self.add(e.GroupQuiet(why))

    def _call(self, why: str) -> None:
        group, opening = self.group, self.group.opening
        assert opening is not None
        assert group.urgency is not None
        lead = group.lead
        title = (lead.title if lead is not None else group.title)[:_TITLE]
        self.add(
            e.GroupPaged(
                self._page_id(), title, group.urgency, opening.policy, opening.service, opening.targets,
                group.incident if group.incident_open or self.found.in_hand else "",  # what is over ends no page that was made after it
                _sentence([why]), carried(lead),
            ),
        )  # fmt: skip
        declare = opening.handling.declare
        if declare is not None and not group.declared and not group.incident and self.found.incident:
            severity = declare.severity or (opening.severity if not declare.playbook or declare.playbook == opening.playbook else "")
            playbook = declare.playbook or opening.playbook
            self.add(
                e.GroupDeclares(self.found.incident, title, playbook, severity, opening.service, lead.alert if lead is not None else "")
            )

    def _page_id(self) -> str:
        """Return the id of a page that is opened: the one that was found free, or for a second one in this command chance alone."""
        found = self.found.page
        taken = any(isinstance(one.event, e.GroupPaged) for one in self._facts)
        return found if found and not taken else f"{PAGE}{self._fresh.pop(0)}"

    def digest(self) -> str:
        """Say in sum what was held back; return the sentence, or nothing where nothing was."""
        held = self.group.held
        if held is None:
            return ""
        firing = self.found.tally.firing if self.found.tally is not None else int(self.group.shows == "firing")
        reasons = dict.fromkeys(held.reasons)
        counted = [f"{reason} ({n} times)" if (n := held.reasons.count(reason)) > 1 else reason for reason in reasons]
        pages = f"{held.count} page{'s were' if held.count > 1 else ' was'} held back since {held.since:%H:%M} UTC"
        now_ = f"{firing} alert{'s' if firing != 1 else ''} fire{'s' if firing == 1 else ''} now" if firing else "nothing fires now"
        says = f"{pages}: {'; '.join(counted)}. {now_.capitalize()}."
        self.add(e.GroupDigest(held.since, held.count, tuple(reasons), firing, says))
        return says

    def _settle(self, what: Happening) -> None:
        shows: Shows = self._given.get("shows") or self.group.shows
        # What ends is resolved by the fact behind this one; until then it is as if it fired on.
        phase: Phase = "acknowledged" if what == "calm_in_hand" else "firing"
        self.add(e.GroupCalm(phase, shows, self._given.get("why", "")))

    # -- channels that are told ------------------------------------------------------------------------

    def tell_channels(self) -> None:
        """Tell the channels of its route how it stands, if there is something to tell."""
        group, rule = self.group, self.group.handling.notify
        if rule is None or self.found.members is None:
            return
        why, firing, resolved = notify.notice(group, self.found.members, rule, self.now)
        if not why:
            return
        self._deliveries += notify.deliveries(group, self.found.members, rule, why, self.now)
        self.add(e.GroupNotified(firing, resolved, self.found.members.more, why))


_WHY: Final[dict[str, str]] = {
    "due": "it fires", "louder": "it is more urgent than before", "repeat": "it fires still, and nobody is on it", "unmuted": "a person wants to be called",
    "flaps": "it ends and begins again all the time", "fires": "it fires",
}  # fmt: skip


def louder(note: NoteAlerts, group: Group) -> bool:
    """Tell whether alerts call louder than their group did."""
    return LOUDNESS[note.urgency] > LOUDNESS[group.urgency]


def worse(lead: Lead | None, group: Group) -> bool:
    """Tell whether an alert is worse than the one that spoke for its group."""
    return lead is not None and (group.lead is None or lead.rank < group.lead.rank)


def _sentence(reasons: list[str]) -> str:
    text = " and ".join(reasons)
    return text[:1].upper() + text[1:]
