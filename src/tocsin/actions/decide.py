"""What follows from a command on an action item. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from tocsin.actions import commands as c
from tocsin.actions import events as e
from tocsin.actions.model import Fields, Item, due_end, is_overdue
from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Command, Context, Decision, Delivery, Fact, Happened
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Actions

REMINDER_CHANNELS = ("console", "file")


class Found(msgspec.Struct, frozen=True):
    """What the shell looked up: the incident's playbook and title."""

    incident: str = ""
    title: str = ""
    playbook: Playbook | None = None


def decide(item: Item, command: Command, ctx: Context) -> Decision:
    """Return what follows from the command.

    Raises:
        Refused: it cannot be carried out; the message says why and what to do.

    """
    found: Found = ctx.found
    if isinstance(command, c.CreateAction):
        return _create(item, command, found)
    if not item.version:
        raise NotFound(f"There is no action item {item.id}.", fix="`tocsin action list` shows them.")
    match command:
        case c.UpdateAction():
            return _update(item, command, found)
        case c.StartAction():
            _open_only(item)
            return _result(item) if item.started_at else _one(item, e.Started(command.by or ctx.actor.id), "open")
        case c.PutBackAction():
            _open_only(item)
            return _one(item, e.PutBack(command.by or ctx.actor.id), "open") if item.started_at else _result(item)
        case c.FinishAction():
            if item.state == "done":
                return _result(item)
            _open_only(item)
            if command.at is not None and command.at > ctx.now:
                raise Refused("It cannot have been done in the future.", fix="Leave `at` out.", field="at")
            return _one(item, e.Finished(command.evidence, command.by or ctx.actor.id), "done", command.at)
        case c.DropAction():
            if item.state == "dropped":
                return _result(item)
            _open_only(item)
            return _one(item, e.Dropped(command.reason, command.by or ctx.actor.id), "dropped")
        case c.ReopenAction():
            return _result(item) if item.state == "open" else _one(item, e.Reopened(command.reason), "open")
        case Tick():
            return _tick(item, ctx, found)
        case _:
            raise Refused(f"An action item does not know {type(command).__name__}.")


def _create(item: Item, command: c.CreateAction, found: Found) -> Decision:
    if item.version:
        raise Conflict(f"There is already an action item {item.id}.", fix="Send the command again; a new id is made.")
    if not found.incident:
        raise NotFound(f"There is no incident {command.incident}.", fix="Check the id; `tocsin incident list` shows them.")
    new = command.new
    fields = Fields(new.title, new.group, new.owner.strip(), new.due, new.priority, new.ticket.strip(), new.about.strip())
    created = e.Created(found.incident, _checked(fields, found.playbook))
    return Decision((Happened(created),), result={"action": item.id, "incident": found.incident, "state": "open"})


def _update(item: Item, command: c.UpdateAction, found: Found) -> Decision:
    _open_only(item)
    given = {name: value for name in Fields.__struct_fields__ if (value := getattr(command, name)) is not None}
    if command.no_due:
        given["due"] = None
    if not given:
        raise Refused("Nothing to change.", fix="Give a title, group, owner, due, priority, ticket or about.")
    fields = _checked(msgspec.structs.replace(item.fields, **given), found.playbook)
    changed = tuple(name for name in Fields.__struct_fields__ if getattr(fields, name) != getattr(item.fields, name))
    if not changed:
        return _result(item)
    return Decision((Happened(e.Changed(fields, changed)),), result={"action": item.id, "state": item.state, "changed": list(changed)})


def _checked(fields: Fields, playbook: Playbook | None) -> Fields:
    """Return the fields with the playbook's own ids for group and priority; words that it does not have are refused."""
    wanted = playbook.actions if playbook else Actions()
    group = _word("group", fields.group, {g.id: g.name for g in wanted.groups})
    priority = _word("priority", fields.priority, {p: p for p in wanted.priorities})
    return msgspec.structs.replace(fields, group=group, priority=priority)


