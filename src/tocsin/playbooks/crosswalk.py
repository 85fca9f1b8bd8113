"""Which level of one playbook is which of another: by rank on the common scale, never by label (a SEV2 here may be a SEV1 there)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tocsin.playbooks.model import Playbook
from tocsin.playbooks.scale import Severity


class Match(msgspec.Struct, frozen=True):
    """The level of a playbook that comes nearest to a rank. ``exact``: it has this rank itself."""

    playbook: str
    severity: str
    rank: int
    exact: bool


class Row(msgspec.Struct, frozen=True):
    """One level and what it is called in each playbook, its own included."""

    playbook: str
    severity: str
    rank: int
    labels: Mapping[str, Match]


def nearest(playbook: Playbook, rank: int) -> Match:
    """Return the level whose rank lies nearest; of two equally near the worse.

    Raises:
        ValueError: the playbook has no levels.

    """
    best: Severity = min(playbook.severities, key=lambda level: (abs(level.rank - rank), level.rank))
    return Match(playbook.playbook, best.id, best.rank, best.rank == rank)


def crosswalk(playbook: Playbook, severity: str, others: Sequence[Playbook]) -> dict[str, Match]:
    """Return what a level of one playbook is called in each other, by the other's id.

    severity: the level's id or an alias.

    Raises:
        LookupError: the playbook has no such level.

    """
    level = playbook.severity(severity)
    if level is None:
        known = ", ".join(one.id for one in playbook.severities)
        raise LookupError(f"The playbook {playbook.playbook} has no severity {severity!r}. Write one of: {known}.")
    return {other.playbook: nearest(other, level.rank) for other in others if other.playbook != playbook.playbook}


def table(playbooks: Sequence[Playbook]) -> list[Row]:
    """Return every level of every playbook, worst first, with what it is called in each."""
    rows = [
        Row(playbook.playbook, level.id, level.rank, {other.playbook: nearest(other, level.rank) for other in playbooks})
        for playbook in playbooks
        for level in playbook.severities
    ]
    return sorted(rows, key=lambda row: row.rank)
