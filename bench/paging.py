"""How quickly somebody is called: from an alert's POST to the first notification at a webhook, and ten thousand pages due in one second.

python bench/paging.py [quick]     by itself; `make bench` runs it too
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.server import Server
from tocsin.app import Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.model import SYSTEM
from tocsin.engine.ports import Message
from tocsin.engine.submissions import Submission
from tocsin.paging import commands as c
from tocsin.paging.model import Step, Window
from tocsin.people.model import Contact, SavePerson

EACH_SECOND = 500
BURST = 200
AT_ONCE = 10_000


class Receiver:
    """A webhook on the loopback address: notes when the first notification for each title came."""

    def __init__(self) -> None:
        self.came: dict[str, float] = {}
        self._awaited: dict[str, asyncio.Event] = {}
        self.port = 0

    async def arrival(self, title: str) -> None:
        """Wait until the notification for a title has come."""
        if title not in self.came:
            await self._awaited.setdefault(title, asyncio.Event()).wait()

    async def serve(self) -> asyncio.Server:
        """Begin to listen."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                at = time.perf_counter()
                title = body.partition(b"bench-")[2].partition(b"!")[0].decode()
                self.came.setdefault(title, at)
                if title in self._awaited:
                    self._awaited.pop(title).set()
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


class Sender:
    """A connection that is kept open, and sends alerts of groups of their own."""

    def __init__(self, port: int, path: str) -> None:
        self._port, self._path = port, path
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, names: list[str]) -> float:
        """Send one request with one alert for each name; return when it was sent, after its answer has come."""
        if self._link is None:
            self._link = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._link
        body = alerts(names)
        begin = time.perf_counter()
        writer.write(
            f"POST {self._path} HTTP/1.1\r\nHost: b\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        answer = await reader.readexactly(length)
        assert head[9:10] == b"2", (head, answer)
        return begin


def alerts(names: list[str]) -> bytes:
    """Return the body of an Alertmanager's webhook with one firing alert for each name."""
    now = datetime.now(UTC).isoformat()
    several = [
        {
            "status": "firing", "labels": {"alertname": f"bench-{name}!", "service": "shop"}, "annotations": {"summary": f"bench-{name}!"}, "startsAt": now,
            "endsAt": "0001-01-01T00:00:00Z", "fingerprint": name,
        }
        for name in names
    ]  # fmt: skip
    return json.dumps(
        {
            "version": "4", "groupKey": names[0], "status": "firing", "receiver": "tocsin", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
            "externalURL": "http://alertmanager.example", "truncatedAlerts": 0, "alerts": several,
        },
    ).encode()  # fmt: skip


async def latencies(folder: Path, *, quick: bool) -> dict[str, float]:
    """Measure from POST to webhook: one at a time, at a steady rate, and in a burst. In milliseconds."""
    receiver = Receiver()
    listening = await receiver.serve()
    server = await asyncio.to_thread(Server, folder, "--allow-internal", f"127.0.0.1:{receiver.port}")
    contact = {"kind": "webhook", "value": f"http://127.0.0.1:{receiver.port}/page"}
    for path, body in (
        ("/people/ana", {"name": "Ana", "contacts": [contact]}),
        ("/policies/p", {"steps": [{"to": ["person:ana"], "wait": "60m"}]}),
        ("/services/shop", {"name": "Shop", "policy": "p"}),
    ):
        status, answer = await asyncio.to_thread(server.request, "POST", "/api/v1" + path, body)
        assert status == 200, answer
    found = (await asyncio.to_thread(server.request, "GET", "/api/v1/intake"))[1]["intake"]
    path = urlsplit(next(one["url"] for one in found if one["source"] == "alertmanager")).path
    sent: dict[str, float] = {}
    try:
        one = Sender(server.port, path)
        for number in range(20):
            await one.send([f"warm-{number}"])
        await settle(receiver, 20)
        for number in range(60 if quick else 400):
            name = f"one-{number}"
            sent[name] = await one.send([name])
            await receiver.arrival(name)
            await asyncio.sleep(0.02)
        single = late(receiver, sent)

        sent.clear()
        seconds = 2 if quick else 5
        senders = [Sender(server.port, path) for _ in range(24)]
        begin = time.perf_counter() + 0.2

        async def steady(which: int) -> None:
            for number in range(which, seconds * EACH_SECOND, len(senders)):
                await asyncio.sleep(max(0.0, begin + number / EACH_SECOND - time.perf_counter()))
                name = f"steady-{number}"
                sent[name] = await senders[which].send([name])

        await asyncio.gather(*(steady(which) for which in range(len(senders))))
        took = time.perf_counter() - begin
        await settle(receiver, len(sent), "steady")
        rate = late(receiver, sent)

        sent.clear()
        names = [f"burst-{number}" for number in range(BURST)]
        at = await one.send(names)
        await settle(receiver, BURST, "burst")
        last = max(receiver.came[name] for name in names) - at
    finally:
        listening.close()
        await asyncio.to_thread(server.stop)
    return {
        "p50": single[len(single) // 2], "p99": single[int(len(single) * 0.99)], "rate_p50": rate[len(rate) // 2],
        "rate_p99": rate[int(len(rate) * 0.99)], "rate": seconds * EACH_SECOND / took, "burst": last * 1000,
    }  # fmt: skip


def late(receiver: Receiver, sent: dict[str, float]) -> list[float]:
    """Return how long each took, in milliseconds, shortest first."""
    return sorted((receiver.came[name] - at) * 1000 for name, at in sent.items())


async def settle(receiver: Receiver, count: int, kind: str = "") -> None:
    """Wait until so many have come."""
    until = time.monotonic() + 60
    while sum(name.startswith(kind) for name in receiver.came) < count:
        assert time.monotonic() < until, f"only {len(receiver.came)} came"
        await asyncio.sleep(0.01)


class Recorder:
    """A channel that only counts."""

    name = "file"

    def __init__(self) -> None:
        self.count = 0

    def send(self, message: Message) -> str:
        """Count it."""
        self.count += 1
        return ""


def at_once(folder: Path) -> dict[str, float]:
    """Open ten thousand pages whose second step waits for the same minute; return when all were decided, in seconds after it."""
    app = build(Options(data=folder, console=Quiet()))
    recorder = Recorder()
    channels: Any = app.runtime.channels
    channels["file"] = recorder
    start(app)
    runtime = app.runtime
    for name in ("ana", "bo"):
        runtime.commit_now("person", name, SavePerson(name, (Contact("file", name),)), SYSTEM)
    moment = (datetime.now(UTC) + timedelta(seconds=95)).replace(second=0, microsecond=0)
    window = Window(f"{moment:%H:%M}", f"{moment + timedelta(hours=1):%H:%M}")
    steps = (Step(to=("person:ana",), wait="10s"), Step(to=("person:bo",), only=window))
    runtime.commit_now("policy", "p", c.SavePolicy(steps), SYSTEM)
    begin = time.perf_counter()
    submit(runtime, [(f"page:P-{number}", c.OpenPage(f"bench {number}", policy="p", origin="alert")) for number in range(AT_ONCE)])
    opening = AT_ONCE / (time.perf_counter() - begin)
    time.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds() - 2))
    assert recorder.count == AT_ONCE, "the machine is too busy for this"
    decided, done = 0, 0.0
    finished = threading.Event()

    def watch(change: Any) -> None:
        nonlocal decided, done
        decided += len(change.deliveries)
        if decided >= AT_ONCE and not done:
            done = time.time()
            finished.set()

    runtime.committer.listen(watch)
    assert finished.wait(120), f"only {decided} were decided"
    while recorder.count < 2 * AT_ONCE:
        time.sleep(0.05)
    last = time.time()
    runtime.stop()
    return {"opening": opening, "decided": done - moment.timestamp(), "sent": last - moment.timestamp()}


