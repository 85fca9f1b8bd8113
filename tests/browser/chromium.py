"""A browser, and in it people: each signed in, in a profile of their own, with everything that goes wrong there written down."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterable
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, WebError

from tests.server import Server

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip
WIDE = (1440, 900)
MIDDLE = (768, 1024)
PHONE = (360, 740)
Theme = Literal["light", "dark"]
PATIENCE = 30_000
"""Milliseconds that a test waits for what should be there at once; only a failure lasts so long."""


def chromium() -> str:
    """Return where Chromium is: TOCSIN_CHROMIUM, or what is on the path; empty where there is none."""
    return os.environ.get("TOCSIN_CHROMIUM", "") or next(
        (found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), ""
    )


class Visitor:
    """One person in one browser profile. ``troubles``: errors of scripts, of the console (a broken policy is one) and of the server."""

    def __init__(
        self, browser: Browser, server: Server, person: str = "", *, size: tuple[int, int] = WIDE, theme: Theme = "light", scripts: bool = True,
        touch: bool = False, service_workers: Literal["allow", "block"] = "block", **more: Any,
    ) -> None:  # fmt: skip
        """person: who signs in; nobody without one. service_workers: closing a profile in which one is starting can hang, so only tests of it have one."""
        self.server = server
        self.person = person
        self.troubles: list[str] = []
        self._expected: list[re.Pattern[str]] = []
        self.context: BrowserContext = browser.new_context(
            base_url=f"http://127.0.0.1:{server.port}", viewport={"width": size[0], "height": size[1]}, color_scheme=theme,
            java_script_enabled=scripts, has_touch=touch, service_workers=service_workers, reduced_motion="reduce", locale="en-GB", timezone_id="Europe/Berlin", **more,
        )  # fmt: skip
        self.context.set_default_timeout(PATIENCE)
        self.context.on("console", self._console)
        self.context.on("weberror", self._error)
        self.context.on("response", self._response)
        self.page: Page = self.context.new_page()
        if person:
            self.sign_in()

    def sign_in(self) -> None:
        """Sign in by a one-time link, as somebody does who was sent one."""
        status, answer = self.server.request("POST", "/api/v1/sign-in/codes", {"person": self.person})
        assert status == 201, answer
        self.page.goto(answer["path"])
        if "/sign-in" in self.page.url:  # a link alone changes nothing: the page that it opens has one button
            self.page.locator("main form button.primary").click()
            self.page.wait_for_url(lambda url: "/sign-in" not in url)

    def see(self, path: str) -> Page:
        """Open a page that must be there, and return it."""
        answer = self.page.goto(path)
        assert answer is not None, path
        assert answer.status < 400, f"{path} answered {answer.status}"
        return self.page

    def tab(self, path: str = "") -> Page:
        """Open one more tab."""
        page = self.context.new_page()
        if path:
            page.goto(path)
        return page

    def expect(self, pattern: str) -> None:
        """Let troubles that match be: the test makes them."""
        self._expected.append(re.compile(pattern))

    def close(self) -> None:
        """Close the profile; nothing may have gone wrong in it."""
        self.context.close()
        wrong = [one for one in self.troubles if not any(pattern.search(one) for pattern in self._expected)]
        assert not wrong, "\n".join(dict.fromkeys(wrong))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            where = message.location.get("url", "")
            self.troubles.append(f"console of {message.page.url if message.page else '?'}: {message.text} {where}")

    def _error(self, error: WebError) -> None:
        self.troubles.append(f"script of {error.page.url if error.page else '?'}: {error.error}")

    def _response(self, response: Response) -> None:
        if response.status >= 500 or (response.status >= 400 and "/static/" in response.url):
            self.troubles.append(f"{response.request.method} {response.url} answered {response.status}")


def sideways(page: Page) -> list[str]:
    """Return what stands out beyond the page's right or left edge where the page itself then scrolls sideways; nothing where it does not."""
    found: Iterable[str] = page.evaluate(
        """() => {
          const root = document.scrollingElement;
          if (root.scrollWidth <= root.clientWidth) return [];
          const out = [];
          for (const one of document.body.querySelectorAll("*")) {
            const box = one.getBoundingClientRect();
            if (box.width && (box.right > root.clientWidth + 1 || box.left < -1)) {
              out.push(`${one.tagName.toLowerCase()}${one.id ? "#" + one.id : ""}${one.className?.baseVal ?? (one.className ? "." + one.className : "")} ${Math.round(box.left)}…${Math.round(box.right)}`);
            }
          }
          return [`the page is ${root.scrollWidth} wide where ${root.clientWidth} can be seen`, ...out.slice(-6)];
        }"""
    )
    return list(found)
