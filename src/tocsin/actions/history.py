"""What happened to an action item, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import msgspec

from tocsin.actions import events as e
from tocsin.actions.model import Fields
from tocsin.engine.model import Fact

_WORDS: Final = {"about": "what it addresses", "due": "date"}


class Entry(msgspec.Struct, frozen=True):
    """One thing that happened. ``says`` begins with a verb; ``quote`` is what somebody wrote."""

    at: datetime
    by: str
    says: str
    quote: str = ""


def history(facts: Sequence[Fact]) -> list[Entry]:
    """Return what happened, newest first. facts: all of the item, in recorded order."""
    found: list[Entry] = []
    fields = Fields("")
    for fact in facts:
        by = str(fact.actor)
        match fact.event:
            case e.Created() as event:
                fields = event.fields
                found.append(Entry(fact.occurred_at, by, _created(fields)))
            case e.Changed() as event:
                found.extend(Entry(fact.occurred_at, by, _changed(name, fields, event.fields)) for name in event.changed)
                fields = event.fields
            case e.Started() as event:
                found.append(Entry(fact.occurred_at, event.by or by, "began work on it"))
            case e.PutBack() as event:
                found.append(Entry(fact.occurred_at, event.by or by, "put it back"))
            case e.Finished() as event:
                found.append(Entry(fact.occurred_at, event.by or by, "said that it is done", event.evidence))
            case e.Dropped() as event:
                found.append(Entry(fact.occurred_at, event.by or by, "dropped it", event.reason))
            case e.Reopened() as event:
                found.append(Entry(fact.occurred_at, by, "opened it again", event.reason))
            case e.Overdue() as event:
                found.append(
                    Entry(fact.occurred_at, by, f"noted that {event.due} had passed" + (f" and told {event.owner}" if event.owner else ""))
                )
            case _:
                pass
    return found[::-1]


def _created(fields: Fields) -> str:
    owner = f" for {fields.owner}" if fields.owner else ""
    due = f", due {fields.due}" if fields.due else ""
    return f"wrote it down{owner}{due}"


def _changed(name: str, before: Fields, after: Fields) -> str:
    old, new = _shown(getattr(before, name)), _shown(getattr(after, name))
    word = _WORDS.get(name, name)
    if not old:
        return f"set the {word} to {new}"
    return f"changed the {word} from {old} to {new}" if new else f"took the {word} {old} away"


def _shown(value: str | date | None) -> str:
    return "" if value is None else str(value)
