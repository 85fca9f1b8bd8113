"""What the APIs do with silences and maintenance: make ids, and say what a silence would mute now."""

from __future__ import annotations

from typing import Any

from tocsin.alerts import queries as alerts
from tocsin.alerts.maintenance_model import SaveMaintenance
from tocsin.alerts.routing import matchers_of
from tocsin.alerts.silence_model import SaveSilence
from tocsin.alerts.silences import check_not_all
from tocsin.engine.chance import fresh
from tocsin.engine.model import Actor, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.services.queries import named


def new_silence() -> str:
    """Return an id for a silence."""
    return f"S-{fresh()}"


async def save_silence(
    runtime: Runtime, command: SaveSilence, actor: Actor, key: str = "", request: str = "", silence: str = ""
) -> dict[str, Any]:
    """Make a silence, or change the one that is named; return its id and whether anything changed."""
    return await runtime.commit("silence", silence or new_silence(), command, actor, key, request)


async def save_maintenance(runtime: Runtime, command: SaveMaintenance, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Plan maintenance; return its id."""
    return await runtime.commit("maintenance", f"M-{fresh()}", command, actor, key, request)


def preview(reader: Reader, viewer: Viewer, command: SaveSilence, limit: int) -> dict[str, Any]:
    """Return the firing alerts that a silence would mute if it began now.

    Raises:
        Refused: the matchers cannot be used, or would fit everything.

    """
    matchers = matchers_of(command.match, "match")
    check_not_all(matchers, others=bool(command.service or command.group), field="match")
    service = named(reader, command.service) if command.service else None
    wanted = alerts.Wanted(
        state="firing", service=service.id if service is not None else command.service, group=command.group, labels=matchers,
    )  # fmt: skip
    rows = alerts.list_alerts(reader, viewer, wanted, limit=limit)
    shown = [{name: row[name] for name in ("id", "title", "service", "severity", "group", "started_at", "muted")} for row in rows]
    return {"alerts": shown, "more": len(rows) == limit}
