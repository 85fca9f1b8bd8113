"""The status page, notices and mailings as the engine runs them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.comms.status import decide as page_decide
from tocsin.comms.status import mailing, model, notice, queries
from tocsin.comms.status.names import public_id
from tocsin.engine.kinds import Kind, Tick
from tocsin.engine.model import Command, Fact, Reader, RowWrite, micros


def status_page_kind() -> Kind:
    """Return the status page as a kind of record; there is one."""
    return Kind(
        name="status_page", state=model.StatusPage, events=model.EVENTS, fold_version=1, initial=model.StatusPage,
        evolve=page_decide.evolve, decide=page_decide.decide, prepare=_services,
    )  # fmt: skip


def _services(_page: Any, command: Command, reader: Reader) -> Any:
    return frozenset(one.service for one in queries.components(reader)) if isinstance(command, model.SetComponentState) else None


def notice_kind() -> Kind:
    """Return what the public was told of an incident as a kind of record."""
    return Kind(
        name="notice", state=notice.Notice, events=notice.EVENTS, fold_version=1, initial=notice.Notice, evolve=notice.evolve, decide=notice.decide,
        rows=_rows,
    )  # fmt: skip


def _rows(_before: Any, after: notice.Notice, _facts: Sequence[Fact]) -> list[RowWrite]:
    begins = after.begins
    last = after.last
    if begins is None or last is None:
        return [RowWrite("status_notices", (after.id,), None)]
    over = after.resolved_at
    values = {
        "incident": after.id, "public_id": public_id(after.id), "began_at": micros(begins), "last_at": micros(max(last.at, over or last.at)),
        "resolved_at": micros(over) if over else None, "hidden": int(after.hidden),
    }  # fmt: skip
    return [RowWrite("status_notices", (after.id,), values)]


def mailing_kind() -> Kind:
    """Return an update on its way to subscribers as a kind of record; it wakes itself until everybody has theirs."""

    def prepare(state: mailing.Mailing, command: Command, reader: Reader) -> Any:
        return queries.next_recipients(reader, state) if isinstance(command, Tick) and state.version and not state.over else None

    return Kind(
        name="mailing", state=mailing.Mailing, events=mailing.EVENTS, fold_version=1, initial=mailing.Mailing, evolve=mailing.evolve,
        decide=mailing.decide, prepare=prepare, wake=mailing.wake, plan=lambda state: (state.version, state.over),
    )  # fmt: skip
