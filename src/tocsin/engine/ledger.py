"""The daily checkpoint: a fact that holds the heads of all streams, so that a cut tail shows even where the stream's own head was cut with it."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, select

from tocsin.engine import log, tables
from tocsin.engine.kinds import Kind, Registry, Tick
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened, Reader

STREAM_ID: Final = "main"
_EVERY: Final = timedelta(days=1)


class Begin(Command, frozen=True):
    """Begin to keep checkpoints; a second time changes nothing."""


class Checkpoint(Event, frozen=True, tag="ledger.checkpoint"):
    """Where every stream stood that changed since the checkpoint before: stream -> version and hash (hex). ``root`` covers all streams."""

    heads: dict[str, tuple[int, str]]
    streams: int
    root: str


class Ledger(msgspec.Struct, frozen=True):
    """When the last checkpoint was made, and the place in the log that it reached."""

    id: str
    version: int = 0
    at: datetime | None = None
    position: int = 0


class Heads(msgspec.Struct, frozen=True):
    """What the shell read for a checkpoint."""

    changed: dict[str, tuple[int, str]]
    root: str
    streams: int


def _prepare(ledger: Ledger, command: Command, reader: Reader) -> Heads | None:
    if not isinstance(command, Tick | Begin) or (isinstance(command, Begin) and ledger.version):
        return None
    since = 0 if ledger.at is None else (ledger.at - datetime(1970, 1, 1, tzinfo=ledger.at.tzinfo)) // timedelta(microseconds=1)
    table = tables.streams
    everything = hashlib.sha256()
    streams = 0
    for row in reader.rows(
        select(table.c.stream, table.c.version, table.c.head).where(table.c.stream != f"ledger:{STREAM_ID}").order_by(table.c.stream)
    ):
        everything.update(f"{row.stream}\n{row.version}\n".encode() + row.head)
        streams += 1
    touched = select(tables.facts.c.stream).where(tables.facts.c.recorded_at >= since).distinct()
    changed = reader.rows(
        select(table.c.stream, table.c.version, table.c.head).where(table.c.stream.in_(touched), table.c.stream != f"ledger:{STREAM_ID}")
    )
    return Heads({row.stream: (row.version, bytes(row.head).hex()) for row in changed}, everything.hexdigest(), streams)


def _decide(ledger: Ledger, command: Command, ctx: Context) -> Decision:
    heads: Heads | None = ctx.found
    if heads is None or (isinstance(command, Tick) and ledger.at is not None and ctx.now < ledger.at + _EVERY):
        return Decision()
    return Decision((Happened(Checkpoint(heads.changed, heads.streams, heads.root)),))


def _evolve(ledger: Ledger, fact: Fact) -> Ledger:
    return Ledger(ledger.id, fact.version, fact.recorded_at, fact.position)


def _wake(ledger: Ledger, _now: datetime, _found: Any) -> datetime | None:
    return None if ledger.at is None else ledger.at + _EVERY


def ledger_kind() -> Kind:
    """Return the ledger as a kind of record."""
    return Kind(
        name="ledger", state=Ledger, events=(Checkpoint,), fold_version=1, initial=Ledger, evolve=_evolve, decide=_decide, prepare=_prepare,
        wake=_wake, plan=lambda ledger: ledger.version,
    )  # fmt: skip


def verify_all(connection: Connection, registry: Registry) -> list[log.Broken]:
    """Check every stream's chain, and that every head a checkpoint holds is still there; return where something broke."""
    broken: list[log.Broken] = []
    for stream in connection.execute(select(tables.streams.c.stream).order_by(tables.streams.c.stream)).scalars().all():
        broken += log.verify(connection, stream)
    if "ledger" not in registry.kinds:
        return broken
    facts = tables.facts
    for fact in log.read_facts(connection, registry, f"ledger:{STREAM_ID}"):
        assert isinstance(fact.event, Checkpoint)
        for stream, (version, head) in fact.event.heads.items():
            found = connection.execute(select(facts.c.hash).where(facts.c.stream == stream, facts.c.version == version)).scalar()
            if found is None or bytes(found).hex() != head:
                broken.append(log.Broken(stream, version, f"the checkpoint of {fact.recorded_at:%Y-%m-%d %H:%M} UTC knows another end"))
    return broken
