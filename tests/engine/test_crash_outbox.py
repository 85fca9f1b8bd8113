"""A process that dies between sending and recording: nothing is lost, and what is repeated has the same key."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.engine.conftest import House
from tests.engine.crashing import Ledger


def test_a_message_that_was_sent_but_not_recorded_is_sent_again_under_the_same_key(database_url: str, tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    ended = subprocess.run(
        [sys.executable, "-m", "tests.engine.crashing", database_url, str(tmp_path)], cwd=root, capture_output=True, timeout=60, check=False
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()[-2000:]
    came = tmp_path / "came"
    assert came.read_text().split() == ["1"]
    house = House(database_url, tmp_path, channels={"web": Ledger(came, kills=False)})
    assert [(row.key, row.state, row.attempts) for row in house.rows()] == [(key, "waiting", 0) for key in "123"]
    house.clock.set(house.clock.now().replace(year=2100))  # whatever the machine's clock said when they were decided
    house.runtime.settle()
    assert came.read_text().split() == ["1", "1", "2", "3"]
    assert {row.state for row in house.rows()} == {"sent"}
    house.runtime.stop()
