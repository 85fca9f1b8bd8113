"""Opsgenie's Alert API at our address: create, look, act, by id, tiny id or alias."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Answer, World

KEY = "11111111-2222-3333-4444-555555555555"
GENIE = {"authorization": f"GenieKey {KEY}"}


@pytest.fixture
def keyed(world: World) -> World:
    world.post("/intake-keys/genie", {"name": "Genie", "source": "opsgenie-api", "secret": KEY})
    return world


def send(world: World, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
    return world.send(method, f"/v2{path}", body, person="", headers=GENIE if headers is None else headers)


def create(world: World, alias: str = "a1", **more: Any) -> Answer:
    answer = send(world, "POST", "/alerts", {"message": "Checkout is slow", "alias": alias, **more})
    assert answer.status == 202, answer.text
    return answer


def shown(world: World, identifier: str = "a1", how: str = "alias") -> dict[str, Any]:
    answer = send(world, "GET", f"/alerts/{identifier}?identifierType={how}")
    assert answer.status == 200, answer.text
    found: dict[str, Any] = answer.json["data"]
    return found


def act(world: World, action: str, body: Any = None, identifier: str = "a1", how: str = "alias") -> dict[str, Any]:
    """Do something, and return what became of the request."""
    answer = send(world, "POST", f"/alerts/{identifier}/{action}?identifierType={how}", body or {})
    assert answer.status == 202, answer.text
    done: dict[str, Any] = send(world, "GET", f"/alerts/requests/{answer.json['requestId']}").json["data"]
    return done


def test_a_created_alert_carries_all_that_was_sent(keyed: World) -> None:
    answer = create(
        keyed, description="p99 is 4 s", priority="P1", entity="checkout", source="probe", tags=["slow", "eu"], user="probe",
        details={"service": "checkout", "region": "eu-1"}, responders=[{"type": "team", "name": "payments"}], actions=["restart"],
    )  # fmt: skip
    assert set(answer.json) == {"result", "took", "requestId"}
    alert = shown(keyed)
    assert (alert["message"], alert["alias"], alert["status"], alert["priority"], alert["count"]) == (
        "Checkout is slow",
        "a1",
        "open",
        "P1",
        1,
    )
    assert (alert["tags"], alert["entity"], alert["source"], alert["actions"]) == (["slow", "eu"], "checkout", "probe", ["restart"])
    assert (alert["description"], alert["details"]["region"]) == ("p99 is 4 s", "eu-1")
    ours = keyed.get(f"/alerts/{alert['id']}")
    assert (ours["service"], ours["labels"]["team"], ours["level"]) == ("checkout", "payments", "critical")


def test_creating_again_while_it_is_open_raises_the_count_whatever_else_is_said(keyed: World) -> None:
    for more in ({}, {"message": "again"}, {"message": "again", "priority": "P1"}):
        create(keyed, **more)
    assert (shown(keyed)["count"], shown(keyed)["status"]) == (3, "open")
    assert send(keyed, "GET", "/alerts/count").json["data"] == {"count": 1}


def test_creating_after_it_was_closed_makes_another_alert(keyed: World) -> None:
    create(keyed)
    first = shown(keyed)["id"]
    act(keyed, "close")
    create(keyed)
    assert shown(keyed)["id"] != first
    assert shown(keyed, first, "id")["status"] == "closed"


def test_alerts_without_an_alias_are_never_the_same(keyed: World) -> None:
    for _ in range(2):
        assert send(keyed, "POST", "/alerts", {"message": "m"}).status == 202
    assert send(keyed, "GET", "/alerts/count").json["data"] == {"count": 2}


def test_an_alert_is_called_by_id_tiny_id_or_alias(keyed: World) -> None:
    create(keyed)
    alert = shown(keyed)
    assert shown(keyed, alert["id"], "id") == shown(keyed, alert["tinyId"], "tiny") == alert
    act(keyed, "acknowledge", {"user": "trinity@example.com", "note": "on it"})
    act(keyed, "close", {"user": "trinity@example.com"}, alert["id"], "id")
    closed = shown(keyed, alert["tinyId"], "tiny")
    assert (closed["status"], closed["acknowledged"], closed["owner"]) == ("closed", True, "trinity@example.com")
    assert (closed["report"]["acknowledgedBy"], set(closed["report"])) == (
        "trinity@example.com",
        {"ackTime", "acknowledgedBy", "closeTime", "closedBy"},
    )


def test_the_status_of_a_request_says_what_became_of_it(keyed: World) -> None:
    made = send(keyed, "GET", f"/alerts/requests/{create(keyed).json['requestId']}").json["data"]
    assert (made["isSuccess"], made["status"], made["action"], made["alias"]) == (True, "Created alert", "Create", "a1")
    assert made["alertId"] == shown(keyed)["id"]
    for action, status in (("acknowledge", "Acknowledged the alert"), ("close", "Closed the alert")):
        done = act(keyed, action)
        assert (done["isSuccess"], done["status"]) == (True, status)


@pytest.mark.parametrize(("identifier", "how"), [("nobody", "alias"), ("A-77", "id"), ("77", "tiny")])
def test_acting_on_an_alert_that_does_not_exist_is_accepted_and_said_to_have_failed(keyed: World, identifier: str, how: str) -> None:
    done = act(keyed, "close", {}, identifier, how)
    assert done["isSuccess"] is False
    assert done["status"]
    assert send(keyed, "GET", f"/alerts/{identifier}?identifierType={how}").status == 404


def test_notes_are_kept_with_their_author(keyed: World) -> None:
    create(keyed)
    act(keyed, "notes", {"note": "failing over", "user": "ana"})
    act(keyed, "tags", {"tags": ["big"], "user": "ana"})
    notes = send(keyed, "GET", "/alerts/a1/notes?identifierType=alias").json["data"]
    assert [(one["note"], one["owner"]) for one in notes] == [("tags: ['big']", "ana"), ("failing over", "ana")]
    history = keyed.get(f"/alerts/{shown(keyed)['id']}")["history"]
    assert ("note", "ana") in [(one["what"], one["by"]) for one in history]


def test_snoozing_escalating_and_assigning_reach_the_open_page(keyed: World) -> None:
    for name in ("ana", "bo"):
        keyed.post(f"/people/{name}", {"name": name.capitalize(), "contacts": [{"kind": "file", "value": f"{name}@example.com"}]})
    keyed.post("/policies/checkout", {"steps": [{"to": ["person:ana"], "wait": "30m"}, {"to": ["person:bo"], "wait": "30m"}]})
    keyed.post("/services/checkout", {"name": "checkout", "policy": "checkout"})
    create(keyed, entity="checkout", priority="P1")

    def called() -> list[str]:
        return [one["to"] for one in keyed.outbox()]

    assert called() == ["ana@example.com"]
    act(keyed, "escalate", {"escalation": {"type": "escalation", "name": "x"}, "note": "higher"})
    assert called()[1:] == ["bo@example.com"]
    until = keyed.now.replace(hour=16, minute=0)
    done = act(keyed, "snooze", {"endTime": until.isoformat(), "user": "bo"})
    assert done["isSuccess"] is True
    assert shown(keyed)["snoozedUntil"] == "2025-10-27T16:00:00.000Z"
    before = len(called())
    keyed.advance(minutes=60)
    assert len(called()) == before
    keyed.advance(minutes=60)
    assert len(called()) > before
    assert act(keyed, "assign", {"owner": {"type": "user", "username": "BO@example.com"}})["isSuccess"] is True
    assert act(keyed, "assign", {"owner": {"username": "nobody@example.com"}})["isSuccess"] is False


def test_a_list_is_searched_sorted_and_cut_into_pages(keyed: World) -> None:
    for number, priority in enumerate(("P1", "P3", "P1", "P5")):
        create(keyed, f"a{number}", message=f"alert {number}", priority=priority, tags=["even" if number % 2 == 0 else "odd"])
    act(keyed, "close", {}, "a2")

    def found(query: str) -> list[str]:
        return [one["alias"] for one in send(keyed, "GET", f"/alerts?{query}").json["data"]]

    assert found("") == ["a3", "a2", "a1", "a0"]
    assert found("order=asc&sort=createdAt") == ["a0", "a1", "a2", "a3"]
    assert found("query=status%3A+open+AND+priority%3A+P1") == ["a0"]
    assert found("query=tag%3Aeven") == ["a2", "a0"]
    assert found("query=NOT+status%3Dopen") == ["a2"]
    assert found("query=%22alert+3%22") == ["a3"]
    first = send(keyed, "GET", "/alerts?limit=3").json
    assert [one["alias"] for one in first["data"]] == ["a3", "a2", "a1"]
    assert "offset=3" in first["paging"]["next"]
    assert found("limit=3&offset=3") == ["a0"]


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "sort=colour", "order=up", "query=colour%3Ared", "query=a+OR+b"])
def test_a_search_that_cannot_be_made_is_refused(keyed: World, query: str) -> None:
    answer = send(keyed, "GET", f"/alerts?{query}")
    assert (answer.status, set(answer.json)) == (422, {"message", "code", "took", "requestId"})


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"message"}),
        ({"message": "m", "priority": "P9"}, {"priority"}),
        ({"message": 3, "priority": 1}, {"priority"}),
        ({"message": "m", "details": "x", "tags": "y"}, {"details", "tags"}),
    ],
)
def test_a_wrong_alert_is_refused_with_each_wrong_field(keyed: World, body: dict[str, Any], errors: set[str]) -> None:
    answer = send(keyed, "POST", "/alerts", body)
    assert (answer.status, set(answer.json["errors"])) == (422, errors)
    assert keyed.get("/receipts")["receipts"][0]["status"] == 422


def test_what_is_no_json_is_said_to_be_none(keyed: World) -> None:
    answer = keyed.send("POST", "/v2/alerts", raw=b"{", headers=GENIE, person="")
    assert (answer.status, "parse" in answer.json["message"]) == (400, True)


@pytest.mark.parametrize("headers", [{}, {"authorization": f"Basic {KEY}"}, {"authorization": "GenieKey "}])
def test_without_a_key_nothing_is_taken(keyed: World, headers: dict[str, str]) -> None:
    answer = send(keyed, "POST", "/alerts", {"message": "m"}, headers)
    assert (answer.status, set(answer.json)) == (401, {"message", "code", "took", "requestId"})


def test_a_key_sees_only_its_own_alerts_unless_it_may_read_all(keyed: World) -> None:
    other = {"authorization": "GenieKey another-key-0123456789"}
    keyed.post("/intake-keys/other", {"name": "Other", "secret": "another-key-0123456789"})
    create(keyed)
    alert = shown(keyed)["id"]
    assert send(keyed, "GET", f"/alerts/{alert}", headers=other).status == 404
    assert send(keyed, "GET", "/alerts/count", headers=other).json["data"] == {"count": 0}
    keyed.post("/intake-keys/other", {"name": "Other", "options": {"reads": "all"}})
    assert send(keyed, "GET", f"/alerts/{alert}", headers=other).status == 200
    closed = send(keyed, "POST", f"/alerts/{alert}/close", {}, headers=other)
    assert (closed.status, shown(keyed)["status"]) == (202, "closed")


def test_an_acknowledgement_is_not_taken_back_and_the_alert_stays_as_it_was(keyed: World) -> None:
    create(keyed, tags=["t"])
    act(keyed, "acknowledge", {"user": "ana"})
    before = shown(keyed)
    done = act(keyed, "unacknowledge")
    assert (done["isSuccess"], "escalate" in done["status"]) == (False, True)
    assert shown(keyed) == before


def test_deleting_closes_and_keeps_the_record(keyed: World) -> None:
    create(keyed)
    assert send(keyed, "DELETE", "/alerts/a1?identifierType=alias&user=ana").status == 202
    assert shown(keyed)["status"] == "closed"


def test_a_heartbeat_is_pinged(keyed: World) -> None:
    keyed.post("/heartbeats/backup", {"name": "Backup", "every": "5m"})
    for method in ("GET", "POST"):
        answer = send(keyed, method, "/heartbeats/backup/ping")
        assert (answer.status, answer.json["result"]) == (202, "PONG - Heartbeat received")
    assert send(keyed, "POST", "/heartbeats/nothing/ping").status == 404


def test_an_address_that_is_not_here_says_so_in_the_same_words(keyed: World) -> None:
    answer = send(keyed, "POST", "/alerts/a1/dance?identifierType=alias", {})
    assert (answer.status, set(answer.json)) == (404, {"message", "code", "took", "requestId"})
    assert send(keyed, "POST", "/alerts/a1/close?identifierType=name", {}).status == 422


def test_the_address_of_the_intake_takes_the_same_alerts(keyed: World) -> None:
    path = f"/intake/opsgenie-api/{KEY}"
    assert keyed.send("POST", path, {"message": "m", "alias": "a9"}, person="").status == 202
    answer = keyed.send("POST", f"{path}?identifier=a9&identifierType=alias&action=close", {"user": "ana"}, person="")
    assert (answer.status, shown(keyed, "a9")["status"]) == (202, "closed")
    unsaid = keyed.send("POST", f"{path}?identifier=a9&identifierType=alias", {"user": "ana"}, person="")
    assert unsaid.status == 404
