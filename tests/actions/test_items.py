"""Action items: owners, due dates, states, reminders."""

from __future__ import annotations

from tests.world import World
from tocsin.engine.model import SYSTEM
from tocsin.people.model import SavePerson, SaveTeam

ITEM = {"title": "Alert before the pool is exhausted", "group": "prevent", "owner": "bob", "due": "2025-11-03"}


def test_an_item_is_written_down_and_listed_with_its_incident(world: World) -> None:
    incident = world.declare()
    made = world.post(f"/incidents/{incident}/actions", ITEM)
    assert made["action"].startswith("ACT-")
    shown = world.get(f"/incidents/{incident}/actions")
    assert [(i["title"], i["group"], i["owner"], i["due"], i["state"], i["problems"]) for i in shown["actions"]] == [
        ("Alert before the pool is exhausted", "prevent", "bob", "2025-11-03", "open", []),
    ]
    assert shown["completion"] == {"done": 0, "of": 1, "open": 1, "overdue": 0, "dropped": 0}


def test_an_item_of_an_unknown_incident_is_refused(world: World) -> None:
    assert world.refused("/incidents/INC-20200101-ZZZZZZ/actions", ITEM)["status"] == 404


def test_a_group_that_the_playbook_does_not_have_is_refused_and_the_known_ones_are_named(world: World) -> None:
    problem = world.refused(f"/incidents/{world.declare()}/actions", {**ITEM, "group": "misc"})
    assert (problem["status"], problem["field"]) == (422, "group")
    assert "prevent" in problem["fix"]


def test_a_group_may_be_given_by_its_name(world: World) -> None:
    incident = world.declare()
    world.post(f"/incidents/{incident}/actions", {**ITEM, "group": "improve detection"})
    assert world.get(f"/incidents/{incident}/actions")["actions"][0]["group"] == "detect"


def test_an_item_without_owner_date_and_group_is_kept_as_a_draft_that_says_what_it_lacks(world: World) -> None:
    made = world.post(f"/incidents/{world.declare()}/actions", {"title": "Size the pool by load"})
    assert [p["code"] for p in made["problems"]] == ["no_owner", "no_due", "no_group"]


def test_an_owner_that_is_a_team_a_role_or_a_contact_is_a_problem_and_a_person_is_none(world: World) -> None:
    incident = world.declare()
    world.app.runtime.commit_now("team", "payments", SaveTeam("Payments"), SYSTEM)
    world.app.runtime.commit_now("person", "dana", SavePerson("Dana"), SYSTEM)
    codes = {}
    for owner in ("payments", "Payments", "dev team", "ic", "engineering_manager", "dana", "Dana"):
        made = world.post(f"/incidents/{incident}/actions", {**ITEM, "owner": owner})
        codes[owner] = [p["code"] for p in made["problems"]]
    bad = ["owner_is_no_person"]
    assert codes == {
        "payments": bad, "Payments": bad, "dev team": bad, "ic": bad, "engineering_manager": bad, "dana": [], "Dana": [],
    }  # fmt: skip


def test_a_due_date_on_a_saturday_is_a_problem(world: World) -> None:
    made = world.post(f"/incidents/{world.declare()}/actions", {**ITEM, "due": "2025-11-01"})
    assert [p["says"] for p in made["problems"]] == ["it is due on 2025-11-01, a Saturday"]


def test_an_update_changes_what_is_given_and_can_take_a_word_away(world: World) -> None:
    action = world.post(f"/incidents/{world.declare()}/actions", {**ITEM, "ticket": "PAY-7"})["action"]
    changed = world.post(f"/actions/{action}/update", {"owner": "charlie", "ticket": ""})
    assert changed["changed"] == ["owner", "ticket"]
    shown = world.get(f"/actions/{action}")
    assert (shown["owner"], shown["ticket"], shown["title"]) == ("charlie", "", ITEM["title"])


def test_done_needs_evidence_and_a_second_done_changes_nothing(world: World) -> None:
    action = world.post(f"/incidents/{world.declare()}/actions", ITEM)["action"]
    assert world.refused(f"/actions/{action}/done", {})["field"] == "evidence"
    world.post(f"/actions/{action}/done", {"evidence": "the alert fired in the drill"})
    world.post(f"/actions/{action}/done", {"evidence": "again"})
    shown = world.get(f"/actions/{action}")
    assert (shown["state"], shown["evidence"], shown["closed_by"]) == ("done", "the alert fired in the drill", "alice")


