"""How an incident kept to its playbook: what became of every obligation, by audience and by owner. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, Literal

from tocsin.incidents import obligations
from tocsin.incidents.model import Incident
from tocsin.incidents.obligations import Duty
from tocsin.insights.durations import whole
from tocsin.insights.views import AdherenceView, Judged, Promises, Tally
from tocsin.playbooks.model import Playbook

State = Literal["kept", "late", "missed", "waived", "open", "overdue", "void"]
_SHOWN: Final[dict[str, State]] = {
    "kept": "kept", "late": "late", "missed": "missed", "waived": "waived", "open": "open", "warned": "open", "overdue": "overdue", "void": "void",
}  # fmt: skip
NOBODY: Final = "(none)"
"""The key for obligations without an audience or owner."""


def adherence_of(incident: Incident, playbook: Playbook | None, now: datetime) -> AdherenceView:
    """Return what became of every obligation that has begun.

    The score is kept / (kept + late + missed + overdue): of what has fallen due, the share that was done in time. Waived ones stand apart; what
    is open is not judged yet, and void ones (the rule no longer applied) are listed but not counted. A promise counts as due likewise.
    """
    judged = tuple(judge(duty, now) for duty in obligations.plan(incident, playbook, now)) if playbook else ()
    promised = tuple(one for one in judged if one.kind == "promise")
    kept = sum(one.state == "kept" for one in promised)
    due = sum(one.state in ("kept", "late", "missed", "overdue") for one in promised)
    return AdherenceView(
        incident=incident.id,
        as_of=now,
        total=tally(judged),
        by_audience=_by(judged, lambda one: one.audience),
        by_owner=_by(judged, lambda one: one.owner),
        promises=Promises(kept, due, sum(one.state == "open" for one in promised), f"{kept} of {due}" if due else "none due yet", promised),
        obligations=judged,
        note="Taken in from elsewhere: its playbook was not in force, so nothing is judged." if incident.imported else "",
    )


def judge(duty: Duty, now: datetime) -> Judged:
    """Return an obligation with how late it was done, or how far over its time it is."""
    late_by = None
    if duty.state == "late" and duty.done_at is not None:
        late_by = whole(duty.done_at - duty.due_at)
    elif duty.state == "overdue":
        late_by = whole(now - duty.due_at)
    return Judged(
        id=duty.id, rule=duty.rule, name=duty.name, owner=duty.owner, audience=duty.audience, kind=duty.kind, state=_SHOWN[duty.state],
        from_at=duty.from_at, due_at=duty.due_at, done_at=duty.done_at, fact=duty.fact, late_by=late_by, reason=duty.reason, cites=duty.cites,
    )  # fmt: skip


def tally(judged: Iterable[Judged]) -> Tally:
    """Return how many there are of each kind, and the score."""
    count = Counter(one.state for one in judged)
    decided = count["kept"] + count["late"] + count["missed"] + count["overdue"]
    return Tally(
        count["kept"], count["late"], count["missed"], count["waived"], count["open"], count["overdue"],
        count["kept"] / decided if decided else None,
    )  # fmt: skip


def _by(judged: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, Tally]:
    groups: dict[str, list[Judged]] = {}
    for one in judged:
        groups.setdefault(key(one) or NOBODY, []).append(one)
    return {name: tally(group) for name, group in sorted(groups.items())}
