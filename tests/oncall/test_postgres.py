"""The same schedules on PostgreSQL: lists, look-ups by person, hand-offs, published addresses, and a rebuild that differs in nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.adversary.test_postgres import Postgres
from tests.engine.conftest import postgres
from tests.oncall.conftest import WEEKLY
from tocsin.engine import rebuild

__all__ = ["postgres"]
PAGES = (
    "/on-call", "/on-call/mine", "/on-call/payments", "/on-call/payments/fairness", "/on-call/payments/history", "/on-call/reach", "/settings/services/api",
    "/settings/people", "/settings/teams", "/settings/policies/pay", "/settings/routes", "/settings/sources", "/settings/heartbeats",
)  # fmt: skip
"""Pages whose queries are of this family."""


def test_schedules_absences_feeds_and_hand_offs_are_kept_on_postgresql(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    monkeypatch.setattr(Postgres, "url", postgres)
    world = Postgres(tmp_path / "data", playbook="rota-and-runbooks")
    try:
        world.post("/schedules/payments", WEEKLY)
        world.post("/people/bo/absences", {"start": "2025-10-28T00:00:00Z", "end": "2025-10-29T00:00:00Z"})
        found = world.get("/schedules/payments/on-call", at="2025-10-28T12:00:00Z")
        assert [one["person"] for one in found["lines"][0]["on_call"]] == ["cy"]
        world.post("/people/cy/feed")
        assert world.send("GET", world.get("/people/cy/availability")["feed"], person="").status == 200
        world.advance(days=8)
        assert [one["state"] for one in world.get("/handoffs", person="bo")["handoffs"]] == ["missed", "missed", "missed"]
        assert world.get("/handoffs", person="b")["handoffs"] == []
        world.post("/services/api", {"name": "API", "page": ["schedule:payments"]})
        world.post("/policies/pay", {"steps": [{"to": ["schedule:payments"]}], "waive": "nobody has a way yet"})
        for page in PAGES:
            assert world.page(page).status == 200, page
        with world.app.runtime.database.reading() as connection:
            assert rebuild.differences(connection, world.app.runtime.registry) == []
    finally:
        world.close()
