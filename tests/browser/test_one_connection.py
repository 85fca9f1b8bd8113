"""One live connection for a browser, whatever the number of its tabs: it is handed on, comes back by itself, and misses nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.chromium import Visitor
from tests.browser.conftest import Visit
from tests.browser.house import House
from tests.server import Server

_COUNTED = """
(() => {
  const feeds = (globalThis.__feeds = []);
  const Own = globalThis.EventSource;
  globalThis.EventSource = class extends Own {
    constructor(...given) {
      super(...given);
      feeds.push(this);
    }
  };
})();
"""
_VOTING = "Object.defineProperty(navigator, 'locks', { value: undefined });"
"""As on an address without encryption: there are no locks there, and tabs vote."""
_OPEN = "() => globalThis.__feeds.filter((one) => one.readyState !== 2).length"


def feeds(tabs: list[Page]) -> int:
    """Return how many connections the tabs hold together."""
    return sum(int(tab.evaluate(_OPEN)) for tab in tabs if not tab.is_closed())


def holder(tabs: list[Page]) -> Page:
    """Return the tab that holds the connection."""
    return next(tab for tab in tabs if not tab.is_closed() and int(tab.evaluate(_OPEN)))


def until(tab: Page, fits: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    for _ in range(100):
        if fits():
            return
        tab.wait_for_timeout(100)
    raise AssertionError(what)


def opened(visitor: Visitor, number: int, path: str, *scripts: str) -> list[Page]:
    """Open so many tabs of a page; they settle on one connection."""
    for script in (_COUNTED, *scripts):
        visitor.context.add_init_script(script)
    tabs = [visitor.tab(path) for _ in range(number)]
    visitor.page.close()
    until(tabs[0], lambda: feeds(tabs) == 1, f"{feeds(tabs)} connections of {number} tabs")
    return tabs


@pytest.mark.parametrize("how", ["locks", "votes"])
def test_ten_tabs_share_one_connection_and_all_see_what_changes(visit: Visit, house: House, how: str) -> None:
    visitor = visit("alice")
    tabs = opened(visitor, 10, "/incidents", *([_VOTING] if how == "votes" else []))
    title = f"Ten tabs see this one by {how}"
    house.declare(title=title)
    for tab in tabs:
        tab.get_by_role("link", name=title).first.wait_for()
    assert feeds(tabs) == 1


@pytest.mark.parametrize("how", ["locks", "votes"])
def test_when_the_tab_that_holds_it_is_closed_another_takes_over_at_once(visit: Visit, house: House, how: str) -> None:
    visitor = visit("alice")
    tabs = opened(visitor, 3, "/incidents", *([_VOTING] if how == "votes" else []))
    gone = holder(tabs)
    left = [tab for tab in tabs if tab is not gone]
    gone.close()
    title = f"After the hand-over by {how}"
    house.declare(title=title)
    for tab in left:
        tab.get_by_role("link", name=title).first.wait_for()
    until(left[0], lambda: feeds(left) == 1, "nobody took over")


def test_after_a_restart_of_the_server_no_tab_needs_a_reload_and_none_misses_anything(visit: Visit, server: Server, tmp_path: Path) -> None:
    visitor = visit("alice", server=server)
    visitor.expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE|ERR_EMPTY_RESPONSE|net::ERR|answered 503")
    tabs = opened(visitor, 3, "/incidents")
    for tab in tabs:
        tab.evaluate("() => (globalThis.__same = true)")
    port = server.port
    server.stop()
    until(tabs[0], lambda: all(tab.locator("#feed-lost").is_visible() for tab in tabs), "no tab says that it is not live")
    assert "Not live" in tabs[0].locator("#feed-lost").inner_text()
    again = Server(server.data, "--port", str(port))
    try:
        body: dict[str, Any] = {"title": "Declared right after the restart"}
        status, answer = again.request("POST", "/api/v1/incidents", body)
        assert status < 300, answer
        for tab in tabs:
            tab.get_by_role("link", name="Declared right after the restart").first.wait_for(timeout=30_000)
            assert tab.evaluate("() => globalThis.__same") is True
            tab.locator("#feed-lost").wait_for(state="hidden")
    finally:
        again.stop()


def test_what_is_being_typed_is_left_alone_and_the_menu_counts_all_the_same(visit: Visit, house: House) -> None:
    visitor = visit("alice")
    page = visitor.see("/maintenance/new")
    page.get_by_label("What is done").fill("half a sentence")
    house.fire("TypedAside", "ledger")
    page.locator(".main-nav .badge").first.wait_for()
    assert page.get_by_label("What is done").input_value() == "half a sentence"


def test_whoever_is_signed_out_elsewhere_is_told_and_keeps_what_was_typed(visit: Visit, house: House) -> None:
    visitor = visit("alice")
    page = visitor.see("/silences")
    page.get_by_label("Why").fill("not lost")
    visitor.context.clear_cookies()
    visitor.expect("401|Failed to load resource")
    house.post(
        "/silences", {"match": 'alertname="Other"', "until": (datetime.now(UTC) + timedelta(days=1)).isoformat(), "why": "somebody else"}
    )
    page.locator("#feed-lost", has_text="signed out").wait_for()
    assert page.get_by_label("Why").input_value() == "not lost"
