"""How times, spans and numbers look on a page. Filters of the templates; none of them reads a clock."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from markupsafe import Markup, escape

_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400


def hm(at: datetime) -> str:
    """Return ``14:05``."""
    return f"{at.astimezone(UTC):%H:%M}"


def day(at: datetime) -> str:
    """Return ``Mon 27 Oct 2025``."""
    at = at.astimezone(UTC)
    return f"{at:%a} {at.day} {at:%b %Y}"


def stamp(at: datetime) -> str:
    """Return ``2025-10-27 14:05:09 UTC``."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def iso(at: datetime) -> str:
    """Return RFC 3339 UTC, as attributes of pages and scripts have it."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def near(at: datetime, now: datetime) -> str:
    """Return the clock time, with the day where it is another one: ``14:05``, ``28 Oct 14:05``."""
    at, now = at.astimezone(UTC), now.astimezone(UTC)
    if at.date() == now.date():
        return f"{at:%H:%M}"
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at.day} {at:%b}{year} {at:%H:%M}"


def span(length: timedelta | float | None) -> str:
    """Return a span in words as short as they are clear: ``40 s``, ``47 min``, ``1 h 05 min``, ``2 d 3 h``."""
    if length is None:
        return ""
    seconds = int(abs(length.total_seconds() if isinstance(length, timedelta) else length))
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE} min"
    if seconds < _DAY:
        return f"{seconds // _HOUR} h {seconds % _HOUR // _MINUTE:02} min"
    hours = seconds % _DAY // _HOUR
    return f"{seconds // _DAY} d" + (f" {hours} h" if hours else "")


def clock(length: timedelta | float) -> str:
    """Return a running figure: ``04:12``, ``1:04:12``, ``2 d 03:04``. The script that keeps it running writes the same."""
    seconds = int(abs(length.total_seconds() if isinstance(length, timedelta) else length))
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:02}:{seconds % _MINUTE:02}"
    if seconds < _DAY:
        return f"{seconds // _HOUR}:{seconds % _HOUR // _MINUTE:02}:{seconds % _MINUTE:02}"
    return f"{seconds // _DAY} d {seconds % _DAY // _HOUR:02}:{seconds % _HOUR // _MINUTE:02}"


def left(due: datetime, now: datetime) -> str:
    """Return a countdown: ``in 04:12``, or by how much it has passed: ``03:10 late``."""
    return f"in {clock(due - now)}" if due > now else f"{clock(now - due)} late"


def words(text: str) -> str:
    """Return an identifier as words: ``first_update_sent`` as ``First update sent``."""
    plain = text.replace("_", " ").strip()
    return plain[:1].upper() + plain[1:]


def number(value: Any) -> str:
    """Return a number as people write it: ``15,000``, ``0.5``; any other value as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"


def many(count: int, word: str, plural: str = "") -> str:
    """Return ``1 entry``, ``3 entries``."""
    return f"{count:,} {word if count == 1 else plural or word + 's'}"


def here(fix: str) -> str:
    """Return what to do without what is to be typed into a terminal, but for the server's own start: whoever reads it has a page before them."""
    plain = re.sub(r"\s*\([^()]*`tocsin (?!serve)[^()]*\)", "", fix)
    kept = [clause for clause in re.split(r"(?<=[.;])\s+", plain) if not re.search("`tocsin (?!serve)", clause)]
    text = " ".join(kept)
    return text.removesuffix(";") + "." if text.endswith(";") else text


def coded(text: str) -> Markup:
    """Return a sentence with what stands between backticks as code, as refusals write commands and names of files."""
    parts = text.split("`")
    whole = len(parts) % 2  # an odd number of backticks is no pair: the text stays as it is
    return (
        Markup().join(Markup("<code>{}</code>").format(one) if number % 2 else escape(one) for number, one in enumerate(parts))
        if whole
        else escape(text)
    )


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    "hm": hm, "day": day, "stamp": stamp, "iso": iso, "near": near, "span": span, "clock": clock, "left": left, "words": words, "number": number,
    "many": many, "coded": coded, "here": here,
}  # fmt: skip
