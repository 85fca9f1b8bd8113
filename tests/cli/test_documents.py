"""The pages about the command line: the reference is up to date, and every command of the procedures' page runs as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, WorldTransport
from tests.world import World
from tocsin.cli import client as client_module

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "from-the-procedures.md"
SECTION = re.compile(r"^## (\d+): .*\(`([a-z0-9-]+)`\)$", re.MULTILINE)
INCIDENT = "INC-20251027-ABC123"
ROTA = """
schedules:
  - id: sre
    zone: Europe/Lisbon
    layers:
      - {id: week, people: [alice, bob], start: 2025-10-06T09:00}
"""


def sections() -> dict[str, list[str]]:
    """Return the commands of each section, by its playbook."""
    text = PAGE.read_text(encoding="utf-8")
    found = list(SECTION.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    return {
        match.group(2): [
            command
            for line in text[match.end() : end].splitlines()
            if line.startswith("|")
            for command in re.findall(r"`(tocsin [^`]+)`", line.rpartition(" | ")[2])
        ]
        for match, end in zip(found, ends, strict=True)
    }


def test_the_reference_is_up_to_date() -> None:
    ran = subprocess.run([sys.executable, str(ROOT / "tools" / "cli_reference.py"), "--check"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def test_the_page_has_all_five_procedures() -> None:
    assert {name: len(commands) >= 9 for name, commands in sections().items()} == {
        "payments-sev1": True, "compact": True, "nine-stage": True, "rota-and-runbooks": True, "service-levels": True,
    }  # fmt: skip


def ready_to_resolve(tocsin: Shell) -> None:
    """Bring the incident to where the next command of the page begins: watched for long enough, its criteria verified."""
    view = tocsin("incident show --json").json
    if view["stage_kind"] == "resolved":
        tocsin("incident reopen --reason 'to resolve it the other way'")
        tocsin("incident stage mitigating")
        tocsin("incident stage monitoring")
    tocsin("incident entry OBSERVATION 'Back to baseline' --reading error_rate=0.4 --by alice")
    tocsin.world.advance(minutes=16)
    items = [item["id"] for one in tocsin("check list --open --json").json["checklists"] for item in one["items"]]
    if items:
        tocsin(f"check tick {' '.join(items)} --evidence seen")


@pytest.mark.parametrize("playbook", list(sections()))
def test_every_command_of_the_page_runs_as_it_stands_there(playbook: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path / "data", playbook=playbook)
    monkeypatch.setattr("tocsin.cli.shell.connect", lambda *given: client_module.Client(WorldTransport(world), "", given[3] or ""))
    (tmp_path / "metrics.json").write_text("{}")
    (tmp_path / "graph.png").write_bytes(b"\x89PNG")
    (tmp_path / "rota.yaml").write_text(ROTA)
    tocsin = Shell(world)
    try:
        world.at("14:36")
        for command in sections()[playbook]:
            words = command.removeprefix("tocsin ")
            if words.startswith(("incident resolve", "incident update")):
                ready_to_resolve(tocsin)
            tocsin(words)
        view = tocsin(f"incident show {INCIDENT} --json").json
        assert view["playbook"]["id"] == playbook
    finally:
        world.close()
    if playbook == "payments-sev1":
        assert view["stage"] == "resolved"
        assert (tmp_path / "timeline.json").read_text().startswith("{")
        assert (tmp_path / "postmortems" / f"{INCIDENT}.md").read_text()
