"""One browser per worker, real servers, and visitors that are closed (and judged) at the end of each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import FLAGS, Visitor, chromium
from tests.browser.house import House
from tests.server import Server


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have all tests here run in one worker: they share a browser and a house."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; the tests skip where there is none."""
    where = chromium()
    if not where:
        pytest.skip("Chromium is not here: install it, or name it in TOCSIN_CHROMIUM")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=where, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="package")
def house(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server on the machine's own clock with something of everything in it. Tests share it, and each makes what it changes."""
    house = House(tmp_path_factory.mktemp("house") / "data")
    yield house
    house.close()


@pytest.fixture
def server(browser: Browser, tmp_path: Path) -> Iterator[Server]:
    """An empty server for one test alone."""
    server = Server(tmp_path / "data")
    yield server
    if server.process.poll() is None:
        server.stop()


class Visit(Protocol):
    """Make a visitor of the shared house, or of another server."""

    def __call__(self, person: str = "", *, server: Server | None = None, **more: Any) -> Visitor:
        """See ``Visitor``."""
        ...


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Make visitors; all are closed at the end, and a trouble in any of them fails the test."""
    made: list[Visitor] = []

    def make(person: str = "", *, server: Server | None = None, **more: Any) -> Visitor:
        there: Server = server or request.getfixturevalue("house").server
        made.append(Visitor(browser, there, person, **more))
        return made[-1]

    yield make
    wrong: list[str] = []
    for visitor in made:
        try:
            visitor.close()
        except AssertionError as error:
            wrong.append(f"{visitor.person or 'nobody'}: {error}")
    assert not wrong, "\n".join(wrong)