def _word(field: str, given: str, known: dict[str, str]) -> str:
    if not given or not known:
        return given
    for word, name in known.items():
        if given.casefold() in (word.casefold(), name.casefold()):
            return word
    raise Refused(f"There is no {field} {given!r} for action items.", fix=f"Known: {', '.join(known)}.", field=field)


def _open_only(item: Item) -> None:
    if item.state != "open":
        raise Conflict(f"{item.id} is {item.state}.", fix="Reopen it first, with a reason.")


def _one(item: Item, event: Any, state: str, at: datetime | None = None) -> Decision:
    return Decision((Happened(event, at),), result={"action": item.id, "incident": item.incident, "state": state})


def _result(item: Item) -> Decision:
    return Decision(result={"action": item.id, "incident": item.incident, "state": item.state})


def _tick(item: Item, ctx: Context, found: Found) -> Decision:
    due, owner = item.fields.due, item.fields.owner
    if due is None or item.reminded_of == due or not is_overdue(item.state, due, ctx.now):
        return Decision()
    values = {
        "action": item.id, "title": item.fields.title, "due": due.isoformat(), "owner": owner, "incident": {"id": item.incident, "title": found.title},
        "sent_at": ctx.now.isoformat(),
    }  # fmt: skip
    deliveries = tuple(
        Delivery(f"{item.id}:overdue:{due}:{channel}", channel, owner, "action.overdue", values) for channel in REMINDER_CHANNELS if owner
    )
    return Decision((Happened(e.Overdue(due, owner), due_end(due)),), deliveries)


def evolve(item: Item, fact: Fact) -> Item:
    """Return the item after the fact."""
    event, who = fact.event, str(fact.actor)
    changes: dict[str, Any] = {"version": fact.version}
    match event:
        case e.Created():
            changes |= {"incident": event.incident, "fields": event.fields, "created_at": fact.occurred_at, "created_by": who}
        case e.Changed():
            changes["fields"] = event.fields
        case e.Finished():
            changes |= {
                "state": "done",
                "closed_at": fact.occurred_at,
                "closed_by": event.by or who,
                "evidence": event.evidence,
                "reason": "",
            }
        case e.Dropped():
            changes |= {
                "state": "dropped",
                "closed_at": fact.occurred_at,
                "closed_by": event.by or who,
                "reason": event.reason,
                "evidence": "",
            }
        case e.Started():
            changes |= {"started_at": fact.occurred_at, "started_by": event.by or who}
        case e.PutBack():
            changes |= {"started_at": None, "started_by": ""}
        case e.Reopened():
            changes |= {
                "state": "open",
                "started_at": None,
                "started_by": "",
                "closed_at": None,
                "closed_by": "",
                "reason": event.reason,
                "evidence": "",
            }
        case e.Overdue():
            changes["reminded_of"] = event.due
        case _:
            pass
    return msgspec.structs.replace(item, **changes)


def wake(item: Item, _now: datetime, _found: Any) -> datetime | None:
    """Return when the item's due date will have passed; None where it is closed or that is recorded already."""
    due = item.fields.due
    return None if due is None or item.state != "open" or item.reminded_of == due else due_end(due)


def reminder(values: dict[str, Any]) -> tuple[str, str]:
    """Return subject and body of the message to the owner of an overdue item."""
    incident = values["incident"]
    subject = f"Overdue: {values['title']}"
    return (
        subject,
        f"{values['action']} of {incident['id']} ({incident['title']}) was due on {values['due']}.\nFinish it, move its date, or drop it with a reason.",
    )


def completion(items: Sequence[Any], now: datetime) -> dict[str, int]:
    """Return how far the items of an incident are: ``done`` of ``of`` (dropped ones do not count), and the rest. Items have ``state`` and ``due``."""
    kept = [item for item in items if item.state != "dropped"]
    return {
        "done": sum(item.state == "done" for item in kept), "of": len(kept), "open": sum(item.state == "open" for item in kept),
        "overdue": sum(is_overdue(item.state, item.due, now) for item in kept), "dropped": len(items) - len(kept),
    }  # fmt: skip
