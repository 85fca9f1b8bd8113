"""What commands print: aligned and calm for people, JSON for machines. Colours and boxes only on a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import click

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_EXACT_HOURS: Final = 12 * _HOUR
_EXACT_DAYS: Final = 14 * _DAY

NOTHING: Final = "–"
"""What stands where there is no value."""


def on_terminal() -> bool:
    """Tell whether a person reads standard output."""
    return sys.stdout.isatty()


def coloured() -> bool:
    """Tell whether colours may be used: on a terminal that has them, unless NO_COLOR is set (https://no-color.org)."""
    return on_terminal() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def say(text: str = "") -> None:
    """Print one line for a person."""
    click.echo(text, color=coloured())


def note(text: str) -> None:
    """Print a remark beside the answer, on standard error, so that it never mixes with what a script reads."""
    click.echo(text, err=True)


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False), color=False)


def strong(text: str) -> str:
    """Return a text in bold, where colours may be used."""
    return click.style(text, bold=True) if coloured() else text


def faint(text: str) -> str:
    """Return a text that steps back, where colours may be used."""
    return click.style(text, dim=True) if coloured() else text


_COLOURS: Final = {"good": "green", "warn": "yellow", "bad": "red"}


def tone(text: str, how: str) -> str:
    """Return a text in the colour of ``good``, ``warn`` or ``bad``; any other word leaves it as it is."""
    return click.style(text, fg=_COLOURS[how]) if how in _COLOURS and coloured() else text


def state(word: str) -> str:
    """Return the state of a duty, criterion, alert or item in its colour; the word itself always stays."""
    tones = {
        "overdue": "bad", "missed": "bad", "failed": "bad", "firing": "bad", "unmet": "bad", "late": "warn", "warned": "warn", "waived": "warn",
        "kept": "good", "met": "good", "ticked": "good", "done": "good", "passed": "good", "resolved": "good",
    }  # fmt: skip
    return tone(word, tones.get(word, ""))


# -- time -----------------------------------------------------------------------------------------


def moment(value: str | None) -> datetime | None:
    """Return a time of the API (RFC 3339) in UTC; None where there is none."""
    return None if not value else datetime.fromisoformat(value).astimezone(UTC)


def span(seconds: float) -> str:
    """Return a length of time in words: ``45 s``, ``12 min``, ``2 h 5 min``, ``3 d``."""
    whole = int(abs(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        minutes = whole % _HOUR // _MINUTE
        return f"{whole // _HOUR} h {minutes} min" if minutes and whole < _EXACT_HOURS else f"{whole // _HOUR} h"
    hours = whole % _DAY // _HOUR
    return f"{whole // _DAY} d {hours} h" if hours and whole < _EXACT_DAYS else f"{whole // _DAY} d"


def relative(at: datetime, now: datetime) -> str:
    """Return how long ago or how far ahead a moment is."""
    seconds = (at - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(seconds)} ago"


def clock(at: datetime, now: datetime) -> str:
    """Return a moment as a clock time in UTC, with its date where it is another day."""
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M} UTC"


def when(value: str | None, now: datetime) -> str:
    """Return a time of the API as ``14:27 UTC (3 min ago)``."""
    at = moment(value)
    return NOTHING if at is None else f"{clock(at, now)} ({relative(at, now)})"


def date_of(value: str | None) -> str:
    """Return the date of a time or date of the API."""
    return value[:10] if value else NOTHING


def lasting(value: float | None) -> str:
    """Return a number of seconds as a length of time."""
    return NOTHING if value is None else span(value)


def delta(value: timedelta) -> str:
    """Return a length of time in words."""
    return span(value.total_seconds())


# -- layout ---------------------------------------------------------------------------------------


def pairs(rows: Iterable[tuple[str, Any]]) -> None:
    """Print names and values in two columns; those without a value are left out."""
    shown = [(name, str(value)) for name, value in rows if value not in (None, "", [], {})]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        first, *more = value.splitlines() or [""]
        say(f"{faint(name.ljust(width))}  {first}")
        for line in more:
            say(f"{' ' * width}  {line}")


def heading(text: str) -> None:
    """Print the heading of a part."""
    say()
    say(strong(text))


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str = "Nothing.") -> None:
    """Print a table. On a terminal Rich wraps its cells; elsewhere it is plain aligned text that other tools can cut."""
    texts = [[NOTHING if cell in (None, "") else str(cell) for cell in row] for row in rows]
    if not texts:
        say(empty)
    elif on_terminal():
        _rich_table(columns, texts)
    else:
        _plain_table(columns, [[click.unstyle(cell) for cell in row] for row in texts])


def _plain_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(columns[i]), *(len(row[i]) for row in rows)) for i in range(len(columns))]
    for row in (list(columns), *rows):
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(box=None, pad_edge=False, header_style="bold" if coloured() else "")
    for column in columns:
        shown.add_column(column, overflow="fold")
    for row in rows:
        shown.add_row(*(Text.from_ansi(cell) for cell in row))
    Console(no_color=not coloured(), highlight=False).print(shown)
