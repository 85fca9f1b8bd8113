"""Read services: one by any of its names, lists, and all that a page or an alert wants to know of one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from tocsin.engine.model import Fact, Reader, moment
from tocsin.playbooks.events import Current
from tocsin.services import tables
from tocsin.services.model import Service, ServiceSaved


def owner_of_name(reader: Reader, name: str) -> str:
    """Return the id of the service that has this id, name or alias; an empty text where none has. Letter case does not matter."""
    row = reader.row(tables.names.name, (name.strip().casefold(),)) if name.strip() else None
    return str(row["service"]) if row is not None else ""


def named(reader: Reader, name: str) -> Service | None:
    """Return the service of this id, name or alias; None where the catalogue has none."""
    owner = owner_of_name(reader, name)
    found: Service | None = reader.state(f"service:{owner}") if owner else None
    return found


def by_any_name(reader: Reader, name: str) -> Service | None:
    """Return the service of this id, name or alias, and one that is no more by its id; None where there is none."""
    found: Service | None = named(reader, name) or reader.state(f"service:{name}")
    return found


def owners_of(reader: Reader, service_id: str) -> tuple[str, ...]:
    """Return the teams that own a service: none, or one."""
    found: Service | None = reader.state(f"service:{service_id}")
    return (found.saved.owner,) if found is not None and found.saved is not None and found.saved.owner else ()


def list_services(reader: Reader, owner: str = "", *, everything: bool = False) -> list[dict[str, Any]]:
    """Return services by id. owner: only those of this team. everything: also those that are no more."""
    table = tables.services
    query = select(table).order_by(table.c.id)
    if owner:
        query = query.where(table.c.owner == owner)
    if not everything:
        query = query.where(table.c.retired.is_(False))
    columns = [column.name for column in table.columns]
    return [{**dict(zip(columns, row, strict=True)), "retired": bool(row.retired)} for row in reader.rows(query)]


def list_components(reader: Reader) -> list[dict[str, Any]]:
    """Return what the status page shows of services, by name: service, name, group, about, since when, and when that last changed."""
    table = tables.components
    return [
        {
            "service": row.service, "name": row.name, "group": row.group_path, "about": row.about, "since": moment(row.since),
            "changed_at": moment(row.changed_at),
        }
        for row in reader.rows(select(table).order_by(func.lower(table.c.name), table.c.service))
    ]  # fmt: skip


def view(service: Service, reader: Reader, default_playbook: str) -> dict[str, Any]:
    """Return a service for the API: its owner with the team's people, the playbook that its incidents begin under, links, other names."""
    saved = service.saved
    assert saved is not None
    team = reader.state(f"team:{saved.owner}") if saved.owner else None
    playbook: Current | None = reader.state(f"playbook:{saved.playbook or default_playbook}")
    known = team.saved if team is not None else None
    return {
        "id": service.id, "version": service.version, "name": saved.name, "about": saved.about, "links": saved.links,
        "aliases": saved.aliases, "page": saved.page, "policy": saved.policy, "owner": saved.owner, "playbook": saved.playbook, "contacts": saved.contacts,
        "retired": service.retired,
        "team": {
            "id": saved.owner, "name": known.name if known else saved.owner, "members": known.members if known else (), "known": known is not None,
        } if saved.owner else None,
        "declares_under": {
            "id": saved.playbook or default_playbook, "own": bool(saved.playbook), "title": playbook.title if playbook else "",
            "version": playbook.version if playbook else None, "known": playbook is not None,
        },
    }  # fmt: skip


def history(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return every version of a service, oldest first: who wrote it down when."""
    return [
        {
            "version": fact.version,
            "at": fact.recorded_at,
            "by": str(fact.actor),
            "what": fact.type.partition(".")[2],
            "service": fact.event.service if isinstance(fact.event, ServiceSaved) else None,
        }
        for fact in facts
    ]
