"""A full disk, a database that takes nothing, a clock that jumps: nothing is answered that is not kept, and pages go on when it is over."""

from __future__ import annotations

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adversary.pagers import Pager
from tests.alerts.entering import fires, journal, say
from tests.alerts.test_memory import memory
from tests.server import Server
from tocsin.engine.errors import Unavailable


def alert(name: str, size: int = 0) -> dict[str, Any]:
    return {"alerts": [{"status": "firing", "labels": {"alertname": name, "severity": "critical"}, "annotations": {"summary": "x" * size}}]}


@contextmanager
def full(pager: Pager) -> Iterator[None]:
    """Have no room in the database."""
    writer = pager.app.runtime.database._writer
    with writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    yield
    with writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


@contextmanager
def read_only(pager: Pager) -> Iterator[None]:
    """Have a database that cannot be written to."""
    driver: Any = pager.app.runtime.database._writer.raw_connection()
    driver.driver_connection.execute("PRAGMA query_only = ON")
    driver.close()
    yield
    driver = pager.app.runtime.database._writer.raw_connection()
    driver.driver_connection.execute("PRAGMA query_only = OFF")
    driver.close()


@pytest.mark.parametrize("sick", [full, read_only])
def test_what_cannot_be_kept_is_not_answered_and_the_memory_stays_true(pager: Pager, sick: Callable[[Pager], Any]) -> None:
    say(pager, fires("Before"))
    pager.app.runtime.settle()
    kept, refused = ["Before"], 0
    with sick(pager):
        for number in range(40):
            answer = pager.send("POST", "/intake/alertmanager/k", alert(f"N{number}", 20_000), person="")
            if answer.status == 200:
                kept.append(f"N{number}")
            else:
                refused += 1
                assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert refused > 10
    found = memory(journal(pager))
    with pager.app.runtime.database.reading() as connection:
        journal(pager).load(connection, pager.now)
    assert memory(journal(pager)) == found
    pager.app.runtime.settle()
    assert sorted(one["labels"]["alertname"] for one in pager.get("/alerts", limit=500)["alerts"]) == sorted(kept)
    assert len(pager.pages()) == len(kept)
    assert pager.send("POST", "/intake/alertmanager/k", alert("After"), person="").status == 200
    pager.audit()


@pytest.mark.parametrize("sick", [full, read_only])
def test_a_step_that_was_due_while_nothing_could_be_written_is_taken_once_it_can(pager: Pager, sick: Callable[[Pager], Any]) -> None:
    pager.post("/silences", {"match": 'alertname="Quiet"', "until": (pager.now + timedelta(minutes=6)).isoformat(), "why": "known"})
    say(pager, fires(title="x" * 250), fires("Quiet"))
    pager.advance(minutes=2)
    with sick(pager):
        pager.clock.set(pager.now + timedelta(minutes=5))
        for _ in range(3):
            pager.app.runtime.timers.run_due()
            with suppress(Unavailable):
                pager.app.runtime.outbox.drain()
        called = pager.calls()
    pager.app.runtime.settle()
    pager.advance(minutes=1)
    assert called[:2] == ["0 ana sms", "1 ana push"]
    assert "7 bo sms" in pager.calls()
    assert "7 ana sms" in pager.calls(), "the silence was over meanwhile"
    pager.audit()


def test_a_clock_that_jumps_ahead_or_back_loses_no_page_and_doubles_none(pager: Pager) -> None:
    say(pager, fires())
    pager.app.runtime.settle()
    pager.clock.set(pager.now + timedelta(hours=3))  # as a machine that slept
    pager.app.runtime.settle()
    assert {call.split()[1] for call in pager.calls()} == {"ana", "bo"}
    pager.clock._now = pager.now - timedelta(hours=2)
    say(pager, fires("Other"))
    pager.app.runtime.settle()
    assert len(pager.pages()) == 2
    assert pager.calls()[-1] == "60 ana sms", "what begins after the jump is called by the clock as it is"
    pager.advance(hours=4)
    assert [page["unanswered"] for page in pager.pages()] == [True, True]
    pager.audit()


def test_a_full_disk_in_a_storm_loses_no_alert_that_was_answered_and_its_pages_are_there_after_the_restart(tmp_path: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_900_000, 1_900_000))

    first = Server(tmp_path / "data")
    routes = [{"name": "all", "group_by": ["alertname"], "urgency": "high", "targets": ["ana"]}]
    assert first.request("POST", "/api/v1/routes", {"routes": routes})[0] == 200
    (url,) = [one["url"] for one in first.request("GET", "/api/v1/intake")[1]["intake"] if one["source"] == "alertmanager"]
    path = "/" + url.partition("://")[2].partition("/")[2]
    first.stop()
    server = Server(tmp_path / "data", preexec=small_files)
    answers = [server.request("POST", path, alert(f"N{number}", 30_000))[0] for number in range(70)]
    server.kill()
    assert set(answers) == {200, 503}
    again = Server(tmp_path / "data")
    assert again.request("GET", "/api/v1/pager")[1]["problems"] == []
    assert again.stop() == 0
    with sqlite3.connect(tmp_path / "data" / "tocsin.db") as connection:
        there = {name for (name,) in connection.execute("select json_extract(labels, '$.alertname') from alerts")}
        (pages,) = connection.execute("select count(*) from pages").fetchone()
    connection.close()
    assert {f"N{number}" for number, status in enumerate(answers) if status == 200} <= there
    assert pages == len(there)
