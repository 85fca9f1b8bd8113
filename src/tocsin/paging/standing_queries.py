"""Look up who stands for the words of a playbook, for whoever is called by it and for whoever asks beforehand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select

from tocsin.alerts.group_model import Group
from tocsin.alerts.queries import alert_of
from tocsin.engine.model import Reader
from tocsin.engine.tables import metadata
from tocsin.paging import queries
from tocsin.paging.meaning_queries import meaning
from tocsin.paging.page import Page
from tocsin.paging.standing import Stands, missing, says
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf


def standing(reader: Reader, words: Iterable[str], at: datetime) -> tuple[Stands, ...]:
    """Return who stands for each word at a moment, each word once."""
    return tuple(_stands(reader, word, at) for word in dict.fromkeys(words))


def _stands(reader: Reader, word: str, at: datetime) -> Stands:
    target = word
    if not word.partition(":")[2]:
        found = meaning(reader, word)
        if found.several:
            return Stands(word, why=f"it could be any of {', '.join(found.several)}")
        if found.kind == "policy":
            return Stands(word, found.target, policy=found.id)
        if not found.kind:
            return Stands(word)
        target = word if found.id == word.strip() else found.target
    elif word.startswith("policy:"):
        policy = queries.policy_of(reader, word.partition(":")[2])
        return Stands(word, word, policy=policy.id) if policy is not None else Stands(word, why="there is no such escalation policy")
    resolved = queries.resolve(reader, (target,), at)
    people = tuple(one for one in resolved.people if not one.named_only)
    why = "; ".join(one.why for one in resolved.missing) or "nobody there is written down as a person"
    return Stands(word, target, people) if people else Stands(word, why=why)


def calling(reader: Reader, incident: str = "", alerts: Iterable[str] = ()) -> set[str]:
    """Return everybody whom a living page of an incident, or of the groups of alerts, calls."""
    found: set[str] = set()
    pages = {row["id"] for row in queries.list_pages(reader, incident=incident)} if incident else set()
    for name in alerts:
        alert = alert_of(reader, name)
        group: Group | None = reader.state(f"group:{alert.group}") if alert is not None and alert.group else None
        pages |= set(group.pages) if group is not None else set()
    for name in pages:
        page: Page | None = reader.state(f"page:{name}")
        if page is not None and page.live:
            found |= {one.person for run in page.runs for one in run.called if not one.named_only}
    return found


def words_of(playbook: Playbook) -> tuple[str, ...]:
    """Return every word by which a playbook calls people: of its levels' pages, and of its escalations."""
    called = (word for level in playbook.severities if level.calls for word in level.page)
    return tuple(dict.fromkeys((*called, *(word for rule in playbook.escalations for word in rule.to))))


def nobody_stands(reader: Reader, shelf: Bookshelf, default_playbook: str, at: datetime) -> list[dict[str, Any]]:
    """Return the words of every playbook in use that nobody stands for, by playbook, each with what to make.

    In use: the default one, those of services, those that incidents were declared under, and those that did not come with the product.
    """
    incidents, services = metadata.tables["incidents"], metadata.tables["services"]
    used = {default_playbook}
    for column in (incidents.c.playbook, services.c.playbook):
        used |= {str(row[0]) for row in reader.rows(select(column).distinct())}
    found: list[dict[str, Any]] = []
    for playbook_id in shelf.ids(reader):
        current = shelf.current(playbook_id, reader)
        book = shelf.by_digest(current.digest, reader) if current is not None else None
        if current is None or book is None or (playbook_id not in used and current.shipped):
            continue
        lacking = missing(standing(reader, words_of(book), at))
        found.append(
            {
                "playbook": playbook_id, "version": current.version, "words": [one.word for one in lacking],
                "says": list(says(lacking, partial(name_in, book))),
                "levels": [
                    level.id for level in book.severities
                    if level.page and level.calls and not any(one.somebody for one in standing(reader, level.page, at))
                ],
            }
        )  # fmt: skip
    return found


def name_in(playbook: Playbook, word: str) -> str:
    """Return a role or contact of a playbook as people read it; an empty text where it has none of this id."""
    role = playbook.role(word)
    return role.name if role is not None else next((one.name for one in playbook.contacts if one.id == word), "")
