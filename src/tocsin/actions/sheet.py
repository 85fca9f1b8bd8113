"""Rows as CSV that a spreadsheet can open without running anything in it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a cell for a formula."""


def csv(rows: Iterable[Sequence[str]]) -> str:
    """Return rows as CSV (RFC 4180). A text that a spreadsheet would calculate gets an apostrophe in front."""
    return "".join(",".join(_cell(value) for value in row) + "\r\n" for row in rows)


def _cell(value: str) -> str:
    text = f"'{value}" if value.startswith(_FORMULA) and not _is_number(value) else value
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