def test_a_closed_item_is_not_changed_until_it_is_opened_again(world: World) -> None:
    action = world.post(f"/incidents/{world.declare()}/actions", ITEM)["action"]
    world.post(f"/actions/{action}/drop", {"reason": "the service goes away"})
    assert world.refused(f"/actions/{action}/update", {"owner": "eve"})["status"] == 409
    assert world.refused(f"/actions/{action}/done", {"evidence": "x"})["status"] == 409
    world.post(f"/actions/{action}/reopen", {"reason": "it stays after all"})
    assert world.get(f"/actions/{action}")["state"] == "open"


def test_completion_counts_done_of_all_that_were_not_dropped(world: World) -> None:
    incident = world.declare()
    made = [world.post(f"/incidents/{incident}/actions", {**ITEM, "title": f"item {n}"})["action"] for n in range(4)]
    world.post(f"/actions/{made[0]}/done", {"evidence": "merged"})
    world.post(f"/actions/{made[1]}/drop", {"reason": "no longer needed"})
    assert world.get(f"/incidents/{incident}/actions")["completion"] == {"done": 1, "of": 3, "open": 2, "overdue": 0, "dropped": 1}


def test_lists_filter_by_owner_state_incident_and_overdue(world: World) -> None:
    one, two = world.declare(), world.declare()
    late = world.post(f"/incidents/{one}/actions", {**ITEM, "due": "2025-10-28"})["action"]
    world.post(f"/incidents/{one}/actions", {**ITEM, "owner": "eve", "due": "2025-12-01"})
    done = world.post(f"/incidents/{two}/actions", {**ITEM, "due": "2025-10-28"})["action"]
    world.post(f"/actions/{done}/done", {"evidence": "seen"})

    def ids(**query: str) -> list[str]:
        return [i["id"] for i in world.get("/actions", **query)["actions"]]

    world.advance(days=3)
    assert ids(owner="bob", state="open") == [late]
    assert ids(overdue="true") == ids(state="overdue") == [late]
    assert ids(incident=two) == ids(state="done") == [done]
    assert len(ids()) == 3


def test_the_owner_of_an_overdue_item_is_reminded_once_for_each_due_date(world: World) -> None:
    incident = world.declare()
    action = world.post(f"/incidents/{incident}/actions", {**ITEM, "due": "2025-10-28"})["action"]

    def reminders() -> list[str]:
        return [m["to"] for m in world.outbox() if m["kind"] == "action.overdue"]

    world.at("23:00")
    world.advance(hours=24)
    assert reminders() == []
    world.advance(hours=2)
    assert reminders() == ["bob"]
    world.advance(days=5)
    assert reminders() == ["bob"]
    assert [f.type for f in world.app.runtime.facts("action", action)] == ["action.created", "action.overdue"]
    world.post(f"/actions/{action}/update", {"due": "2025-11-04"})
    world.advance(days=7)
    assert reminders() == ["bob", "bob"]


def test_an_item_that_was_done_in_time_is_never_overdue(world: World) -> None:
    action = world.post(f"/incidents/{world.declare()}/actions", {**ITEM, "due": "2025-10-28"})["action"]
    world.post(f"/actions/{action}/done", {"evidence": "seen"})
    world.advance(days=9)
    assert [f.type for f in world.app.runtime.facts("action", action)] == ["action.created", "action.done"]
    assert world.get(f"/actions/{action}")["overdue"] is False


def test_a_repeated_request_with_the_same_key_makes_one_item(world: World) -> None:
    incident = world.declare()
    first = world.post(f"/incidents/{incident}/actions", ITEM, headers={"idempotency-key": "k1"})
    again = world.post(f"/incidents/{incident}/actions", ITEM, headers={"idempotency-key": "k1"})
    assert first["action"] == again["action"]
    assert len(world.get(f"/incidents/{incident}/actions")["actions"]) == 1


def test_items_survive_a_restart(world: World) -> None:
    incident = world.declare()
    world.post(f"/incidents/{incident}/actions", ITEM)
    before = world.get(f"/incidents/{incident}/actions")
    world.restart()
    assert world.get(f"/incidents/{incident}/actions") == before
