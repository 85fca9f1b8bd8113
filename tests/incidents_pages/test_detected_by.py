"""How an incident came to light is asked where it is declared, follows from where one comes from, and can be put right; duties hang on it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.web_pages.test_mended import fire
from tests.web_pages.test_pages import words
from tests.world import World, forms_of
from tocsin.alerts.model import Alert
from tocsin.incidents import forms
from tocsin.playbooks.shelf import load_shipped


def offered(world: World, **query: str) -> str:
    """Return what the form of declaring has chosen for how it came to light."""
    page = world.page("/declare?" + urlencode(query)).text
    return next(form.fields["detected_by"] for form in forms_of(page) if form.action == "/declare")


def reported(world: World, incident: str) -> list[str]:
    """Return the duties that wait because somebody reported it."""
    found: list[dict[str, Any]] = world.get(f"/incidents/{incident}")["obligations"]
    return [one["rule"] for one in found if one["rule"].startswith("respond_reported")]


@pytest.mark.parametrize(
    ("book", "said"),
    [
        ("compact", "team member"),
        ("nine-stage", "internal discovery: engineer"),
        ("rota-and-runbooks", "customer report"),
        ("service-levels", "user report"),
        ("house", "person"),
        ("payments-sev1", "person"),
    ],
)
def test_what_is_declared_by_hand_came_from_a_person_unless_one_says_otherwise(world: World, book: str, said: str) -> None:
    assert offered(world, playbook=book) == said


@pytest.mark.parametrize(
    ("book", "said"), [("compact", "monitoring"), ("rota-and-runbooks", "alert"), ("service-levels", "alert"), ("house", "monitoring")]
)
def test_what_is_declared_from_an_alert_came_from_the_alert(world: World, book: str, said: str) -> None:
    alert = fire(world)
    assert offered(world, playbook=book, alert=alert) == said


@pytest.mark.parametrize(
    ("book", "how", "said"),
    [
        ("house", "customer", "customer"), ("house", "supplier", "supplier"), ("compact", "customer", "user report"),
        ("rota-and-runbooks", "customer", "customer report"), ("compact", "person", "team member"), ("compact", "heartbeat", "monitoring"),
    ],
)  # fmt: skip
def test_an_alert_that_somebody_reported_came_from_them(book: str, how: str, said: str) -> None:
    playbook = load_shipped(book).playbook
    alert = Alert(id="A-1", source="form", fingerprint="f", title="Something", state="firing", how=how)
    assert forms.detected_by(playbook, alert) == said
    assert forms.detected_by(playbook, alert, playbook.detection_sources[-1]) == playbook.detection_sources[-1]


def test_a_severity_2_declared_by_hand_has_its_duty_to_respond(world: World) -> None:
    answer = world.form("/declare?playbook=compact", "/declare", {"title": "Reports do not open", "severity": "SEV2"})
    incident = answer.headers["location"].rpartition("/")[2]
    assert world.get(f"/incidents/{incident}")["detected_by"] == "team member"
    assert reported(world, incident) == ["respond_reported_sev2"]
    assert "Nothing is due within a day" not in words(world.page(f"/incidents/{incident}").text)


def test_an_answer_to_another_playbooks_question_is_not_taken_over(world: World) -> None:
    alert = fire(world)
    query = {"playbook": "rota-and-runbooks", "asked_of": "compact", "detected_by": "monitoring", "alert": alert}
    page = world.page("/declare/questions?" + urlencode(query)).text
    assert 'value="alert" checked' in page
    again = world.page("/declare/questions?" + urlencode({**query, "asked_of": "rota-and-runbooks"})).text
    assert 'value="monitoring" checked' in again


def test_how_it_came_to_light_is_put_right_in_the_room_and_the_duties_follow(world: World) -> None:
    incident = world.declare(playbook="compact", severity="SEV2", service="")
    assert reported(world, incident) == []
    page = f"/incidents/{incident}"
    assert world.form(page, f"{page}/details", {"detected_by": "user report"}).status == 303
    assert world.get(page)["detected_by"] == "user report"
    assert reported(world, incident) == ["respond_reported_sev2"]
    told = [line["text"] for line in world.get(f"{page}/timeline")]
    assert "Changed how it was detected" in told
    before = world.get(page)["version"]
    assert world.form(page, f"{page}/details", {}).status == 303
    assert world.get(page)["version"] == before
    world.form(page, f"{page}/details", {"detected_by": "monitoring"})
    assert {one["state"] for one in world.get(page)["obligations"] if one["rule"] == "respond_reported_sev2"} <= {"void"}


def test_the_api_changes_how_it_came_to_light(world: World) -> None:
    incident = world.declare(playbook="compact", severity="SEV3", service="")
    world.post(f"/incidents/{incident}/update", {"detected_by": "user report"})
    assert reported(world, incident) == ["respond_reported_sev3"]
