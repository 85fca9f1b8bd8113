"""The engine on both databases: SQLite always, PostgreSQL where a server can be started or is named."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.engine.counters import registry
from tocsin.channels.file.client import FileOutbox
from tocsin.engine import tables
from tocsin.engine.clock import VirtualClock
from tocsin.engine.database import Database
from tocsin.engine.runtime import Runtime

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
        f"-c listen_addresses='' -k {folder}",
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
    """A fresh database of each engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'tocsin.db'}"
    url: str = request.getfixturevalue("postgres")
    engine = create_engine(url)
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    return url


class House:
    """A running engine with counters, on a clock that the test moves."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.clock = VirtualClock(START)
        self.runtime = self._start()

    def _start(self) -> Runtime:
        database = Database(self.url)
        database.prepare()
        channels = {"file": FileOutbox(self.folder / "outbox")}
        runtime = Runtime(
            database, registry(), self.clock, channels, lambda _k, to, v: (f"to {to}", f"value {v['value']}"), lambda *_: None
        )
        runtime.start()
        return runtime

    def restart(self) -> None:
        self.runtime.stop()
        self.runtime = self._start()


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """A running engine on each database."""
    house = House(database_url, tmp_path)
    yield house
    house.runtime.stop()
