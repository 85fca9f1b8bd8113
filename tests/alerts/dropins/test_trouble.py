"""When more comes than can be written, and when nothing can be: each tool is told so in words on which it tries again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.world import World
from tocsin.alerts.handlers import journal_of

EVENT = {"routing_key": "k" * 32, "event_action": "trigger", "payload": {"summary": "s", "source": "h", "severity": "info"}}
REQUESTS: list[Any] = [
    pytest.param("/v2/enqueue", EVENT, {}, id="pagerduty"),
    pytest.param("/v2/alerts", {"message": "m"}, {"authorization": "GenieKey " + "k" * 32}, id="opsgenie"),
    pytest.param("/am/" + "k" * 32 + "/api/v2/alerts", [{"labels": {"a": "b"}}], {}, id="alertmanager"),
    pytest.param("/intake/pagerduty-events-v2/" + "k" * 32, EVENT, {}, id="intake-pagerduty"),
    pytest.param("/intake/opsgenie-api/" + "k" * 32, {"message": "m"}, {}, id="intake-opsgenie"),
]


@pytest.mark.parametrize(("path", "body", "headers"), REQUESTS)
def test_whoever_sends_too_much_is_told_to_try_again_and_nothing_is_kept(
    world: World, path: str, body: Any, headers: dict[str, str]
) -> None:
    door = journal_of(world.app.runtime).door
    most, door.most_requests = door.most_requests, 0
    answer = world.send("POST", path, body, person="", headers=headers)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert world.get("/receipts")["receipts"] == []
    door.most_requests = most
    assert world.send("POST", path, body, person="", headers=headers).status in (200, 202)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation for requests that leave nothing behind."""
    world = World(tmp_path_factory.mktemp("trouble") / "data", playbook="house")
    yield world
    world.close()


@pytest.mark.parametrize(("path", "body", "headers"), REQUESTS)
def test_a_body_that_is_too_large_is_refused_in_the_words_of_the_tool(shared: World, path: str, body: Any, headers: dict[str, str]) -> None:
    answer = shared.send("POST", path, raw=b" " * 5_000_001, person="", headers=headers)
    assert (answer.status, answer.headers["content-type"]) == (413, "application/json")


@pytest.mark.parametrize(("path", "body", "headers"), REQUESTS)
@pytest.mark.parametrize("raw", [b"", b"\xff\xfe", b"[" * 100_000, b'"text"', b"null", b'{"event_action": [], "payload": 1e999}'])
def test_garbage_is_refused_and_never_an_error_of_ours(shared: World, path: str, body: Any, headers: dict[str, str], raw: bytes) -> None:
    answer = shared.send("POST", path, raw=raw, person="", headers=headers)
    assert answer.status in (400, 401, 422), answer.text


def test_the_same_sequence_survives_a_restart_between_any_two_requests(world: World) -> None:
    genie = {"authorization": "GenieKey " + "k" * 32}
    world.send("POST", "/v2/alerts", {"message": "m", "alias": "a"}, person="", headers=genie)
    world.restart()
    world.send("POST", "/v2/alerts", {"message": "m", "alias": "a"}, person="", headers=genie)
    world.restart()
    done = world.send("POST", "/v2/alerts/a/close?identifierType=alias", {}, person="", headers=genie).json
    world.restart()
    status = world.send("GET", f"/v2/alerts/requests/{done['requestId']}", person="", headers=genie).json["data"]
    shown = world.send("GET", "/v2/alerts/a?identifierType=alias", person="", headers=genie).json["data"]
    assert (status["isSuccess"], shown["status"], shown["count"]) == (True, "closed", 2)
