"""What people do in pages: fill a form in as it stands there and press its button; and how long others wait to see it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

from playwright.sync_api import Locator, Page

from tests.browser.chromium import PATIENCE, Visitor
from tests.server import Server

_OPEN = "form => { for (let d = form.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; }"


def form(page: Page, action: str, having: Mapping[str, str] | None = None) -> Locator:
    """Return the form with this action, and with these values in its hidden fields or choices; what is folded around it is opened."""
    found = page.locator(f'main form[action="{action}"]')
    for name, value in (having or {}).items():
        found = found.filter(has=page.locator(f'[name="{name}"][value="{value}"]'))
    found = found.first
    found.wait_for(state="attached")
    found.evaluate(_OPEN)
    return found


def fill(place: Locator, fields: Mapping[str, Any]) -> None:
    """Fill fields in by their names: texts, choices and ticks, whatever each is."""
    for name, value in fields.items():
        every = place.locator(f'[name="{name}"]')
        every.first.evaluate(
            "field => { for (let d = field.closest('details'); d; d = d.parentElement.closest('details')) d.open = true; }"
        )
        kind = every.first.evaluate("field => field.tagName === 'INPUT' ? field.type : field.tagName.toLowerCase()")
        if kind == "select":
            every.first.select_option(str(value))
        elif kind == "radio":
            place.locator(f'[name="{name}"][value="{value}"]').evaluate("field => field.click()")
        elif kind == "checkbox":
            every.first.set_checked(bool(value), force=True)
        else:
            every.first.fill("\n".join(value) if isinstance(value, list | tuple) else str(value))


def send(
    page: Page,
    action: str,
    fields: Mapping[str, Any],
    having: Mapping[str, str] | None = None,
    button: str = "button:not([value='preview'])",
) -> None:
    """Fill a form in and press its button; what comes back must be no refusal."""
    place = form(page, action, having)
    fill(place, fields)
    with page.expect_response(lambda answer: answer.request.method == "POST" and answer.url.endswith(action), timeout=PATIENCE) as caught:
        place.locator(button).first.click()
    status = caught.value.status
    if status >= 400:
        page.wait_for_load_state()
        raise AssertionError(f"{action} answered {status}: {' '.join(page.locator('#problem').all_inner_texts())}")
    page.wait_for_load_state()


def version(server: Server, incident: str) -> int:
    """Return the version of an incident."""
    return int(server.request("GET", f"/api/v1/incidents/{incident}")[1]["version"])


def wait_until_seen(visitors: Iterable[Visitor], number: int, since: float) -> list[float]:
    """Wait until every visitor's page shows the incident in this version; return how long after ``since`` each did, in seconds."""
    taken = []
    for visitor in visitors:
        visitor.page.wait_for_function(
            "wanted => Number(document.querySelector('[data-version]')?.dataset.version ?? -1) >= wanted",
            arg=number,
            timeout=PATIENCE,
            polling=20,
        )
        taken.append(time.monotonic() - since)
    return taken
