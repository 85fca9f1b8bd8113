"""Write down what became of messages, together with what that means to their records: one transaction for many."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select, update

from tocsin.engine import tables
from tocsin.engine.errors import Refused
from tocsin.engine.journal import Transaction
from tocsin.engine.kinds import Follow
from tocsin.engine.model import SYSTEM
from tocsin.engine.waiting import Outcome
from tocsin.engine.writer import Prepared

logger = logging.getLogger(__name__)

_states = select(tables.deliveries.c.id, tables.deliveries.c.state).where(tables.deliveries.c.id.in_(bindparam("ids", expanding=True)))
_AT_ONCE = 500


def statement(dialect: str) -> Prepared:
    """Return the statement that settles a row."""
    table = tables.deliveries
    names = ("state", "attempts", "error", "sent", "sent_at", "due_at")
    return Prepared(dialect, update(table).where(table.c.id == bindparam("of")).values({name: bindparam(name) for name in names}))


def settle(update_row: Prepared, outcomes: Sequence[Outcome], follows: Sequence[Follow | None], transaction: Transaction) -> dict[str, Any]:
    """Settle the rows and tell the records; return under ``again`` which messages wait for another try, with their tries so far.

    A message that was taken back while it was being sent stays so, unless it left: then it was sent, and the record hears of it.
    """
    states: dict[int, str] = {}
    for begin in range(0, len(outcomes), _AT_ONCE):
        ids = [outcome.row.id for outcome in outcomes[begin : begin + _AT_ONCE]]
        states |= {row.id: row.state for row in transaction.rows(_states, {"ids": ids})}
    rows: list[dict[str, Any]] = []
    again: dict[int, int] = {}
    for outcome, follow in zip(outcomes, follows, strict=True):
        row, state = outcome.row, states.get(outcome.row.id)
        if not (state == "waiting" or (state == "cancelled" and outcome.state == "sent")):
            continue
        attempts = row.attempts + outcome.tried
        rows.append(
            {
                "of": row.id, "state": outcome.state, "attempts": attempts, "error": outcome.why or None, "sent": outcome.sent,
                "sent_at": outcome.at if outcome.state == "sent" else None,
                "due_at": outcome.due_at if outcome.state == "waiting" else row.due_at,
            },
        )  # fmt: skip
        if outcome.state == "waiting":
            again[row.id] = attempts
        if follow is not None:
            failure = transaction.attempt(f"{follow.kind}:{follow.id}", follow.command, SYSTEM)
            if failure is not None and not isinstance(failure, Refused):
                logger.error("%s could not be told of its message %s", row.stream, row.key, exc_info=failure)
    update_row.run(transaction.connection, rows)
    return {"again": again}
