"""The API's own document: what client generators trip over."""

from __future__ import annotations

from typing import Any

from tests.world import World
from tocsin.web.endpoints import PREFIX

METHODS = {"get", "post", "put", "patch", "delete"}


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for one in value.values() for found in _references(one)]
    if isinstance(value, list):
        return [found for one in value for found in _references(one)]
    return []


def test_every_endpoint_is_documented_with_its_parameters_body_and_answers(world: World) -> None:
    document = world.get("/api/v1/openapi.json")
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["title"]
    assert document["info"]["version"]
    served = {(e.method.lower(), PREFIX + e.path.replace(":path}", "}")) for e in world.app.endpoints}
    documented = {(method, path) for path, item in document["paths"].items() for method in item if method in METHODS}
    assert served == documented
    seen: set[str] = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            where = f"{method} {path}"
            assert operation["operationId"] not in seen, where
            seen.add(operation["operationId"])
            assert operation["operationId"].isidentifier(), where
            assert operation["summary"], where
            assert operation["tags"], where
            named = [(p["name"], p["in"]) for p in operation["parameters"]]
            assert len(named) == len(set(named)), where
            assert {name for name, place in named if place == "path"} == {part[1:-1] for part in path.split("/") if part.startswith("{")}, (
                where
            )
            assert all(p["required"] for p in operation["parameters"] if p["in"] == "path"), where
            assert all(p.get("description") for p in operation["parameters"] if p["in"] == "query"), where
            answers = operation["responses"]
            assert any(status.startswith("2") for status in answers), where
            assert "4XX" in answers, where
            assert all(answer["description"] for answer in answers.values()), where


def test_every_reference_of_the_document_leads_somewhere(world: World) -> None:
    document = world.get("/api/v1/openapi.json")
    for reference in _references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in found, reference
            found = found[step]
        assert found, reference
    names = [e.body.__name__ for e in world.app.endpoints if e.body is not None]
    by_name = {e.body.__name__: e.body for e in world.app.endpoints if e.body is not None}
    assert all(name in document["components"]["schemas"] for name in names)
    assert len(by_name) == len({e.body for e in world.app.endpoints if e.body is not None}), "two bodies have one name"


def test_raw_bodies_and_files_are_documented_as_what_they_are(world: World) -> None:
    document = world.get("/api/v1/openapi.json")
    for endpoint in world.app.endpoints:
        operation = document["paths"][PREFIX + endpoint.path][endpoint.method.lower()]
        assert ("requestBody" in operation) == (endpoint.body is not None or endpoint.raw), endpoint.path
