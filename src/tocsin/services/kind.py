"""The service as a kind of record. Pure."""

from __future__ import annotations

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Context, Decision, Fact, Happened, RowWrite
from tocsin.services.model import SaveService, Service, ServiceSaved


def _decide(service: Service, command: Command, _ctx: Context) -> Decision:
    assert isinstance(command, SaveService)
    if command == service.saved:
        return Decision(result={"service": service.id, "changed": False})
    return Decision((Happened(ServiceSaved(command)),), result={"service": service.id, "changed": True})


def _evolve(service: Service, fact: Fact) -> Service:
    assert isinstance(fact.event, ServiceSaved)
    return Service(service.id, fact.version, fact.event.service)


def service_kind() -> Kind:
    """Return the service as a kind of record."""
    return Kind(
        name="service", state=Service, events=(ServiceSaved,), fold_version=1, initial=Service, evolve=_evolve, decide=_decide,
        rows=lambda _b, a, _f: [
            RowWrite("services", (a.id,), {"id": a.id, "name": a.saved.name, "owner": a.saved.owner, "playbook": a.saved.playbook}),
        ],
    )  # fmt: skip
