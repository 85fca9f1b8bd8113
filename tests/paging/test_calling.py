"""Whom a page calls, by which way and when, and how it goes on when nobody answers."""

from __future__ import annotations

import pytest

from tests.paging.scene import Scene


def test_everybody_of_a_step_is_called_at_once_by_every_way_where_they_have_no_rules(scene: Scene) -> None:
    scene.person("ana", "sms", "email")
    scene.person("bo", "voice")
    scene.call(policy=scene.policy("p", ["person:ana", "person:bo"]))
    assert sorted(scene.calls()) == ["0 ana email", "0 ana sms", "0 bo voice"]


def test_a_person_is_notified_by_their_own_rules_counted_from_the_moment_that_the_step_reaches_them(scene: Scene) -> None:
    scene.person("ana", "sms", "voice", rules=[("sms", "0m"), ("voice", "3m"), ("sms", "4m")])
    scene.call(policy=scene.policy("p", ["person:ana"]))
    scene.advance(minutes=10)
    assert scene.calls() == ["0 ana sms", "3 ana voice", "4 ana sms"]


def test_the_next_step_begins_when_the_wait_is_over_and_nobody_has_acknowledged(scene: Scene) -> None:
    for name in ("ana", "bo", "cy"):
        scene.person(name, "sms")
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, {"to": ["person:bo"], "wait": "10m"}, ["person:cy"]))
    scene.advance(minutes=30)
    assert scene.calls() == ["0 ana sms", "5 bo sms", "15 cy sms"]


