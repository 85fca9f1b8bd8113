"""The API of the search."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.engine.model import Viewer
from tocsin.engine.runtime import Runtime
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.search import queries
from tocsin.search.asked import Asked, day, terms
from tocsin.search.found import plain
from tocsin.search.rows import KINDS
from tocsin.web.endpoints import Asked as Request
from tocsin.web.endpoints import Endpoint, limit_of

_QUERY: Final = (
    ("q", 'Words, "phrases", -absent; the last word may be unfinished'), ("kind", f"One of {', '.join(KINDS)}"), ("service", "A service's id"),
    ("incident", "Only within this one"), ("from", "What happened on this day (2026-01-31) or later"), ("to", "… and on this day or before"),
    ("limit", "Groups, at most 50"),
)  # fmt: skip


def endpoints(shelf: Bookshelf) -> list[Endpoint]:
    """Return the endpoint of the search."""

    async def search(request: Request) -> Any:
        wanted, wrong = asked_from(request.query)
        if wrong is not None:
            raise wrong
        limit = limit_of(request, queries.USUAL, queries.MOST)
        found = await asyncio.to_thread(answer, request.runtime, shelf, request.viewer, wanted, limit)
        return {
            "query": wanted.text, "total": found.total, "more": found.many, "counts": found.counts,
            "groups": [
                {
                    "incident": msgspec.to_builtins(group.head, builtin_types=(datetime,)) if group.head else None, "more": group.more,
                    "results": [
                        {
                            "kind": one.kind, "record": one.record, "label": one.label, "title": plain(one.title), "text": plain(one.snippet), "at": one.at,
                            "url": one.url, "marked": [{"text": piece.text, "hit": piece.hit} for piece in one.snippet or one.title],
                        }
                        for one in group.results
                    ],
                }
                for group in found.groups
            ],
        }  # fmt: skip

    return [Endpoint("GET", "/search", "Search everything that people wrote", search, tag="search", query=_QUERY)]


def asked_from(query: Mapping[str, str]) -> tuple[Asked, Refused | None]:
    """Return what an address asks for, and what of it cannot be used."""
    text, kind = query.get("q", ""), query.get("kind", "").strip()
    wrong: Refused | None = None
    if kind and kind not in KINDS:
        wrong = Refused(f"Nothing of the kind {kind[:40]!r} is searched.", fix=f"Ask for one of: {', '.join(KINDS)}.", field="kind")
        kind = ""
    days: dict[str, datetime | None] = {}
    for name in ("from", "to"):
        given = query.get(name, "").strip()
        days[name] = day(given, after=name == "to") if given else None
        if given and days[name] is None:
            wrong = Refused(f"{name} {given[:40]!r} is not a day.", fix="Write it like 2026-01-31.", field=name)
    asked = Asked(
        text, terms(text), kind, query.get("service", "").strip()[:200], query.get("incident", "").strip()[:200], days["from"], days["to"]
    )
    return asked, wrong


def answer(runtime: Runtime, shelf: Bookshelf, viewer: Viewer, asked: Asked, limit: int) -> queries.Answer:
    """Return what a viewer finds."""
    with runtime.reading() as reader:
        books: list[Playbook] = []
        for name in shelf.ids(reader) if asked.terms else ():
            current = shelf.current(name, reader)
            book = shelf.by_digest(current.digest, reader) if current is not None else None
            if book is not None:
                books.append(book)
        return queries.search(reader, viewer, books, asked, dialect=runtime.database.dialect, limit=limit)
