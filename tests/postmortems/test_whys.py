"""The tree of whys: built, changed, moved, taken out and put back, by the API and by the forms of the page."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.postmortems.scene import Scene
from tests.web_pages.test_pages import words
from tests.world import World, forms_of
from tocsin.postmortems import events as e
from tocsin.postmortems import whys
from tocsin.postmortems.model import Why


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world).drafted()


def add(scene: Scene, text: str, parent: str = "", **more: Any) -> str:
    return str(scene.post("postmortem/whys", {"text": text, "parent": parent, **more})["why"])


def section(scene: Scene, name: str) -> str:
    return str(next(one["markdown"] for one in scene.view()["sections"] if one["id"] == name))


def shape(scene: Scene) -> list[str]:
    """The tree as indented lines."""
    return [
        line.split("- ", 1)[0] + line.split("- ", 1)[1].removeprefix("**What happened:** ")
        for line in section(scene, "five_whys").splitlines()
        if "- " in line
    ]


def test_the_tree_fills_its_section_and_its_marks_fill_the_causes(scene: Scene) -> None:
    top = add(scene, "Payments failed")
    pool = add(scene, "the pool was exhausted", top, mark="cause", evidence="graph of 14:28")
    add(scene, "nobody watched it", pool, mark="contributing")
    assert shape(scene) == [
        "Payments failed", "  the pool was exhausted **(cause)** _Evidence: graph of 14:28_", "    nobody watched it **(contributing factor)**",
    ]  # fmt: skip
    causes = section(scene, "causes")
    assert "- the pool was exhausted (cause) _Evidence: graph of 14:28_" in causes
    assert "- nobody watched it (contributing factor)" in causes
    assert not [gap for gap in scene.view()["to_write"] if gap["section"] == "five_whys"]


def test_a_branch_moves_with_all_below_it_and_cannot_go_below_itself(scene: Scene) -> None:
    top, other = add(scene, "one"), add(scene, "two")
    child = add(scene, "child", top)
    add(scene, "grandchild", child)
    scene.post("postmortem/whys/move", {"why": child, "parent": other})
    assert shape(scene) == ["one", "two", "  child", "    grandchild"]
    problem = scene.world.refused(f"/incidents/{scene.id}/postmortem/whys/move", {"why": other, "parent": child})
    assert problem["status"] == 409
    scene.post("postmortem/whys/move", {"why": other, "parent": "", "before": top})
    assert shape(scene) == ["two", "  child", "    grandchild", "one"]


def test_a_branch_that_was_taken_out_can_be_put_back_where_it_stood(scene: Scene) -> None:
    top = add(scene, "one")
    child = add(scene, "child", top)
    add(scene, "grandchild", child)
    add(scene, "second child", top)
    scene.post("postmortem/whys/remove", {"why": child})
    assert shape(scene) == ["one", "  second child"]
    assert scene.world.refused(f"/incidents/{scene.id}/postmortem/whys", {"text": "more", "parent": child})["status"] == 422
    scene.post("postmortem/whys/restore", {"why": child})
    assert shape(scene) == ["one", "  child", "    grandchild", "  second child"]


def test_a_tree_stays_within_its_depth(scene: Scene) -> None:
    at = ""
    for number in range(whys.DEEPEST):
        at = add(scene, f"level {number}", at)
    problem = scene.world.refused(f"/incidents/{scene.id}/postmortem/whys", {"text": "deeper", "parent": at})
    assert "levels deep" in problem["detail"]


def test_the_tree_is_worked_on_by_plain_forms(scene: Scene) -> None:
    world, page = scene.world, f"/incidents/{scene.id}/postmortem"
    answer = world.form(page, f"{page}/whys", {"text": "Payments <b>failed</b>"})
    assert answer.status == 303
    top = answer.headers["location"].rpartition("#why-")[2]
    shown = world.page(page).text
    assert "Payments &lt;b&gt;failed&lt;/b&gt;" in shown
    assert [form.fields["parent"] for form in forms_of(shown) if form.action == f"{page}/whys" and "parent" in form.fields] == [top]
    world.form(page, f"{page}/whys", {"text": "the pool was full", "mark": "cause"})
    world.form(page, f"{page}/whys/change", {"text": "Payments failed", "evidence": "tickets"})
    assert "Evidence: tickets" in words(world.page(page).text)
    assert world.form(page, f"{page}/whys/remove", number=1).status == 303
    assert "Taken out: the pool was full" in words(world.page(page).text)
    assert world.form(page, f"{page}/whys/restore").status == 303
    assert "the pool was full" in shape(scene)[1]


def test_the_tree_survives_a_restart(scene: Scene) -> None:
    top = add(scene, "one")
    add(scene, "child", top)
    before = shape(scene)
    scene.world.restart()
    assert shape(scene) == before


@given(st.lists(st.tuples(st.sampled_from(["add", "move", "remove", "restore"]), st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_whatever_is_done_no_answer_is_lost_and_there_is_no_ring(steps: list[tuple[str, int, int]]) -> None:
    tree: tuple[Why, ...] = ()
    for number, (what, one, two) in enumerate(steps):
        ids = [why.id for why in tree]
        if what == "add" or not ids:
            parent = ids[one % len(ids)] if ids and two % 2 else ""
            tree = whys.evolve(tree, e.WhyAdded(f"w{number}", parent, f"text {number}"), "a", None)
            continue
        chosen, other = ids[one % len(ids)], ids[two % len(ids)]
        if what == "move":
            parents = {why.id: why.parent for why in tree}
            above, at = set(), other
            while at:
                above.add(at)
                at = parents[at]
            if chosen not in above:
                tree = whys.evolve(tree, e.WhyMoved(chosen, other), "a", None)
        else:
            event = e.WhyRemoved(chosen) if what == "remove" else e.WhyRestored(chosen)
            tree = whys.evolve(tree, event, "a", None)
    assert len({why.id for why in tree}) == len(tree)

    def count(branches: tuple[whys.Branch, ...]) -> int:
        return sum(1 + count(branch.below) for branch in branches)

    everything = tuple(Why(why.id, why.parent, why.text) for why in tree)
    assert count(whys.tree(everything)) == len(tree)
    assert len(whys.lines(tree)) == count(whys.tree(tree))
