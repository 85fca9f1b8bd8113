"""One transaction's work in memory: states that commands of the batch made, and all rows to be written together."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from tocsin.engine import chain, log
from tocsin.engine.errors import Refused
from tocsin.engine.journal import Draft
from tocsin.engine.kinds import Kind, Registry
from tocsin.engine.model import Actor, Command, Context, Decision, Fact, Happened, RowWrite, micros

_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_FRESH: Final = 4
_DEPTH: Final = 6
_SNAPSHOT_EVERY: Final = 100

_encode = msgspec.json.Encoder(order="deterministic").encode


def fresh() -> str:
    """Return six random characters that are hard to confuse when read aloud."""
    return _words(1)[0]


def _words(count: int) -> tuple[str, ...]:
    """Return several such texts from one draw of the system's randomness. 32 characters: every five bits name one, without bias."""
    bits = int.from_bytes(secrets.token_bytes(4 * count), "big")
    words = []
    for _ in range(count):
        words.append("".join(_ALPHABET[bits >> shift & 31] for shift in range(0, 30, 5)))
        bits >>= 32
    return tuple(words)


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
    """How much had been gathered at a moment, to go back to it when a reaction is refused."""

    facts: int
    deliveries: int
    touched: dict[str, tuple[Any, log.Head, int, int | None, bool]]
    rows: dict[tuple[str, tuple[Any, ...]], RowWrite]
    drafts: dict[str, Any]


class Batch:
    """Commands of one transaction. ``run`` applies a command and its reactions; ``rows`` and friends are then written by the committer."""

    def __init__(self, registry: Registry, connection: Connection, cache: Mapping[str, tuple[Any, log.Head]], now: datetime) -> None:
        self.registry = registry
        self.connection = connection
        self.now = now
        self._cache = cache
        self.streams: dict[str, Stream] = {}
        self.fact_rows: list[dict[str, Any]] = []
        self.deliveries: list[dict[str, Any]] = []
        self.rows: dict[tuple[str, tuple[Any, ...]], RowWrite] = {}
        self.refused: list[dict[str, Any]] = []
        self.redacted: list[tuple[str, int]] = []
        self.new_facts: list[Fact] = []
        self.drafts: dict[str, Draft] = {}

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

    def run(self, stream: str, command: Command, actor: Actor, key: str = "") -> dict[str, Any]:
        """Apply a command and everything that follows from it; return its result.

        Raises:
            Refused: the command cannot be carried out; nothing of it was gathered.

        """
        return self._apply(stream, command, actor, key, depth=0)

    def draft(self, journal: str) -> Draft:
        """Return the journal's share of this transaction."""
        found = self.drafts.get(journal)
        if found is None:
            found = self.drafts[journal] = self.registry.journals[journal].draft(_View(self, self.now))
        return found

    def flush(self) -> None:
        """Have every journal write what it gathered."""
        for draft in self.drafts.values():
            draft.flush()

    def _apply(self, stream: str, command: Command, actor: Actor, key: str, depth: int) -> dict[str, Any]:
        name, _, id_ = stream.partition(":")
        if name in self.registry.journals:
            return self.draft(name).command(id_, command, actor)
        record = self._stream(stream)
        kind = record.kind
        found = kind.prepare(record.state, command, _View(self, self.now))
        context = Context(now=self.now, actor=actor, fresh=_words(_FRESH), found=found, key=key)
        decision = kind.decide(record.state, command, context)
        before = record.state
        made = [self._append(stream, record, happened, actor) for happened in decision.facts]
        for write in kind.rows(before, record.state, made) if made else ():
            self.rows[write.table, write.key] = write
        self._deliver(stream, decision)
        self.redacted += [(stream, version) for version in decision.redact]
        if kind.wake is not None and (not made or kind.plan(before) != kind.plan(record.state)):
            due = kind.wake(record.state, self.now, decision.found if decision.found is not None else found)
            record.due = None if due is None else micros(due)
            record.woken = True
        for fact in made:
            self._react(record, fact, depth)
        return dict(decision.result)

    def _append(self, stream: str, record: Stream, happened: Happened, actor: Actor) -> Fact:
        version = record.head.version + 1
        fact = Fact(stream, version, happened.event, happened.at or self.now, self.now, actor)
        body = _encode(happened.event)
        salt = secrets.token_bytes(16)
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

    def _deliver(self, stream: str, decision: Decision) -> None:
        for delivery in decision.deliveries:
            self.deliveries.append(
                {
                    "key": delivery.key, "stream": stream, "channel": delivery.channel, "target": delivery.target, "kind": delivery.kind,
                    "body": _encode(delivery.values).decode(), "state": "waiting", "attempts": 0, "due_at": micros(self.now),
                    "created_at": micros(self.now),
                },
            )  # fmt: skip

    def _react(self, record: Stream, fact: Fact, depth: int) -> None:
        """Carry out what the fact means to others. A reaction can never fail its cause: a refused one leaves a row and nothing else."""
        for reaction in self.registry.reactions_to(fact.event):
            mark = self._mark()
            try:
                if depth >= _DEPTH:
                    raise Refused(f"Reactions are nested more than {_DEPTH} deep.")
                found = () if reaction.find is None else (reaction.find(fact, record.state, _View(self, self.now)),)
                for follow in reaction.then(fact, record.state, *found):
                    self._apply(f"{follow.kind}:{follow.id}", follow.command, Actor("system", "tocsin", via=reaction.name), "", depth + 1)
            except Refused as refusal:
                self._back_to(mark)
                self.refused.append(
                    {
                        "reaction": reaction.name,
                        "stream": fact.stream,
                        "version": fact.version,
                        "why": str(refusal),
                        "at": micros(self.now),
                    },
                )

    def _stream(self, stream: str) -> Stream:
        found = self.streams.get(stream)
        if found is None:
            cached = self._cache.get(stream)
            state, head = cached if cached is not None else log.load(self.connection, self.registry, stream)
            found = self.streams[stream] = Stream(self.registry.kind_of(stream), state, head, [])
        return found

    def _mark(self) -> Mark:
        touched = {name: (s.state, s.head, len(s.facts), s.due, s.woken) for name, s in self.streams.items()}
        return Mark(len(self.fact_rows), len(self.deliveries), touched, dict(self.rows), {n: d.mark() for n, d in self.drafts.items()})

    def _back_to(self, mark: Mark) -> None:
        del self.fact_rows[mark.facts :]
        del self.new_facts[mark.facts :]
        del self.deliveries[mark.deliveries :]
        self.rows = mark.rows
        for name, draft in self.drafts.items():
            draft.back_to(mark.drafts.get(name))
        for name in list(self.streams):
            if name not in mark.touched:
                del self.streams[name]
                continue
            record = self.streams[name]
            record.state, record.head, kept, record.due, record.woken = mark.touched[name]
            del record.facts[kept:]

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


class _View:
    """The part of a batch that ``Kind.prepare`` and journals see."""

    def __init__(self, batch: Batch, now: datetime) -> None:
        self._batch = batch
        self.now = now
        self.connection = batch.connection

    def run(self, stream: str, command: Command, actor: Actor) -> dict[str, Any]:
        return self._batch.run(stream, command, actor)

    def state(self, stream: str) -> Any:
        return self._batch.state(stream)

    def rows(self, statement: Any, parameters: Mapping[str, Any] | None = None) -> list[Any]:
        return self._batch.rows_of(statement, parameters)

    def row(self, table: str, key: tuple[Any, ...]) -> Mapping[str, Any] | None:
        return self._batch.row(table, key)

    def fact(self, stream: str, version: int) -> Fact | None:
        return self._batch.fact(stream, version)
