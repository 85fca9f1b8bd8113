"""The API of the service catalogue."""

from __future__ import annotations

import asyncio
from typing import Any

from tocsin.engine.errors import NotFound
from tocsin.services import queries
from tocsin.services.model import RetireService, SaveService
from tocsin.web.endpoints import Asked, Endpoint, command


def endpoints(default_playbook: str) -> list[Endpoint]:
    """Return the endpoints of services. default_playbook: of a service that names none."""

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                everything = asked.query.get("everything") == "true"
                return {"services": queries.list_services(reader, asked.query.get("owner", ""), everything=everything)}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                service = queries.by_any_name(reader, asked.path["id"])
                if service is None:
                    raise NotFound(f"There is no service {asked.path['id']}.", fix="GET /api/v1/services lists them.")
                return queries.view(service, reader, default_playbook)

        return await asyncio.to_thread(work)

    async def history(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            service = asked.runtime.state("service", asked.path["id"])
            return {"service": service.id, "history": queries.history(asked.runtime.facts("service", service.id))}

        return await asyncio.to_thread(work)

    return [
        Endpoint(
            "GET",
            "/services",
            "List services",
            listed,
            tag="service",
            query=(("owner", "Only those of this team"), ("everything", "true: also those that are no more")),
        ),
        Endpoint("GET", "/services/{id}", "One service, by id, name or alias: owner, playbook, links, other names", one, tag="service"),
        Endpoint("GET", "/services/{id}/history", "Every version of a service", history, tag="service"),
        command("/services/{id}", "service", SaveService, "Write down a service"),
        command("/services/{id}/retire", "service", RetireService, "Take a service out of the catalogue"),
    ]
