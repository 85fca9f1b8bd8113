"""docs/coverage.md is complete and true: every line of the procedures, where it lives, and a test that exists."""

from __future__ import annotations

import ast
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
DOCUMENT: Final = ROOT / "docs" / "coverage.md"
IDS: Final = (ROOT / "tests" / "coverage_ids.txt").read_text().split()
LIBRARY: Final = ROOT / "src" / "tocsin" / "playbooks" / "library"
PLAYBOOKS: Final = sorted(path.stem for path in LIBRARY.glob("*.yaml") if not path.stem.endswith(".tests"))
LATER: Final = ("chat war room", "runbook runs", "the web application")
_LINE: Final = re.compile(r"S[0-4]-\d{2}")
_ROW: Final = re.compile(r"^\| ([SUC]\d+(?:-\d{2})?) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
_CODE: Final = re.compile(r"`([^`]+)`")


@cache
def rows() -> tuple[tuple[str, str, str, str], ...]:
    return tuple(_ROW.findall(DOCUMENT.read_text(encoding="utf-8")))


@cache
def names_of(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


@cache
def playbook(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return loaded


def has_part(name: str, key: str, part: str) -> bool:
    """Say whether a playbook has a key and, where it names one, a part of that list (kinds of postmortems: in the list ``kinds``)."""
    if key not in playbook(name):
        return False
    found: Any = playbook(name)[key]
    if isinstance(found, dict):
        found = found.get("kinds", [])
    return not part or any(one.get("id") == part for one in found)


def wrong(row: tuple[str, str, str, str]) -> list[str]:
    """Return what a row names and does not exist."""
    line, _, where, shown = row
    found = []
    for code in _CODE.findall(where):
        book, _, rest = code.partition(":")
        if book in PLAYBOOKS and rest:
            key, _, part = rest.partition(".")
            if not has_part(book, key, part):
                found.append(f"{line}: {code}")
        elif "/" in code and not (ROOT / code).exists():
            found.append(f"{line}: {code}")
    for code in _CODE.findall(shown):
        file, _, name = code.partition("::")
        path = ROOT / file
        if not (path.is_file() and name.startswith("test_") and name in names_of(path)):
            found.append(f"{line}: {code}")
    return found


def cites(value: Any) -> set[str]:
    """Return every line that a part of a playbook cites."""
    if isinstance(value, dict):
        own = set(_LINE.findall(str(value.get("from", ""))))
        return own.union(*(cites(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(cites(one) for one in value))
    return set()


def test_every_line_has_exactly_one_row_in_the_order_of_the_list() -> None:
    assert [line for line, *_ in rows()] == IDS


def test_every_line_says_where_it_lives_and_is_shown_by_a_test() -> None:
    bare = [line for line, _, where, shown in rows() if not (_CODE.search(where) or "later: " in where) or "::" not in shown]
    assert bare == []


def test_every_file_playbook_key_and_test_that_a_row_names_exists() -> None:
    assert [problem for row in rows() for problem in wrong(row)] == []


def test_what_comes_later_names_the_part_of_the_product_and_what_works_today() -> None:
    for line, _, where, _ in rows():
        if "later: " in where:
            assert all(part.startswith(LATER) for part in where.split("later: ")[1:]), line
            assert "Today " in where, line


@pytest.mark.parametrize("name", PLAYBOOKS)
def test_every_line_that_a_playbook_cites_has_a_row(name: str) -> None:
    assert cites(playbook(name)) <= set(IDS)


def test_a_row_that_names_what_does_not_exist_is_noticed() -> None:
    row = (
        "S0-01",
        "x",
        "`src/tocsin/nowhere.py`, `compact:gates.nothing`, `compact:gates.close`",
        "`tests/test_coverage_document.py::test_nothing`",
    )
    assert wrong(row) == [
        "S0-01: src/tocsin/nowhere.py",
        "S0-01: compact:gates.nothing",
        "S0-01: tests/test_coverage_document.py::test_nothing",
    ]


def test_the_list_of_lines_is_that_of_the_inventory() -> None:
    folder = os.environ.get("TOCSIN_CASES", "")
    inventory = Path(folder).parent / "procedures" / "INVENTORY.md" if folder else None
    if inventory is None or not inventory.is_file():
        pytest.skip("no inventory of the procedures here: TOCSIN_CASES names no folder that has one beside it")
    text = inventory.read_text(encoding="utf-8")
    lines = {one or other for one, other in re.findall(r"^\* (S[0-4]-\d{2})\b|\*\* (S[0-4]-\d{2}):", text, re.MULTILINE)}
    assert lines | set(re.findall(r"^\| ([UC]\d+) \|", text, re.MULTILINE)) == set(IDS)
