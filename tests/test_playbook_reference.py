"""docs/reference/playbooks.md has every key of the schema as it is."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import msgspec
import pytest

from tocsin.playbooks.lint import KINDS
from tocsin.playbooks.model import CANONICAL_MILESTONES

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("playbook_reference", ROOT / "tools" / "playbook_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_up_to_date(tool: ModuleType) -> None:
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run tools/playbook_reference.py"


def test_every_key_of_every_part_is_explained(tool: ModuleType) -> None:
    text = tool.keys()
    for part in tool.parts():
        section = text.partition(f"### {tool.heading(part)}\n")[2].partition("\n### ")[0]
        for field in msgspec.structs.fields(part):
            if field.encode_name not in tool.LEFT_OUT:
                assert f"| `{field.encode_name}` | " in section, f"{part.__name__}.{field.encode_name}"


def test_every_kind_of_finding_and_every_milestone_is_told(tool: ModuleType) -> None:
    text = tool.PAGE.read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"| `{kind}` |" not in text] == []
    assert [milestone for milestone in CANONICAL_MILESTONES if f"`{milestone}`" not in text] == []
