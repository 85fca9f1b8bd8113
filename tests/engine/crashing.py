"""A process that is killed exactly between sending a message and recording that it was sent. Run by ``test_crash_outbox``."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from tests.engine.conftest import House
from tests.engine.counters import Tell
from tocsin.engine.clock import SystemClock
from tocsin.engine.model import SYSTEM
from tocsin.engine.ports import Message


class Ledger:
    """A receiver that keeps what came in a file, and kills the process once it has one message."""

    name = "web"
    at_once = 1

    def __init__(self, file: Path, *, kills: bool) -> None:
        self.file, self.kills = file, kills

    def send(self, message: Message) -> str:
        with self.file.open("a") as out:
            out.write(f"{message.key}\n")
            out.flush()
            os.fsync(out.fileno())
        if self.kills:
            os.kill(os.getpid(), signal.SIGKILL)
        return "ok"


def main() -> None:
    """Commit some messages and wait for the end."""
    url, folder = sys.argv[1], Path(sys.argv[2])
    house = House(url, folder, clock=SystemClock(), channels={"web": Ledger(folder / "came", kills=True)})
    house.runtime.commit_now("counter", "a", Tell((("1", "web", "x"), ("2", "web", "x"), ("3", "web", "x"))), SYSTEM)
    time.sleep(30)


if __name__ == "__main__":
    main()
