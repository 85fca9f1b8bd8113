"""Bring a database to the schema of this version: made whole where it is new, step by step where it is older, refused where it is newer.

Alembic is loaded only where there is a step to take: an ordinary start costs one SELECT.
"""

from __future__ import annotations

from importlib import resources
from typing import Any, Final

from sqlalchemy import Connection, text

from tocsin.engine.errors import Unavailable
from tocsin.engine.tables import BY_HAND, metadata

HEAD: Final = "0003"
"""The revision that this version works on; the newest file below ``migrations/versions``."""

_SCRIPTS: Final = "tocsin.engine.migrations"


def declared(thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Tell whether something of a database is compared with the tables of the code: not what Alembic cannot compare (``BY_HAND``)."""
    full = f"{thing.table.name}.{name}" if kind == "column" else str(name)
    return not full.startswith(tuple(metadata.info.get(BY_HAND, ())))


def known() -> list[str]:
    """Return every revision that this version knows, oldest first."""
    files = resources.files(f"{_SCRIPTS}.versions").iterdir()
    return sorted(f.name.partition("_")[0] for f in files if f.name[:4].isdigit() and f.name.endswith(".py"))


def revision(connection: Connection) -> str | None:
    """Return the revision of a database; None where it is new."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def prepare(connection: Connection) -> None:
    """Make or upgrade the schema within the caller's transaction.

    Raises:
        Unavailable: a newer version of the product wrote this database.

    """
    there = revision(connection)
    if there == HEAD:
        return
    if there is None:
        metadata.create_all(connection)
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
        connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})
        return
    if there not in known():
        raise Unavailable(
            f"The database has schema {there}, and this version of Tocsin knows up to {HEAD}.",
            fix="Start the newer version that wrote it, or restore a backup from before the upgrade.",
        )
    upgrade(connection)


def upgrade(connection: Connection, to: str = "head") -> None:
    """Go up to a revision."""
    from alembic import command  # noqa: PLC0415 (loaded only where there is a step to take)

    command.upgrade(_config(connection), to)


def downgrade(connection: Connection, to: str) -> None:
    """Go back to a revision (``base``: nothing is left)."""
    from alembic import command  # noqa: PLC0415 (loaded only where there is a step to take)

    command.downgrade(_config(connection), to)


def _config(connection: Connection) -> Any:
    from alembic.config import Config  # noqa: PLC0415 (loaded only where there is a step to take)

    config = Config()
    config.set_main_option("script_location", str(resources.files(_SCRIPTS)))
    config.attributes["connection"] = connection
    return config
