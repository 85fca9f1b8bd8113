"""The service as a kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.engine.errors import Conflict
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, Reader, RowWrite
from tocsin.people.ids import checked_id
from tocsin.services.model import SaveService, Service, ServiceSaved, names_of
from tocsin.services.queries import owner_of_name


def _prepare(service: Service, command: Command, reader: Reader) -> dict[str, str]:
    """Look up which other services have the names that this one is to have."""
    assert isinstance(command, SaveService)
    owners = {name: owner_of_name(reader, name) for name in names_of(service.id, command)}
    return {name: owner for name, owner in owners.items() if owner and owner != service.id}


def _decide(service: Service, command: Command, ctx: Context) -> Decision:
    assert isinstance(command, SaveService)
    checked_id(service.id, "service")
    taken: dict[str, str] = ctx.found
    for name, owner in taken.items():
        raise Conflict(
            f"{name!r} is a name of the service {owner} already.", fix=f"Take it out here, or save {owner} without it first.", field="aliases",
        )  # fmt: skip
    if command == service.saved:
        return Decision(result={"service": service.id, "changed": False})
    return Decision((Happened(ServiceSaved(command)),), result={"service": service.id, "changed": True})


def _evolve(service: Service, fact: Fact) -> Service:
    assert isinstance(fact.event, ServiceSaved)
    return Service(service.id, fact.version, fact.event.service)


def _rows(before: Service, after: Service, _facts: Sequence[Fact]) -> list[RowWrite]:
    saved: Any = after.saved
    old = names_of(before.id, before.saved) if before.saved else ()
    new = names_of(after.id, saved)
    return [
        RowWrite("services", (after.id,), {"id": after.id, "name": saved.name, "owner": saved.owner, "playbook": saved.playbook}),
        *(RowWrite("service_names", (name,), {"name": name, "service": after.id}) for name in new),
        *(RowWrite("service_names", (name,), None) for name in old if name not in new),
    ]


def service_kind() -> Kind:
    """Return the service as a kind of record."""
    return Kind(
        name="service", state=Service, events=(ServiceSaved,), fold_version=1, initial=Service, evolve=_evolve, decide=_decide,
        prepare=_prepare, rows=_rows,
    )  # fmt: skip
