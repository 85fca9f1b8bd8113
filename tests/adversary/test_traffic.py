"""After any traffic, with the server killed in the middle of it: chains whole, tables equal to the log, states equal to the fold, nothing unsent."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.adversary import traffic
from tests.engine.conftest import postgres
from tocsin.engine import tables

__all__ = ["postgres"]


def test_random_traffic_leaves_everything_whole(tmp_path: Path) -> None:
    answers = traffic.run(tmp_path / "data", 5, kills=1, seed=1)
    assert answers[200] > 100, answers


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(2, 6))
def test_a_long_time_of_random_traffic_leaves_everything_whole(tmp_path: Path, seed: int) -> None:
    answers = traffic.run(tmp_path / "data", 30, kills=4, seed=seed)
    assert answers[200] > 500, answers


@pytest.mark.torture
def test_random_traffic_on_postgresql_leaves_everything_whole(tmp_path: Path, postgres: str) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    answers = traffic.run(tmp_path / "data", 30, kills=3, seed=7, database=postgres)
    assert answers[200] > 500, answers
