"""What people do: acknowledge, take roles, mitigate, tick criteria, tell audiences, meet obligations. Pure."""

from __future__ import annotations

from typing import Any

from tocsin.engine.errors import Conflict, Refused
from tocsin.engine.model import Command, Context, Decision, Happened
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events, gates, messages, obligations
from tocsin.incidents import notes as n
from tocsin.incidents.decide_base import Found, Handler, milestones_set_by, need, occurred, one, open_only, person, role_id
from tocsin.incidents.decide_room import given
from tocsin.incidents.model import Incident
from tocsin.incidents.roles import assigned, on_acknowledging
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import Checklist, ChecklistItem


def _acknowledge(incident: Incident, command: c.Acknowledge, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    if command.person is None and ctx.actor.kind != "person":
        raise Refused("An acknowledgement needs a named person.", fix="Send it as a person (--as NAME), or give `person`.", field="person")
    who = person(ctx, command.person)
    at = occurred(command.at, ctx)
    facts = [Happened(events.Acknowledged(who), at)]
    held = {role: holding.person for role, holding in incident.roles.items()}
    facts.extend(
        Happened(assigned(playbook, held, role, who, previous=""), at) for role in on_acknowledging(playbook, incident.severity, held)
    )
    return Decision(tuple(facts), result={"acknowledged_by": who})


def _assign(incident: Incident, command: c.AssignRole, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    role = role_id(playbook, command.role)
    holding = incident.roles.get(role)
    if holding is not None and holding.person == command.person:
        return Decision(result={"role": role, "person": command.person, "conflicts": []})
    facts, deliveries = given(incident, playbook, role, command.person, command.note, ctx, command.at)
    taken = facts[0].event
    assert isinstance(taken, events.RoleAssigned)
    return Decision(facts, deliveries, {"role": role, "person": command.person, "conflicts": list(taken.conflicts)})


def _vacate(incident: Incident, command: c.VacateRole, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    role = role_id(playbook, command.role)
    holding = incident.roles.get(role)
    if holding is None:
        raise Conflict(f"Nobody holds the role {role}.", fix="Nothing to do.")
    return one(events.RoleVacated(role, holding.person, command.note), occurred(command.at, ctx), role=role)


def _invite(incident: Incident, command: c.Invite, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    at = occurred(command.at, ctx)
    new = [who for who in dict.fromkeys(command.people) if who not in incident.invited or who in incident.left]
    return Decision(tuple(Happened(events.PersonInvited(who, command.why), at) for who in new), result={"invited": new})


def _join(incident: Incident, command: c.Join, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    if command.person in incident.engaged and command.person not in incident.left:
        return Decision(result={"joined": command.person})
    return one(events.PersonJoined(command.person), occurred(command.at, ctx), joined=command.person)


def _mitigate(incident: Incident, command: c.StartMitigation, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    kind = next((m for m in playbook.mitigations if m.id == command.kind), None)
    if kind is None:
        raise errors.UnknownWord("kind", command.kind, (m.id for m in playbook.mitigations))
    if kind.dangerous and not command.confirmed.strip():
        raise Refused(
            f"{kind.name} is dangerous: {kind.guard or 'make sure first'}.", fix="Give `confirmed`: what you checked.", field="confirmed"
        )
    at = occurred(command.at, ctx)
    mitigation = f"M{len(incident.mitigations) + 1}"
    by = command.by or (ctx.actor.id if ctx.actor.kind == "person" else "")
    facts = [Happened(events.MitigationStarted(mitigation, kind.id, command.text, by, command.before), at)]
    if command.done:
        facts.append(Happened(_completed(playbook, mitigation, kind.id, "", command.after), at))
    return Decision(tuple(facts), result={"mitigation": mitigation})


def _completed(playbook: Playbook, mitigation: str, kind: str, text: str, after: str) -> events.MitigationCompleted:
    return events.MitigationCompleted(mitigation, text, after, milestones_set_by(playbook, lambda s: s.mitigation == kind))


def _mitigation(incident: Incident, mitigation: str) -> Any:
    found = incident.mitigations.get(mitigation)
    if found is None:
        raise errors.UnknownWord("mitigation", mitigation, incident.mitigations)
    return found


def _complete(incident: Incident, command: c.CompleteMitigation, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    found = _mitigation(incident, command.mitigation)
    at = occurred(command.at, ctx)
    if at < found.started_at:
        raise Refused("It cannot be in place before it was begun.", fix=f"It began at {found.started_at:%H:%M} UTC.", field="at")
    return one(_completed(playbook, found.id, found.kind, command.text, command.after), at, mitigation=found.id)


def _verify(incident: Incident, command: c.VerifyMitigation, ctx: Context, playbook: Playbook) -> Decision:
    found = _mitigation(incident, command.mitigation)
    sets = ("mitigation_effective",) if command.effective else ()
    verified = events.MitigationVerified(found.id, command.effective, command.text, command.after, sets)
    return one(verified, occurred(command.at, ctx), mitigation=found.id, effective=command.effective)


def _item(playbook: Playbook, name: str) -> tuple[Checklist, ChecklistItem]:
    checklist_id, _, item_id = name.partition(".")
    known = [f"{cl.id}.{item.id}" for cl in playbook.checklists for item in cl.items] + [f"{gates.GATE}.{g.id}" for g in playbook.gates]
    if not item_id:  # a bare item id will do where it is the only one
        matches = [full for full in known if full.endswith(f".{name}")]
        if len(matches) == 1:
            checklist_id, _, item_id = matches[0].partition(".")
    for checklist in playbook.checklists:
        for item in checklist.items:
            if (checklist.id, item.id) == (checklist_id, item_id):
                return checklist, item
    raise errors.UnknownWord("item", name, known)


def _tick(incident: Incident, command: c.Tick, ctx: Context, playbook: Playbook) -> Decision:
    if incident.merged_into:
        raise errors.Ended(incident.id, incident.stage, incident.merged_into)
    checklist, item = _item(playbook, command.item)
    at = occurred(command.at, ctx)
    if checklist.evidence and item.kind in gates.BY_PERSON:
        need(command.evidence, "evidence", "a tick says what was seen, such as a figure, a time or a link")
    if item.kind in ("metric", "timer", "no_alerts"):
        state, why = gates.judge(incident, playbook, item, at)
        if state == "unmet":
            raise Conflict(
                f"{item.says}: not met, {why}.", fix="Log the reading that meets it, wait, or waive it with a reason.", field="item"
            )
    return one(events.CheckTicked(checklist.id, item.id, command.evidence), at, item=f"{checklist.id}.{item.id}")


def _untick(incident: Incident, command: c.Untick, ctx: Context, playbook: Playbook) -> Decision:
    if command.item in incident.checks:
        checklist_id, _, item_id = command.item.partition(".")
    else:
        checklist, item = _item(playbook, command.item)
        checklist_id, item_id = checklist.id, item.id
        if f"{checklist_id}.{item_id}" not in incident.checks:
            return Decision()
    return one(events.CheckUnticked(checklist_id, item_id, command.reason), None, item=f"{checklist_id}.{item_id}")


def _waive(incident: Incident, command: c.Waive, ctx: Context, playbook: Playbook) -> Decision:
    kind, _, gate = command.item.partition(".")
    if kind == gates.GATE and playbook.gate(gate) is not None:
        checklist_id, item_id = gates.GATE, gate
    else:
        checklist, item = _item(playbook, command.item)
        checklist_id, item_id = checklist.id, item.id
    if ctx.actor.kind != "person":
        raise Refused(
            "A waiver needs a named person.", fix="Send it as a person (--as NAME, or the X-Tocsin-Person header).", field="actor"
        )
    need(command.reason, "reason", "a waiver is kept with its reason")
    return one(events.CheckWaived(checklist_id, item_id, command.reason), occurred(command.at, ctx), item=f"{checklist_id}.{item_id}")


def _post_update(incident: Incident, command: c.PostUpdate, ctx: Context, playbook: Playbook) -> Decision:
    posted, deliveries = messages.post(incident, playbook, command, ctx, occurred(command.at, ctx))
    return Decision(
        (Happened(posted, occurred(command.at, ctx)),),
        deliveries,
        {
            "message": posted.message, "number": posted.number, "fact": incident.version + 1, "audiences": list(posted.audiences),
            "next_at": posted.next_at.isoformat() if posted.next_at else None,
        },
    )  # fmt: skip


def _send_again(incident: Incident, command: c.SendAgain, ctx: Context, playbook: Playbook) -> Decision:
    found: Found = ctx.found
    if found.entry is None or not isinstance(found.entry.event, events.UpdatePosted):
        raise Refused(f"{incident.id} has no update {command.fact}.", fix="Give the number of the fact that told it.", field="fact")
    delivery = messages.again(incident, playbook, found.entry.event, command, ctx.fresh[0])
    return Decision((), (delivery,), {"fact": command.fact, "audience": command.audience, "channel": command.channel})


def _escalate(incident: Incident, command: c.Escalate, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    rule = next((r for r in playbook.escalations if r.id == command.rule), None)
    if rule is None:
        raise errors.UnknownWord("rule", command.rule, (r.id for r in playbook.escalations))
    to = tuple(dict.fromkeys(incident.roles[name].person if name in incident.roles else name for name in rule.to))
    says = f"{rule.says} {command.why}".strip()
    escalated = events.Escalated(f"{rule.id}@{incident.version + 1}", to, says, rule.when)
    frozen = messages.frozen(incident, playbook, ctx.now)
    values = {
        "rule": rule.id, "says": says, "when": rule.when, "sent_at": ctx.now.isoformat(), "incident": frozen["incident"], "template": frozen["template"],
    }  # fmt: skip
    deliveries = messages.to_people(incident, "incident.escalation", f"{incident.version + 1}:{rule.id}", to, values)
    return Decision((Happened(escalated, occurred(command.at, ctx)),), deliveries, {"rule": rule.id, "called": list(to)})


def _mark_done(incident: Incident, command: c.MarkDone, ctx: Context, playbook: Playbook) -> Decision:
    mark = obligations.mark_of(incident, playbook, command.obligation, ctx.now)
    if mark is None:
        raise errors.UnknownWord("obligation", command.obligation, obligations.marks(playbook))
    return one(events.ObligationDone(mark, command.evidence, command.by), occurred(command.at, ctx), obligation=command.obligation)


def _waive_obligation(incident: Incident, command: c.WaiveObligation, ctx: Context, playbook: Playbook) -> Decision:
    if ctx.actor.kind != "person":
        raise Refused(
            "A waiver needs a named person.", fix="Send it as a person (--as NAME, or the X-Tocsin-Person header).", field="actor"
        )
    planned = obligations.plan(incident, playbook, ctx.now)
    found = next((o for o in planned if command.obligation in (o.id, o.rule)), None)
    if found is None:
        raise errors.UnknownWord("obligation", command.obligation, sorted({o.id for o in planned}))
    return one(
        events.ObligationWaived(found.id, need(command.reason, "reason", "a waiver is kept with its reason")), None, obligation=found.id
    )


def _note_postmortem(incident: Incident, command: n.NotePostmortem, ctx: Context, playbook: Playbook) -> Decision:
    what: Any = command.what
    milestone = {
        "drafted": "postmortem_drafted",
        "met": "postmortem_met",
        "approved": "postmortem_approved",
        "published": "postmortem_published",
    }
    all_signed = command.approver == "" or all(
        f"approval:{a.id}" in incident.marks_done or a.id == command.approver for a in playbook.review.approvals
    )  # fmt: skip
    sets = (milestone[command.what],) if command.what != "approved" or all_signed else ()
    marks = (f"approval:{command.approver}",) if command.approver else ()
    return one(events.PostmortemMoved(what, command.by, sets, marks), occurred(command.at, ctx))


HANDLERS: dict[type[Command], Handler] = {
    c.Acknowledge: _acknowledge, c.AssignRole: _assign, c.VacateRole: _vacate, c.Invite: _invite, c.Join: _join, c.StartMitigation: _mitigate,
    c.CompleteMitigation: _complete, c.VerifyMitigation: _verify, c.Escalate: _escalate, c.Tick: _tick, c.Untick: _untick, c.Waive: _waive, c.PostUpdate: _post_update, c.SendAgain: _send_again,
    c.MarkDone: _mark_done, c.WaiveObligation: _waive_obligation, n.NotePostmortem: _note_postmortem,
}  # fmt: skip
