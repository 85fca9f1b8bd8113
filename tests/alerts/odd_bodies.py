"""Bodies as no tool should send them: samples with fields changed, removed, doubled and buried, and things that are no bodies at all."""

from __future__ import annotations

import ast
import copy
import json
import random
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

from tests.alerts.sources.samples import SAMPLES
from tocsin.alerts.registry import SOURCES

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 7, 2**31, 2**63, -(2**63), 2**64, 10**40, 10**400, 0.5, -0.0, 1e308, 1.7e12, 1761574800, "", " ", "0", "x", "null", "NaN",
    "x" * 5000, "a\x00b", "\x00", "\ud800", "half \udfff", "\u202etxt", "😀" * 50, "[]", "{}", '{"a": 1}', "[" * 50, "{{ title }}", "${jndi:x}", "<b>x</b>", "'; drop", "%%%",
    "firing", "resolved", "OK", "CRITICAL", "critical", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2025-13-45T99:99:99Z", "2025-10-27", "yesterday",
    "javascript:alert(1)", "https://[bad", "https://x.example/" + "y" * 3000, "//x.example", [], {}, [None], [[]], [[[]]], {"": ""}, {"a": {"b": {}}}, {"a": [1, "x", None]},
    ["x", 1, {}], [{"name": "a", "value": 1}], {"x" * 300: "y" * 5000}, {"\x00": "\ud800"}, {str(n): n for n in range(300)}, list(range(300)),
]  # fmt: skip


@cache
def words_of(source: str) -> tuple[str, ...]:
    """All texts in a source's code: among them the names of its fields and the words that it knows."""
    module = next(one for one in SOURCES if source == one.NAME)
    assert isinstance(module, ModuleType)
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    found = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return tuple(sorted(word for word in found if 0 < len(word) < 40 and "\n" not in word)) or ("x",)


@cache
def samples_of(source: str) -> tuple[str, ...]:
    """Good bodies of a source, as JSON: those of our own tests, or else one made of its words."""
    given = SAMPLES.get(source)
    if given is None:
        more = Path(__file__).parent / "sources" / "samples_more.py"
        given = import_module("tests.alerts.sources.samples_more").SAMPLES.get(source) if more.is_file() else None
    return tuple(json.dumps(one) for one in given or [dict.fromkeys(words_of(source), "x")])


def odd_body(source: str, chance: random.Random) -> tuple[bytes, str]:
    """A body and its content type."""
    kind = chance.randrange(12)
    if kind == 0:
        return chance.randbytes(chance.randrange(60)), chance.choice(
            ["application/json", "text/plain", "application/x-www-form-urlencoded", ""]
        )
    if kind == 1:
        return (b"[" * chance.randrange(1, 3000)) + chance.randbytes(3), "application/json"
    if kind == 2:
        return b'{"a":' * chance.randrange(1, 3000) + b"1", "application/json"
    value = json.loads(chance.choice(samples_of(source))) if kind < 9 else made_of(words_of(source), chance)
    for _ in range(chance.randrange(1, 6)):
        value = changed(value, words_of(source), chance)
    if kind == 3 and isinstance(value, dict):
        return urlencode(
            {name: text_of(one) for name, one in value.items()}, errors="replace"
        ).encode(), "application/x-www-form-urlencoded"
    body = written(value, chance)
    if kind == 4:
        at = chance.randrange(len(body) + 1)
        body = body[:at] + chance.randbytes(chance.randrange(4)) + body[at + chance.randrange(3) :]
    return body, "application/json"


def written(value: Any, chance: random.Random) -> bytes:
    """JSON, with other characters than ASCII escaped or not (half characters can only be escaped)."""
    text = json.dumps(value, ensure_ascii=chance.random() < 0.5)
    return text.encode("utf-8", "surrogatepass" if chance.random() < 0.5 else "replace")


def text_of(value: Any) -> str:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else json.dumps(value)


def made_of(words: tuple[str, ...], chance: random.Random, deep: int = 0) -> Any:
    """Something made of a source's own words."""
    kind = chance.randrange(6 if deep < 4 else 3)
    if kind == 0:
        return chance.choice(words)
    if kind in (1, 2):
        return copy.deepcopy(chance.choice(ODD))
    if kind == 3:
        return [made_of(words, chance, deep + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(words): made_of(words, chance, deep + 1) for _ in range(chance.randrange(1, 9))}


def changed(value: Any, words: tuple[str, ...], chance: random.Random) -> Any:
    """A value with one thing in it changed, somewhere."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        name = chance.choice(list(value))
        return {**value, name: changed(value[name], words, chance)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        return [*value[:at], changed(value[at], words, chance), *value[at + 1 :]]
    what = chance.randrange(6)
    if what == 0 and isinstance(value, dict) and value:
        gone = chance.choice(list(value))
        return {name: one for name, one in value.items() if name != gone}
    if what == 1 and isinstance(value, dict):
        return {**value, chance.choice(words): made_of(words, chance, 2)}
    if what == 2 and isinstance(value, list):
        return value * chance.randrange(4)
    if what == 3:
        return [value]
    if what == 4:
        return made_of(words, chance, 1)
    return copy.deepcopy(chance.choice(ODD))
