"""The outbox: what leaves the house. Intent recorded, then sent, then the result recorded; at least once, with a stable key."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import msgspec

from tocsin.engine import settling
from tocsin.engine.clock import Clock
from tocsin.engine.committer import Committed, Committer, Result, Submission
from tocsin.engine.database import Database
from tocsin.engine.kinds import Follow
from tocsin.engine.lanes import Lane
from tocsin.engine.model import SYSTEM, micros, moment
from tocsin.engine.ports import Channel, ChannelFailed, Message, Renderer
from tocsin.engine.waiting import Counts, Outcome, Waiting, channels_that_wait, page
from tocsin.engine.worker import Worker

logger = logging.getLogger(__name__)

_RETRY_AFTER: Final = (timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10))
_LONGEST_PAUSE: Final = timedelta(days=1)
_PATIENCE_WITH_LIMITS: Final = 3600 * 1_000_000
"""Microseconds for which a message may be turned away by rate limits before that counts as tries in vain."""
_LONGEST_WHY: Final = 1000
_RECORD_AGAIN: Final = 1.0
_LOOK_AGAIN: Final = 60.0
"""Seconds after which the table is searched for messages that nobody in memory knows of."""
_GRACE: Final = 5.0
"""Seconds that a stop waits for messages that are being sent."""


class Outbox(Worker):
    """Sends waiting deliveries, each channel on a lane of its own; on a virtual clock only ``drain`` sends.

    Its own thread sends nothing: it wakes lanes when something is due, gives up what takes too long, and reads the table where more waits
    than memory holds.
    """

    def __init__(
        self,
        database: Database,
        committer: Committer,
        clock: Clock,
        channels: Mapping[str, Channel],
        render: Renderer,
        on_failure: Callable[[str, str, str, str], Follow | None] = lambda _stream, _key, _channel, _why: None,
        on_sent: Callable[[str, str, str, str], Follow | None] = lambda _stream, _key, _channel, _receipt: None,
        on_retry: Callable[[str, str, str, str, datetime], Follow | None] = lambda _stream, _key, _channel, _why, _due: None,
    ) -> None:
        super().__init__("outbox", clock)
        self.clock = clock
        self._database = database
        self._committer = committer
        self._channels = channels
        self._render = render
        self._on_failure = on_failure
        self._on_sent = on_sent
        self._on_retry = on_retry
        self._update = settling.statement(database.dialect)
        self._lanes: dict[str, Lane] = {}
        self._draining = threading.Lock()
        self._progress = threading.Condition()
        self._results: list[Outcome] = []
        """What became of messages, and is not yet on its way to the disk."""
        self._recording = 0
        """Results on their way to the disk."""
        self._recorded = 0
        """Results that are on disk, since the start."""
        self._record_at = math.inf
        """When to try again to record (monotonic seconds), after trouble with the database."""
        self._trouble: BaseException | None = None
        self._again = 0.0
        self._looked = -math.inf
        self._open = False

    # -- what others call ----------------------------------------------------------------------------

    def rendered(self, kind: str, target: str, values: dict[str, Any]) -> tuple[str, str]:
        """Return subject and body of a message as it would be sent."""
        return self._render(kind, target, values)

    def start(self) -> None:
        """Learn what waits since before, and begin to send on a clock that runs by itself."""
        self._look_for_more()
        if not self._clock.virtual:
            self._open = True
            for lane in list(self._lanes.values()):
                lane.run()
        super().start()

    def stop(self) -> None:
        """Begin no new message; wait a little for those that are being sent, and for their results to be on disk."""
        self._open = False
        for lane in list(self._lanes.values()):
            lane.rest()
        super().stop()
        until = time.monotonic() + _GRACE
        with self._progress:
            while not self._clock.virtual and time.monotonic() < until and (self._in_flight() or self._results or self._recording):
                self._progress.wait(0.02)

    def handle(self, committed: Committed) -> None:
        """Take the messages of a commit; called on the committer's thread."""
        if committed.withdrawn:
            for lane in list(self._lanes.values()):
                lane.withdraw(committed.withdrawn)
        if committed.deliveries:
            by_channel: dict[str, list[Waiting]] = {}
            for row in committed.deliveries:
                by_channel.setdefault(row.channel, []).append(row)
            for name, rows in by_channel.items():
                self._lane(name).put(rows)

    def drain(self) -> int:
        """Send everything that is due, and wait until the results are on disk; return how many there were."""
        with self._draining:
            return self._drain_by_hand() if self._clock.virtual else self._wait_for_lanes()

    def next_due(self) -> int | None:
        """Return when the next waiting message is due (microseconds); None where none waits."""
        self._read_more()
        return min((due for lane in self._lanes.values() if (due := lane.next_due()) is not None), default=None)

    def counts(self) -> dict[str, Counts]:
        """Return what each channel's lane did since the start, and has to do."""
        return {name: lane.measure() for name, lane in sorted(self._lanes.items())}

    # -- what lanes call -----------------------------------------------------------------------------

    def channel(self, name: str) -> Channel | None:
        """Return the channel of that name."""
        return self._channels.get(name)

    def send(self, row: Waiting) -> tuple[Outcome, float | None]:
        """Send a message; return what became of it, and for how many seconds its place asks to be left alone."""
        try:
            values = msgspec.json.decode(row.body)
            subject, body = self._render(row.kind, row.target, values)
            at = values.get("sent_at") or ""
            message = Message(row.key, row.stream, row.kind, row.target, subject, body, values, str(at))
            channel = self._channels.get(row.channel)
            if channel is None:
                raise ChannelFailed(
                    f"there is no channel {row.channel!r}; the channels are {', '.join(sorted(self._channels))}", permanent=True
                )
            receipt = _clean(str(channel.send(message) or ""))
            sent = msgspec.json.encode({"subject": _clean(subject), "body": _clean(body), "receipt": receipt}).decode()
        except ChannelFailed as failure:
            return self._failed(row, failure)
        except BaseException as failure:  # a defect in one template or channel must not hold up the other messages
            logger.exception("delivery %s could not be sent", row.key)
            return Outcome(row, "failed", _clean(f"{type(failure).__name__}: {failure}")[:_LONGEST_WHY], at=self._now()), None
        return Outcome(row, "sent", at=self._now(), sent=sent, receipt=receipt), None

    def timed_out(self, row: Waiting, why: str) -> Outcome:
        """Return what becomes of a message that failed for now."""
        return self._failed(row, ChannelFailed(why))[0]

    def settle(self, outcomes: Sequence[Outcome]) -> None:
        """Have results recorded: at once, or with all others that come while a transaction is under way."""
        with self._progress:
            self._results += outcomes
            self._progress.notify_all()
            if self._clock.virtual or self._recording or self._record_at < math.inf:
                return
        self._record()

    def _failed(self, row: Waiting, failure: ChannelFailed) -> tuple[Outcome, float | None]:
        now = self._now()
        why, asked = _clean(str(failure))[:_LONGEST_WHY], failure.retry_after
        if asked is not None:
            asked = max(timedelta(0), min(asked, _LONGEST_PAUSE))
            why = f"{why} (asked to wait {asked.total_seconds():g} s)"
        counts = asked is None or now - row.created_at >= _PATIENCE_WITH_LIMITS
        pause = None if asked is None else asked.total_seconds()
        if failure.permanent or (counts and row.attempts + 1 >= len(_RETRY_AFTER)):
            return Outcome(row, "failed", why, at=now), pause
        wait = asked if asked is not None else _RETRY_AFTER[min(row.attempts, len(_RETRY_AFTER) - 1)]
        return Outcome(row, "waiting", why, now + wait // timedelta(microseconds=1), now, tried=counts), pause

    def _now(self) -> int:
        return micros(self._clock.now())

    # -- lanes ---------------------------------------------------------------------------------------

    def _lane(self, name: str) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            with self._progress:
                lane = self._lanes.get(name) or Lane(name, self)
                self._lanes = {**self._lanes, name: lane}  # others walk over the old one meanwhile
            if self._open:
                lane.run()
        return lane

    def _look_for_more(self) -> None:
        """Have lanes read the table for messages that nobody in memory knows of: at the start, and now and then for safety."""
        self._looked = time.monotonic()
        with self._database.reading() as connection:
            names = channels_that_wait(connection)
        for name in names:
            self._lane(name).more = True

    def _read_more(self) -> None:
        for lane in self._lanes.values():
            if lane.wants_more():
                limit = lane.begin_reading()
                with self._database.reading() as connection:
                    rows = page(connection, lane.name, limit)
                lane.read(rows, whole=len(rows) < limit)

    def _in_flight(self) -> bool:
        return any(lane.measure().in_flight for lane in self._lanes.values())

    # -- the thread ----------------------------------------------------------------------------------

    def work(self) -> bool:
        """Wake lanes for what is due, give up what takes too long, read what is only in the table."""
        now = time.monotonic()
        if now - self._looked >= _LOOK_AGAIN:
            self._look_for_more()
        self._read_more()
        again = min((lane.look() for lane in self._lanes.values()), default=math.inf)
        if self._record_at <= now:
            self._record_at = math.inf
            self._record()
        self._again = min(again, self._record_at)
        return False

    def rest(self) -> float:
        """Return the seconds until a lane has to be looked at."""
        return max(0.0, self._again - time.monotonic())

    # -- results -------------------------------------------------------------------------------------

    def _record(self) -> int:
        """Hand all results that are there to the committer, as one submission; return how many."""
        with self._progress:
            if self._recording or not self._results:
                return 0
            outcomes = sorted(self._results, key=_by_id)
            self._results = []
            self._recording = len(outcomes)
        follows = [self._follow(outcome) for outcome in outcomes]
        future = self._committer.submit(
            Submission(
                "", None, SYSTEM, work=partial(settling.settle, self._update, outcomes, follows), patient=True,
                loads=[f"{follow.kind}:{follow.id}" for follow in follows if follow is not None],
            ),
        )  # fmt: skip
        future.add_done_callback(partial(self._done, outcomes))
        return len(outcomes)

    def _follow(self, outcome: Outcome) -> Follow | None:
        row = outcome.row
        match outcome.state:
            case "sent":
                return self._on_sent(row.stream, row.key, row.channel, outcome.receipt)
            case "failed":
                return self._on_failure(row.stream, row.key, row.channel, outcome.why)
            case _:
                return self._on_retry(row.stream, row.key, row.channel, outcome.why, moment(outcome.due_at))

    def _done(self, outcomes: Sequence[Outcome], future: Future[Result]) -> None:
        """Hear whether results are on disk; called on the committer's thread."""
        if (error := future.exception()) is not None:
            # The rows still say that these messages wait. Here they count as sent or not until that can be written down.
            self.troubles += 1
            logger.error("what became of %d messages could not be recorded, and is tried again: %s", len(outcomes), error)
            with self._progress:
                self._results = [*outcomes, *self._results]
                self._recording = 0
                self._record_at = time.monotonic() + _RECORD_AGAIN
                self._trouble = error
                self._progress.notify_all()
            self.wake_by(self._record_at)
            return
        again: dict[int, int] = future.result()["again"]
        by_channel: dict[str, list[tuple[Outcome, int | None]]] = {}
        for outcome in outcomes:
            by_channel.setdefault(outcome.row.channel, []).append((outcome, again.get(outcome.row.id)))
        for name, some in by_channel.items():
            self._lane(name).settled(some)
        with self._progress:
            self._recorded += len(outcomes)
            self._recording = 0
            self._progress.notify_all()
        if not self._clock.virtual:
            self._record()

    # -- draining ------------------------------------------------------------------------------------

    def _drain_by_hand(self) -> int:
        """Send in waves: every lane at the same time, each in order; then record what became of the wave, in the order of the messages."""
        done = 0
        while True:
            self._read_more()
            lanes = [lane for lane in self._lanes.values() if lane.active()]
            if not lanes and not self._results:
                return done
            for lane in lanes:
                lane.run()
            again = min((lane.look() for lane in lanes), default=math.inf)
            with self._progress:
                while self._under_way(lanes):
                    if not self._progress.wait(max(0.0, min(1.0, again - time.monotonic()))):
                        again = min(lane.look() for lane in lanes)
            for lane in lanes:
                lane.rest()
            self._record_at = math.inf
            self._trouble = None
            done += self._record()
            with self._progress:
                while self._recording:
                    self._progress.wait()
            if self._trouble is not None:
                raise self._trouble

    def _under_way(self, lanes: Sequence[Lane]) -> bool:
        return any(lane.active() for lane in lanes) or sum(lane.unsettled() for lane in self._lanes.values()) > len(self._results)

    def _wait_for_lanes(self) -> int:
        """Wait until the lanes, which send by themselves, have nothing to do at this moment."""
        before = self._recorded
        with self._progress:
            while self._record_at == math.inf and (self._results or self._recording or any(map(_has_work, self._lanes.values()))):
                self._progress.wait(0.02)
        return self._recorded - before


def _has_work(lane: Lane) -> bool:
    return lane.active() or bool(lane.unsettled()) or lane.wants_more()


def _by_id(outcome: Outcome) -> int:
    return outcome.row.id


def _clean(text: str) -> str:
    """Return a text as every database keeps it."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()
