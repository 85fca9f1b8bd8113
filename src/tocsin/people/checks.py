"""Who may change whom: everybody their own name, zone and ways to be reached; managers everybody, and who belongs to which team. Pure."""

from __future__ import annotations

from tocsin.engine.errors import NotAllowed
from tocsin.engine.model import Command, Viewer
from tocsin.people import rights
from tocsin.people.commands import ChangePerson
from tocsin.people.model import Person, SavePerson


def may_change_person(viewer: Viewer, person_id: str) -> bool:
    """Tell whether somebody may change a person's name, zone and ways: their own, or as a manager."""
    return (viewer.kind == "person" and viewer.id == person_id) or rights.at_least(viewer.role, "manager")


def check_person(viewer: Viewer, person_id: str, command: Command, known: Person | None) -> None:
    """Make sure that somebody may give a command on a person.

    Teams give rights, so only a manager puts somebody into one or takes somebody out; the same holds for whether a person is active.

    Raises:
        NotAllowed: they may not.

    """
    if rights.at_least(viewer.role, "manager"):
        return
    if not may_change_person(viewer, person_id):
        raise NotAllowed(
            f"{viewer.id} may not change {person_id}.", fix=f"Everybody changes their own ways to be reached: ask {person_id}, or a manager.",
            field="role",
        )  # fmt: skip
    saved = known.saved if known is not None else None
    if saved is None:
        raise NotAllowed(f"{viewer.id} may not write down a new person.", fix="Ask a manager to.", field="role")
    if isinstance(command, SavePerson | ChangePerson):
        teams = saved.teams if command.teams is None else command.teams
        active = saved.active if command.active is None else command.active
        if set(teams) != set(saved.teams) or active != saved.active:
            raise NotAllowed(
                "Only a manager says who is in which team, and who is active.",
                fix="Leave both as they are, or ask a manager.",
                field="teams",
            )


def check_team(viewer: Viewer, team_id: str) -> None:
    """Make sure that somebody may change a team: a manager may, for teams give rights.

    Raises:
        NotAllowed: they may not.

    """
    if not rights.at_least(viewer.role, "manager"):
        raise NotAllowed(f"{viewer.id} may not change the team {team_id}.", fix="Teams give rights: ask a manager.", field="role")
