"""One installation for all cases of a module, at a time when all of them are history."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.world import World

AFTERWARDS = datetime(2100, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("archive") / "data", AFTERWARDS, playbook="house")
    yield world
    world.close()
