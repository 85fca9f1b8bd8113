"""What is handed to the committer, and what it tells after a commit."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tocsin.engine.errors import Conflict, Unavailable
from tocsin.engine.journal import Transaction
from tocsin.engine.model import Actor, Command, Fact
from tocsin.engine.waiting import Waiting

Result = dict[str, Any]


@dataclass(slots=True)
class Submission:
    """A command that waits for its commit, or other work that joins the same transaction."""

    stream: str
    command: Command | None
    actor: Actor
    key: str = ""
    request: str = ""
    """A digest of the request, so that the same key with another request is refused."""
    write: Callable[[Connection], Result] | None = None
    journal: str = ""
    """The journal that takes ``entry``, instead of a record that takes a command."""
    entry: Any = None
    future: Future[Result] = field(default_factory=Future)
    waiter: tuple[asyncio.AbstractEventLoop, asyncio.Future[Result]] | None = None
    """Where a coroutine waits instead of a thread: all of one commit are told in one call to their loop."""
    work: Callable[[Transaction], Result] | None = None
    """Like ``write``, for what also runs commands in the transaction."""
    loads: Sequence[str] = ()
    """Streams that ``work`` will want."""
    patient: bool = False
    """Whether people go first: a share of each transaction is kept for the patient, and no more while others wait."""


Answer = tuple[Submission, "Result | BaseException"]


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit changed; told to those who wait for timers, deliveries and the live feed."""

    facts: Sequence[Fact]
    timers: Sequence[tuple[str, int | None]]
    """Streams, and when they next want to be woken (microseconds); None: not any more."""
    deliveries: Sequence[Waiting]
    """Messages that now wait."""
    withdrawn: Sequence[int] = ()
    """Ids of messages that need not be sent any more."""
    news: Sequence[str] = ()
    """Journals of which people see something new; what only counted a repeat is none."""


def tell(answers: Sequence[Answer]) -> None:
    """Give every caller its answer; those who wait in an event loop hear of it in one call."""
    loops: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Result], Result | BaseException]]] = {}
    for submission, answer in answers:
        if submission.waiter is not None:
            loops.setdefault(submission.waiter[0], []).append((submission.waiter[1], answer))
        elif isinstance(answer, BaseException):
            submission.future.set_exception(answer)
        else:
            submission.future.set_result(answer)
    for loop, waiting in loops.items():
        with suppress(RuntimeError):  # the loop was closed meanwhile; nobody waits any more
            loop.call_soon_threadsafe(_tell_waiters, waiting)


def _tell_waiters(waiting: Sequence[tuple[asyncio.Future[Result], Result | BaseException]]) -> None:
    for future, answer in waiting:
        if future.done():  # the caller went away
            continue
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def repeat(submission: Submission, request: str, result: str) -> Result:
    """Return the answer that a command got the first time.

    Raises:
        Conflict: its key was used with another request.

    """
    if request != submission.request:
        raise Conflict(
            "This Idempotency-Key was used with another request.",
            fix="Send a new key for a new command.",
            field="Idempotency-Key",
        )
    repeated: Result = msgspec.json.decode(result)
    return repeated


def unavailable(error: SQLAlchemyError) -> Unavailable:
    """Return the refusal that tells of trouble with the database."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return Unavailable(f"Nothing was written: {cause}.", fix="Free some disk space or mend the database, then send the same command again.")
