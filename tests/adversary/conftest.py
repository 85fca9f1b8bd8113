"""An installation that calls people, for each test that tries to lose a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adversary.pagers import Pager


@pytest.fixture
def pager(tmp_path: Path) -> Iterator[Pager]:
    made = Pager(tmp_path / "data")
    yield made
    made.close()
