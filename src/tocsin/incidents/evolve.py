"""The fold: an incident and its next fact give the next incident. It never fails and never looks at anything else.

Registers keep the value with the latest (occurred_at, version), so that facts recorded late land where they belong.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents.evolve_entries import corrected, logged, redacted
from tocsin.incidents.model import (
    AlertRef,
    Change,
    Done,
    Figure,
    Holding,
    Incident,
    Mitigation,
    Moment,
    Offer,
    Tick,
    UpdateRef,
    WindowRun,
)
from tocsin.incidents.registers import engage, later, put, with_change, with_moments, with_update, without

FOLD_VERSION: Final = 3


def initial(incident_id: str) -> Incident:
    """Return the state before the first fact."""
    return Incident(id=incident_id)


def evolve(state: Incident, fact: Fact) -> Incident:
    """Return the incident after the fact."""
    event = fact.event
    if isinstance(event, e.EntryLogged):  # the most frequent fact, kept cheap
        return logged(state, fact, event)
    changes: dict[str, Any] = _changes(state, fact)
    sets: tuple[str, ...] = getattr(event, "sets", ())
    if sets:
        moments = changes.get("moments", state.moments)
        changes["moments"] = with_moments(moments, sets, Moment(fact.occurred_at, fact.version, by=str(fact.actor)))
    named = _named(state.named, fact)
    if named is not state.named:
        changes["named"] = named
    changes["version"] = fact.version
    # A redaction takes a fact away that may have counted: two, so that what is compared with the count before never seems the same.
    changes["plan"] = state.plan + (2 if isinstance(event, e.Redacted) else 1)
    return msgspec.structs.replace(state, **changes)


def _changes(state: Incident, fact: Fact) -> dict[str, Any]:
    """Return the fields that a fact changes, apart from version, plan and the milestones it sets."""
    event, at, version = fact.event, fact.occurred_at, fact.version
    match event:
        case e.Declared():
            return {
                "title": event.title,
                "impact": event.impact,
                "topic": event.topic,
                "playbook": event.playbook,
                "stage": event.stage,
                "stage_kind": event.stage_kind,
                "stage_since": at,
                "declared_at": at,
                "private": event.private,
                **with_change(
                    (),
                    Change(
                        at,
                        version,
                        event.severity,
                        event.rank,
                        event.mode,
                        event.marks,
                        event.service,
                        event.detected_by,
                        event.cause,
                    ),
                ),
                "progress_at": at,
                "stages": {event.stage: Done(at, str(fact.actor), version)},
            }
        case e.Imported():
            reached = (
                {}
                if event.since is None
                else {"stage_since": event.since, "stages": {state.stage: Done(event.since, str(fact.actor), version)}}
            )
            return {"title": event.title, "imported": True, **reached}
        case e.MilestoneSet():
            stated = Moment(event.at, version, event.precision, event.until, str(fact.actor), event.note, explicit=True)
            kept = tuple(m for m in state.moments.get(event.milestone, ()) if m.source not in event.replaces)
            return {"moments": put(state.moments, event.milestone, (*kept, stated))}
        case e.DetailsChanged():
            changes: dict[str, Any] = {
                name: value for name in ("title", "impact", "topic") if (value := getattr(event, name)) is not None
            }  # fmt: skip
            if (event.service, event.cause, event.detected_by) != (None, None, None):
                told = Change(at, version, service=event.service, cause=event.cause, detected_by=event.detected_by)
                changes |= with_change(state.changes, told)
            return changes
        case e.SeverityChanged():
            return with_change(state.changes, Change(at, version, event.severity, event.rank, event.mode))
        case e.MarkSet():
            return with_change(state.changes, Change(at, version, marks={event.mark: event.value}))
        case e.Redacted():
            return redacted(state, event, at)
        case e.Acknowledged():
            return {"engaged": engage(state.engaged, [event.person], at), "left": without(state.left, event.person)}
        case e.RoleAssigned():
            held = state.roles.get(event.role)
            newer = held is None or (at, version) >= (held.since, held.source)
            roles = put(state.roles, event.role, Holding(event.person, at, version)) if newer else state.roles
            first = state.first_held.get(event.role)
            if first is None or (at, version) < (first.at, first.source):
                first = Done(at, event.person, version)
            held_first = put(state.first_held, event.role, first)
            leads = {"lead_role": event.role} if event.leads else {}
            return {
                **leads,
                "roles": roles,
                "first_held": held_first,
                "engaged": engage(state.engaged, [event.person], at),
                "left": without(state.left, event.person),
                "offers": without(state.offers, event.role),
                "progress_at": later(state.progress_at, at),
            }
        case e.RoleVacated():
            held = state.roles.get(event.role)
            if held is None or held.since > at:
                return {}
            return {"roles": {role: holding for role, holding in state.roles.items() if role != event.role}}
        case e.PersonInvited():
            return {"invited": engage(state.invited, [event.person], at)}
        case e.PersonJoined():
            return {"engaged": engage(state.engaged, [event.person], at), "left": without(state.left, event.person)}
        case e.PersonLeft():
            return {"left": put(state.left, event.person, at)}
        case e.HandOverOffered():
            return {"offers": put(state.offers, event.role, Offer(event.person, str(fact.actor), at, version, event.note))}
        case e.HandOverDeclined():
            return {"offers": without(state.offers, event.role)}
        case e.EntryPinned():
            return {"pinned": (*(one for one in state.pinned if one != event.fact), event.fact)}
        case e.EntryUnpinned():
            return {"pinned": tuple(one for one in state.pinned if one != event.fact)}
        case e.EntryCorrected():
            return corrected(state, fact, event)
        case e.MitigationStarted() | e.MitigationCompleted() | e.MitigationVerified():
            return _mitigated(state, fact)
        case e.StageMoved() | e.WindowRestarted():
            return _moved(state, fact)
        case e.CheckTicked():
            tick = Tick("ticked", str(fact.actor), at, version, evidence=event.evidence)
            return {"checks": put(state.checks, f"{event.checklist}.{event.item}", tick)}
        case e.CheckUnticked():
            gone = f"{event.checklist}.{event.item}"
            return {"checks": {item: tick for item, tick in state.checks.items() if item != gone}}
        case e.CheckWaived():
            tick = Tick("waived", str(fact.actor), at, version, reason=event.reason)
            return {"checks": put(state.checks, f"{event.checklist}.{event.item}", tick)}
        case e.UpdatePosted():
            posted = UpdateRef(at, version, event.message, event.kind, event.audiences, event.number, event.next_at, event.when_resolved)
            return {"updates": with_update(state, posted)}
        case e.FigureRecorded():
            figure = Figure(event.value, event.unit, event.source, event.estimate, version, str(fact.actor))
            return {"figures": put(state.figures, event.figure, figure)}
        case e.AlertLinked():
            return {"alerts": put(state.alerts, event.alert, AlertRef(event.alert, event.title, event.state, at, version))}
        case e.AlertUnlinked():
            return {"alerts": without(state.alerts, event.alert)}
        case e.AlertChanged():
            return {"alerts": put(state.alerts, event.alert, AlertRef(event.alert, event.title, event.state, at, version))}
        case e.LinkAdded():
            return {"links": (*(link for link in state.links if link != event.link), event.link)}
        case e.LinkRemoved():
            return {"links": tuple(link for link in state.links if link != event.link)}
        case e.ObligationRestored():
            return {"waived": without(state.waived, event.obligation), "marks_done": without(state.marks_done, event.mark)}
        case e.ObligationWarned():
            return {"warned": (*state.warned, event.obligation)}
        case e.ObligationBreached():
            return {"breached": put(state.breached, event.obligation, event.due_at)}
        case e.ObligationDone():
            return {"marks_done": put(state.marks_done, event.mark, Done(at, event.by or str(fact.actor), version, event.evidence))}
        case e.ObligationWaived():
            return {"waived": put(state.waived, event.obligation, Done(at, str(fact.actor), version, event.reason))}
        case e.Escalated():
            return {"warned": (*state.warned, f"escalation:{event.rule}"), "invited": engage(state.invited, event.to, at)}
        case e.PersonUninvited():
            return {"invited": {person: since for person, since in state.invited.items() if person != event.person}}
        case e.PrivacyChanged():
            return {"private": event.private}
        case e.Merged():
            return {"ended": True, "merged_into": event.into}
        case e.Unmerged():
            return {"ended": event.ended, "merged_into": ""}
        case e.PostmortemMoved():
            done = state.marks_done
            for mark in event.marks:
                done = put(done, mark, Done(at, event.by, version, event.what))
            return {"marks_done": done}
        case _:
            return {}


def _named(named: dict[str, bool], fact: Fact) -> dict[str, bool]:
    """Return everybody whom the record names after a fact. Who was uninvited reads again once they are called or asked in, not by being mentioned."""
    event, actor = fact.event, fact.actor
    asked: Iterable[str] = ()
    mentioned = ""
    match event:
        case e.Declared() | e.Imported():
            asked = (actor.id if actor.kind == "person" else f"token:{actor.id}",) if actor.kind in ("person", "token") else ()
        case (
            e.RoleAssigned(person=person)
            | e.Acknowledged(person=person)
            | e.PersonInvited(person=person)
            | e.PersonJoined(person=person)
            | e.HandOverOffered(person=person)
        ):
            asked = (person,)
        case e.PageNoted(called=called):
            asked = called
        case e.PrivacyChanged(by=by):
            asked = (by,)
        case e.PersonUninvited(person=person):
            return put(named, person, value=False)
        case e.EntryCorrected(by=by) | e.MitigationStarted(by=by) | e.Redacted(by=by):
            mentioned = by
        case _:
            return named
    if mentioned and mentioned not in named:
        return put(named, mentioned, value=True)
    for who in asked:
        if who and not named.get(who):
            named = put(named, who, value=True)
    return named


def _mitigated(state: Incident, fact: Fact) -> dict[str, Any]:
    event, at = fact.event, fact.occurred_at
    changes: dict[str, Any] = {"progress_at": later(state.progress_at, at)}
    match event:
        case e.MitigationStarted():
            by = event.by or str(fact.actor)
            started = Mitigation(event.id, event.kind, event.text, by, at, fact.version, before=event.before)
            changes["mitigations"] = put(state.mitigations, event.id, started)
            if event.by:
                changes["engaged"] = engage(state.engaged, [by], at)
        case e.MitigationCompleted():
            found = state.mitigations[event.id]
            completed = msgspec.structs.replace(found, completed_at=at, completed=fact.version, after=event.after or found.after)
            changes["mitigations"] = put(state.mitigations, event.id, completed)
        case e.MitigationVerified():
            found = state.mitigations[event.id]
            verified = msgspec.structs.replace(
                found, effective=event.effective, verified_at=at, verified=fact.version, verification=event.text, after=event.after or found.after,
            )  # fmt: skip
            changes["mitigations"] = put(state.mitigations, event.id, verified)
        case _:
            pass
    return changes


def _moved(state: Incident, fact: Fact) -> dict[str, Any]:
    event, at = fact.event, fact.occurred_at
    if isinstance(event, e.WindowRestarted):
        run = state.windows.get(event.window)
        moments = {name: kept for name, kept in state.moments.items() if name != "stable_since"}
        return {
            "windows": put(state.windows, event.window, WindowRun(None, (run.restarts if run else 0) + 1, fact.version)),
            "moments": moments,
        }
    assert isinstance(event, e.StageMoved)
    changes: dict[str, Any] = {
        "stage": event.stage,
        "stage_kind": event.stage_kind,
        "stage_since": at,
        "ended": event.ends,
        "progress_at": later(state.progress_at, at),
    }
    entered = state.stages.get(event.stage)
    if entered is None or at < entered.at:
        changes["stages"] = put(state.stages, event.stage, Done(at, str(fact.actor), fact.version))
    if event.clears:
        changes["moments"] = {name: kept for name, kept in state.moments.items() if name not in event.clears}
    if event.window:
        run = state.windows.get(event.window)
        changes["windows"] = put(state.windows, event.window, WindowRun(at, run.restarts if run else 0, fact.version))
    return changes
