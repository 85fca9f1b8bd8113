"""A group as the fold of its facts. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec.structs import replace

from tocsin.alerts import group_events as e
from tocsin.alerts.group_model import LOUDNESS, MOST_MOMENTS, Group, Held, Noticed, Phase
from tocsin.engine.model import Fact
from tocsin.paging.commands import Urgency

FOLD_VERSION: Final = 2
_REASONS: Final = 20


def evolve(state: Group, fact: Fact) -> Group:
    """Return the group after the fact."""
    return replace(_after(state, fact), version=fact.version)


def _after(group: Group, fact: Fact) -> Group:
    event, at = fact.event, fact.occurred_at
    match event:
        case e.GroupOpened():
            opening = event.opening
            notify = opening.handling.notify if opening is not None else None
            return replace(
                group, phase="muted" if event.shows == "muted" else "pending", shows=event.shows, title=event.title, opening=opening,
                urgency=event.urgency, lead=event.lead, opened_at=at, because=event.because,
                notice_at=at + notify.wait if notify is not None else None,
            )  # fmt: skip
        case e.GroupWaits():
            return replace(group, phase="pending", waits_until=event.until, because=event.why)
        case e.AlertsCounted():
            return replace(group, counted=(*group.counted, *event.at)[-MOST_MOMENTS:])
        case e.GroupPaged():
            return replace(
                _calling(group), pages=(*group.pages, event.page), paged=_recent(group, at), paged_at=at, acknowledged_by="", acknowledged_at=None,
                urgency=_louder(group, event), incident=event.incident or group.incident, because=_because(group, ""),
            )  # fmt: skip
        case e.GroupQuiet():
            return replace(_calling(group), because=_because(group, event.why))
        case e.GroupHeld():
            held = group.held or Held(at, event.until)
            held = replace(held, until=event.until, count=held.count + 1, reasons=(*held.reasons, event.why)[-_REASONS:])
            return replace(_calling(group), held=held, because=_because(group, ""), acknowledged_by="", acknowledged_at=None)
        case e.GroupDigest():
            return replace(group, held=None)
        case e.GroupRaised():
            return replace(group, lead=event.lead, urgency=_louder(group, event))
        case e.GroupAcknowledged():
            return replace(
                group, phase=_unless_flapping(group, "acknowledged"), acknowledged_by=event.person, acknowledged_at=at, waits_until=None, because="",
                lingers=False,
            )  # fmt: skip
        case e.GroupLapsed():
            return replace(group, phase=_unless_flapping(group, "firing"), acknowledged_by="", acknowledged_at=None)
        case e.GroupMuted():
            phase: Phase = "muted" if group.phase in ("pending", "firing") else group.phase
            left = tuple(page for page in group.pages if page not in event.pages)
            return replace(
                group, phase=phase, shows="muted", because=event.why, pages=left, unanswered=_left(group.unanswered, left), waits_until=None,
                lingers=False,
            )  # fmt: skip
        case e.GroupUnmuted():
            return replace(
                group, phase="pending" if group.phase == "muted" else group.phase, shows="firing", lead=event.lead or group.lead,
                loud=group.loud or bool(event.person), because="",
            )  # fmt: skip
        case e.GroupResolved():
            return replace(
                _changed(group, at) if not event.by else group, phase="resolved", shows="none", pages=(), unanswered=(), waits_until=None, counted=(),
                resolved_at=at, resolved_by=event.by, closes_at=fact.recorded_at + group.handling.reopen, because=event.why, calm_at=None,
                lingers=False,
            )  # fmt: skip
        case e.GroupReopened():
            again = replace(
                _changed(group, at), phase="muted" if event.shows == "muted" else "pending", shows=event.shows, lead=event.lead or group.lead,
                urgency=event.urgency, acknowledged_by="", acknowledged_at=None, resolved_at=None, resolved_by="", closes_at=None, because=event.why,
            )  # fmt: skip
            return _noticing(again, at)
        case e.GroupFlapping():
            return replace(
                group, phase="flapping", shows=event.shows, calm_at=event.until, waits_until=None, closes_at=None, resolved_at=None, resolved_by="",
                because=event.why, lingers=False,
            )  # fmt: skip
        case e.GroupStirred():
            return replace(group, shows=event.shows, calm_at=event.until, lead=event.lead or group.lead)
        case e.GroupCalm():
            return replace(group, phase=event.phase, shows=event.shows, calm_at=None, changes=(), because="")
        case e.GroupClosed():
            return replace(group, phase="closed", closes_at=None, changes=(), paged=())
        case e.GroupLinked():
            return replace(group, incident=event.incident, incident_open=True)
        case e.GroupUnlinked():
            return replace(group, incident="", incident_open=False)
        case e.GroupDeclares():
            return replace(group, declared=True)
        case e.IncidentOver():
            return _on_its_own(group, event)
        case e.PageUnanswered():
            return replace(group, unanswered=(*group.unanswered, event.page))
        case e.PageEnded():
            left = tuple(page for page in group.pages if page != event.page)
            return replace(group, pages=left, unanswered=_left(group.unanswered, left))
        case e.GroupNotified():
            notify = group.handling.notify
            goes_on = notify is not None and bool(event.firing or event.more)
            noticed = Noticed(at, event.firing, event.resolved, event.more)
            return replace(group, noticed=noticed, notice_at=at + notify.interval if notify is not None and goes_on else None)
        case _:
            return group


def _calling(group: Group) -> Group:
    """Return a group whose hold-down is over."""
    return replace(group, phase=_unless_flapping(group, "firing"), waits_until=None, counted=(), lingers=False)


def _on_its_own(group: Group, event: e.IncidentOver) -> Group:
    """Return a group whose incident is over; where it fires on, its senders have a while to say that it has ended."""
    left = tuple(page for page in group.pages if page not in event.pages)
    group = replace(group, incident_open=False, pages=left, unanswered=_left(group.unanswered, left))
    if event.until is None:
        return group
    return replace(
        group, phase="pending", waits_until=event.until, counted=(), lingers=True, acknowledged_by="", acknowledged_at=None, because=event.why,
    )  # fmt: skip


def _because(group: Group, why: str) -> str:
    """Return why a group calls nobody; that it flaps stays the reason until it is calm."""
    return group.because if group.phase == "flapping" else why


def _unless_flapping(group: Group, phase: Phase) -> Phase:
    return "flapping" if group.phase == "flapping" else phase


def _louder(group: Group, event: e.GroupPaged | e.GroupRaised) -> Urgency | None:
    return event.urgency if LOUDNESS[event.urgency] > LOUDNESS[group.urgency] else group.urgency


def _recent(group: Group, at: datetime) -> tuple[datetime, ...]:
    """Return when it called people, as far back as its limit counts."""
    limit = group.handling.limit
    return () if limit is None else tuple(one for one in (*group.paged, at) if one > at - limit.within)[-limit.count :]


def _changed(group: Group, at: datetime) -> Group:
    """Return a group that ended or began again, as far back as its flapping limit counts."""
    limit = group.handling.flapping
    if limit is None:
        return group
    return replace(group, changes=tuple(one for one in (*group.changes, at) if one > at - limit.within)[-limit.changes :])


def _left(some: tuple[str, ...], of: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(one for one in some if one in of)


def _noticing(group: Group, at: datetime) -> Group:
    """Return a group that fires again, with the time at which channels are told: not sooner after the last time than the interval."""
    notify = group.handling.notify
    if notify is None or group.notice_at is not None:
        return group
    last = group.noticed.at + notify.interval if group.noticed is not None else None
    return replace(group, notice_at=last if last is not None and last > at else at + notify.wait)
