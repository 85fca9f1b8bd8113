"""Updates: the playbook's template, numbered, with a promise that is kept or broken, and kept as it was sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.world import World


@pytest.fixture
def incident(world: World) -> str:
    world.at("14:30")
    return world.declare(impact="50 % of payment transactions fail", started_at="2025-10-27T14:20:00Z")


def notice(world: World, incident: str, **more: Any) -> dict[str, Any]:
    body = {"message": "customer_initial", "fields": {"work": "A team is at work"}, "next_in": "30m", **more}
    return dict(world.post(f"/incidents/{incident}/updates", body))


def duties(world: World, incident: str, kind: str = "promise") -> list[dict[str, Any]]:
    return [d for d in world.get(f"/incidents/{incident}")["obligations"] if d.get("kind") == kind]


def test_a_message_is_filled_from_the_record_and_sent_to_every_channel_of_its_audience(world: World, incident: str) -> None:
    notice(world, incident)
    sent = [message for message in world.outbox() if message["kind"] == "incident.update"]
    assert sent[0]["subject"] == "[SEV-1] High error rate in payment API"
    assert "50 % of payment transactions fail" in sent[0]["body"]
    assert "15:00 UTC" in sent[0]["body"]


def test_a_promise_of_the_next_update_is_required_and_the_usual_one_is_named(world: World, incident: str) -> None:
    problem = world.refused(f"/incidents/{incident}/updates", {"message": "customer_initial", "fields": {"work": "x"}})
    assert (problem["field"], "30m" in problem["detail"]) == ("next_at", True)


def test_a_promised_time_in_the_past_is_refused(world: World, incident: str) -> None:
    problem = world.refused(f"/incidents/{incident}/updates", {"message": "customer_initial", "next_at": "2025-10-27T14:10:00Z"})
    assert problem["field"] == "next_at"


def test_a_missing_field_is_named_with_its_label(world: World) -> None:
    bare = world.declare()
    problem = world.refused(f"/incidents/{bare}/updates", {"message": "customer_initial", "next_in": "30m"})
    assert problem["field"] == "fields.impact"


def test_updates_to_an_audience_are_numbered_and_notices_are_not(world: World, incident: str) -> None:
    assert notice(world, incident)["number"] == 0
    numbers = [
        world.post(
            f"/incidents/{incident}/updates",
            {"message": "customer_update", "fields": {"efforts": ["watching"], "actions": ["rolled back"]}, "next_in": "30m"},
        )["number"]
        for _ in range(3)
    ]
    assert numbers == [1, 2, 3]


def test_a_promise_is_kept_by_the_next_update_in_time(world: World, incident: str) -> None:
    notice(world, incident)
    world.advance(minutes=15)
    notice(world, incident)
    first, second = duties(world, incident)
    assert (first["state"], second["state"]) == ("kept", "open")


def test_a_broken_promise_is_recorded_the_minute_it_breaks_and_reminds_its_owner(world: World, incident: str) -> None:
    notice(world, incident)
    world.advance(minutes=31)
    (promise,) = duties(world, incident)
    assert promise["state"] == "overdue"
    breach = next(
        line
        for line in world.get(f"/incidents/{incident}/timeline")
        if line["kind"] == "incident.obligation_breached" and "promise" in line["data"]["obligation"]
    )
    assert breach["recorded_at"] == "2025-10-27T15:00:00Z"
    assert any(message["kind"] == "incident.duty_breach" and "Next update to Customers" in message["subject"] for message in world.outbox())
    notice(world, incident)
    assert duties(world, incident)[0]["state"] == "late"


def test_a_promise_until_resolved_is_kept_by_resolving(world: World, incident: str) -> None:
    notice(world, incident, when_resolved=True)
    for stage in ("mitigating", "monitoring"):
        world.post(f"/incidents/{incident}/stage", {"stage": stage})
    world.advance(minutes=20)
    for item in world.get(f"/incidents/{incident}")["checklists"][0]["items"]:
        if item["state"] in ("open", "unmet"):
            world.post(f"/incidents/{incident}/checks/waive", {"item": item["id"], "reason": "rehearsal"})
    world.post(f"/incidents/{incident}/resolve", {"confirm": "yes"})
    world.advance(minutes=60)
    assert duties(world, incident)[0]["state"] == "kept"


def test_what_was_sent_can_be_rendered_again_to_the_letter(world: World, incident: str) -> None:
    notice(world, incident)
    sent = next(message for message in world.outbox() if message["kind"] == "incident.update")
    world.post(f"/incidents/{incident}/update", {"title": "Another title"})
    subject, body = world.app.runtime.outbox._render("incident.update", sent["to"], sent["values"])
    assert (subject, body) == (sent["subject"], sent["body"])


def test_a_draft_shows_every_field_with_its_source(world: World, incident: str) -> None:
    draft = world.get(f"/incidents/{incident}/updates/draft/customer_initial")
    impact = next(field for field in draft["fields"] if field["id"] == "impact")
    assert (impact["value"], impact["source"], impact["required"]) == (["50 % of payment transactions fail"], "incident.impact", True)


def test_a_template_cannot_reach_anything_but_its_values(world: World, incident: str) -> None:
    notice(world, incident, fields={"work": "{{ incident.__class__ }} {% for x in range(9) %}x{% endfor %}"})
    sent = next(message for message in world.outbox() if message["kind"] == "incident.update")
    assert "{{ incident.__class__ }}" in sent["body"]


def test_a_preview_is_what_would_be_sent_and_posts_nothing(world: World, incident: str) -> None:
    body = {"message": "customer_initial", "fields": {"work": "We think bob probably broke it"}, "next_in": "30m"}
    before = world.get(f"/incidents/{incident}")["version"]
    (shown,) = world.post(f"/incidents/{incident}/updates/preview", body)["messages"]
    assert world.get(f"/incidents/{incident}")["version"] == before
    assert {advice["rule"] for advice in shown["advice"]} >= {"facts_only"}
    world.post(f"/incidents/{incident}/updates", body)
    sent = next(message for message in world.outbox() if message["kind"] == "incident.update")
    assert (sent["subject"], sent["body"]) == (shown["subject"], shown["body"])


def test_a_preview_refuses_what_posting_would_refuse(world: World, incident: str) -> None:
    assert world.refused(f"/incidents/{incident}/updates/preview", {"message": "customer_initial"})["field"] == "next_at"


def test_a_promise_to_several_audiences_is_kept_once_each_of_them_was_told(tmp_path: Path) -> None:
    world = World(tmp_path, playbook="nine-stage")
    incident = world.declare(severity="SEV1")
    path = f"/incidents/{incident}/updates"
    several = next(m for m in world.get("/playbooks/nine-stage")["messages"] if len(m["audiences"]) > 1 and m["kind"] == "update")
    fields = {field["id"]: "x" for field in several["fields"]}
    world.post(path, {"message": several["id"], "fields": fields, "eta": "unknown", "next_in": "30m"})
    world.advance(minutes=10)
    world.post(
        path, {"message": several["id"], "fields": fields, "eta": "unknown", "next_in": "30m", "audiences": several["audiences"][:1]}
    )
    assert duties(world, incident)[0]["state"] == "open"
    world.advance(minutes=5)
    world.post(
        path, {"message": several["id"], "fields": fields, "eta": "unknown", "next_in": "30m", "audiences": several["audiences"][1:]}
    )
    first = duties(world, incident)[0]
    assert first["state"] == "kept"
    assert " and " in first["name"]
    world.close()


def test_messages_call_people_by_their_names_and_keep_the_name_of_that_moment(world: World, incident: str) -> None:
    for person, name in (("alice", "Alice Moreau"), ("charlie", "Charlie Bell")):
        world.post(f"/people/{person}", {"name": name})
    world.post(f"/incidents/{incident}/roles", {"role": "ic", "person": "charlie"})
    told = next(message for message in world.outbox() if message["values"].get("message") == "roles")
    assert "Charlie Bell" in told["body"]
    assert "IC: charlie" not in told["body"]
    world.post("/people/charlie", {"name": "Charlie Ortega"})
    assert world.app.runtime.outbox._render("incident.update", told["to"], told["values"]) == (told["subject"], told["body"])


def test_what_the_timeline_fills_in_has_its_questions_values_and_names(tmp_path: Path) -> None:
    world = World(tmp_path, playbook="service-levels")
    world.post("/people/alice", {"name": "Alice Moreau"})
    incident = world.declare(severity="P1")
    book = world.get("/playbooks/service-levels")
    measure = book["measures"][0]
    world.post(
        f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "rising", "reading": {"measure": measure["id"], "value": 12.5}}
    )
    message = next(m for m in book["messages"] if any(f.get("prefill") == "timeline" for f in m["fields"]))
    draft = world.get(f"/incidents/{incident}/updates/draft/{message['id']}")
    filled = next(field["value"] for field in draft["fields"] if field["source"] == "timeline")
    assert any("Alice Moreau [OBSERVATION] rising" in line and f"({measure['name']}: 12.5" in line for line in filled), filled
    world.close()
