"""An incident as its page shows it: head, stages with what the gates want, roles, duties, criteria, figures, moments. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.incidents import gates, milestones, views
from tocsin.incidents.figures import NUMERIC
from tocsin.incidents.model import Incident
from tocsin.incidents.obligations import SETTLED
from tocsin.incidents.story import SORT_NAMES
from tocsin.playbooks.model import CANONICAL_MILESTONES, Playbook
from tocsin.playbooks.process import Stage

SAYS: Final[Mapping[str, str]] = {
    "open": "due", "warned": "due soon", "overdue": "overdue", "kept": "kept", "late": "late", "missed": "missed", "waived": "waived",
    "void": "no longer asked",
}  # fmt: skip
"""The word that a page has for each state of a duty."""
SOON: Final = timedelta(hours=24)
"""What is due later than this is folded away (a matter of display)."""


def room(incident: Incident, playbook: Playbook | None, now: datetime) -> dict[str, Any]:
    """Return what the page of an incident shows, apart from its timeline."""
    view = views.incident_view(incident, playbook, now)
    names = _names(playbook)
    duties = [duty(one, incident, playbook, now) for one in view.get("obligations", ())]
    open_ones = _without_doubles([one for one in duties if one["state"] not in SETTLED])
    checklists = [_checklist(one) for one in view.get("checklists", ())]
    return {
        **head(incident, playbook, now, duties),
        "view": view,
        "due": [one for one in open_ones if one["due_at"] - now <= SOON],
        "later": [one for one in open_ones if one["due_at"] - now > SOON],
        "settled": [one for one in duties if one["state"] in SETTLED],
        "tally": {state: sum(one["state"] == state for one in duties) for state in ("kept", "late", "missed", "waived")},
        "stages": stages(incident, playbook),
        "ways": _ways(view.get("ways", ()), incident, playbook, now),
        "windows": view.get("windows", ()),
        "roles": view.get("roles", ()),
        "missing_roles": view.get("missing_roles", ()),
        "conflicts": view.get("role_conflicts", ()),
        "offers": dict(incident.offers),
        "pinned": incident.pinned,
        "private": incident.private, "readers": sorted(incident.readers) if incident.private else [],
        "marks": _marks(incident, playbook),
        "sources": playbook.detection_sources if playbook else (),
        "asks": _asks(incident, playbook),
        "rules": [{"id": r.id, "says": r.says, "to": [_party(one, playbook) for one in r.to]} for r in playbook.escalations] if playbook else [],
        "milestones": [{"id": m, "name": milestones.name_of(m, playbook)} for m in (*CANONICAL_MILESTONES, *(o.id for o in playbook.milestones))] if playbook else [],
        "can_dismiss": not incident.ended and incident.stage_kind not in ("resolved", "closed", "dismissed"),
        "can_reopen": incident.stage_kind in ("resolved", "closed", "dismissed") and not incident.merged_into,
        "entries_total": incident.entries,
        "people": people(incident),
        "checklists": checklists,
        "mitigations": [
            {**msgspec.structs.asdict(m), "name": names["mitigation"].get(m.kind, m.kind), "verify": names["verify"].get(m.kind, "")}
            for m in incident.mitigations.values()
        ],
        "links": incident.links,
        "alerts": tuple(incident.alerts.values()),
        "moments": _moments(incident, playbook),
        "figures": _figures(incident, playbook),
        "readings": _readings(incident, playbook),
        "assessment": _assessment(incident, playbook),
        "entry_types": [{"id": t.id, "name": t.name, "key": t.key, "says": t.says, "lead": t.by_lead_only} for t in playbook.entry_types] if playbook else [],
        "measures": [{"id": m.id, "name": m.name, "unit": m.unit} for m in playbook.measures] if playbook else [],
        "severities": [{"id": s.id, "name": s.name, "rank": s.rank, "definition": s.definition} for s in playbook.severities] if playbook else [],
        "messages": [{"id": m.id, "name": m.name} for m in playbook.messages if m.audiences and m.kind not in ("page", "roles")] if playbook else [],
        "mitigation_kinds": playbook.mitigations if playbook else (),
    }  # fmt: skip


def head(incident: Incident, playbook: Playbook | None, now: datetime, duties: Sequence[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return what tells an incident at a glance: what is broken, how bad, who leads, since when, what is due next."""
    if duties is None:
        found = views.incident_view(incident, playbook, now).get("obligations", ())
        duties = [duty(one, incident, playbook, now) for one in found]
    waiting = _without_doubles([one for one in duties if one["state"] not in SETTLED])
    moments = milestones.known(incident, playbook)
    begun = moments.get("impact_started") or moments.get("detected") or moments.get("declared")
    since = begun.at if begun else incident.declared_at
    resolved = moments.get("resolved")
    stage = playbook.stage(incident.stage) if playbook else None
    lead = playbook.lead if playbook else None
    here = incident.now_circumstances
    return {
        "id": incident.id, "title": incident.title or incident.id, "severity": incident.severity, "rank": here.rank if here else -1,
        "severity_name": _severity_name(incident, playbook), "service": here.service if here else "", "impact": incident.impact,
        "stage": incident.stage, "stage_name": stage.name if stage else incident.stage, "stage_kind": incident.stage_kind, "ended": incident.ended,
        "stage_since": incident.stage_since, "lead": incident.lead, "lead_role": (lead.short or lead.name) if lead else "", "since": since,
        "until": resolved.at if resolved else (incident.stage_since if incident.ended else None), "version": incident.version,
        "merged_into": incident.merged_into, "next": min(waiting, key=lambda one: (resolved is not None and one["due_at"] <= resolved.at, one["due_at"]), default=None),
        "overdue": sum(one["state"] == "overdue" for one in waiting),
        "unacknowledged": "acknowledged" not in moments and incident.stage_kind == "open" and not incident.ended,
        "playbook": playbook.title if playbook else "", "playbook_id": incident.playbook.id if incident.playbook else "",
    }  # fmt: skip


