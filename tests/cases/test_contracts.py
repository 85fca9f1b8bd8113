"""The contracts that vendors publish, held against our addresses: what they allow is taken, what they forbid is refused, and every answer fits.

Each address of ours that stands for a vendor's (``OURS``) is tried with every operation of the contract that it serves: requests made from its
schema, the same with a required field left out or of a wrong type, and the answers to both.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases.contract import breaches, operations, request_schema, resolved, response_schema, values_of
from tests.cases.files import folder
from tests.world import Answer, World

KEY = "a-key-of-the-contracts"
EXAMPLES = settings(max_examples=10, suppress_health_check=list(HealthCheck), database=None)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)
SAID = TEXTS.filter(lambda text: bool(text.strip()))


@dataclass(frozen=True)
class Ours:
    """An address of ours that stands for a vendor's."""

    contract: str
    prefix: str
    """What stands before the contract's paths here."""
    serves: tuple[str, ...]
    """Beginnings of the contract's paths that are served."""
    headers: dict[str, str] = field(default_factory=dict)


OURS = (
    Ours("pagerduty-events-v2.openapi.json", "/v2", ("/enqueue", "/change/enqueue")),
    Ours("opsgenie-subset.swagger.json", "", ("/v2/alerts",), {"authorization": f"GenieKey {KEY}"}),
    Ours("alertmanager-v2.openapi.json", f"/am/{KEY}/api/v2", ("/",)),
)


def contract(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder() / "contracts" / name).read_text(encoding="utf-8"))
    return found


