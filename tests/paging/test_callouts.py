"""An incident calls whom its severity names, and whom the playbook's escalations name, where a schedule, team or person has that name."""

import re
from typing import Any

from sqlalchemy import select

from tests.world import World
from tocsin.engine import tables
from tocsin.engine.rebuild import differences


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


def sound(world: World) -> None:
    """Nothing that follows was refused, and what was written down is what the record says."""
    runtime = world.app.runtime
    with runtime.reading() as reader:
        assert reader.rows(select(tables.refusals)) == []
    with runtime.database.reading() as connection:
        assert differences(connection, runtime.registry) == []


def policy(world: World, name: str, *targets: str) -> None:
    world.post(f"/policies/{name}", {"name": name, "steps": [{"to": list(targets)}], "waive": "a test"})


def said(world: World, incident: str) -> list[str]:
    return [line["text"] for line in world.get(f"/incidents/{incident}/timeline")]


def test_an_escalation_to_a_policy_calls_by_that_policy_for_the_incident(world: World) -> None:
    team(world, "on_call", "ana")
    team(world, "executives", "eve")
    policy(world, "escalation_matrix", "team:executives")
    incident = str(world.post("/incidents", {"title": "Logins fail", "severity": "SEV1", "playbook": "nine-stage"})["incident"])
    before = {page["id"] for page in pages(world, incident=incident)}
    world.post(f"/incidents/{incident}/escalations", {"rule": "overrun", "why": "we need more people"})
    (page,) = [one for one in pages(world, incident=incident) if one["id"] not in before]
    assert (called(world, page), page["incident"]) == ({"eve"}, incident)
    assert world.get(f"/pages/{page['id']}")["policy"]["id"] == "escalation_matrix"
    assert any("Called Eve" in text for text in said(world, incident))
    sound(world)


def test_the_playbooks_own_escalation_to_a_policy_calls_by_that_policy(world: World) -> None:
    team(world, "on_call", "ana")
    team(world, "executives", "eve")
    policy(world, "escalation_matrix", "team:executives")
    incident = str(world.post("/incidents", {"title": "Logins fail", "severity": "SEV1", "playbook": "nine-stage"})["incident"])
    world.advance(minutes=31)
    assert "eve" in {who for page in pages(world, incident=incident) for who in called(world, page)}
    sound(world)


def test_persons_schedules_and_teams_go_before_a_policy_of_their_name(world: World) -> None:
    team(world, "escalation_matrix", "tom")
    team(world, "executives", "eve")
    policy(world, "escalation_matrix", "team:executives")
    incident = str(world.post("/incidents", {"title": "Logins fail", "severity": "SEV1", "playbook": "nine-stage"})["incident"])
    world.post(f"/incidents/{incident}/escalations", {"rule": "overrun"})
    assert [called(world, page) for page in pages(world, incident=incident)] == [{"tom"}]


def test_an_escalation_that_nobody_stands_for_says_so_and_what_to_make(world: World) -> None:
    incident = str(world.post("/incidents", {"title": "Logins fail", "severity": "SEV1", "playbook": "nine-stage"})["incident"])
    world.post(f"/incidents/{incident}/escalations", {"rule": "overrun"})
    assert pages(world, incident=incident) == []
    wanted = "Nobody stands for escalation_matrix: make a schedule, team, person or escalation policy of this name."
    assert any(wanted in text for text in said(world, incident))
    assert wanted in world.page(f"/incidents/{incident}").text
    sound(world)


def test_a_retired_policy_stands_for_nobody(world: World) -> None:
    team(world, "executives", "eve")
    policy(world, "escalation_matrix", "team:executives")
    world.post("/policies/escalation_matrix/retire", {})
    incident = str(world.post("/incidents", {"title": "Logins fail", "severity": "SEV1", "playbook": "nine-stage"})["incident"])
    world.post(f"/incidents/{incident}/escalations", {"rule": "overrun"})
    assert pages(world, incident=incident) == []
    assert any("Nobody stands for escalation_matrix" in text for text in said(world, incident))


def test_a_role_calls_what_differs_from_it_in_dashes_and_capitals_alone(world: World) -> None:
    team(world, "on-call", "ana")
    team(world, "VP-Engineering", "vera")
    incident = declared(world)
    assert [called(world, page) for page in pages(world, incident=incident)] == [{"ana", "vera"}]
    (page,) = pages(world, incident=incident)
    assert [step["to"] for step in world.get(f"/pages/{page['id']}")["policy"]["steps"]] == [["team:on-call", "team:VP-Engineering"]]
    sound(world)


