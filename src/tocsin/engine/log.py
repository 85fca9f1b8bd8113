"""Read the event log: facts of a stream, states from snapshot and tail, and the check of the hash chain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, func, select

from tocsin.engine import chain, tables
from tocsin.engine.kinds import Kind, Registry
from tocsin.engine.model import Actor, Fact, Reader, moment

_actors: msgspec.json.Decoder[Actor] = msgspec.json.Decoder(Actor)


_newest = select(func.max(tables.facts.c.position))
_since = tables.facts.c.position > bindparam("position")
_changed_since = select(tables.facts.c.stream, tables.facts.c.position).where(_since).order_by(tables.facts.c.position)
# Grouped by the database, a few of the newest facts would cost a walk through the index of all streams.
_much_changed_since = select(tables.facts.c.stream, func.max(tables.facts.c.position)).where(_since).group_by(tables.facts.c.stream)
_FEW: Final = 10_000
"""Positions of which each is read; where more have passed, the database groups them."""


class Head(msgspec.Struct, frozen=True):
    """Where a stream stands: its last version, hash, and the version of the newest snapshot."""

    version: int = 0
    hash: bytes = chain.GENESIS
    snapshot_version: int = 0


def decode(registry: Registry, row: Any) -> Fact:
    """Turn a row of the table into a fact."""
    kind = registry.kind_of(row.stream)
    event = registry.decoder(kind).decode(row.body)
    return Fact(
        stream=row.stream,
        version=row.version,
        event=event,
        occurred_at=moment(row.occurred_at),
        recorded_at=moment(row.recorded_at),
        actor=_actors.decode(row.actor),
        position=row.position,
    )


def read_facts(connection: Connection, registry: Registry, stream: str, after: int = 0) -> Iterator[Fact]:
    """Return the facts of a stream in recorded order, after the given version."""
    table = tables.facts
    rows = connection.execute(
        select(table).where(table.c.stream == stream, table.c.version > after, table.c.body.is_not(None)).order_by(table.c.version),
    )
    for row in rows:
        yield decode(registry, row)


def read_some(connection: Connection, registry: Registry, stream: str, versions: Sequence[int]) -> list[Fact]:
    """Return the facts of a stream with these versions, in recorded order, without those whose content was taken away."""
    table = tables.facts
    found: list[Fact] = []
    for begin in range(0, len(versions), _AT_ONCE):
        some = list(versions[begin : begin + _AT_ONCE])
        query = (
            select(table).where(table.c.stream == stream, table.c.version.in_(some), table.c.body.is_not(None)).order_by(table.c.version)
        )
        found += [decode(registry, row) for row in connection.execute(query)]
    return found


def read_row(connection: Connection, name: str, key: tuple[Any, ...]) -> dict[str, Any] | None:
    """Return one row of a read table by its primary key; None where there is none."""
    table = tables.metadata.tables[name]
    columns = tables.written_of(table)
    found = connection.execute(
        select(*columns).where(*(column == value for column, value in zip(tables.key_of(table), key, strict=True)))
    ).first()
    return None if found is None else dict(zip((column.name for column in columns), found, strict=True))


def read_fact(connection: Connection, registry: Registry, stream: str, version: int) -> Fact | None:
    """Return one fact of a stream; None where there is none, or its content was taken away."""
    table = tables.facts
    row = connection.execute(select(table).where(table.c.stream == stream, table.c.version == version, table.c.body.is_not(None))).first()
    return None if row is None else decode(registry, row)


_version = select(tables.streams.c.version).where(tables.streams.c.stream == bindparam("stream"))


def version_of(connection: Connection, stream: str) -> int:
    """Return the version of a stream; 0 where it has no facts."""
    return int(connection.execute(_version, {"stream": stream}).scalar() or 0)


def newest(reader: Reader) -> int:
    """Return the position of the newest fact of all; 0 where there is none."""
    return int(reader.rows(_newest)[0][0] or 0)


def changed_since(reader: Reader, position: int) -> dict[str, int]:
    """Return the records that changed after a position of the log, each with the position of its newest fact."""
    few = newest(reader) - position <= _FEW
    return {str(stream): int(at) for stream, at in reader.rows(_changed_since if few else _much_changed_since, {"position": position})}


def fold(kind: Kind, stream: str, facts: Sequence[Fact] | Iterator[Fact]) -> Any:
    """Return the state that follows from these facts, from nothing."""
    state = kind.initial(stream.partition(":")[2])
    for fact in facts:
        state = kind.evolve(state, fact)
    return state


def load(connection: Connection, registry: Registry, stream: str) -> tuple[Any, Head]:
    """Return the state of a stream (from its newest usable snapshot and the facts after it) and where it stands."""
    kind = registry.kind_of(stream)
    row = connection.execute(select(tables.streams).where(tables.streams.c.stream == stream)).first()
    if row is None:
        return kind.initial(stream.partition(":")[2]), Head()
    state: Any = None
    after = 0
    if row.snapshot is not None and row.fold_version == kind.fold_version:
        state = msgspec.json.decode(row.snapshot, type=kind.state)
        after = row.snapshot_version
    else:
        state = kind.initial(stream.partition(":")[2])
    for fact in read_facts(connection, registry, stream, after):
        state = kind.evolve(state, fact)
    return state, Head(row.version, row.head, row.snapshot_version)


_AT_ONCE: Final = 500
"""Streams that one query names."""

_stands = select(tables.streams).where(tables.streams.c.stream.in_(bindparam("names", expanding=True)))
_all_facts = (
    select(tables.facts)
    .where(tables.facts.c.stream.in_(bindparam("names", expanding=True)), tables.facts.c.body.is_not(None))
    .order_by(tables.facts.c.stream, tables.facts.c.version)
)
_newer_facts = (
    select(tables.facts)
    .join(tables.streams, tables.streams.c.stream == tables.facts.c.stream)
    .where(
        tables.streams.c.stream.in_(bindparam("names", expanding=True)),
        tables.facts.c.version > tables.streams.c.snapshot_version,
        tables.facts.c.body.is_not(None),
    )
    .order_by(tables.facts.c.stream, tables.facts.c.version)
)


def load_many(connection: Connection, registry: Registry, names: Sequence[str]) -> dict[str, tuple[Any, Head]]:
    """Return what ``load`` returns, for many streams with a few queries."""
    found: dict[str, tuple[Any, Head]] = {}
    for begin in range(0, len(names), _AT_ONCE):
        found |= _load_some(connection, registry, names[begin : begin + _AT_ONCE])
    return found


def _load_some(connection: Connection, registry: Registry, names: Sequence[str]) -> dict[str, tuple[Any, Head]]:
    states: dict[str, Any] = {}
    heads: dict[str, Head] = {}
    whole: list[str] = []
    tails: list[str] = []
    for row in connection.execute(_stands, {"names": list(names)}):
        kind = registry.kind_of(row.stream)
        heads[row.stream] = Head(row.version, row.head, row.snapshot_version)
        if row.snapshot is not None and row.fold_version == kind.fold_version:
            states[row.stream] = msgspec.json.decode(row.snapshot, type=kind.state)
            if row.version > row.snapshot_version:
                tails.append(row.stream)
        else:
            whole.append(row.stream)
    for name in names:
        if name not in states:
            states[name] = registry.kind_of(name).initial(name.partition(":")[2])
    for statement, some in ((_all_facts, whole), (_newer_facts, tails)):
        if some:
            for row in connection.execute(statement, {"names": some}):
                states[row.stream] = registry.kind_of(row.stream).evolve(states[row.stream], decode(registry, row))
    return {name: (states[name], heads.get(name, Head())) for name in names}


class Broken(msgspec.Struct, frozen=True):
    """A place where the chain does not hold."""

    stream: str
    version: int
    what: str


def verify(connection: Connection, stream: str) -> list[Broken]:
    """Check a stream's hash chain from its first fact to its head; return where it breaks (nothing: it is whole)."""
    table = tables.facts
    previous = chain.GENESIS
    expected = 1
    broken = []
    for row in connection.execute(select(table).where(table.c.stream == stream).order_by(table.c.version)):
        if row.version != expected:
            broken.append(Broken(stream, expected, "a fact is missing"))
            expected = row.version
        if row.body is not None and chain.digest(row.salt, row.body.encode()) != row.digest:
            broken.append(Broken(stream, row.version, "the content was changed"))
        wanted = chain.link(previous, row.version, row.type, row.occurred_at, row.recorded_at, row.actor, row.digest)
        if wanted != row.hash:
            broken.append(Broken(stream, row.version, "the hash does not follow from the fact before"))
        previous = row.hash
        expected += 1
    head = connection.execute(select(tables.streams.c.version, tables.streams.c.head).where(tables.streams.c.stream == stream)).first()
    if head is None or head.version != expected - 1 or head.head != previous:
        broken.append(Broken(stream, expected - 1, "the end of the stream is not the one that was kept"))
    return broken
