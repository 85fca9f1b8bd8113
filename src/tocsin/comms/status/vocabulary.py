"""The words that status pages share, and what many states come to in one. Pure.

Component states, incident steps, impacts and indicators are those of Atlassian's Statuspage, which other programs read. Our page says them in
plain words.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

State = Literal["operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"]
"""What a status page says of a component."""
Impact = Literal["none", "minor", "major", "critical"]
"""How bad an incident is for the public."""
Indicator = Literal["none", "minor", "major", "critical", "maintenance"]
"""The whole page in a word."""

ORDER: Final[tuple[State, ...]] = ("operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage")
"""From well to worst."""
WORDS: Final[dict[str, str]] = {
    "operational": "Operational", "under_maintenance": "Under maintenance", "degraded_performance": "Degraded performance",
    "partial_outage": "Partial outage", "major_outage": "Major outage",
}  # fmt: skip
STEP_WORDS: Final[dict[str, str]] = {
    "investigating": "Investigating", "identified": "Identified", "monitoring": "Monitoring", "resolved": "Resolved", "scheduled": "Scheduled",
    "in_progress": "In progress", "verifying": "Verifying", "completed": "Completed",
}  # fmt: skip
HEADLINES: Final[dict[str, str]] = {
    "none": "All systems operational", "minor": "Degraded performance", "major": "Partial outage", "critical": "Major outage",
    "maintenance": "Maintenance under way",
}  # fmt: skip
"""What the top of the page says."""
OUTAGES: Final = ("partial_outage", "major_outage")
"""The states that count as time not available."""

_IMPACTS: Final[dict[str, Impact]] = {
    "operational": "none", "under_maintenance": "none", "degraded_performance": "minor", "partial_outage": "major", "major_outage": "critical",
}  # fmt: skip
_RANK: Final[dict[str, int]] = {"none": 0, "maintenance": 1, "minor": 2, "major": 3, "critical": 4}


def rank(state: str) -> int:
    """Return a state's place from well (0) to worst; well for a word that is none."""
    return ORDER.index(state) if state in ORDER else 0


def worst(states: Iterable[str]) -> State:
    """Return the worst of some states; ``operational`` of none."""
    return ORDER[max(map(rank, states), default=0)]


def impact_of(states: Iterable[str]) -> Impact:
    """Return how bad an incident is whose components have these states."""
    return _IMPACTS[worst(states)]


def indicator_of(states: Iterable[str], impacts: Iterable[str] = ()) -> Indicator:
    """Return what the page says in a word: the worst component, or an open incident that is worse than any.

    impacts: those of the open incidents; one that has no components counts by them alone.
    """
    found = worst(states)
    whole: Indicator = "maintenance" if found == "under_maintenance" else _IMPACTS[found]
    for impact in impacts:
        if _RANK.get(impact, 0) > _RANK[whole]:
            whole = impact  # type: ignore[assignment]
    return whole
