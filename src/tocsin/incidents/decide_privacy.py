"""Who reads an incident: private or public, and who is asked out again. Pure."""

from __future__ import annotations

from tocsin.engine.errors import Conflict, Refused
from tocsin.engine.model import Command, Context, Decision
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events
from tocsin.incidents.decide_base import Handler, need, one
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook


def _set_privacy(incident: Incident, command: c.SetPrivacy, ctx: Context, playbook: Playbook) -> Decision:
    if incident.merged_into:
        raise errors.Ended(incident.id, incident.stage, incident.merged_into)
    if incident.private == command.private:
        return Decision(result={"private": incident.private})
    by = ctx.actor.id if ctx.actor.kind == "person" else ""
    why = need(command.reason, "reason", "people will ask why some could not read it")
    if command.private and not by and not incident.readers:
        raise Refused("Nobody would be able to read it.", fix="Send it as a person (--as NAME), or invite somebody first.", field="private")
    return one(events.PrivacyChanged(command.private, why, by), private=command.private)


def _uninvite(incident: Incident, command: c.Uninvite, ctx: Context, playbook: Playbook) -> Decision:
    if command.person not in incident.readers:
        raise errors.UnknownWord("person", command.person, sorted(incident.readers))
    held = [role for role, holding in incident.roles.items() if holding.person == command.person]
    if held:
        raise Conflict(f"{command.person} holds the role {held[0]}.", fix="Hand the role over first, or vacate it.", field="person")
    if incident.private and incident.readers == {command.person}:
        raise Conflict("Nobody else reads this incident.", fix="Invite somebody first.", field="person")
    return one(events.PersonUninvited(command.person, command.reason), person=command.person)


HANDLERS: dict[type[Command], Handler] = {c.SetPrivacy: _set_privacy, c.Uninvite: _uninvite}
