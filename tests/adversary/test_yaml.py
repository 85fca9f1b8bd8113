"""A playbook is text from outside: checking and publishing one ends soon, runs nothing, and leaves the server standing."""

from __future__ import annotations

import json
import re
import time
from typing import Final

import pytest

from tests.world import World
from tocsin.playbooks.expressions import compile_condition

SECONDS: Final = 20.0
"""What a check may take on a machine that has other things to do; each of these ran for minutes or ended the process before it was limited."""


def _aliases(levels: int, times: int) -> str:
    lines = ["a0: &a0 [x]"]
    lines += [f"a{level}: &a{level} [{','.join([f'*a{level - 1}'] * times)}]" for level in range(1, levels)]
    return "\n".join(lines) + "\n"


TEXTS: Final = {
    "aliases of aliases": _aliases(12, 10),
    "aliases of aliases as a key": _aliases(10, 10) + "b:\n  ? *a9\n  : 1",
    "an alias of itself": "a: &a [*a]",
    "a key that is its own mapping": "a: &a {? *a : b}",
    "a merge of itself": "<<: &a {<<: *a}",
    "open brackets": "[" * 100_000,
    "open braces": "{a: " * 20_000,
    "dashes": "- " * 50_000,
    "question marks": "? " * 5000,
    "an endless staircase": "".join(" " * level + "a:\n" for level in range(1200)),
    "a megabyte in a line": "x: " + "y" * 1_000_000,
    "many unknown keys": "\n".join(f"k{number}: 1" for number in range(20_000)),
    "one key many times": "\n".join("k: 1" for _ in range(20_000)),
    "many obligations that are none": "playbook: x\nversion: 1\nobligations:\n" + "- {id: o, within: 5q}\n" * 5000,
    "a tag that runs something": "!!python/object/apply:os.abort []",
    "a number without end": "version: " + "9" * 5000,
    "a control character": "a: \x00",
    "only comments": "#" * 1_500_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_checking_and_publishing_it_ends_soon_with_problems_that_can_be_read(world: World, name: str) -> None:
    begin = time.monotonic()
    checked = world.send("POST", "/playbooks/check", {"text": TEXTS[name]})
    published = world.send("POST", "/playbooks", {"text": TEXTS[name]})
    assert checked.status in (200, 422)
    if checked.status == 200:
        assert 1 <= len(checked.json["problems"]) <= 200
    assert published.status == 422
    assert published.json["detail"]
    assert len(checked.content) + len(published.content) < 1_500_000
    assert time.monotonic() - begin < SECONDS
    assert world.send("GET", "/healthz").status == 200


def _house(world: World) -> str:
    return str(world.get("/playbooks/house")["text"])


def _problems(world: World, text: str) -> str:
    answer = world.post("/playbooks/check", {"text": text})
    return " ".join(problem["says"] for problem in answer["problems"])


def test_conditions_cannot_loop_within_loops_or_grow(world: World) -> None:
    house = _house(world)
    costly = (
        "[1, 2].all(a, [1, 2].all(b, [1, 2].all(c, true)))", "rank * 10 > 5", "size('" + "x" * 2000 + "') > 1",
        "(" * 200 + "true" + ")" * 200, "rank " + "+ 1 " * 300 + "> 5", "x.y.z", "true && " * 400 + "true",
    )  # fmt: skip
    for condition in costly:
        begin = time.monotonic()
        text = re.sub(r"(\n\s+if: )[^\n]+", lambda found: found.group(1) + json.dumps(condition), house, count=1)  # noqa: B023 (called at once)
        assert text != house, "the house playbook has no condition any more; take another one for this test"
        answer = world.send("POST", "/playbooks/check", {"text": text})
        assert answer.status == 200
        assert answer.json["problems"] or condition.startswith("true"), condition
        assert time.monotonic() - begin < SECONDS


def test_a_pattern_in_a_condition_takes_time_in_proportion_to_the_text() -> None:
    begin = time.monotonic()
    for pattern in ("(a+)+b", "(a|aa)+b", "(a*)*b", "(.*)(.*)(.*)(.*)b"):
        assert not compile_condition(f"service.matches('{pattern}')", {"service": "text"}).holds({"service": "a" * 100_000})
    assert time.monotonic() - begin < SECONDS


@pytest.mark.parametrize(
    "pattern", ["{random:>10000000000}", "{id!r}", "{date.__class__}", "{date[0]}", "{", "{0}", "{date:{random}}", "{unknown}"]
)
def test_a_naming_pattern_only_names(world: World, pattern: str) -> None:
    text = _house(world) + f"\nnaming:\n  incident: INC-{{date}}-{{random}}\n  channel: {json.dumps(pattern)}\n"
    text = re.sub(r"\nnaming:\n(?:  [^\n]*\n|#[^\n]*\n)*", "\n", _house(world) + "\n") + text[len(_house(world)) :]
    assert "naming" in _problems(world, text) or "pattern" in _problems(world, text)


def test_a_title_in_a_naming_pattern_becomes_a_plain_word(world: World) -> None:
    for title in ("../../etc/passwd", "{id!r} {0}", "a\nb", "\u202e evil", "'; rm -rf /", "🔥", "x" * 300, "İI"):
        shown = world.get(f"/incidents/{world.declare(title=title)}")
        assert re.fullmatch(r"#?[a-z0-9_-]{0,120}", shown["channel"]), shown["channel"]
