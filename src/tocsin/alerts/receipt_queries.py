"""Read receipts: lists with filters, newest first, and one with its body. Blocks are unpacked backwards until enough were found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import select

from tocsin.alerts import receipts, tables
from tocsin.alerts.model import receipt_number
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Reader, Viewer
from tocsin.incidents.belonging_queries import Hidden

DEFAULT_LIMIT: Final = 50
MOST: Final = 500
_AT_ONCE: Final = 20
"""Blocks that are read at a time."""


def list_receipts(
    reader: Reader, viewer: Viewer, asked: receipts.Asked = receipts.Asked(), *, after: str = "", limit: int = DEFAULT_LIMIT  # noqa: B008 (a value)
) -> list[dict[str, Any]]:  # fmt: skip
    """Return receipts, newest first. after: the last id seen.

    Raises:
        Refused: ``after`` is no receipt's id.

    """
    below = receipt_number(after) if after else None
    if after and below is None:
        raise Refused(f"There is nothing with the id {after} to go on from.", fix="Begin without `after`.", field="after")
    found: list[dict[str, Any]] = []
    hidden = Hidden(reader, viewer)
    for number, receipt in _backwards(reader, below, asked):
        if asked.fits(receipt) and _shown(reader, hidden, receipt):
            found.append(receipts.shown(number, receipt))
            if len(found) == min(limit, MOST):
                break
    return found


def _shown(reader: Reader, hidden: Hidden, receipt: receipts.Receipt) -> bool:
    """Tell whether nothing in a request belongs to an incident that the viewer may not read."""
    return not hidden.incidents or not hidden.not_shown(reader, (outcome.alert for outcome in receipt.outcomes if outcome.alert))


def _backwards(reader: Reader, below: int | None, asked: receipts.Asked) -> Iterator[tuple[int, receipts.Receipt]]:
    table = tables.receipt_blocks
    while True:
        query = select(table.c.first, table.c.body).order_by(table.c.first.desc()).limit(_AT_ONCE)
        if below is not None:
            query = query.where(table.c.first < below)
        if asked.until:
            query = query.where(table.c.at < asked.until)
        if asked.since:  # all receipts of a block came in one commit
            query = query.where(table.c.at >= asked.since)
        rows = reader.rows(query)
        for row in rows:
            block = receipts.unpack(row.body)
            for at in range(len(block) - 1, -1, -1):
                if below is None or row.first + at < below:
                    yield row.first + at, block[at]
        if len(rows) < _AT_ONCE:
            return
        below = rows[-1].first


def receipts_of_alert(reader: Reader, alert: int, numbers: set[int]) -> list[dict[str, Any]]:
    """Return the receipts with these numbers that speak of an alert, oldest first."""
    found = []
    for number in sorted(numbers):
        receipt = find(reader, number)
        if receipt is not None and any(outcome.alert == alert for outcome in receipt.outcomes):
            found.append(receipts.shown(number, receipt))
    return found


def find(reader: Reader, number: int) -> receipts.Receipt | None:
    """Return a receipt by its number; None where there is none, or it is not kept any more."""
    table = tables.receipt_blocks
    rows = reader.rows(select(table.c.first, table.c.body).where(table.c.first <= number).order_by(table.c.first.desc()).limit(1))
    if not rows:
        return None
    block = receipts.unpack(rows[0].body)
    at = number - rows[0].first
    return block[at] if at < len(block) else None


def is_there(reader: Reader, viewer: Viewer, number: int) -> bool:
    """Tell whether a request is kept, and nothing in it belongs to an incident that the viewer may not read."""
    found = find(reader, number)
    return found is not None and _shown(reader, Hidden(reader, viewer), found)


def receipt_view(reader: Reader, viewer: Viewer, receipt: str) -> dict[str, Any]:
    """Return a receipt with the body as it came and the outcome of each alert.

    Raises:
        NotFound: there is none for this viewer, or it is not kept any more.

    """
    number = receipt_number(receipt)
    found = find(reader, number) if number is not None else None
    if number is None or found is None or not _shown(reader, Hidden(reader, viewer), found):
        raise NotFound(
            f"There is no receipt {receipt}.", fix="Check the id; GET /api/v1/receipts lists them. Old ones are not kept for ever."
        )
    shown = receipts.whole(number, found)
    marks = tables.receipt_marks
    for row in reader.rows(select(marks).where(marks.c.receipt == number)):
        shown["verified"] = bool(row.verified)
        shown["notes"] = (*shown["notes"], row.note) if row.note else shown["notes"]
    return shown
