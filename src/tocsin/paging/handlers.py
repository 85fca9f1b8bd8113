"""What the API and pages do with pages: make an id and open one, and carry out what somebody answers to a message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.engine.chance import fresh
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Actor, Command, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.incidents.belonging_queries import there
from tocsin.paging import commands as c
from tocsin.paging import queries, replies
from tocsin.paging.model import Urgency
from tocsin.paging.page import Page
from tocsin.paging.reach import Answer, Asked, Lookup, Plan, reach
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.scale import Severity
from tocsin.services import queries as services

_PREFIX: Final = "P-"


async def open_page(runtime: Runtime, command: c.OpenPage, actor: Actor, key: str = "", request: str = "") -> dict[str, Any]:
    """Open a page under a new id; it calls people before this returns from the disk.

    Raises:
        NotFound: the incident that it names does not exist.

    """
    if command.incident:
        with runtime.reading() as reader:
            if reader.state(f"incident:{command.incident}") is None:
                raise NotFound(
                    f"There is no incident {command.incident}.",
                    fix="Check the id: `tocsin incident list` shows them. Or leave it out.",
                    field="incident",
                )
    name = f"{_PREFIX}{fresh()}"
    while await asyncio.to_thread(runtime.committer.state, f"page:{name}") is not None:  # chance repeats itself once there are enough pages
        name = f"{_PREFIX}{fresh()}"
    return await runtime.commit("page", name, command, actor, key, request)


async def reply(runtime: Runtime, person: str, text: str, via: str, key: str = "") -> str:
    """Carry out what a person answers to a message, and return what is said back. via: the channel that the answer came by.

    An answer without a number is about the page that the person was notified of last.
    """
    meant = replies.parse(text)
    if meant is None:
        return replies.HELP
    try:
        page = _page_meant(runtime, person, meant)
        command: Command
        if meant.verb == "acknowledge":
            command = c.AcknowledgePage(person, via=via)
        elif meant.verb == "resolve":
            command = c.ResolvePage(why=f"{person} answered by {via}")
        else:
            command = c.EscalatePage(why=f"{person} answered by {via}")
        result = await runtime.commit("page", page.id, command, Actor("person", person, via=f"reply:{via}"), key)
    except Refused as refusal:
        return f"{refusal.what} {refusal.fix}".strip()
    return replies.answer(meant.verb, page, result)


def _page_meant(runtime: Runtime, person: str, meant: replies.Reply) -> Page:
    with runtime.reading() as reader:
        page_id = queries.newest_page_of(reader, person) if meant.number is None else queries.page_of_number(reader, meant.number)
        if page_id and not there(reader, Viewer("person", person), "page", page_id):
            page_id = ""  # it belongs to an incident that they may not read
    if not page_id:
        which = f"number {meant.number}" if meant.number is not None else "that you were called for"
        raise NotFound(f"There is no page {which}.", fix=replies.HELP)
    page: Page = runtime.state("page", page_id)
    return page


# -- the coming weeks -----------------------------------------------------------------------------


def look_ahead(
    runtime: Runtime, shelf: Bookshelf, default_playbook: str, weeks: int, service: str = "", severity: str = ""
) -> tuple[list[Answer], datetime, datetime]:
    """Return who is reached for every severity of every service during the next weeks, and which weeks those are.

    service, severity: only these. Severities that call nobody are left out.

    Raises:
        NotFound: there is no such service.

    """
    start = runtime.clock.now().replace(second=0, microsecond=0)
    end = start + timedelta(weeks=weeks)
    with runtime.reading() as reader:
        ids = [row["id"] for row in services.list_services(reader)]
        if service:
            found = services.named(reader, service)
            if found is None:
                raise NotFound(f"There is no service {service}.", fix="`tocsin service list` shows them.", field="service")
            ids = [found.id]
        asked: list[Asked] = []
        for name in ids:
            one = services.named(reader, name)
            book = _playbook_of(shelf, reader, (one.playbook if one is not None else "") or default_playbook)
            policy = queries.policy_of_service(reader, one)
            asked += [Asked(name, level.id, urgency, policy) for level, urgency in _levels(book) if not severity or level.id == severity]
        targets = {target for policy in {one.policy.id: one.policy for one in asked}.values() for target in queries.targets_of(policy)}
        targets |= {target for one in asked for target in queries.targets_of(one.policy)}
        known = queries.known_for(reader, sorted(targets), start, end)
    return list(reach(asked, known, start, end)), start, end


def _playbook_of(shelf: Bookshelf, reader: Reader, playbook_id: str) -> Playbook | None:
    current = shelf.current(playbook_id, reader)
    return shelf.by_digest(current.digest, reader) if current is not None else None


def _levels(playbook: Playbook | None) -> Iterator[tuple[Severity, Urgency]]:
    """Yield the severities of a playbook that call people, with how loudly."""
    for level in playbook.severities if playbook is not None else ():
        if level.calls:
            yield level, "low" if level.urgency == "low" else "high"


def rehearse(runtime: Runtime, policy_id: str, urgency: Urgency, at: datetime | None) -> dict[str, Any]:
    """Return what a page by a policy would do if it were opened at a moment and nobody answered.

    Raises:
        NotFound: there is no such policy.

    """
    opened = at or runtime.clock.now()
    end = opened + timedelta(days=30)
    with runtime.reading() as reader:
        policy = queries.policy_of(reader, policy_id)
        if policy is None:
            raise NotFound(f"There is no escalation policy {policy_id}.", fix="`tocsin policy list` shows them.")
        known = queries.known_for(reader, queries.targets_of(policy), opened, end)
    lines = Plan(policy, urgency, Lookup(known, opened, end)).script(opened)
    return {"policy": policy.id, "version": policy.version, "urgency": urgency, "opened_at": opened, "lines": lines}
