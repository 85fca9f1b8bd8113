"""What an API token is good for: the four roles as scopes, and a few single doors for tools that need no more. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from tocsin.engine.errors import Refused
from tocsin.engine.model import Role
from tocsin.people.rights import MEANS, ROLES

ROLE_SCOPES: Final[dict[str, Role]] = {"read": "viewer", "respond": "responder", "manage": "manager", "admin": "administrator"}
"""Each includes the ones before it."""
DOORS: Final[dict[str, tuple[Role, str]]] = {
    "alerts:write": ("responder", "reports alerts and changes, and lets heartbeats beat; nothing else"),
    "metrics:read": ("viewer", "reads the figures of the insights; nothing else"),
    "on-call:read": ("viewer", "reads who is on call; nothing else"),
    "audit:read": ("administrator", "reads the audit; nothing else"),
}
"""Scope -> the role that its endpoints ask for, and what it means."""
PRIVATE: Final = "private:read"
"""Also reads private incidents. Only who reads all of them can give it: the installation's own token."""
SCOPES: Final[dict[str, str]] = {
    **{scope: MEANS[role] for scope, role in ROLE_SCOPES.items()},
    **{scope: says for scope, (_, says) in DOORS.items()},
    PRIVATE: "also reads private incidents; only the installation's own token can give it",
}
"""Every scope and what it means."""


@dataclass(frozen=True)
class Grant:
    """What scopes amount to."""

    role: Role | None
    """None: no role, only doors."""
    doors: tuple[str, ...]
    private: bool

    def at(self, door: str) -> Role | None:
        """Return the role at an endpoint whose door is this (``""``: it has none); None where the token is not good for it."""
        if door not in self.doors:
            return self.role
        theirs = DOORS[door][0]
        return theirs if self.role is None else max(theirs, self.role, key=ROLES.index)


def read_scopes(scopes: Iterable[str]) -> Grant:
    """Return what scopes amount to; those that are not known (any more) give nothing."""
    known = list(scopes)
    roles = [ROLE_SCOPES[scope] for scope in known if scope in ROLE_SCOPES]
    return Grant(max(roles, key=ROLES.index) if roles else None, tuple(scope for scope in known if scope in DOORS), PRIVATE in known)


def check_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return scopes in their own order, each once.

    Raises:
        Refused: one is not known, or there is none that opens anything.

    """
    given = set(scopes)
    for scope in sorted(given):
        if scope not in SCOPES:
            raise Refused(f"There is no scope {scope!r}.", fix=f"There are: {', '.join(SCOPES)}.", field="scopes")
    if not given - {PRIVATE}:
        raise Refused(
            "A token needs a scope.", fix=f"Take one of {', '.join(scope for scope in SCOPES if scope != PRIVATE)}.", field="scopes"
        )
    return tuple(scope for scope in SCOPES if scope in given)