def test_whoever_is_on_call_when_the_step_begins_is_called_and_not_who_was_when_the_page_was_opened(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    layer = {"id": "day", "groups": [["ana"], ["bo"]], "unit": "day", "start": "2025-10-27T14:30", "begins": "2025-10-26T14:30:00Z"}
    scene.post("/schedules/payments", {"layers": [layer]})
    on_call = [scene.get("/schedules/payments/on-call", at=f"2025-10-27T14:{minute}:00Z") for minute in (25, 31)]
    assert on_call[0] != on_call[1]
    scene.call(policy=scene.policy("p", {"to": ["schedule:payments"], "wait": "5m"}, {"to": ["schedule:payments"]}))
    scene.advance(minutes=6)
    assert len({call.split()[1] for call in scene.calls()}) == 2


def test_the_one_who_is_next_on_call_can_be_a_target(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.post(
        "/schedules/payments", {"layers": [{"id": "week", "groups": [["ana"], ["bo"]], "unit": "week", "start": "2025-10-27T09:00"}]}
    )
    scene.call(policy=scene.policy("p", {"to": ["schedule:payments"], "wait": "5m"}, {"to": ["schedule:payments#next"]}))
    scene.advance(minutes=6)
    assert scene.calls() == ["0 ana sms", "5 bo sms"]


def test_whoever_comes_on_call_is_called_for_what_nobody_has_acknowledged(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.post("/schedules/payments", {"layers": [{"id": "week", "groups": [["ana"]], "start": "2025-10-27T09:00"}]})
    page = scene.call(policy=scene.policy("p", {"to": ["schedule:payments"], "wait": "30m"}))
    had = scene.call(policy="p", title="In hand")
    scene.act(had, "acknowledge", "ana")
    scene.advance(minutes=5)
    scene.post(
        "/schedules/payments/overrides", {"start": scene.now.isoformat(), "end": "2025-10-28T00:00:00Z", "person": "bo", "how": "add"}
    )
    scene.advance(minutes=1)
    assert scene.calls() == ["0 ana sms", "0 ana sms", "5 bo sms"]
    assert any("others came on call" in line for line in scene.story(page))


def test_a_page_that_reached_nobody_calls_whoever_takes_the_empty_shift(scene: Scene) -> None:
    scene.person("bo", "sms")
    hours = [{"start": "20:00", "end": "21:00"}]
    scene.post("/schedules/payments", {"layers": [{"id": "day", "groups": [["bo"]], "start": "2025-10-27T09:00", "hours": hours}]})
    page = scene.call(policy=scene.policy("p", {"to": ["schedule:payments"], "wait": "30m"}, waive="a test"))
    assert scene.view(page)["unanswered"] is True
    scene.post(
        "/schedules/payments/overrides", {"start": scene.now.isoformat(), "end": "2025-10-28T00:00:00Z", "person": "bo", "how": "take"}
    )
    scene.advance(minutes=1)
    assert scene.calls() == ["0 bo sms"]


def test_a_team_means_everybody_in_it_and_each_person_is_called_once(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms", teams=["payments"])
    scene.post("/teams/payments", {"name": "Payments", "members": ["ana"]})
    scene.call(policy=scene.policy("p", ["person:ana", "team:payments"]))
    assert sorted(scene.calls()) == ["0 ana sms", "0 bo sms"]


def test_one_in_turn_takes_the_next_person_on_the_next_page_too(scene: Scene) -> None:
    for name in ("ana", "bo", "cy"):
        scene.person(name, "sms")
    scene.policy("p", {"to": ["person:ana", "person:bo", "person:cy"], "pick": "in_turn"})
    for _ in range(4):
        scene.act(scene.call(policy="p"), "resolve")
    assert [call.split()[1] for call in scene.calls()] == ["ana", "bo", "cy", "ana"]


def test_one_in_turn_passes_over_whoever_cannot_be_reached(scene: Scene) -> None:
    scene.person("ana")
    scene.person("bo", "sms")
    scene.call(policy=scene.policy("p", {"to": ["person:ana", "person:bo"], "pick": "in_turn"}))
    assert scene.calls() == ["0 bo sms"]


def test_a_step_by_age_runs_at_its_age_whatever_was_acknowledged(scene: Scene) -> None:
    for name in ("ana", "cto", "ceo"):
        scene.person(name, "sms")
    steps = [["person:ana"], {"to": ["person:cto"], "at_age": "30m"}, {"to": ["person:ceo"], "at_age": "60m"}]
    page = scene.call(policy=scene.policy("p1", *steps))
    scene.advance(minutes=2)
    scene.act(page, "acknowledge", "ana")
    scene.advance(minutes=90)
    assert scene.calls() == ["0 ana sms", "30 cto sms", "60 ceo sms"]
    assert scene.view(page)["state"] == "acknowledged"


def test_a_step_by_age_no_longer_runs_once_it_is_over(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("cto", "sms")
    page = scene.call(policy=scene.policy("p1", ["person:ana"], {"to": ["person:cto"], "at_age": "30m"}))
    scene.act(page, "resolve", "ana")
    scene.advance(hours=2)
    assert scene.calls() == ["0 ana sms"]


def test_a_step_with_hours_waits_until_they_begin(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "only": {"from": "15:00", "to": "17:00"}}))
    assert scene.view(page)["next"]["at"] == "2025-10-27T15:00:00Z"
    scene.advance(hours=1)
    assert scene.calls() == ["35 ana sms"]


def test_a_step_with_hours_may_be_left_out_instead(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    hours = {"from": "15:00", "to": "17:00", "otherwise": "skip"}
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "only": hours}, ["person:bo"]))
    assert scene.calls() == ["0 bo sms"]


def test_the_policy_begins_again_as_often_as_it_says_and_then_the_page_is_unanswered(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, repeat=2))
    scene.advance(hours=2)
    assert scene.calls() == ["0 ana sms", "5 ana sms", "10 ana sms"]
    assert scene.view(page)["unanswered"] is True
    assert [one["id"] for one in scene.get("/pages", state="unanswered")["pages"]] == [page]


def test_the_last_resort_is_called_when_everything_was_tried(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("boss", "voice")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, last_resort=["person:boss"]))
    scene.advance(minutes=6)
    assert scene.calls() == ["0 ana sms", "5 boss voice"]
    scene.act(page, "acknowledge", "boss")
    assert scene.view(page)["unanswered"] is False


def test_the_installations_last_resort_stands_in_where_the_policy_has_none(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("boss", "voice")
    scene.post("/pager", {"last_resort": ["person:boss"]})
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}))
    scene.advance(minutes=6)
    assert scene.calls() == ["0 ana sms", "5 boss voice"]


def test_a_policy_without_end_calls_the_last_resort_after_its_first_round_and_goes_on(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("boss", "voice")
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, repeat="forever", last_resort=["person:boss"]))
    scene.advance(minutes=16)
    assert sorted(scene.calls()) == ["0 ana sms", "10 ana sms", "15 ana sms", "5 ana sms", "5 boss voice"]
    assert scene.view(page)["unanswered"] is True


