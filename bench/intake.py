"""The intake beside Debian's prometheus-alertmanager: same bodies, same client, in turn on the same machine. Prints a table, asserts nothing.

python bench/intake.py          all of it (about three minutes)
python bench/intake.py quick    one short round of each
python bench/intake.py ours     without Alertmanager

Every answer of ours comes after an fsync'ed commit (SQLite, WAL, synchronous=FULL); Alertmanager keeps alerts in memory.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.server import Server

QUICK = "quick" in sys.argv[1:]
OURS_ONLY = "ours" in sys.argv[1:]
SECONDS = 2
ROUNDS = 1 if QUICK else 3
PEER = "prometheus-alertmanager"

# name, batch, clients, whether the same 1,000 alerts again and again, must and aim as a ratio to Alertmanager
LOADS = (
    ("new alerts, 1 a request, 32 clients", 1, 32, False, 0.35, 0.7),
    ("new alerts, 100 a request, 8 clients", 100, 8, False, 0.6, 1.0),
    ("repeats, 1 a request, 32 clients", 1, 32, True, 0.4, 0.6),
    ("repeats, 100 a request, 8 clients", 100, 8, True, 1.0, 1.5),
)

_SCRIPT = """
local batch, again, first, number = {batch}, {again}, {first}, {first}
local form = [[{form}]]
local function body()
  local parts = {{}}
  for i = 1, batch do
    local at = number
    number = number + 1
    if again then at = first + (number - first) % 1000 end
    parts[i] = string.format(form, at, at % 97, at)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end
request = function() return wrk.format("POST", nil, {{["Content-Type"] = "application/json"}}, body()) end
local wrong = 0
response = function(status, headers, text) if status ~= 200 and wrong < 3 then wrong = wrong + 1; print("status " .. status .. " " .. text) end end
"""


def form() -> str:
    """Return an alert of some 700 bytes as Prometheus sends it, for ``string.format`` with three numbers."""
    now = datetime.now(UTC)
    alert = {
        "labels": {
            "alertname": "HighErrorRate", "service": "payment-api", "instance": "host-%07d.eu-west-1.example.com:9100", "severity": "critical",
            "env": "prod", "team": "payments", "region": "eu-west-1", "job": "node-exporter", "rack": "r%02d", "prometheus": "monitoring/main",
        },
        "annotations": {
            "summary": "High error rate on host-%07d", "description": "More than five percent of the requests have failed for five minutes.",
            "runbook_url": "https://runbooks.example.com/payment-api/high-error-rate",
            "dashboard_url": "https://grafana.example.com/d/payments/overview?orgId=1",
        },
        "startsAt": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "endsAt": (now + timedelta(hours=2)).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "generatorURL": "https://prometheus.example.com/graph?g0.expr=error_ratio&g0.tab=1",
    }  # fmt: skip
    return json.dumps(alert, separators=(",", ":"))


def free_port() -> int:
    """Return a port of the loopback address that nobody uses."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@contextmanager
