"""What becomes of a request of a monitoring tool."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.alerts.bodies import alert_of, body, one, outcomes, send
from tests.world import World
from tocsin.alerts.arrival import Arrived
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources.alertmanager import read
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.clock import SystemClock
from tocsin.engine.committer import Submission
from tocsin.engine.model import SYSTEM
from tocsin.engine.rebuild import differences


def test_a_request_is_answered_with_its_receipt_and_each_alerts_outcome(world: World) -> None:
    answer = send(world, body("firing"))
    assert answer.status == 200
    assert [alert["outcome"] for alert in answer.json["alerts"]] == ["new", "merged"]
    receipt = world.get(f"/receipts/{answer.json['receipt']}")
    assert [alert["alert"] for alert in receipt["alerts"]] == [alert["alert"] for alert in answer.json["alerts"]]
    assert receipt["alerts"][0]["why"] == "it was not known before"
    assert '"PaymentErrorRateHigh"' in receipt["body"]


def test_a_receipt_keeps_the_body_as_it_came(world: World) -> None:
    raw = b'{ "alerts":[ {"status":"firing",\n "labels":{"alertname":"\xc3\x84rger"}} ]}'
    answer = world.send("POST", "/intake/alertmanager/k", raw=raw, person="")
    receipt = world.get(f"/receipts/{answer.json['receipt']}")
    assert (receipt["body"], receipt["size"]) == (raw.decode(), len(raw))


def test_the_same_request_again_changes_no_alert(world: World) -> None:
    first = outcomes(world, body("firing"))
    again = outcomes(world, body("firing"))
    assert again == [("repeated", alert) for _, alert in first]
    shown = world.get(f"/alerts/{first[0][1]}")
    assert ([entry["what"] for entry in shown["history"]], shown["repeats"]) == (["fired"], 1)


def test_other_details_of_a_firing_alert_are_kept(world: World) -> None:
    alert = alert_of(world, body("firing"))
    worse = body("firing")
    worse["alerts"][0]["annotations"]["value"] = "48%"
    assert outcomes(world, worse)[0] == ("changed", alert)
    shown = world.get(f"/alerts/{alert}")
    assert (shown["value"], [entry["what"] for entry in shown["history"]]) == ("48%", ["fired", "changed"])


def test_each_alert_ends_by_its_own_status_though_the_group_fires(world: World) -> None:
    (_, west), (_, east) = outcomes(world, body("firing"))
    world.advance(minutes=20)
    assert outcomes(world, body("partly_resolved")) == [("repeated", west), ("resolved", east)]
    assert world.get(f"/alerts/{west}")["state"] == "firing"
    ended = world.get(f"/alerts/{east}")
    assert (ended["state"], ended["ended_at"]) == ("resolved", "2025-10-27T14:39:42.418000Z")


def test_ending_twice_and_ending_what_never_fired_change_nothing(world: World) -> None:
    assert outcomes(world, body("resolved")) == [("unchanged", None), ("unchanged", None)]
    (_, west), (_, east) = outcomes(world, body("firing"))
    world.advance(minutes=30)
    assert [what for what, _ in outcomes(world, body("resolved"))] == ["resolved", "resolved"]
    assert outcomes(world, body("resolved")) == [("unchanged", west), ("unchanged", east)]


def test_an_alert_that_fires_later_is_a_new_occurrence_with_an_id_of_its_own(world: World) -> None:
    first = alert_of(world, one())
    send(world, one("resolved"))
    world.advance(hours=2)
    assert outcomes(world, one(start="2025-10-27T16:20:00Z")) == [("new", other := alert_of(world, one(start="2025-10-27T16:20:00Z")))]
    assert other != first
    assert world.get(f"/alerts/{first}")["state"] == "resolved"


def test_an_alert_that_fires_again_with_the_same_start_is_reopened(world: World) -> None:
    alert = alert_of(world, one())
    send(world, one("resolved"))
    assert outcomes(world, one()) == [("reopened", alert)]
    shown = world.get(f"/alerts/{alert}")
    assert (shown["state"], shown["ended_at"], shown["fired"]) == ("firing", None, 2)


def test_alerts_without_times_and_fingerprints_have_occurrences_too(world: World) -> None:
    def bare(status: str) -> dict[str, Any]:
        return {"alerts": [{"status": status, "labels": {"alertname": "Bare"}}]}

    first = alert_of(world, bare("firing"))
    world.advance(minutes=1)
    assert outcomes(world, bare("firing")) == [("repeated", first)]
    assert outcomes(world, bare("resolved")) == [("resolved", first)]
    world.advance(minutes=1)
    ((what, second),) = outcomes(world, bare("firing"))
    assert (what, second != first) == ("merged", True)  # another alert of the same group, which ended a minute ago


def test_a_request_that_names_an_alert_twice_makes_one_alert(world: World) -> None:
    twice = one()
    twice["alerts"] *= 2
    (first, second) = outcomes(world, twice)
    assert (first[0], second) == ("new", ("unchanged", first[1]))
    assert len(world.get("/alerts")["alerts"]) == 1


def test_a_start_in_the_future_of_a_fast_clock_counts_as_now(world: World) -> None:
    alert = alert_of(world, one(start="2025-10-27T15:00:00Z"))
    shown = world.get(f"/alerts/{alert}")
    assert shown["started_at"] == shown["received_at"] == "2025-10-27T14:25:00Z"


def test_a_wrong_body_is_refused_with_the_path_and_kept(world: World) -> None:
    wrong = body("firing")
    wrong["alerts"][1]["labels"] = "none"
    answer = send(world, wrong)
    assert (answer.status, answer.json["field"]) == (422, "alerts[1].labels")
    (kept,) = world.get("/receipts")["receipts"]
    assert kept["id"] in answer.json["fix"]
    assert world.get(f"/receipts/{kept['id']}")["rejected"]["field"] == "alerts[1].labels"
    assert world.get("/alerts")["alerts"] == []


def test_a_request_that_is_too_large_or_of_another_tool_is_refused(world: World) -> None:
    assert world.send("POST", "/intake/alertmanager/k", raw=b" " * 5_000_001, person="").status == 413
    assert world.send("POST", "/intake/unheard-of/k", {}, person="").status == 404


def test_what_was_answered_is_there_after_a_restart_and_a_repeat_is_known(world: World) -> None:
    before = outcomes(world, body("firing"))
    world.restart()
    assert outcomes(world, body("firing")) == [("repeated", alert) for _, alert in before]


def test_read_tables_equal_a_rebuild_after_several_occurrences(world: World) -> None:
    for hour in range(15, 20):
        world.at(f"{hour}:00")
        send(world, one(start=f"2025-10-27T{hour}:00:00Z"))
        send(world, one("resolved", start=f"2025-10-27T{hour}:00:00Z"))
    with world.app.runtime.database.reading() as connection:
        assert differences(connection, world.app.runtime.registry) == []


def test_lists_go_on_after_the_last_one_seen(world: World) -> None:
    for number in range(5):
        send(world, one(name=f"Disk{number}"))
        world.advance(minutes=1)
    first = world.get("/alerts", limit=2)
    rest = world.get("/alerts", limit=50, after=first["next"])
    assert [a["title"] for a in first["alerts"] + rest["alerts"]] == [f"Disk{number} on db-1" for number in (4, 3, 2, 1, 0)]
    assert rest["next"] is None
    assert world.send("GET", "/alerts?limit=none").status == 422


def test_on_the_worlds_clock_only_the_kept_key_lets_a_sender_in(tmp_path: Path) -> None:
    world = _on_real_time(tmp_path)
    (shown,) = [one for one in world.get("/intake")["intake"] if one["source"] == "alertmanager"]
    path = shown["url"].removeprefix("https://tocsin.example")
    answer = world.send("POST", path + "x", one(), person="")
    assert (answer.status, answer.json["type"]) == (404, "urn:tocsin:problem:intake.wrong_key")
    assert world.get("/receipts")["receipts"] == []
    taken = world.send("POST", path, one(start=datetime.now().astimezone().isoformat()), person="")
    assert taken.json["alerts"][0]["outcome"] == "new"
    world.close()


class _OnRealTime(World):
    def _build(self) -> App:
        options = Options(
            data=self.folder, default_playbook=self.playbook, clock=SystemClock(), console=Quiet(), public_url="https://tocsin.example/"
        )
        app = build(options)
        start(app)
        return app


def _on_real_time(folder: Path) -> World:
    return _OnRealTime(folder)


def test_requests_that_share_a_commit_see_one_another(world: World) -> None:
    """Even with other starts: two monitoring servers tell one trouble, and it is one alert."""
    contents = [json.dumps(one(start=f"2025-10-27T14:2{number % 5}:00Z")).encode() for number in range(40)]
    arrived = [Arrived("alertmanager", read(Sent(raw, world.now)), raw) for raw in contents]
    waiting = [Submission("", None, SYSTEM, journal="alert", entry=one) for one in arrived]
    world.app.runtime.committer.submit_all(waiting)
    taken: list[Any] = [one.future.result() for one in waiting]
    found = [outcome for one in taken for outcome in one.outcomes]
    assert [outcome.what for outcome in found] == ["new"] + ["repeated"] * 39
    assert len({outcome.alert for outcome in found}) == 1


def test_a_storm_of_alerts_in_one_request_is_kept_whole(world: World) -> None:
    storm = one()
    storm["alerts"] = [one(name=f"Disk{number}")["alerts"][0] for number in range(600)]
    assert {what for what, _ in outcomes(world, storm)} == {"new"}
    assert len(world.get("/alerts", limit=500)["alerts"]) == 500
    assert {what for what, _ in outcomes(world, storm)} == {"repeated"}
