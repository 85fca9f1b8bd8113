"""The postmortem of a record that was written down elsewhere: everything that it says, and nothing that it does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.world import World
from tocsin.playbooks import shelf

GIVEN: dict[str, Any] = {
    "title": "Clean-up removes customers' sites", "source": "an open letter", "impact": {"customers": 40, "regions": ["north", "south"]},
    "milestones": {
        "impact_started": {"at": "2022-04-05T07:38:00Z", "wording": "in the morning"}, "detected": None,
        "resolved": {"at": "2022-04-18T23:57:00Z", "approximate": True},
    },
    "timeline": [
        {"at": "2022-04-05T07:38:00Z", "type": "impact", "text": "A script begins | it removes sites."},
        {"at": "2022-04-18T23:57:00Z", "type": "resolution", "text": "All sites are back."},
    ],
    "factors": ["Two kinds of identifiers looked alike"], "action_items": ["Soft deletion everywhere"],
    "stated": [{"what": "longest outage", "source_wording": "up to two weeks", "seconds": None}], "notes": "The press named another number.",
}  # fmt: skip


@pytest.fixture(params=shelf.shipped())
def document(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    world = World(tmp_path / "data", datetime(2026, 1, 5, tzinfo=UTC), playbook=request.param)
    incident = world.post("/incidents/import", GIVEN)["incident"]
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
    yield world.send("GET", f"/incidents/{incident}/postmortem/document").text
    assert world.get(f"/incidents/{incident}/postmortem/claims")["clean"]
    world.close()


def test_every_entry_factor_item_wording_and_note_is_there(document: str) -> None:
    for said in (
        r"A script begins \| it removes sites.", "All sites are back.", "Two kinds of identifiers looked alike", "Soft deletion everywhere",
        "up to two weeks", "The press named another number.", "in the morning", "customers: 40", "regions: north, south",
    ):  # fmt: skip
        assert said in document


def test_known_milestones_have_their_time_and_unknown_ones_say_so(document: str) -> None:
    assert "| Impact started | 2022-04-05 07:38 UTC |" in document
    assert "| Resolved | 2022-04-18 23:57 UTC | +13 d 16 h 19 min | estimated |" in document
    for unknown in ("Detected", "Acknowledged", "Mitigated", "Declared"):
        assert f"| {unknown} | not available |" in document


def test_nothing_tells_of_the_day_on_which_it_was_taken_in_but_the_head(document: str) -> None:
    assert document.count("2026-01-05") <= 1
