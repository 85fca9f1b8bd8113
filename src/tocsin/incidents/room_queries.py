"""Read what stands around an incident in its room: pages, groups of alerts, the service with its links and runbooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from tocsin.alerts.groups.queries import list_groups
from tocsin.engine.model import Reader, Viewer
from tocsin.incidents.model import Incident
from tocsin.paging.queries import list_pages
from tocsin.playbooks.model import Playbook
from tocsin.services import queries as services

_MOST: Final = 12
"""So many pages or groups stand in a rail; the rest is one link away."""


def pages_of(reader: Reader, viewer: Viewer, incident: str) -> list[dict[str, Any]]:
    """Return the newest pages of an incident, unanswered ones first."""
    rows = list_pages(reader, viewer, incident=incident, limit=_MOST)
    for row in rows:
        row["opened_at"], row["next_at"] = (datetime.fromisoformat(row[name]) if row[name] else None for name in ("opened_at", "next_at"))
    return sorted(rows, key=lambda row: (not row["unanswered"], row["state"] == "resolved", -row["number"]))


def groups_of(reader: Reader, viewer: Viewer, incident: str) -> list[dict[str, Any]]:
    """Return the newest groups of alerts that belong to an incident."""
    return list_groups(reader, viewer, incident=incident, state="all", limit=_MOST)


def runbooks_of(reader: Reader, incident: Incident, playbook: Playbook | None) -> list[dict[str, Any]]:
    """Return what to read: the service's own runbook and links first, then the playbook's runbooks, those first that fit the incident.

    ``fits``: a word of the runbook stands in the incident's title, service or impact.
    """
    here = incident.now_circumstances
    service = services.named(reader, here.service) if here and here.service else None
    found: list[dict[str, Any]] = []
    if service is not None and service.saved is not None:
        for name, url in service.saved.links.items():
            if url.startswith(("https://", "http://")):
                found.append({"name": f"{service.saved.name}: {name}", "link": url, "steps": (), "fits": True, "of": "service"})
    about = f"{incident.title} {incident.impact} {here.service if here else ''} {here.cause if here else ''}".casefold()
    mine = [
        {
            "name": one.name, "link": one.link if one.link.startswith(("https://", "http://")) else "", "steps": one.steps,
            "fits": any(word.casefold() in about for word in one.matches), "of": "playbook",
        }
        for one in (playbook.runbooks if playbook else ())
    ]  # fmt: skip
    return [*found, *sorted(mine, key=lambda one: not one["fits"])]


def service_name(reader: Reader, name: str) -> str:
    """Return what a service is called; the name as it stands where the catalogue has none."""
    service = services.named(reader, name) if name else None
    return service.saved.name if service is not None and service.saved is not None else name
