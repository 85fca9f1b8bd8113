"""A lane: the messages of one channel, and the few threads that send them. What goes wrong in a lane delays nobody else.

A message is in one of four places: it waits in memory; it is being sent; it was sent or not and that is not yet on disk; or it is only in
the table, because too many wait. It never is in two of them, so that no two threads send it at once.
"""

from __future__ import annotations

import heapq
import logging
import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tocsin.engine import manners
from tocsin.engine.model import micros
from tocsin.engine.post import Post
from tocsin.engine.waiting import Counts, Outcome, Waiting

logger = logging.getLogger(__name__)

MOST_IN_MEMORY: Final = 4000
"""Messages of a lane that wait in memory; what is due later stays in the table until there is room."""
FEW: Final = 200
"""Below so many in memory, more are read from the table."""
_IDLE_SECONDS: Final = 10.0
"""After so long without work a thread ends."""
_MOST_LOST: Final = 4
"""Times ``at_once`` sends may hang for good before the lane stops to begin new ones."""
_PLACES: Final = 4
"""A lane whose messages go to several places has threads for so many times ``at_once``: a place has no more than its own share."""
_PUT_OFF: Final = 30_000_000
"""Microseconds by which messages are put off that a hanging channel has no thread for."""
_SAID_FROM: Final = 5_000_000
"""Microseconds: a shorter pause is only kept in memory, a longer one is written down on every message that it delays."""


class Sending(msgspec.Struct, eq=False):
    """A message that a thread is sending."""

    row: Waiting
    until: float
    """Monotonic seconds at which it is given up."""
    given_up: bool = False
    place: str = ""
    """Where it goes, of a channel that sends to several."""


