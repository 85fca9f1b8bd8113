"""What cannot be sent falls through at once: to the next way, to the next person, to the next step. Each failure is in the story."""

from __future__ import annotations

from tests.paging.scene import Scene


def test_a_way_that_fails_for_good_gives_way_to_the_next_at_once(scene: Scene) -> None:
    scene.person("ana", "push", "sms", rules=[("push", "0m"), ("sms", "5m")])
    scene.broken("push", "ana")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "30m"}))
    assert scene.calls() == ["0 ana sms"]
    assert any("The push message to ana could not be sent" in line for line in scene.story(page))
    scene.advance(minutes=10)
    assert scene.calls() == ["0 ana sms"]


def test_a_way_that_fails_for_now_gives_way_too_and_is_still_tried_again(scene: Scene) -> None:
    scene.person("ana", "push", "sms", rules=[("push", "0m"), ("sms", "20m")])
    scene.broken("push", "ana", for_good=False)
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "30m"}))
    assert scene.calls() == ["0 ana sms"]
    scene.mended("push", "ana")
    scene.advance(minutes=2)
    assert [call.split()[1:] for call in scene.calls()] == [["ana", "sms"], ["ana", "push"]]


def test_a_way_that_no_rule_names_is_used_when_all_others_fail(scene: Scene) -> None:
    scene.person("ana", "push", "sms", rules=[("push", "0m")])
    scene.broken("push", "ana")
    scene.call(policy=scene.policy("p", ["person:ana"]))
    assert scene.calls() == ["0 ana sms"]


def test_a_person_whom_no_way_reaches_gives_way_to_the_next_step_at_once(scene: Scene) -> None:
    scene.person("ana", "push", "sms")
    scene.person("bo", "sms")
    scene.broken("push", "ana")
    scene.broken("sms", "ana")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "30m"}, ["person:bo"]))
    assert scene.calls() == ["0 bo sms"]
    assert any("the step before reached nobody" in line for line in scene.story(page))


def test_as_long_as_one_person_of_a_step_is_reached_the_others_do_not_hurry_it(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "email")
    scene.person("cy", "sms")
    scene.broken("email", "bo")
    scene.call(policy=scene.policy("p", {"to": ["person:ana", "person:bo"], "wait": "5m"}, ["person:cy"]))
    assert scene.calls() == ["0 ana sms"]
    scene.advance(minutes=5)
    assert scene.calls() == ["0 ana sms", "5 cy sms"]


def test_steps_that_reach_nobody_are_passed_at_once_and_the_story_says_why(scene: Scene) -> None:
    scene.person("ana")
    scene.person("gone", "sms", active=False)
    scene.person("bo", "sms")
    scene.post("/teams/empty", {"name": "Empty"})
    steps = [["person:ana"], ["schedule:none"], ["team:empty"], ["person:gone"], ["person:bo"]]
    page = scene.call(policy=scene.policy("p", *steps, waive="only a test"))
    assert scene.calls() == ["0 bo sms"]
    story = "\n".join(scene.story(page))
    for why in (
        "ana cannot be reached: has no way to be reached",
        "there is no such schedule",
        "nobody is in this team",
        "is not here any more",
    ):
        assert why in story


def test_when_every_way_of_everybody_fails_the_page_is_unanswered_and_the_last_resort_called(scene: Scene) -> None:
    scene.person("ana", "push")
    scene.person("bo", "push")
    scene.person("boss", "sms")
    for name in ("ana", "bo"):
        scene.broken("push", name)
    page = scene.call(policy=scene.policy("p", ["person:ana"], ["person:bo"], last_resort=["person:boss"]))
    assert scene.calls() == ["0 boss sms"]
    assert scene.view(page)["unanswered"] is True


def test_a_way_that_was_never_proved_is_used_only_when_there_is_nothing_else(scene: Scene) -> None:
    scene.person("ana", "email", "sms", proved=False)
    scene.person("bo", "sms", proved=False)
    scene.prove("ana", "sms")
    scene.call(policy=scene.policy("p", ["person:ana", "person:bo"]))
    assert sorted(scene.calls()) == ["0 ana sms", "0 bo sms"]


def test_a_rule_whose_way_was_never_proved_gives_its_place_to_the_next(scene: Scene) -> None:
    scene.person("ana", "email", "sms", rules=[("email", "0m"), ("sms", "10m")], proved=False)
    scene.prove("ana", "sms")
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "30m"}))
    assert scene.calls() == ["0 ana sms"]


def test_a_message_that_turns_out_lost_after_it_had_left_falls_through_as_well(scene: Scene) -> None:
    from tocsin.engine.model import SYSTEM
    from tocsin.paging.commands import NoteFailed

    scene.person("ana", "sms", "voice", rules=[("sms", "0m"), ("voice", "20m")])
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "30m"}))
    key = scene.log[0].key
    scene.app.runtime.commit_now("page", page, NoteFailed(key, "sms", "the network could not deliver it"), SYSTEM)
    scene.app.runtime.settle()
    assert scene.calls() == ["0 ana sms", "0 ana voice"]


def test_somebody_who_could_not_be_reached_is_called_as_soon_as_they_can_be(scene: Scene) -> None:
    scene.person("ana")
    scene.call(policy=scene.policy("p", ["person:ana"], waive="she is writing it down"))
    scene.advance(minutes=2)
    scene.person("ana", "sms", proved=False)
    scene.app.runtime.settle()
    assert scene.calls() == ["2 ana sms"]


def test_a_message_is_never_decided_twice_for_the_same_person_step_way_and_attempt(scene: Scene) -> None:
    scene.person("ana", "sms", "voice", rules=[("sms", "0m"), ("voice", "0m"), ("sms", "5m"), ("sms", "10m")])
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "7m"}, repeat=3))
    scene.advance(hours=1)
    keys = [one.key for one in scene.log]
    assert len(keys) == len(set(keys))


def test_a_server_that_was_down_goes_on_where_it_stood_and_does_not_make_up_for_the_time(scene: Scene) -> None:
    for name in ("ana", "bo", "cy"):
        scene.person(name, "sms")
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, {"to": ["person:bo"], "wait": "5m"}, ["person:cy"]))
    scene.app.runtime.stop()
    scene.clock.set(scene.now.replace(hour=16))
    scene.app = scene._build()
    scene.advance(minutes=6)
    assert [call.split()[1] for call in scene.calls()] == ["ana", "bo", "cy"]
