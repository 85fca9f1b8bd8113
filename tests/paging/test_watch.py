"""The pager watches itself: an open page that waits for nothing, a late one, a refused reaction, a page that does not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from tests.paging.scene import Scene
from tocsin.engine import tables
from tocsin.engine.model import micros


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path / "data", audit_every=timedelta(minutes=1))
    yield made
    made.close()


def metric(scene: Scene, name: str) -> float:
    line = next(one for one in scene.send("GET", "/metrics").text.splitlines() if one.startswith((name + " ", name + "{")))
    return float(line.rpartition(" ")[2])


def alarms(scene: Scene) -> list[str]:
    return [one.text for one in scene.log if one.kind == "pager.alarm"]


def test_nothing_is_written_while_all_is_well(watched: Scene) -> None:
    watched.person("ana", "sms")
    watched.act(watched.call(targets=["ana"]), "acknowledge", "ana")
    watched.advance(hours=3)
    assert [fact.type for fact in watched.app.runtime.facts("pager", "main")] == ["pager.set"]
    assert metric(watched, "tocsin_pager_trouble") == 0
    assert metric(watched, "tocsin_pager_audit_overdue_seconds") == 0


def test_an_open_page_that_waits_for_nothing_is_found_alarmed_and_woken(watched: Scene) -> None:
    watched.person("ana", "sms")
    watched.person("boss", "sms")
    watched.post("/pager", {"last_resort": ["person:boss"]})
    page = watched.call(policy=watched.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:ana"]))
    with watched.app.runtime.database.writing() as connection:  # as if another hand had been in the database
        connection.execute(delete(tables.timers).where(tables.timers.c.stream == f"page:{page}"))
    watched.advance(minutes=1)
    assert alarms(watched) == [
        f"Tocsin's pager is in trouble: the page {page} is open and waits for nothing\n- the page {page} is open and waits for nothing"
    ]
    watched.advance(minutes=10)
    assert watched.calls()[:2] == ["0 ana sms", "5 ana sms"]
    types = [fact.type for fact in watched.app.runtime.facts("pager", "main")]
    assert types == ["pager.set", "pager.set", "pager.trouble_found", "pager.trouble_over"]


def test_a_page_that_is_late_is_found(watched: Scene) -> None:
    watched.person("ana", "sms")
    page = watched.call(policy=watched.policy("p", {"to": ["person:ana"], "wait": "5m"}, ["person:ana"]))
    with watched.app.runtime.database.writing() as connection:
        late = micros(watched.now - timedelta(minutes=10))
        connection.execute(update(tables.timers).where(tables.timers.c.stream == f"page:{page}").values(due_at=late))
    with watched.app.runtime.reading() as reader:
        from tocsin.paging.watch import LATE
        from tocsin.paging.watch_queries import audit

        found = audit(reader, watched.app.runtime.state("pager", "main"), LATE)
    assert found.late == (page,)


def test_a_refused_reaction_is_told_once(watched: Scene) -> None:
    with watched.app.runtime.database.writing() as connection:
        row = {
            "reaction": "group wants people: open a page",
            "stream": "group:G-1",
            "version": 1,
            "why": "it could not",
            "at": micros(watched.now),
        }
        connection.execute(insert(tables.refusals), [row])
    watched.advance(minutes=5)
    told = [one for one in watched.outbox() if one["kind"] == "pager.alarm"]
    assert len(told) == 1
    assert "group wants people: open a page of group:G-1: it could not" in told[0]["body"]


def test_a_synthetic_page_goes_the_whole_way_is_measured_and_ends_by_itself(watched: Scene) -> None:
    watched.person("probe", "push")
    watched.post("/pager", {"synthetic_every": "10m", "synthetic_to": ["person:probe"]})
    watched.advance(minutes=25)
    assert watched.calls() == ["0 probe push", "10 probe push", "20 probe push"]
    found = watched.get("/pager")
    assert found["synthetic"]["seconds"] == 0
    assert found["well"] is True
    assert watched.get("/pages", state="live")["pages"] == []
    assert metric(watched, "tocsin_pager_synthetic_age_seconds") == 300


def test_a_synthetic_page_that_does_not_arrive_is_trouble(watched: Scene) -> None:
    watched.person("probe", "push")
    watched.person("boss", "sms")
    watched.broken("push", "probe")
    watched.post("/pager", {"synthetic_every": "1h", "synthetic_to": ["person:probe"], "last_resort": ["person:boss"]})
    watched.advance(minutes=3)
    assert watched.get("/pager")["problems"] == ["the synthetic page has not arrived"]
    assert len(alarms(watched)) == 1
    assert metric(watched, "tocsin_pager_trouble") == 1


def test_a_watcher_outside_hears_that_all_is_well_and_nothing_when_it_is_not(watched: Scene) -> None:
    from tests.paging.scene import Phone

    channels = watched.app.runtime.channels
    channels["webhook"] = Phone("webhook", watched.log, watched._now)  # type: ignore[index]
    watched.person("probe", "push")
    watched.post("/pager", {"heartbeat_url": "https://watcher.example.com/ping", "heartbeat_every": "5m"})
    watched.advance(minutes=16)
    assert [(one.to, one.kind) for one in watched.log] == [("https://watcher.example.com/ping", "pager.heartbeat")] * 4
    watched.broken("push", "probe")
    watched.post("/pager", {"heartbeat_url": "https://watcher.example.com/ping", "synthetic_every": "1h", "synthetic_to": ["person:probe"]})
    watched.advance(minutes=30)
    assert len([one for one in watched.log if one.kind == "pager.heartbeat"]) == 4


def test_pages_failures_lateness_and_exhaustion_are_on_metrics(watched: Scene) -> None:
    watched.person("ana", "sms", "push")
    watched.broken("push", "ana")
    watched.call(policy=watched.policy("p", {"to": ["person:ana"], "wait": "5m"}))
    watched.advance(minutes=10)
    assert metric(watched, "tocsin_pages_unanswered") == 1
    assert metric(watched, "tocsin_page_notification_failures_total") == 1
    assert metric(watched, "tocsin_page_notifications_total") == 2
    assert metric(watched, "tocsin_page_lateness_seconds") == 0


@pytest.mark.parametrize(
    ("body", "field"), [({"synthetic_every": "often"}, "synthetic_every"), ({"heartbeat_url": "ftp://x"}, "heartbeat_url")]
)
def test_settings_that_cannot_be_used_are_refused(watched: Scene, body: dict[str, str], field: str) -> None:
    assert watched.refused("/pager", body)["field"] == field
