"""Which colours a browser asked for. It lies in a cookie, so that a page comes in them at once."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

COOKIE: Final = "tocsin_theme"
THEMES: Final = ("light", "dark")


def theme_of(request: Request) -> str:
    """Return ``light`` or ``dark``; an empty text for what the device says."""
    chosen = request.cookies.get(COOKIE, "")
    return chosen if chosen in THEMES else ""
