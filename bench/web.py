"""The pages with ten thousand incidents: server time of each, bytes of a first visit, and what 500 open live feeds cost.

python bench/web.py          all of it (about five minutes the first time, two after that: what was seeded is kept in bench/out for the day)
python bench/web.py quick    a tenth of the incidents and alerts, fewer feeds
python bench/web.py profile  also says where the time of pages over their target goes
"""

from __future__ import annotations

import asyncio
import cProfile
import gzip
import http.client
import json
import os
import pstats
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import intake, seed
from tests.server import Server
from tests.world import World
from tocsin.app import Options, build, start
from tocsin.channels.console.client import Quiet

QUICK: Final = "quick" in sys.argv[1:]
PROFILE: Final = "profile" in sys.argv[1:]
INCIDENTS: Final = 1000 if QUICK else 10_000
ALERTS: Final = 10_000 if QUICK else 100_000
ENTRIES: Final = 1000 if QUICK else 10_000
FEEDS: Final = 100 if QUICK else 500
ROUNDS: Final = 15 if QUICK else 40
TARGET: Final = 50.0
"""Milliseconds of server time of a page, at the 95th percentile."""
FIRST_VISIT: Final = 200.0
"""Kilobytes."""

Note = Callable[..., None]

PAGES: Final = {
    "Now": "/",
    "Declare": "/declare",
    "incidents": "/incidents",
    "incidents, of a service": "/incidents?service=service-07",
    "room": "/incidents/{incident}",
    "room, 10,000 entries": "/incidents/{long}",
    "room, 10,000 entries, as of": "/incidents/{long}?at={half}",
    "bridge": "/incidents/{long}/bridge",
    "alerts": "/alerts",
    "groups": "/groups",
    "a group": "/groups/{group}",
    "receipts": "/receipts",
    "silences": "/silences",
    "maintenance": "/maintenance",
    "pages": "/pages",
    "on-call": "/on-call",
    "a schedule": "/on-call/schedule-07",
    "reachability": "/on-call/reach",
    "playbooks": "/playbooks",
    "a playbook": "/playbooks/payments-sev1",
    "postmortems": "/postmortems",
    "a postmortem": "/incidents/{reviewed}/postmortem",
    "actions": "/actions",
    "insights": "/insights",
    "insights, 3 years": "/insights?last=3y",
    "insights, duties": "/insights/duties",
    "insights, on-call": "/insights/on-call",
    "insights, follow-up": "/insights/follow-up",
    "insights, alerts": "/insights/alerts",
    "search": "/search?q=rollback",
    "settings": "/settings",
    "settings, services": "/settings/services",
    "settings, people": "/settings/people",
    "status": "/status",
    "status, summary.json": "/status/api/v2/summary.json",
    "API, list of incidents": "/api/v1/incidents?limit=25",
}
"""Every page with its address; what is in braces is an id that the seeding knows."""
AFTER_A_CHANGE: Final = ("insights, 3 years", "insights, on-call")
"""Pages that keep what they worked out: these are timed once more with a change of an incident before each look."""


class Browser:
    """A signed-in connection that is kept open."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.link = server.connection()
        self.cookie = ""
        _, made = server.request("POST", "/api/v1/sign-in/codes", {"person": "p00"})
        self._follow(made["path"])

    def _follow(self, path: str) -> None:
        """Open a one-time link, and press its button where it has one."""
        status, headers, body = self.get(path)
        if status == 200:
            fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', body.decode()))
            content = "&".join(f"{name}={value}" for name, value in fields.items())
            self.link.request(
                "POST", path.partition("?")[0], content, {"Content-Type": "application/x-www-form-urlencoded", "Cookie": self.cookie}
            )
            answer = self.link.getresponse()
            answer.read()
            headers = answer.headers
        self._keep(headers)
        assert self.cookie, f"{path} gave no session"

    def _keep(self, headers: Any) -> None:
        found = [one.partition(";")[0] for one in headers.get_all("set-cookie") or []]
        if found:
            self.cookie = "; ".join([*filter(None, [self.cookie]), *found])

    def get(self, path: str, *, packed: bool = False) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return status, headers and body as they came."""
        headers = {"Cookie": self.cookie, "Accept": "text/html,application/json", **({"Accept-Encoding": "gzip"} if packed else {})}
        try:
            self.link.request("GET", path, headers=headers)
            answer = self.link.getresponse()
        except (ConnectionError, http.client.HTTPException):  # the server closed it, after an error of its own for one
            self.link.close()
            self.link = self.server.connection()
            self.link.request("GET", path, headers=headers)
            answer = self.link.getresponse()
        return answer.status, answer.headers, answer.read()