def test_a_page_opens_even_if_nobody_can_be_called_and_says_so_at_once(scene: Scene) -> None:
    scene.person("boss", "sms")
    scene.post("/pager", {"last_resort": ["person:boss"]})
    made = scene.post("/pages", {"title": "Checkout errors", "targets": ["schedule:nowhere"]})
    scene.app.runtime.settle()
    assert made["unanswered"] is True
    assert made["not_reached"] == ["schedule:nowhere: there is no such schedule"]
    assert scene.calls() == ["0 boss sms"]


def test_a_name_that_is_nobodys_is_written_down_and_never_counted_as_reached(scene: Scene) -> None:
    made = scene.post("/pages", {"title": "Checkout errors", "targets": ["the night shift"]})
    assert made["calls"] == []
    assert made["unanswered"] is True
    assert [one["values"]["person"] for one in scene.outbox()] == ["the night shift"]


def test_a_page_for_a_service_uses_its_policy_else_whom_it_names_else_the_default(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.person("cy", "sms")
    scene.policy("p", ["person:ana"])
    scene.policy("default", ["person:cy"])
    scene.post("/services/one", {"name": "One", "policy": "p"})
    scene.post("/services/two", {"name": "Two", "page": ["bo"]})
    scene.post("/services/three", {"name": "Three"})
    for service in ("one", "two", "three", "never heard of"):
        scene.call(service=service)
    assert [call.split()[1] for call in scene.calls()] == ["ana", "bo", "cy", "cy"]


def test_a_policy_or_a_service_can_be_named_where_people_are(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.policy("eng_management", ["person:ana"])
    scene.post("/services/database", {"name": "Database", "aliases": ["database_service"], "policy": "eng_management"})
    scene.call(targets=["eng_management"])
    scene.call(targets=["database_service"])
    assert scene.calls() == ["0 ana sms", "0 ana sms"]


def test_a_role_of_the_incident_means_whoever_holds_it(scene: Scene) -> None:
    scene.person("ana", "sms")
    incident = scene.declare()
    name = scene.get(f"/incidents/{incident}")["roles"][0]["role"]
    scene.post(f"/incidents/{incident}/roles", {"role": name, "person": "ana"})
    scene.call(incident=incident, targets=[name])
    assert scene.calls() == ["0 ana sms"]


def test_a_policy_that_does_not_exist_is_refused_to_a_person_who_names_it(scene: Scene) -> None:
    problem = scene.refused("/pages", {"title": "Checkout errors", "policy": "nobody wrote this"})
    assert problem["field"] == "policy"
    assert scene.get("/pages")["pages"] == []


def test_an_alert_that_names_a_policy_that_does_not_exist_calls_somebody_all_the_same_and_says_so(scene: Scene) -> None:
    scene.person("cy", "sms")
    scene.policy("default", ["person:cy"])
    page = scene.call(policy="gone", origin="alert")
    assert scene.calls() == ["0 cy sms"]
    assert "there is no escalation policy gone" in scene.story(page)[0]


def test_a_page_keeps_the_policy_that_it_was_opened_with(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:ana"])
    scene.call(policy="p")
    scene.policy("p", ["person:bo"])
    scene.advance(minutes=6)
    assert scene.calls() == ["0 ana sms", "5 ana sms"]
    scene.call(policy="p")
    assert scene.calls()[-1] == "6 bo sms"


def test_low_urgency_waits_for_the_end_of_quiet_hours_and_the_next_step_waits_with_it(scene: Scene) -> None:
    quiet = [{"start": "14:00", "end": "15:00"}]
    scene.person("ana", "sms", quiet=quiet)
    scene.person("bo", "sms")
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:bo"]), urgency="low")
    scene.advance(hours=1)
    assert scene.calls() == ["35 ana sms", "40 bo sms"]


def test_high_urgency_ignores_quiet_hours(scene: Scene) -> None:
    scene.person("ana", "sms", quiet=[{"start": "14:00", "end": "15:00"}])
    scene.call(policy=scene.policy("p", ["person:ana"]))
    assert scene.calls() == ["0 ana sms"]


def test_a_page_that_becomes_more_urgent_calls_at_once_by_the_rules_for_that(scene: Scene) -> None:
    rules = [{"contact": "email", "urgency": "low"}, {"contact": "voice", "urgency": "high"}]
    scene.person("ana", "email", "voice", quiet=[{"start": "14:00", "end": "15:00"}], rules=None)
    scene.post("/people/ana", {**_person(scene, "ana"), "rules": rules})
    page = scene.call(policy=scene.policy("p", ["person:ana"]), urgency="low")
    assert scene.calls() == []
    scene.act(page, "raise", urgency="high", why="it spreads")
    scene.advance(hours=2)
    assert scene.calls() == ["0 ana voice"]


def test_a_step_can_have_an_urgency_of_its_own(scene: Scene) -> None:
    scene.person("ana", "sms", quiet=[{"start": "14:00", "end": "15:00"}])
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "urgency": "high"}), urgency="low")
    assert scene.calls() == ["0 ana sms"]


