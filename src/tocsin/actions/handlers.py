"""What the API does with action items: make an id, list them with their problems."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from tocsin.actions import commands as c
from tocsin.actions import filters, history, queries
from tocsin.actions.decide import completion
from tocsin.actions.kind import PlaybookOf
from tocsin.actions.model import Item, Listed
from tocsin.actions.problems import Known, known, problems
from tocsin.engine.chance import fresh
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Actor, Command, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.incidents import privacy
from tocsin.people.rights import SYSTEM_VIEWER
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Actions

_MOST_AT_ONCE: Final = 500
"""Items that one request gives to another owner."""


async def create(
    runtime: Runtime, playbook_of: PlaybookOf, incident: str, new: c.NewAction, actor: Actor, key: str, request: str,
) -> dict[str, Any]:  # fmt: skip
    """Write down an item under an id made here; the answer lists what it still lacks."""
    result = await runtime.commit("action", f"ACT-{fresh()}", c.CreateAction(incident, new), actor, key, request)
    return {**result, **one(runtime, playbook_of, str(result["action"]))}


def one(runtime: Runtime, playbook_of: PlaybookOf, action: str, viewer: Viewer = SYSTEM_VIEWER) -> dict[str, Any]:
    """Return one item with its problems.

    Raises:
        NotFound: there is no such item, or its incident may not be read.

    """
    state: Item | None = runtime.committer.state(f"action:{action}")
    with runtime.reading() as reader:
        if state is None or not privacy.may_read(reader, viewer, state.incident):
            raise _no_item(action)
        items = queries.list_items(reader, SYSTEM_VIEWER, incident=state.incident)
        found = next((item for item in _views(reader, playbook_of, items) if item["id"] == action), None)
    if found is None:
        raise _no_item(action)
    return {**found, "created_by": state.created_by, "started_by": state.started_by}


def _no_item(action: str) -> NotFound:
    return NotFound(f"There is no action item {action}.", fix="`tocsin action list` shows them.")


def story(runtime: Runtime, action: str, viewer: Viewer) -> dict[str, Any]:
    """Return what happened to an item, newest first.

    Raises:
        NotFound: there is no such item, or its incident may not be read.

    """
    _check(runtime, viewer, (action,))
    return {"action": action, "history": history.history(runtime.facts("action", action))}


def _check(runtime: Runtime, viewer: Viewer, actions: Iterable[str]) -> None:
    with runtime.reading() as reader:
        for action in actions:
            state: Item | None = reader.state(f"action:{action}")
            if state is None or not privacy.may_read(reader, viewer, state.incident):
                raise _no_item(action)


def readable(runtime: Runtime, viewer: Viewer, incident: str) -> None:
    """Make sure that there is an incident and that the viewer may read it.

    Raises:
        NotFound: there is none for them.

    """
    runtime.state("incident", incident)
    with runtime.reading() as reader:
        privacy.check(reader, viewer, incident)


def wanted_of(runtime: Runtime, playbook_of: PlaybookOf, incident: str) -> Actions:
    """Return what the playbook of an incident wants of its action items."""
    state = runtime.state("incident", incident)
    with runtime.reading() as reader:
        playbook = playbook_of(state.playbook.digest, reader) if state.playbook else None
    return playbook.actions if playbook else Actions()


async def change(runtime: Runtime, action: str, command: Command, viewer: Viewer, actor: Actor, key: str, request: str) -> dict[str, Any]:
    """Carry out a command on an item that the viewer may read.

    Raises:
        NotFound: there is no such item for them.
        Refused: as the command says.

    """
    await asyncio.to_thread(_check, runtime, viewer, (action,))
    return dict(await runtime.commit("action", action, command, actor, key, request))


async def reassign(runtime: Runtime, command: c.Reassign, viewer: Viewer, actor: Actor, key: str) -> dict[str, Any]:
    """Give items to another owner, one by one: what was changed stays changed where a later one is refused, and the answer says which.

    Raises:
        Refused: neither items nor an owner are named.
        NotFound: one of the named items does not exist for the viewer.

    """
    if not command.actions and not command.owner.strip():
        raise Refused(
            "Nothing says which items are meant.", fix="Name `actions`, or the `owner` whose open items change hands.", field="actions"
        )
    named = tuple(dict.fromkeys(command.actions))
    await asyncio.to_thread(_check, runtime, viewer, named)
    if not named:
        named = await asyncio.to_thread(_open_of, runtime, viewer, command.owner.strip())
    changed: list[str] = []
    refused: list[dict[str, str]] = []
    for action in named:
        update = c.UpdateAction(owner=command.to.strip())
        try:
            # Each item is a record of its own, so the key of the request stands for one command on each.
            await runtime.commit(
                "action", action, update, actor, f"{key}:{action}" if key else "", f"{action} to {command.to}" if key else ""
            )
        except Refused as refusal:
            refused.append({"action": action, "what": refusal.what, "fix": refusal.fix})
        else:
            changed.append(action)
    return {"to": command.to.strip(), "changed": changed, "refused": refused}


def _open_of(runtime: Runtime, viewer: Viewer, owner: str) -> tuple[str, ...]:
    with runtime.reading() as reader:
        return tuple(item.id for item in queries.list_items(reader, viewer, owner=owner, state="open", limit=_MOST_AT_ONCE))


def of_incident(runtime: Runtime, playbook_of: PlaybookOf, incident: str) -> dict[str, Any]:
    """Return the items of an incident and how far they are.

    Raises:
        NotFound: there is no such incident.

    """
    runtime.state("incident", incident)
    with runtime.reading() as reader:
        items = queries.list_items(reader, SYSTEM_VIEWER, incident=incident)
        return {"incident": incident, "actions": _views(reader, playbook_of, items), "completion": completion(items, reader.now)}


def listed(runtime: Runtime, playbook_of: PlaybookOf, viewer: Viewer, query: dict[str, str]) -> dict[str, Any]:
    """Return items of all incidents: open ones first, the earliest due before the others."""
    wanted = filters.read(query)
    with runtime.reading() as reader:
        found = queries.find(reader, viewer, wanted, limit=queries.MOST)
        items = [one.item for one in found]
        return {"actions": _views(reader, playbook_of, items), "completion": completion(items, reader.now)}


def rows(runtime: Runtime, viewer: Viewer, query: dict[str, str]) -> list[tuple[str, ...]]:
    """Return what a table for other programs has of the items that a filter leaves, its head first."""
    wanted = filters.read(query)
    with runtime.reading() as reader:
        found = queries.find(reader, viewer, wanted, limit=queries.MOST)
        now = reader.now
    head = (
        "id", "title", "state", "owner", "due", "days_overdue", "priority", "group", "ticket", "about", "incident", "incident_title", "severity",
        "service", "created_at", "closed_at", "closed_by", "evidence", "reason",
    )  # fmt: skip
    return [head, *(_row(one, now) for one in found)]


def _row(one: queries.Found, now: datetime) -> tuple[str, ...]:
    item = one.item
    return (
        item.id, item.title, item.column, item.owner, str(item.due or ""), str(item.days_late(now) or ""), item.priority, item.group, item.ticket, item.about,
        item.incident, one.incident_title, one.severity, one.service, f"{item.created_at:%Y-%m-%dT%H:%M:%SZ}",
        f"{item.closed_at:%Y-%m-%dT%H:%M:%SZ}" if item.closed_at else "", item.closed_by, item.evidence, item.reason,
    )  # fmt: skip


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
        "overdue": item.overdue(now), "days_overdue": item.days_late(now), "started_at": item.started_at, "created_at": item.created_at, "closed_at": item.closed_at, "closed_by": item.closed_by,
        "evidence": item.evidence, "reason": item.reason, "problems": [{"code": p.code, "says": p.says, "fix": p.fix} for p in found],
    }  # fmt: skip
