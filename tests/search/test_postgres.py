"""The same search on PostgreSQL: what is found, by whom, and that nothing typed is an error."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from sqlalchemy import create_engine, text

from tests.adversary.test_postgres import Postgres
from tests.engine.conftest import postgres
from tests.search.test_search import found, log, rebuilds, search
from tocsin.engine import tables

__all__ = ["postgres"]


@pytest.fixture
def world(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> Postgres:
    """An installation on PostgreSQL."""
    engine = create_engine(postgres)
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    monkeypatch.setattr(Postgres, "url", postgres)
    return Postgres(tmp_path / "data")


def test_the_search_finds_the_same_on_postgresql(world: Postgres) -> None:
    incident, other = (
        world.declare(title="The quokka's pool is exhausted", service="payment-api"),
        world.declare(title="Hidden quokka", private=True),
    )
    entry = log(world, incident, "Connections to the database were refused by checkout-api.eu")
    log(world, other, "a quokka in private")
    for words in (
        "connection refused",
        "CONNECT",
        "refus",
        "checkout api",
        "checkout-api.eu",
        '"were refused"',
        "refused -staging",
        "connectio",
        incident,
    ):
        assert found(world, words), words
    for words in ('"refused connections"', "connection staging", "refused -database"):
        assert not found(world, words), words
    assert search(world, "quokka", "alice")["counts"] == {"incident": 2, "entry": 1}
    assert search(world, "quokka", "eve")["counts"] == {"incident": 1}
    assert {one["record"] for one in found(world, "quokka", kind="entry")} == {other}
    assert {one["record"] for one in found(world, "quokka", incident=incident)} == {incident}
    assert {one["record"] for one in found(world, "quokka", service="payment-api")} >= {incident}
    assert found(world, "quokka", **{"from": "2025-10-27", "to": "2025-10-27"})
    assert not found(world, "quokka", to="2025-10-26")
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": "It was the wombat"})
    assert not found(world, "refused")
    assert [one["url"] for one in found(world, "wombat")] == [f"/incidents/{incident}#f{entry}"]
    world.post(f"/incidents/{incident}/entries/redact", {"fact": entry, "reason": "leaked"})
    for typed in (
        "AND (",
        "' & |",
        ":*",
        "a:b:c",
        "!!",
        "<->",
        "(",
        "x' OR '1'='1",
        "\\",
        "\\'",
        "مرحبا",
        "検索",
        "²",
        "the",
        "a" * 5000,
        " ".join(f"w{n}" for n in range(999)),
    ):
        assert world.send("GET", "/search?" + urlencode({"q": typed})).status == 200, typed
    rebuilds(world)
    world.close()
