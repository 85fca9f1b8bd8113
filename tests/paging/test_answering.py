"""What people can do to a page: acknowledge, escalate, hand on, silence, end; and that it does not get lost under their hands."""

from __future__ import annotations

from datetime import timedelta

from tests.paging.scene import Scene


def waiting(scene: Scene, page: str) -> int:
    """Return how many messages of a page wait to be sent."""
    from sqlalchemy import func, select

    from tocsin.engine import tables

    with scene.app.runtime.database.reading() as connection:
        table = tables.deliveries
        query = select(func.count()).select_from(table).where(table.c.stream == f"page:{page}", table.c.state == "waiting")
        return int(connection.execute(query).scalar_one())


def test_an_acknowledgement_stops_what_was_still_to_come(scene: Scene) -> None:
    scene.person("ana", "sms", rules=[("sms", "0m"), ("sms", "10m")])
    scene.person("bo", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:bo"]))
    scene.advance(minutes=2)
    answer = scene.act(page, "acknowledge", "ana")
    assert answer["says"] == "acknowledged"
    scene.advance(hours=2)
    assert scene.calls() == ["0 ana sms"]


def test_an_acknowledgement_takes_back_what_has_not_left_in_the_same_transaction(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "email")
    scene.broken("email", "bo", for_good=False)
    page = scene.call(policy=scene.policy("p", ["person:ana", "person:bo"]))
    assert waiting(scene, page) == 1
    scene.act(page, "acknowledge", "ana")
    assert waiting(scene, page) == 0
    scene.mended("email", "bo")
    scene.advance(hours=1)
    assert scene.calls() == ["0 ana sms"]


def test_a_second_acknowledgement_is_no_error_and_says_who_has_it(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["ana"])
    scene.act(page, "acknowledge", "ana")
    again = scene.act(page, "acknowledge", "ana")
    assert (again["changed"], again["says"]) == (False, "already acknowledged by you")
    other = scene.act(page, "acknowledge", "bo")
    assert other["says"] == "already acknowledged by ana; you are on it too"
    assert [one["person"] for one in scene.view(page)["acknowledged"]] == ["ana", "bo"]


def test_an_acknowledgement_needs_a_name(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["ana"])
    problem = scene.refused(f"/pages/{page}/acknowledge", {}, person="")
    assert problem["field"] == "person"
    assert scene.view(page)["state"] == "open"


def test_where_several_acknowledgements_are_wanted_the_others_are_still_called(scene: Scene) -> None:
    for name in ("ana", "bo", "cy"):
        scene.person(name, "sms", rules=[("sms", "0m"), ("sms", "10m")])
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana", "person:bo", "person:cy"], "wait": "60m", "acknowledgements": 2}))
    first = scene.act(page, "acknowledge", "ana")
    assert first["says"] == "acknowledged; 1 more has to"
    assert scene.view(page)["state"] == "open"
    scene.advance(minutes=11)
    assert sorted(scene.calls()[3:]) == ["10 bo sms", "10 cy sms"]
    scene.act(page, "acknowledge", "bo")
    assert scene.view(page)["state"] == "acknowledged"


def test_nobody_waits_for_more_acknowledgements_than_people_were_called(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "acknowledgements": 3}))
    scene.act(page, "acknowledge", "ana")
    assert scene.view(page)["state"] == "acknowledged"


def test_a_page_that_is_not_ended_comes_back_when_the_lease_runs_out(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", ["person:ana"], lease="30m"))
    scene.act(page, "acknowledge", "ana")
    scene.advance(minutes=31)
    assert scene.calls() == ["0 ana sms", "30 ana sms"]
    assert scene.view(page)["state"] == "open"
    assert any("has not ended it" in line for line in scene.story(page))


def test_who_says_again_that_they_have_it_keeps_it(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", ["person:ana"], lease="30m"))
    scene.act(page, "acknowledge", "ana")
    scene.advance(minutes=20)
    scene.act(page, "acknowledge", "ana")
    scene.advance(minutes=25)
    assert scene.calls() == ["0 ana sms"]
    scene.advance(minutes=10)
    assert scene.calls()[1:] == ["50 ana sms"]


def test_a_page_that_is_ended_never_comes_back(scene: Scene) -> None:
    scene.person("ana", "sms", rules=[("sms", "0m"), ("sms", "10m")])
    page = scene.call(policy=scene.policy("p", ["person:ana"], lease="30m", repeat="forever"))
    scene.act(page, "acknowledge", "ana")
    scene.act(page, "resolve", "ana")
    scene.advance(days=200)
    assert scene.calls() == ["0 ana sms"]


def test_acknowledging_what_is_over_says_so_and_changes_nothing(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["ana"])
    scene.act(page, "resolve", "bo")
    answer = scene.act(page, "acknowledge", "ana")
    assert (answer["changed"], answer["says"]) == (False, "it was ended already by bo")


def test_escalating_goes_on_to_the_next_step_at_once(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "60m"}, {"to": ["person:bo"], "wait": "60m"}))
    scene.advance(minutes=1)
    assert scene.act(page, "escalate", why="I cannot get in")["calls"] == ["bo"]
    scene.act(page, "escalate")
    assert scene.calls() == ["0 ana sms", "1 bo sms", "1 ana sms"]


