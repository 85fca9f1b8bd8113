"""PagerDuty's Events API v2 at our address: whoever sends there today changes a URL."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import Answer, World

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def keyed(world: World) -> World:
    world.post("/intake-keys/pager", {"name": "pager", "source": "pagerduty-events-v2", "secret": KEY})
    return world


def event(action: str = "trigger", **more: Any) -> dict[str, Any]:
    payload = {"summary": "Disk at 99 %", "source": "db-1", "severity": "critical"}
    return {"routing_key": KEY, "event_action": action, **({"payload": payload} if action == "trigger" else {}), **more}


def send(world: World, body: Any, path: str = "/v2/enqueue", **more: Any) -> Answer:
    return world.send("POST", path, body, person="", **more)


def alerts(world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get("/alerts")["alerts"]
    return found


def test_an_event_is_accepted_and_its_key_given_back(keyed: World) -> None:
    answer = send(keyed, event(dedup_key="k1"))
    assert (answer.status, answer.json) == (202, {"status": "success", "message": "Event processed", "dedup_key": "k1"})
    (alert,) = alerts(keyed)
    assert (alert["title"], alert["fingerprint"], alert["severity"], alert["level"]) == ("Disk at 99 %", "k1", "critical", "critical")


def test_triggers_with_one_key_are_one_alert_and_those_without_a_key_never_are(keyed: World) -> None:
    for _ in range(3):
        assert send(keyed, event(dedup_key="k1")).status == 202
    assert [alert["repeats"] for alert in alerts(keyed)] == [2]
    made = {send(keyed, event()).json["dedup_key"] for _ in range(2)}
    assert len(made) == 2
    assert {alert["fingerprint"] for alert in alerts(keyed)} == {"k1", *made}


def test_an_acknowledgement_stops_the_calling_and_further_triggers_call_nobody(keyed: World) -> None:
    keyed.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    keyed.post("/services/disk", {"name": "disk", "page": ["ana"]})
    details = {"summary": "Disk", "source": "db-1", "severity": "critical", "component": "disk"}
    send(keyed, event(dedup_key="k1", payload=details))
    called = len(keyed.outbox())
    send(keyed, event("acknowledge", dedup_key="k1", client="Probe"))
    send(keyed, event(dedup_key="k1", payload=details))
    keyed.advance(minutes=20)
    (alert,) = alerts(keyed)
    assert (alert["state"], alert["acknowledged_by"], alert["repeats"]) == ("firing", "Probe", 1)
    assert [one for one in keyed.outbox()[called:] if "acknowledged" not in str(one)] == []


def test_a_trigger_after_the_resolve_is_a_new_alert(keyed: World) -> None:
    send(keyed, event(dedup_key="k1"))
    assert send(keyed, event("resolve", dedup_key="k1")).status == 202
    send(keyed, event(dedup_key="k1"))
    assert [alert["state"] for alert in alerts(keyed)] == ["firing", "resolved"]


def test_links_images_and_the_client_are_kept(keyed: World) -> None:
    body = event(
        dedup_key="k1", client="Probe", client_url="https://probe.example", links=[{"href": "https://r.example/disk", "text": "Runbook"}],
        images=[{"src": "https://g.example/i.png", "alt": "free space"}],
    )  # fmt: skip
    send(keyed, body)
    alert = keyed.get(f"/alerts/{alerts(keyed)[0]['id']}")
    assert alert["links"] == {
        "source": "https://probe.example",
        "runbook": "https://r.example/disk",
        "free space": "https://g.example/i.png",
    }
    assert alert["annotations"] == {"client": "Probe"}


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"payload": {"source": "h", "severity": "critical"}}, ["'payload.summary' is missing or blank"]),
        ({"payload": {"summary": " ", "source": "h", "severity": "info"}}, ["'payload.summary' is missing or blank"]),
        (
            {"payload": {"summary": "x", "severity": "fatal"}},
            [
                "'payload.source' is missing or blank",
                "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
            ],
        ),
        ({"payload": None}, ["'payload' is missing or blank"]),
        ({"event_action": "resolve", "payload": None}, ["'dedup_key' is missing or blank"]),
        ({"event_action": "shout"}, ["'event_action' is invalid (must be one of the following: 'trigger', 'acknowledge' or 'resolve')"]),
        ({"dedup_key": "k" * 256}, ["'dedup_key' is invalid (must be at most 255 characters)"]),
        ({"routing_key": ""}, ["'routing_key' is missing or blank"]),
    ],
)
def test_a_wrong_event_is_refused_with_every_reason(keyed: World, body: dict[str, Any], errors: list[str]) -> None:
    answer = send(keyed, {**event(), **body})
    assert answer.status == 400
    assert answer.json == {"status": "invalid event", "message": "Event object is invalid", "errors": errors}
    assert alerts(keyed) == []


def test_a_refused_event_is_kept_as_a_receipt(keyed: World) -> None:
    send(keyed, {**event(), "payload": {}})
    receipt = keyed.get("/receipts")["receipts"][0]
    assert (receipt["status"], receipt["source"]) == (400, "pagerduty-events-v2")
    assert keyed.get(f"/receipts/{receipt['id']}")["rejected"]["field"] == "payload"


def test_what_is_no_json_is_said_to_be_none(keyed: World) -> None:
    answer = send(keyed, None, raw=b"{")
    assert (answer.status, answer.json["status"], answer.json["errors"][0]) == (400, "Unrecognized object", "JSON parse error")


def test_an_event_may_carry_its_key_in_a_header(keyed: World) -> None:
    body = {name: value for name, value in event(dedup_key="k1").items() if name != "routing_key"}
    assert send(keyed, body, headers={"x-routing-key": KEY}).status == 202


def test_a_key_of_another_tool_is_no_routing_key(keyed: World) -> None:
    keyed.post("/intake-keys/grafana", {"name": "g", "source": "grafana", "secret": "grafana-secret-0123456789"})
    answer = send(keyed, event() | {"routing_key": "grafana-secret-0123456789"})
    assert (answer.status, answer.json["errors"]) == (400, ["Invalid routing key"])


def test_a_body_that_is_too_large_is_refused_in_the_same_words(keyed: World) -> None:
    answer = send(keyed, None, raw=b" " * 5_000_001)
    assert (answer.status, set(answer.json)) == (413, {"status", "message", "errors"})


def test_only_post_is_taken(keyed: World) -> None:
    assert keyed.send("GET", "/v2/enqueue", person="").status == 405


def test_a_change_is_written_down_and_calls_nobody(keyed: World) -> None:
    body = {
        "routing_key": KEY, "links": [{"href": "https://ci.example/7", "text": "Build"}],
        "payload": {"summary": "Deployed 1.7", "source": "ci", "timestamp": "2025-10-27T14:20:00.000+0000", "custom_details": {"by": "ana"}},
    }  # fmt: skip
    answer = send(keyed, body, "/v2/change/enqueue")
    assert (answer.status, answer.json["status"]) == (202, "success")
    (change,) = keyed.get("/changes")["changes"]
    assert (change["title"], change["source"], change["at"]) == ("Deployed 1.7", "ci", "2025-10-27T14:20:00Z")
    whole = keyed.get(f"/changes/{change['id']}")
    assert (whole["links"], whole["details"], whole["receipt"]) == ({"Build": "https://ci.example/7"}, {"by": "ana"}, "R-1")
    assert (alerts(keyed), keyed.outbox()) == ([], [])


def test_a_change_without_a_summary_is_refused(keyed: World) -> None:
    answer = send(keyed, {"routing_key": KEY, "payload": {"source": "ci"}}, "/v2/change/enqueue")
    assert (answer.status, answer.json["errors"]) == (400, ["'payload.summary' is missing or blank"])


def test_the_address_of_the_intake_answers_in_the_same_words(keyed: World) -> None:
    body = event(dedup_key="k1") | {"routing_key": "whatever-it-had-at-the-vendor"}
    answer = send(keyed, body, f"/intake/pagerduty-events-v2/{KEY}")
    assert (answer.status, answer.json["dedup_key"]) == (202, "k1")
    assert send(keyed, {**body, "payload": {}}, f"/intake/pagerduty-events-v2/{KEY}").status == 400
