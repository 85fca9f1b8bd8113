"""Levels of different playbooks compare by rank; labels never do."""

import pytest

from tests.playbooks.small import loaded
from tocsin.playbooks.crosswalk import Match, crosswalk, nearest, table

SMALL = loaded().playbook  # HIGH is rank 1, LOW is rank 3
OTHER = loaded(
    ("playbook: small", "playbook: other"),
    ("- id: LOW\n    name: Low\n    rank: 3", "- id: MIDDLE\n    name: Low\n    rank: 2"),
    ("default_severity: HIGH", "default_severity: MIDDLE"),
).playbook


def test_a_level_is_the_one_of_its_rank_or_the_nearest() -> None:
    assert nearest(SMALL, 1) == Match("small", "HIGH", 1, exact=True)
    assert nearest(SMALL, 4) == Match("small", "LOW", 3, exact=False)
    assert nearest(OTHER, 3) == Match("other", "MIDDLE", 2, exact=False)


def test_of_two_levels_equally_near_the_worse_counts() -> None:
    assert nearest(SMALL, 2) == Match("small", "HIGH", 1, exact=False)


def test_a_level_is_told_for_every_other_playbook_by_any_of_its_labels() -> None:
    assert crosswalk(OTHER, "middle", [OTHER, SMALL]) == {"small": Match("small", "HIGH", 1, exact=False)}
    assert crosswalk(SMALL, "h1", [OTHER]) == {"other": Match("other", "HIGH", 1, exact=True)}


def test_an_unknown_label_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match="Write one of: HIGH, LOW"):
        crosswalk(SMALL, "SEV9", [OTHER])


def test_the_table_has_every_level_of_every_playbook_worst_first() -> None:
    rows = table([SMALL, OTHER])
    assert [(row.playbook, row.severity, row.rank) for row in rows] == [
        ("small", "HIGH", 1),
        ("other", "HIGH", 1),
        ("other", "MIDDLE", 2),
        ("small", "LOW", 3),
    ]
    assert [row.labels["small"].severity for row in rows] == ["HIGH", "HIGH", "HIGH", "LOW"]
    assert rows[3].labels["other"] == Match("other", "MIDDLE", 2, exact=False)
