"""How a postmortem writes times, spans, numbers and tables in Markdown. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

UNKNOWN: Final = "not available"
GAP: Final = "> **To write:**"
"""How a place begins that people have to fill; ``gaps`` finds it again."""
_GAP: Final = re.compile(r"^> \*\*To write:\*\* ?(.*)$", re.MULTILINE)
_HEADING: Final = re.compile(r"^(#{1,2})(?=\s)", re.MULTILINE)
_CELL: Final = str.maketrans({"|": "\\|", "<": "\\<"})


def gap(asks: str) -> str:
    """Return the line that marks a place for people."""
    return f"{GAP} {' '.join(asks.split())}"


def gaps(markdown: str) -> list[str]:
    """Return what is still to be written in a document or section, in order."""
    return _GAP.findall(markdown)


def utc(at: datetime | None) -> str:
    """Return a moment as ``2025-10-27 14:20 UTC``."""
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else UNKNOWN


def words(span: timedelta | float | None) -> str:
    """Return a span (or seconds) in words: ``47 min``, ``1 h 5 min``, ``13 d 16 h 19 min``; seconds only below two minutes."""
    if span is None:
        return UNKNOWN
    seconds = round(span.total_seconds() if isinstance(span, timedelta) else span)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    if seconds < 120 and seconds % 60:  # noqa: PLR2004 (two minutes, as the docstring says)
        return f"{sign}{seconds} s"
    days, rest = divmod(round(seconds / 60), 1440)
    hours, minutes = divmod(rest, 60)
    parts = [f"{number} {unit}" for number, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if number]
    return sign + (" ".join(parts) or "0 min")


def relative(span: timedelta) -> str:
    """Return a distance from the origin of the timeline: ``+12 min``, ``−5 min``, ``0 min``."""
    said = words(span)
    return said if said.startswith(("−", "0 ")) else f"+{said}"


def number(value: float | str) -> str:
    """Return a figure as it was recorded, with a comma between thousands."""
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"


def cell(text: object) -> str:
    """Return a text of the record so that it stays within its cell or line and starts no markup of its own."""
    return " ".join(str(text).translate(_CELL).split())


def people_text(text: str) -> str:
    """Return what people wrote; headings of the first two ranks become third, so that the document's own sections stay what they are."""
    return _HEADING.sub("###", text.strip())


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a table; cells must be ready (``cell``)."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    lines.extend("| " + " | ".join(row) + " |" for row in rows)
    return lines


def listed(names: Iterable[str]) -> str:
    """Return names separated by commas; ``not available`` where there are none."""
    return ", ".join(cell(name) for name in names) or UNKNOWN