def test_rules_that_are_changed_while_a_page_is_open_hold_for_what_is_to_come(scene: Scene) -> None:
    scene.person("ana", "sms", "voice", rules=[("sms", "0m"), ("sms", "20m")])
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "60m"}))
    scene.advance(minutes=10)
    person = _person(scene, "ana")
    rules = [{"contact": "sms", "after": "5m"}, {"contact": "voice", "after": "15m"}]
    scene.post("/people/ana", {**person, "rules": rules})
    scene.advance(minutes=40)
    assert scene.calls() == ["0 ana sms", "15 ana voice"]


def test_what_two_steps_owe_somebody_at_the_same_moment_is_one_message(scene: Scene) -> None:
    scene.person("ana", "sms", rules=[("sms", "0m"), ("sms", "5m")])
    page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:ana"]))
    scene.advance(minutes=5)
    assert scene.calls() == ["0 ana sms", "5 ana sms"]
    messages = [m for run in scene.get(f"/pages/{page}/explain")["runs"] for who in run["called"] for m in who["messages"]]
    assert [2, 1] in [m["one_for"] for m in messages]


def test_pages_have_numbers_that_go_up(scene: Scene) -> None:
    scene.person("ana", "sms")
    assert [scene.post("/pages", {"title": "x", "targets": ["ana"]})["number"] for _ in range(3)] == [1, 2, 3]


def test_a_test_page_goes_the_same_way_and_ends_with_its_acknowledgement(scene: Scene) -> None:
    scene.person("ana", "sms")
    page = scene.call(targets=["person:ana"], origin="test")
    assert [one.kind for one in scene.log] == ["page.test"]
    scene.act(page, "acknowledge", "ana")
    assert scene.view(page)["state"] == "resolved"


def test_a_test_page_that_nobody_answers_ends_by_itself_and_calls_nobody_else(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("boss", "sms")
    scene.post("/pager", {"last_resort": ["person:boss"]})
    page = scene.call(targets=["person:ana"], origin="test")
    scene.advance(hours=2)
    assert scene.calls() == ["0 ana sms"]
    assert scene.view(page)["state"] == "resolved"


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "America/New_York"])
def test_waits_are_the_same_length_through_a_clock_change(scene: Scene, zone: str) -> None:
    scene.person("ana", "sms", zone=zone)
    scene.person("bo", "sms", zone=zone)
    scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "24h"}, ["person:bo"], zone=zone))
    scene.advance(days=1)
    assert scene.calls() == ["0 ana sms", "1440 bo sms"]


def _person(scene: Scene, name: str) -> dict[str, object]:
    found = scene.get(f"/people/{name}")
    contacts = [{key: one[key] for key in ("kind", "value", "id")} for one in found["contacts"]]
    return {"name": found["name"], "contacts": contacts, "zone": found["zone"], "quiet": found["quiet"]}


def test_a_step_that_names_what_differs_in_dashes_and_capitals_alone_calls_it_and_counts_as_reached(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.post("/teams/Pay-Ops", {"name": "Payments", "members": ["ana"]})
    scene.policy("payments", ["pay_ops"])
    page = scene.call(policy="payments")
    assert scene.calls() == ["0 ana sms"]
    assert scene.view(page)["unanswered"] is False
    other = scene.call(targets=["PAYMENTS"])
    assert scene.view(other)["policy"]["id"] == "payments", "a single word may be a policy's"
