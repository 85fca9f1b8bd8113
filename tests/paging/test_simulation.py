"""Random nights: alerts, answers, failing ways, changed rules and restarts in any order; after each the pager's promises hold.

Every open page waits for something, has an unexpired acknowledgement, or is recorded as exhausted. Nobody is notified twice for the same page,
step, way and attempt. The state is the fold of its facts, and the read tables are what a rebuild would write.
"""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.paging.scene import WAYS, Scene
from tocsin.engine import log, tables
from tocsin.engine.model import micros
from tocsin.engine.rebuild import rows_of_log
from tocsin.paging import steps
from tocsin.paging import tables as paging_tables
from tocsin.paging.page import Page

PEOPLE = ("ana", "bo", "cy", "dee")
EVENTS = (
    "open",
    "ack",
    "escalate",
    "hand",
    "snooze",
    "resolve",
    "raise",
    "break",
    "mend",
    "rules",
    "advance",
    "advance",
    "advance",
    "restart",
)


class Night:
    """A scene under random events. chance: what decides each."""

    def __init__(self, folder: Path, chance: random.Random, database: str = "") -> None:
        self.chance = chance
        self.scene = Scene(folder, database=database)
        self.pages: list[str] = []
        for name in PEOPLE:
            self._save(name)
        layer = {"id": "hours", "groups": [["ana"], ["bo"]], "unit": "hour", "start": "2025-10-27T00:00"}
        self.scene.post("/schedules/on-call", {"layers": [layer]})
        self.scene.policy(
            "one", {"to": ["schedule:on-call"], "wait": "5m"}, {"to": ["schedule:on-call#next"], "wait": "5m"}, repeat=1, lease="20m"
        )
        self.scene.policy(
            "two", {"to": ["person:ana", "person:bo"], "wait": "7m", "acknowledgements": 2}, {"to": ["person:cy", "person:dee"], "pick": "in_turn"},
            {"to": ["person:dee"], "at_age": "12m"}, repeat="forever", last_resort=["person:cy"], lease="20m",
        )  # fmt: skip
        self.scene.policy(
            "three", {"to": ["person:cy"], "only": {"from": "14:00", "to": "14:40"}, "wait": "3m"}, ["person:bo"], lease="20m"
        )

    def _save(self, name: str) -> None:
        ways = self.chance.sample(WAYS, self.chance.randint(1, 3))
        rules = [(way, f"{self.chance.choice([0, 0, 2, 6])}m") for way in ways if self.chance.random() < 0.8]
        quiet = [{"start": "14:30", "end": "15:10"}] if self.chance.random() < 0.3 else []
        self.scene.person(name, *ways, rules=rules, quiet=quiet, proved=False)

    def step(self, event: str) -> None:
        """Let one thing happen; what the product refuses is as good as nothing."""
        chance, scene = self.chance, self.scene
        person = chance.choice(PEOPLE)
        page = chance.choice(self.pages) if self.pages else ""
        match event:
            case "open":
                body = {"title": "x", "policy": chance.choice(["one", "two", "three"]), "urgency": chance.choice(["high", "high", "low"])}
                self.pages.append(scene.post("/pages", body)["page"])
            case "ack" | "escalate" | "resolve" if page:
                scene.send("POST", f"/pages/{page}/{'acknowledge' if event == 'ack' else event}", {}, person)
            case "hand" if page:
                scene.send("POST", f"/pages/{page}/hand", {"to": [f"person:{person}"]}, "alice")
            case "snooze" if page:
                scene.send("POST", f"/pages/{page}/snooze", {"until": (scene.now + timedelta(minutes=9)).isoformat()}, person)
            case "raise" if page:
                scene.send("POST", f"/pages/{page}/raise", {"urgency": "high"}, person)
            case "break":
                scene.broken(chance.choice(WAYS), person, for_good=chance.random() < 0.5)
            case "mend":
                scene.mended(chance.choice(WAYS), person)
            case "rules":
                self._save(person)
            case "advance":
                scene.advance(minutes=chance.choice([0.5, 1, 3, 8, 25]))
            case "restart":
                scene.restart()
            case _:
                pass
        if chance.random() < 0.7:
            scene.app.runtime.settle()

    def check(self) -> None:
        """Make sure that the promises hold now."""
        runtime = self.scene.app.runtime
        with runtime.database.reading() as connection:
            due = {row.stream: row.due_at for row in connection.execute(select(tables.timers))}
            keys = list(connection.execute(select(tables.deliveries.c.key)).scalars())
            assert list(connection.execute(select(tables.refusals.c.why)).scalars()) == []
            rows = {row.id: row for row in connection.execute(select(paging_tables.pages))}
            for page_id in self.pages:
                page: Page = runtime.state("page", page_id)
                self._waits(page, due.get(f"page:{page_id}"))
                self._once(page)
                folded, _ = log.load(connection, runtime.registry, f"page:{page_id}")
                assert folded == page
                assert (rows[page_id].state, rows[page_id].unanswered) == (page.state, page.unanswered)
        assert max(Counter(keys).values(), default=1) == 1

    def rebuilt(self) -> None:
        """Make sure that the read tables are what a rebuild would write."""
        runtime = self.scene.app.runtime
        with runtime.database.reading() as connection:
            wanted = rows_of_log(connection, runtime.registry)
            for table in (paging_tables.pages, paging_tables.people, paging_tables.turns, paging_tables.counters, paging_tables.policies):
                keys = [column.name for column in table.primary_key.columns]
                columns = [column.name for column in table.columns]
                rows = [dict(zip(columns, row, strict=True)) for row in connection.execute(select(table))]
                assert {tuple(row[key] for key in keys): row for row in rows} == wanted.get(table.name, {}), table.name

    def _waits(self, page: Page, due: int | None) -> None:
        if not page.live:
            assert due is None, f"{page.id} is over and waits for {due}"
            return
        wanted = steps.wake(page)
        assert due == (None if wanted is None else micros(wanted)), page.id
        has_lease = page.state == "acknowledged" and page.lease_until is not None
        silent = page.state == "snoozed" and page.snoozed_until is not None
        assert has_lease or silent or page.exhausted_at is not None or steps.due_next(page) is not None, (
            f"{page.id} is open and waits for nothing"
        )
        assert due is not None or page.exhausted_at is not None

    def _once(self, page: Page) -> None:
        """Each decision to notify is there once, and nobody who has acknowledged is still to be called by what others can stop."""
        facts = self.scene.app.runtime.facts("page", page.id)
        seen = [(n.run, n.person, n.contact, n.attempt) for fact in facts if fact.type == "page.notified" for n in fact.event.notices]  # type: ignore[attr-defined]
        assert len(seen) == len(set(seen))
        if page.state in ("acknowledged", "resolved", "snoozed"):
            left = [called.person for run, called, one in page.everyone() if one.state == "waiting" and not run.by_age]
            assert left == []


def night(folder: Path, seed: int, events: list[str]) -> None:
    played = Night(folder, random.Random(seed))
    try:
        for event in events:
            played.step(event)
            played.check()
        played.scene.advance(hours=3)
        played.check()
        played.rebuilt()
        sent = Counter(one.key for one in played.scene.log)
        assert max(sent.values(), default=1) == 1
    finally:
        played.scene.close()


@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.lists(st.sampled_from(EVENTS), min_size=5, max_size=20))
def test_the_pagers_promises_hold_whatever_happens(tmp_path_factory: pytest.TempPathFactory, seed: int, events: list[str]) -> None:
    night(tmp_path_factory.mktemp("night") / "data", seed, ["open", *events])


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(300))
def test_the_pagers_promises_hold_through_long_nights(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    night(tmp_path / "data", seed, ["open", *(chance.choice(EVENTS) for _ in range(80))])
