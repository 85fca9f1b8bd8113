"""The pages of incidents: what is going on now, declaring, and the list. One incident is in ``room_pages``, telling an audience in ``compose_pages``."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader, micros
from tocsin.incidents import declare_pages, glance_queries, now_pages
from tocsin.incidents.glance_queries import Filter
from tocsin.people.queries import list_people, list_teams
from tocsin.playbooks.queries import Bookshelf
from tocsin.services import queries as services
from tocsin.web.layout import Shell, Visit

_PAGE: Final = 50
_MOST_EXPORTED: Final = 20_000
_AT_ONCE: Final = 500
_FIELDS: Final = ("state", "severity", "service", "playbook", "team", "text", "mine", "from", "to")
_COLUMNS: Final = ("id", "title", "severity", "rank", "stage", "service", "playbook", "lead", "declared_at", "began_at", "until", "private")


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str) -> list[Route]:
    """Return the routes of the pages."""
    pages = _Pages(shell, shelf)
    return [
        *now_pages.routes(shell),
        *declare_pages.routes(shell, shelf, default_playbook),
        shell.get("/incidents", pages.listed),
        shell.get("/incidents.csv", pages.exported),
    ]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf) -> None:
        self._shell = shell
        self._shelf = shelf

    async def listed(self, visit: Visit) -> Response:
        """Show the list, by the filters of the address."""
        asked = {name: visit.query.get(name, "").strip()[:200] for name in _FIELDS}
        used = {name: value for name, value in asked.items() if value}

        def work() -> dict[str, Any]:
            problem: Refused | None = None
            try:
                wanted = filter_of(asked, visit.actor.id)
            except Refused as refusal:
                problem, wanted = (
                    refusal,
                    filter_of({name: value for name, value in asked.items() if name not in ("from", "to")}, visit.actor.id),
                )
            with visit.runtime.reading() as reader:
                rows = glance_queries.find(reader, visit.viewer, wanted, after=visit.query.get("after", ""), limit=_PAGE + 1)
                more, rows = len(rows) > _PAGE, rows[:_PAGE]
                return {
                    "rows": rows, "asked": asked, "tally": glance_queries.tally(reader, visit.viewer, wanted), "problem": problem,
                    "older": "?" + urlencode({**used, "after": rows[-1]["id"]}) if more else "", "filtered": wanted.any, "paged": bool(visit.query.get("after")),
                    "csv": "/incidents.csv" + ("?" + urlencode(used) if used else ""), **self._choices(reader),
                    "address": lambda **other: "/incidents" + ("?" + urlencode(found) if (found := {k: v for k, v in {**asked, **other}.items() if v}) else ""),
                }  # fmt: skip

        return self._shell.page(visit, "incidents/list.html", await asyncio.to_thread(work))

    def _choices(self, reader: Reader) -> dict[str, Any]:
        """Return what the filters offer."""
        levels: dict[str, int] = {}
        books: dict[str, str] = {}
        for book_id in self._shelf.ids(reader):
            current = self._shelf.current(book_id, reader)
            book = self._shelf.by_digest(current.digest, reader) if current else None
            if book is not None:
                books[book_id] = book.title
                for level in book.severities:
                    levels.setdefault(level.id, level.rank)
        return {
            "levels": sorted(levels.items(), key=lambda one: (one[1], one[0])), "books": books,
            "services": [{"id": row["id"], "name": row["name"]} for row in services.list_services(reader)], "teams": list_teams(reader),
            "names": {row["id"]: row["name"] for row in list_people(reader, everybody=True)},
        }  # fmt: skip

    async def exported(self, visit: Visit) -> Response:
        """Give the list as CSV, by the same filters."""
        asked = {name: visit.query.get(name, "").strip()[:200] for name in _FIELDS}

        def work() -> str:
            kept = io.StringIO()
            sheet = csv.writer(kept)
            sheet.writerow(_COLUMNS)
            with visit.runtime.reading() as reader:
                for row in _all(reader, visit, filter_of(asked, visit.actor.id)):
                    sheet.writerow([_plain(row, name) for name in _COLUMNS])
            return kept.getvalue()

        headers = {"content-disposition": 'attachment; filename="incidents.csv"', "cache-control": "private, no-store"}
        return Response(await asyncio.to_thread(work), headers=headers, media_type="text/csv; charset=utf-8")


def filter_of(asked: Mapping[str, str], me: str) -> Filter:
    """Return what an address asks for. ``from`` and ``to`` are days in UTC, the last included.

    Raises:
        Refused: a day cannot be read.

    """
    until = _day(asked.get("to", ""), "to")
    return Filter(
        asked.get("state", ""), asked.get("severity", ""), asked.get("service", ""), asked.get("playbook", ""), asked.get("team", ""), asked.get("text", ""),
        me if asked.get("mine") else "", micros(since) if (since := _day(asked.get("from", ""), "from")) else 0, micros(until + timedelta(days=1)) if until else 0,
    )  # fmt: skip


def _day(text: str, name: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.strptime(text[:10], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused(f"{text!r} is not a day.", fix="Write it like 2026-01-31.", field=name) from error


def _all(reader: Reader, visit: Visit, wanted: Filter) -> Iterator[dict[str, Any]]:
    after = ""
    for _ in range(0, _MOST_EXPORTED, _AT_ONCE):
        rows = glance_queries.find(reader, visit.viewer, wanted, after=after, limit=_AT_ONCE)
        yield from rows
        if len(rows) < _AT_ONCE:
            return
        after = rows[-1]["id"]


def _plain(row: Mapping[str, Any], name: str) -> Any:
    value = row["since"] if name == "began_at" else row[name]
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    text = value if isinstance(value, str) else "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text  # a spreadsheet would run it
