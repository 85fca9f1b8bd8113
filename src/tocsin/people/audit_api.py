"""The API of the audit."""

from __future__ import annotations

import asyncio
import csv
import io
from typing import Any, Final

from starlette.responses import Response

from tocsin.engine.errors import Refused
from tocsin.people.audit_queries import KINDS, Wanted, entries, families
from tocsin.web.endpoints import Asked, Endpoint, limit_of, moment_of

_PAGE: Final = 100
_MOST: Final = 1000
_COLUMNS: Final = ("at", "who", "name", "via", "address", "kind", "record", "type", "says")


def endpoints() -> list[Endpoint]:
    """Return the endpoint of the audit."""

    async def audit(asked: Asked) -> Any:
        wanted = wanted_of(asked)

        def work() -> list[dict[str, Any]]:
            with asked.runtime.reading() as reader:
                return entries(reader, asked.viewer, wanted)

        found = await asyncio.to_thread(work)
        if asked.query.get("format") == "csv":
            return as_csv(found)
        return {"entries": found, "after": found[-1]["position"] if len(found) == wanted.limit else None}

    query = (
        ("person", "Who acted: the id of a person or token"), ("kind", f"One of {', '.join((*KINDS, *families()))}"), ("record", "service:payments, or an id with a kind"),
        ("since", "From this moment on"), ("until", "Before this moment"), ("after", "Position of the last entry seen; older ones follow"),
        ("limit", f"At most {_MOST}"), ("format", "csv: a file"),
    )  # fmt: skip
    return [
        Endpoint(
            "GET", "/audit", "Who did what, when, and from where; newest first", audit, tag="audit", query=query, needs="administrator", door="audit:read",
            media=("application/json", "text/csv"),
        )
    ]  # fmt: skip


def wanted_of(asked: Asked) -> Wanted:
    """Return what a request asks for.

    Raises:
        Refused: a filter cannot be used.

    """
    kind, after = asked.query.get("kind", ""), asked.query.get("after", "")
    if kind and kind not in KINDS and kind not in families():
        raise Refused(f"The audit knows no kind {kind!r}.", fix=f"There are: {', '.join((*KINDS, *families()))}.", field="kind")
    if after and not (after.isascii() and after.isdigit() and len(after) < 19):  # noqa: PLR2004 (what a number of the database can have)
        raise Refused(f"after {after!r} is no position.", fix="Give the number that the answer before ended with.", field="after")
    return Wanted(
        asked.query.get("person", ""), kind, asked.query.get("record", ""), moment_of(asked, "since"), moment_of(asked, "until"), int(after or 0),
        limit_of(asked, _PAGE, _MOST),
    )  # fmt: skip


def as_csv(found: list[dict[str, Any]]) -> Response:
    """Return entries as a file for a spreadsheet; a cell that begins like a formula is made text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for one in found:
        writer.writerow([_cell(one["at"].isoformat() if name == "at" else one[name]) for name in _COLUMNS])
    headers = {"content-disposition": 'attachment; filename="audit.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _cell(value: Any) -> str:
    text = str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
