"""What a role is not enough for: who may have which command carried out on which record. The runtime asks this for every one. Pure.

The address of a page or an endpoint asks for a role; this is about the record itself, so that no page, endpoint or tool goes past it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from tocsin.engine.errors import NotAllowed
from tocsin.engine.model import Command, Role, Viewer
from tocsin.heartbeats.model import SaveHeartbeat
from tocsin.oncall import commands as oncall
from tocsin.oncall.model import Schedule
from tocsin.paging.commands import SavePolicy
from tocsin.paging.model import PolicyRecord
from tocsin.people import rights
from tocsin.people.checks import check_person, check_team
from tocsin.services.model import SaveService, Service

Find = Callable[[str], Any]
Check = Callable[[Viewer, str, Command, Find], None]

NEEDS: Final[Mapping[str, Role]] = {
    "intake_key": "administrator", "account": "administrator", "token": "administrator", "audit": "administrator", "pager": "manager",
    "playbook": "manager", "routes": "manager", "inhibitions": "manager",
}  # fmt: skip
"""The least role that changes records of a kind; kinds that are not named, and not owned: ``responder``."""
_ALSO_CONFIGURES: Final = frozenset({"silence", "maintenance", "status_page"})


def rule(viewer: Viewer, kind: str, record: str, command: Command, find: Find) -> bool:
    """Make sure that somebody may have a command carried out on a record; return whether it is a change of how the house works.

    find: the state of a stream; None where it has no facts yet.

    Raises:
        NotAllowed: they may not.

    """
    check = _OWNED.get(kind)
    if check is not None:
        check(viewer, record, command, find)
        return True
    rights.require(viewer, NEEDS.get(kind, "responder"))
    return kind in NEEDS or kind in _ALSO_CONFIGURES


def owners_of(kind: str, state: Any, command: Command | None = None) -> tuple[str, ...]:
    """Return the teams that own a record: what it says, or, where it is new, what the command makes it say."""
    match kind:
        case "service":
            service: Service | None = state
            saved = service.saved if service is not None else command if isinstance(command, SaveService) else None
            found = saved.owner if saved is not None else ""
        case "schedule":
            schedule: Schedule | None = state
            found = schedule.rota.team if schedule is not None else command.team if isinstance(command, oncall.SaveSchedule) else ""
        case "policy":
            known: PolicyRecord | None = state
            policy = known.saved if known is not None else command if isinstance(command, SavePolicy) else None
            found = policy.team if policy is not None else ""
        case _:
            found = ""
    return (found,) if found else ()


def _owned(kind: str) -> Check:
    def check(viewer: Viewer, record: str, command: Command, find: Find) -> None:
        rights.require_change(viewer, owners_of(kind, find(f"{kind}:{record}"), command), f"the {kind} {record}")

    return check


def _heartbeat(viewer: Viewer, record: str, command: Command, find: Find) -> None:
    """A heartbeat is its service's, and so that service's team's."""
    known = find(f"heartbeat:{record}")
    services = [known.saved.service] if known is not None and known.saved is not None else []
    services += [command.service] if isinstance(command, SaveHeartbeat) and not services else []
    owners = [team for service in services if service for team in owners_of("service", find(f"service:{service}"))]
    rights.require_change(viewer, owners, f"the heartbeat {record}")


def _schedule(viewer: Viewer, record: str, command: Command, find: Find) -> None:
    """A schedule is its team's; but whoever is named by an override or an offer decides about their own duty."""
    state = find(f"schedule:{record}")
    concerned = _concerned(state, command)
    if concerned is not None and rights.at_least(viewer.role, "responder"):
        if viewer.kind == "person" and (viewer.id in concerned or "" in concerned):
            return
        if not rights.may_change(viewer, owners_of("schedule", state)):
            raise NotAllowed(
                f"{viewer.id} may not decide about the duty of others in the schedule {record}.",
                fix="Change your own shifts, or ask somebody of the schedule's team, or a manager.", field="person",
            )  # fmt: skip
        return
    rights.require_change(viewer, owners_of("schedule", state, command), f"the schedule {record}")


def _concerned(state: Any, command: Command) -> Iterable[str] | None:
    """Return whose duty a command is about, ``""`` for whoever asks; None where it is about the schedule itself."""
    schedule: Schedule | None = state
    match command:
        case oncall.AddOverride(how="remove", instead_of=other):
            return (other or "-",)
        case oncall.AddOverride(person=person, instead_of=other):
            return (person or "", other or "-")
        case oncall.RemoveOverride(override=name):
            known = schedule.overrides.get(name) if schedule is not None else None
            return (known.person, known.instead_of, known.by) if known is not None else ("",)
        case oncall.OfferShift(person=person) | oncall.TakeShift(person=person) | oncall.DeclineShift(person=person):
            return (person or "",)
        case oncall.WithdrawOffer(exchange=name):
            offer = schedule.exchanges.get(name) if schedule is not None else None
            return (offer.person,) if offer is not None else ("",)
        case _:
            return None


def _availability(viewer: Viewer, record: str, _command: Command, _find: Find) -> None:
    own = viewer.kind == "person" and viewer.id == record
    if not own and not rights.at_least(viewer.role, "manager"):
        raise NotAllowed(f"{viewer.id} may not say when {record} is away.", fix=f"Ask {record}, or a manager.", field="person")
    rights.require(viewer, "responder")


def _person(viewer: Viewer, record: str, command: Command, find: Find) -> None:
    check_person(viewer, record, command, find(f"person:{record}"))


def _team(viewer: Viewer, record: str, _command: Command, _find: Find) -> None:
    check_team(viewer, record)


_OWNED: Final[Mapping[str, Check]] = {
    "heartbeat": _heartbeat,
    "service": _owned("service"), "policy": _owned("policy"), "schedule": _schedule, "availability": _availability, "person": _person, "team": _team,
}  # fmt: skip
