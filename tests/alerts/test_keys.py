"""Intake keys: who may send, as what, and what becomes of those whose key is wrong."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.alerts.bodies import one
from tests.world import Answer, World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.clock import SystemClock


class RealTime(World):
    """A world whose clock is the machine's, so that keys are checked."""

    def _build(self) -> App:
        app = build(Options(data=self.folder, default_playbook=self.playbook, clock=SystemClock(), console=Quiet()))
        start(app)
        return app


@pytest.fixture
def real(tmp_path: Path) -> World:
    return RealTime(tmp_path)


def url(world: World, key: str, source: str = "alertmanager") -> str:
    return str(world.get(f"/intake-keys/{key}")["urls"][source])


def send(world: World, path: str) -> Answer:
    return world.send("POST", path, one(start=datetime.now(UTC).isoformat()), person="")


def test_the_first_key_takes_requests_of_every_tool(real: World) -> None:
    assert send(real, url(real, "first")).status == 200
    assert "generic" in real.get("/intake-keys/first")["urls"]
    real.close()


def test_a_key_of_one_tool_takes_nothing_of_another(real: World) -> None:
    real.post("/intake-keys/grafana-b", {"source": "grafana", "service": "payments"})
    path = url(real, "grafana-b", "grafana")
    assert send(real, path.replace("/grafana/", "/alertmanager/")).status == 404
    assert list(real.get("/intake-keys/grafana-b")["urls"]) == ["grafana"]
    real.close()


def test_an_alert_whose_sender_names_no_service_is_of_the_keys_service(real: World) -> None:
    real.post("/intake-keys/team-b", {"service": "payments"})
    answer = send(real, url(real, "team-b"))
    assert real.get(f"/alerts/{answer.json['alerts'][0]['alert']}")["service"] == "payments"
    real.close()


def test_nobody_is_told_whether_key_tool_or_both_are_wrong(real: World) -> None:
    real.post("/intake-keys/other", {"source": "grafana"})
    real.post("/intake-keys/gone", {})
    gone = url(real, "gone")
    real.post("/intake-keys/gone/disable", {"why": "leaked"})
    answers = [
        send(real, path)
        for path in (
            "/intake/alertmanager/wrong", "/intake/unheard-of/wrong", url(real, "first").replace("/alertmanager/", "/unheard-of/"), gone,
            url(real, "other", "grafana").replace("/grafana/", "/alertmanager/"), url(real, "first") + "x",
        )
    ]  # fmt: skip
    assert {answer.status for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert real.get("/receipts")["receipts"] == []
    real.close()


def test_a_rotated_key_has_another_secret_at_once_and_its_alerts_stay_the_same(real: World) -> None:
    before = url(real, "first")
    alert = send(real, before).json["alerts"][0]["alert"]
    real.post("/intake-keys/first/rotate", {})
    after = url(real, "first")
    assert (before != after, send(real, before).status) == (True, 404)
    assert send(real, after).json["alerts"][0]["alert"] == alert
    assert {found["url"] for found in real.get("/intake")["intake"] if found["source"] == "alertmanager"} == {after}
    real.restart()
    assert send(real, after).status == 200
    real.close()


def test_a_disabled_key_takes_requests_again_when_it_is_enabled(real: World) -> None:
    path = url(real, "first")
    real.post("/intake-keys/first/disable", {"why": "too much noise"})
    assert send(real, path).status == 404
    real.post("/intake-keys/first/enable", {})
    assert send(real, path).status == 200
    history = [entry["what"] for entry in real.get("/intake-keys/first")["history"]]
    assert history == ["saved", "disabled", "enabled"]
    real.close()


def test_a_secret_that_senders_have_already_can_be_brought_along(world: World) -> None:
    world.post("/intake-keys/moved", {"secret": "b9f8f4ee67d04b4c9d33c7a6a2ba1234"})
    assert url(world, "moved").endswith("/b9f8f4ee67d04b4c9d33c7a6a2ba1234")
    assert world.refused("/intake-keys/short", {"secret": "short"})["field"] == "secret"
    assert world.refused("/intake-keys/odd", {"secret": "with a blank and a / slash"})["field"] == "secret"


def test_saving_a_key_again_keeps_its_secret(world: World) -> None:
    world.post("/intake-keys/team-b", {"service": "payments"})
    before = url(world, "team-b")
    assert world.post("/intake-keys/team-b", {"service": "payments"})["changed"] is False
    assert world.post("/intake-keys/team-b", {"service": "billing"})["changed"] is True
    assert url(world, "team-b") == before


def test_a_key_for_a_tool_that_there_is_not_is_refused(world: World) -> None:
    assert world.refused("/intake-keys/x", {"source": "unheard-of"})["field"] == "source"
    assert world.send("GET", "/intake-keys/none").status == 404
    assert world.refused("/intake-keys/none/rotate")["status"] == 404


def test_a_secret_stands_in_no_receipt(world: World) -> None:
    send(world, url(world, "first"))
    secret = url(world, "first").rpartition("/")[2]
    assert secret not in json.dumps(world.get("/receipts/R-1"))
