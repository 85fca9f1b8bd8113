"""What becomes of one alert: it begins, says something else, fires again, ends, is taken up. Groups and incidents hear of it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tocsin.alerts.arrival import Arrived
from tocsin.alerts.causes import Cause
from tocsin.alerts.decide import Said, clean, judge, said
from tocsin.alerts.drafting.gathering import Gathering
from tocsin.alerts.drafting.joining import INTAKE, Joining
from tocsin.alerts.drafting.quieting import MUTED, Quieting
from tocsin.alerts.group_commands import AcknowledgeGroup
from tocsin.alerts.group_model import Lead, lead_of
from tocsin.alerts.live import Live, scope_of
from tocsin.alerts.matchers import Subject
from tocsin.alerts.model import ENDED, Body, Outcome, Signal, alert_id
from tocsin.alerts.muting import Mute
from tocsin.alerts.routing import Routed, rank
from tocsin.alerts.store import AT
from tocsin.engine.limits import NUL
from tocsin.engine.model import Actor, micros, moment
from tocsin.incidents.commands import Acknowledge
from tocsin.incidents.escalations import goes_on
from tocsin.incidents.notes import NoteAlert

logger = logging.getLogger(__name__)

_LONGEST_TITLE: Final = 300
_LINKS: Final = ("dashboard", "runbook")
_ordered = msgspec.json.Encoder(order="deterministic").encode


class _Way(msgspec.Struct, frozen=True, gc=False):
    """Where an alert that begins goes."""

    subject: Subject
    routed: Sequence[Routed]
    causes: Sequence[Cause]
    """The groups that it joins, one for each of ``routed``."""
    mute: Mute | None
    opened: bool
    """Whether one of the groups is opened by it."""

    @property
    def groups(self) -> str:
        """The groups' ids, as the row keeps them."""
        return self.causes[0].id if len(self.causes) == 1 else " ".join([cause.id for cause in self.causes])


