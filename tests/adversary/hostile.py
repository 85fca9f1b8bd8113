"""Values that break careless programs, and bodies made of them: from the schemas of the API's own document, and from valid bodies bent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from hypothesis import strategies as st

TEXTS: Final = (
    "", " ", "\t\n\r", "\x00", "a\x00b", "\x1b[31mred\x1b[0m", "\u202eevil\u202c", "שלום עולם", "👩‍👩‍👧‍👦🔥", "e\u0301" * 50, "\ufeffbom", "\uffff", "\U0010ffff",
    "../../etc/passwd", "..", "/", "\\", "a/b", "%2e%2e%2f", "C:\\x", "CON", "-rf", "null", "true", "0", "-1", "NaN", "1e999",
    "{{ 7 * 7 }}", "{% for x in range(9) %}x{% endfor %}", "{0.__class__}", "{id}", "%s%n", "${jndi:ldap://x}", "<script>alert(1)</script>",
    "'; DROP TABLE facts; --", '" onload="x', "[a](javascript:alert(1))", "![x](http://evil.example/x.png)", "2025-02-30T00:00:00Z", "a" * 300,
    "a" * 301, "x" * 100_000, "\n" * 5000, "|" * 500, "İıſß", "\u0085\u2028\u2029", "a, b; c", "@everyone", "mark:", ".", "a.b", "resolution.", ":",
    "٣", "²", "½", "１２",
)  # fmt: skip
TIMES: Final = (
    "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59.999999Z",
    "2025-10-27T14:20:00Z", "2025-10-27T14:20:00+05:45", "2025-10-27T14:25:03Z", "2025-10-27T23:20:00Z", "2025-10-26T02:30:00+02:00",
    "2025-10-27T14:20:00", "2025-10-27", "14:20", "2025-10-27T24:00:00Z", "2016-12-31T23:59:60Z", "", "now", "2025-10-27T14:20:00-00:00",
    "2025-10-27T14:20:00.123456789Z", "-2025-10-27T14:20:00Z",
)  # fmt: skip
NUMBERS: Final = (0, 1, -1, 2, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 10**40, 0.1, -0.0, 1e308, 1e-320, 3.7)
RAW: Final = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    r'"\ud800"',
    r'"\udc00\ud800"',
    r'"\u0000"',
    "1" * 5000,
    "[" * 3000,
    '{"a":' * 3000,
)
"""What a JSON encoder would not write; put in raw."""

Words = Mapping[str, tuple[str, ...]]

_HOLE: Final = "\x01hole"


def scalars() -> st.SearchStrategy[Any]:
    """Return values of any kind."""
    plain = st.one_of(
        st.none(), st.booleans(), st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.sampled_from(TIMES), st.text(max_size=20)
    )
    return st.one_of(plain, st.lists(plain, max_size=3), st.dictionaries(st.sampled_from(TEXTS), plain, max_size=3))


class Components(dict[str, Any]):
    """The schemas of the document; they are long, and nobody wants to read them in a failure."""

    def __repr__(self) -> str:
        return f"<{len(self)} schemas>"


def of_schema(
    schema: Mapping[str, Any], components: Mapping[str, Any], words: Words, name: str = "", inside: tuple[str, ...] = ()
) -> st.SearchStrategy[Any]:
    """Return values that fit a schema, or nearly. words: texts that mean something to the playbook at hand, by the name of the field; ``""`` has those for every other field."""
    if ref := schema.get("$ref"):
        if inside.count(ref) > 1:  # what holds itself (a route with routes in it) ends somewhere
            return st.none()
        return of_schema(components[ref.rpartition("/")[2]], components, words, name, (*inside, ref))
    if several := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([of_schema(one, components, words, name, inside) for one in several])
    if "enum" in schema:
        return st.sampled_from(list(schema["enum"]))
    if "const" in schema:
        return st.just(schema["const"])
    match schema.get("type"):
        case "string" if schema.get("format") == "date-time":
            return st.one_of(st.sampled_from(TIMES[5:9]), st.sampled_from(TIMES))
        case "string":
            known = st.sampled_from(words.get(name) or words[""])
            return st.one_of(known, known, known, known, st.sampled_from(TEXTS), st.text(min_size=1, max_size=30), st.sampled_from(TIMES))
        case "integer":
            return st.one_of(st.integers(1, 30), st.sampled_from([n for n in NUMBERS if isinstance(n, int)]))
        case "number":
            return st.sampled_from(NUMBERS)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            items = schema.get("items") or {}
            return st.lists(of_schema(items, components, words, name, inside) if items else scalars(), max_size=3)
        case "object":
            return _object(schema, components, words, name, inside)
        case _:
            return scalars()


def _object(
    schema: Mapping[str, Any], components: Mapping[str, Any], words: Words, name: str, inside: tuple[str, ...]
) -> st.SearchStrategy[Any]:
    properties = schema.get("properties", {})
    if not properties:
        more = schema.get("additionalProperties")
        values = of_schema(more, components, words, name, inside) if isinstance(more, dict) and more else scalars()
        return st.dictionaries(st.one_of(st.sampled_from(words.get(name) or words[""]), st.sampled_from(TEXTS)), values, max_size=4)
    required = set(schema.get("required", ()))
    fields = {key: of_schema(one, components, words, key, inside) for key, one in properties.items()}
    return st.fixed_dictionaries(
        {key: one for key, one in fields.items() if key in required},
        optional={key: one for key, one in fields.items() if key not in required},
    )


@st.composite
def bodies(draw: st.DrawFn, schema: Mapping[str, Any], components: Mapping[str, Any], words: Words) -> bytes:
    """Return the bytes of a body: most fit the schema, some are bent, a few are no JSON of ours at all."""
    value = draw(of_schema(schema, components, words))
    how = draw(st.integers(0, 9))
    raw = ""
    if how >= 6 and isinstance(value, dict):
        name = draw(st.sampled_from(sorted(value) or ["title"]))
        match how:
            case 6:
                value.pop(name, None)
            case 7:
                value[name] = draw(scalars())
            case 8:
                value[name], raw = _HOLE, draw(st.sampled_from(RAW))
            case _:
                value[draw(st.sampled_from(TEXTS))] = draw(scalars())
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    if raw:
        text = text.replace(json.dumps(_HOLE), raw)
    if how == 5 and text.startswith("{") and len(text) > 2:
        text = "{" + text[1:-1] + "," + text[1:]  # every key twice
    return text.encode("utf-8", "surrogatepass")


NO_BODIES: Final = (
    b"", b"null", b"[]", b"1", b'"x"', b"{", b"}", b"\x00", b"\xff\xfe{\x00}\x00", b"{}" * 2, b'{"title":}', b"\xef\xbb\xbf{}", b"[" * 100_000,
    b'{"a":' * 50_000, b"a=1&b=2", b'{"title": "\xff"}', b'{"text": "' + b"x" * 1_000_001 + b'"}',
)  # fmt: skip
