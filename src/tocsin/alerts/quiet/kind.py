"""Silences and maintenance as kinds of records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice

from tocsin.alerts.maintenance import windows
from tocsin.alerts.maintenance_decide import decide_maintenance, evolve_maintenance
from tocsin.alerts.maintenance_model import MAINTENANCE_EVENTS, Maintenance, SaveMaintenance
from tocsin.alerts.silence_model import SILENCE_EVENTS, SaveSilence, Silence
from tocsin.alerts.silences import decide_silence, evolve_silence
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Fact, Reader, RowWrite, micros
from tocsin.services.queries import named

_MOST_WINDOWS = 10_000


def _service(reader: Reader, name: str) -> str:
    """Return the id of a service by any of its names; the name itself where the catalogue has none."""
    found = named(reader, name) if name else None
    return found.id if found is not None else name


def _for_silence(_silence: Silence, command: Command, reader: Reader) -> str:
    return _service(reader, command.service) if isinstance(command, SaveSilence) else ""


def _for_maintenance(_plan: Maintenance, command: Command, reader: Reader) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_service(reader, name) for name in command.services)) if isinstance(command, SaveMaintenance) else ()


def _silence_rows(_before: Silence, after: Silence, _facts: Sequence[Fact]) -> list[RowWrite]:
    assert after.since is not None
    assert after.until is not None
    values = {
        "id": after.id, "since": micros(after.since), "until": micros(after.until), "by": after.by, "service": after.service,
        "created_at": micros(after.created_at) if after.created_at else 0,
    }  # fmt: skip
    return [RowWrite("silences", (after.id,), values)]


def _maintenance_rows(_before: Maintenance, after: Maintenance, _facts: Sequence[Fact]) -> list[RowWrite]:
    assert after.since is not None
    assert after.until is not None
    last: datetime | None = after.until
    if after.repeats is not None:
        found = list(islice(windows(after, after.since, None), _MOST_WINDOWS)) if after.repeats.until is not None else []
        last = found[-1].until if 0 < len(found) < _MOST_WINDOWS else None
    values = {
        "id": after.id, "title": after.title, "since": micros(after.since), "last_end": micros(last) if last is not None else None,
        "cancelled": int(after.cancelled_at is not None),
    }  # fmt: skip
    return [RowWrite("maintenance", (after.id,), values)]


def silence_kind() -> Kind:
    """Return the silence as a kind of record."""
    return Kind(
        name="silence", state=Silence, events=SILENCE_EVENTS, fold_version=1, initial=Silence, evolve=evolve_silence, decide=decide_silence,
        prepare=_for_silence, rows=_silence_rows,
    )  # fmt: skip


def maintenance_kind() -> Kind:
    """Return the plan of maintenance as a kind of record."""
    return Kind(
        name="maintenance", state=Maintenance, events=MAINTENANCE_EVENTS, fold_version=1, initial=Maintenance, evolve=evolve_maintenance,
        decide=decide_maintenance, prepare=_for_maintenance, rows=_maintenance_rows,
    )  # fmt: skip
