"""Write the next migration from the difference between the tables in the code and the newest revision: ``python tools/migration.py "what changes"``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

import tocsin.app
from tocsin.engine import schema


def main() -> None:
    """Migrate an empty database to the newest revision, compare it with the tables, and write the step that is missing."""
    assert tocsin.app, "importing the application declares every table"
    number = f"{len(schema.known()) + 1:04d}"
    engine = create_engine(f"sqlite:///{Path(tempfile.mkdtemp()) / 'empty.db'}")
    with engine.begin() as connection:
        config = schema._config(connection)  # noqa: SLF001 (a tool of the same house)
        if schema.known():
            command.upgrade(config, "head")
        command.revision(config, message=sys.argv[1] if len(sys.argv) > 1 else "step", autogenerate=True, rev_id=number)
    print(f"Written. Read it, then set HEAD in engine/schema.py to {number}.")


main()
