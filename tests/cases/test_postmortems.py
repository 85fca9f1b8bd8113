"""The postmortem of a write-up writes itself from the record: everything that is there, and no number that is not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from tests.cases.derivable import plain, texts, unexplained
from tests.cases.files import of_kind, skip_deviation
from tests.world import World

Case = dict[str, Any]
CASES = pytest.mark.parametrize("case", of_kind("incident"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def drafted(world: World, case: Case) -> tuple[str, str]:
    """Take in a case and draft its postmortem; return the incident's id and the document as its reader sees it."""
    incident = str(world.post("/incidents/import/file", case)["incidents"][0]["incident"])
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
    answer = world.send("GET", f"/incidents/{incident}/postmortem/document?format=md")
    assert answer.status == 200, answer.text
    return incident, plain(answer.text)


def one_line(text: str) -> str:
    return " ".join(text.split())


@CASES
def test_the_postmortem_holds_every_milestone_entry_factor_and_action_item(archive: World, case: Case) -> None:
    skip_deviation(case, "postmortem")
    _, document = drafted(archive, case)
    for name, given in case["milestones"].items():
        if given is not None:
            assert f"{moment(given['at']):%Y-%m-%d %H:%M}" in document, name
            assert one_line(given.get("source_wording", "")) in document, name
    for entry in case["timeline"]:
        assert one_line(entry["text"]) in document
        assert f"{moment(entry['at']):%Y-%m-%d %H:%M}" in document
    for text in (*(case.get("contributing_factors") or ()), *(case.get("action_items") or ())):
        assert one_line(text) in document


@CASES
def test_the_postmortem_holds_no_number_that_does_not_follow_from_the_data(archive: World, case: Case) -> None:
    skip_deviation(case, "postmortem-numbers")
    incident, document = drafted(archive, case)
    assert unexplained(document, *explained_by(archive, case, incident)) == []


@CASES
def test_a_number_that_somebody_made_up_would_be_noticed(archive: World, case: Case) -> None:
    incident, document = drafted(archive, case)
    known, times, counts = explained_by(archive, case, incident)
    for made_up in ("987654321", "7777 d 17 h 3 min", "1999-12-31 23:59", "97531 min"):
        assert unexplained(f"{document} {made_up}", known, times, counts) != [], made_up


def explained_by(world: World, case: Case, incident: str) -> tuple[list[str], list[datetime], int]:
    """Return what a document may take its numbers from: texts of case, playbook and id; times; the largest count."""
    view = world.get(f"/incidents/{incident}")
    with world.app.runtime.reading() as reader:
        playbook = world.app.shelf.by_digest(view["playbook"]["digest"], reader)
    known = [*texts({**case, "milestones": [], "timeline": []}), *texts(msgspec.to_builtins(playbook, enc_hook=str)), incident]
    known += [text for m in case["milestones"].values() if m for text in texts(m.get("source_wording", ""))]
    known += [text for entry in case["timeline"] for text in texts([entry["text"], entry["type"]])]
    times = [moment(m["at"]) for m in case["milestones"].values() if m] + [moment(entry["at"]) for entry in case["timeline"]]
    times += [world.now.astimezone(UTC)]
    return known, times, len(world.get(f"/incidents/{incident}/timeline"))