def served(*methods: str, body: bool = False) -> list[Any]:
    """A parameter for each operation of each contract that we serve."""
    found = []
    for ours in OURS:
        if not (folder() / "contracts" / ours.contract).is_file():
            found.append(pytest.param(ours, "", "", id=ours.contract, marks=pytest.mark.skip(reason=f"no contracts in {folder()}")))
            continue
        document = contract(ours.contract)
        for method, path, operation in operations(document):
            takes = request_schema(document, operation) is not None
            if path.startswith(ours.serves) and method in methods and (takes or not body):
                found.append(pytest.param(ours, method, path, id=f"{ours.contract.partition('.')[0]}-{method}-{path}"))
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One installation, with an alert and a silence for requests about one."""
    world = World(tmp_path_factory.mktemp("contracts") / "data", playbook="house")
    world.post("/intake-keys/contracts", {"name": "Contracts", "secret": KEY})
    until = world.now + timedelta(days=300)
    silence = {"until": until.isoformat(), "why": "w", "match": 'alertname="Nothing"'}
    world.post("/silences/8fad6f3e-c08a-4230-b9f9-4427dd5b4cdf", silence)
    made = world.send("POST", "/v2/alerts", {"message": "m", "alias": "known"}, headers={"authorization": f"GenieKey {KEY}"}, person="")
    assert made.status == 202
    yield world
    world.close()


def send(world: World, ours: Ours, method: str, path: str, body: Any = None, query: str = "") -> Answer:
    """Send a request to an operation; what its path names is something that there is."""
    names = {"identifier": "known", "requestId": "R-1", "silenceID": "8fad6f3e-c08a-4230-b9f9-4427dd5b4cdf"}
    for name, value in names.items():
        path = path.replace(f"{{{name}}}", quote(value))
    named = "identifierType=alias" if "/known" in path else ""
    asked = "&".join(part for part in (named, query) if part)
    raw = None if body is None else json.dumps(body).encode()
    return world.send(method, f"{ours.prefix}{path}" + (f"?{asked}" if asked else ""), raw=raw, headers=ours.headers, person="")


def judged(ours: Ours, method: str, path: str, answer: Answer) -> None:
    """An answer is one that the contract knows, and its body is what the contract says of it."""
    document = contract(ours.contract)
    operation = next(found for m, p, found in operations(document) if (m, p) == (method, path))
    known, schema = response_schema(document, operation, answer.status)
    assert known, f"{answer.status} is no answer of {method} {path}: {answer.text}"
    if schema is not None:
        assert breaches(document, schema, answer.json) == []


def meant(ours: Ours, path: str, value: Any) -> Any:
    """A made request as its sender would send it: with our key, and with what the contract says in prose only."""
    if isinstance(value, dict) and "routing_key" in value:
        value = {**value, "routing_key": KEY}
        if path == "/enqueue":
            value = {"dedup_key": "k", **value}
            if value["event_action"] == "trigger" and "payload" not in value:
                value["payload"] = {"summary": "s", "source": "h", "severity": "info"}
    if path == "/silences":
        value = {**value, "id": "8fad6f3e-c08a-4230-b9f9-4427dd5b4cdf" if "id" in value else "", "startsAt": "2025-10-27T14:25:00.000Z"}
        value["endsAt"] = "2025-10-27T18:25:00.000Z"
        value["matchers"] = [{**one, "value": "plain", "isRegex": False, "isEqual": True} for one in value["matchers"]]
    if path == "/alerts":
        value = [{**one, "labels": one["labels"] or {"a": "b"}, "startsAt": "2025-10-27T14:25:00.000Z", "endsAt": None} for one in value]
        value = [{name: inner for name, inner in one.items() if inner is not None} for one in value]
    if path.endswith("/notes"):
        value = {"note": "n", **value}
    if path.endswith("/snooze"):  # until a time to come
        value = {**value, "endTime": "2025-10-28T00:00:00.000Z"}
    if path.endswith("/assign") and not {"id", "username"} & set(value["owner"]):
        value = {**value, "owner": {**value["owner"], "username": "ana"}}
    return value


@pytest.mark.parametrize(("ours", "method", "path"), served("POST", body=True))
def test_what_a_contract_allows_is_taken_and_the_answer_fits(world: World, ours: Ours, method: str, path: str) -> None:
    document = contract(ours.contract)
    operation = next(found for m, p, found in operations(document) if (m, p) == (method, path))
    schema = request_schema(document, operation)
    assert schema is not None

    @EXAMPLES
    @given(values_of(document, schema, SAID))
    def check(made: Any) -> None:
        value = meant(ours, path, made)
        assert breaches(document, schema, value) == []
        answer = send(world, ours, method, path, value)
        assert answer.status < 300, f"{value} -> {answer.text}"
        judged(ours, method, path, answer)

    check()


WITHOUT = {"/v2/alerts/{identifier}/escalate": {"escalation"}, "/v2/alerts/{identifier}/tags": {"tags"}}
"""Required fields that we do without: the next step is the next step whatever it is called, and no tags are none."""


def spoilt(document: dict[str, Any], schema: dict[str, Any], value: Any, path: str) -> Iterator[Any]:
    """Each way to leave a required field out of a request that is right, or to give it a value of another kind."""
    found = resolved(document, schema)
    if found.get("type") == "array":
        for inner in spoilt(document, found["items"], value[0], path):
            yield [inner]
        return
    parts = [found, *(resolved(document, part) for part in found.get("allOf", ()))]
    parts += [resolved(document, inner) for part in parts[1:] for inner in part.get("allOf", ())]
    for part in parts:
        for name in part.get("required", ()):
            if name in WITHOUT.get(path, set()):
                continue
            yield {key: one for key, one in value.items() if key != name}
            kind = resolved(document, part.get("properties", {}).get(name, {})).get("type")
            if kind in ("object", "array"):
                yield {**value, name: 7}
    yield from ([], "text", 7, None)


RIGHT: dict[str, Any] = {
    "/enqueue": {"event_action": "trigger", "routing_key": KEY, "payload": {"summary": "s", "source": "h", "severity": "info"}, "dedup_key": "k"},
    "/change/enqueue": {"routing_key": KEY, "payload": {"summary": "s"}},
    "/v2/alerts": {"message": "m", "alias": "a"},
    "/v2/alerts/{identifier}/notes": {"note": "n"},
    "/v2/alerts/{identifier}/snooze": {"endTime": "2025-10-28T00:00:00Z"},
    "/v2/alerts/{identifier}/assign": {"owner": {"type": "user", "username": "ana"}},
    "/alerts": [{"labels": {"alertname": "a"}}],
    "/silences": {
        "matchers": [{"name": "a", "value": "b", "isRegex": False}], "startsAt": "2025-10-27T14:25:00Z", "endsAt": "2025-10-27T18:25:00Z",
        "createdBy": "c", "comment": "d",
    },
}  # fmt: skip


@pytest.mark.parametrize(("ours", "method", "path"), [p for p in served("POST", body=True) if p.values[2] in {*RIGHT, ""}])
def test_what_a_contract_requires_is_missed_and_the_refusal_fits(world: World, ours: Ours, method: str, path: str) -> None:
    document = contract(ours.contract)
    operation = next(found for m, p, found in operations(document) if (m, p) == (method, path))
    schema = request_schema(document, operation)
    assert schema is not None
    assert send(world, ours, method, path, RIGHT[path]).status < 300
    for value in spoilt(document, schema, RIGHT[path], path):
        if value == [] and path == "/alerts":
            continue  # a list of no alerts is right
        answer = send(world, ours, method, path, value)
        assert 400 <= answer.status < 500, f"{value} -> {answer.status} {answer.text}"
        judged(ours, method, path, answer)


@pytest.mark.parametrize(("ours", "method", "path"), served("GET", "DELETE"))
def test_what_is_shown_fits_the_contract(world: World, ours: Ours, method: str, path: str) -> None:
    if method == "DELETE" and path.endswith("/tags"):
        pytest.skip("tags that were added stay on the record")
    for _ in range(2):
        answer = send(world, ours, method, path)
        assert answer.status < 300, answer.text
        judged(ours, method, path, answer) if answer.content else None
        # The second time there is more to see.
        send(world, OURS[1], "POST", "/v2/alerts", {"message": "m", "alias": "known", "tags": ["t"], "details": {"a": "b"}})
        send(world, OURS[1], "POST", "/v2/alerts/{identifier}/acknowledge", {"user": "ana", "note": "n"})
        send(world, OURS[1], "POST", "/v2/alerts/{identifier}/notes", {"user": "ana", "note": "n"})


def test_what_the_vendor_shows_as_an_example_is_taken(world: World) -> None:
    ours = OURS[0]
    if not (folder() / "contracts" / ours.contract).is_file():
        pytest.skip(f"no contracts in {folder()}")
    document = contract(ours.contract)
    for method, path, operation in operations(document):
        for example in operation["requestBody"]["content"]["application/json"]["examples"].values():
            answer = send(world, ours, method, path, {**example["value"], "routing_key": KEY})
            assert answer.status == 202, answer.text
            judged(ours, method, path, answer)
