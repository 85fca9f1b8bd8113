"""One transaction's work in memory: states that commands of the batch made, and all rows to be written together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tocsin.engine import chain, log
from tocsin.engine.chance import LENGTH, Chance, words
from tocsin.engine.errors import Refused
from tocsin.engine.journal import Draft
from tocsin.engine.kinds import Kind, Reaction, Registry
from tocsin.engine.model import Actor, Command, Context, Decision, Fact, Happened, RowWrite, micros

logger = logging.getLogger(__name__)

_FRESH: Final = 4
"""Words that a command may name new things by."""
_DEPTH: Final = 6
_SNAPSHOT_EVERY: Final = 100

_encode = msgspec.json.Encoder(order="deterministic").encode


class Stream(msgspec.Struct):
    """A record as this batch sees it."""

    kind: Kind
    state: Any
    head: log.Head
    facts: list[Fact]
    due: int | None = None
    woken: bool = False
    """Whether this batch asked when the record next wants a tick."""


class Mark(msgspec.Struct):
    """A moment to go back to: how much had been gathered, and how journals' drafts stood when they were first touched after it."""

    facts: int
    deliveries: int
    cancelled: int
    redacted: int
    dropped: int
    refused: int
    undo: int
    drafts: dict[str, Any]


class Batch:
    """Commands of one transaction. ``run`` applies a command and its reactions; ``rows`` and friends are then written by the committer."""

    def __init__(self, registry: Registry, connection: Connection, cache: Mapping[str, tuple[Any, log.Head]], now: datetime) -> None:
        self.registry = registry
        self.connection = connection
        self.now = now
        self._chance = Chance()
        self._cache = cache
        self.streams: dict[str, Stream] = {}
        self.fact_rows: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        self.rows: dict[tuple[str, tuple[Any, ...]], RowWrite] = {}
        self.refused: list[dict[str, Any]] = []
        self.redacted: list[tuple[str, int]] = []
        self.dropped: list[str] = []
        """Attachments (digests) whose bytes go."""
        self.cancelled: list[tuple[str, str]] = []
        """Stream, and key of a message (or a beginning and ``*``): what waited before this batch and need not be sent."""
        self.new_facts: list[Fact] = []
        self.drafts: dict[str, Draft] = {}
        self._depth = 0
        self._marks: list[Mark] = []
        self._undo: list[Callable[[], None]] = []

    # -- what Kind.prepare may read ---------------------------------------------------------------

    def state(self, stream: str) -> Any:
        """Return another stream's state as of this batch; None where it has no facts."""
        found = self._stream(stream)
        return found.state if found.head.version else None

    def rows_of(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """Run a SELECT."""
        return list(self.connection.execute(statement, parameters or {}))

    def row(self, table: str, key: tuple[Any, ...]) -> Mapping[str, Any] | None:
        """Return one row of a read table by its primary key, as this batch leaves it."""
        written = self.rows.get((table, key))
        return written.values if written is not None else log.read_row(self.connection, table, key)

    def fact(self, stream: str, version: int) -> Fact | None:
        """Return one fact of a stream, also one of this batch."""
        for made in self._stream(stream).facts:
            if made.version == version:
                return made
        return log.read_fact(self.connection, self.registry, stream, version)

    # -- applying ---------------------------------------------------------------------------------

    def load(self, streams: Iterable[str]) -> None:
        """Have the states of these streams ready, with a few queries for all of them."""
        wanted = [name for name in dict.fromkeys(streams) if name not in self.streams and name not in self._cache]
        known = [name for name in wanted if name.partition(":")[0] in self.registry.kinds]
        if len(known) > 1:
            for name, (state, head) in log.load_many(self.connection, self.registry, known).items():
                self.streams[name] = Stream(self.registry.kind_of(name), state, head, [])

    def run(self, stream: str, command: Command, actor: Actor, key: str = "") -> dict[str, Any]:
        """Apply a command and everything that follows from it; return its result.

        Raises:
            Refused: the command cannot be carried out; nothing of it was gathered.

        """
        name, _, id_ = stream.partition(":")
        if name in self.registry.journals:
            return self.draft(name).command(id_, command, actor)
        record = self._stream(stream)
        kind = record.kind
        found = kind.prepare(record.state, command, View(self))
        context = Context(now=self.now, actor=actor, fresh=words(self._chance.take(LENGTH * _FRESH)), found=found, key=key)
        decision = kind.decide(record.state, command, context)
        before = record.state
        if self._marks:
            self._undo.append(_restoring(record))
        made = [self._append(stream, record, happened, actor) for happened in decision.facts]
        if decision.redact:
            self.redacted += [(stream, version) for version in decision.redact]
            self.dropped += decision.drop
            self._forget(stream, record)
        for write in kind.rows(before, record.state, made) if made else ():
            self._set_row(write)
        if decision.cancel:
            self._cancel(stream, decision.cancel)
        self._deliver(stream, decision)
        if kind.wake is not None and (not made or kind.plan(before) != kind.plan(record.state)):
            due = kind.wake(record.state, self.now, decision.found if decision.found is not None else found)
            record.due = None if due is None else micros(due)
            record.woken = True
        for fact in made:
            self._react(record, fact)
        return dict(decision.result)

    def attempt(self, work: Callable[[], object]) -> Exception | None:
        """Do some work so that its failure leaves nothing behind; return why it failed. Trouble with the database is not kept back."""
        mark = Mark(
            len(self.fact_rows), len(self.deliveries), len(self.cancelled), len(self.redacted), len(self.dropped), len(self.refused),
            len(self._undo), {},
        )  # fmt: skip
        self._marks.append(mark)
        try:
            work()
        except SQLAlchemyError:
            raise
        except Exception as failure:  # noqa: BLE001 (whoever asked is told, and decides what it means)
            self._back_to(mark)
            return failure
        finally:
            self._marks.pop()
            if not self._marks:
                self._undo.clear()
        return None

    def draft(self, journal: str) -> Draft:
        """Return the journal's share of this transaction."""
        found = self.drafts.get(journal)
        if self._marks and journal not in self._marks[-1].drafts:
            # Only what is touched can have to go back. Nothing has changed since the outer marks that do not know it either.
            at = None if found is None else found.mark()
            for mark in reversed(self._marks):
                if journal in mark.drafts:
                    break
                mark.drafts[journal] = at
        if found is None:
            found = self.drafts[journal] = self.registry.journals[journal].draft(View(self))
        return found

    def flush(self) -> None:
        """Have every journal write what it gathered."""
        for draft in self.drafts.values():
            draft.flush()

    def _append(self, stream: str, record: Stream, happened: Happened, actor: Actor) -> Fact:
        version = record.head.version + 1
        fact = Fact(stream, version, happened.event, happened.at or self.now, self.now, actor)
        body = _encode(happened.event)
        salt = self._chance.take(16)
        digest = chain.digest(salt, body)
        who = _encode(actor).decode()
        occurred, recorded = micros(fact.occurred_at), micros(self.now)
        hashed = chain.link(record.head.hash, version, fact.type, occurred, recorded, who, digest)
        self.fact_rows.append(
            {
                "stream": stream, "version": version, "type": fact.type, "occurred_at": occurred, "recorded_at": recorded,
                "actor": who, "body": body.decode(), "salt": salt, "digest": digest, "hash": hashed,
            },
        )  # fmt: skip
        record.state = record.kind.evolve(record.state, fact)
        record.head = log.Head(version, hashed, record.head.snapshot_version)
        record.facts.append(fact)
        self.new_facts.append(fact)
        return fact

    def _forget(self, stream: str, record: Stream) -> None:
        """Fold the record anew without what is taken away: rows, reactions and timers follow from what every later reader will see."""
        gone = {version for of, version in self.redacted if of == stream}
        facts = (*log.read_facts(self.connection, self.registry, stream), *record.facts)
        record.state = log.fold(record.kind, stream, [fact for fact in facts if fact.version not in gone])
        record.head = log.Head(record.head.version, record.head.hash)

    def _deliver(self, stream: str, decision: Decision) -> None:
        for delivery in decision.deliveries:
            self.deliveries.append(
                {
                    "key": delivery.key, "stream": stream, "channel": delivery.channel, "target": delivery.target, "kind": delivery.kind,
                    "body": _encode(delivery.values).decode(), "state": "waiting", "attempts": 0, "due_at": micros(self.now),
                    "created_at": micros(self.now),
                },
            )  # fmt: skip

    def _cancel(self, stream: str, keys: tuple[str, ...]) -> None:
        """Take back messages of the record: those of this batch here, those in the table when the batch is written."""
        self.cancelled += [(stream, key) for key in keys]
        for number, row in enumerate(self.deliveries):
            if row["stream"] == stream and row["state"] == "waiting" and any(covers(key, row["key"]) for key in keys):
                self.deliveries[number] = {**row, "state": "cancelled"}
                if self._marks:
                    self._undo.append(_putting_back(self.deliveries, number, row))

    def _set_row(self, write: RowWrite) -> None:
        place = (write.table, write.key)
        if self._marks:
            self._undo.append(_restoring_row(self.rows, place))
        self.rows[place] = write

    def _react(self, record: Stream, fact: Fact) -> None:
        """Carry out what the fact means to others. A reaction can never fail its cause: one that fails leaves a row and nothing else."""
        for reaction in self.registry.reactions_to(fact.event):
            failure = self.attempt(partial(self._follow, reaction, record, fact))
            if failure is None:
                continue
            if not isinstance(failure, Refused):
                logger.error("the reaction %s to %s %s failed", reaction.name, fact.stream, fact.version, exc_info=failure)
            self.refused.append(
                {
                    "reaction": reaction.name,
                    "stream": fact.stream,
                    "version": fact.version,
                    "why": str(failure) if isinstance(failure, Refused) else f"{type(failure).__name__}: {failure}",
                    "at": micros(self.now),
                },
            )

    def _follow(self, reaction: Reaction, record: Stream, fact: Fact) -> None:
        found = () if reaction.find is None else (reaction.find(fact, record.state, View(self)),)
        self._depth += 1
        try:
            for follow in reaction.then(fact, record.state, *found):
                if self._depth > _DEPTH:
                    raise Refused(f"Reactions are nested more than {_DEPTH} deep.")
                self.run(f"{follow.kind}:{follow.id}", follow.command, Actor("system", "tocsin", via=reaction.name))
        finally:
            self._depth -= 1

    def _stream(self, stream: str) -> Stream:
        found = self.streams.get(stream)
        if found is None:
            cached = self._cache.get(stream)
            state, head = cached if cached is not None else log.load(self.connection, self.registry, stream)
            found = self.streams[stream] = Stream(self.registry.kind_of(stream), state, head, [])
        return found

    def _back_to(self, mark: Mark) -> None:
        for undo in reversed(self._undo[mark.undo :]):
            undo()
        del self._undo[mark.undo :]
        del self.fact_rows[mark.facts :]
        del self.new_facts[mark.facts :]
        del self.deliveries[mark.deliveries :]
        del self.cancelled[mark.cancelled :]
        del self.redacted[mark.redacted :]
        del self.dropped[mark.dropped :]
        del self.refused[mark.refused :]
        for name, at in mark.drafts.items():
            if (draft := self.drafts.get(name)) is not None:
                draft.back_to(at)

    def head_rows(self) -> list[dict[str, Any]]:
        """Return where every touched stream now stands."""
        return [
            {
                "stream": name,
                "version": record.head.version,
                "head": record.head.hash,
                "snapshot": None,
                "snapshot_version": 0,
                "fold_version": 0,
            }
            for name, record in self.streams.items()
            if record.facts
        ]

    def snapshot_rows(self) -> list[dict[str, Any]]:
        """Return snapshots of the streams that grew enough since their last one."""
        rows = []
        for name, record in self.streams.items():
            if record.facts and record.head.version - record.head.snapshot_version >= _SNAPSHOT_EVERY:
                record.head = log.Head(record.head.version, record.head.hash, record.head.version)
                rows.append(
                    {
                        "of": name, "snapshot": _encode(record.state).decode(), "snapshot_version": record.head.version,
                        "fold_version": record.kind.fold_version,
                    },
                )  # fmt: skip
        return rows


def covers(pattern: str, key: str) -> bool:
    """Tell whether a key of a message is meant by an entry of ``Decision.cancel``."""
    return key.startswith(pattern[:-1]) if pattern.endswith("*") else key == pattern


def _restoring(record: Stream) -> Callable[[], None]:
    """Return what brings a record back to how it stands now."""
    state, head, due, woken, facts = record.state, record.head, record.due, record.woken, len(record.facts)

    def restore() -> None:
        record.state, record.head, record.due, record.woken = state, head, due, woken
        del record.facts[facts:]

    return restore


def _restoring_row(rows: dict[tuple[str, tuple[Any, ...]], RowWrite], place: tuple[str, tuple[Any, ...]]) -> Callable[[], None]:
    before = rows.get(place)

    def restore() -> None:
        if before is None:
            rows.pop(place, None)
        else:
            rows[place] = before

    return restore


def _putting_back(rows: list[dict[str, Any]], number: int, row: dict[str, Any]) -> Callable[[], None]:
    def put() -> None:
        rows[number] = row

    return put


class View:
    """The part of a batch that ``Kind.prepare``, journals and other work see."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self.now = batch.now
        self.connection = batch.connection

    def run(self, stream: str, command: Command, actor: Actor) -> dict[str, Any]:
        """Apply a command, with all that follows from it."""
        return self._batch.run(stream, command, actor)

    def attempt(self, stream: str, command: Command, actor: Actor) -> Exception | None:
        """Apply a command whose failure must not matter; return why it failed."""
        return self._batch.attempt(partial(self._batch.run, stream, command, actor))

    def state(self, stream: str) -> Any:
        """Return the state of a stream; None where it has no facts."""
        return self._batch.state(stream)

    def rows(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        """Run a SELECT."""
        return self._batch.rows_of(statement, parameters)

    def row(self, table: str, key: tuple[Any, ...]) -> Mapping[str, Any] | None:
        """Return one row of a read table by its primary key, as this transaction leaves it."""
        return self._batch.row(table, key)

    def fact(self, stream: str, version: int) -> Fact | None:
        """Return one fact of a stream, also one of this transaction."""
        return self._batch.fact(stream, version)
