"""The pages of playbooks: read, tried, compared, edited in the browser, published with a note, put back."""

from __future__ import annotations

import html

import pytest

from tests.web_pages.test_pages import words
from tests.world import World, forms_of
from tocsin.playbooks import shelf


def text_of(world: World, name: str = "house") -> str:
    return str(world.get(f"/playbooks/{name}")["text"])


def longer(text: str) -> str:
    """The house playbook with ten minutes instead of five to acknowledge its worst level."""
    return text.replace("acknowledge_within: 5m", "acknowledge_within: 10m", 1)


@pytest.mark.parametrize("name", shelf.shipped())
def test_the_document_has_ladders_cadence_gates_and_each_message_as_it_would_read(world: World, name: str) -> None:
    page = world.page(f"/playbooks/{name}").text
    book = shelf.load_shipped(name).playbook
    for anchor in ("levels", "ladders", "cadence", "life", "duties", "messages", "findings", "elsewhere"):
        assert f'id="{anchor}"' in page
    for gate in book.gates:
        assert f'id="gate-{gate.id}"' in page
        assert f'href="#gate-{gate.id}"' in page
    for stage in book.lifecycle.stages:
        assert f'id="stage-{stage.id}"' in page
    assert page.count("As it would read, with made-up values") == len(book.messages)


def test_the_file_has_each_finding_below_its_line(world: World) -> None:
    page = world.page("/playbooks/payments-sev1/text").text
    findings = world.get("/playbooks/payments-sev1/lint")["findings"]
    assert page.count('class="line-finding') == len(findings)
    first = findings[0]
    row = page.split(f'id="L{first["line"]}"')[1].split("</li>")[0]
    assert html.escape(first["what"][1:], quote=False) in html.unescape(row) or first["what"][1:] in html.unescape(row)


def test_the_scale_is_tried_with_its_reasons_and_what_would_change_them(world: World) -> None:
    page = world.page("/playbooks/house/try?asked=yes&users_percent=80&core_function=yes&breach=no&data=safe&danger=no").text
    verdict = words(page.split('id="verdict"')[1])
    assert "SEV0 All hands" in verdict
    assert "75 %" in verdict
    assert "What would change it" in verdict


def test_an_answer_that_cannot_be_used_is_said_on_the_page(world: World) -> None:
    page = world.page("/playbooks/house/try?users_percent=many")
    assert "Write a number" in words(page.text)


def test_the_crosswalk_has_a_row_for_each_level_of_each_playbook(world: World) -> None:
    page = world.page("/playbooks/crosswalk").text
    levels = sum(len(shelf.load_shipped(name).playbook.severities) for name in shelf.shipped())
    assert page.count('<th scope="row">') == levels


def test_two_playbooks_are_compared_in_sentences_with_what_asks_more_of_people(world: World) -> None:
    shown = words(world.page("/playbooks/compare?before=house&after=compact&only=weight").text)
    assert "stricter" in shown
    assert "looser" in shown
    assert "title House default" not in shown


def test_what_is_compared_is_chosen_by_title_and_version(world: World) -> None:
    world.post("/playbooks", {"text": longer(text_of(world)).replace("version: 1", "version: 2", 1), "file": "house.yaml"})
    title = html.escape(shelf.load_shipped("house").playbook.title)
    page = world.page("/playbooks/compare").text
    assert page.count(f'<option value="house">{title}, version 2 (in force)</option>') == 2
    assert page.count(f'<option value="house@1">{title}, version 1</option>') == 2
    for name in shelf.shipped():
        assert f'<option value="{name}">' in page
    page = world.page("/playbooks/compare?before=house@1&after=house@2").text
    assert f'<option value="house@1" selected>{title}, version 1</option>' in page
    assert f'<option value="house" selected>{title}, version 2 (in force)</option>' in page
    assert 'href="/playbooks/compare?before=house&amp;after=house%401"' in page


def test_comparing_with_something_that_is_not_there_names_what_there_is(world: World) -> None:
    answer = world.page("/playbooks/compare?before=house&after=hose")
    assert answer.status == 404
    assert "Did you mean" in words(answer.text)


def test_the_editor_begins_with_the_next_number_and_checks_what_is_typed(world: World) -> None:
    page = world.page("/playbooks/house/edit")
    form = next(form for form in forms_of(page.text) if form.action == "/playbooks/house/edit")
    assert "version: 2" in form.fields["text"]
    wrong = form.fields["text"].replace("default_severity: SEV2", "default_severity: SEV9")
    panel = world.send_form("/playbooks/house/check", {**form.fields, "text": wrong}).text
    assert "1 problem" in words(panel)
    assert 'data-line="' in panel
    right = world.send_form("/playbooks/house/check", {**form.fields, "text": longer(form.fields["text"])}).text
    shown = words(right)
    assert "It holds together" in shown
    assert "looser" in shown
    assert "acknowledge within 5m → 10m" in shown
    assert "37 tests passed" in shown
    assert "1 open finding" in shown  # the duty to acknowledge still says five
    failing = world.send_form(
        "/playbooks/house/check", {**form.fields, "text": form.fields["text"].replace("otherwise: SEV2", "otherwise: SEV3")}
    ).text
    assert "It holds together" in words(failing)


