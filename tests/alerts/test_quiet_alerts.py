"""Silences, maintenance windows and inhibitions, from the alert that begins under them to the page that comes after them."""

from datetime import timedelta
from typing import Any

from tests.alerts.entering import alert, fires, outcomes, say, what_happened
from tests.world import World


def silence(world: World, matchers: str, minutes: int = 60) -> str:
    body = {"match": [matchers], "until": (world.now + timedelta(minutes=minutes)).isoformat(), "why": "planned work"}
    return str(world.post("/silences", body)["silence"])


def group(world: World) -> dict[str, Any]:
    (found,) = world.get("/groups")["groups"]
    return dict(found)


def pages(world: World) -> int:
    return len(world.get("/pages")["pages"])


def test_an_alert_that_begins_under_a_silence_is_kept_and_calls_nobody(world: World) -> None:
    name = silence(world, 'env="prod"')
    (outcome,) = say(world, fires()).outcomes
    assert (outcome.what, name in outcome.why, pages(world)) == ("silenced", True, 0)
    assert name in alert(world, outcome.alert)["muted"]
    assert [found["id"] for found in world.get("/alerts", state="muted")["alerts"]] == [f"A-{outcome.alert}"]
    assert world.get("/alerts", state="unacknowledged")["alerts"] == []


def test_when_the_silence_ends_the_alert_calls_people_at_that_moment(world: World) -> None:
    silence(world, 'env="prod"', minutes=30)
    ((_, number),) = outcomes(world, fires())
    world.advance(minutes=29)
    assert pages(world) == 0
    world.advance(minutes=2)
    assert (pages(world), alert(world, number)["muted"]) == (1, "")
    assert what_happened(world, number) == ["fired", "unmuted"]
    assert [entry["at"] for entry in alert(world, number)["history"]][1] == "2025-10-27T14:55:00Z"


def test_a_silence_that_comes_later_takes_the_alerts_that_fire_already(world: World) -> None:
    outcomes(world, fires("One"), fires("Two", labels={"env": "test"}))
    name = silence(world, 'env="prod"')
    quiet = world.get("/alerts", state="muted")["alerts"]
    assert [found["title"] for found in quiet] == ["One on db-1"]
    world.post(f"/silences/{name}/expire", {})
    assert world.get("/alerts", state="muted")["alerts"] == []


def test_an_alert_that_ends_while_it_is_quiet_calls_nobody_afterwards(world: World) -> None:
    silence(world, 'env="prod"', minutes=30)
    ((_, number),) = outcomes(world, fires())
    assert outcomes(world, fires(status="resolved")) == [("resolved", number)]
    world.advance(hours=1)
    assert (pages(world), alert(world, number)["state"]) == (0, "resolved")


def test_while_its_cause_fires_an_alert_that_follows_from_it_is_quiet(world: World) -> None:
    rule = {"name": "cluster", "source": 'alertname="ClusterDown"', "target": 'alertname="ApiDown"', "equal": ["env"]}
    world.post("/inhibitions", {"rules": [rule]})
    outcomes(world, fires("ClusterDown"))
    (outcome,) = say(world, fires("ApiDown")).outcomes
    assert (outcome.what, "ClusterDown" in outcome.why or "A-1" in outcome.why) == ("inhibited", True)
    (elsewhere,) = say(world, fires("ApiDown", fingerprint="elsewhere", labels={"env": "test"})).outcomes
    assert elsewhere.what in ("new", "merged")
    before = pages(world)
    outcomes(world, fires("ClusterDown", status="resolved"))
    assert alert(world, outcome.alert)["muted"] == ""
    assert pages(world) >= before


def test_a_cause_that_comes_later_makes_what_follows_from_it_quiet(world: World) -> None:
    rule = {"name": "cluster", "source": 'alertname="ClusterDown"', "target": 'alertname="ApiDown"'}
    ((_, number),) = outcomes(world, fires("ApiDown"))
    world.post("/inhibitions", {"rules": [rule]})
    world.app.runtime.settle()
    outcomes(world, fires("ClusterDown"))
    assert "A-2" in alert(world, number)["muted"]
    world.restart()
    outcomes(world, fires("ClusterDown", status="resolved"))
    assert alert(world, number)["muted"] == ""
