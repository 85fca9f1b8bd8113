"""The benchmarks: what the product promises about speed, measured on this machine against a real server. Prints a table, asserts nothing.

make bench            all of it (about two minutes)
make bench ARGS=quick a short run
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import oncall, paging, timers
from tests.server import Server

QUICK = "quick" in sys.argv[1:]
CLIENTS = 32
TOCSIN = str(Path(sys.executable).parent / "tocsin")

rows: list[tuple[str, str, str, str]] = []


def note(what: str, measured: float, target: float, unit: str, *, more_is_better: bool = False) -> None:
    """Keep a figure with its target and the ratio in which it is met (above 1: better than asked)."""
    ratio = measured / target if more_is_better else target / measured
    rows.append((what, f"{measured:,.1f} {unit}", f"{'≥' if more_is_better else '<'} {target:,.0f} {unit}", f"{ratio:.1f}×"))
    print(f"  {what}: {measured:,.1f} {unit} (target {target:,.0f}, {ratio:.1f}×)", flush=True)


async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, token: str, body: bytes) -> tuple[int, bytes]:
    """Send one POST over a connection that is kept open."""
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\nX-Tocsin-Person: alice\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body,
    )
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
    return int(head[9:12]), await reader.readexactly(length)


async def hammer(server: Server, path: str, body: Callable[[int], bytes], *, clients: int, each: int) -> tuple[float, list[float]]:
    """Send from several clients at once, each waiting for its answer; return requests a second and every latency in ms."""
    latencies: list[float] = []

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        for turn in range(each):
            begin = time.perf_counter()
            status, answer = await send(reader, writer, path, server.token, body(number * each + turn))
            latencies.append((time.perf_counter() - begin) * 1000)
            assert status < 300, answer
        writer.close()

    begin = time.perf_counter()
    await asyncio.gather(*(client(number) for number in range(clients)))
    return clients * each / (time.perf_counter() - begin), latencies


def declare_body(_number: int = 0) -> bytes:
    """Return a declaration."""
    return json.dumps(
        {"title": "High error rate in payment API", "severity": "SEV-1", "playbook": "payments-sev1", "service": "payment-api"}
    ).encode()


def entry_body(number: int) -> bytes:
    """Return an entry of ordinary length."""
    return json.dumps(
        {"kind": "OBSERVATION", "text": f"Connection count at 95 of 100, seen for the {number}th time on the dashboard."}
    ).encode()


def declare(server: Server) -> str:
    """Declare an incident and return its id."""
    return str(server.request("POST", "/api/v1/incidents", json.loads(declare_body()))[1]["incident"])


def best_of(command: Sequence[str], times: int, env: dict[str, str] | None = None) -> float:
    """Return the median wall time of a command in ms."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, env={**os.environ, **(env or {})})
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


def memory(pid: int) -> float:
    """Return the resident memory of a process in MB."""
    line = next(text for text in Path(f"/proc/{pid}/status").read_text().splitlines() if text.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def main() -> None:
    """Run everything and print the table."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-bench-"))
    print("start and idle")
    Server(folder / "data").stop()  # the first start makes the database; what people wait for is a start
    begin = time.perf_counter()
    server = Server(folder / "data")
    note("server ready", (time.perf_counter() - begin) * 1000, 2000, "ms")
    time.sleep(1)
    note("idle memory", memory(server.process.pid), 120, "MB")

    print("commands")
    times = 5 if QUICK else 15
    note("tocsin --help", best_of([TOCSIN, "--help"], times), 250, "ms")
    url = f"http://127.0.0.1:{server.port}"
    remote = {"TOCSIN_SERVER": url, "TOCSIN_TOKEN": server.token}
    note("a command against a running server", best_of([TOCSIN, "incident", "list"], times, remote), 350, "ms")
    note("a command in process", best_of([TOCSIN, "--data", str(folder / "alone"), "incident", "list"], times), 2000, "ms")

    print("declare")
    _, latencies = asyncio.run(hammer(server, "/api/v1/incidents", declare_body, clients=1, each=50 if QUICK else 300))
    note("declare, answered durable, median", statistics.median(latencies), 10, "ms")
    rate, _ = asyncio.run(hammer(server, "/api/v1/incidents", declare_body, clients=8, each=50 if QUICK else 150))
    print(f"  declarations from 8 clients: {rate:,.0f}/s")

    print("timeline entries")
    incident = declare(server)
    path = f"/api/v1/incidents/{incident}/entries"
    asyncio.run(hammer(server, path, entry_body, clients=CLIENTS, each=20))
    rate, latencies = asyncio.run(hammer(server, path, entry_body, clients=CLIENTS, each=100 if QUICK else 300))
    note(f"durable entries from {CLIENTS} clients", rate, 2000, "/s", more_is_better=True)
    print(f"  latency p50 {statistics.median(latencies):.1f} ms, p99 {sorted(latencies)[int(len(latencies) * 0.99)]:.1f} ms")

    print("cost of an entry as the incident grows")
    long = declare(server)
    path = f"/api/v1/incidents/{long}/entries"
    spans: list[float] = []
    each = 60 if QUICK else 300
    for _ in range(6):
        rate, _ = asyncio.run(hammer(server, path, entry_body, clients=CLIENTS, each=each // 6 + 1))
        spans.append(rate)
    note(
        "entries/s late over early in one incident", statistics.mean(spans[-2:]) / statistics.mean(spans[:2]), 0.9, "", more_is_better=True
    )

    print("postmortem of a long incident")
    big = declare(server)
    path = f"/api/v1/incidents/{big}/entries"
    count = 1000 if QUICK else 10_000
    asyncio.run(hammer(server, path, entry_body, clients=CLIENTS, each=count // CLIENTS + 1))
    begin = time.perf_counter()
    status, drafted = server.request("POST", f"/api/v1/incidents/{big}/postmortem", {"authors": ["alice"]})
    status, document = (
        server.request("GET", f"/api/v1/incidents/{big}/postmortem/document?format=md") if status < 300 else (status, drafted)
    )
    taken = (time.perf_counter() - begin) * 1000
    if status < 300:
        note(f"postmortem of {count:,} entries, drafted and read", taken, 1000, "ms")
    else:
        print(f"  no postmortem: {document}")
    print(f"  memory at the end: {memory(server.process.pid):.0f} MB")
    server.stop()

    print("who is on call")
    for what, figure, bound, unit in oncall.measured(5 if QUICK else 15):
        note(what, figure, bound, unit)

    print("timers")
    timers.report(note, quick=QUICK)
    print("paging")
    paging.report(note, quick=QUICK)
    print("intake", flush=True)
    subprocess.run([sys.executable, str(Path(__file__).with_name("intake.py")), *(["quick"] if QUICK else [])], check=True)

    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    print()
    for row in rows:
        print(
            "  ".join(
                cell.ljust(width) if column == 0 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            )
        )


if __name__ == "__main__":
    main()