def test_what_has_exactly_the_name_goes_before_what_is_alike(world: World) -> None:
    team(world, "on-call", "ana")
    team(world, "on_call", "bea")
    assert [called(world, page) for page in pages(world, incident=declared(world, "SEV-2"))] == [{"bea"}]


def test_a_role_that_could_be_several_calls_none_of_them_and_says_so(world: World) -> None:
    team(world, "on-call", "ana")
    team(world, "ON-CALL", "bea")
    incident = declared(world, "SEV-2")
    assert pages(world, incident=incident) == []
    assert any("reaches nobody: it could be any of ON-CALL, on-call." in text for text in said(world, incident))


def test_declaring_says_in_the_room_who_is_missing_beside_those_who_are_called(world: World) -> None:
    team(world, "on_call", "ana")
    incident = declared(world)
    (page,) = pages(world, incident=incident)
    assert called(world, page) == {"ana"}
    assert any("Nobody stands for on_call_sre, team_lead or vp_engineering: make a schedule" in text for text in said(world, incident))
    assert not any("for on_call:" in text for text in said(world, incident))


def test_a_team_that_nobody_is_in_is_named_when_declaring(world: World) -> None:
    team(world, "on_call")
    incident = declared(world, "SEV-2")
    assert any("(on_call) reaches nobody: nobody is in this team." in text for text in said(world, incident))


def offered(world: World, query: str) -> str:
    """Return what the page for declaring says of whom it calls, without its marks."""
    shown = world.page(f"/declare/level?{query}").text
    line = next(one for one in shown.splitlines() if "Pages " in one)
    return " ".join(re.sub(r"<[^>]+>", "", line[line.index("Pages ") :]).split())


def test_the_page_for_declaring_says_whom_it_calls_and_who_is_missing(world: World) -> None:
    team(world, "on-call", "ana")
    policy(world, "vp-engineering", "person:ana")
    said_before = offered(world, "playbook=rota-and-runbooks&severity=SEV-1")
    assert said_before == (
        "Pages Ana at once, and whom the policy vp-engineering calls. Nobody stands for on_call_sre or team_lead: "
        "make a schedule, team, person or escalation policy of each of these names."
    )
    incident = declared(world)
    assert {frozenset(called(world, page)) for page in pages(world, incident=incident)} == {frozenset({"ana"})}
    assert len(pages(world, incident=incident)) == 2


def test_the_page_for_declaring_says_who_is_not_called_anew_because_the_alert_calls_them(world: World) -> None:
    team(world, "on_call", "ana")
    team(world, "vp_engineering", "vera")
    world.post("/services/login", {"name": "login", "page": ["team:on_call"], "playbook": "rota-and-runbooks"})
    body = {"alerts": [{"status": "firing", "labels": {"alertname": "LoginErrors", "service": "login", "severity": "SEV-1"}}]}
    world.send("POST", "/intake/alertmanager/key", body, person="")
    (alert,) = world.get("/alerts")["alerts"]
    shown = offered(world, f"playbook=rota-and-runbooks&severity=SEV-1&alert={alert['id']}")
    assert shown.startswith("Pages Vera at once. Ana is called already, for the alert.")
    incident = declared(world, alerts=[alert["id"]], service="login")
    assert [called(world, page) for page in pages(world, incident=incident) if page["origin"] == "incident"] == [{"vera"}]


def test_who_declares_is_called_like_everybody_else(world: World) -> None:
    team(world, "on_call", "alice", "bob")
    assert offered(world, "playbook=rota-and-runbooks&severity=SEV-2").startswith("Pages Alice, Bob at once.")
    assert [called(world, page) for page in pages(world, incident=declared(world, "SEV-2"))] == [{"alice", "bob"}]


def test_words_that_nobody_stands_for_are_listed_for_each_playbook_in_use(world: World) -> None:
    team(world, "on_call", "ana")
    books = {one["playbook"]: one for one in world.get("/reach/words")["playbooks"]}
    assert set(books) == {"payments-sev1"}, "the default one; what ships and nobody uses is no worry"
    world.post("/services/login", {"name": "login", "page": ["team:on_call"], "playbook": "nine-stage"})
    books = {one["playbook"]: one for one in world.get("/reach/words")["playbooks"]}
    assert set(books) == {"payments-sev1", "nine-stage"}
    assert "escalation_matrix" in books["nine-stage"]["words"]
    assert "on_call" not in books["nine-stage"]["words"]
    assert books["nine-stage"]["levels"] == []
