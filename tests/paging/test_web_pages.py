"""The web pages of paging: what somebody woken at night sees, and what the buttons do."""

from __future__ import annotations

import re

from tests.paging.scene import Scene
from tests.world import forms_of


def test_the_list_shows_first_what_calls_you_and_says_what_nobody_answered(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.call(title="Yours", targets=["ana"])
    scene.call(title="Not yours", targets=["bo"])
    shown = scene.page("/pages", "ana").text
    assert shown.index("They call you") < shown.index("Yours") < shown.index("Others") < shown.index("Not yours")
    scene.advance(minutes=10)
    assert "unanswered" in scene.page("/pages?state=unanswered", "ana").text


def test_opening_a_page_changes_nothing_and_one_button_acknowledges(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["ana"])
    shown = scene.page(f"/pages/{page}", "ana").text
    assert "Nobody has it yet." in shown
    assert scene.view(page)["state"] == "open"
    answer = scene.form(f"/pages/{page}", f"/pages/{page}/acknowledge", person="ana")
    assert (answer.status, answer.headers["location"]) == (303, f"/pages/{page}")
    assert "You have it" in scene.page(f"/pages/{page}", "ana").text
    assert "Ana</bdi> has it" in scene.page(f"/pages/{page}", "bo").text


def test_every_button_does_what_it_says(scene: Scene) -> None:
    for name in ("ana", "bo", "cy"):
        scene.person(name, "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "30m"}, {"to": ["person:bo"], "wait": "30m"}))
    here = f"/pages/{page}"
    assert "Call Bo now" in scene.page(here, "ana").text
    scene.form(here, f"{here}/escalate", person="ana")
    scene.app.runtime.settle()
    scene.form(here, f"{here}/hand", {"to": "cy", "why": "knows it"}, person="ana")
    scene.app.runtime.settle()
    assert [call.split()[1] for call in scene.calls()] == ["ana", "bo", "cy"]
    scene.form(here, f"{here}/snooze", {"for": "1h"}, person="cy")
    assert "It is silent" in scene.page(here, "ana").text
    scene.form(here, f"{here}/resolve", {"why": "a cable"}, person="cy")
    over = scene.page(here, "ana").text
    assert "It is over" in over
    assert "a cable" in over
    assert not [form for form in forms_of(over) if form.action.startswith(here)]


def test_a_refusal_is_shown_on_the_page_itself(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["ana"])
    answer = scene.form(f"/pages/{page}", f"/pages/{page}/hand", {"to": "schedule:nowhere"}, person="ana")
    assert answer.status == 422
    assert "Nobody there can be reached" in answer.text
    assert 'value="schedule:nowhere"' in answer.text


def test_somebody_can_be_called_from_the_list(scene: Scene) -> None:
    scene.person("ana", "sms")
    answer = scene.form("/pages", "/pages", {"title": "Come and look", "to": "ana", "urgency": "high"}, person="bo")
    assert answer.status == 303
    scene.app.runtime.settle()
    assert scene.calls() == ["0 ana sms"]
    empty = scene.form("/pages", "/pages", {"title": " ", "to": "ana"}, person="bo")
    assert empty.status == 422


def test_the_page_says_what_became_of_each_message(scene: Scene) -> None:
    scene.person("ana", "push", "sms", rules=[("push", "0m"), ("sms", "9m")])
    scene.broken("push", "ana")
    page = scene.call(policy=scene.policy("p", ["person:ana", "schedule:nowhere"]))
    shown = scene.page(f"/pages/{page}", "ana").text
    assert "does not answer" in shown
    assert "there is no such schedule" in shown


def test_a_page_that_named_nobody_says_so_and_leads_to_where_that_is_mended(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo")
    scene.post("/services/checkout", {"name": "Checkout"})
    for body, why, mend in (
        ({"targets": ["on-call"], "service": "checkout"}, "on-call (a name, and nobody here)", "/settings/services/checkout"),
        ({"targets": ["on-call", "person:bo"]}, "Bo (has no way to be reached)", "/settings/policies"),
    ):
        page = scene.call(**body)
        scene.advance(minutes=30)
        shown = scene.page(f"/pages/{page}", "ana").text
        assert "Nobody could be called: <bdi>" in shown
        assert why in shown
        assert f'href="{mend}"' in shown
        assert "Everybody was called" not in shown
    page = scene.call(targets=["ana", "on-call"])
    scene.advance(minutes=30)
    assert "Everybody was called, and nobody has it." in scene.page(f"/pages/{page}", "ana").text


def test_what_follows_the_last_step_is_the_last_resort_of_the_policy_or_of_the_installation(scene: Scene) -> None:
    for name in ("ana", "bo", "cy"):
        scene.person(name, "sms")
    scene.policy("own", {"to": ["person:ana"], "wait": "5m"}, last_resort=["person:bo", "person:cy"])
    scene.policy("none", {"to": ["person:ana"], "wait": "5m"})
    own = scene.call(policy="own")
    assert re.search(r"at \d\d:\d\d UTC Bo and Cy are called as the last resort", scene.page(f"/pages/{own}", "ana").text)
    plain = scene.call(policy="none")
    assert re.search(r"from \d\d:\d\d UTC it counts as unanswered", scene.page(f"/pages/{plain}", "ana").text)
    scene.post("/pager", {"last_resort": ["person:cy"]})
    later = scene.call(policy="none")
    assert re.search(r"at \d\d:\d\d UTC Cy is called as the last resort", scene.page(f"/pages/{later}", "ana").text)
    assert "cy is called as the last resort" in [one for one in scene.log if one.values.get("page") == later][-1].values["next"]
    scene.advance(minutes=6)
    assert {call.split()[1] for call in scene.calls()} == {"ana", "bo", "cy"}


def test_a_policy_that_begins_again_for_ever_says_that_the_last_resort_is_called_beside_it(scene: Scene) -> None:
    for name in ("ana", "bo"):
        scene.person(name, "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, repeat="forever", last_resort=["person:bo"]))
    assert "Ana is called, and Bo as the last resort" in scene.page(f"/pages/{page}", "ana").text
    scene.advance(minutes=6)
    assert {call.split()[1] for call in scene.calls()} == {"ana", "bo"}
    assert "last resort" not in scene.page(f"/pages/{page}", "ana").text.partition("Who is called")[0]
