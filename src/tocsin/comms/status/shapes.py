"""The status page in the shapes of Atlassian's Statuspage API v2, which many programs read. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from tocsin.comms.status.board import Board, ComponentView, GroupView, IncidentView, MaintenanceView
from tocsin.comms.status.names import public_id

PAGE_ID: Final = public_id("page")
_MOST: Final = 50


def stamp(at: datetime | None) -> str | None:
    """Return a moment as Statuspage writes it: ``2024-05-01T10:00:00.000Z``."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


def documents(board: Board, base: str) -> dict[str, Any]:
    """Return what each address below ``/status/api/v2/`` answers. base: the page's own absolute address, or its path where none is known."""
    page = _page(board, base)
    status = {"indicator": board.indicator, "description": board.headline}
    components = [_item(one, board) for one in board.items]
    running = [incident(one, base) for one in board.open]
    past = [incident(one, base) for one in board.past]
    coming = [maintenance(one, base) for one in board.maintenance]
    done = [maintenance(one, base) for one in board.done]
    newest = sorted(running + past, key=lambda one: str(one["created_at"]), reverse=True)[:_MOST]
    return {
        "summary.json": {"page": page, "status": status, "components": components, "incidents": running, "scheduled_maintenances": coming},
        "status.json": {"page": page, "status": status},
        "components.json": {"page": page, "components": components},
        "incidents.json": {"page": page, "incidents": newest},
        "incidents/unresolved.json": {"page": page, "incidents": running},
        "scheduled-maintenances.json": {"page": page, "scheduled_maintenances": (coming + done)[:_MOST]},
        "scheduled-maintenances/upcoming.json": {"page": page, "scheduled_maintenances": [one for one in coming if one["status"] == "scheduled"]},
        "scheduled-maintenances/active.json": {"page": page, "scheduled_maintenances": [one for one in coming if one["status"] == "in_progress"]},
    }  # fmt: skip


def _page(board: Board, base: str) -> dict[str, Any]:
    newest = [one.updated for one in (*board.open, *board.past)] + [one.changed for one in board.components]
    return {
        "id": PAGE_ID, "name": board.page.saved.name, "url": base, "time_zone": "Etc/UTC", "updated_at": stamp(max(newest, default=board.at)),
    }  # fmt: skip


def _item(one: ComponentView | GroupView, board: Board) -> dict[str, Any]:
    if isinstance(one, GroupView):
        members = [component for component in board.components if component.id in one.members]
        return {
            "id": one.id, "name": one.name, "status": one.state, "created_at": stamp(min((m.since for m in members), default=board.at)),
            "updated_at": stamp(max((m.changed for m in members), default=board.at)), "position": one.position, "description": None, "showcase": False,
            "start_date": None, "group_id": one.parent or None, "page_id": PAGE_ID, "group": True, "only_show_if_degraded": False,
            "components": [m.id for m in members],
        }  # fmt: skip
    return {
        "id": one.id, "name": one.name, "status": one.state, "created_at": stamp(one.since), "updated_at": stamp(one.changed), "position": one.position,
        "description": one.about or None, "showcase": True, "start_date": f"{one.since:%Y-%m-%d}", "group_id": one.group or None, "page_id": PAGE_ID,
        "group": False, "only_show_if_degraded": False,
    }  # fmt: skip


def incident(one: IncidentView, base: str) -> dict[str, Any]:
    """Return an incident."""
    host = base.removesuffix("/status")
    return {
        "id": one.id, "name": one.name, "status": one.step, "impact": one.impact, "created_at": stamp(one.created), "updated_at": stamp(one.updated),
        "started_at": stamp(one.began), "monitoring_at": stamp(one.monitoring), "resolved_at": stamp(one.resolved), "shortlink": host + one.path,
        "page_id": PAGE_ID,
        "incident_updates": [
            {
                "id": update.id, "status": update.step, "body": update.text, "incident_id": one.id, "created_at": stamp(update.at),
                "updated_at": stamp(update.at), "display_at": stamp(update.at),
                "affected_components": [
                    {"code": changed.id, "name": changed.name, "old_status": changed.before, "new_status": changed.after} for changed in update.affected
                ] or None,
            }
            for update in one.updates
        ],
        "components": [_touched(one, c.id, c.name, c.after) for c in one.components],
    }  # fmt: skip


def maintenance(one: MaintenanceView, base: str) -> dict[str, Any]:
    """Return a window of maintenance. Its updates are what was announced, and that it began or ended."""
    said = [("scheduled", one.since, one.text or one.name)]
    if one.step != "scheduled":
        said.append(("in_progress", one.since, "It has begun."))
    if one.step == "completed":
        said.append(("completed", one.until, "It is over."))
    updates = [
        {
            "id": public_id(f"{one.id}:{step}"), "status": step, "body": text, "incident_id": one.id, "created_at": stamp(at), "updated_at": stamp(at),
            "display_at": stamp(at), "affected_components": None,
        }
        for step, at, text in reversed(said)
    ]  # fmt: skip
    state = "under_maintenance" if one.step == "in_progress" else "operational"
    return {
        "id": one.id, "name": one.name, "status": one.step, "impact": "none", "created_at": stamp(one.since), "updated_at": updates[0]["updated_at"],
        "monitoring_at": None, "resolved_at": stamp(one.until) if one.step == "completed" else None, "shortlink": f"{base}#m-{one.id}", "page_id": PAGE_ID,
        "started_at": stamp(one.since), "incident_updates": updates, "scheduled_for": stamp(one.since), "scheduled_until": stamp(one.until),
        "components": [_touched(one, key, name, state) for key, name in one.components],
    }  # fmt: skip


def _touched(one: IncidentView | MaintenanceView, key: str, name: str, state: str) -> dict[str, Any]:
    begin = one.since if isinstance(one, MaintenanceView) else one.began
    return {
        "id": key, "name": name, "status": state, "created_at": stamp(begin), "updated_at": stamp(begin), "position": 1, "description": None,
        "showcase": True, "group_id": None, "page_id": PAGE_ID,
    }  # fmt: skip
