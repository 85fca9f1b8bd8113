"""Take the pictures of the documents again: python tools/pictures.py [NAME ...]. It plays an incident half way on a set clock, and needs Chromium."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import msgspec
from playwright.sync_api import Browser, sync_playwright

from bench import seed
from tests.browser.chromium import FLAGS, PHONE, Theme, Visitor, chromium
from tests.server import Server
from tocsin.cli.client import HttpTransport
from tocsin.drills.player import Player
from tocsin.drills.player import Server as Api
from tocsin.drills.run import load_shipped

TO: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
DESK: Final = (1440, 900)
UNTIL: Final = "14:46"
"""Of the reference incident: the rollback begins to help."""
PEOPLE: Final = {
    "alice": "Alice Moreau",
    "bob": "Bob Steiner",
    "charlie": "Charlie Okafor",
    "diana": "Diana Lindqvist",
    "eve": "Eve Tanaka",
}


class Half:
    """An installation in the middle of the reference incident."""

    def __init__(self, folder: Path) -> None:
        scenario = load_shipped("000")
        steps = tuple(step for step in scenario.steps if f"{step.at:%H:%M}" <= UNTIL and step.at.date() == scenario.starts.date())
        self.server = Server(folder / "half", "--virtual-clock", scenario.starts.isoformat())
        self._call("GET", "/intake")
        key = self._call("GET", "/intake")["intake"][0]["url"].rpartition("/")[2]
        self._catalogue()
        played = Player(Api(HttpTransport(f"http://127.0.0.1:{self.server.port}"), self.server.token), {"intake_key": key}).play(
            msgspec.structs.replace(scenario, steps=steps)
        )
        self.incident = played.incident
        for person, name in PEOPLE.items():  # the drill has named them anew
            self._call("POST", f"/people/{person}", {"name": name, "contacts": [{"kind": "file", "value": person}]})
        alert = {"labels": {"alertname": "CertificateExpires", "service": "checkout", "severity": "critical"}}
        alert["annotations"] = {"summary": "The certificate of checkout expires in 40 minutes"}
        self.server.request("POST", f"/intake/alertmanager/{key}", {"alerts": [{"status": "firing", **alert}]})
        self.page = str(self._call("GET", "/pages")["pages"][0]["id"])

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.server.request(method, "/api/v1" + path, body)
        assert status < 300, f"{path} answered {status}: {answer}"
        return answer

    def _catalogue(self) -> None:
        for person, name in PEOPLE.items():
            self._call("POST", f"/people/{person}", {"name": name, "contacts": [{"kind": "file", "value": person}]})
        week = {"id": "week", "groups": [["alice"], ["bob"], ["eve"]], "start": "2025-10-20T09:00"}
        second = {"id": "second", "groups": [["diana"], ["alice"], ["bob"]], "start": "2025-10-20T09:00", "role": "secondary"}
        self._call("POST", "/schedules/payments", {"name": "Payments", "zone": "Europe/Berlin", "layers": [week, second]})
        cover = {"start": "2025-10-29T08:00:00Z", "end": "2025-10-30T16:00:00Z", "person": "diana"}
        self._call("POST", "/schedules/payments/overrides", cover)
        self._call("POST", "/policies/payments", {"steps": [{"to": ["schedule:payments"]}, {"to": ["person:charlie"]}]})
        for service, name, shown, group in (
            ("payment-api", "Payment API", "Card payments", "Payments"), ("checkout", "Checkout", "Checkout", "Payments"), ("ledger", "Ledger", "Invoices", ""),
        ):  # fmt: skip
            body = {"name": name, "policy": "payments", "component": {"name": shown, "group": group}}
            self._call("POST", f"/services/{service}", body)
        self._call("POST", "/status-page", {"name": "Northwind", "about": "Payments for small companies."})


def take(visitor: Visitor, name: str, path: str, size: tuple[int, int] = DESK, theme: Theme = "light") -> None:
    """Take one picture."""
    page = visitor.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    visitor.see(path)
    page.wait_for_timeout(300)
    page.screenshot(path=str(TO / f"{name}.png"))


def beside(browser: Browser, name: str, files: list[str]) -> None:
    """Put pictures side by side into one, and take the single ones away."""
    page = browser.new_page(viewport={"width": len(files) * (PHONE[0] + 24) + 24, "height": PHONE[1] + 48})
    shown = "".join(f'<img src="{(TO / f"{one}.png").as_uri()}">' for one in files)
    frame = TO / f"{name}.html"
    frame.write_text(f"<style>body{{margin:24px;display:flex;gap:24px;background:#8a8f98}}img{{border-radius:12px}}</style>{shown}")
    page.goto(frame.as_uri())
    page.screenshot(path=str(TO / f"{name}.png"))
    frame.unlink()
    for one in files:
        (TO / f"{one}.png").unlink()
    page.close()


def of_an_incident(browser: Browser, folder: Path) -> None:
    """Take the pictures of the incident, of the phone, of on-call and of the status page."""
    half = Half(folder)
    try:
        alice, public = Visitor(browser, half.server, "alice"), Visitor(browser, half.server)
        take(alice, "now", "/")
        take(alice, "incident", f"/incidents/{half.incident}")
        take(alice, "incident-dark", f"/incidents/{half.incident}", theme="dark")
        take(alice, "bridge", f"/incidents/{half.incident}/bridge", theme="dark")
        take(alice, "oncall", "/on-call/payments")
        take(alice, "playbook", "/playbooks/payments-sev1")
        take(public, "status", "/status")
        take(alice, "phone-1", f"/pages/{half.page}", PHONE, "dark")
        take(alice, "phone-2", f"/incidents/{half.incident}", PHONE, "light")
        take(alice, "phone-3", "/", PHONE, "dark")
        take(alice, "phone-4", "/on-call/payments", PHONE, "light")
        beside(browser, "phone", [f"phone-{number}" for number in range(1, 5)])
    finally:
        half.server.stop()


def of_many(browser: Browser, folder: Path) -> None:
    """Take the pictures that want many incidents."""
    server = Server(folder / "many")
    try:
        take(Visitor(browser, server, "p00"), "insights", "/insights?last=12m", (1440, 1180))
    finally:
        server.stop()


def main() -> None:
    """Take them all."""
    with tempfile.TemporaryDirectory() as folder:
        seed.seed(Path(folder) / "many", 600, after=100, say=lambda *_args, **_more: None)
        _take(Path(folder))
    print(json.dumps(sorted(file.name for file in TO.glob("*.png"))))


def _take(folder: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        of_an_incident(browser, folder)
        of_many(browser, folder)
        browser.close()


if __name__ == "__main__":
    main()
