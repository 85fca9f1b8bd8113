"""Playbooks as documents that people read."""

from __future__ import annotations

import re

import pytest

from tests.web_pages.test_pages import words
from tests.world import World
from tocsin.playbooks import shelf
from tocsin.playbooks.graph import BOX_HEIGHT, STEP, drawing
from tocsin.playbooks.lint import lint


def test_the_shelf_shows_every_playbook_in_force(world: World) -> None:
    page = world.page("/playbooks").text
    for name in shelf.shipped():
        assert f'href="/playbooks/{name}"' in page


@pytest.mark.parametrize("name", shelf.shipped())
def test_a_playbook_is_a_document_with_levels_roles_duties_criteria_messages_and_findings(world: World, name: str) -> None:
    page = world.page(f"/playbooks/{name}")
    assert page.status == 200
    loaded = shelf.load_shipped(name)
    shown = words(page.text)
    book = loaded.playbook
    for level in book.severities:
        assert level.id in shown
        assert " ".join(level.definition.split()) in shown
    names = [part.name for part in book.roles] + [part.name for part in book.obligations] + [part.name for part in book.checklists]
    for part_name in (*names, *(message.name for message in book.messages)):
        assert part_name in shown
    for finding in lint(loaded):
        assert f'#L{finding.line}">line {finding.line}</a>' in page.text


@pytest.mark.parametrize("name", shelf.shipped())
def test_the_drawing_has_every_stage_and_every_move_and_no_arrow_leaves_it(name: str) -> None:
    book = shelf.load_shipped(name).playbook
    drawn = drawing(book)
    assert {box.id for box in drawn.boxes} == {stage.id for stage in book.lifecycle.stages}
    assert len(drawn.arrows) >= len({(t.move_from, t.move_to) for t in book.lifecycle.transitions if t.move_from != "*"})
    assert len({arrow.path for arrow in drawn.arrows}) == len(drawn.arrows)
    assert all(below.y - above.y == STEP for above, below in zip(drawn.boxes, drawn.boxes[1:], strict=False))
    for arrow in drawn.arrows:
        numbers = [int(number) for number in re.findall(r"-?\d+", arrow.path)]
        assert min(numbers) >= 0
        assert max(numbers) <= max(drawn.width, drawn.height)
    assert drawn.boxes[-1].y + BOX_HEIGHT <= drawn.height


def test_the_file_is_shown_line_by_line(world: World) -> None:
    page = world.page("/playbooks/house/text").text
    lines = shelf.shipped_text("house").splitlines()
    assert f'id="L{len(lines)}"' in page
    assert f'id="L{len(lines) + 1}"' not in page


def test_an_unknown_playbook_is_named_with_those_that_there_are(world: World) -> None:
    answer = world.page("/playbooks/nothing")
    assert answer.status == 404
    assert "house" in words(answer.text)
