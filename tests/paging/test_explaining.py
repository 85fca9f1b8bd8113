"""Why this person, why then, why not the other; and the story that everybody can read."""

from __future__ import annotations

from typing import Any

from tests.paging.scene import Scene


def explain(scene: Scene, page: str) -> dict[str, Any]:
    found: dict[str, Any] = scene.get(f"/pages/{page}/explain")
    return found


def test_it_names_the_policys_version_the_layer_the_rules_and_what_became_of_each_message(scene: Scene) -> None:
    scene.person("ana", "sms", "push", rules=[("push", "0m"), ("sms", "3m")])
    scene.broken("push", "ana")
    layer = {"id": "week", "groups": [["ana"]], "start": "2025-10-27T09:00"}
    scene.post("/schedules/payments", {"layers": [layer]})
    scene.policy("p", ["schedule:payments"])
    scene.policy("p", {"to": ["schedule:payments"], "wait": "7m"})
    found = explain(scene, scene.call(policy="p"))
    assert (found["policy"]["id"], found["policy"]["version"]) == ("p", 2)
    who = found["runs"][0]["called"][0]
    assert who["why"] == "on call in the schedule payments, layer week"
    assert [(one["channel"], one["state"]) for one in who["messages"]] == [("push", "failed"), ("sms", "sent")]
    assert "does not answer" in who["messages"][0]["error"]
    assert who["messages"][1]["decided_at"] == who["messages"][0]["decided_at"]


def test_it_says_why_the_others_were_not_called(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo")
    page = scene.call(policy=scene.policy("p", ["person:ana", "person:bo", "schedule:nowhere"]))
    whys = {one["target"]: one["why"] for one in explain(scene, page)["runs"][0]["not_called"]}
    assert whys == {"bo": "has no way to be reached", "schedule:nowhere": "there is no such schedule"}


def test_it_says_that_an_override_put_somebody_on_call(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.post("/schedules/payments", {"layers": [{"id": "week", "groups": [["ana"]], "start": "2025-10-27T09:00"}]})
    scene.post("/schedules/payments/overrides", {"start": "2025-10-27T14:00:00Z", "end": "2025-10-27T20:00:00Z", "person": "bo"})
    page = scene.call(policy=scene.policy("p", ["schedule:payments"]))
    who = explain(scene, page)["runs"][0]["called"][0]
    assert who["person"] == "bo"
    assert "by the override " in who["why"]


def test_it_says_that_quiet_hours_held_a_message_and_a_way_was_not_proved(scene: Scene) -> None:
    scene.person("ana", "sms", quiet=[{"start": "14:00", "end": "15:00"}], proved=False)
    page = scene.call(policy=scene.policy("p", ["person:ana"]), urgency="low")
    why = explain(scene, page)["runs"][0]["called"][0]["planned"][0]["why"]
    assert why == "quiet hours held it from 2025-10-27 14:25 UTC; this way was never proved"


def test_it_says_what_ended_it_and_by_whom(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "60m"}))
    scene.act(page, "escalate", "cy")
    scene.act(page, "acknowledge", "ana")
    scene.act(page, "resolve", "bo")
    ends = [(one["type"], one["person"] or one["by"]) for one in explain(scene, page)["ends"]]
    assert ends == [("page.escalated", "cy"), ("page.acknowledged", "ana"), ("page.resolved", "bo")]


def test_the_story_has_every_entry_as_a_sentence(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}))
    scene.advance(minutes=2)
    scene.act(page, "acknowledge", "ana", via="cli")
    scene.act(page, "resolve", "ana", why="rolled back")
    assert scene.story(page) == [
        "Opened with high urgency for the policy p (version 1)",
        "Step 1 began because it was opened: calls ana (named); the next follows at 2025-10-27 14:30 UTC",
        "ana is notified by sms",
        "The sms message to ana has left",
        "Acknowledged by ana (cli), until 2025-10-27 18:27 UTC",
        "Ended by ana: rolled back",
    ]