def test_escalating_an_acknowledged_page_calls_again_until_somebody_acknowledges(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    page = scene.call(policy=scene.policy("p", ["person:ana"], {"to": ["person:bo"], "wait": "5m"}))
    scene.act(page, "acknowledge", "ana")
    scene.act(page, "escalate", "ana")
    assert scene.view(page)["state"] == "open"
    assert scene.calls() == ["0 ana sms", "0 bo sms"]


def test_a_page_can_be_handed_to_somebody_who_is_called_in_place_of_the_others(scene: Scene) -> None:
    scene.person("ana", "sms", rules=[("sms", "0m"), ("sms", "3m")])
    scene.person("bo", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:ana"]))
    scene.act(page, "hand", "ana", to=["person:bo"], why="bo knows this")
    scene.advance(minutes=4)
    assert scene.calls() == ["0 ana sms", "0 bo sms"]
    scene.advance(minutes=2)
    assert scene.calls()[2:] == ["5 ana sms"]


def test_a_page_cannot_be_handed_to_nobody_and_goes_on_as_it_was(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:ana"]))
    problem = scene.refused(f"/pages/{page}/hand", {"to": ["person:bo"]})
    assert "bo: has no way to be reached" in problem["detail"]
    scene.advance(minutes=6)
    assert scene.calls() == ["0 ana sms", "5 ana sms"]


def test_a_silenced_page_calls_again_at_its_time(scene: Scene) -> None:
    scene.person("ana", "sms", rules=[("sms", "0m"), ("sms", "3m")])
    page = scene.call(policy=scene.policy("p", ["person:ana"]))
    until = scene.now + timedelta(minutes=30)
    scene.act(page, "snooze", "ana", until=until.isoformat())
    scene.advance(minutes=29)
    assert scene.calls() == ["0 ana sms"]
    assert scene.view(page)["state"] == "snoozed"
    scene.advance(minutes=5)
    assert scene.calls()[1:] == ["30 ana sms", "33 ana sms"]


def test_a_silence_cannot_end_in_the_past(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["ana"])
    assert scene.refused(f"/pages/{page}/snooze", {"until": "2025-10-27T14:00:00Z"})["field"] == "until"


def test_whoever_was_notified_hears_that_it_is_over_but_not_who_ended_it(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "email")
    scene.person("cy", "voice")
    page = scene.call(policy=scene.policy("p", ["person:ana", "person:bo", "person:cy"]))
    scene.act(page, "resolve", "ana", why="rolled back")
    assert scene.ends() == ["bo email"]
    assert "ana ended it" in scene.log[-1].text


def test_everybody_hears_that_its_cause_ended_by_itself(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:bo"]))
    scene.act(page, "resolve", by_system=True)
    assert scene.ends() == ["ana sms"]


def test_nothing_can_be_done_to_what_is_over_except_to_say_so_again(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["ana"])
    scene.act(page, "resolve", "ana")
    assert scene.act(page, "resolve", "ana")["changed"] is False
    for what, body in (("escalate", {}), ("hand", {"to": ["ana"]}), ("snooze", {"until": "2025-10-28T00:00:00Z"})):
        assert scene.refused(f"/pages/{page}/{what}", body)["status"] == 409


def test_an_answer_from_anybody_counts_even_if_they_were_not_called(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:ana"]))
    scene.act(page, "acknowledge", "somebody else")
    scene.advance(minutes=30)
    assert scene.calls() == ["0 ana sms"]


def test_a_repeat_of_a_command_with_its_key_gives_the_first_answer(scene: Scene) -> None:
    scene.person("ana", "sms")
    headers = {"idempotency-key": "once"}
    first, second = (scene.post("/pages", {"title": "x", "targets": ["ana"]}, headers=headers) for _ in range(2))
    assert first == second
    scene.app.runtime.settle()
    assert scene.calls() == ["0 ana sms"]


def test_pages_are_found_by_person_state_incident_and_service(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.post("/services/shop", {"name": "Shop", "page": ["bo"]})
    incident = scene.declare()
    one = scene.call(targets=["ana"], incident=incident)
    two = scene.call(service="shop")
    scene.act(one, "acknowledge", "ana")

    def found(**query: str) -> list[str]:
        return [page["id"] for page in scene.get("/pages", **query)["pages"]]

    assert found(person="ana") == [one]
    assert found(incident=incident) == [one]
    assert found(service="shop") == [two]
    assert found(state="acknowledged") == [one]
    assert found(state="live") == [two, one]
    first = scene.get("/pages", limit="1")
    assert [page["id"] for page in scene.get("/pages", limit="1", after=first["next"])["pages"]] == [one]
