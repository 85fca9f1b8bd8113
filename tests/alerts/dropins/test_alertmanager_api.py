"""Alertmanager's API v2 at our address: what Prometheus sends, and what amtool asks for."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.world import Answer, World

KEY = "a-key-of-the-prometheus-in-oslo"


@pytest.fixture
def keyed(world: World) -> World:
    world.post("/intake-keys/oslo", {"name": "Oslo", "secret": KEY})
    return world


def send(world: World, method: str, path: str, body: Any = None, **query: Any) -> Answer:
    return world.send(method, f"/am/{KEY}/api/v2/{path}" + (f"?{urlencode(query, doseq=True)}" if query else ""), body, person="")


def alert(name: str = "Down", minutes: float | None = 4, world: World | None = None, **labels: str) -> dict[str, Any]:
    ends = {"endsAt": (world.now + timedelta(minutes=minutes)).isoformat()} if world is not None and minutes is not None else {}
    return {
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} is down"},
        "generatorURL": "http://p.example/graph",
        **ends,
    }


def fire(world: World, *alerts: dict[str, Any]) -> None:
    answer = send(world, "POST", "alerts", list(alerts))
    assert (answer.status, answer.content) == (200, b"")


def named(world: World, **query: Any) -> list[str]:
    answer = send(world, "GET", "alerts", **query)
    assert answer.status == 200, answer.text
    return [one["labels"]["alertname"] for one in answer.json]


def silence(world: World, name: str = "Down", hours: float = 2, **more: Any) -> str:
    body = {
        "matchers": [{"name": "alertname", "value": name, "isRegex": False, "isEqual": True}], "startsAt": world.now.isoformat(),
        "endsAt": (world.now + timedelta(hours=hours)).isoformat(), "createdBy": "ana", "comment": "new disk", **more,
    }  # fmt: skip
    answer = send(world, "POST", "silences", body)
    assert answer.status == 200, answer.text
    return str(answer.json["silenceID"])


# --- alerts -------------------------------------------------------------------------------------------------------------------------------


def test_an_alert_of_prometheus_is_an_alert_here_with_its_links_and_labels(keyed: World) -> None:
    fire(keyed, alert(severity="critical", instance="db-1"))
    (ours,) = keyed.get("/alerts")["alerts"]
    assert (ours["source"], ours["title"], ours["level"], ours["key"]) == ("prometheus", "Down is down", "critical", "oslo")
    assert keyed.get(f"/alerts/{ours['id']}")["links"] == {"source": "http://p.example/graph"}
    (shown,) = send(keyed, "GET", "alerts").json
    assert shown["labels"] == {"alertname": "Down", "severity": "critical", "instance": "db-1"}
    assert (shown["annotations"], shown["generatorURL"]) == (
        {"summary": "Down is down"} | {"description": "Down is down"},
        "http://p.example/graph",
    )
    assert shown["status"] == {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": []}


def test_a_fingerprint_is_the_one_that_an_alertmanager_gives(keyed: World) -> None:
    fire(keyed, {"labels": {"alertname": "a", "job": "b"}})
    assert send(keyed, "GET", "alerts").json[0]["fingerprint"] == "b1929844e23ab434"


def test_an_alert_that_is_sent_again_is_the_same_and_lasts_longer(keyed: World) -> None:
    fire(keyed, alert(world=keyed))
    keyed.advance(minutes=3)
    fire(keyed, alert(world=keyed))
    keyed.advance(minutes=3)
    (ours,) = keyed.get("/alerts")["alerts"]
    assert (ours["state"], ours["repeats"]) == ("firing", 1)
    assert send(keyed, "GET", "alerts").json[0]["endsAt"] == "2025-10-27T14:32:00.000Z"


def test_an_alert_that_is_sent_no_more_ends_at_the_time_that_it_named(keyed: World) -> None:
    fire(keyed, alert(world=keyed))
    keyed.advance(minutes=10)
    (ours,) = keyed.get("/alerts")["alerts"]
    assert (ours["state"], ours["ended_at"]) == ("resolved", "2025-10-27T14:29:00Z")
    assert named(keyed) == []


def test_an_alert_without_an_end_lasts_five_minutes_or_as_long_as_the_key_says(keyed: World) -> None:
    fire(keyed, alert())
    keyed.advance(minutes=4)
    assert named(keyed) == ["Down"]
    keyed.advance(minutes=2)
    assert named(keyed) == []
    keyed.post("/intake-keys/oslo", {"name": "Oslo", "options": {"resolve_timeout": "30m"}})
    fire(keyed, alert())
    keyed.advance(minutes=20)
    assert named(keyed) == ["Down"]


def test_an_alert_whose_end_has_come_is_resolved(keyed: World) -> None:
    fire(keyed, alert(world=keyed))
    keyed.advance(minutes=1)
    fire(keyed, alert(world=keyed, minutes=0))
    assert keyed.get("/alerts")["alerts"][0]["state"] == "resolved"


def test_alerts_that_are_wrong_are_named_and_the_others_are_kept(keyed: World) -> None:
    answer = send(keyed, "POST", "alerts", [{"labels": {}}, alert("Kept")])
    assert (answer.status, "at least one label pair required" in answer.json) == (400, True)
    assert named(keyed) == ["Kept"]
    assert send(keyed, "POST", "alerts", {"labels": {"a": "b"}}).status == 400
    assert [one["status"] for one in keyed.get("/receipts")["receipts"]] == [400, 400]


def test_alerts_are_chosen_by_matchers(keyed: World) -> None:
    fire(keyed, alert("Down", env="prod", team="db"), alert("Slow", env="prod"), alert("Full", env="test"))
    assert named(keyed, filter='env="prod"') == ["Down", "Slow"]
    assert named(keyed, filter=["env=prod", "team!=db"]) == ["Slow"]
    assert named(keyed, filter="alertname=~D.*|F.*") == ["Down", "Full"]
    assert named(keyed, filter='team=""') == ["Slow", "Full"]
    assert send(keyed, "GET", "alerts", filter="env").status == 400
    assert send(keyed, "GET", "alerts", active="perhaps").status == 400


def test_silenced_and_inhibited_alerts_say_by_what_and_are_left_out_on_request(keyed: World) -> None:
    name = silence(keyed, "Silenced")
    rule = {"name": "cluster", "source": 'alertname="Cluster"', "target": 'alertname="Node"', "equal": ["dc"]}
    keyed.post("/inhibitions", {"rules": [rule]})
    fire(keyed, alert("Cluster", dc="a"), alert("Silenced"), alert("Node", dc="a"), alert("Node", dc="b"))
    shown = {(one["labels"]["alertname"], one["labels"].get("dc")): one for one in send(keyed, "GET", "alerts").json}
    assert shown["Silenced", None]["status"]["silencedBy"] == [name]
    assert shown["Node", "a"]["status"]["inhibitedBy"] == [shown["Cluster", "a"]["fingerprint"]]
    assert {key: one["status"]["state"] for key, one in shown.items()} == {
        ("Cluster", "a"): "active", ("Silenced", None): "suppressed", ("Node", "a"): "suppressed", ("Node", "b"): "active",
    }  # fmt: skip
    assert named(keyed, silenced="false", inhibited="false") == ["Cluster", "Node"]
    assert named(keyed, active="false") == ["Silenced", "Node"]
    assert named(keyed, inhibited="false") == ["Cluster", "Silenced", "Node"]


def test_groups_are_the_groups_that_people_are_called_for(keyed: World) -> None:
    fire(keyed, alert("Down", instance="a"), alert("Down", instance="b"), alert("Slow"))
    groups = send(keyed, "GET", "alerts/groups").json
    assert sorted(len(group["alerts"]) for group in groups) == [1, 2]
    assert all(group["receiver"]["name"] for group in groups)
    names = {one["name"] for one in send(keyed, "GET", "receivers").json}
    assert {group["receiver"]["name"] for group in groups} <= names
    assert named(keyed, receiver="nobody") == []
    assert send(keyed, "GET", "alerts/groups", filter="alertname=Slow").json[0]["alerts"][0]["labels"] == {"alertname": "Slow"}


# --- silences -----------------------------------------------------------------------------------------------------------------------------


def test_a_silence_is_made_shown_changed_and_ended(keyed: World) -> None:
    name = silence(keyed)
    shown = send(keyed, "GET", f"silence/{name}").json
    assert (shown["status"], shown["createdBy"], shown["comment"], shown["endsAt"]) == (
        {"state": "active"},
        "ana",
        "new disk",
        "2025-10-27T16:25:00.000Z",
    )
    assert shown["matchers"] == [{"name": "alertname", "value": "Down", "isRegex": False, "isEqual": True}]
    assert keyed.get(f"/silences/{name}")["by"] == "ana"
    assert silence(keyed, hours=5, id=name) == name
    assert send(keyed, "GET", f"silence/{name}").json["endsAt"] == "2025-10-27T19:25:00.000Z"
    assert send(keyed, "DELETE", f"silence/{name}").status == 200
    assert send(keyed, "GET", f"silence/{name}").json["status"] == {"state": "expired"}
    assert silence(keyed, id=name) != name


def test_a_silence_with_every_kind_of_matcher_mutes_what_fits(keyed: World) -> None:
    matchers = [
        {"name": "env", "value": "prod", "isRegex": False}, {"name": "team", "value": "db", "isRegex": False, "isEqual": False},
        {"name": "instance", "value": "web-.*", "isRegex": True}, {"name": "zone", "value": "x|y", "isRegex": True, "isEqual": False},
    ]  # fmt: skip
    name = silence(keyed, matchers=matchers)
    assert [(m["isRegex"], m["isEqual"]) for m in send(keyed, "GET", f"silence/{name}").json["matchers"]] == [
        (False, True), (False, False), (True, True), (True, False),
    ]  # fmt: skip
    fire(keyed, alert("In", env="prod", instance="web-1"), alert("Out", env="prod", instance="web-1", team="db"), alert("No", env="prod"))
    assert named(keyed, active="false") == ["In"]


def test_silences_are_listed_by_state_and_by_what_they_name(keyed: World) -> None:
    active, gone = silence(keyed, "Down"), silence(keyed, "Slow")
    begin = (keyed.now + timedelta(hours=1)).isoformat()
    pending = silence(keyed, "Full", startsAt=begin)
    send(keyed, "DELETE", f"silence/{gone}")

    def listed(**query: Any) -> list[str]:
        return [one["id"] for one in send(keyed, "GET", "silences", **query).json]

    assert listed() == [active, pending, gone]
    assert listed(expired="false") == [active, pending]
    assert listed(active="false", pending="false") == [gone]
    assert listed(filter="alertname=Down") == [active]
    assert listed(filter="alertname=~F.*") == [pending]
    assert listed(filter="team=db") == []


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"matchers": []}, 400),
        ({"matchers": [{"name": "a", "value": "(", "isRegex": True}]}, 400),
        ({"matchers": [{"name": "a", "value": "", "isRegex": False}]}, 400),
        ({"endsAt": "2025-10-27T14:00:00Z"}, 400),
        ({"endsAt": "tomorrow"}, 400),
        ({"id": "8fad6f3e-c08a-4230-b9f9-4427dd5b4cdf"}, 404),
    ],
)
def test_a_silence_that_cannot_be_is_refused_in_a_sentence(keyed: World, wrong: dict[str, Any], status: int) -> None:
    body = {
        "matchers": [{"name": "alertname", "value": "Down", "isRegex": False}], "startsAt": "2025-10-27T14:25:00Z", "endsAt": "2025-10-27T18:00:00Z",
        "createdBy": "ana", "comment": "c", **wrong,
    }  # fmt: skip
    answer = send(keyed, "POST", "silences", body)
    assert answer.status == status
    assert isinstance(answer.json, str)
    assert send(keyed, "GET", "silence/nothing").status == 404
    assert send(keyed, "DELETE", "silence/nothing").status == 404


def test_a_silence_for_one_service_made_here_survives_a_change_by_amtool(keyed: World) -> None:
    keyed.post("/services/checkout", {"name": "checkout"})
    until = (keyed.now + timedelta(hours=1)).isoformat()
    keyed.post("/silences/S1", {"until": until, "why": "new disk", "service": "checkout"})
    shown = send(keyed, "GET", "silence/S1").json
    assert shown["matchers"] == [{"name": "alert.service", "value": "checkout", "isRegex": False, "isEqual": True}]
    answer = send(keyed, "POST", "silences", {**shown, "comment": "longer"})
    assert (answer.status, answer.json) == (200, {"silenceID": "S1"})
    assert (keyed.get("/silences/S1")["service"], keyed.get("/silences/S1")["why"]) == ("checkout", "longer")


def test_a_key_may_be_kept_from_silencing(keyed: World) -> None:
    keyed.post("/intake-keys/oslo", {"name": "Oslo", "options": {"silences": False}})
    body = {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}], "startsAt": keyed.now.isoformat(), "createdBy": "x", "comment": "y",
        "endsAt": (keyed.now + timedelta(hours=1)).isoformat(),
    }  # fmt: skip
    assert send(keyed, "POST", "silences", body).status == 403
    assert keyed.get("/silences")["silences"] == []


# --- who asks -----------------------------------------------------------------------------------------------------------------------------


def test_the_key_may_come_as_a_bearer_token_or_as_a_password(keyed: World) -> None:
    basic = base64.b64encode(f"prometheus:{KEY}".encode()).decode()
    for header in (f"Bearer {KEY}", f"Basic {basic}"):
        answer = keyed.send("POST", "/api/v2/alerts", [alert(header[:5])], person="", headers={"authorization": header})
        assert answer.status == 200
    assert {one["key"] for one in keyed.get("/alerts")["alerts"]} == {"oslo"}


def test_without_a_key_only_this_machine_is_let_in(keyed: World) -> None:
    answer = keyed.send("GET", "/api/v2/alerts", person="")
    assert (answer.status, answer.headers["www-authenticate"][:5]) == (401, "Basic")


def test_a_key_sees_only_what_came_by_it_unless_it_may_read_all(keyed: World) -> None:
    fire(keyed, alert())
    keyed.post("/intake-keys/bergen", {"name": "Bergen", "secret": "a-key-of-the-prometheus-in-bergen"})

    def seen() -> int:
        return len(keyed.send("GET", "/am/a-key-of-the-prometheus-in-bergen/api/v2/alerts", person="").json)

    assert seen() == 0
    keyed.post("/intake-keys/bergen", {"name": "Bergen", "options": {"reads": "all"}})
    assert seen() == 1


def test_alerts_of_other_tools_are_listed_by_their_titles(keyed: World) -> None:
    keyed.send("POST", f"/intake/pagerduty-events-v2/{KEY}", {
        "event_action": "trigger", "dedup_key": "k", "payload": {"summary": "Disk at 99 %", "source": "db-1", "severity": "critical"},
    }, person="")  # fmt: skip
    assert named(keyed) == ["Disk at 99 %"]
    assert named(keyed, filter='alertname="Disk at 99 %"') == ["Disk at 99 %"]


def test_status_is_one_that_amtool_can_read_and_unknown_addresses_are_said_to_be_so(keyed: World) -> None:
    status = send(keyed, "GET", "status").json
    assert (status["cluster"]["status"], status["uptime"]) == ("disabled", "2025-10-27T14:25:00.000Z")
    assert "receiver: tocsin" in status["config"]["original"]
    assert send(keyed, "GET", "nothing").status == 404
    assert keyed.send("GET", f"/am/{KEY}/-/ready", person="").status == 200
    assert keyed.send("GET", "/api/v1/alerts").status == 200