def duty(one: Mapping[str, Any], incident: Incident, playbook: Playbook | None, now: datetime) -> dict[str, Any]:
    """Return an obligation with the words of the page: who owes it, and what to do about it."""
    rule = next((r for r in playbook.obligations if r.id == one["rule"]), None) if playbook else None
    role = playbook.role(one["owner"]) if playbook else None
    contact = next((c for c in playbook.contacts if c.id == one["owner"]), None) if playbook else None
    holding = incident.roles.get(role.id) if role else None
    done = rule.done if rule else None
    return {
        **one,
        "says": SAYS[one["state"]],
        "owner_name": (role.short or role.name) if role else contact.name if contact else str(one["owner"]).replace("_", " "),
        "person": holding.person if holding else "",
        "asks": (done.mark or "") if done else "",
        "compose": _message_for(one, rule, playbook),
        "answers": done is not None and done.assessment is not None,
        "by_hand": done is None or bool(done.mark or done.follow_up),
        "can_restore": one["state"] == "waived"
        or any(f"{of}:{name}" in incident.marks_done for of in ("mark", "obligation", "follow_up") for name in (one["id"], one["rule"])),
    }


def _without_doubles(duties: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out a promise where a duty to the same audience falls due at the same moment; that one says that it was promised."""
    others = {(one["audience"], one["due_at"]) for one in duties if one["kind"] != "promise"}
    promised = {(one["audience"], one["due_at"]) for one in duties if one["kind"] == "promise"}
    return [
        {**one, "promised": (one["audience"], one["due_at"]) in promised}
        for one in duties
        if one["kind"] != "promise" or (one["audience"], one["due_at"]) not in others
    ]


def _message_for(one: Mapping[str, Any], rule: Any, playbook: Playbook | None) -> str:
    """Return the message that keeps an obligation to an audience; empty where it is kept in another way."""
    if playbook is None or not one["audience"] or (rule is not None and rule.done.update_to is None):
        return ""
    wanted = rule.done.update_kind if rule is not None else None
    fits = [m for m in playbook.messages if one["audience"] in m.audiences and m.kind not in ("page", "roles")]
    best = [m for m in fits if m.kind == (wanted or "update")] or ([] if wanted else fits)
    return best[0].id if best else ""


def stages(incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    """Return the playbook's stages in its order, as a rail: what was passed, where it stands, what lies ahead."""
    if playbook is None:
        return []
    order = [stage for stage in playbook.lifecycle.stages if _on_the_rail(stage, incident, playbook)]
    ids = [stage.id for stage in order]
    here = ids.index(incident.stage) if incident.stage in ids else len(ids)
    shown = []
    for index, stage in enumerate(order):
        entered = incident.stages.get(stage.id)
        state = "here" if index == here else "passed" if entered is not None and index < here else "skipped" if index < here else "ahead"
        shown.append(
            {
                "id": stage.id, "name": stage.name, "does": stage.does, "public": stage.public, "state": state,
                "at": incident.stage_since if index == here else entered.at if entered and index < here else None,
            },
        )  # fmt: skip
    return shown


def _on_the_rail(stage: Stage, incident: Incident, playbook: Playbook) -> bool:
    beside = stage.kind == "dismissed" or stage.id == playbook.lifecycle.triage
    return not beside or stage.id == incident.stage or (stage.id in incident.stages and stage.kind != "dismissed")


def _ways(ways: Sequence[Mapping[str, Any]], incident: Incident, playbook: Playbook | None, now: datetime) -> list[dict[str, Any]]:
    """Return the allowed moves, the usual one first."""
    if playbook is None:
        return []
    ids = [stage.id for stage in playbook.lifecycle.stages]
    here = ids.index(incident.stage) if incident.stage in ids else 0
    shown = []
    for way in ways:
        gate = playbook.gate(way["gate"]) if way["gate"] else None
        items = gates.gate_view(incident, playbook, gate, now).items if gate else ()
        verified, waived, total = gates.verified(items)
        distance = ids.index(way["to"]) - here if way["to"] in ids else 0
        aside = way["backward"] or way["kind"] == "dismissed" or distance < 0
        shown.append(
            {
                **way,
                "gate_name": gate.name if gate else "",
                "gate_waived": incident.checks.get(f"{gates.GATE}.{gate.id}") if gate else None,
                "wants": _wants(
                    way["missing"], items, {gates.milestone_wanted(name, playbook): name for name in gate.requires} if gate else {}
                ),
                "verified": verified + waived,
                "total": total,
                "aside": aside,
                "distance": distance,
            }
        )
    return sorted(shown, key=lambda way: (way["aside"], way["distance"] if not way["aside"] else -way["distance"]))


def _wants(missing: Sequence[str], items: Sequence[gates.ItemView], required: Mapping[str, str]) -> list[dict[str, str]]:
    """Return what a gate still wants, each with the criterion or the milestone that it is; windows and roles are neither.

    required: what a gate says of its milestones, and which one that is.
    """
    waiting = [item for item in items if item.state in ("open", "unmet")]
    return [
        {
            "says": says, "item": next((item.id for item in waiting if says.startswith(item.says)), ""),
            "milestone": required.get(says, ""),
        }
        for says in missing
    ]  # fmt: skip


def people(incident: Incident) -> list[dict[str, Any]]:
    """Return who takes part and who was called, in the order in which they came."""
    there = sorted(incident.engaged.items(), key=lambda p: p[1])
    engaged = [{"name": who, "since": since, "joined": True, "left": incident.left.get(who)} for who, since in there]
    called = [
        {"name": who, "since": since, "joined": False, "left": incident.left.get(who)} for who, since in incident.invited.items() if who not in incident.engaged
    ]  # fmt: skip
    return sorted(engaged + called, key=lambda one: one["left"] is not None)


def chips(counts: Mapping[str, int], chosen: Sequence[str], playbook: Playbook | None) -> list[dict[str, Any]]:
    """Return the sorts of lines that a timeline has, each with its number, whether it is chosen, and the choice that a press on it makes."""
    types = {t.id: t.name for t in playbook.entry_types} if playbook else {}
    names = {
        **types,
        **{sort: sort.replace("_", " ").capitalize() for sort in counts if sort not in SORT_NAMES and sort not in types},
        **SORT_NAMES,
    }
    shown = []
    for sort, name in names.items():
        if counts.get(sort) or sort in chosen:
            after = [one for one in chosen if one != sort] if sort in chosen else [*chosen, sort]
            shown.append({"id": sort, "name": name, "count": counts.get(sort, 0), "on": sort in chosen, "then": ",".join(after)})
    return shown


def mine(incident: Incident, person: str) -> dict[str, Any]:
    """Return what the room is to somebody: whether they take part, what they hold, and what they are asked to take."""
    return {
        "there": person in incident.engaged and person not in incident.left,
        "roles": [role for role, holding in incident.roles.items() if holding.person == person],
        "offers": [
            {"role": role, "by": offer.by, "note": offer.note, "at": offer.at}
            for role, offer in incident.offers.items()
            if offer.person == person
        ],
    }


def last_ruling(incident: Incident, playbook: Playbook | None) -> dict[str, Any] | None:
    """Return the newest decision of whoever leads; None where nothing was decided."""
    kinds = [t.id for t in playbook.entry_types if t.by_lead_only] if playbook else []
    said = [incident.last[kind] for kind in kinds if kind in incident.last]
    newest = max(said, key=lambda one: (one.at, one.source), default=None)
    return {"text": newest.text, "at": newest.at} if newest else None


def leaves(incident: Incident, playbook: Playbook | None, person: str) -> bool:
    """Tell whether somebody who leaves has to say who takes a role of theirs."""
    level = playbook.severity(incident.severity) if playbook and incident.severity else None
    wanted = {*(level.mandatory_roles if level else ()), *((playbook.lead.id,) if playbook and playbook.lead else ())}
    return any(holding.person == person and role in wanted for role, holding in incident.roles.items())


def keys(playbook: Playbook | None) -> dict[str, str]:
    """Return the single keys of the room, ``update``, ``stage``, ``hand`` and more; empty where a type of entry has taken the letter."""
    taken = {t.key for t in playbook.entry_types} if playbook else set()
    wanted = {"update": "u", "stage": "s", "hand": "h", "invite": "i", "files": "f", "bridge": "b"}
    return {name: key if key not in taken else "" for name, key in wanted.items()}


def _checklist(one: Mapping[str, Any]) -> dict[str, Any]:
    items = one["items"]
    done = sum(item["state"] in ("ticked", "met", "waived") for item in items)
    return {**one, "done": done, "total": len(items), "waived": sum(item["state"] == "waived" for item in items)}


def _names(playbook: Playbook | None) -> dict[str, dict[str, str]]:
    kinds = playbook.mitigations if playbook else ()
    return {"mitigation": {m.id: m.name for m in kinds}, "verify": {m.id: m.verify for m in kinds}}


def _party(target: str, playbook: Playbook) -> str:
    """Return a role's or contact's name in short."""
    role = playbook.role(target)
    contact = next((one for one in playbook.contacts if one.id == target), None)
    return (role.short or role.name) if role else contact.name if contact else target.replace("_", " ")


def _marks(incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    here = incident.now_circumstances
    return [{"id": m.id, "ask": m.ask, "value": bool(here and here.marks.get(m.id, m.default))} for m in playbook.marks] if playbook else []


def _moments(incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    own = {m.id: m.name for m in playbook.milestones} if playbook else {}
    known = milestones.known(incident, playbook)
    start = min((m.at for m in known.values()), default=None)
    return [
        {
            "id": name, "name": own.get(name) or name.replace("_", " ").capitalize(), "at": moment.at, "until": moment.until, "fact": moment.source,
            "precision": moment.precision, "stated": moment.explicit, "note": moment.note, "offset": (moment.at - start) if start else timedelta(0),
        }
        for name, moment in known.items()
    ]  # fmt: skip


def _figures(incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    """Return every figure that the playbook names, those that the postmortem asks for first, each with what is known of it."""
    named = sorted(playbook.figures, key=lambda figure: not figure.required) if playbook else []
    return [
        {
            "id": figure.id, "name": figure.name, "kind": figure.kind, "required": figure.required, "numeric": figure.kind in NUMERIC,
            "known": (known := incident.figures.get(figure.id)), "unit": (known.unit if known else "") or figure.unit, "own_unit": figure.unit,
        }
        for figure in named
    ]  # fmt: skip


def _readings(incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    about = {m.id: m for m in playbook.measures} if playbook else {}
    return [
        {
            "id": name, "name": about[name].name if name in about else name, "first": series.first, "last": series.last, "largest": series.largest,
            "unit": series.last.unit, "threshold": about[name].threshold if name in about else None,
        }
        for name, series in incident.readings.items()
    ]  # fmt: skip


def _asks(incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    """Return the questions of the first assessment, those that are not answered first, each with its answer."""
    said = {name: one.text for name, one in incident.assessment.items() if one.text}
    asked = sorted(playbook.assessment, key=lambda one: one.id in said) if playbook else []
    return [{"id": one.id, "ask": one.ask, "required": one.required, "said": said.get(one.id, "")} for one in asked]


def _assessment(incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    asked = {f.id: f.ask for f in playbook.assessment} if playbook else {}
    return [{"ask": asked.get(name, name), "text": said.text, "at": said.at} for name, said in incident.assessment.items() if said.text]


def _severity_name(incident: Incident, playbook: Playbook | None) -> str:
    level = playbook.severity(incident.severity) if playbook and incident.severity else None
    return level.name if level else ""
