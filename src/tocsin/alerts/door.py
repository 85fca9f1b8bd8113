"""Where requests wait for their commit: those that come in one turn of the event loop are entered together, and too many are sent away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, Final
from weakref import WeakKeyDictionary

from tocsin.alerts.arrival import Arrived, Several, Taken
from tocsin.alerts.errors import Overloaded
from tocsin.engine.committer import Committer
from tocsin.engine.model import SYSTEM
from tocsin.engine.submissions import Result, Submission

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 32_000_000
"""Bytes of requests that wait for their commit at most; more are answered 503, and senders try again."""
MOST_REQUESTS: Final = 5_000
_SMALL: Final = 2_000
"""Bytes that a request counts for at least: its alerts take room as well."""
_TOGETHER: Final = 400_000
"""Bytes that are entered together at most: a transaction is to be short."""

JOURNAL: Final = "alert"

_SLOW: Final = 0.002
"""Seconds: where commits take longer than that, as on a busy disk, it pays to let more requests gather before the next one."""
_PAUSE: Final = 0.001
"""Seconds for which they gather, once those have been answered who waited for the last one and may send again."""
_NEWER: Final = 0.3
"""The weight of the last commit in what is known of how long they take."""

_Waiting = list[tuple[Arrived, "asyncio.Future[Taken]"]]
_unused: Final[Future[Result]] = Future()


class _Turn:
    """What waits in one event loop."""

    __slots__ = ("due", "lasts", "under_way", "waiting")

    def __init__(self) -> None:
        self.waiting: _Waiting = []
        self.due = False
        """Whether what waits is about to be entered."""
        self.under_way = 0
        """Submissions that are not answered yet."""
        self.lasts = 0.0
        """How long commits take of late, in seconds."""


class Door:
    """Enters requests into the journal. Used in event loops only."""

    def __init__(self, most_bytes: int = MOST_BYTES, most_requests: int = MOST_REQUESTS) -> None:
        self.most_bytes = most_bytes
        self.most_requests = most_requests
        self.bytes = 0
        """Bytes of requests that wait."""
        self.requests = 0
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turn] = WeakKeyDictionary()

    async def enter(self, committer: Committer, arrived: Arrived) -> Taken:
        """Enter a request; it is on disk when this returns.

        Raises:
            Overloaded: too much waits already; nothing was kept.
            Refused: it could not be taken.

        """
        size = max(len(arrived.body), _SMALL)
        if self.bytes + size > self.most_bytes or self.requests >= self.most_requests:
            raise Overloaded
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Taken] = loop.create_future()
        turn = self._turns.get(loop)
        if turn is None:
            turn = self._turns[loop] = _Turn()
        turn.waiting.append((arrived, answer))
        if not turn.due and not (turn.under_way and turn.lasts > _SLOW):
            turn.due = True
            loop.call_soon(self._enter_all, committer, loop, turn)
        self.bytes += size
        self.requests += 1
        try:
            return await answer
        finally:
            self.bytes -= size
            self.requests -= 1

    def _enter_all(self, committer: Committer, loop: asyncio.AbstractEventLoop, turn: _Turn) -> None:
        """Submit what came in this turn."""
        turn.due = False
        waiting, turn.waiting = turn.waiting, []
        submissions = []
        start = size = 0
        for at, (arrived, _) in enumerate(waiting, 1):
            size += len(arrived.body)
            if size >= _TOGETHER or at == len(waiting):
                submissions.append(self._submission(committer, loop, turn, waiting[start:at]))
                start, size = at, 0
        if submissions:
            committer.submit_all(submissions)

    def _submission(self, committer: Committer, loop: asyncio.AbstractEventLoop, turn: _Turn, waiting: _Waiting) -> Submission:
        entry: Any = Several(tuple([arrived for arrived, _ in waiting]))
        told: asyncio.Future[Any] = loop.create_future()
        told.add_done_callback(partial(self._tell, committer, loop, turn, waiting, loop.time()))
        turn.under_way += 1
        return Submission("", None, SYSTEM, journal=JOURNAL, entry=entry, future=_unused, waiter=(loop, told))

    def _tell(
        self,
        committer: Committer,
        loop: asyncio.AbstractEventLoop,
        turn: _Turn,
        waiting: _Waiting,
        begun: float,
        told: asyncio.Future[Sequence[Taken]],
    ) -> None:
        """Answer all who wait, and have those entered who came meanwhile."""
        turn.under_way -= 1
        turn.lasts += (loop.time() - begun - turn.lasts) * _NEWER
        error = told.exception()
        if error is None:
            for (_, answer), taken in zip(waiting, told.result(), strict=True):
                if not answer.done():
                    answer.set_result(taken)
        elif len(waiting) == 1:
            ((_, answer),) = waiting
            if not answer.done():
                answer.set_exception(error)
        else:  # each is tried alone: one of them must not spoil the others
            logger.warning("%d requests could not be taken together, trying them one by one: %s", len(waiting), error)
            committer.submit_all([self._submission(committer, loop, turn, [one]) for one in waiting])
        if turn.due or not (turn.waiting or len(waiting) > 1):
            return
        if turn.lasts > _SLOW:
            turn.due = True
            loop.call_later(_PAUSE, self._enter_all, committer, loop, turn)
        elif turn.waiting:
            turn.due = True
            loop.call_soon(self._enter_all, committer, loop, turn)
