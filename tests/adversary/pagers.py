"""An installation that calls people for alerts, for tests that try to lose a page: it can be down for a while, and is audited every minute."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tests.alerts.entering import journal
from tests.alerts.test_memory import memory
from tests.paging.scene import Scene
from tests.world import START
from tocsin.alerts.journal import REMEMBERED
from tocsin.engine import rebuild, tables
from tocsin.engine.model import micros


class Pager(Scene):
    """Ana and then Bo are called by telephone; Zoe is the last resort. Alerts of every sender reach the policy ``p``."""

    def __init__(self, folder: Path, start_at: datetime = START) -> None:
        super().__init__(folder, start_at, audit_every=timedelta(minutes=1))
        for name in ("ana", "bo", "zoe"):
            self.person(name, "sms", "push", rules=[("sms", "0m"), ("push", "1m")])
        self.post("/pager", {"last_resort": ["person:zoe"]})
        self.policy("p", {"to": ["person:ana"], "wait": "5m"}, {"to": ["person:bo"], "wait": "5m"}, lease="1h")
        self.route()

    def route(self, **more: Any) -> None:
        """Send all alerts to the policy, each alert name being a group."""
        handling = {"group_by": ["alertname"], "urgency": "high", "policy": "p", **more}
        self.post("/routes", {"routes": [{"name": "all", **handling}]})

    def down(self, **span: float) -> None:
        """Stop, let time pass with nothing running, and start again."""
        self.app.runtime.stop()
        self.clock.set(self.now + timedelta(**span))
        self.app = self._build()
        self.app.runtime.settle()

    def pages(self, state: str = "") -> list[dict[str, Any]]:
        """Return pages, oldest first."""
        found: list[dict[str, Any]] = self.get("/pages", limit=500, **({"state": state} if state else {}))["pages"]
        return found[::-1]

    def rows(self, statement: Any) -> list[Any]:
        """Read the database."""
        with self.app.runtime.database.reading() as connection:
            return list(connection.execute(statement))

    def audit(self) -> None:
        """Hold what must be true at any moment, whatever happened: nothing doubled, nothing refused, no page that waits for nothing."""
        keys = Counter(row.key for row in self.rows(select(tables.deliveries.c.key)))
        assert not keys or max(keys.values()) == 1
        left = Counter(one.key for one in self.log)
        assert not left or max(left.values()) == 1, [key for key, times in left.items() if times > 1]
        assert [tuple(row) for row in self.rows(select(tables.refusals.c.reaction, tables.refusals.c.why))] == []
        timers = {row.stream: row.due_at for row in self.rows(select(tables.timers))}
        for page in self.pages("live"):
            assert f"page:{page['id']}" in timers or page["exhausted_at"] is not None, (
                f"{page['id']} is {page['state']} and waits for nothing"
            )
        with self.app.runtime.database.reading() as connection:
            assert rebuild.differences(connection, self.app.runtime.registry) == []
        alerts = journal(self)
        before = self._remembered()
        with self.app.runtime.database.reading() as connection:
            alerts.load(connection, self.now)
        after = self._remembered()
        differing = {name: (before[name], after[name]) for name in before if after[name] != before[name]}
        assert not differing, f"what is in memory is not what is on disk: {differing}"

    def _remembered(self) -> dict[str, Any]:
        """What the journal of alerts holds, without what ended long ago and goes when it comes to it."""
        alerts = journal(self)
        oldest = micros(self.now - REMEMBERED)
        gone = {live.id for live in alerts.index if live.ended and live.ended <= oldest}
        held = memory(alerts)
        held["alerts"] = {number: values for number, values in held["alerts"].items() if number not in gone}
        held["prints"] = {place: number for place, number in held["prints"].items() if number not in gone}
        return held
