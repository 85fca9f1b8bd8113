"""The database: one connection that writes, several that read, and the lock on the data directory."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DatabaseError, OperationalError

from tocsin.engine import schema, tables
from tocsin.engine.errors import Conflict, Refused, Unavailable

_BUSY_SECONDS: Final = 10


class Database:
    """An open database of either engine. ``url`` is a SQLAlchemy URL (``sqlite:////dir/tocsin.db``, ``postgresql+psycopg://…``)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.dialect = "sqlite" if url.startswith("sqlite") else "postgresql"
        if self.dialect == "sqlite":
            self._writer = create_engine(
                url, pool_size=1, max_overflow=0, connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS}
            )
            self._readers = create_engine(
                url, pool_size=4, max_overflow=12, connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS}
            )
            _tune_sqlite(self._writer, begin="BEGIN IMMEDIATE")
            _tune_sqlite(self._readers, begin="BEGIN")
        else:
            self._writer = self._readers = create_engine(url, pool_size=5, max_overflow=10)

    def prepare(self) -> None:
        """Create what is missing in a new database; refuse one that a newer version of the product has written.

        Raises:
            Unavailable: the database cannot be opened, or is from a newer version.

        """
        try:
            with self._writer.begin() as connection:
                schema.prepare(connection)
        except (OperationalError, DatabaseError) as error:
            raise Unavailable(
                f"The database {self.url} cannot be opened: {error.__cause__ or error}.", fix="Check the path, its rights and the disk."
            ) from error

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction on the writer's connection, committed at the end; rolled back on an exception."""
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Read one consistent state; nothing is written."""
        with self._readers.connect() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection."""
        self._writer.dispose()
        self._readers.dispose()

    def setting(self, name: str) -> str | None:
        """Return a setting that the installation keeps for itself."""
        with self.reading() as connection:
            found = connection.execute(select(tables.settings.c.value).where(tables.settings.c.name == name)).scalar()
        return None if found is None else str(found)

    def keep_setting(self, name: str, value: str) -> None:
        """Keep a setting of the installation."""
        with self.writing() as connection:
            connection.execute(upsert(self.dialect, tables.settings, ("name",)), [{"name": name, "value": value}])

    def found_setting(self, name: str, value: str) -> None:
        """Keep a setting unless there is one already: of several who make a secret at the same moment, the first one's holds for all."""
        with self.writing() as connection:
            connection.execute(upsert(self.dialect, tables.settings, ("name",), ()), [{"name": name, "value": value}])


def _tune_sqlite(engine: Engine, *, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "temp_store=MEMORY", "cache_size=-16000"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def upsert(dialect: str, table: Any, key: tuple[str, ...], only: tuple[str, ...] | None = None) -> Any:
    """Return INSERT … ON CONFLICT DO UPDATE for every column of the table, or for those in ``only``."""
    insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
    rest = {
        column.name: insert.excluded[column.name]
        for column in table.columns
        if column.name not in key and (only is None or column.name in only)
    }
    if not rest:
        return insert.on_conflict_do_nothing(index_elements=list(key))
    return insert.on_conflict_do_update(index_elements=list(key), set_=rest)


class DataDirectory:
    """The folder of an embedded installation, locked by the one process that works on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: IO[str] | None = None

    @property
    def database_url(self) -> str:
        """The URL of the embedded database."""
        return f"sqlite:///{self.path.absolute() / 'tocsin.db'}"

    def make(self) -> None:
        """Make the folder where it is missing.

        Raises:
            Refused: it cannot be made.

        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(
                f"The data directory {self.path} cannot be used: {error.strerror}.", fix="Name another one with --data."
            ) from error

    def lock(self) -> None:
        """Take the lock, or say who has it.

        Raises:
            Conflict: another process works on this directory.
            Refused: the directory cannot be made or written.

        """
        self.make()
        try:
            handle = (self.path / "lock").open("a+")
        except OSError as error:
            raise Refused(
                f"The data directory {self.path} cannot be used: {error.strerror}.", fix="Name another one with --data."
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            handle.close()
            where = self.server_url() or "another process"
            raise Conflict(
                f"The data directory {self.path} is in use by {where}.",
                fix="Stop that server, use it with --server, or name another directory with --data.",
            ) from error
        self._lock = handle

    def announce(self, url: str, certificate: str = "") -> None:
        """Leave the server's URL, and the file with its certificate if it has one, for the command line to find."""
        found = {"url": url, "pid": os.getpid()} | ({"certificate": certificate} if certificate else {})
        (self.path / "server.json").write_text(json.dumps(found))

    def server_url(self) -> str | None:
        """Return the URL of the server that works on this directory; None where there is none."""
        try:
            return str(json.loads((self.path / "server.json").read_text())["url"])
        except (OSError, ValueError, KeyError):
            return None

    def is_locked(self) -> bool:
        """Tell whether a living process works on this directory."""
        try:
            handle = (self.path / "lock").open("a+")
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.flock(handle, fcntl.LOCK_UN)
        except OSError:
            return True
        finally:
            handle.close()
        return False

    def release(self) -> None:
        """Give the lock back and take the URL away."""
        if self._lock is None:
            return
        with suppress(OSError):
            (self.path / "server.json").unlink()
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        self._lock.close()
        self._lock = None
