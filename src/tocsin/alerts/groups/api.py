"""The API of groups."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from tocsin.alerts.group_commands import AcknowledgeGroup, LinkGroup, ResolveGroup, UnmuteGroup
from tocsin.alerts.groups import queries
from tocsin.engine.errors import NotFound, Refused
from tocsin.incidents.commands import LinkAlert
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of

_FILTERS: Final = (
    ("state", "open, unacknowledged, all, or a phase: pending, muted, firing, acknowledged, flapping, resolved, closed"),
    ("service", "A service's id"), ("route", "A route"), ("urgency", "high, low, none"), ("incident", "An incident's id"), ("text", "A part of its title"),
    ("after", "Id of the last one seen"), ("limit", "At most 500"),
)  # fmt: skip


def endpoints() -> list[Endpoint]:
    """Return the endpoints of groups."""

    async def listed(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            limit = limit_of(asked, queries.DEFAULT_LIMIT, queries.MOST)
            given = {name: asked.query.get(name, "") for name in ("state", "service", "route", "urgency", "incident", "text", "after")}
            with asked.runtime.reading() as reader:
                rows = queries.list_groups(reader, asked.viewer, limit=limit, **given)
            return {"groups": rows, "next": rows[-1]["id"] if len(rows) == limit else None}

        return await asyncio.to_thread(work)

    async def one(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            with asked.runtime.reading() as reader:
                group = queries.group_of(reader, asked.path["id"])
                return queries.group_view(reader, asked.viewer, group, asked.runtime.facts("group", group.id))

        return await asyncio.to_thread(work)

    async def link(asked: Asked) -> Any:
        """Link the group by the alert that speaks for it, so that the incident's timeline has it; the group hears of that."""
        body: LinkGroup = asked.body

        def look() -> str:
            with asked.runtime.reading() as reader:
                group = queries.group_of(reader, asked.path["id"])
                if reader.state(f"incident:{body.incident}") is None:
                    raise NotFound(
                        f"There is no incident {body.incident}.", fix="Check the id; `tocsin incident list` shows them.", field="incident"
                    )
                return group.lead.alert if group.lead is not None else ""

        alert = await asyncio.to_thread(look)
        if alert:
            try:
                await asked.runtime.commit("incident", body.incident, LinkAlert(alert), asked.actor)
            except Refused as refusal:
                raise type(refusal)(refusal.what, fix=refusal.fix, field="incident") from refusal
        return await asked.runtime.commit("group", asked.path["id"], body, asked.actor, asked.key, asked.fingerprint)

    return [
        Endpoint("GET", "/groups", "List groups of alerts, newest first", listed, tag="group", query=_FILTERS),
        Endpoint("GET", "/groups/{id}", "One group: its alerts, what it waits for, its history", one, tag="group"),
        command("/groups/{id}/acknowledge", "group", AcknowledgeGroup, "Acknowledge a group, and its pages"),
        command("/groups/{id}/resolve", "group", ResolveGroup, "End a group, with its alerts and pages"),
        command("/groups/{id}/unmute", "group", UnmuteGroup, "Have a muted or flapping group call people"),
        Endpoint("POST", "/groups/{id}/link", "Link a group to an incident", link, LinkGroup, tag="group"),
    ]
