"""Durations between two milestones: the canonical ones as a table, any other pair, and the playbook's own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

import msgspec

from tocsin.incidents.model import Moment, Precision
from tocsin.insights.views import Duration
from tocsin.playbooks.durations import format_span
from tocsin.playbooks.model import CANONICAL_MILESTONES, Playbook

BETWEEN: Final = ".."
"""``detected..mitigated`` names the duration between two milestones without a definition of its own."""


class Canonical(msgspec.Struct, frozen=True):
    """A duration that means the same under every playbook."""

    id: str
    name: str
    start: str
    end: str


CANONICAL: Final = (
    Canonical("time_to_detect", "Time to detect", "impact_started", "detected"),
    Canonical("time_to_acknowledge", "Time to acknowledge", "detected", "acknowledged"),
    Canonical("time_to_declare", "Time to declare", "detected", "declared"),
    Canonical("time_to_mitigate", "Time to mitigate", "impact_started", "mitigated"),
    Canonical("time_to_resolve", "Time to resolve", "impact_started", "resolved"),
    Canonical("detection_to_resolution", "Detection to resolution", "detected", "resolved"),
)


def canonical(metric: str) -> Canonical | None:
    """Return the canonical duration with this id, or the one between two milestones (``detected..mitigated``); None for any other id."""
    start, found, end = metric.partition(BETWEEN)
    if found:
        return Canonical(metric, f"{words(start).capitalize()} to {words(end)}", start, end)
    return next((one for one in CANONICAL if one.id == metric), None)


def words(milestone: str, playbook: Playbook | None = None) -> str:
    """Return a milestone's name as a reader would say it."""
    own = next((m.name for m in playbook.milestones if m.id == milestone), None) if playbook else None
    return own or milestone.replace("_", " ")


def known_milestones(playbook: Playbook | None) -> list[str]:
    """Return the ids of all milestones, canonical and the playbook's own."""
    return [*CANONICAL_MILESTONES, *(m.id for m in playbook.milestones)] if playbook else list(CANONICAL_MILESTONES)


def between(
    moments: Mapping[str, Moment],
    start: str,
    end: str,
    *,
    metric: str,
    name: str,
    playbook: Playbook | None = None,
    target: timedelta | None = None,
    says: str = "",
    claims: str = "",
    claims_because: str = "",
) -> Duration:
    """Return the duration from one milestone to another.

    moments: every known milestone. One that is not known, or that lies before the other, leaves the number not available: it is neither
    0 nor negative. The value is counted from the first moment of a range; ``low`` and ``high`` bound it.
    """
    begin, finish = moments.get(start), moments.get(end)
    definition = f"from {words(start, playbook)} to {words(end, playbook)}"

    def absent(reason: str, missing: tuple[str, ...] = (), facts: tuple[int, ...] = ()) -> Duration:
        return Duration(
            id=metric, name=name, definition=definition, text=f"not available: {reason}", available=False, reason=reason, missing=missing,
            facts=facts, says=says, claims=claims, claims_because=claims_because, start=start, end=end,
            from_at=begin.at if begin else None, to_at=finish.at if finish else None, from_fact=begin.source if begin else 0,
            to_fact=finish.source if finish else 0, target=int(target.total_seconds()) if target is not None else None,
        )  # fmt: skip

    if begin is None or finish is None:
        missing = tuple(milestone for milestone, moment in ((start, begin), (end, finish)) if moment is None)
        return absent(" and ".join(f"{words(m, playbook)} is not known" for m in missing), missing)
    span = finish.at - begin.at
    facts = tuple(dict.fromkeys((begin.source, finish.source)))
    if span < timedelta(0):
        return absent(f"{words(end, playbook)} lies before {words(start, playbook)}", (), facts)
    low = high = None
    if begin.until is not None or finish.until is not None:
        low = max(0, whole(finish.at - (begin.until or begin.at)))
        high = whole((finish.until or finish.at) - begin.at)
    precision = _precision(begin, finish)
    return Duration(
        id=metric, name=name, definition=definition, text=_text(span, precision, low, high), facts=facts, says=says, claims=claims,
        claims_because=claims_because, start=start, end=end, seconds=whole(span), from_at=begin.at, to_at=finish.at, from_fact=begin.source,
        to_fact=finish.source, precision=precision, low=low, high=high, target=whole(target) if target is not None else None,
        target_kept=span <= target if target is not None else None,
    )  # fmt: skip


def whole(span: timedelta) -> int:
    """Return a span as whole seconds, cut down."""
    return span // timedelta(seconds=1)


def _precision(begin: Moment, finish: Moment) -> Precision:
    both = (begin.precision, finish.precision)
    return "estimated" if "estimated" in both else "range" if "range" in both else "exact"


def _text(span: timedelta, precision: Precision, low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f"{format_span(timedelta(seconds=low))} to {format_span(timedelta(seconds=high))}"
    return format_span(span) if precision == "exact" else f"about {format_span(span)}"
