"""The page is served from memory: quickly, cacheably, and also when everything behind it stands still."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.status.scene import api, components, incident, page, tell
from tests.world import Answer, World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.clock import SystemClock

__all__ = ["incident"]


def test_it_is_cacheable_and_answers_304_to_who_has_it(world: World, incident: str) -> None:
    tell(world, incident)
    first = world.page("/status", person="")
    assert "public" in first.headers["cache-control"]
    assert "stale-if-error" in first.headers["cache-control"]
    assert "set-cookie" not in first.headers
    again = world.page("/status", person="", headers={"if-none-match": first.headers["etag"]})
    assert (again.status, again.content) == (304, b"")
    world.advance(minutes=2)
    assert world.page("/status", person="", headers={"if-none-match": first.headers["etag"]}).status == 200


def test_programs_of_other_sites_may_read_the_json_and_nobody_the_house(world: World) -> None:
    answer = world.send("GET", "/status/api/v2/summary.json", person="")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert world.send("OPTIONS", "/status/api/v2/status.json", person="").status == 204
    assert "access-control-allow-origin" not in world.send("GET", "/incidents").headers
    assert "access-control-allow-origin" not in world.page("/status", person="").headers


def test_a_head_request_has_the_length_and_no_body(world: World) -> None:
    whole = world.page("/status", person="")
    head = world.send("HEAD", "/status", person="")
    assert (head.status, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


def test_every_answer_carries_the_policy_that_keeps_scripts_out(world: World) -> None:
    for path in ("/status", "/status/history", "/status/subscribe", "/status/history.atom"):
        headers = world.page(path, person="").headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert headers["x-content-type-options"] == "nosniff"


def test_a_page_of_the_house_says_where_the_public_one_is_and_nobody_needs_a_session(world: World) -> None:
    assert world.page("/status", person="", headers={"authorization": "Bearer nonsense"}).status == 200
    assert world.page("/status/", person="").status == 200


class Real(World):
    """An installation on the machine's own clock, where the page is made by a thread."""

    def _build(self) -> App:
        app = build(Options(data=self.folder, default_playbook=self.playbook, clock=SystemClock(), console=Quiet()))
        start(app)
        return app


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    world = Real(tmp_path / "data")
    yield world
    world.close()


def publish(real: Real) -> None:
    """Tell the public something, and wait until the page has it."""
    components(real)
    found = real.post("/incidents", {"title": "x", "severity": "SEV-1", "service": "payment-api", "impact": "Cards fail"})["incident"]
    tell(real, found, headline="Cards fail")
    until = time.monotonic() + 10
    while "Cards fail" not in page(real) and time.monotonic() < until:
        time.sleep(0.05)
    assert "Cards fail" in page(real)


def fastest(world: World, path: str, times: int = 20) -> tuple[float, Answer]:
    """Return the seconds of a usual request (the median) and an answer, all on one event loop as on a server."""

    async def ask() -> tuple[float, Answer]:
        taken: list[tuple[float, Answer]] = []
        for _ in range(times):
            begin = time.perf_counter()
            answer = await world._call("GET", path, {}, b"")
            taken.append((time.perf_counter() - begin, answer))
        return sorted(taken, key=lambda one: one[0])[times // 2]

    return asyncio.run(ask())


@contextmanager
def stalled(world: World) -> Iterator[None]:
    """Have the committer hold its transaction, and every reader of the database wait."""
    held, let_go = threading.Event(), threading.Event()

    def write(_connection: Any) -> dict[str, Any]:
        held.set()
        let_go.wait(30)
        return {}

    world.app.runtime.write_later(write)
    assert held.wait(10)
    reading = world.app.runtime.database.reading

    @contextmanager
    def waiting() -> Iterator[Any]:
        let_go.wait(30)
        with reading() as connection:
            yield connection

    world.app.runtime.database.reading = waiting  # type: ignore[method-assign]
    try:
        yield
    finally:
        let_go.set()
        world.app.runtime.database.reading = reading  # type: ignore[method-assign]


def test_it_is_there_while_the_committer_and_the_database_stand_still(real: Real) -> None:
    publish(real)
    with stalled(real):
        for path in ("/status", "/status/history", "/status/api/v2/summary.json", "/status/history.rss"):
            seconds, answer = fastest(real, path)
            assert answer.status == 200, path
            assert "Cards fail" in answer.text
            assert seconds < 5, f"{path} waited {seconds:.1f} s for what stands still"  # `make bench` has the figure


def test_trouble_with_the_database_leaves_the_page_as_it_was_and_it_goes_on_afterwards(real: Real) -> None:
    publish(real)
    reading = real.app.runtime.database.reading

    def broken() -> AbstractContextManager[Any]:
        raise OSError("the disk is gone")

    publisher = real.app.asgi._publisher
    real.app.runtime.database.reading = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="disk"):
        publisher.make()
    assert "Cards fail" in page(real)
    real.app.runtime.database.reading = reading  # type: ignore[method-assign]
    publisher.make()
    assert not publisher.outdated
    assert api(real, "status.json")["status"]["indicator"] == "critical"


def test_a_change_is_on_the_page_soon_and_by_itself(real: Real) -> None:
    begin = time.monotonic()
    publish(real)
    assert time.monotonic() - begin < 5
