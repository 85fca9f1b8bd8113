"""A schedule under the procedure whose rota turns on Monday and is handed off in writing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.world import World

WEEKLY: dict[str, Any] = {
    "name": "Payments",
    "zone": "Europe/Berlin",
    "layers": [{"id": "week", "groups": [["ana"], ["bo"], ["cy"]], "start": "2025-10-20T09:00"}],
}


@pytest.fixture
def payments(tmp_path: Path) -> Iterator[World]:
    """An installation under the procedure whose rota turns on Monday and is handed off in writing."""
    world = World(tmp_path / "data", playbook="rota-and-runbooks")
    for person, zone in (("ana", "Europe/Lisbon"), ("bo", "America/Chicago"), ("cy", "UTC")):
        world.post(f"/people/{person}", {"name": person.title(), "zone": zone, "contacts": [{"kind": "file", "value": person}]})
    world.post("/schedules/payments", WEEKLY)
    yield world
    world.close()
