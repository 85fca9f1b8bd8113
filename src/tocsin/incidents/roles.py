"""Who holds which role, and what is said openly when one person holds two. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tocsin.incidents import events
from tocsin.incidents.decide_base import milestones_set_by
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.process import SetBy


def conflicts(playbook: Playbook, held: Mapping[str, str]) -> tuple[str, ...]:
    """Return a sentence for each person who holds two roles that the playbook does not let one person share.

    held: role id to person.
    """
    sentences = []
    roles = [role for role in playbook.roles if role.id in held]
    for index, one in enumerate(roles):
        for other in roles[index + 1 :]:
            if held[one.id] != held[other.id] or other.id in one.may_share_with or one.id in other.may_share_with:
                continue
            sentences.append(f"{held[one.id]} is both {one.short or one.name} and {other.short or other.name}; back-up is needed")
    return tuple(sentences)


def on_acknowledging(playbook: Playbook, severity: str, held: Collection[str]) -> list[str]:
    """Return the roles that whoever acknowledges takes: those of the person on call, and what else the level wants filled by them.

    held: ids of roles that are filled already.
    """
    level = playbook.severity(severity) if severity else None
    wanted = level.mandatory_roles if level else ()
    return [role.id for role in playbook.roles if role.assign == "on_call" and role.id not in held and (role.on_call or role.id in wanted)]


def assigned(
    playbook: Playbook, held: Mapping[str, str], role_id: str, person: str, *, previous: str, note: str = ""
) -> events.RoleAssigned:
    """Return the fact that a person takes a role. held: the roles as they are before."""
    role = playbook.role(role_id)
    leads = bool(role and role.lead)
    hand_over = bool(previous) and previous != person

    def by_role(set_by: SetBy) -> bool:
        return set_by.assigned == role_id or (hand_over and set_by.hand_over_of == role_id)

    sets = milestones_set_by(playbook, by_role)
    if leads:
        sets = ("lead_assigned", *sets)
    after = {**held, role_id: person}
    mine = tuple(sentence for sentence in conflicts(playbook, after) if sentence.startswith(f"{person} "))
    return events.RoleAssigned(role_id, person, previous, leads, hand_over, note, mine, sets)