class Occurring:
    """Judges signals and does what follows."""

    def __init__(self, gathering: Gathering, joining: Joining, quieting: Quieting) -> None:
        self._g = gathering
        self._joining = joining
        self._quieting = quieting
        self._router = gathering.journal.router

    def signal(self, arrived: Arrived, signal: Signal, receipt: int) -> Outcome:
        """Do what a signal means for its alert."""
        texts = said(signal)
        if _NUL in texts.labels or _NUL in texts.body or NUL in signal.title or NUL in signal.fingerprint or NUL in signal.severity:
            signal = clean(signal)
            texts = said(signal)
        scope = scope_of(arrived.source, arrived.key)
        live = self._g.find(scope, signal.fingerprint)
        told = micros(signal.starts_at) if signal.starts_at is not None else 0
        in_hand = self.in_hand(live) if live is not None and live.incidents and live.state == ENDED and signal.status == "firing" else ""
        what, why = judge(live, signal, told, texts.content, in_hand)
        if what == "repeated":
            assert live is not None
            self._g.touch(live, self._expiry(signal, live))
            why = self._on_its_own(live) or why
        elif what == "new":
            return self._begin(arrived, signal, texts, told, receipt, scope, why)
        elif live is None:
            return Outcome(what, why, signal.title, signal.fingerprint)
        elif what == "changed":
            self._change(live, signal, texts, receipt)
            why = (self._on_its_own(live) if signal.status == "firing" else "") or why
        elif what == "reopened":
            return self._reopen(arrived, live, signal, texts, told, receipt, why)
        elif what == "resolved":
            ended = min(micros(signal.ends_at), self._g.now) if signal.ends_at is not None else self._g.now
            self.end(live, ended, signal.by or arrived.source, receipt, signal.note or why)
        elif what == "acknowledged":
            self.take_up(live, signal.by or arrived.source, self._g.at, receipt)
        elif signal.status == ENDED and live.state == ENDED and signal.ends_at is not None:
            why = self._end_later(live, min(micros(signal.ends_at), self._g.now), texts, receipt) or why
        return Outcome(what, why, signal.title, signal.fingerprint, live.id, live.group.partition(" ")[0])

    # -- it begins --------------------------------------------------------------------------------

    def _begin(self, arrived: Arrived, signal: Signal, texts: Said, told: int, receipt: int, scope: str, why: str) -> Outcome:
        g = self._g
        number = g.next_alert
        g.next_alert = number + 1
        started = told if 0 < told < g.now else g.now
        way = self._way(arrived, signal, number)
        first, cause, mute = way.routed[0], way.causes[0], way.mute
        groups = way.groups
        expires = micros(signal.expires_at) if signal.expires_at is not None else g.now + cause.fires_for if cause.fires_for else 0
        muted = mute.says if mute is not None else ""
        body = texts.body if not first.known.links else _with_links(signal, first.known.links)
        g.put(Live(number, scope, signal.fingerprint, "firing", texts.content, told, started, expires, groups, muted))
        g.undo.put(
            g.rows,
            number,
            [
                number, arrived.source, arrived.key, signal.fingerprint, "firing", signal.title[:_LONGEST_TITLE], signal.severity,
                signal.level or "", first.urgency or "", first.service, groups, signal.how, muted, texts.labels, body, texts.content, 1,
                told or None, started, g.now, None, expires or None, None, "", "", receipt,
            ],
        )  # fmt: skip
        self._join(number, signal, way, started)
        if mute is not None:
            return Outcome(MUTED[mute.how], f"{why}; {mute.says}", signal.title, signal.fingerprint, number, cause.id)
        if first.urgency is None:
            return Outcome("recorded", f"{why}; {first.why}", signal.title, signal.fingerprint, number, cause.id)
        if way.opened:
            return Outcome("new", why, signal.title, signal.fingerprint, number, cause.id)
        return Outcome("merged", f"{why}; it joins {cause.id}", signal.title, signal.fingerprint, number, cause.id)

    def _way(self, arrived: Arrived, signal: Signal, number: int) -> _Way:
        joining = self._joining
        known = joining.catalogue(signal.service or arrived.service)
        subject = Subject(
            signal.labels, arrived.source, known.service, signal.level or "", signal.severity, signal.title, signal.how, signal.group,
            f"{arrived.source}\x1f{signal.fingerprint}",
        )  # fmt: skip
        routed = self._router.route(subject, known, joining.catalogue)
        causes: list[Cause] = []
        opened = False
        for one in routed:
            cause = joining.of_key(one.key)
            if cause is None:
                opened = True
                cause = joining.open(one, subject)
            causes.append(cause)
        return _Way(subject, routed, causes, self._quieting.mute(subject, causes[0].id, number), opened)

    def _join(self, number: int, signal: Signal, way: _Way, started: int) -> None:
        """Have an alert that begins counted by its groups."""
        g, mute = self._g, way.mute
        place = rank(signal.level)
        at = signal.starts_at if signal.starts_at is not None and signal.starts_at < g.at else g.at
        for one, cause in zip(way.routed, way.causes, strict=True):
            g.undo.keep(cause)
            cause.total += 1
            cause.begin(g.now, at, muted=mute is not None)
            if mute is None:
                leads = cause.worse(place, one.urgency)
            else:
                cause.mute, cause.how = mute.says, mute.how
                leads = not cause.firing and cause.lead is None
            if leads or cause.lead is None:
                cause.lead = _lead(number, one, signal, moment(started))
            self._joining.moved(cause)
        self._quieting.begins(number, way.subject)

    # -- it goes on -------------------------------------------------------------------------------

    def _expiry(self, signal: Signal, live: Live) -> int:
        """Return when an alert that was just heard of expires."""
        if signal.expires_at is not None:
            return micros(signal.expires_at)
        cause = self._joining.cause(live.group.partition(" ")[0])
        return self._g.now + cause.fires_for if cause is not None and cause.fires_for else 0

    def _change(self, live: Live, signal: Signal, texts: Said, receipt: int) -> None:
        g = self._g
        now = live.copy()
        now.content, now.expires = texts.content, self._expiry(signal, live)
        now.state = signal.status if signal.status in ("firing", "suppressed", "unknown") else "firing"
        row = g.row(live.id)
        links = self._joining.catalogue(row[AT["service"]]).links if row else {}
        g.put(now)
        g.update(
            live.id, state=now.state, title=signal.title[:_LONGEST_TITLE], severity=signal.severity, level=signal.level or "", labels=texts.labels,
            body=_with_links(signal, links), content=texts.content, expires_at=now.expires or None,
        )  # fmt: skip
        g.touch(now, now.expires, again=0)
        details = {"title": signal.title, "value": signal.value} | ({"state": now.state} if now.state != live.state else {})
        g.event(live.id, "changed", g.now, "", receipt, details)
        if not live.muted and signal.status == "firing":
            self._worse(live, signal, row[AT["source"]] if row else "")

    def _on_its_own(self, live: Live) -> str:
        """Tell the groups of an alert that fires on whose incident is over; return so in words, or nothing where there is none."""
        over = [incident for name in live.group.split() if (incident := self._joining.over(name))] if not live.muted else []
        return f"it fires still, and {over[0]} is over: people are called again" if over else ""

    def _worse(self, live: Live, signal: Signal, source: str) -> None:
        """Tell the groups of an alert where it has become the worst of them."""
        place = rank(signal.level)
        for name in live.group.split():
            cause = self._joining.cause(name)
            if cause is None or cause.mind is None or place >= min(cause.mind.rank, cause.rank):
                continue
            known = self._joining.catalogue(signal.service)
            subject = Subject(
                signal.labels, source, known.service, signal.level or "", signal.severity, signal.title, signal.how, signal.group, "",
            )  # fmt: skip
            routed = self._router.route(subject, known, self._joining.catalogue)[0]
            self._g.undo.keep(cause)
            cause.worse(place, routed.urgency)
            cause.lead = _lead(live.id, routed, signal, moment(live.started))
            self._joining.moved(cause)

    def _reopen(self, arrived: Arrived, live: Live, signal: Signal, texts: Said, told: int, receipt: int, why: str) -> Outcome:
        g = self._g
        way = self._way(arrived, signal, live.id)
        first = way.routed[0]
        again = told if live.ended < told <= g.now else g.now
        now = live.copy()
        now.state, now.content, now.told, now.ended, now.fired = "firing", texts.content, told or live.told, 0, live.fired + 1
        now.group, now.muted = way.groups, way.mute.says if way.mute is not None else ""
        # Whoever is called anew has not acknowledged yet.
        now.acknowledged = live.acknowledged and bool(self.in_hand(live))
        now.expires = self._expiry(signal, now)
        g.put(now)
        g.update(
            live.id, state="firing", title=signal.title[:_LONGEST_TITLE], severity=signal.severity, level=signal.level or "",
            urgency=first.urgency or "", service=first.service, grp=now.group, muted=now.muted, labels=texts.labels,
            body=_with_links(signal, first.known.links), content=texts.content, fired=now.fired, told_start=now.told or None, ended_at=None,
            expires_at=now.expires or None,
        )  # fmt: skip
        if live.acknowledged and not now.acknowledged:
            g.update(live.id, acknowledged_at=None, acknowledged_by="")
        g.touch(now, now.expires, again=0)
        g.event(live.id, "reopened", again, arrived.source, receipt, {"why": why})
        self._join(live.id, signal, way, live.started)
        self._tell_incidents(now, signal.title, "firing", moment(again))
        return Outcome("reopened", why, signal.title, signal.fingerprint, live.id, way.causes[0].id)

    # -- it ends, or somebody is on it ------------------------------------------------------------

    def end(self, live: Live, ended: int, by: str, receipt: int, why: str) -> None:
        """End an alert. ended: when, in microseconds; never before it began."""
        g = self._g
        ended = max(ended, live.started)
        now = live.copy()
        now.state, now.ended, now.expires, now.muted = ENDED, ended, 0, ""
        g.put(now)
        g.update(live.id, state=ENDED, ended_at=ended, expires_at=None, muted="")
        g.event(live.id, "resolved", ended, by, receipt, {"why": why} if why else {})
        for name in live.group.split():
            cause = self._joining.cause(name)
            if cause is None:
                continue
            g.undo.keep(cause)
            cause.end(g.now, muted=bool(live.muted))
            if cause.lead is not None and cause.lead.alert == alert_id(live.id):
                cause.lead = None
            self._joining.moved(cause)
        self._quieting.ends(live.id)
        if live.incidents:
            self._tell_incidents(live, g.row(live.id)[AT["title"]], ENDED, moment(ended))

    def _end_later(self, live: Live, ended: int, texts: Said, receipt: int) -> str:
        """Take over a later end of what has ended already, and what is said of it then; return so in words, or nothing where it is no later."""
        if ended <= live.ended or ended <= (self._g.row(live.id)[AT["ended_at"]] or 0):
            return ""
        self._g.update(live.id, ended_at=ended, body=texts.body)
        self._g.event(live.id, "ended_later", ended, "", receipt, {})
        return "it had ended already; the later end counts"

    def take_up(self, live: Live, person: str, at: datetime, receipt: int) -> None:
        """Write down that a person is on an alert; its groups and incidents hear of it."""
        now = live.copy()
        now.acknowledged = True
        self._g.put(now)
        self.note_taken(live.id, person, at, receipt)
        actor = Actor("person", person, via="alert")
        for name in live.group.split():
            failure = self._g.tx.attempt(f"group:{name}", AcknowledgeGroup(person, at), actor)
            if failure is not None:
                logger.info("%s was not acknowledged with %s: %s", name, alert_id(live.id), failure)
            self._joining.look(name)
        for incident in live.incidents:
            self._g.tx.attempt(f"incident:{incident}", Acknowledge(person, at), actor)

    def note_taken(self, number: int, person: str, at: datetime, receipt: int) -> None:
        """Write down who is on an alert, and nothing else."""
        self._g.update(number, acknowledged_at=micros(at), acknowledged_by=person)
        self._g.event(number, "acknowledged", micros(at), person, receipt, {})

    def in_hand(self, live: Live) -> str:
        """Return the newest incident of an alert that people still work on; an empty text where there is none."""
        for name in reversed(live.incidents):
            if goes_on(self._g.tx.state(f"incident:{name}")):
                return name
        return ""

    def _tell_incidents(self, live: Live, title: str, state: str, at: datetime) -> None:
        for incident in live.incidents:
            failure = self._g.tx.attempt(f"incident:{incident}", NoteAlert(alert_id(live.id), title, state, at), INTAKE)
            if failure is not None:
                logger.info("%s did not take that %s is %s: %s", incident, alert_id(live.id), state, failure)


_NUL: Final = "\\u0000"


def _lead(number: int, routed: Routed, signal: Signal, started: datetime) -> Lead:
    return lead_of(
        alert_id(number), routed, title=signal.title[:_LONGEST_TITLE], level=signal.level or "", severity=signal.severity, value=signal.value,
        threshold=signal.threshold, summary=signal.summary, started_at=started, labels=signal.labels, links=signal.links,
    )  # fmt: skip


def _with_links(signal: Signal, links: Mapping[str, str]) -> str:
    """Return what the row keeps of a signal's texts, with the dashboard and the runbook of the service where the signal has none."""
    more = {name: url for name in _LINKS if (url := links.get(name)) and name not in signal.links}
    return _ordered(Body(signal.annotations, {**more, **signal.links}, signal.value, signal.threshold, signal.summary)).decode()
