"""What an action item still lacks under its playbook. An item may be saved with problems; the claims check and every list show them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final, Literal

import msgspec

from tocsin.playbooks.record import Actions
from tocsin.playbooks.response import Contact, Role

_SATURDAY: Final = 5
_COLLECTIVE: Final = ("team", "squad", "group", "department", "engineers", "developers", "devs", "sre", "everyone", "everybody", "all")
"""Last words that tell that a name stands for several people."""

Code = Literal["no_owner", "owner_is_no_person", "no_due", "due_on_weekend", "no_priority", "no_group", "no_ticket"]


class Problem(msgspec.Struct, frozen=True):
    """One thing that an item lacks."""

    code: Code
    says: str
    fix: str


class Known(msgspec.Struct, frozen=True):
    """Who is known to be a person, and which names stand for something else."""

    people: frozenset[str] = frozenset()
    """Ids and names, casefolded."""
    others: Mapping[str, str] = {}
    """Casefolded name to what it is: a team, a role, a contact."""


def known(people: Collection[str], teams: Collection[str], roles: Collection[Role], contacts: Collection[Contact]) -> Known:
    """Return who is who: a name that is a person's is a person, whatever else it may be."""
    others = {name.casefold(): "a team" for name in teams if name}
    for role in roles:
        others |= {name.casefold(): "a role" for name in (role.id, role.name, role.short) if name}
    for contact in contacts:
        kind = "a team" if contact.kind in ("team", "group") else f"a {contact.kind}"
        others |= {name.casefold(): kind for name in (contact.id, contact.name) if name}
    return Known(frozenset(name.casefold() for name in people if name), others)


def owner_is(owner: str, who: Known) -> str:
    """Return what an owner is instead of a person (``a team``); an empty text for a person and for a name that nobody knows."""
    name = owner.strip().lstrip("@").casefold()
    if not name or name in who.people:
        return ""
    if name in who.others:
        return who.others[name]
    if any(kind == "a role" and _words(other)[-1:] == [name] for other, kind in who.others.items()):
        return "a role"  # "manager", where there is an engineering manager
    words = _words(name)
    return "a team" if words and words[-1] in _COLLECTIVE else ""


def _words(name: str) -> list[str]:
    return name.replace("-", " ").replace("_", " ").split()


def problems(owner: str, due: date | None, priority: str, group: str, ticket: str, wanted: Actions, who: Known) -> list[Problem]:
    """Return what an item lacks of what the playbook asks for, and a due date on which nobody works."""
    found: list[Problem] = []
    needs = wanted.requires
    if "owner" in needs and not owner.strip():
        found.append(Problem("no_owner", "nobody owns it", "Name one person as its owner."))
    if wanted.owner_must_be_person and (kind := owner_is(owner, who)):
        found.append(
            Problem("owner_is_no_person", f"its owner {owner} is {kind}", "Name one person; a team can help, but nobody feels meant.")
        )
    if "due" in needs and due is None:
        found.append(Problem("no_due", "it has no due date", "Give the day by which it will be done."))
    if due is not None and due.weekday() >= _SATURDAY:
        found.append(Problem("due_on_weekend", f"it is due on {due}, a {due:%A}", "Choose a working day."))
    if "priority" in needs and not priority:
        found.append(
            Problem(
                "no_priority", "it has no priority", f"Choose one of {', '.join(wanted.priorities)}." if wanted.priorities else "Give one."
            )
        )
    if "group" in needs and not group:
        found.append(
            Problem(
                "no_group",
                "it is in no group",
                f"Choose one of {', '.join(g.id for g in wanted.groups)}." if wanted.groups else "Give one.",
            )
        )
    if "ticket" in needs and not ticket.strip():
        found.append(Problem("no_ticket", "it has no ticket", "Name the ticket under which the work is planned."))
    return found