class Lane:
    """The messages of one channel."""

    def __init__(self, name: str, post: Post) -> None:
        self.name = name
        self.counts = Counts()
        self.more = False
        """Whether the table has messages for this lane that are not in memory."""
        self._post = post
        self._changed = threading.Condition()
        self._heap: list[tuple[int, int]] = []
        self._rows: dict[int, Waiting] = {}
        self._sending: dict[int, Sending] = {}
        self._unsettled: set[int] = set()
        self._withdrawn: set[int] = set()
        """Messages that were taken back while they were being sent, or before their result was on disk."""
        self._paused: dict[str, int] = {}
        self._busy: dict[str, int] = {}
        """By place: how many of its messages are being sent. One that hangs must leave room for the others."""
        self._parked: dict[str, deque[int]] = {}
        """By place: messages that were due and wait in memory until one of those has come back."""
        self._failing: set[str] = set()
        """Places whose last message did not arrive."""
        self._wide = False
        """Whether messages go to places of their own."""
        self._beyond: tuple[int, int] | None = None
        """While the table has more: what is due after this is not kept in memory."""
        self._threads = 0
        self._idle = 0
        self._silent = 0
        """Sends in a row that did not come back in time."""
        self._running = False
        self._told: set[int] = set()
        """Messages whose delay was recorded though they were not tried."""
        self._meanwhile: set[int] | None = None
        """While the table is being read: messages that changed since, so that what was read of them is out of date."""

    def _at_once(self) -> int:
        # On a virtual clock one after the other, so that a scenario goes the same way every time.
        return 1 if self._post.clock.virtual else manners.at_once(self._post.channel(self.name))

    def _timeout(self) -> float:
        return manners.timeout_seconds(self._post.channel(self.name))

    def _place(self, target: str) -> str:
        return manners.place(self._post.channel(self.name), target)

    # -- what comes in -----------------------------------------------------------------------------

    def put(self, rows: Iterable[Waiting]) -> None:
        """Take messages that were just written, or read from the table; one that is here already is not taken twice."""
        with self._changed:
            for row in rows:
                self._add(row)
            self._shrink()
            self._call_threads()

    def _add(self, row: Waiting) -> None:
        if row.id in self._rows or row.id in self._sending or row.id in self._unsettled:
            return
        place = (row.due_at, row.id)
        if self._beyond is not None and place > self._beyond:
            self.more = True
            return
        self._rows[row.id] = row
        heapq.heappush(self._heap, place)

    def _shrink(self) -> None:
        """Let go of what is due last, where too many wait."""
        if len(self._heap) > 2 * MOST_IN_MEMORY:
            live = sorted(place for place in self._heap if place[1] in self._rows)
            for _, id_ in live[MOST_IN_MEMORY:]:
                del self._rows[id_]
            if len(live) > MOST_IN_MEMORY:
                self.more = True
                self._beyond = live[MOST_IN_MEMORY - 1]
            self._heap = live[:MOST_IN_MEMORY]

    def wants_more(self) -> bool:
        """Tell whether the table should be read; if so, ``begin_reading`` comes first and ``read`` with what was found."""
        with self._changed:
            return self.more and len(self._rows) < FEW

    def begin_reading(self) -> int:
        """Forget what is known of the table; return how many rows to ask for, those that are here already among them."""
        with self._changed:
            self.more = False
            self._meanwhile = set()
            return MOST_IN_MEMORY + len(self._rows) + len(self._sending) + len(self._unsettled)

    def read(self, rows: Sequence[Waiting], *, whole: bool) -> None:
        """Take what was read. whole: there was nothing else in the table at that moment."""
        with self._changed:
            # What was written while the table was being read may have been turned away; it stands beyond the old mark, and only then is the
            # mark kept. The next reading finds it.
            if not self.more:
                self._beyond = None if whole or not rows else (rows[-1].due_at, rows[-1].id)
                self.more = self._beyond is not None
            beyond, self._beyond = self._beyond, None
            changed, self._meanwhile = self._meanwhile or set(), None
            for row in rows:
                if row.id not in changed:
                    self._add(row)
            self._beyond = beyond
            self._call_threads()

    def withdraw(self, ids: Iterable[int]) -> None:
        """Do not send these any more; one that is being sent may still leave."""
        with self._changed:
            for id_ in ids:
                self._told.discard(id_)
                if self._meanwhile is not None:
                    self._meanwhile.add(id_)
                if self._rows.pop(id_, None) is None and (id_ in self._sending or id_ in self._unsettled):
                    self._withdrawn.add(id_)

    # -- sending -----------------------------------------------------------------------------------

    def run(self) -> None:
        """Let threads send from now on."""
        with self._changed:
            self._running = True
            self._call_threads()

    def rest(self) -> None:
        """Begin nothing new; what is being sent goes on."""
        with self._changed:
            self._running = False
            self._changed.notify_all()

    def _now(self) -> int:
        return micros(self._post.clock.now())

    def _room(self) -> int:
        """Return how many threads may send: none while too many of them hang."""
        at_once = self._at_once()
        if self.counts.hanging >= _MOST_LOST * at_once:
            return 0
        return at_once * _PLACES if self._wide and not self._post.clock.virtual else at_once

    def _call_threads(self) -> None:
        """Wake or start a thread if a message is due, and have the lane looked at when the next one is.

        One thread is enough: whoever takes a message calls the next one.
        """
        due = self._next_due()
        if due is None or not self._running:
            return
        now = self._now()
        if due > now:
            self._post.wake_by(time.monotonic() + (due - now) / 1e6)
        elif self._idle:
            self._changed.notify()
        elif self._threads < self._room():
            self._threads += 1
            try:
                threading.Thread(target=self._work, name=f"send-{self.name}", daemon=True).start()
            except RuntimeError:  # the machine has no thread to give; those that run go on
                self._threads -= 1
                self._post.wake_by(time.monotonic() + 1)

    def _next_due(self) -> int | None:
        while self._heap and self._heap[0][1] not in self._rows:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def _work(self) -> None:
        """Send one message after the other: the life of a thread."""
        while (sending := self._next()) is not None:
            outcome, pause = self._post.send(sending.row)
            if not self._done(sending, outcome, pause):
                return

    def _next(self) -> Sending | None:
        """Return the next message that is due, once there is one; None where this thread is not wanted any more."""
        while True:
            held: list[Outcome] = []
            with self._changed:
                found = self._wait(held)
                if found is None and not held:
                    self._threads -= 1
                    return None
            if held:
                self._post.settle(held)
            if found is not None:
                return found

    def _wait(self, held: list[Outcome]) -> Sending | None:
        while self._running and self._threads <= self._room():
            found = self._take(held)
            if found is not None or held:
                return found
            self._call_threads()
            self._idle += 1
            woken = self._changed.wait(_IDLE_SECONDS)
            self._idle -= 1
            if not woken and ((due := self._next_due()) is None or due > self._now()):
                return None
        return None

    def _take(self, held: list[Outcome]) -> Sending | None:
        """Take the next message that is due and whose place is not paused. held: gets those whose delay has to be written down."""
        now = self._now()
        while (due := self._next_due()) is not None and due <= now:
            _, id_ = heapq.heappop(self._heap)
            row = self._rows.pop(id_)
            until = self._pause_of(row, now)
            if until is None:
                place = self._place(row.target)
                if place and self._busy.get(place, 0) >= self._share(place):
                    self._rows[id_] = row
                    self._parked.setdefault(place, deque()).append(id_)
                    continue
                if place:
                    self._wide = True
                    self._busy[place] = self._busy.get(place, 0) + 1
                sending = Sending(row, time.monotonic() + self._timeout(), place=place)
                self._sending[id_] = sending
                self._post.wake_by(time.monotonic() if self.more and len(self._rows) < FEW else sending.until)
                self._call_threads()
                return sending
            if until - now < _SAID_FROM or id_ in self._told:
                self._rows[id_] = row
                heapq.heappush(self._heap, (until, id_))
                continue
            self._told.add(id_)
            self._unsettled.add(id_)
            held.append(Outcome(row, "waiting", f"its receiver limits the rate; {self._others_wait(row)}", until, now, tried=False))
        return None

    def _share(self, place: str) -> int:
        """Return how many messages for a place may be under way: one where the last did not arrive, to see whether it is well again."""
        return 1 if place in self._failing else self._at_once()

    def _leave(self, place: str) -> None:
        """Give a place of a message that has come back to the next one that waits for it."""
        if place:
            busy = self._busy.get(place, 1) - 1
            if busy > 0:
                self._busy[place] = busy
            else:
                self._busy.pop(place, None)
            self._unpark(place)

    def _unpark(self, place: str, *, everything: bool = False) -> None:
        """Let messages for a place go on as far as it has room. everything: all of them, to hear that it is paused."""
        parked = self._parked.get(place)
        room = self._share(place) - self._busy.get(place, 0)
        while parked and (everything or room > 0):
            row = self._rows.get(parked.popleft())
            if row is not None:
                heapq.heappush(self._heap, (row.due_at, row.id))
                room -= 1
        if not parked:
            self._parked.pop(place, None)

    def _others_wait(self, row: Waiting) -> str:
        place = self._place(row.target)
        return f"everything for {place} waits" if place else f"everything by {self.name} waits"

    def _pause_of(self, row: Waiting, now: int) -> int | None:
        if not self._paused:
            return None
        place = self._place(row.target)
        until = self._paused.get(place)
        if until is not None and until <= now:
            del self._paused[place]
            until = None
        return until

    def _done(self, sending: Sending, outcome: Outcome, pause: float | None) -> bool:
        """Take a result; tell whether the thread goes on."""
        row = sending.row
        with self._changed:
            late = sending.given_up
            if late:
                self.counts.hanging -= 1
                # It has failed for now in the meantime. If it went out all the same and was not begun again, that saves a repeat.
                if outcome.state != "sent" or self._rows.pop(row.id, None) is None:
                    self._call_threads()
                    return False
            else:
                self._sending.pop(row.id, None)
                self._silent = 0
                (self._failing.discard if outcome.state == "sent" else self._failing.add)(sending.place)
                self._leave(sending.place)
            self._unsettled.add(row.id)
            if pause is not None:
                place = self._place(row.target)
                self._paused[place] = max(self._paused.get(place, 0), self._now() + int(pause * 1e6))
                self._unpark(place, everything=True)
            self._count(outcome)
        self._post.settle([outcome])
        if late:
            with self._changed:
                self._call_threads()
        return not late

    def _count(self, outcome: Outcome) -> None:
        counts = self.counts
        if outcome.state == "sent":
            late = max(0.0, (self._now() - outcome.row.due_at) / 1e6)
            counts.sent += 1
            counts.late_seconds += late
            counts.late_most = max(counts.late_most, late)
        elif outcome.state == "failed":
            counts.failed += 1
        else:
            counts.retried += 1

    # -- what the outbox does from time to time ------------------------------------------------------

    def look(self) -> float:
        """Give up what takes too long, wake threads for what is due; return when to look again (monotonic seconds)."""
        now, outcomes = time.monotonic(), []
        with self._changed:
            for sending in [one for one in self._sending.values() if one.until <= now]:
                del self._sending[sending.row.id]
                sending.given_up = True
                self.counts.hanging += 1
                self._threads -= 1
                self._silent += 1
                self._failing.add(sending.place)
                self._leave(sending.place)
                self._unsettled.add(sending.row.id)
                outcome = self._post.timed_out(sending.row, f"timed out after {self._timeout():g} s")
                self._count(outcome)
                outcomes.append(outcome)
            outcomes += self._put_off()
            for place in list(self._parked):  # one that was let go on may have been taken back meanwhile
                self._unpark(place)
            self._call_threads()
            again = min((one.until for one in self._sending.values()), default=math.inf)
            due = self._next_due()
            if due is not None and self._running and not self._post.clock.virtual:
                wait = (due - self._now()) / 1e6
                again = min(again, now + (wait if wait > 0 else 1.0))
            if self._parked:
                again = min(again, now + 1.0)
        if outcomes:
            self._post.settle(outcomes)
        return again

    def _put_off(self) -> list[Outcome]:
        """Give messages back for which a hanging channel has had no thread for too long, untried, so that people are reached otherwise."""
        stuck = not self._room()
        now = self._now()
        if self._post.clock.virtual:
            overdue = now if stuck else -1
        else:
            overdue = now - int(self._timeout() * 1e6) if stuck or self._silent >= self._at_once() else -1
        outcomes = []
        while (due := self._next_due()) is not None and due <= overdue:
            _, id_ = heapq.heappop(self._heap)
            self._unsettled.add(id_)
            why = f"not tried: the channel does not answer ({self._silent} sends in a row timed out)"
            outcomes.append(Outcome(self._rows.pop(id_), "waiting", why, now + _PUT_OFF, now, tried=False))
        return outcomes + self._put_off_parked(now)

    def _put_off_parked(self, now: int) -> list[Outcome]:
        """Do the same with messages that wait for a place of which nothing comes back, or only failures."""
        overdue = now - int(self._timeout() * 1e6)
        outcomes = []
        for place in [place for place in self._parked if place in self._failing]:
            parked = self._parked[place]
            while parked and ((row := self._rows.get(parked[0])) is None or row.due_at <= overdue):
                parked.popleft()
                if row is not None:
                    self._unsettled.add(row.id)
                    why = f"not tried: {place} does not take what was sent before"
                    outcomes.append(Outcome(self._rows.pop(row.id), "waiting", why, now + _PUT_OFF, now, tried=False))
            if not parked:
                del self._parked[place]
        return outcomes

    def settled(self, outcomes: Iterable[tuple[Outcome, int | None]]) -> None:
        """Hear that results are on disk. Each comes with its tries so far where the message waits again, None where it does not."""
        with self._changed:
            for outcome, attempts in outcomes:
                id_ = outcome.row.id
                self._unsettled.discard(id_)
                if self._meanwhile is not None:
                    self._meanwhile.add(id_)
                withdrawn = id_ in self._withdrawn
                self._withdrawn.discard(id_)
                if attempts is not None and not withdrawn:
                    self._add(msgspec.structs.replace(outcome.row, attempts=attempts, due_at=outcome.due_at))
                else:
                    self._told.discard(id_)
            self._call_threads()

    # -- questions -----------------------------------------------------------------------------------

    def next_due(self) -> int | None:
        """Return when the next message in memory is due (microseconds)."""
        with self._changed:
            return self._next_due()

    def measure(self) -> Counts:
        """Return what the lane did and has to do."""
        with self._changed:
            return msgspec.structs.replace(self.counts, in_flight=len(self._sending), waiting=len(self._rows))

    def active(self) -> bool:
        """Tell whether a message is due or being sent."""
        with self._changed:
            due = self._next_due()
            return bool(self._sending or (due is not None and due <= self._now()))

    def unsettled(self) -> int:
        """Return how many results are not on disk yet."""
        with self._changed:
            return len(self._unsettled)
