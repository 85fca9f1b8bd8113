"""The fold's share of entries: what one that was logged, corrected or taken away means to an incident. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident, Moment, Said
from tocsin.incidents.registers import engage, later, put, read, replace_reading, say, with_moments, with_update


def logged(state: Incident, fact: Fact, event: e.EntryLogged) -> Incident:
    """Return the incident after an entry."""
    by = event.by or str(fact.actor)
    changes: dict[str, Any] = {"version": fact.version, "entries": state.entries + 1}
    newest = state.last.get(event.kind)
    if newest is None or (fact.occurred_at, fact.version) >= (newest.at, newest.source):
        changes["last"] = put(state.last, event.kind, Said(fact.occurred_at, event.text, fact.version))
    oldest = state.first.get(event.kind)
    if oldest is None or (fact.occurred_at, fact.version) < (oldest.at, oldest.source):
        changes["first"] = put(state.first, event.kind, Said(fact.occurred_at, event.text, fact.version))
        changes["plan"] = state.plan + 1
    if event.progress and (state.progress_at is None or fact.occurred_at > state.progress_at):
        changes["progress_at"] = fact.occurred_at
    if event.by:
        engaged = engage(state.engaged, [by], fact.occurred_at)
        if engaged is not state.engaged:
            changes["engaged"] = engaged
        if by not in state.named:
            changes["named"] = put(state.named, by, value=True)
    if event.reading is not None:
        changes["readings"] = read(state.readings, event.reading, fact)
    if event.field:
        changes["assessment"] = say(state.assessment, event.field, event.text, fact)
    if event.sets:
        changes["moments"] = with_moments(state.moments, event.sets, Moment(fact.occurred_at, fact.version, by=by))
        changes["plan"] = state.plan + 1
    return msgspec.structs.replace(state, **changes)


def corrected(state: Incident, fact: Fact, event: e.EntryCorrected) -> dict[str, Any]:
    """Return the fields that a correction changes. Of what it replaces only milestones that people stated themselves still count."""
    replaced = set(event.replaces)
    moments = {
        name: kept
        for name, candidates in state.moments.items()
        if (kept := tuple(m for m in candidates if m.source not in replaced or m.explicit))
    }
    earlier = state.corrections.get(str(event.entry), ())
    changes: dict[str, Any] = {"moments": moments, "corrections": put(state.corrections, str(event.entry), (*earlier, fact.version))}
    last = {kind: said for kind, said in state.last.items() if said.source not in replaced}
    newest = last.get(event.kind)
    if newest is None or fact.occurred_at >= newest.at:
        last[event.kind] = Said(fact.occurred_at, event.text, fact.version)
    changes["last"] = last
    if event.progress:
        changes["progress_at"] = later(state.progress_at, fact.occurred_at)
    if event.by:
        changes["engaged"] = engage(state.engaged, [event.by], fact.occurred_at)
    readings = {
        measure: series
        for measure, series in state.readings.items()
        if not replaced & {series.first.source, series.last.source, series.largest.source}
    }
    if event.reading is not None:
        readings = replace_reading(state.readings, event.reading, fact, replaced)
    changes["readings"] = readings
    if event.field:
        known = state.assessment.get(event.field)
        since = min(known.since, fact.occurred_at) if known is not None and known.since is not None else None
        changes["assessment"] = put(state.assessment, event.field, Said(fact.occurred_at, event.text, fact.version, since))
    return changes


def redacted(state: Incident, event: e.Redacted, at: datetime) -> dict[str, Any]:
    """Put back what stays known of a fact that the fold no longer sees: who took part, what was reached, what was promised."""
    left = event.left
    if left is None:
        return {"engaged": engage(state.engaged, [event.by], at)} if event.by else {}
    changes: dict[str, Any] = {}
    if event.by:
        changes["engaged"] = engage(state.engaged, [event.by], left.at)
    moments = state.moments
    for name, moment in left.moments:
        moments = with_moments(moments, (name,), moment)
    changes["moments"] = moments
    if left.update is not None:
        changes["updates"] = with_update(state, left.update)
    if left.progress:
        changes["progress_at"] = later(state.progress_at, left.at)
    if left.field and left.field not in state.assessment:
        changes["assessment"] = put(state.assessment, left.field, Said(left.at, "", event.fact, left.since))
    if left.kind:
        silent = Said(left.at, "", event.fact)
        oldest = state.first.get(left.kind)
        if oldest is None or (silent.at, silent.source) < (oldest.at, oldest.source):
            changes["first"] = put(state.first, left.kind, silent)
        newest = state.silent.get(left.kind)
        if newest is None or (silent.at, silent.source) > (newest.at, newest.source):
            changes["silent"] = put(state.silent, left.kind, silent)
    return changes
