"""Migrations: up, down and up again on real rows, on both databases, and equal to the tables in the code."""

from __future__ import annotations

from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

import tocsin.app
from tests.engine.conftest import House
from tests.engine.counters import Raise
from tocsin.engine import schema
from tocsin.engine.model import SYSTEM
from tocsin.engine.tables import metadata

assert tocsin.app, "importing the application declares every table"


def _differences(connection: Any) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": schema.declared})
    found = compare_metadata(context, metadata)
    return [d for d in found if "'test_" not in str(d)]  # tables that tests alone have


def test_the_newest_step_is_the_one_the_code_works_on() -> None:
    assert schema.known()[-1] == schema.HEAD


def test_the_steps_lead_to_the_tables_of_the_code_and_back_to_nothing(empty_database_url: str) -> None:
    engine = create_engine(empty_database_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
        for _ in range(2):
            with engine.begin() as connection:
                schema.upgrade(connection)
                assert _differences(connection) == []
            with engine.begin() as connection:
                schema.downgrade(connection, "base")
                left = {name for name in inspect(connection).get_table_names() if not name.startswith("test_")}
                assert left <= {"alembic_version"}
    finally:
        engine.dispose()


def test_a_database_with_rows_opens_again_without_a_step(house: House) -> None:
    house.runtime.commit_now("counter", "a", Raise(3), SYSTEM)
    house.restart()
    with house.runtime.database.reading() as connection:
        assert schema.revision(connection) == schema.HEAD
    assert house.runtime.state("counter", "a").value == 3
