"""Bad days: a full disk, a newer database, two servers on one directory, a token that is wrong."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.server import Server
from tests.world import World
from tocsin.engine import schema, tables
from tocsin.engine.database import Database, DataDirectory
from tocsin.engine.errors import Conflict, Unavailable


def test_a_full_database_refuses_with_503_and_writes_nothing_then_goes_on(world: World) -> None:
    incident = world.declare()
    writer = world.app.runtime.database._writer
    with writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar() or 0
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    before = world.get(f"/incidents/{incident}")["version"]
    answers = [world.send("POST", f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "x" * 9000}) for _ in range(20)]
    full = [answer for answer in answers if answer.status == 503]
    assert full, "the database never got full"
    assert "Free some disk space" in full[-1].json["fix"]
    assert full[-1].headers["retry-after"] == "1"
    written = world.get(f"/incidents/{incident}")["version"] - before
    assert written == sum(answer.status == 200 for answer in answers)
    with writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "room again"})
    assert world.get(f"/incidents/{incident}/verify")["whole"] is True


def test_a_full_disk_under_a_real_server_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_800_000, 1_800_000))

    first = Server(tmp_path / "data")
    _, made = first.request("POST", "/api/v1/incidents", {"title": "full", "playbook": "house"})
    first.stop()
    server = Server(tmp_path / "data", preexec=small_files)
    path = f"/api/v1/incidents/{made['incident']}/entries"
    answers = [server.request("POST", path, {"kind": "OBSERVATION", "text": f"{number} " + "x" * 20_000}) for number in range(120)]
    assert any(status == 503 for status, _ in answers), "the disk never got full"
    server.kill()
    again = Server(tmp_path / "data")
    _, timeline = again.request("GET", f"/api/v1/incidents/{made['incident']}/timeline")
    there = {int(line["text"].split()[0]) for line in timeline if line.get("entry")}
    assert {number for number, (status, _) in enumerate(answers) if status == 200} <= there
    assert again.request("GET", f"/api/v1/incidents/{made['incident']}/verify")[1]["whole"] is True
    again.stop()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'tocsin.db'}")
    database.prepare()
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer version"):
        database.prepare()
    with database.reading() as connection:
        assert schema.revision(connection) == "9999"
    database.close()


def test_two_servers_cannot_work_on_one_directory(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    second = subprocess.run(
        [sys.executable, "-m", "tocsin", "serve", "--data", str(tmp_path / "data"), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode != 0
    assert f"in use by http://127.0.0.1:{server.port}" in second.stderr
    with pytest.raises(Conflict):
        DataDirectory(tmp_path / "data").lock()
    server.stop()
    free = DataDirectory(tmp_path / "data")
    free.lock()
    free.release()


def test_without_a_valid_token_nothing_is_told(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    status, problem = server.request("GET", "/api/v1/incidents", headers={"Authorization": "Bearer wrong"})
    assert (status, problem["type"]) == (401, "urn:tocsin:problem:not_signed_in")
    server.stop()


def test_a_body_that_is_too_large_is_refused_before_it_is_taken(world: World) -> None:
    incident = world.declare()
    problem = world.refused(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "x" * 1_100_000})
    assert problem["status"] == 413
    assert world.get(f"/incidents/{incident}")["entries"] == 0


def test_a_batch_that_cannot_be_written_is_tried_one_by_one(world: World) -> None:
    """One row that the database refuses must not take its neighbours with it."""
    incident = world.declare()
    refused = []

    @event.listens_for(world.app.runtime.database._writer, "before_cursor_execute")
    def _refuse(_c: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        if "INSERT INTO facts" in statement and "poison" in str(parameters):
            refused.append(statement)
            raise ValueError("this row is poison")

    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "fine"})
    with pytest.raises(ValueError, match="poison"):
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "poison"})
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "fine again"})
    assert refused
    assert world.get(f"/incidents/{incident}")["entries"] == 2
    assert tables.facts.name == "facts"
