"""The heartbeat as a kind of record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Fact, RowWrite
from tocsin.heartbeats.decide import decide, evolve, span_of
from tocsin.heartbeats.model import HEARTBEAT_EVENTS, Heartbeat
from tocsin.heartbeats.tables import heartbeats


def _rows(_before: Heartbeat, after: Heartbeat, _facts: Sequence[Fact]) -> list[RowWrite]:
    saved = after.saved
    assert saved is not None
    values = {
        "id": after.id, "name": saved.name, "service": saved.service, "every": span_of(saved.every, "") // timedelta(microseconds=1),
        "grace": span_of(saved.grace, "") // timedelta(microseconds=1), "muted": saved.muted, "state": after.state, "secret": after.secret,
    }  # fmt: skip
    return [RowWrite(heartbeats.name, (after.id,), values)]


def heartbeat_kind() -> Kind:
    """Return the heartbeat as a kind of record."""
    return Kind(
        name="heartbeat", state=Heartbeat, events=HEARTBEAT_EVENTS, fold_version=1, initial=Heartbeat, evolve=evolve, decide=decide, rows=_rows,
    )  # fmt: skip
