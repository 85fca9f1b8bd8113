"""Alerts and the incidents that they belong to."""

from typing import Any

import pytest
from sqlalchemy import select

from tests.alerts.bodies import alert_of, one, outcomes, send
from tests.world import World
from tocsin.engine import tables
from tocsin.engine.rebuild import differences


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


def worked_on(world: World) -> tuple[str, str]:
    """Have an alert call Ana, who takes it and works on its incident; return the alert and the incident."""
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    world.post("/services/storage", {"name": "storage", "page": ["person:ana"]})
    alert = alert_of(world, one(service="storage"))
    (page,) = world.get("/pages")["pages"]
    world.post(f"/pages/{page['id']}/acknowledge", person="ana")
    incident = world.post(
        "/incidents", {"title": "Disks are full", "severity": "SEV-2", "playbook": "rota-and-runbooks", "alerts": [alert]}
    )
    world.advance(minutes=20)
    return alert, str(incident["incident"])


def live(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("/pages", state="live")["pages"]
    return found


def resolve(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/resolve", {"confirm": "yes"}, person="ana")


def sound(world: World) -> None:
    """Nothing that follows was refused, and what was written down is what the record says."""
    assert refusals(world) == []
    runtime = world.app.runtime
    with runtime.database.reading() as connection:
        assert differences(connection, runtime.registry) == []


def test_resolving_an_incident_ends_none_of_its_alerts_and_ends_their_pages(world: World) -> None:
    alert, incident = worked_on(world)
    resolve(world, incident)
    assert world.get(f"/alerts/{alert}")["state"] == "firing"
    assert live(world) == []
    sound(world)


def test_an_alert_that_is_heard_of_after_resolved_calls_people_at_once_and_its_receipt_says_so(world: World) -> None:
    _, incident = worked_on(world)
    resolve(world, incident)
    world.advance(minutes=2)
    answer = send(world, one(service="storage"))
    assert answer.json["alerts"][0]["why"] == f"it fires still, and {incident} is over: people are called again"
    (page,) = live(world)
    assert (page["calls"], page["incident"]) == (["ana"], "")
    assert any("fires on: people are called again" in line["text"] for line in world.get(f"/incidents/{incident}/timeline"))
    send(world, one(service="storage"))
    world.advance(minutes=30)
    assert [one["id"] for one in live(world)] == [page["id"]], "once is enough"
    sound(world)


def test_an_alert_that_nobody_hears_of_after_resolved_calls_people_unless_it_is_said_to_have_ended(world: World) -> None:
    _, incident = worked_on(world)
    resolve(world, incident)
    world.advance(minutes=9)
    assert live(world) == []
    world.restart()
    world.advance(minutes=1)
    assert [page["calls"] for page in live(world)] == [["ana"]]
    sound(world)


def test_an_alert_that_ends_soon_after_resolved_calls_nobody(world: World) -> None:
    _, incident = worked_on(world)
    resolve(world, incident)
    world.advance(minutes=3)
    send(world, one("resolved", service="storage"))
    world.advance(hours=3)
    assert live(world) == []
    assert len(world.get("/pages")["pages"]) == 1
    sound(world)


@pytest.mark.parametrize("again", ["2025-10-27T14:24:00Z", "2025-10-27T14:47:00Z"])
def test_an_alert_that_fires_again_after_resolved_calls_people_at_once(world: World, again: str) -> None:
    _, incident = worked_on(world)
    send(world, one("resolved", service="storage"))
    resolve(world, incident)
    world.advance(minutes=3)
    ((what, _),) = outcomes(world, one(service="storage", start=again))
    assert what in ("reopened", "merged")
    assert [page["calls"] for page in live(world)] == [["ana"]]
    sound(world)


def test_closing_an_incident_ends_no_page_of_what_fired_on_after_it_was_resolved(world: World) -> None:
    _, incident = worked_on(world)
    resolve(world, incident)
    send(world, one(service="storage"))
    (page,) = live(world)
    world.send("POST", f"/incidents/{incident}/stage", {"stage": "closed", "confirm": "yes"}, person="ana")
    world.advance(minutes=1)
    assert [one["id"] for one in live(world)] == [page["id"]]
    sound(world)


def test_after_a_dismissal_what_fires_on_calls_people_again(world: World) -> None:
    alert = alert_of(world, one())
    incident = world.declare(alerts=[alert], triage=False)
    world.post(f"/incidents/{incident}/dismiss", {"reason": "a test"})
    assert live(world) == []
    send(world, one())
    assert len(live(world)) == 1
    sound(world)


def test_reopening_an_incident_leaves_its_alerts_to_it_again(world: World) -> None:
    _, incident = worked_on(world)
    resolve(world, incident)
    world.post(f"/incidents/{incident}/reopen", {"reason": "it was not over"}, person="ana")
    send(world, one(service="storage"))
    world.advance(minutes=30)
    assert live(world) == []
    (group,) = world.get("/groups", state="all")["groups"]
    assert group["because"] == f"People work on {incident} already"
    resolve(world, incident)
    send(world, one(service="storage"))
    assert len(live(world)) == 1
    sound(world)


def test_what_fires_after_its_incident_is_resolved_stands_among_what_goes_on_now(world: World) -> None:
    _, incident = worked_on(world)
    assert "DiskFull on db-1" not in world.page("/").text.partition('id="firing"')[2].partition("</section>")[0]
    resolve(world, incident)
    send(world, one(service="storage"))
    assert "DiskFull on db-1" in world.page("/").text


def test_the_room_warns_before_resolving_while_an_alert_fires(world: World) -> None:
    _, incident = worked_on(world)
    warning = "still fires. If it goes on, it calls people again."
    assert warning in world.page(f"/incidents/{incident}").text
    send(world, one("resolved", service="storage"))
    assert warning not in world.page(f"/incidents/{incident}").text