def report(note: Note, *, quick: bool = QUICK) -> None:
    """Measure and note everything. quick: as the argument."""
    _ = quick
    data = Path(tempfile.mkdtemp(prefix="tocsin-web-")) / "data"
    begin = time.perf_counter()
    shutil.copytree(seed.kept(INCIDENTS), data)
    print(f"  seeded {INCIDENTS:,} incidents in {time.perf_counter() - begin:.0f} s")
    server = Server(data)
    try:
        ids = _more(server)
        _settle(server)
        browser = Browser(server)
        slow = _pages(note, browser, ids)
        _first_visits(note, browser, ids)
        asyncio.run(_feeds(note, server, browser, ids))
    finally:
        server.stop()
    try:
        if PROFILE:
            _profile(data, ids, slow)
    finally:
        shutil.rmtree(data.parent)


def _settle(server: Server) -> None:
    """Wait until the server has done what the storm of alerts left to do: pages are measured on a server that is at work, not under a storm."""
    used, until = _cpu(server.process.pid), time.monotonic() + 30
    while time.monotonic() < until:
        time.sleep(1)
        now = _cpu(server.process.pid)
        if now - used < 0.05:
            return
        used = now


def _more(server: Server) -> dict[str, str]:
    """Add the long incident and the alerts to what was seeded; return the ids that the addresses name."""
    body = {"title": "High error rate in payment API", "severity": "SEV-1", "playbook": "payments-sev1", "service": "service-07"}
    long, short = (str(server.request("POST", "/api/v1/incidents", body)[1]["incident"]) for _ in range(2))

    async def entries() -> None:
        async def client(number: int) -> None:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            for turn in range(number, ENTRIES, 16):
                text = json.dumps(
                    {"kind": "OBSERVATION", "text": f"Connection count at {turn % 100} of 100, seen for the {turn}th time."}
                ).encode()
                writer.write(
                    f"POST /api/v1/incidents/{long}/entries HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {server.token}\r\nX-Tocsin-Person: p00\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n".encode()
                    + text
                )
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
            writer.close()

        await asyncio.gather(*(client(number) for number in range(16)))

    begin = time.perf_counter()
    asyncio.run(entries())
    print(f"  {ENTRIES:,} entries in {time.perf_counter() - begin:.0f} s")
    begin = time.perf_counter()
    url = intake.intake_of(server)
    for service in range(20):
        labels = {"alertname": f"Alert{service % 7}", "service": f"service-{service:02}"}
        asyncio.run(intake.fill(url, ALERTS // 20, labels=labels))
    print(f"  {ALERTS:,} alerts in {time.perf_counter() - begin:.0f} s")
    groups = server.request("GET", "/api/v1/groups?limit=1")[1]["groups"]
    for number in range(30):
        until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
        server.request("POST", "/api/v1/silences", {"match": f'alertname="Noise{number}"', "until": until, "why": "known noise"})
    items: dict[str, Any] = server.request("GET", "/api/v1/actions?state=done&limit=1")[1]
    found: list[dict[str, Any]] = next((value for value in items.values() if isinstance(value, list)), [])
    reviewed = found[0]["incident"] if found else short
    lines = server.request("GET", f"/api/v1/incidents/{long}/timeline")[1]
    half = str(lines[len(lines) // 2]["at"])
    return {"incident": short, "long": long, "half": half, "group": str(groups[0]["id"]), "reviewed": str(reviewed)}


def _pages(note: Note, browser: Browser, ids: dict[str, str]) -> list[str]:
    """Time every page as a browser with an open connection sees it; return those over the target."""
    slow = []
    changed = [(f"{name}, after a change", PAGES[name]) for name in AFTER_A_CHANGE]
    for name, path in [*PAGES.items(), *changed]:
        address = path.format(**ids)
        status, _, _ = browser.get(address)
        if status != 200:
            print(f"  {name}: {address} answered {status}, not measured")
            continue
        taken = []
        used = _cpu(browser.server.process.pid)
        for turn in range(ROUNDS):
            if (name, path) in changed:
                body = {"severity": f"SEV-{2 + turn % 2}", "reason": "measured"}
                browser.server.request("POST", f"/api/v1/incidents/{ids['incident']}/severity", body)
            begin = time.perf_counter()
            browser.get(address)
            taken.append((time.perf_counter() - begin) * 1000)
        used = (_cpu(browser.server.process.pid) - used) * 1000 / ROUNDS
        taken.sort()
        p95 = taken[int(len(taken) * 0.95)]
        note(f"page {name}, p95 (p50 {statistics.median(taken):.0f}, processor {used:.0f})", p95, TARGET, "ms")
        if p95 > TARGET:
            slow.append(name)
    return slow


_LOADED: Final = re.compile(r'(?:src|href)="(/(?:static/[^"]+\.(?:css|js)|manifest[^"]*|icon[^"]*|static/icon[^"]*))"')


def _first_visits(note: Note, browser: Browser, ids: dict[str, str]) -> None:
    """Count what a browser with nothing kept loads: the page and its style sheets, scripts and what those import, packed as they are sent."""
    for name in ("Now", "room", "room, 10,000 entries", "insights", "status"):
        address = PAGES[name].format(**ids)
        status, headers, body = browser.get(address, packed=True)
        if status != 200:
            continue
        total = len(body)
        seen = set(_of_page(headers, body))
        for asset in seen:
            total += len(browser.get(asset, packed=True)[2])
        note(f"first visit to {name} ({len(seen)} files)", total / 1000, FIRST_VISIT, "kB")


def _of_page(headers: http.client.HTTPMessage, body: bytes) -> Iterator[str]:
    text = (gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body).decode()
    yield from _LOADED.findall(text)


# -- live feeds -----------------------------------------------------------------------------------


class Feed:
    """One open connection to /live."""

    def __init__(self) -> None:
        self.events = 0
        self.arrived = asyncio.Event()
        self.task: asyncio.Task[None] | None = None
        self.opened = asyncio.Event()

    async def run(self, port: int, cookie: str) -> None:
        """Read events until the connection ends."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert b" 200 " in head.split(b"\r\n")[0], head
        self.opened.set()
        try:
            while line := await reader.readline():
                if line.startswith(b"data:"):
                    self.events += 1
                    self.arrived.set()
        except (asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()


async def _feeds(note: Note, server: Server, browser: Browser, ids: dict[str, str]) -> None:
    """Open feeds, watch what they cost while nothing happens, and how long one event takes to reach all of them."""
    feeds = [Feed() for _ in range(FEEDS)]
    for first in range(0, FEEDS, 50):
        some = feeds[first : first + 50]
        for one in some:
            one.task = asyncio.create_task(one.run(server.port, browser.cookie))
        await asyncio.gather(*(asyncio.wait_for(one.opened.wait(), 30) for one in some))
    await asyncio.sleep(2)
    used, begin = _cpu(server.process.pid), time.perf_counter()
    await asyncio.sleep(4 if QUICK else 20)
    share = (_cpu(server.process.pid) - used) / (time.perf_counter() - begin) * 100
    note(f"{FEEDS} idle feeds, share of a core", share, 20, "%")
    taken = []
    for turn in range(3 if QUICK else 10):
        for one in feeds:
            one.arrived.clear()
        begin = time.perf_counter()
        body = {"kind": "OBSERVATION", "text": f"reading {turn}"}
        status, _ = await asyncio.to_thread(server.request, "POST", f"/api/v1/incidents/{ids['incident']}/entries", body)
        assert status < 300
        await asyncio.gather(*(asyncio.wait_for(one.arrived.wait(), 20) for one in feeds))
        taken.append((time.perf_counter() - begin) * 1000)
        await asyncio.sleep(0.5)
    note(f"one event at {FEEDS} feeds, from the request to the last, median", statistics.median(taken), 250, "ms")
    for one in feeds:
        if one.task is not None:
            one.task.cancel()
    await asyncio.gather(*(one.task for one in feeds if one.task is not None), return_exceptions=True)


def _cpu(pid: int) -> float:
    """Return the processor time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# -- where the time goes --------------------------------------------------------------------------


def _profile(data: Path, ids: dict[str, str], slow: list[str]) -> None:
    """Make the slow pages in this process and say in which functions their time is spent."""
    world = World.__new__(World)
    world.app = build(Options(data=data, default_playbook="payments-sev1", console=Quiet()))
    start(world.app)
    try:
        for name in slow:
            address = PAGES[name].format(**ids)
            world.page(address, "p00")
            watch = cProfile.Profile()
            threads: list[cProfile.Profile] = []
            with _watching(threads):
                watch.runcall(world.page, address, "p00")
            found = pstats.Stats(watch)
            for one in threads:
                found.add(one)
            print(f"\n{name}: {address}")
            found.sort_stats("cumulative").print_stats(r"tocsin/|sqlalchemy/engine/base.py.*execute\b|jinja2/environment.py.*render", 22)
    finally:
        world.app.runtime.stop()


@contextmanager
def _watching(threads: list[cProfile.Profile]) -> Iterator[None]:
    """Profile what is handed to threads, too."""
    before = asyncio.to_thread

    async def watched(work: Callable[..., Any], *given: Any, **named: Any) -> Any:
        threads.append(cProfile.Profile())
        return await before(threads[-1].runcall, work, *given, **named)

    asyncio.to_thread = watched  # type: ignore[assignment]
    try:
        yield
    finally:
        asyncio.to_thread = before


def main() -> None:
    """Measure and print a table."""
    rows: list[tuple[str, str, str, str]] = []

    def note(what: str, measured: float, target: float, unit: str) -> None:
        rows.append((what, f"{measured:,.1f} {unit}", f"< {target:,.0f} {unit}", f"{target / max(measured, 0.001):.1f}×"))
        print(f"  {what}: {measured:,.1f} {unit} (target {target:,.0f})", flush=True)

    report(note)
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
