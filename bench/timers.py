"""How exactly records are woken: lateness with very many pending timers, and very many that are due at once. The engine alone, with a toy.

python bench/timers.py [quick]     by itself; `make bench` runs it too
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select

from tocsin.engine import tables
from tocsin.engine.clock import SystemClock
from tocsin.engine.committer import Submission
from tocsin.engine.database import Database
from tocsin.engine.kinds import Kind, Registry, Tick
from tocsin.engine.model import SYSTEM, Command, Context, Decision, Delivery, Event, Fact, Happened
from tocsin.engine.ports import Message
from tocsin.engine.runtime import Runtime

PENDING = 100_000
EACH_SECOND = 100
AT_ONCE = 10_000


class Wait(Command, frozen=True):
    """Wait until a moment, then say so."""

    until: datetime


class Waits(Event, frozen=True, tag="bench.waits"):
    """It waits."""

    until: datetime


class Rang(Event, frozen=True, tag="bench.rang"):
    """Its time came."""


class Bell(msgspec.Struct, frozen=True):
    """What waits."""

    id: str
    version: int = 0
    until: datetime | None = None


def decide(bell: Bell, command: Command, ctx: Context) -> Decision:
    """Wait, or ring with a message."""
    if isinstance(command, Wait):
        return Decision((Happened(Waits(command.until)),))
    assert isinstance(command, Tick)
    if bell.until is None:
        return Decision()
    assert bell.until <= ctx.now, "a timer came early"
    message = Delivery(f"{bell.id}:{bell.version + 1}", "bench", "anybody", "bench", {"due": bell.until.timestamp()})
    return Decision((Happened(Rang()),), (message,))


def evolve(bell: Bell, fact: Fact) -> Bell:
    """Fold."""
    return Bell(bell.id, fact.version, fact.event.until if isinstance(fact.event, Waits) else None)


BELL = Kind(
    name="bell", state=Bell, events=(Waits, Rang), fold_version=1, initial=Bell, evolve=evolve, decide=decide,
    wake=lambda bell, _now, _found: bell.until, plan=lambda bell: bell.until,
)  # fmt: skip


class Receiver:
    """The outside: notes when each message came and when it had been due."""

    name = "bench"

    def __init__(self) -> None:
        self.came: list[tuple[float, float]] = []

    def send(self, message: Message) -> str:
        """Note it."""
        self.came.append((float(message.values["due"]), time.time()))
        return ""


def measure(folder: Path, *, quick: bool) -> dict[str, float]:
    """Run everything; return the figures: seconds and counts."""
    pending, seconds, at_once = (20_000, 4, 10_000) if quick else (PENDING, 15, AT_ONCE)
    database = Database(f"sqlite:///{folder / 'bench.db'}")
    database.prepare()
    receiver = Receiver()
    runtime = Runtime(
        database, Registry(kinds={"bell": BELL}), SystemClock(), {"bench": receiver}, lambda _k, _t, _v: ("", ""), lambda *_: None
    )
    runtime.start()
    far = datetime.now(UTC) + timedelta(days=1)
    begin = time.perf_counter()
    set_bells(runtime, [(f"far{number}", far) for number in range(pending)])
    setting = pending / (time.perf_counter() - begin)

    first = datetime.now(UTC) + timedelta(seconds=2)
    count = seconds * EACH_SECOND
    set_bells(runtime, [(f"steady{number}", first + timedelta(seconds=number / EACH_SECOND)) for number in range(count)])
    wait_for(receiver, count, seconds + 30)
    steady = sorted((came - due) * 1000 for due, came in receiver.came)
    receiver.came.clear()

    runtime.outbox.counts()
    moment = datetime.now(UTC) + timedelta(seconds=6)
    set_bells(runtime, [(f"burst{number}", moment) for number in range(at_once)])
    committed = threading.Event()
    decided = 0
    done = 0.0

    def count_rows(change: Any) -> None:
        nonlocal decided, done
        decided += len(change.deliveries)
        if decided >= at_once and not done:
            done = time.time()
            committed.set()

    runtime.committer.listen(count_rows)
    committed.wait(60)
    wait_for(receiver, at_once, 60)
    last = max(came for _, came in receiver.came)
    early = sum(came < due for due, came in receiver.came)
    with database.reading() as connection:
        rows = connection.execute(select(func.count()).select_from(tables.deliveries)).scalar()
    assert rows == count + at_once, f"{rows} delivery rows"
    status = Path("/proc/self/status").read_text()
    memory = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024
    runtime.stop()
    return {
        "pending": pending, "set_per_second": setting, "p50": steady[len(steady) // 2], "p99": steady[int(len(steady) * 0.99)],
        "most": steady[-1], "early": early + sum(late < 0 for late in steady), "at_once": at_once,
        "decided": done - moment.timestamp(), "sent": last - moment.timestamp(), "memory": memory,
    }  # fmt: skip


def set_bells(runtime: Runtime, bells: Sequence[tuple[str, datetime]]) -> None:
    """Have records wait, and wait until that is on disk."""
    for begin in range(0, len(bells), 5000):
        submissions = [Submission(f"bell:{name}", Wait(until), SYSTEM) for name, until in bells[begin : begin + 5000]]
        runtime.committer.submit_all(submissions)
        for submission in submissions:
            submission.future.result()


def wait_for(receiver: Receiver, count: int, seconds: float) -> None:
    """Wait until so many messages came."""
    until = time.monotonic() + seconds
    while len(receiver.came) < count:
        if time.monotonic() > until:
            raise AssertionError(f"only {len(receiver.came)} of {count} messages came")
        time.sleep(0.05)


def report(note: Callable[..., None], *, quick: bool) -> None:
    """Measure in a process of its own, and give the figures to ``note`` with their targets."""
    made = subprocess.run([sys.executable, __file__, "json", *(["quick"] if quick else [])], stdout=subprocess.PIPE, check=True, text=True)
    found = json.loads(made.stdout)
    pending = f"{found['pending']:,.0f}"
    note(f"lateness with {pending} timers pending and {EACH_SECOND} due each second, p99", found["p99"], 100, "ms")
    print(
        f"  median {found['p50']:.1f} ms, most {found['most']:.1f} ms, early: {found['early']:.0f}; set at {found['set_per_second']:,.0f}/s"
    )
    note(f"{found['at_once']:,.0f} timers due at once: all decided, messages on disk", found["decided"] * 1000, 2000, "ms")
    print(f"  the last message was sent {found['sent']:.1f} s after; memory {found['memory']:.0f} MB")


def main() -> None:
    """Measure, and print."""
    quick = "quick" in sys.argv[1:]
    if "json" in sys.argv[1:]:
        with tempfile.TemporaryDirectory(prefix="tocsin-timers-") as folder:
            print(json.dumps(measure(Path(folder), quick=quick)))
        return
    report(lambda what, measured, target, unit: print(f"  {what}: {measured:,.1f} {unit} (target {target:,.0f})"), quick=quick)


if __name__ == "__main__":
    main()
