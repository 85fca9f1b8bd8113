"""The page about rotas runs as it stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tests.test_documents_run import DOCS, blocks, type_page
from tests.test_documents_run import world as world  # noqa: PLC0414 (a fixture)
from tests.world import World
from tocsin.oncall import load

PAGE = DOCS / "how-to" / "on-call.md"


def test_the_page_about_rotas_runs_from_the_file_to_pay(world: World) -> None:
    Path("rota.yaml").write_text(blocks(PAGE, "yaml")[0], encoding="utf-8")
    type_page(PAGE, Shell(world))
    (schedule,) = world.get("/schedules")["schedules"]
    assert [line["role"] for line in schedule["lines"]] == ["", "secondary"]
    assert world.get("/schedules/payments")["subscribers"] == [{"channel": "file", "target": "team"}]


@pytest.mark.parametrize("line", [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ") and "`" in line])
def test_every_layer_of_the_table_can_be_written(line: str) -> None:
    for choice in line.split("|")[2].split("·"):
        parts = [part for part in choice.split("`")[1::2] if ":" in part]
        lines = "".join(f"        {part}\n" for part in parts)
        start = "" if "start: 2026" in lines else "        start: 2026-03-02T09:00\n"
        hours = "        hours: [{start: '09:00', end: '17:00'}]\n" if "unit: shift" in lines else ""
        load.schedules(f"schedules:\n  - id: x\n    layers:\n      - id: y\n        people: [a, b]\n{start}{hours}{lines}")
