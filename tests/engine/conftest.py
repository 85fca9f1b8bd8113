"""The engine on both databases: SQLite always, PostgreSQL where a server can be started or is named."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text

from tests.engine.counters import registry
from tocsin.channels.file.client import FileOutbox
from tocsin.engine import tables
from tocsin.engine.clock import Clock, VirtualClock
from tocsin.engine.database import Database
from tocsin.engine.kinds import Follow, Registry
from tocsin.engine.ports import Channel
from tocsin.engine.runtime import Runtime
from tocsin.engine.submissions import Submission

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _bin() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) if Path("/usr/lib/postgresql").exists() else []
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).parent if there else None


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server: the one that TOCSIN_TEST_POSTGRES names, or one of our own on a Unix socket."""
    if url := os.environ.get("TOCSIN_TEST_POSTGRES"):
        yield url
        return
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is an extra")
    binaries = _bin()
    if binaries is None:
        pytest.skip("no PostgreSQL server is installed on this machine")
    folder = tmp_path_factory.mktemp("pg")
    prefix: list[str] = []
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        for parent in [folder, *folder.parents]:
            if str(parent).startswith("/tmp/"):
                parent.chmod(0o755)
        shutil.chown(folder, "postgres")
        prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    data = folder / "data"
    start = [
        *prefix,
        str(binaries / "pg_ctl"),
        "-D",
        str(data),
        "-w",
        "-o",
        f"-c listen_addresses='' -c fsync=off -c full_page_writes=off -k {folder}",
        "-l",
        str(folder / "log"),
        "start",
    ]
    made = subprocess.run(
        [*prefix, str(binaries / "initdb"), "-D", str(data), "-U", "tocsin", "-A", "trust", "-N"],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode or subprocess.run(start, capture_output=True, check=False).returncode:
        pytest.skip(f"PostgreSQL could not be started here: {made.stderr[-200:]}")
    yield f"postgresql+psycopg://tocsin@/postgres?host={folder}"
    subprocess.run([*prefix, str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop"], capture_output=True, check=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each engine without rows."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tocsin.db'}"
    url: str = request.getfixturevalue("postgres")
    database = Database(url)
    database.prepare()
    with database.writing() as connection:  # to make all tables anew would take a second each time
        for table in reversed(tables.metadata.sorted_tables):
            connection.execute(table.delete())
    database.close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database of each engine without tables."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'tocsin.db'}"
        return
    url: str = request.getfixturevalue("postgres")
    _drop_everything(url)
    yield url
    _drop_everything(url)


def _drop_everything(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()


class House:
    """A running engine with counters, on a clock that the test moves."""

    def __init__(
        self, url: str, folder: Path, *, clock: Clock | None = None, channels: Mapping[str, Channel] | None = None, wiring: Registry | None = None,
        told: Callable[..., Follow | None] = lambda *_: None,
    ) -> None:  # fmt: skip
        """told: hears of every message that was sent, failed or is tried again (the word, then what the outbox says)."""
        self.url = url
        self.folder = folder
        self.clock: Any = clock or VirtualClock(START)
        self.channels = channels if channels is not None else {"file": FileOutbox(folder / "outbox")}
        self.wiring = wiring or registry()
        self.told = told
        self.runtime = self._start()

    def _start(self) -> Runtime:
        database = Database(self.url)
        database.prepare()
        runtime = Runtime(
            database, self.wiring, self.clock, self.channels, lambda _k, to, v: (f"to {to}", f"value {v['value']}"),
            partial(self.told, "failed"), partial(self.told, "sent"), partial(self.told, "again"),
        )  # fmt: skip
        runtime.start()
        return runtime

    def restart(self) -> None:
        self.runtime.stop()
        self.runtime = self._start()

    def rows(self) -> list[Any]:
        """The deliveries, in order."""
        with self.runtime.database.reading() as connection:
            return list(connection.execute(select(tables.deliveries).order_by(tables.deliveries.c.id)))

    def together(self, *submissions: Submission) -> list[Submission]:
        """Submit so that one transaction takes all of them, and wait for it."""
        self.runtime.committer.submit_all(submissions)
        for submission in submissions:
            submission.future.exception()
        return list(submissions)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A running engine on each database."""
    house = House(database_url, tmp_path)
    yield house
    house.runtime.stop()
