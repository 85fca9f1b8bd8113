"""The service as a kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Conflict, NotFound
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, Reader, RowWrite, micros
from tocsin.people.ids import checked_id
from tocsin.services.model import Component, RetireService, SaveService, Service, ServiceRetired, ServiceSaved, SetComponent, names_of
from tocsin.services.queries import owner_of_name


class _Found(msgspec.Struct, frozen=True):
    taken: dict[str, str]
    """Names that this service is to have and another has, and which."""
    warnings: tuple[str, ...]
    """What it names and is not there."""


def _prepare(service: Service, command: Command, reader: Reader) -> _Found:
    """Look up which other services have the names that this one is to have, and what it names that is not there."""
    if not isinstance(command, SaveService):
        return _Found({}, ())
    owners = {name: owner_of_name(reader, name) for name in names_of(service.id, command)}
    named = (("team", command.owner), ("policy", command.policy), ("playbook", command.playbook))
    warnings = [f"There is no {_SAID[kind]} {name}." for kind, name in named if name and reader.state(f"{kind}:{name}") is None]
    return _Found({name: owner for name, owner in owners.items() if owner and owner != service.id}, tuple(warnings))


_SAID: Final = {"team": "team", "policy": "escalation policy", "playbook": "playbook"}


def _decide(service: Service, command: Command, ctx: Context) -> Decision:
    if isinstance(command, RetireService):
        return _retire(service, command)
    if isinstance(command, SetComponent):
        if service.saved is None or service.retired:
            raise NotFound(f"There is no service {service.id}.", fix="Check the id; `tocsin service list` shows them.")
        component = Component(" ".join(command.name.split()), " ".join(command.group.split()), command.about.strip())
        command = msgspec.structs.replace(service.saved, component=component)
    assert isinstance(command, SaveService)
    if command.component is None and service.saved is not None:
        command = msgspec.structs.replace(command, component=service.saved.component)
    checked_id(service.id, "service")
    found: _Found = ctx.found
    for name, owner in found.taken.items():
        raise Conflict(
            f"{name!r} is a name of the service {owner} already.", fix=f"Take it out here, or save {owner} without it first.", field="aliases",
        )  # fmt: skip
    result = {"service": service.id, "warnings": list(found.warnings)}
    if command == service.saved and not service.retired:
        return Decision(result={**result, "changed": False})
    return Decision((Happened(ServiceSaved(command)),), result={**result, "changed": True})


def _retire(service: Service, command: RetireService) -> Decision:
    if service.saved is None:
        raise NotFound(f"There is no service {service.id}.", fix="Check the id; `tocsin service list` shows them.")
    facts = () if service.retired else (Happened(ServiceRetired(command.why)),)
    return Decision(facts, result={"service": service.id, "changed": bool(facts)})


def _evolve(service: Service, fact: Fact) -> Service:
    if isinstance(fact.event, ServiceRetired):
        return msgspec.structs.replace(service, version=fact.version, retired=True)
    assert isinstance(fact.event, ServiceSaved)
    made = Service(service.id, fact.version, fact.event.service)
    since = (service.component_since if service.component is not None else None) or fact.recorded_at
    return msgspec.structs.replace(made, component_since=since if made.component is not None else None)


def _rows(before: Service, after: Service, facts: Sequence[Fact]) -> list[RowWrite]:
    saved: Any = after.saved
    old = names_of(before.id, before.saved) if before.saved and not before.retired else ()
    new = names_of(after.id, saved) if not after.retired else ()
    return [
        RowWrite(
            "services",
            (after.id,),
            {"id": after.id, "name": saved.name, "owner": saved.owner, "playbook": saved.playbook, "retired": after.retired},
        ),
        *(RowWrite("service_names", (name,), {"name": name, "service": after.id}) for name in new),
        *(RowWrite("service_names", (name,), None) for name in old if name not in new),
        *_component_rows(before, after, facts),
    ]


def _component_rows(before: Service, after: Service, facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the component's row where it changed."""
    old, new = before.component, after.component
    if old == new:
        return []
    if new is None:
        return [RowWrite("service_components", (after.id,), None)]
    since = after.component_since or facts[-1].recorded_at
    values = {
        "service": after.id, "name": new.name, "group_path": new.group, "about": new.about, "since": micros(since),
        "changed_at": micros(facts[-1].recorded_at),
    }  # fmt: skip
    return [RowWrite("service_components", (after.id,), values)]


def service_kind() -> Kind:
    """Return the service as a kind of record."""
    return Kind(
        name="service", state=Service, events=(ServiceSaved, ServiceRetired), fold_version=3, initial=Service, evolve=_evolve, decide=_decide,
        prepare=_prepare, rows=_rows,
    )  # fmt: skip
