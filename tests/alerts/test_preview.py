"""A mapping can be tried on a body before anything sends one: the alerts, or the error with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Shell, tocsin  # noqa: F401 (a fixture)
from tests.world import World

BODY = {"data": {"rows": [{"n": "db-1", "s": "broken"}, {"n": "db-2", "s": "fixed"}]}}
MAPPING = {
    "alerts": "body.data.rows", "fingerprint": "alert.n", "title": "'Replica ' + alert.n", "status": "alert.s",
    "statuses": {"broken": "firing", "fixed": "resolved"},
}  # fmt: skip
YAML = """
alerts: body.data.rows
fingerprint: alert.n
title: "'Replica ' + alert.n"
status: alert.s
statuses: {broken: firing, fixed: resolved}
"""


def test_a_preview_shows_the_alerts_and_takes_nothing_in(world: World) -> None:
    shown = world.post("/api/v1/intake/preview", {"body": json.dumps(BODY), "mapping": MAPPING})
    assert [(one["fingerprint"], one["status"], one["title"]) for one in shown["signals"]] == [
        ("db-1", "firing", "Replica db-1"), ("db-2", "resolved", "Replica db-2"),
    ]  # fmt: skip
    assert world.get("/alerts")["alerts"] == []
    assert world.get("/receipts")["receipts"] == []


def test_a_preview_says_where_a_mapping_is_wrong(world: World) -> None:
    problem = world.refused("/api/v1/intake/preview", {"body": "{}", "mapping": {"labels": {"host": "body.("}}})
    assert problem["field"] == "labels.host"
    assert "character 6" in problem["detail"]


def test_a_preview_names_expressions_that_gave_nothing(world: World) -> None:
    shown = world.post("/api/v1/intake/preview", {"body": '{"title": "x"}', "mapping": {"severity": "body.title * 2"}})
    assert [one["field"] for one in shown["problems"]] == ["severity"]


def test_a_preview_works_for_every_tool(world: World) -> None:
    body = {"check_id": 1, "check_name": "Shop", "current_state": "DOWN"}
    assert world.post("/api/v1/intake/preview", {"source": "pingdom", "body": json.dumps(body)})["signals"][0]["title"] == "Shop"
    assert "pingdom" in world.refused("/api/v1/intake/preview", {"source": "pingdon", "body": "{}"})["fix"]


def test_a_preview_takes_the_mapping_of_a_key(world: World) -> None:
    world.post("/intake-keys/rows", {"source": "generic", "options": {"mapping": MAPPING}})
    assert len(world.post("/api/v1/intake/preview", {"body": json.dumps(BODY), "key": "rows"})["signals"]) == 2
    assert world.refused("/api/v1/intake/preview", {"body": "{}", "key": "nobody"})["status"] == 404


def test_a_key_with_a_mapping_that_cannot_work_is_not_written_down(world: World) -> None:
    problem = world.refused("/intake-keys/rows", {"source": "generic", "options": {"mapping": {"title": "bdy.x"}}})
    assert (problem["field"], problem["status"]) == ("title", 422)


def test_what_the_preview_shows_is_what_the_intake_takes(world: World) -> None:
    world.post("/intake-keys/rows", {"source": "generic", "secret": "a-secret-for-rows", "options": {"mapping": MAPPING}})
    answer = world.send("POST", "/intake/generic/a-secret-for-rows", BODY, person="")
    assert [one["outcome"] for one in answer.json["alerts"]] == ["new", "unchanged"]
    (alert,) = world.get("/alerts")["alerts"]
    assert alert["title"] == "Replica db-1"


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    body, mapping = tmp_path / "body.json", tmp_path / "mapping.yaml"
    body.write_text(json.dumps(BODY))
    mapping.write_text(YAML)
    return body, mapping


def test_the_command_line_shows_a_preview(tocsin: Shell, files: tuple[Path, Path]) -> None:  # noqa: F811
    body, mapping = files
    shown = tocsin(f"intake preview --body {body} --mapping {mapping}").out
    assert "1. Replica db-1" in shown
    assert "firing" in shown
    answer = tocsin(f"--json intake preview --body {body} --mapping {mapping}").json
    assert [one["fingerprint"] for one in answer["signals"]] == ["db-1", "db-2"]


def test_the_command_line_says_where_a_mapping_is_wrong(tocsin: Shell, files: tuple[Path, Path]) -> None:  # noqa: F811
    body, mapping = files
    mapping.write_text("titel: body.x")
    ran = tocsin(f"intake preview --body {body} --mapping {mapping}", code=1)
    assert "titel" in ran.err
    assert "title" in ran.err
    mapping.write_text("- a")
    assert "no object" in tocsin(f"intake preview --body {body} --mapping {mapping}", code=2).err


def test_the_command_line_reads_a_text_from_standard_input(tocsin: Shell) -> None:  # noqa: F811
    ran = tocsin("intake preview --body - --content-type text/plain", given="Backup failed\nexit 3")
    assert "1. Backup failed" in ran.out
