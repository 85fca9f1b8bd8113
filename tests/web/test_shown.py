"""How pages write what the core says."""

from __future__ import annotations

import pytest

from tocsin.web.shown import here


@pytest.mark.parametrize(
    ("fix", "said"),
    [
        ("Tick what is verified (`tocsin check list` shows the ids), or waive it.", "Tick what is verified, or waive it."),
        ("Check the id; `tocsin incident list` shows them.", "Check the id."),
        ("`tocsin alert list` shows them.", ""),
        ("Write it like `2026-01-31`.", "Write it like `2026-01-31`."),
    ],
)
def test_a_page_does_not_send_people_to_a_terminal(fix: str, said: str) -> None:
    assert here(fix) == said
