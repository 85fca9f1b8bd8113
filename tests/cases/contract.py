"""Contracts that vendors publish (OpenAPI 3.0 and Swagger 2.0): judge a value against a schema, and make values of one.

Only what those documents use is known; a word of a schema that is not known here fails loudly instead of passing everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

Document = dict[str, Any]
Schema = dict[str, Any]

_METHODS = ("get", "post", "put", "patch", "delete")
_KNOWN = frozenset(
    {"$ref", "type", "properties", "required", "items", "enum", "allOf", "additionalProperties", "minItems", "minimum", "maximum", "format",
     "nullable"},
)  # fmt: skip
_SAYS_NOTHING = frozenset({"description", "default", "example", "discriminator", "externalDocs", "title", "readOnly"})
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float),
}  # fmt: skip
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def resolved(document: Document, node: Any) -> Any:
    """Return what a reference leads to, or the node itself."""
    while isinstance(node, dict) and "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        node = found
    return node


def operations(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Yield method, path template and operation of every request that a contract knows."""
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.upper(), path, item[method]


def request_schema(document: Document, operation: Document) -> Schema | None:
    """Return the schema of an operation's body; None where it takes none."""
    if "requestBody" in operation:
        found: Schema = resolved(document, operation["requestBody"])["content"]["application/json"]["schema"]
        return found
    for given in operation.get("parameters", []):
        parameter = resolved(document, given)
        if parameter["in"] == "body":
            schema: Schema = parameter["schema"]
            return schema
    return None


def response_schema(document: Document, operation: Document, status: int) -> tuple[bool, Schema | None]:
    """Return whether an operation may answer with a status, and the schema of that answer (None: it says nothing of a body)."""
    responses = operation["responses"]
    for name in (str(status), f"{status // 100}XX", "default"):
        if name in responses:
            response = responses[name]
            # A known slip of one contract: a reference written as a description.
            if str(response.get("description", "")).startswith("#/components/responses/"):
                response = resolved(document, {"$ref": response["description"]}) if _leads(document, response["description"]) else {}
            response = resolved(document, response)
            if "content" in response:
                return True, response["content"]["application/json"]["schema"]
            return True, response.get("schema")
    return False, None


def _leads(document: Document, reference: str) -> bool:
    return reference.rpartition("/")[2] in document.get("components", {}).get("responses", {})


def breaches(document: Document, schema: Schema, value: Any, path: str = "$") -> list[str]:
    """Return each place where a value is not what a schema asks for, in words; none if it fits."""
    schema = resolved(document, schema)
    unknown = {word for word in schema if word not in _KNOWN | _SAYS_NOTHING and not word.startswith("x-")}
    assert not unknown, f"this judge does not know {sorted(unknown)}"
    found: list[str] = []
    if value is None:
        return [] if schema.get("nullable") else [f"{path} is null"]
    kind = schema.get("type") or ("object" if "properties" in schema else "")
    if kind:
        right = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
        if not right:
            return [f"{path} is {type(value).__name__}, not {kind}"]
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path} is {value!r}, not one of {schema['enum']}")
    for part in schema.get("allOf", ()):
        found += breaches(document, part, value, path)
    match value:
        case dict():
            found += [f"{path}.{name} is missing" for name in schema.get("required", ()) if name not in value]
            known = schema.get("properties", {})
            for name, inner in value.items():
                if name in known:
                    found += breaches(document, known[name], inner, f"{path}.{name}")
                elif isinstance(schema.get("additionalProperties"), dict):
                    found += breaches(document, schema["additionalProperties"], inner, f"{path}.{name}")
        case list():
            if len(value) < schema.get("minItems", 0):
                found.append(f"{path} has fewer than {schema['minItems']} items")
            for index, inner in enumerate(value):
                found += breaches(document, schema.get("items", {}), inner, f"{path}[{index}]")
        case str():
            found += [f"{path} is {value!r}, no {schema['format']}"] if not _fits(schema.get("format", ""), value) else []
        case int() | float():
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                found.append(f"{path} is {value}, out of its range")
        case _:
            pass
    return found


def _fits(form: str, text: str) -> bool:
    match form:
        case "date-time":
            try:
                return datetime.fromisoformat(text).tzinfo is not None
            except ValueError:
                return False
        case "uuid":
            return _UUID.fullmatch(text) is not None
        case _:
            return True


def values_of(document: Document, schema: Schema, texts: st.SearchStrategy[str], deep: int = 0) -> st.SearchStrategy[Any]:
    """Return a strategy of values that fit a schema. texts: what stands where any text may."""
    schema = resolved(document, schema)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    parts = list(_parts(document, schema))
    kind = schema.get("type") or ("object" if any("properties" in part for part in parts) else "")
    match kind:
        case "object":
            known = {name: inner for part in parts for name, inner in part.get("properties", {}).items()}
            wanted = {name for part in parts for name in part.get("required", ()) if name in known}
            made = {name: values_of(document, inner, texts, deep + 1) for name, inner in known.items()}
            given = st.fixed_dictionaries(
                {name: made[name] for name in known if name in wanted}, optional={n: made[n] for n in known if n not in wanted},
            )  # fmt: skip
            extra = schema.get("additionalProperties")
            if known or not isinstance(extra, dict):
                return given
            return st.dictionaries(texts.filter(bool), values_of(document, extra, texts, deep + 1), max_size=3)
        case "array":
            return st.lists(values_of(document, schema.get("items", {}), texts, deep + 1), min_size=schema.get("minItems", 0), max_size=3)
        case "boolean":
            return st.booleans()
        case "integer":
            return st.integers(schema.get("minimum", 0), schema.get("maximum", 1000))
        case "number":
            return st.floats(0, 1000)
        case "string":
            return _texts_like(schema.get("format", ""), texts)
        case _:
            return texts


def _parts(document: Document, schema: Schema) -> Iterator[Schema]:
    """Yield a schema and all that it is put together of."""
    schema = resolved(document, schema)
    yield schema
    for part in schema.get("allOf", ()):
        yield from _parts(document, part)


def _texts_like(form: str, texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    match form:
        case "date-time":
            zoned = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))  # noqa: DTZ001 (the zone is written behind it)
            return zoned.map(lambda at: at.isoformat(timespec="milliseconds") + "Z")
        case "uuid":
            return st.uuids().map(str)
        case "uri" | "url":
            return st.sampled_from(["https://example.com/", "http://localhost:9090/graph?g0.expr=up"])
        case _:
            return texts
