"""The reference incident gives the numbers of its procedure, each with its definition (S0-43, S0-45)."""

from __future__ import annotations

from typing import Any

from tests.insights.scenario import Walkthrough, at
from tests.world import World


def by_id(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in view["metrics"]}


def test_the_minutes_of_the_walkthrough_give_its_durations_side_by_side(world: World) -> None:
    incident = Walkthrough(world).play()
    view = world.get(f"/incidents/{incident}/metrics")
    minutes = {name: one["seconds"] / 60 for name, one in by_id(view).items() if one["form"] == "duration"}
    assert minutes == {
        "time_to_detect": 5,
        "time_to_acknowledge": 2,
        "time_to_repair": 47,
        "time_to_repair_from_alert": 42,
        "time_to_repair_from_declaration": 37,
        "time_to_lead": 5,
        "time_to_formal_lead": 11,
        "time_to_improving": 20,
        "time_to_below_threshold": 23,
        "time_to_mitigated": 25,
    }
    canonical = {one["id"]: one["seconds"] / 60 for one in view["canonical"]}
    assert canonical == {
        "time_to_detect": 5, "time_to_acknowledge": 2, "time_to_declare": 5, "time_to_mitigate": 30, "time_to_resolve": 47,
        "detection_to_resolution": 42,
    }  # fmt: skip


def test_a_claim_of_the_procedure_stands_beside_the_number_and_says_why_it_differs(world: World) -> None:
    incident = Walkthrough(world).play()
    lead = by_id(world.get(f"/incidents/{incident}/metrics"))["time_to_formal_lead"]
    assert (lead["text"], lead["claims"]) == ("11m", "10 min")
    assert "14:36" in lead["claims_because"]


def test_people_criteria_cadence_and_rollback_come_with_what_was_counted(world: World) -> None:
    incident = Walkthrough(world).play()
    found = by_id(world.get(f"/incidents/{incident}/metrics"))
    people = found["people_engaged"]
    assert (people["value"], sorted(one["what"] for one in people["counted"])) == (5, ["alice", "bob", "charlie", "diana", "eve"])
    criteria = found["criteria_verified"]
    assert (criteria["verified"], criteria["waived"], criteria["total"]) == (10, 1, 11)
    cadence = found["cadence_customers"]
    assert [beat["seconds"] / 60 for beat in cadence["beats"]] == [10, 25, 45]
    assert cadence["largest_gap"] == 20 * 60
    assert found["rollback_duration"]["each"][0]["seconds"] == 120
    assert [one["what"] for one in found["pages"]["counted"]] == ["bob", "charlie"]


def test_somebody_who_joins_after_the_window_is_not_counted_in_it(world: World) -> None:
    walk = Walkthrough(world)
    walk.detect()
    world.at("14:41")
    walk.post("participants", {"person": "frank"})
    assert by_id(world.get(f"/incidents/{walk.id}/metrics"))["people_engaged"]["value"] == 5
    walk.post("participants", {"person": "grace", "at": at("14:40")})
    assert by_id(world.get(f"/incidents/{walk.id}/metrics"))["people_engaged"]["value"] == 6


def test_every_number_names_facts_that_are_in_the_record(world: World) -> None:
    incident = Walkthrough(world).play()
    view = world.get(f"/incidents/{incident}/metrics")
    facts = {line["fact"]: line for line in world.get(f"/incidents/{incident}/timeline")}
    for one in (*view["canonical"], *view["metrics"]):
        assert one["available"]
        assert one["facts"]
        assert set(one["facts"]) <= set(facts), one["id"]
    alert = by_id(view)["time_to_repair_from_alert"]
    assert facts[alert["from_fact"]]["data"]["milestone"] == "alerted"
    assert facts[alert["to_fact"]]["kind"] == "incident.stage_moved"


def test_recorded_figures_come_with_source_and_mark_of_estimate(world: World) -> None:
    walk = Walkthrough(world)
    walk.detect()
    walk.post("figures", {"figure": "failed_requests", "value": 15000, "source": "request log", "estimate": True})
    view = world.get(f"/incidents/{walk.id}/metrics")
    assert [(f["id"], f["text"], f["source"]) for f in view["figures"]] == [("failed_requests", "about 15,000 requests", "request log")]
    assert view["figures_missing"] == ["users_affected", "revenue_lost", "support_tickets"]


def test_the_promise_to_the_war_room_is_broken_and_the_ones_to_customers_are_kept(world: World) -> None:
    """S0-57: the room was promised news by 14:47 and got entries only."""
    incident = Walkthrough(world).play()
    view = world.get(f"/incidents/{incident}/adherence")
    promises = {one["id"].partition("@")[0]: one for one in view["promises"]["each"] if one["audience"] == "war_room"}
    assert promises["promise:war_room"]["state"] == "overdue"
    customers = [one for one in view["promises"]["each"] if one["audience"] == "customers"]
    assert [one["state"] for one in customers] == ["kept", "kept"]
    assert view["promises"]["text"] == "2 of 3"
    health = world.get(f"/incidents/{incident}/health")
    broken = [f for f in health["findings"] if f["detect"] == "broken_promise"]
    assert len(broken) == 1
    assert "14:47" in broken[0]["sentence"]
    assert not [f for f in health["findings"] if f["detect"] == "premature_closure"]


def test_the_score_counts_what_is_judged_and_leaves_waived_ones_apart(world: World) -> None:
    walk = Walkthrough(world)
    walk.play()
    before = world.get(f"/incidents/{walk.id}/adherence")
    judged = [one for one in before["obligations"] if one["state"] in ("kept", "late", "missed", "overdue")]
    kept = sum(one["state"] == "kept" for one in judged)
    assert before["total"]["score"] == kept / len(judged)
    assert sum(before["by_owner"][owner]["kept"] for owner in before["by_owner"]) == kept
    overdue = next(one for one in before["obligations"] if one["state"] == "overdue")
    walk.post("obligations/waive", {"obligation": overdue["id"], "reason": "told by phone"}, "charlie")
    after = world.get(f"/incidents/{walk.id}/adherence")
    assert after["total"]["waived"] == before["total"]["waived"] + 1
    assert after["total"]["score"] == kept / (len(judged) - 1), "an overdue duty that was waived counts no more"