def submit(runtime: Any, commands: list[tuple[str, Any]]) -> None:
    """Carry commands out, and wait until that is on disk."""
    waiting = [runtime.committer.submit(Submission(stream, command, SYSTEM)) for stream, command in commands]
    for future in waiting:
        future.result()


def measure(folder: Path, *, quick: bool) -> dict[str, float]:
    """Run everything."""
    return {**asyncio.run(latencies(folder / "served", quick=quick)), **at_once(folder / "within")}


def report(note: Callable[..., None], *, quick: bool) -> None:
    """Measure in a process of its own, and give the figures to ``note`` with their targets."""
    made = subprocess.run([sys.executable, __file__, "json", *(["quick"] if quick else [])], stdout=subprocess.PIPE, check=True, text=True)
    found = json.loads(made.stdout.splitlines()[-1])
    note("alert posted until the webhook has its page, one at a time, median", found["p50"], 5, "ms")
    note("the same, p99", found["p99"], 25, "ms")
    note(f"the same at {EACH_SECOND} new groups a second, p99", found["rate_p99"], 100, "ms")
    print(f"  median {found['rate_p50']:.1f} ms at {found['rate']:.0f}/s")
    note(f"a burst of {BURST} groups: the last page", found["burst"], 1000, "ms")
    note(f"{AT_ONCE:,} pages due at once: all decided, messages on disk", found["decided"] * 1000, 2000, "ms")
    print(f"  opened at {found['opening']:,.0f}/s; the last message was sent {found['sent']:.1f} s after")


def main() -> None:
    """Measure, and print."""
    quick = "quick" in sys.argv[1:]
    if "json" in sys.argv[1:]:
        with tempfile.TemporaryDirectory(prefix="tocsin-paging-") as folder:
            print(json.dumps(measure(Path(folder), quick=quick)))
        return
    report(lambda what, measured, target, unit: print(f"  {what}: {measured:,.1f} {unit} (target {target:,.0f})"), quick=quick)


if __name__ == "__main__":
    main()
