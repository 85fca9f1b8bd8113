"""An incident calls whom its severity names, and whom the playbook's escalations name, where a schedule, team or person has that name."""

from typing import Any

from tests.world import World


def person(world: World, name: str) -> None:
    world.post(f"/people/{name}", {"name": name.title(), "contacts": [{"kind": "file", "value": name}]})


def team(world: World, name: str, *members: str) -> None:
    for member in members:
        person(world, member)
    world.post(f"/teams/{name}", {"name": name, "members": list(members)})


def pages(world: World, **query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("/pages", **query)["pages"]
    return found


def called(world: World, page: dict[str, Any]) -> set[str]:
    return {one["person"] for run in world.get(f"/pages/{page['id']}")["runs"] for one in run["people"] if not one.get("named_only")}


def declared(world: World, severity: str = "SEV-1", **more: Any) -> str:
    return str(
        world.post("/incidents", {"title": "Logins fail", "severity": severity, "playbook": "rota-and-runbooks", **more})["incident"]
    )


def test_declaring_calls_those_whom_the_severity_names_in_one_page(world: World) -> None:
    team(world, "on_call", "ana")
    team(world, "vp_engineering", "vera")
    incident = declared(world)
    (page,) = pages(world, incident=incident)
    assert called(world, page) == {"ana", "vera"}
    assert (page["urgency"], page["incident"]) == ("high", incident)
    said = " ".join(line["text"] for line in world.get(f"/incidents/{incident}/timeline"))
    assert "Called" in said


def test_roles_that_nobody_has_open_no_page(world: World) -> None:
    assert pages(world, incident=declared(world)) == []


def test_acknowledging_the_page_acknowledges_the_incident(world: World) -> None:
    team(world, "on_call", "ana")
    incident = declared(world)
    (page,) = pages(world, incident=incident)
    world.advance(minutes=2)
    world.post(f"/pages/{page['id']}/acknowledge", {"person": "ana"})
    shown = {one["id"]: one["at"] for one in world.get(f"/incidents/{incident}")["milestones"]}
    assert shown["acknowledged"] == "2025-10-27T14:27:00Z"


def test_a_raised_severity_calls_only_those_who_are_not_called_already(world: World) -> None:
    team(world, "on_call", "ana")
    team(world, "vp_engineering", "vera")
    incident = declared(world, "SEV-2")
    assert [called(world, page) for page in pages(world, incident=incident)] == [{"ana"}]
    world.post(f"/incidents/{incident}/severity", {"severity": "SEV-1", "reason": "all users"})
    newest, _ = pages(world, incident=incident)
    assert called(world, newest) == {"vera"}
    world.post(f"/incidents/{incident}/severity", {"severity": "SEV-2", "reason": "fewer"})
    assert len(pages(world, incident=incident)) == 2


def test_an_escalation_of_the_playbook_is_a_page_to_whom_it_names(world: World) -> None:
    team(world, "on_call", "ana")
    incident = declared(world, "SEV-2")
    before = len(pages(world, incident=incident))
    for role in ("team_lead", "on_call_sre", "vp_engineering"):
        team(world, role, f"{role}_person")
    world.advance(hours=2)
    (escalated, *_) = [line for line in world.get(f"/incidents/{incident}/timeline") if line["kind"] == "incident.escalated"]
    (page, *_) = reversed(pages(world, incident=incident)[: -before or None])
    assert called(world, page)
    assert page["title"].startswith("Logins fail")
    assert all(name in escalated["text"] for name in {who.removesuffix("_person") for who in called(world, page)} - {"ana"})


def test_an_incident_that_comes_from_an_alert_does_not_call_again_who_is_called_for_the_alert(world: World) -> None:
    team(world, "on_call", "ana")
    world.post("/services/login", {"name": "login", "page": ["team:on_call"], "playbook": "rota-and-runbooks"})
    body = {"alerts": [{"status": "firing", "labels": {"alertname": "LoginErrors", "service": "login", "severity": "SEV-1"}}]}
    world.send("POST", "/intake/alertmanager/key", body, person="")
    (alert,) = world.get("/alerts")["alerts"]
    incident = declared(world, alerts=[alert["id"]], service="login")
    (page,) = pages(world)
    assert (page["origin"], page["incident"]) == ("alert", incident)


def test_resolving_an_incident_ends_its_pages_and_tells_whom_they_called(world: World) -> None:
    team(world, "on_call", "ana")
    incident = str(world.post("/incidents", {"title": "Logins fail", "severity": "SEV-2", "playbook": "rota-and-runbooks"})["incident"])
    (page,) = pages(world, incident=incident)
    world.post(f"/pages/{page['id']}/acknowledge", {"person": "ana"})
    world.post(f"/incidents/{incident}/resolve", {"confirm": "yes"})
    shown = world.get(f"/pages/{page['id']}")
    assert (shown["state"], shown["resolved"]["person"]) == ("resolved", "alice")
    world.advance(hours=12)
    assert len(pages(world, incident=incident)) == 1


def test_an_acknowledgement_that_the_alert_brought_along_stands_once_on_the_timeline(world: World) -> None:
    person(world, "ana")
    world.post("/services/login", {"name": "login", "page": ["person:ana"], "playbook": "rota-and-runbooks"})
    body = {"alerts": [{"status": "firing", "labels": {"alertname": "LoginErrors", "service": "login", "severity": "SEV-1"}}]}
    world.send("POST", "/intake/alertmanager/key", body, person="")
    (page,) = pages(world)
    world.post(f"/pages/{page['id']}/acknowledge", {"person": "ana"})
    (alert,) = world.get("/alerts")["alerts"]
    incident = declared(world, alerts=[alert["id"]], service="login")
    said = [line["text"] for line in world.get(f"/incidents/{incident}/timeline")]
    assert said.count("Acknowledged by ana") == 1
