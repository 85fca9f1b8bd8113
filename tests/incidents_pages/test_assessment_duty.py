"""Answering the questions of the first assessment keeps the duty to answer them; nobody has to say besides that it is done."""

from __future__ import annotations

from typing import Any

from tests.web_pages.test_pages import words
from tests.world import World

FOUR = {"what_broken": "Reports", "who_affected": "All who open one", "when_started": "14:20", "what_changed": "A deployment"}


def duty(world: World, incident: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = world.get(f"/incidents/{incident}")["obligations"]
    return next(one for one in found if one["rule"] == "assessment_reported")


def declared(world: World) -> str:
    return world.declare(playbook="compact", severity="SEV2", service="", detected_by="user report")


def test_the_duty_is_kept_when_the_last_required_question_is_answered(world: World) -> None:
    incident = declared(world)
    page = f"/incidents/{incident}"
    assert "Answer its questions" in words(world.page(page).text)
    world.form(page, f"{page}/assessment", {f"a.{name}": text for name, text in list(FOUR.items())[:3]})
    assert duty(world, incident)["state"] == "open"
    world.advance(minutes=3)
    world.form(page, f"{page}/assessment", {"a.what_changed": FOUR["what_changed"]})
    kept = duty(world, incident)
    assert kept["state"] == "kept"
    assert "Answer the four questions about a reported incident" not in words(world.page(page).text.partition('id="stage"')[0])


def test_answering_once_more_later_does_not_make_it_late(world: World) -> None:
    incident = declared(world)
    world.post(f"/incidents/{incident}/assessment", {"answers": FOUR})
    done = duty(world, incident)["done_at"]
    world.advance(minutes=40)
    world.post(f"/incidents/{incident}/assessment", {"answers": {"what_changed": "Two deployments"}})
    assert world.get(f"/incidents/{incident}")["assessment"]["what_changed"] == "Two deployments"
    assert (duty(world, incident)["state"], duty(world, incident)["done_at"]) == ("kept", done)
    world.restart()
    assert duty(world, incident)["state"] == "kept"


def test_answers_that_came_too_late_are_late(world: World) -> None:
    incident = declared(world)
    world.advance(minutes=40)
    assert duty(world, incident)["state"] == "overdue"
    world.post(f"/incidents/{incident}/assessment", {"answers": FOUR})
    assert duty(world, incident)["state"] == "late"


def test_answers_with_the_declaration_keep_it_at_once_and_it_can_be_said_by_hand(world: World) -> None:
    answered = world.declare(playbook="compact", severity="SEV2", service="", detected_by="user report", assessment=FOUR)
    assert duty(world, answered)["state"] == "kept"
    by_hand = declared(world)
    world.post(f"/incidents/{by_hand}/obligations/done", {"obligation": "assessment_reported", "evidence": "on the call"})
    assert duty(world, by_hand)["state"] == "kept"
