"""The pages of receipts: every request of a monitoring tool, and what became of each alert in it."""

from __future__ import annotations

import asyncio
from typing import Any, Final, get_args
from urllib.parse import quote

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.alerts import receipt_queries as queries
from tocsin.alerts import receipts, selected_pages
from tocsin.alerts.model import What, number_of, receipt_number
from tocsin.alerts.registry import TOOLS
from tocsin.engine.errors import Refused
from tocsin.web.layout import Shell, Visit, go

_PAGE: Final = 50
_FIELDS: Final = ("source", "outcome", "text", "alert")
_LONGEST_SHOWN: Final = 60_000
"""Letters of a body that a page shows; the whole of it is given as a file."""
OUTCOMES: Final[dict[str, str]] = {
    "new": "It began, and opened a group.", "merged": "It began, and joined a group that fires already.", "repeated": "It fires still; the repeat was counted.",
    "changed": "It fires still, and says something new.", "reopened": "It had ended, and fires again.", "resolved": "It ended.",
    "acknowledged": "Somebody acknowledged it in the tool.", "unchanged": "It says nothing that was not known.", "silenced": "It began; a silence keeps it from calling anybody.",
    "maintenance": "It began; planned maintenance keeps it from calling anybody.", "inhibited": "It began; another alert that fires keeps it from calling anybody.",
    "recorded": "It began; its route calls nobody.", "refused": "It could not be taken.", "held": "It waits until the request's signature is checked.",
}  # fmt: skip
"""What each outcome means."""


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""

    async def listed(visit: Visit) -> Response:
        asked = {name: visit.query.get(name, "").strip()[:500] for name in _FIELDS}
        if asked["text"][:2].upper() == "R-" and receipt_number(asked["text"]) is not None:
            return go(f"/receipts/{quote(asked['text'].upper())}")

        def work() -> dict[str, Any]:
            problem: Refused | None = None
            alert = number_of(asked["alert"]) if asked["alert"] else 0
            if alert is None:
                problem, alert = Refused(f"There is no alert {asked['alert']}.", fix="Write it like A-1042.", field="alert"), 0
            sought = receipts.Asked(asked["source"], "", asked["outcome"], asked["text"], alert)
            with visit.runtime.reading() as reader:
                rows = queries.list_receipts(reader, visit.viewer, sought, after=visit.query.get("after", ""), limit=_PAGE + 1)
            more, rows = len(rows) > _PAGE, rows[:_PAGE]
            return {
                "rows": rows, "asked": asked, "tools": TOOLS, "outcomes": (*get_args(What), "rejected", "ignored"), "problem": problem,
                "filtered": any(asked.values()), "paged": bool(visit.query.get("after")),
                "older": selected_pages.address("/receipts", asked, after=rows[-1]["id"]) if more else "",
                "address": lambda **other: selected_pages.address("/receipts", asked, **other),
            }  # fmt: skip

        return shell.page(visit, "alerts/receipts.html", await asyncio.to_thread(work))

    async def one(visit: Visit) -> Response:
        def work() -> dict[str, Any]:
            with visit.runtime.reading() as reader:
                receipt = queries.receipt_view(reader, visit.viewer, visit.path["id"])
            body, more = _pretty(receipt["body"])
            return {
                "receipt": receipt,
                "body": body,
                "more": more,
                "means": OUTCOMES,
                "tool": TOOLS.get(receipt["source"], receipt["source"]),
            }

        return shell.page(visit, "alerts/receipt.html", await asyncio.to_thread(work))

    async def raw(visit: Visit) -> Response:
        def work() -> str:
            with visit.runtime.reading() as reader:
                return str(queries.receipt_view(reader, visit.viewer, visit.path["id"])["body"])

        name = f"{visit.path['id']}.txt".replace('"', "")
        headers = {"content-disposition": f"attachment; filename*=UTF-8''{quote(name)}", "cache-control": "private, no-store"}
        return Response(await asyncio.to_thread(work), headers=headers, media_type="text/plain; charset=utf-8")

    return [shell.get("/receipts", listed), shell.get("/receipts/{id}", one), shell.get("/receipts/{id}/body", raw)]


def _pretty(body: str) -> tuple[str, bool]:
    """Return a body as people read it, indented where it is JSON, and whether something of it was left out."""
    try:
        text = msgspec.json.format(body.encode(), indent=2).decode()
    except (msgspec.MsgspecError, RecursionError):
        text = body
    return text[:_LONGEST_SHOWN], len(text) > _LONGEST_SHOWN