def alertmanager(folder: Path) -> Iterator[str]:
    """Run the peer; yield the address of its intake."""
    config = folder / "alertmanager.yml"
    config.write_text("route:\n  receiver: nobody\n  group_by: [alertname, service]\nreceivers:\n- name: nobody\n")
    port = free_port()
    with subprocess.Popen(
        [PEER, f"--config.file={config}", f"--storage.path={folder / 'data'}", f"--web.listen-address=127.0.0.1:{port}",
         "--cluster.listen-address=", "--log.level=error"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=1):
                        break
                except OSError:
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/api/v2/alerts"
        finally:
            process.send_signal(signal.SIGKILL)


@contextmanager
def tocsin(folder: Path) -> Iterator[Server]:
    """Run ours."""
    server = Server(folder / "data")
    try:
        yield server
    finally:
        server.kill()


def intake_of(server: Server) -> str:
    """Return the address that takes what Prometheus sends."""
    _, answer = server.request("GET", "/api/v1/intake")
    key = answer["intake"][0]["url"].rpartition("/")[2]
    path = f"/am/{key}/api/v2/alerts" if "intake" not in sys.argv[1:] else f"/intake/prometheus/{key}"
    return f"http://127.0.0.1:{server.port}{path}"


def wrk(url: str, batch: int, clients: int, *, again: bool, seconds: int, first: int = 0) -> tuple[float, float]:
    """Send as fast as answers come; return alerts a second and the 99th percentile of a request's time in ms."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_SCRIPT.format(batch=batch, again=str(again).lower(), first=first, form=form()))
        script.flush()
        run = subprocess.run(
            ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "20s", "-s", script.name, url],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    text = run.stdout
    if "Non-2xx" in text or "Socket errors" in text:
        print(text)
    rate = float(text.partition("Requests/sec:")[2].split()[0])
    return rate * batch, _milliseconds(text.partition("Latency Distribution")[2].partition("99%")[2].split()[0])


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0), ("m", 60000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float(text)


def beside() -> None:
    """Measure both in turn and print the ratios."""
    peer = shutil.which(PEER) is not None and not OURS_ONLY
    if not peer:
        print(f"{PEER} is not installed (apt-get install prometheus-alertmanager), so there is nothing to compare with: our figures alone.")
    print(f"\n{'':42}{'ours/s':>10}{'p99 ms':>9}{'peer/s':>10}{'p99 ms':>9}{'ratio':>8}{'must':>7}{'aim':>6}")
    for name, batch, clients, again, must, aim in LOADS:
        ours: list[tuple[float, float]] = []
        theirs: list[tuple[float, float]] = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as folder, tocsin(Path(folder)) as server:
                url = intake_of(server)
                wrk(url, batch, clients, again=again, seconds=1, first=5_000_000)
                ours.append(wrk(url, batch, clients, again=again, seconds=SECONDS))
            if peer:
                with tempfile.TemporaryDirectory() as folder, alertmanager(Path(folder)) as url:
                    wrk(url, batch, clients, again=again, seconds=1, first=5_000_000)
                    theirs.append(wrk(url, batch, clients, again=again, seconds=SECONDS))
        mine = [statistics.median(one) for one in zip(*ours, strict=True)]
        line = f"{name:42}{mine[0]:10,.0f}{mine[1]:9.1f}"
        if theirs:
            peers = [statistics.median(one) for one in zip(*theirs, strict=True)]
            line += f"{peers[0]:10,.0f}{peers[1]:9.1f}{mine[0] / peers[0]:8.2f}{must:7.2f}{aim:6.2f}"
        print(line, flush=True)


# --- 100,000 alerts -----------------------------------------------------------------------------------------------------------------------


def memory(pid: int) -> float:
    """Return a process's resident memory in megabytes."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


async def fill(url: str, alerts: int, *, batch: int = 100, clients: int = 4, labels: dict[str, Any] | None = None) -> list[int]:
    """Send this many distinct alerts; return the statuses of all answers."""
    host, _, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    template = json.loads(form())
    statuses: list[int] = []

    async def client(number: int) -> None:
        reader, writer = await asyncio.open_connection(name, int(port))
        for start in range(number * batch, alerts, clients * batch):
            several = []
            for at in range(start, min(start + batch, alerts)):
                named = {**template["labels"], "instance": f"host-{at:07}.example.com", "shard": f"s{at % 50:02}", **(labels or {})}
                several.append({**template, "labels": named})
            body = json.dumps(several).encode()
            writer.write(
                f"POST /{path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                + body
            )
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            await reader.readexactly(length)
            statuses.append(int(head[9:12]))
        writer.close()

    await asyncio.gather(*(client(number) for number in range(clients)))
    return statuses


def storm() -> None:
    """A storm of 100,000 distinct alerts of one cause: pages, memory, and how long others wait."""
    count = 100_000
    with tempfile.TemporaryDirectory() as folder, tocsin(Path(folder)) as server:
        url = intake_of(server)
        idle = memory(server.process.pid)
        waits: dict[str, list[float]] = {"/healthz": [], "/api/v1/alerts?state=firing": []}

        async def others(stop: asyncio.Event) -> None:
            while not stop.is_set():
                for path, found in waits.items():
                    begin = time.perf_counter()
                    await asyncio.to_thread(server.request, "GET", path)
                    found.append(time.perf_counter() - begin)
                await asyncio.sleep(0.05)

        async def run() -> float:
            stop = asyncio.Event()
            beside = asyncio.create_task(others(stop))
            begin = time.perf_counter()
            statuses = await fill(url, count)
            lasted = time.perf_counter() - begin
            stop.set()
            await beside
            assert set(statuses) == {200}, set(statuses)
            return lasted

        lasted = asyncio.run(run())
        after = memory(server.process.pid)
        print(f"\na storm of {count:,} distinct alerts of one cause took {lasted:.1f} s; meanwhile the slowest answers took")
        for path, found in waits.items():
            print(f"  {path:34} {max(found) * 1000:8.0f} ms (must < 2,000)")
        _, answer = server.request("GET", "/api/v1/pages?limit=500")
        pages = answer.get("pages", []) if isinstance(answer, dict) else []
        print(f"  pages opened                       {len(pages):8} (must 1)")
        print(f"memory with {count:,} alerts: {after:.0f} MB (idle {idle:.0f} MB; must < 300, Alertmanager 300)")
        for label, path in (
            ("first 100 of a label that 2 % have", "/api/v1/alerts?state=firing&label=shard%3Ds07&limit=100"),
            ("first 100 of a pattern that 2 % have", "/api/v1/alerts?state=firing&label=shard%3D~%22s0%5B7%5D%22&limit=100"),
            ("first 100 of a text that 2 % have", "/api/v1/alerts?state=firing&text=%22s07%22&limit=100"),
        ):
            times = []
            for _ in range(7):
                begin = time.perf_counter()
                status, answer = server.request("GET", path)
                times.append(time.perf_counter() - begin)
                assert (status, len(answer["alerts"])) == (200, 100), answer
            print(f"  {label:38} {statistics.median(times) * 1000:6.1f} ms (must < 50)")
        print(f"memory after these lists: {memory(server.process.pid):.0f} MB")


if __name__ == "__main__":
    if shutil.which("wrk") is None:
        print("wrk is not installed (apt-get install wrk): the rates are not measured.")
    elif "storm" not in sys.argv[1:]:
        beside()
    if "rates" not in sys.argv[1:]:
        storm()
    os._exit(0)
