"""Real requests of monitoring tools become the alerts that they are about: once, with what they say, for as long as they say it."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cases.files import folder, of_kind, skip_deviation
from tests.cases.payloads import Case, read, request_of
from tests.world import Answer, World
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Signal
from tocsin.alerts.registry import READERS
from tocsin.alerts.sources.times import moment

PARAMETERS = of_kind("alert-payload")
CASES = pytest.mark.parametrize("case", PARAMETERS)
BY_ID = {one.values[0]["id"]: one.values[0] for one in PARAMETERS if one.values[0]}
PAIRS = [
    pytest.param(case, BY_ID[case["pairs_with"]], id=case["id"])
    for case in BY_ID.values()
    if case.get("pairs_with") in BY_ID and {a["state"] for a in case["expected"]["alerts"]} == {"firing"}
]
FINEST = timedelta(microseconds=1)
"""Senders name nanoseconds; we keep microseconds."""
TRIES = 4


@contextmanager
def installation(place: Path) -> Iterator[World]:
    """An installation at a time when all cases are history, so that no time in them lies ahead."""
    world = World(place / "data", moment("2100-01-01") or pytest.fail("no time"), playbook="house")
    try:
        yield world
    finally:
        world.close()


@pytest.fixture
def later(tmp_path: Path) -> Iterator[World]:
    with installation(tmp_path) as world:
        yield world


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with installation(tmp_path_factory.mktemp("shared")) as world:
        yield world


def wanted(case: Case) -> int:
    """The class of the answer that the case wants."""
    response = case["expected"].get("response", {})
    if "status" in response:
        return int(response["status"]) // 100
    return int(response.get("status_class", "2xx")[0])


# --- what each request says -----------------------------------------------------------------------------------------------------------------


@CASES
def test_a_request_is_read_as_the_alerts_that_it_is_about(case: Case) -> None:
    skip_deviation(case, "alerts")
    if wanted(case) != 2:
        with pytest.raises(WrongBody) as refusal:
            read(case)
        assert refusal.value.field
        return
    reading = read(case)
    assert len(reading.signals) == case["expected"]["alert_count"]
    for signal, expected in zip(reading.signals, case["expected"]["alerts"], strict=True):
        says(signal, expected)


def says(signal: Signal, expected: dict[str, Any]) -> None:
    assert signal.status == expected["state"]
    assert signal.fingerprint, "an alert without an identity is never the same again"
    if expected.get("identity") is not None:
        assert signal.fingerprint == expected["identity"]
    for part in expected.get("title_contains", []):
        assert part in signal.title
    assert signal.title.strip()
    if "severity_native" in expected:
        assert signal.severity == (expected["severity_native"] or "")
    if expected.get("started_at") is not None:
        close(signal.starts_at, expected["started_at"])
    if "ended_at" in expected:
        close(signal.ends_at, expected["ended_at"])
    assert signal.labels.items() >= expected.get("labels_include", {}).items()
    assert set(signal.links.values()) >= set(expected.get("links_include", []))
    assert all(url.startswith(("http://", "https://")) for url in signal.links.values())


def close(ours: Any, theirs: str | None) -> None:
    if theirs is None:
        assert ours is None
        return
    exact = moment(theirs)
    assert ours is not None, f"nothing for {theirs}"
    assert exact is not None
    assert abs(ours - exact) <= FINEST


@CASES
def test_what_is_not_an_alert_is_read_as_what_it_is(case: Case) -> None:
    skip_deviation(case, "other")
    expected = case["expected"]
    if wanted(case) != 2:
        pytest.skip("the request is refused")
    reading = read(case)
    if expected.get("ignored"):
        assert reading.ignored
    if expected.get("handshake"):
        assert reading.handshake is not None
        assert reading.handshake.url.startswith("https://")
    if expected.get("change_event"):
        (change,) = reading.changes
        assert change.title == expected.get("summary", change.title)
    if note := expected.get("timeline_note"):
        (found,) = reading.notes
        assert (found.subject, found.text) == (note["incident"], note["text"])
    if "event" in expected:
        assert reading.event.rpartition(".")[2] == expected["event"]
    if "actor" in expected:
        assert {signal.by for signal in reading.signals} == {expected["actor"]}
    if "group_identity" in expected:
        assert reading.group == expected["group_identity"]
        assert {signal.group for signal in reading.signals} == {expected["group_identity"]}
    if "group_state" in expected:
        assert reading.group_state == expected["group_state"]


# --- through the intake ---------------------------------------------------------------------------------------------------------------------


def newest_receipt(world: World) -> dict[str, Any]:
    newest = world.get("/receipts", limit=1)["receipts"][0]
    found: dict[str, Any] = world.get(f"/receipts/{newest['id']}")
    return found


def everything(world: World) -> tuple[list[str], int, int]:
    """Alerts, how often each fired, and messages: what a repeat must not add to."""
    alerts = world.get("/alerts", limit=500)["alerts"]
    return sorted(str(one["id"]) for one in alerts), sum(one.get("fired", 0) or 0 for one in alerts), len(world.outbox())


def fits(case: Case, answer: Answer) -> None:
    response = case["expected"].get("response", {})
    assert answer.status // 100 == wanted(case), answer.text
    assert answer.status == response.get("status", answer.status), answer.text
    if "body_has" in response:
        assert set(response["body_has"]) <= set(answer.json)
    for name, value in response.get("body", {}).items():
        assert answer.json[name] == value


@CASES
def test_a_request_is_answered_kept_and_shown_and_a_second_one_adds_nothing(later: World, case: Case) -> None:
    skip_deviation(case, "intake")
    request = request_of(case)
    fits(case, request.sent_to(later))
    receipt = newest_receipt(later)
    assert receipt["body"] == request.body.decode()
    assert len(receipt["alerts"]) == case["expected"]["alert_count"]
    for outcome, expected in zip(receipt["alerts"], case["expected"]["alerts"], strict=False):
        if expected["state"] == "firing":
            alert = later.get(f"/alerts/{outcome['alert']}")
            assert alert["state"] == "firing"
            assert alert.get("ended_at") is None
            assert all(part in alert["title"] for part in expected.get("title_contains", []))
            if expected.get("started_at") is not None:
                close(moment(alert["started_at"]), expected["started_at"])
        else:
            assert expected.get("identity") in (None, outcome["fingerprint"])
    before = everything(later)
    later.advance(minutes=1)
    fits(case, request.sent_to(later))
    assert everything(later) == before
    later.advance(hours=1)
    assert everything(later)[:2] == before[:2]


@pytest.mark.parametrize(("down", "up"), PAIRS)
def test_a_pair_is_one_alert_that_ends_resolved(later: World, down: Case, up: Case) -> None:
    skip_deviation(down, "pair")
    for case in (down, up):
        answer = request_of(case).sent_to(later)
        assert answer.status // 100 == 2, answer.text
    receipt = newest_receipt(later)
    (alert,) = later.get("/alerts", limit=500)["alerts"]
    assert (alert["state"], [one["alert"] for one in receipt["alerts"]]) == ("resolved", [alert["id"]])
    ends = [one["ended_at"] for one in up["expected"]["alerts"] if one.get("ended_at")]
    if ends:
        close(moment(later.get(f"/alerts/{alert['id']}")["ended_at"]), ends[0])


@CASES
def test_a_request_with_fields_removed_is_taken_or_refused_but_never_fails(shared: World, case: Case) -> None:
    request = request_of(case)
    value = json.loads(request.body) if request.body.startswith((b"{", b"[")) else None
    if value is None:
        pytest.skip("the body is no JSON")
    chance = random.Random(case["id"])
    for _ in range(TRIES):
        answer = request.sent_to(shared, json.dumps(thinned(value, chance)).encode())
        assert answer.status < 500, answer.text
        assert answer.status != 404, answer.text


def thinned(value: Any, chance: random.Random) -> Any:
    """Return a value without some of its fields, wherever they stand."""
    if isinstance(value, dict):
        return {name: thinned(one, chance) for name, one in value.items() if chance.random() > 0.15}
    if isinstance(value, list):
        return [thinned(one, chance) for one in value]
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return json.dumps(thinned(json.loads(value), chance))
        except ValueError:
            return value
    return value


# --- captured from a running Alertmanager ---------------------------------------------------------------------------------------------------


def captured(pattern: str) -> list[Any]:
    found = sorted((folder() / "captured" / "alertmanager").glob(pattern))
    if not found:
        return [pytest.param(None, id="captured", marks=pytest.mark.skip(reason=f"no captured requests in {folder()}"))]
    return [pytest.param(json.loads(one.read_text(encoding="utf-8")), id=one.stem) for one in found]


@pytest.mark.parametrize("capture", captured("webhook.*.json"))
def test_a_captured_webhook_has_the_states_that_alertmanager_gave(capture: dict[str, Any], later: World) -> None:
    case = {"vendor": "alertmanager", "request": {"body": capture["body"], "content_type": "application/json"}}
    reading = read(case)
    alerts = capture["body"]["alerts"]
    assert [(s.fingerprint, s.status) for s in reading.signals] == [(a["fingerprint"], a["status"]) for a in alerts]
    assert (reading.group, reading.group_state) == (capture["body"]["groupKey"], capture["body"]["status"])
    assert request_of(case).sent_to(later).status == 200


def test_a_captured_group_ends_alert_by_alert(later: World) -> None:
    stages = [one.values[0] for one in captured("webhook.*.json")]
    if stages == [None]:
        pytest.skip("no captured requests")
    firing = []
    for stage in stages:
        assert isinstance(stage, dict)
        answer = request_of({"vendor": "alertmanager", "request": {"body": stage["body"]}}).sent_to(later)
        assert answer.status == 200
        firing.append(sum(one["state"] == "firing" for one in later.get("/alerts", limit=500)["alerts"]))
    assert firing == [2, 1, 0]


def test_every_vendor_of_the_cases_has_a_reader() -> None:
    assert {case["vendor"] for case in BY_ID.values()} <= set(READERS)
