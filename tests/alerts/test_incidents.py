"""Alerts and the incidents that they belong to."""

from typing import Any

from sqlalchemy import select

from tests.alerts.bodies import alert_of, one, outcomes, send
from tests.world import World
from tocsin.engine import tables


def told(world: World, incident: str) -> list[str]:
    return [line["text"] for line in world.get(f"/incidents/{incident}/timeline") if "lert" in line["kind"]]


def refusals(world: World) -> list[Any]:
    with world.app.runtime.reading() as reader:
        return reader.rows(select(tables.refusals))


def test_an_incident_declared_with_an_alert_takes_over_when_it_came_and_who_acknowledged(world: World) -> None:
    alert = alert_of(world, one())
    world.at("14:27")
    world.post(f"/alerts/{alert}/acknowledge", person="bob")
    world.at("14:30")
    incident = world.declare(alerts=[alert])
    milestones = {m["id"]: m["at"] for m in world.get(f"/incidents/{incident}")["milestones"]}
    assert (milestones["alerted"], milestones["acknowledged"]) == ("2025-10-27T14:25:00Z", "2025-10-27T14:27:00Z")
    assert world.get(f"/alerts/{alert}")["incidents"] == [incident]
    assert refusals(world) == []


def test_an_alert_linked_later_knows_its_incident(world: World) -> None:
    incident = world.declare()
    alert = alert_of(world, one())
    world.post(f"/incidents/{incident}/alerts", {"alert": alert})
    assert world.get(f"/alerts/{alert}")["incidents"] == [incident]
    assert [found["id"] for found in world.get("/alerts", incident=incident)["alerts"]] == [alert]


def test_an_alert_that_ends_and_fires_again_stands_on_its_incidents_timeline(world: World) -> None:
    alert = alert_of(world, one())
    incident = world.declare(alerts=[alert])
    world.at("14:45")
    send(world, one("resolved", end="2025-10-27T14:41:00Z"))
    world.at("14:50")
    assert outcomes(world, one(start="2025-10-27T14:49:00Z")) == [("reopened", alert)]
    lines = [(line["at"][11:16], line["text"]) for line in world.get(f"/incidents/{incident}/timeline") if "Alert " in line["text"]]
    assert lines == [
        ("14:25", "Alert firing: DiskFull on db-1"),
        ("14:41", "Alert resolved: DiskFull on db-1"),
        ("14:49", "Alert firing: DiskFull on db-1"),
    ]
    assert refusals(world) == []


def test_an_alert_that_fires_again_while_people_work_on_its_incident_wakes_nobody(world: World) -> None:
    alert = alert_of(world, one())
    world.outbox()
    world.post(f"/alerts/{alert}/acknowledge")
    world.declare(alerts=[alert])
    send(world, one("resolved"))
    send(world, one())
    assert len([m for m in world.outbox() if m["kind"] == "page.notification"]) == 1
    assert world.get(f"/alerts/{alert}")["acknowledged_by"] == "alice"


def test_an_alert_of_an_ended_incident_begins_a_new_occurrence(world: World) -> None:
    alert = alert_of(world, one())
    incident = world.declare(alerts=[alert], triage=False)
    world.post(f"/incidents/{incident}/dismiss", {"reason": "a test"})
    send(world, one("resolved"))
    world.advance(hours=1)
    ((what, other),) = outcomes(world, one(start="2025-10-27T15:20:00Z"))
    assert (what, other != alert) == ("new", True)


def test_acknowledging_a_linked_alert_acknowledges_its_incident(world: World) -> None:
    alert = alert_of(world, one())
    world.at("14:26")
    incident = world.declare(alerts=[alert])
    world.at("14:28")
    world.post(f"/alerts/{alert}/acknowledge", person="bob")
    milestones = {m["id"]: m["at"] for m in world.get(f"/incidents/{incident}")["milestones"]}
    assert milestones["acknowledged"] == "2025-10-27T14:28:00Z"
    assert refusals(world) == []


def test_an_unknown_alert_cannot_be_linked_or_declared_with(world: World) -> None:
    incident = world.declare()
    assert world.refused(f"/incidents/{incident}/alerts", {"alert": "A-NONE"})["field"] == "alert"
    problem = world.refused("/incidents", {"title": "x", "severity": "SEV-1", "alerts": ["A-NONE"]})
    assert (problem["field"], "A-NONE" in problem["detail"]) == ("alerts", True)
