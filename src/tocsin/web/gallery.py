"""``/gallery``: every component of the pages in all its states, for whoever works on them. Served only where it was asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import Refused
from tocsin.web.layout import Shell, Visit

ICONS: Final = (
    "flag", "check", "person", "wrench", "arrow", "back", "up", "horn", "bell", "clock", "cross", "waive", "sum", "link", "file", "pen", "level", "pulse",
    "calendar", "dots", "search", "plus", "mute", "inbox", "lock", "eye", "warn", "chevron",
)  # fmt: skip
LONG: Final = "Checkout and refunds fail for customers in three regions after the certificate of the ledger's proxy was renewed at noon"
NAMES: Final = ("Ana", "Amélie Brontë", "محمد عبد الرحمن الهاشمي", "山田 太郎", "Ngozi Okonkwo-Featherstonehaugh")


class _Missing(Refused):
    """A refusal that lists what is missing."""

    missing = ("a commander", "an update to customers within the hour")


def routes(shell: Shell) -> list[Route]:
    """Return the route of the page; none where it was not asked for."""

    async def gallery(visit: Visit) -> Response:
        return shell.page(visit, "web/gallery.html", values(visit))

    return [shell.get("/gallery", gallery)] if shell.gallery else []


def values(visit: Visit) -> dict[str, Any]:
    """Return what the page shows its components with: the usual, the empty and the extreme."""
    now = visit.now
    return {
        "icons": ICONS, "long": LONG, "people": NAMES,
        "levels": ((0, "SEV0", "All hands"), (1, "SEV-1", "Critical"), (2, "P2", ""), (3, "SEV3", "Minor"), (4, "SEV-4", ""), (-1, "", "")),
        "due": (now + timedelta(minutes=4, seconds=12), now + timedelta(hours=5), now + timedelta(days=3, hours=2), now - timedelta(minutes=3), now - timedelta(days=40)),
        "since": (now - timedelta(seconds=9), now - timedelta(minutes=47), now - timedelta(hours=30), now - timedelta(days=400)),
        "refusals": (
            Refused("A silence needs a reason.", fix="Say why nobody needs to hear of these.", field="why"),
            Refused("`SEV-9` is no level of this playbook.", fix="Write one of: SEV-1, SEV-2, SEV-3."),
            _Missing("The incident cannot be resolved yet.", fix="Do what is missing, or waive it with a reason."),
        ),
    }  # fmt: skip
