"""The table that every chart has: for reading, for screen readers, and as CSV. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

Value = str | int | float | datetime | None
Form = Literal["text", "count", "seconds", "share", "hours", "days", "rate", "time"]
_UNITS: Final[dict[str, str]] = {"seconds": " (s)", "share": " (0 to 1)", "hours": " (h)", "days": " (d)", "time": " (UTC)"}
_DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula."""


class Column(msgspec.Struct, frozen=True):
    """A column: its name, and what its values are. None is shown as not known, never as 0."""

    name: str
    form: Form = "text"


class Row(msgspec.Struct, frozen=True):
    """A row. ``href``: where its first cell leads."""

    values: tuple[Value, ...]
    href: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """A table."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


def as_csv(sheet: Sheet) -> str:
    """Return a table as CSV: times as RFC 3339, spans in seconds, empty where a value is not known."""
    lines = [
        [column.name + _UNITS.get(column.form, "") for column in sheet.columns],
        *([_plain(value) for value in row.values] for row in sheet.rows),
    ]
    return "".join(",".join(_quoted(text) for text in line) + "\r\n" for line in lines)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if any(letter in text for letter in ',"\r\n') else text


def _plain(value: Value) -> str:
    match value:
        case None:
            return ""
        case str():
            return f"'{value}" if value.startswith(_DANGEROUS) else value
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        case int():
            return str(value)
        case _:
            return f"{value:.10g}"
