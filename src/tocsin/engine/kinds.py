"""What a package tells the engine about one kind of record, and the one table of what facts mean elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from tocsin.engine.journal import Journal
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Reader, RowWrite


@dataclass(frozen=True)
class Kind:
    """One kind of record (incident, postmortem, person …): its pure functions, as the committer calls them."""

    name: str
    state: type[Any]
    """The state's Struct; a snapshot is its JSON."""
    events: tuple[type[Event], ...]
    fold_version: int
    """Raise it when ``evolve`` changes its meaning: older snapshots are then not used."""
    initial: Callable[[str], Any]
    evolve: Callable[[Any, Fact], Any]
    decide: Callable[[Any, Command, Context], Decision]
    prepare: Callable[[Any, Command, Reader], Any] = lambda _state, _command, _reader: None
    """Look up what the command's decision needs, in the same transaction."""
    rows: Callable[[Any, Any, Sequence[Fact]], list[RowWrite]] = lambda _before, _after, _facts: []
    """Rows of read tables that follow from the new facts."""
    wake: Callable[[Any, datetime, Any], datetime | None] | None = None
    """When the record next wants a ``Tick``: state, now, what ``prepare`` found. Asked where ``plan`` of the state changed."""
    plan: Callable[[Any], object] = lambda _state: 0
    """A value that changes whenever ``wake`` may answer differently."""
    exists: Callable[[Any], bool] = lambda state: bool(getattr(state, "version", 0))


class Tick(Command, frozen=True):
    """The timer of a record is due."""


@dataclass(frozen=True)
class Follow:
    """A command for another record that follows from a fact, in the same transaction."""

    kind: str
    id: str
    command: Command


@dataclass(frozen=True)
class Reaction:
    """What one package's fact means to another: a pure function from the fact and its record's state to commands.

    find: what the reaction needs to look up, in the same transaction; ``then`` is given it as a third argument where there is one.
    """

    name: str
    on: type[Event]
    then: Callable[..., Sequence[Follow]]
    find: Callable[[Fact, Any, Reader], Any] | None = None


@dataclass(frozen=True)
class Registry:
    """All kinds and reactions of an application."""

    kinds: Mapping[str, Kind]
    reactions: Sequence[Reaction] = ()
    journals: Mapping[str, Journal] = field(default_factory=dict)
    _decoders: dict[str, msgspec.json.Decoder[Any]] = field(default_factory=dict)
    _reactions: dict[type[Event], list[Reaction]] = field(default_factory=dict)

    def kind_of(self, stream: str) -> Kind:
        """Return the kind of a stream id ``<kind>:<id>``."""
        return self.kinds[stream.partition(":")[0]]

    def decoder(self, kind: Kind) -> msgspec.json.Decoder[Any]:
        """Return the decoder of a kind's events, which knows them by their tags."""
        if kind.name not in self._decoders:
            union: Any = kind.events[0]
            for event in kind.events[1:]:
                union = union | event
            self._decoders[kind.name] = msgspec.json.Decoder(union)
        return self._decoders[kind.name]

    def reactions_to(self, event: Event) -> list[Reaction]:
        """Return the reactions to an event, in the order in which they are wired."""
        found = self._reactions.get(type(event))
        if found is None:
            found = self._reactions[type(event)] = [reaction for reaction in self.reactions if isinstance(event, reaction.on)]
        return found
