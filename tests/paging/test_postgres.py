"""The same pager on PostgreSQL: a night of it, its audit, its lists and its read tables."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from tests.engine.conftest import postgres
from tests.paging.scene import Scene
from tests.paging.test_simulation import EVENTS, Night

__all__ = ["postgres"]


@pytest.fixture
def database(postgres: str) -> Iterator[str]:
    """The URL of a database that nothing has used yet."""
    url, name = make_url(postgres), f"paging_{secrets.token_hex(6)}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_a_night_on_postgresql(tmp_path: Path, database: str) -> None:
    chance = random.Random(7)
    played = Night(tmp_path / "data", chance, database)
    try:
        for event in ["open", *(chance.choice(EVENTS) for _ in range(25))]:
            played.step(event)
            played.check()
        played.rebuilt()
    finally:
        played.scene.close()


def test_the_audit_the_lists_and_the_metrics_on_postgresql(tmp_path: Path, database: str) -> None:
    scene = Scene(tmp_path / "data", audit_every=timedelta(minutes=1), database=database)
    try:
        scene.person("ana", "sms")
        scene.post("/pager", {"last_resort": ["person:ana"], "synthetic_every": "5m"})
        page = scene.call(policy=scene.policy("p", {"to": ["person:ana"], "wait": "5m"}))
        scene.advance(minutes=12)
        assert [one["id"] for one in scene.get("/pages", state="unanswered", person="ana")["pages"]] == [page]
        assert scene.get("/pager")["problems"] == []
        assert "tocsin_pages_unanswered 1.0" in scene.send("GET", "/metrics").text
        assert scene.get(f"/pages/{page}/explain")["runs"][0]["called"][0]["messages"][0]["state"] == "sent"
    finally:
        scene.close()
