"""The outbox: what leaves the house. Intent recorded, then sent, then the result recorded; at least once, with a stable key."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, func, select, update

from tocsin.engine import tables
from tocsin.engine.clock import Clock
from tocsin.engine.committer import Committer, Submission
from tocsin.engine.database import Database
from tocsin.engine.kinds import Follow
from tocsin.engine.model import SYSTEM, micros
from tocsin.engine.ports import Channel, ChannelFailed, Message, Renderer
from tocsin.engine.worker import LONGEST_REST, Worker

logger = logging.getLogger(__name__)

_AT_ONCE: Final = 100
_AGAIN: Final = 0.05
_RETRY_AFTER: Final = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))


class Outbox(Worker):
    """Sends waiting deliveries, one thread; on a virtual clock only ``drain`` sends."""

    def __init__(
        self,
        database: Database,
        committer: Committer,
        clock: Clock,
        channels: Mapping[str, Channel],
        render: Renderer,
        on_failure: Callable[[str, str, str, str], Follow | None] = lambda _stream, _key, _channel, _why: None,
        on_sent: Callable[[str, str, str, str], Follow | None] = lambda _stream, _key, _channel, _receipt: None,
    ) -> None:
        super().__init__("outbox", clock)
        self._database = database
        self._committer = committer
        self._channels = channels
        self._render = render
        self._on_failure = on_failure
        self._on_sent = on_sent
        self._sending = threading.Lock()

    def rendered(self, kind: str, target: str, values: dict[str, Any]) -> tuple[str, str]:
        """Return subject and body of a message as it would be sent."""
        return self._render(kind, target, values)

    def drain(self) -> int:
        """Send everything that is due; return how many were tried."""
        tried = 0
        with self._sending:
            while rows := self._due():
                results = [self._send(row) for row in rows]
                self._record(results)
                tried += len(rows)
        return tried

    def _due(self) -> list[Any]:
        table = tables.deliveries
        with self._database.reading() as connection:
            return list(
                connection.execute(
                    select(table)
                    .where(table.c.state == "waiting", table.c.due_at <= micros(self._clock.now()))
                    .order_by(table.c.id)
                    .limit(_AT_ONCE),
                ),
            )

    def next_due(self) -> int | None:
        """Return when the next waiting message is due (microseconds); None where none waits."""
        table = tables.deliveries
        with self._database.reading() as connection:
            due = connection.execute(select(func.min(table.c.due_at)).where(table.c.state == "waiting")).scalar()
        return None if due is None else int(due)

    def _send(self, row: Any) -> tuple[Any, str, str, dict[str, Any] | None]:
        """Send one row; return it with its new state, error and what was sent."""
        values = msgspec.json.decode(row.body)
        try:
            subject, body = self._render(row.kind, row.target, values)
            at = values.get("sent_at") or ""
            message = Message(row.key, row.stream, row.kind, row.target, subject, body, values, str(at))
            channel = self._channels.get(row.channel)
            if channel is None:
                raise ChannelFailed(
                    f"there is no channel {row.channel!r}; the channels are {', '.join(sorted(self._channels))}", permanent=True
                )
            receipt = channel.send(message)
        except ChannelFailed as failure:
            final = failure.permanent or row.attempts + 1 >= len(_RETRY_AFTER)
            return row, "failed" if final else "waiting", str(failure), None
        except Exception as failure:  # a defect in one template or channel must not hold up the other messages
            logger.exception("delivery %s could not be sent", row.key)
            return row, "failed", f"{type(failure).__name__}: {failure}", None
        return row, "sent", "", {"subject": subject, "body": body, "receipt": receipt}

    def _record(self, results: list[tuple[Any, str, str, dict[str, Any] | None]]) -> None:
        now = self._clock.now()
        table = tables.deliveries

        def write(connection: Connection) -> dict[str, Any]:
            for row, state, error, sent in results:
                retry = now + _RETRY_AFTER[min(row.attempts, len(_RETRY_AFTER) - 1)]
                connection.execute(
                    update(table)
                    .where(table.c.id == row.id)
                    .values(
                        state=state,
                        attempts=row.attempts + 1,
                        error=error or None,
                        sent=msgspec.json.encode(sent).decode() if sent else None,
                        sent_at=micros(now) if sent else None,
                        due_at=micros(retry) if state == "waiting" else row.due_at,
                    ),
                )
            return {}

        for row, state, _error, sent in results:
            # The record hears of it before the row is settled: after a crash in between the message goes out again under the same key,
            # and the record, which knows the key, stays as it is.
            if (
                state == "sent"
                and sent is not None
                and (follow := self._on_sent(row.stream, row.key, row.channel, sent["receipt"])) is not None
            ):
                self._committer.submit(Submission(f"{follow.kind}:{follow.id}", follow.command, SYSTEM)).exception()
        self._committer.submit(Submission("", None, SYSTEM, write=write)).result()
        for row, state, error, _sent in results:
            if state == "failed" and (follow := self._on_failure(row.stream, row.key, row.channel, error)) is not None:
                self._committer.submit(Submission(f"{follow.kind}:{follow.id}", follow.command, SYSTEM)).exception()

    def work(self) -> bool:
        """Send what is due; tell whether anything was."""
        return self.drain() > 0

    def rest(self) -> float:
        """Return the seconds until the next message is due."""
        due = self.next_due()
        return LONGEST_REST if due is None else max(_AGAIN, (due - micros(self._clock.now())) / 1e6)
