"""Jobs report at intervals; their silence is an alert that ends when they report again."""

from typing import Any

from tests.world import World

HOURLY = {"name": "nightly backup", "every": "1h", "service": "storage", "severity": "critical"}


def path_of(world: World, name: str = "backup") -> str:
    return str(world.get(f"/heartbeats/{name}")["url"])


def beat(world: World, path: str, method: str = "GET", **more: Any) -> int:
    return world.send(method, path, person="", **more).status


def silence(world: World) -> list[dict[str, Any]]:
    return [alert for alert in world.get("/alerts")["alerts"] if alert["source"] == "heartbeat"]


def test_a_job_reports_by_fetching_its_address(world: World) -> None:
    world.post("/heartbeats/backup", HOURLY)
    assert world.get("/heartbeats/backup")["state"] == "waiting"
    for method in ("GET", "POST", "HEAD"):
        assert beat(world, path_of(world), method) == 200
    shown = world.get("/heartbeats/backup")
    assert (shown["state"], shown["count"], shown["due_at"]) == ("well", 3, "2025-10-27T15:25:00Z")


def test_nothing_is_expected_before_the_first_report(world: World) -> None:
    world.post("/heartbeats/backup", HOURLY)
    world.advance(days=3)
    assert silence(world) == []


def test_silence_is_an_alert_exactly_when_the_report_was_due_and_it_ends_with_the_next_one(world: World) -> None:
    world.post("/heartbeats/backup", HOURLY)
    beat(world, path_of(world))
    world.advance(minutes=59.9)
    assert silence(world) == []
    world.advance(minutes=0.1)
    (alert,) = silence(world)
    assert (alert["state"], alert["title"], alert["started_at"]) == ("firing", "No heartbeat from nightly backup", "2025-10-27T15:25:00Z")
    world.advance(minutes=3)
    beat(world, path_of(world))
    (alert,) = silence(world)
    assert (alert["state"], alert["ended_at"]) == ("resolved", "2025-10-27T15:28:00Z")
    assert world.get("/heartbeats/backup")["state"] == "well"


def test_grace_moves_the_moment(world: World) -> None:
    world.post("/heartbeats/backup", {**HOURLY, "grace": "10m"})
    beat(world, path_of(world))
    world.advance(minutes=69)
    assert silence(world) == []
    world.advance(minutes=1)
    assert len(silence(world)) == 1


def test_the_silence_of_a_muted_one_is_only_written_down(world: World) -> None:
    world.post("/heartbeats/backup", {**HOURLY, "muted": True})
    beat(world, path_of(world))
    world.advance(hours=2)
    assert world.get("/heartbeats/backup")["state"] == "missed"
    assert silence(world) == []


def test_a_job_that_says_it_failed_is_an_alert_with_what_it_said(world: World) -> None:
    world.post("/heartbeats/backup", HOURLY)
    assert beat(world, path_of(world) + "/fail", "POST", raw=b"disk full") == 200
    (alert,) = silence(world)
    assert alert["title"] == "nightly backup reports a failure"
    assert "disk full" in str(world.get(f"/alerts/{alert['id']}"))
    beat(world, path_of(world))
    assert silence(world)[0]["state"] == "resolved"


def test_reports_and_silence_outlive_a_restart(world: World) -> None:
    world.post("/heartbeats/backup", HOURLY)
    beat(world, path_of(world))
    world.advance(minutes=30)
    world.restart()
    world.advance(minutes=30)
    assert [alert["state"] for alert in silence(world)] == ["firing"]
    world.restart()
    world.advance(hours=5)
    assert len(silence(world)) == 1
    beat(world, path_of(world))
    assert silence(world)[0]["state"] == "resolved"


def test_an_old_address_is_no_longer_taken(world: World) -> None:
    world.post("/heartbeats/backup", HOURLY)
    old = path_of(world)
    world.post("/heartbeats/backup/address")
    assert beat(world, old) == 404
    assert beat(world, path_of(world)) == 200


def test_a_changed_interval_counts_from_the_last_report(world: World) -> None:
    world.post("/heartbeats/backup", HOURLY)
    beat(world, path_of(world))
    world.advance(minutes=20)
    world.post("/heartbeats/backup", {**HOURLY, "every": "30m"})
    world.advance(minutes=10)
    assert len(silence(world)) == 1


def test_what_cannot_be_expected_is_refused_by_its_field(world: World) -> None:
    assert world.refused("/heartbeats/backup", {**HOURLY, "every": "often"})["field"] == "every"
    assert world.refused("/heartbeats/backup", {**HOURLY, "every": "0m"})["field"] == "every"
    assert world.refused("/heartbeats/backup", {**HOURLY, "grace": "some"})["field"] == "grace"
    assert world.send("GET", "/beat/nonsense", person="").status == 404
