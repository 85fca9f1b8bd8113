"""What people put right or put in order: hand-overs asked for, leaving, pins, wrong links and alerts, waivers and merges taken back. Pure."""

from __future__ import annotations

from datetime import datetime

from tocsin.engine.errors import Conflict, NotAllowed, Refused
from tocsin.engine.model import Command, Context, Decision, Delivery, Happened
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events, messages, obligations
from tocsin.incidents.decide_base import Found, Handler, need, occurred, one, open_only, role_id
from tocsin.incidents.model import Incident, Offer
from tocsin.incidents.roles import assigned
from tocsin.playbooks.model import Playbook

MOST_PINNED = 12
"""So many lines fit above a timeline."""


def _name(playbook: Playbook, role: str) -> str:
    found = playbook.role(role)
    return (found.short or found.name) if found else role


def _offer(incident: Incident, command: c.OfferRole, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    role = role_id(playbook, command.role)
    holding = incident.roles.get(role)
    if holding is not None and holding.person == command.person:
        raise Conflict(f"{command.person} is {_name(playbook, role)} already.", fix="Nothing to do.", field="person")
    offer = incident.offers.get(role)
    if offer is not None and (offer.person, offer.note) == (command.person, command.note):
        return Decision(result={"role": role, "person": command.person})
    asked = events.HandOverOffered(role, command.person, holding.person if holding else "", command.note)
    return one(asked, occurred(command.at, ctx), role=role, person=command.person)


def _offered(incident: Incident, playbook: Playbook, role: str) -> Offer:
    offer = incident.offers.get(role)
    if offer is None:
        raise Conflict(
            f"Nobody is asked to take {_name(playbook, role)} any more.", fix="Look who holds it now; take it under Roles.", field="role"
        )
    return offer


def _accept(incident: Incident, command: c.AcceptRole, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    role = role_id(playbook, command.role)
    holding = incident.roles.get(role)
    if role not in incident.offers and holding is not None and holding.person == ctx.actor.id:
        return Decision(result={"role": role, "person": holding.person})  # a second tap on the phone
    offer = _offered(incident, playbook, role)
    if ctx.actor.kind == "person" and ctx.actor.id != offer.person:
        raise NotAllowed(
            f"{offer.person} was asked to take {_name(playbook, role)}, not {ctx.actor.id}.", fix="Take the role under Roles if you mean to.", field="role",
        )  # fmt: skip
    facts, deliveries = given(incident, playbook, role, offer.person, offer.note, ctx, command.at)
    return Decision(facts, deliveries, {"role": role, "person": offer.person})


def given(
    incident: Incident, playbook: Playbook, role: str, person: str, note: str, ctx: Context, when: datetime | None
) -> tuple[tuple[Happened, ...], tuple[Delivery, ...]]:
    """Return what follows when a person takes a role: the fact, and the list of roles where the lead changes hands.

    What nobody wrote for an audience does not go to one while the incident is private: those whom it names see it in the room.
    """
    at = occurred(when, ctx)
    held = {name: one.person for name, one in incident.roles.items()}
    fact = assigned(playbook, held, role, person, previous=held.get(role, ""), note=note)
    tells = fact.hand_over and fact.leads and not incident.private
    posted = messages.role_list(incident, playbook, {**held, role: person}, ctx, at) if tells else None
    if posted is None:
        return (Happened(fact, at),), ()
    return (Happened(fact, at), Happened(posted[0], at)), posted[1]


def _decline(incident: Incident, command: c.DeclineRole, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    role = role_id(playbook, command.role)
    offer = incident.offers.get(role)
    if offer is None:
        return Decision(result={"role": role})
    return one(events.HandOverDeclined(role, offer.person, command.note), occurred(command.at, ctx), role=role, person=offer.person)


def _leave(incident: Incident, command: c.Leave, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    who = command.person
    held = {name: holding.person for name, holding in incident.roles.items()}
    mine = [role for role, person in held.items() if person == who]
    if who not in incident.engaged or who in incident.left:
        return Decision(result={"left": who})
    level = playbook.severity(incident.severity) if incident.severity else None
    lead = playbook.lead
    wanted = {*(level.mandatory_roles if level else ()), *((lead.id,) if lead else ())}
    at = occurred(command.at, ctx)
    facts: list[Happened] = []
    deliveries: tuple[Delivery, ...] = ()
    if command.to == who:
        raise Refused(f"{who} cannot hand roles over to themselves.", fix="Name somebody else.", field="to")
    for role in mine:
        if command.to:
            gone, sent = given(incident, playbook, role, command.to, command.note, ctx, at)
            facts.extend(gone)
            deliveries += sent
        elif role in wanted:
            raise Refused(
                f"{who} is {_name(playbook, role)}, and {incident.severity or 'this incident'} wants that role filled.", fix="Name who takes it.", field="to",
            )  # fmt: skip
        else:
            facts.append(Happened(events.RoleVacated(role, who, command.note), at))
    facts.append(Happened(events.PersonLeft(who, command.note), at))
    return Decision(tuple(facts), deliveries, {"left": who, "handed": mine if command.to else []})


def _pin(incident: Incident, command: c.Pin, ctx: Context, playbook: Playbook) -> Decision:
    if incident.merged_into:
        raise errors.Ended(incident.id, incident.stage, incident.merged_into)
    found: Found = ctx.found
    if found.entry is None:
        raise Refused(f"{incident.id} has no line {command.fact}.", fix="Give the number that stands beside the line.", field="fact")
    if command.fact in incident.pinned:
        return Decision(result={"pinned": command.fact})
    if len(incident.pinned) >= MOST_PINNED:
        raise Conflict(f"{MOST_PINNED} lines are pinned already.", fix="Take one of them down first.", field="fact")
    return one(events.EntryPinned(command.fact), pinned=command.fact)


def _unpin(incident: Incident, command: c.Unpin, ctx: Context, playbook: Playbook) -> Decision:
    if command.fact not in incident.pinned:
        return Decision(result={"pinned": None})
    return one(events.EntryUnpinned(command.fact), pinned=None)


def _unlink_alert(incident: Incident, command: c.UnlinkAlert, ctx: Context, playbook: Playbook) -> Decision:
    open_only(incident)
    known = incident.alerts.get(command.alert)
    if known is None:
        return Decision(result={"alert": command.alert})
    return one(events.AlertUnlinked(command.alert, known.title, command.reason), alert=command.alert)


def _remove_link(incident: Incident, command: c.RemoveLink, ctx: Context, playbook: Playbook) -> Decision:
    if command.link not in incident.links:
        return Decision()
    return one(events.LinkRemoved(command.link))


def _restore(incident: Incident, command: c.RestoreObligation, ctx: Context, playbook: Playbook) -> Decision:
    planned = obligations.plan(incident, playbook, ctx.now)
    found = next((o for o in planned if command.obligation in (o.id, o.rule)), None)
    names = (found.id, found.rule) if found else (command.obligation,)
    waived = next((name for name in names if name in incident.waived), "")
    marks = [f"{of}:{name}" for name in names for of in ("mark", "obligation", "follow_up")]
    done = next((mark for mark in marks if mark in incident.marks_done), "")
    if not waived and not done:
        if found is None:
            raise errors.UnknownWord("obligation", command.obligation, sorted({o.id for o in planned}))
        raise Conflict(
            f"“{found.name}” was neither waived nor marked as done by hand.", fix="Correct the entry or message that it was kept by.", field="obligation",
        )  # fmt: skip
    return one(events.ObligationRestored(waived, "" if waived else done, command.reason), obligation=command.obligation)


def _unmerge(incident: Incident, command: c.Unmerge, ctx: Context, playbook: Playbook) -> Decision:
    if not incident.merged_into:
        raise Conflict(f"{incident.id} is not merged into another incident.", fix="Nothing to do.")
    need(command.reason, "reason", "a merge is taken back with its reason")
    stage = playbook.stage(incident.stage)
    ended = stage is not None and stage.kind in ("closed", "dismissed")
    return one(events.Unmerged(incident.merged_into, ended, command.reason), into=incident.merged_into)


def _release(incident: Incident, command: c.Release, ctx: Context, playbook: Playbook) -> Decision:
    return one(events.Released(command.source, command.title))


HANDLERS: dict[type[Command], Handler] = {
    c.OfferRole: _offer, c.AcceptRole: _accept, c.DeclineRole: _decline, c.Leave: _leave, c.Pin: _pin, c.Unpin: _unpin, c.UnlinkAlert: _unlink_alert,
    c.RemoveLink: _remove_link, c.RestoreObligation: _restore, c.Unmerge: _unmerge, c.Release: _release,
}  # fmt: skip
