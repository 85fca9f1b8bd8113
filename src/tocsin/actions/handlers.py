"""What the API does with action items: make an id, list them with their problems."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tocsin.actions import commands as c
from tocsin.actions import queries
from tocsin.actions.decide import completion
from tocsin.actions.kind import PlaybookOf
from tocsin.actions.model import Listed
from tocsin.actions.problems import Known, known, problems
from tocsin.engine.batch import fresh
from tocsin.engine.errors import NotFound
from tocsin.engine.model import Actor, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.playbooks.model import Playbook


async def create(
    runtime: Runtime, playbook_of: PlaybookOf, incident: str, new: c.NewAction, actor: Actor, key: str, request: str,
) -> dict[str, Any]:  # fmt: skip
    """Write down an item under an id made here; the answer lists what it still lacks."""
    result = await runtime.commit("action", f"ACT-{fresh()}", c.CreateAction(incident, new), actor, key, request)
    return {**result, **one(runtime, playbook_of, str(result["action"]))}


def one(runtime: Runtime, playbook_of: PlaybookOf, action: str) -> dict[str, Any]:
    """Return one item with its problems.

    Raises:
        NotFound: there is no such item.

    """
    state = runtime.state("action", action)
    shown = of_incident(runtime, playbook_of, state.incident)["actions"]
    found = next((item for item in shown if item["id"] == action), None)
    if found is None:
        raise NotFound(f"There is no action item {action}.", fix="`tocsin action list` shows them.")
    return dict(found)


def of_incident(runtime: Runtime, playbook_of: PlaybookOf, incident: str) -> dict[str, Any]:
    """Return the items of an incident and how far they are.

    Raises:
        NotFound: there is no such incident.

    """
    runtime.state("incident", incident)
    with runtime.reading() as reader:
        items = queries.list_items(reader, _VIEWER, incident=incident)
        return {"incident": incident, "actions": _views(reader, playbook_of, items), "completion": completion(items, reader.now)}


def listed(runtime: Runtime, playbook_of: PlaybookOf, viewer: Viewer, query: dict[str, str]) -> dict[str, Any]:
    """Return items of all incidents, the earliest due first."""
    overdue = query.get("overdue", "").casefold() in ("1", "true", "yes") or query.get("state") == "overdue"
    state = "" if query.get("state") == "overdue" else query.get("state", "")
    with runtime.reading() as reader:
        items = queries.list_items(
            reader, viewer, incident=query.get("incident", ""), owner=query.get("owner", ""), state=state, overdue=overdue,
        )  # fmt: skip
        return {"actions": _views(reader, playbook_of, items), "completion": completion(items, reader.now)}


_VIEWER = Viewer("system", "tocsin")


def _views(reader: Reader, playbook_of: PlaybookOf, items: list[Listed]) -> list[dict[str, Any]]:
    books: dict[str, Playbook | None] = {}
    for incident_id in dict.fromkeys(item.incident for item in items):
        incident = reader.state(f"incident:{incident_id}")
        books[incident_id] = playbook_of(incident.playbook.digest, reader) if incident is not None and incident.playbook else None
    names = queries.names(reader)
    who = {incident: who_is_who(playbook, names) for incident, playbook in books.items()}
    return [view(item, books[item.incident], who[item.incident], reader.now) for item in items]


def who_is_who(playbook: Playbook | None, names: queries.Names) -> Known:
    """Return which names are people, teams, roles and contacts."""
    return known(
        [*names.people, *names.people.values()], [*names.teams, *names.teams.values()], playbook.roles if playbook else (),
        playbook.contacts if playbook else (),
    )  # fmt: skip


def view(item: Listed, playbook: Playbook | None, who: Known, now: datetime) -> dict[str, Any]:
    """Return an item as the API shows it. ``problems``: what the playbook asks for and the item lacks."""
    found = (
        problems(item.owner, item.due, item.priority, item.group, item.ticket, playbook.actions, who)
        if playbook and item.state == "open"
        else []
    )
    return {
        "id": item.id, "incident": item.incident, "title": item.title, "group": item.group, "owner": item.owner,
        "due": item.due.isoformat() if item.due else None, "priority": item.priority, "ticket": item.ticket, "about": item.about, "state": item.state,
        "overdue": item.overdue(now), "created_at": item.created_at, "closed_at": item.closed_at, "closed_by": item.closed_by,
        "evidence": item.evidence, "reason": item.reason, "problems": [{"code": p.code, "says": p.says, "fix": p.fix} for p in found],
    }  # fmt: skip
