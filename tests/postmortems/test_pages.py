"""Writing a postmortem in the browser: sections, somebody else's change, contradictions put right, signatures, publication, remarks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.postmortems.scene import Scene
from tests.web_pages.test_pages import words
from tests.world import Answer, World, forms_of
from tocsin.postmortems.claims import replaced
from tocsin.postmortems.render import blocks


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world).responded().drafted()


def path(scene: Scene) -> str:
    return f"/incidents/{scene.id}/postmortem"


def written(scene: Scene, section: str, part: str = "") -> str:
    found = next(one for one in scene.view()["sections"] if one["id"] == section)
    return str(next(p["text"] for p in found["parts"] if p["name"] == part) if part else found["text"])


def edit(scene: Scene, section: str, text: str, person: str = "alice") -> Answer:
    return scene.world.form(f"{path(scene)}?edit={section}", f"{path(scene)}/sections", {"text": text}, person)


def test_a_section_shows_what_the_record_says_what_people_wrote_and_what_is_missing(scene: Scene) -> None:
    scene.write("lessons", "A canary would have shown it.")
    page = scene.world.page(path(scene)).text
    lessons = page.split('id="s-lessons"')[1].split("</section>")[0]
    assert "A canary would have shown it." in lessons
    header = page.split('id="s-header"')[1].split("</section>")[0]
    assert "From the record" in header
    assert scene.id in header
    missing = re.findall(r'id="gap-(\d+)"', page)
    assert [int(number) for number in missing] == list(range(1, len(scene.view()["to_write"]) + 1))


def test_a_section_is_written_in_its_own_editor(scene: Scene) -> None:
    answer = edit(scene, "lessons", "First **this**.")
    assert (answer.status, answer.headers["location"]) == (303, f"{path(scene)}#s-lessons")
    assert "<p>First <strong>this</strong>.</p>" in scene.world.page(path(scene)).text


def test_who_writes_over_somebody_elses_change_sees_both_texts_and_loses_nothing(scene: Scene) -> None:
    scene.write("lessons", "Before.")
    page = scene.world.page(f"{path(scene)}?edit=lessons")
    mine = next(form for form in forms_of(page.text) if form.action.endswith("/sections"))
    assert edit(scene, "lessons", "Bob's better words.", "bob").status == 303
    answer = scene.world.send_form(mine.action, {**mine.fields, "text": "My own words."})
    assert answer.status == 409
    shown = words(answer.text)
    assert "bob changed “Key takeaways”" in shown
    assert "Bob's better words." in answer.text.replace("&#39;", "'")
    again = next(form for form in forms_of(answer.text) if form.action.endswith("/sections"))
    assert again.fields["text"] == "My own words."
    assert written(scene, "lessons") == "Bob's better words."
    assert scene.world.send_form(again.action, {**again.fields, "text": "Both together."}).status == 303
    assert written(scene, "lessons") == "Both together."


def test_the_api_refuses_an_edit_of_a_text_that_changed_and_gives_what_stands_there(scene: Scene) -> None:
    scene.write("lessons", "Before.")
    base = next(one["source"] for one in scene.view()["sections"] if one["id"] == "lessons")
    scene.write("lessons", "After.")
    problem = scene.world.refused(f"/incidents/{scene.id}/postmortem/sections", {"section": "lessons", "text": "Mine.", "base": base})
    assert (problem["status"], problem["type"]) == (409, "urn:tocsin:problem:postmortem.overtaken")
    assert problem["problems"][0]["text"] == "After."
    body = {"section": "lessons", "text": "Mine.", "base": problem["problems"][0]["source"]}
    assert scene.world.post(f"/incidents/{scene.id}/postmortem/sections", body)["changed"] is True


def test_two_who_write_the_same_words_do_not_contradict_one_another(scene: Scene) -> None:
    scene.write("lessons", "The same.")
    assert (
        scene.world.post(f"/incidents/{scene.id}/postmortem/sections", {"section": "lessons", "text": "The same.", "base": 0})["changed"]
        is False
    )


def test_the_preview_reads_as_the_page_will_and_runs_nothing(scene: Scene) -> None:
    page = scene.world.page(f"{path(scene)}?edit=lessons")
    form = next(form for form in forms_of(page.text) if form.action.endswith("/sections"))
    shown = scene.world.send_form(
        f"{path(scene)}/preview", {**form.fields, "text": "# Big\n\n<script>alert(1)</script> [x](javascript:alert(1))"}
    ).text
    assert "<h3>Big</h3>" in shown
    assert "<script" not in shown
    assert "javascript:alert" not in shown or "href" not in shown


def test_a_contradiction_stands_beside_its_sentence_and_one_press_puts_it_right(scene: Scene) -> None:
    scene.write("summary", "It began at once. The incident lasted 52 minutes.\n\nNothing was lost.")
    page = scene.world.page(path(scene)).text
    assert "<mark>The incident lasted 52 minutes.</mark>" in page
    block = page.split("<mark>The incident")[1].split("Nothing was lost")[0]
    assert "Write 47 min" in block
    number = [form.fields.get("right") for form in forms_of(page) if form.action.endswith("/claims/replace")].index("47 min")
    answer = scene.world.form(path(scene), f"{path(scene)}/claims/replace", number=number)
    assert answer.status == 303
    assert written(scene, "summary") == "It began at once. The incident lasted 47 min.\n\nNothing was lost."
    assert "duration" not in scene.kinds()


def test_a_figure_and_a_clock_time_can_be_put_right_too(scene: Scene) -> None:
    scene.write("lessons", "")
    scene.write("summary", "The incident was resolved at 15:30. There were 300 support tickets.")
    found = {claim["kind"]: claim for claim in scene.claims() if claim["section"] == "summary"}
    assert (found["clock_time"]["wrong"], found["clock_time"]["right"]) == ("15:30", ["15:07"])
    assert (found["figure"]["wrong"], found["figure"]["right"]) == ("300", ["234"])
    body = {"section": "summary", "line": 1, "wrong": "300", "right": "234"}
    scene.world.post(f"/incidents/{scene.id}/postmortem/claims/replace", body)
    assert written(scene, "summary").endswith("There were 234 support tickets.")
    assert scene.world.refused(f"/incidents/{scene.id}/postmortem/claims/replace", body)["status"] == 409


def test_only_the_figure_of_that_line_is_replaced_and_only_where_it_stands_once() -> None:
    assert replaced("5 min\n52 min or 5 min", 2, "5 min", "7 min") == "5 min\n52 min or 7 min"
    assert replaced("5 min and 5 min", 1, "5 min", "7 min") is None
    assert replaced("15 min", 1, "5 min", "7 min") is None
    assert replaced("one line", 2, "one", "two") is None


def test_blocks_know_their_lines() -> None:
    found = blocks("First\nline.\n\n- a\n- b\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\nLast.")
    assert [(first, last) for first, last, _ in found] == [(1, 2), (4, 6), (7, 9), (11, 11)]
    assert found[0][2] == "<p>First\nline.</p>\n"


def test_a_signature_is_given_marked_after_an_edit_and_withdrawn(tmp_path: Path) -> None:
    world = World(tmp_path, playbook="service-levels")
    incident = world.declare(severity="P1")
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
    page = f"/incidents/{incident}/postmortem"
    names = [one["approver"] for one in world.get(f"/incidents/{incident}/postmortem")["approvals"] if one["wanted"]]
    assert names
    assert "still to be written: whoever signs now signs it with those." in words(world.page(page).text)
    assert world.form(page, f"{page}/approve", {"approver": names[0]}, "erin").status == 303
    assert "The text was edited afterwards" not in words(world.page(page).text)
    section = world.get(f"/incidents/{incident}/postmortem")["sections"][0]["id"]
    world.post(f"/incidents/{incident}/postmortem/sections", {"section": section, "text": "More."})
    assert "The text was edited afterwards" in words(world.page(page).text)
    assert world.form(page, f"{page}/approve", {"approver": names[0]}, "erin").status == 303
    assert "The text was edited afterwards" not in words(world.page(page).text)
    assert world.form(page, f"{page}/withdraw", {"approver": names[0]}, "erin").status == 303
    assert world.get(f"/incidents/{incident}/postmortem")["approvals"][0]["by"] is None
    world.close()


def test_publishing_names_its_places_and_shows_what_came_of_it(scene: Scene) -> None:
    page = scene.world.page(f"{path(scene)}/publish").text
    targets = scene.view()["targets"]
    for target in targets:
        assert target["name"] in words(page)
    form = next(form for form in forms_of(page) if form.action.endswith("/publish"))
    nothing = scene.world.send_form(form.action, {name: value for name, value in form.fields.items() if name != "target"})
    assert nothing.status == 422
    assert "No place is ticked" in words(nothing.text)
    plain = next(target["id"] for target in targets if not target["sanitised"])
    answer = scene.world.send_form(form.action, {**form.fields, "nonce": "another", "target": plain, "confirmed": "yes"})
    assert answer.status == 303, words(answer.text)
    scene.world.app.runtime.settle()
    assert "It is there since" in words(scene.world.page(f"{path(scene)}/publish").text)


def test_a_remark_stands_on_its_section_until_it_is_settled(scene: Scene) -> None:
    number = [
        form.fields.get("section") for form in forms_of(scene.world.page(path(scene)).text) if form.action.endswith("/comments")
    ].index("lessons")
    answer = scene.world.form(path(scene), f"{path(scene)}/comments", {"text": "Say <b>why</b>."}, "bob", number)
    assert answer.headers["location"].endswith("#s-lessons")
    page = scene.world.page(path(scene)).text
    assert "Say &lt;b&gt;why&lt;/b&gt;." in page.split('id="s-lessons"')[1].split("</section>")[0]
    assert scene.world.form(path(scene), f"{path(scene)}/comments/settle").status == 303
    assert scene.view()["comments"][0]["settled_by"] == "alice"


def test_a_long_record_is_cut_on_the_page_and_whole_in_the_document(world: World) -> None:
    scene = Scene(world)
    for number in range(200):
        scene.entry("OBSERVATION", f"observation {number}", "14:29")
    scene.drafted()
    page = scene.world.page(path(scene)).text
    assert "more lines in the whole document" in page
    assert "observation 199" not in page.split('id="s-timeline"')[1].split("</section>")[0]
    assert "observation 199" in scene.document()


def test_a_page_that_was_made_once_is_made_anew_when_anything_of_it_changes(scene: Scene) -> None:
    world = scene.world
    before = world.page(path(scene)).text
    item = scene.action("Watch the pool")
    assert "Watch the pool" in world.page(path(scene)).text
    assert "Watch the pool" not in before
    world.advance(days=30)
    assert "overdue" in world.page(path(scene)).text.split('id="s-action_items"')[1].split("</section>")[0]
    world.post(f"/actions/{item}/done", {"evidence": "seen"})
    assert "1 of 1 done" in words(world.page(path(scene)).text)
    scene.write("lessons", "New words.")
    assert "New words." in world.page(path(scene)).text
