"""What the document of a playbook is made from: ladders, cadences, sample messages, and two texts beside one another."""

from __future__ import annotations

import pytest

from tocsin.comms.render import renderer
from tocsin.playbooks import shelf
from tocsin.playbooks.ladders import cadences, ladders
from tocsin.playbooks.samples import values
from tocsin.playbooks.textdiff import beside, renamed, renumbered


@pytest.mark.parametrize("name", shelf.shipped())
def test_every_message_can_be_read_with_made_up_values(name: str) -> None:
    book = shelf.load_shipped(name).playbook
    render = renderer(lambda _digest: book)
    for message in book.messages:
        subject, body = render("incident.update", "", values(book, message))
        assert subject.strip()
        assert body.strip()
        assert "Undefined" not in body


@pytest.mark.parametrize("name", shelf.shipped())
def test_a_ladder_goes_up_in_time_and_names_only_whom_the_playbook_knows(name: str) -> None:
    loaded = shelf.load_shipped(name)
    book = loaded.playbook
    known = {role.id for role in book.roles} | {contact.id for contact in book.contacts} | {"on_call"}
    found, whenever = ladders(loaded)
    assert found
    for ladder in found:
        times = [rung.after for rung in ladder.rungs if rung.after is not None]
        assert times == sorted(times)
        assert {who for rung in ladder.rungs for who in rung.to} <= known
    assert all(rung.after is None for rung in whenever)


def test_a_level_that_calls_nobody_has_no_ladder() -> None:
    found, _ = ladders(shelf.load_shipped("nine-stage"))
    assert {level.id for ladder in found for level in ladder.levels} == {"SEV0", "SEV1", "SEV2"}


def test_a_ladder_begins_with_the_page_and_has_its_target_before_whoever_is_called_when_it_is_missed() -> None:
    found, _ = ladders(shelf.load_shipped("service-levels"))
    worst = found[0].rungs
    assert (worst[0].when, worst[0].says) == ("at once", "paged")
    assert [rung.mark for rung in worst[1:3]] == [True, True]
    assert worst[-1].when == "1h"


def test_the_cadence_of_an_audience_differs_by_level() -> None:
    rows = {row.audience: row.cells for row in cadences(shelf.load_shipped("nine-stage"))}
    stakeholders = rows["stakeholders"]
    assert "every 15m until resolved" in stakeholders["SEV0"]
    assert "every 30m until resolved" in stakeholders["SEV1"]
    assert "SEV3" not in stakeholders


def test_texts_beside_one_another_fold_what_is_alike() -> None:
    before = "\n".join(f"line {number}" for number in range(1, 30))
    after = before.replace("line 15", "line fifteen").replace("line 20\n", "")
    rows = beside(before, after)
    assert [row.kind for row in rows if row.kind not in ("same", "fold")] == ["changed", "removed"]
    changed = next(row for row in rows if row.kind == "changed")
    assert (changed.before_number, changed.before, changed.after) == (15, "line 15", "line fifteen")
    assert rows[0].count == 11
    assert sum(row.count if row.kind == "fold" else 1 for row in rows) == 29


def test_equal_texts_have_no_rows() -> None:
    assert beside("a\nb", "a\nb") == []


def test_a_text_gets_its_next_number_and_a_copy_its_own_name() -> None:
    text = "# mine\nplaybook: house\nversion: 3 # the third\ntitle: A version: 3 of it\n"
    assert renumbered(text, 4) == "# mine\nplaybook: house\nversion: 4 # the third\ntitle: A version: 3 of it\n"
    assert renamed(text, "team-a").splitlines()[1:3] == ["playbook: team-a", "version: 1 # the third"]
