"""Who may do what: four roles, each including the ones before, and what a team owns. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from tocsin.engine.errors import NotAllowed
from tocsin.engine.model import SYSTEM, Role, Viewer

ROLES: Final[tuple[Role, ...]] = ("viewer", "responder", "manager", "administrator")
"""From the least to the most."""
MEANS: Final[dict[Role, str]] = {
    "viewer": "reads",
    "responder": "works incidents, alerts and pages, and what their own team owns",
    "manager": "changes services, teams, schedules, policies, routes and playbooks of everybody",
    "administrator": "manages accounts, tokens, intake keys and the audit",
}
PUBLIC: Final = Viewer("public", "public")
"""Who reads without signing in."""
SYSTEM_VIEWER: Final = Viewer("system", SYSTEM.id, "administrator", reads_private=True)
"""The product itself, for what it works out and shows to nobody."""


def at_least(role: Role, wanted: Role) -> bool:
    """Tell whether a role includes another."""
    return ROLES.index(role) >= ROLES.index(wanted)


def require(viewer: Viewer, wanted: Role) -> None:
    """Make sure that somebody has a role.

    Raises:
        NotAllowed: they have a lesser one.

    """
    if not at_least(viewer.role, wanted):
        raise NotAllowed(
            f"This needs the role {wanted}, and {viewer.id} has the role {viewer.role}.",
            fix=f"Ask an administrator: the role {wanted} {MEANS[wanted]}.", field="role",
        )  # fmt: skip


def may_change(viewer: Viewer, owners: Iterable[str]) -> bool:
    """Tell whether somebody may change what these teams own: a manager may, and a responder who is in one of them."""
    return at_least(viewer.role, "manager") or (at_least(viewer.role, "responder") and not set(owners).isdisjoint(viewer.teams))


def require_change(viewer: Viewer, owners: Iterable[str], what: str) -> None:
    """Make sure that somebody may change what these teams own. what: ``the schedule payments``.

    Raises:
        NotAllowed: they may not; the refusal names the teams.

    """
    teams = [owner for owner in owners if owner]
    if not may_change(viewer, teams):
        whose = f"It belongs to {', '.join(teams)}" if teams else "No team owns it"
        raise NotAllowed(f"{viewer.id} may not change {what}.", fix=f"{whose}: ask one of its members, or a manager.", field="role")
