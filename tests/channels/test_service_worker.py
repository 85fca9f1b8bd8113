"""The service worker in a real browser: what is pushed is shown, and its button acknowledges."""

from __future__ import annotations

import asyncio
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests.channels.browser import Chromium
from tests.world import World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome") or ""
pytestmark = [pytest.mark.torture, pytest.mark.skipif(not PROGRAM, reason="needs Chromium")]


class Served(World):
    """An installation that listens on this machine."""

    url = ""

    def _build(self) -> App:
        config = uvicorn.Config(self._late, host="127.0.0.1", port=0, log_level="error", lifespan="off", interface="asgi3")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve()), daemon=True)
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.01)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        app = build(Options(data=self.folder, default_playbook=self.playbook, clock=self.clock, console=Quiet(), public_url=self.url))
        start(app)
        return app

    async def _late(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app.asgi(scope, receive, send)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()
        super().close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Chromium]:
    made = Chromium(PROGRAM, tmp_path / "profile")
    yield made
    made.close()


def test_a_push_rings_and_its_button_acknowledges(world: Served, browser: Chromium) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    page = str(world.post("/pages", {"title": "High error rate", "targets": ["person:ana"], "carries": {"word": "SEV-1"}})["page"])
    body = world.outbox()[-1]["body"]
    link = next(line.partition(": ")[2] for line in body.splitlines() if line.startswith("Acknowledge: "))

    browser.ask("Browser.grantPermissions", permissions=["notifications"], origin=world.url)
    code = world.post("/sign-in/codes", {"person": "ana"})["path"]
    tab = browser.open(f"{world.url}{code}&next=/push")
    assert browser.run(tab, "location.pathname") == "/push"
    browser.wait(tab, "!document.querySelector('#subscribe button').hidden || document.getElementById('push-says').textContent.length")
    browser.ask("ServiceWorker.enable", tab)
    browser.run(tab, "navigator.serviceWorker.register('/sw.js', {scope: '/'}).then(() => navigator.serviceWorker.ready).then(() => true)")
    registration = next(
        one["registrationId"]
        for event in browser.events
        if event.get("method") == "ServiceWorker.workerRegistrationUpdated"
        for one in event["params"]["registrations"]
    )
    said = {
        "title": "SEV-1: High error rate",
        "body": "value 8.4%",
        "tag": "t",
        "kind": "page",
        "urgent": True,
        "link": link,
        "acknowledge": f"{link}/acknowledge",
    }
    browser.ask("ServiceWorker.deliverPushMessage", tab, origin=world.url, registrationId=registration, data=json.dumps(said))
    shown = "navigator.serviceWorker.ready.then((r) => r.getNotifications()).then((all) => all.map((n) => n.title + '|' + n.actions.map((a) => a.action)))"
    titles = browser.wait(tab, f"{shown}.then((all) => all.length && all)")
    assert titles == ["SEV-1: High error rate|acknowledge,open"]
    assert world.get(f"/pages/{page}")["state"] == "open"

    worker = browser.targets("service_worker")[0]["targetId"]
    inside = str(browser.ask("Target.attachToTarget", targetId=worker, flatten=True)["sessionId"])
    # What a tap on the button does; a script may not make the event of a tap itself.
    browser.run(inside, "self.registration.getNotifications().then((all) => acknowledge(all[0].data)).then(() => true)")
    browser.wait(tab, f"{shown}.then((all) => all.some((one) => one.startsWith('You have it')))")
    found = world.get(f"/pages/{page}")
    assert found["state"] == "acknowledged"
    assert found["acknowledged"][0]["person"] == "ana"

    over = {"title": "It is over", "body": "", "tag": "t", "kind": "status", "urgent": False, "link": link, "acknowledge": ""}
    browser.ask("ServiceWorker.deliverPushMessage", tab, origin=world.url, registrationId=registration, data=json.dumps(over))
    browser.wait(tab, f"{shown}.then((all) => all.length === 1 && all[0] === 'It is over|')")
    browser.ask("ServiceWorker.deliverPushMessage", tab, origin=world.url, registrationId=registration, data="no json at all")
    browser.wait(tab, f"{shown}.then((all) => all.includes('no json at all|'))")


def test_the_link_page_works_without_scripts_on_a_small_screen(world: Served, browser: Chromium) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    page = str(
        world.post("/pages", {"title": "AVeryLongTitleWithoutAnySpaces" * 6, "targets": ["person:ana"], "carries": {"word": "SEV-1"}})[
            "page"
        ]
    )
    body = world.outbox()[-1]["body"]
    link = next(line.partition(": ")[2] for line in body.splitlines() if line.startswith("Acknowledge: "))
    tab = browser.open(link)
    browser.ask("Emulation.setDeviceMetricsOverride", tab, width=360, height=740, deviceScaleFactor=2, mobile=True)
    browser.ask("Emulation.setScriptExecutionDisabled", tab, value=True)
    browser.ask("Page.reload", tab)
    browser.wait(tab, "document.readyState === 'complete' && !document.documentElement.classList.contains('scripted')")
    assert browser.run(tab, "document.documentElement.scrollWidth") <= 360
    button = browser.run(tab, "(b => ({h: b.offsetHeight, y: b.getBoundingClientRect().bottom}))(document.querySelector('.call-button'))")
    assert button["h"] >= 48
    browser.run(tab, "document.querySelector('.call-button').click()")
    browser.wait(tab, "document.body?.textContent.includes('You have it')")
    assert world.get(f"/pages/{page}")["state"] == "acknowledged"