def test_a_new_version_is_looked_at_and_published_with_its_reason(world: World) -> None:
    page = world.page("/playbooks/house/edit")
    form = next(form for form in forms_of(page.text) if form.action == "/playbooks/house/edit")
    looked = world.send_form("/playbooks/house/edit", {**form.fields, "text": longer(form.fields["text"]), "to": "review"})
    assert looked.status == 200
    assert "Publish version 2" in looked.text
    assert "in force" in looked.text
    ready = next(form for form in forms_of(looked.text) if form.action == "/playbooks/house/publish")
    done = world.send_form("/playbooks/house/publish", {**ready.fields, "note": "Ten minutes are enough"})
    assert (done.status, done.headers["location"]) == (303, "/playbooks/house/versions")
    shown = words(world.page("/playbooks/house/versions").text)
    assert "Version 2 in force" in shown
    assert "Ten minutes are enough" in shown
    assert world.get("/playbooks/house")["version"] == 2


def test_a_text_with_problems_is_not_published_and_stays_in_the_editor(world: World) -> None:
    page = world.page("/playbooks/house/edit")
    form = next(form for form in forms_of(page.text) if form.action == "/playbooks/house/edit")
    text = form.fields["text"].replace("default_severity: SEV2", "default_severity: SEV9")
    answer = world.send_form("/playbooks/house/edit", {**form.fields, "text": text, "to": "review"})
    assert answer.status == 422
    kept = next(form for form in forms_of(answer.text) if form.action == "/playbooks/house/edit")
    assert kept.fields["text"].strip() == text.strip()
    assert world.get("/playbooks/house")["version"] == 1


def test_who_publishes_over_a_version_that_came_meanwhile_is_shown_it_first(world: World) -> None:
    page = world.page("/playbooks/house/edit")
    form = next(form for form in forms_of(page.text) if form.action == "/playbooks/house/edit")
    looked = world.send_form("/playbooks/house/edit", {**form.fields, "text": longer(form.fields["text"]), "to": "review"})
    ready = next(form for form in forms_of(looked.text) if form.action == "/playbooks/house/publish")
    world.post("/playbooks", {"text": text_of(world).replace("version: 1", "version: 2", 1) + "\n# another\n"})
    answer = world.send_form("/playbooks/house/publish", ready.fields)
    assert answer.status == 422
    assert "was published while you wrote" in words(answer.text)


def test_an_earlier_version_is_put_back_by_publishing_it_again(world: World) -> None:
    before = text_of(world)
    world.post("/playbooks", {"text": longer(before).replace("version: 1", "version: 2", 1)})
    incident = world.declare(playbook="house", severity="SEV1") if world.playbook == "house" else None
    assert incident is None
    done = world.form("/playbooks/house/versions", "/playbooks/house/restore", {"note": "It was too long"})
    assert done.status == 303
    now = world.get("/playbooks/house")
    assert now["version"] == 3
    assert now["text"] == before.replace("version: 1", "version: 3", 1)
    versions = world.get("/playbooks/house/versions")["versions"]
    assert [(one["version"], one["note"]) for one in versions] == [(3, "It was too long"), (2, ""), (1, "")]
    assert world.refused("/playbooks/house/restore", {"version": 3})["status"] == 409


def test_versions_say_which_open_incidents_run_under_them(world: World) -> None:
    incident = world.declare()
    world.post("/playbooks", {"text": text_of(world, "payments-sev1").replace("version: 1", "version: 2", 1) + "\n"})
    page = world.page("/playbooks/payments-sev1/versions").text
    old = page.split("Version 1</a>")[1]
    assert f'href="/incidents/{incident}"' in old
    assert f'href="/incidents/{incident}"' not in page.split("Version 1</a>")[0]


def test_a_copy_begins_from_another_playbook_under_its_own_name(world: World) -> None:
    answer = world.form("/playbooks", "/playbooks/copy", {"from": "compact", "id": "team-a"})
    assert answer.headers["location"] == "/playbooks/team-a/edit?from=compact"
    page = world.page(answer.headers["location"])
    form = next(form for form in forms_of(page.text) if form.action == "/playbooks/team-a/edit")
    assert "playbook: team-a" in form.fields["text"]
    looked = world.send_form("/playbooks/team-a/edit", {**form.fields, "to": "review"})
    ready = next(form for form in forms_of(looked.text) if form.action == "/playbooks/team-a/publish")
    assert world.send_form("/playbooks/team-a/publish", ready.fields).status == 303
    assert world.get("/playbooks/team-a")["version"] == 1
    assert world.send_form("/playbooks/copy", {**ready.fields, "id": "house", "from": "compact"}).status == 422


def test_nothing_of_a_playbook_is_markup(world: World) -> None:
    text = text_of(world).replace("title: House default", 'title: "<script>alert(1)</script>"', 1).replace("version: 1", "version: 2", 1)
    world.post("/playbooks", {"text": text})
    for path in ("", "/text", "/versions", "/try", "/edit"):
        assert "<script>alert(1)" not in world.page(f"/playbooks/house{path}").text
