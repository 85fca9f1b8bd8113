"""What one incident comes to, as a row of the read table: its milestones, its durations, what became of its duties. Pure.

The row follows from the record and the pinned playbook alone. It is written whenever a fact can change it, a correction included, and a
rebuild gives the same one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tocsin.engine.model import Fact, RowWrite, micros, moment
from tocsin.incidents import events as e
from tocsin.incidents import milestones
from tocsin.incidents.model import Incident, Moment, Precision
from tocsin.insights import durations
from tocsin.insights.adherence import adherence_of
from tocsin.insights.views import Judged
from tocsin.playbooks.model import Playbook

TABLE: Final = "incident_figures"
JUDGED: Final = ("kept", "late", "missed", "waived", "overdue")
"""What a duty that is counted by its rule came to; in this order in the row."""


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """A milestone in the row."""

    at: int
    """Microseconds since 1970 UTC."""
    source: int
    """The version of the fact that it came from."""
    precision: Precision = "exact"
    until: int | None = None


_marks = msgspec.json.Decoder(dict[str, Mark])
_duties = msgspec.json.Decoder(dict[str, tuple[int, int, int, int, int]])
_encode = msgspec.json.Encoder(order="deterministic").encode


def changed(before: Incident, after: Incident, facts: Sequence[Fact], playbook: Playbook | None) -> bool:
    """Tell whether these facts can change the row.

    An ordinary entry of the timeline cannot, and costs no write, unless the playbook has a duty that is met by entries of its kind.
    """
    if after.declared_at is None:
        return False
    if before.plan != after.plan:
        return True
    kinds = {rule.done.entry for rule in playbook.obligations} if playbook else set()
    return any(isinstance(fact.event, e.EntryLogged) and fact.event.kind in kinds for fact in facts)


def row(incident: Incident, playbook: Playbook | None, now: datetime) -> RowWrite:
    """Return the row of an incident. now: when the newest of the facts was recorded."""
    known = milestones.known(incident, playbook)
    found = [durations.between(known, one.start, one.end, metric=one.id, name=one.name) for one in durations.CANONICAL]
    judged = adherence_of(incident, playbook, now)
    total, promised = judged.total, judged.promises
    circumstances = incident.now_circumstances
    resolved = known.get("resolved")
    checks = [tick.state for tick in incident.checks.values()]
    values = {
        "incident": incident.id, **{one.id: one.seconds for one in found},
        "estimated": sum(1 << bit for bit, one in enumerate(found) if one.seconds is not None and one.precision != "exact"),
        "kept": total.kept, "late": total.late, "missed": total.missed, "waived": total.waived, "open": total.open, "overdue": total.overdue,
        "promises_kept": promised.kept, "promises_due": promised.due, "promises_open": promised.open,
        "ticked": checks.count("ticked"), "ticks_waived": checks.count("waived"), "cause": circumstances.cause if circumstances else "",
        "digest": incident.playbook.digest if incident.playbook else "", "resolved_at": micros(resolved.at) if resolved else None, "milestones": _encode(marks_of(known)).decode(),
        "duties": _encode(_by_rule(judged.obligations)).decode(),
    }  # fmt: skip
    return RowWrite(TABLE, (incident.id,), values)


def marks_of(known: Mapping[str, Moment]) -> dict[str, Mark]:
    """Return milestones as the row has them."""
    return {name: Mark(micros(m.at), m.source, m.precision, micros(m.until) if m.until is not None else None) for name, m in known.items()}


def moments_of(text: str) -> dict[str, Moment]:
    """Return the milestones of a row as moments again; who stated them is not in it."""
    return {
        name: Moment(moment(mark.at), mark.source, mark.precision, moment(mark.until) if mark.until is not None else None)
        for name, mark in _marks.decode(text).items()
    }


def duties_of(text: str) -> dict[str, tuple[int, int, int, int, int]]:
    """Return how often each duty of a row was kept, late, missed, waived and is overdue, by the id of its rule."""
    return _duties.decode(text)


def _by_rule(judged: Iterable[Judged]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in judged:
        if one.state in JUDGED:
            found.setdefault(one.rule, [0] * len(JUDGED))[JUDGED.index(one.state)] += 1
    return found
