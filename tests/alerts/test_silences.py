"""Silences, maintenance and inhibition in an installation: what is kept quiet, what goes on, and what calls people when the quiet is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.alerts.bodies import alert_of, one, send
from tests.world import World


def at(world: World, **span: float) -> str:
    return (world.now + timedelta(**span)).isoformat()


def silence(world: World, match: str = 'alertname="DiskFull"', hours: float = 2, **more: Any) -> str:
    return str(world.post("/silences", {"match": match, "until": at(world, hours=hours), "why": "known noise", **more})["silence"])


def plan(world: World, **more: Any) -> str:
    body = {"title": "Upgrade", "services": ["shop"], "since": at(world), "until": at(world, hours=1), **more}
    return str(world.post("/maintenance", body)["maintenance"])


def group_of(world: World, alert: str) -> Any:
    return world.get(f"/groups/{world.get(f'/alerts/{alert}')['group']}")


def pages(world: World) -> list[tuple[str, str]]:
    """Each page's group and state, oldest first."""
    return [(page["group"], page["state"]) for page in reversed(world.get("/pages")["pages"])]


# --- silences -----------------------------------------------------------------------------------------------------------------------------


def test_a_silenced_alert_is_recorded_in_its_group_and_calls_nobody(world: World) -> None:
    name = silence(world)
    answer = send(world, one()).json["alerts"][0]
    assert answer["outcome"] == "silenced"
    assert f"alice silenced it ({name}): known noise" in answer["why"]
    group = group_of(world, answer["alert"])
    assert (group["phase"], group["muted"], group["firing"]) == ("muted", 1, 0)
    assert group["because"] == f"alice silenced it ({name}): known noise"
    assert pages(world) == []


def test_what_still_fires_when_a_silence_runs_out_calls_people_then(world: World) -> None:
    silence(world, hours=2)
    alert = alert_of(world, one())
    world.advance(minutes=119)
    assert pages(world) == []
    world.advance(minutes=1)
    assert len(pages(world)) == 1
    assert group_of(world, alert)["phase"] == "firing"
    assert [fact["type"] for fact in group_of(world, alert)["history"]][:3] == ["group.opened", "group.unmuted", "group.paged"]


def test_what_ended_under_a_silence_calls_nobody(world: World) -> None:
    silence(world)
    send(world, one())
    world.advance(minutes=10)
    send(world, one("resolved"))
    world.advance(hours=3)
    assert pages(world) == []


def test_silencing_what_fires_ends_its_page_and_ending_the_silence_calls_again(world: World) -> None:
    alert = alert_of(world, one())
    (group, _), *_ = pages(world)
    name = silence(world)
    assert pages(world) == [(group, "resolved")]
    assert world.get(f"/alerts/{alert}")["muted"].startswith("alice silenced it")
    world.advance(minutes=5)
    assert world.post(f"/silences/{name}/expire", {"why": "mended too soon"})["changed"] is True
    assert world.post(f"/silences/{name}/expire")["changed"] is False
    assert [state for _, state in pages(world)] == ["resolved", "open"]
    history = [fact["type"] for fact in world.get(f"/silences/{name}")["history"]]
    assert history == ["silence.saved", "silence.expired"]


def test_only_what_fits_is_silenced(world: World) -> None:
    silence(world, 'alertname="DiskFull", env="dev"')
    send(world, one(env="prod"))
    assert len(pages(world)) == 1


def test_a_silence_can_be_about_a_service_by_any_of_its_names_or_about_a_group(world: World) -> None:
    world.post("/services/shop", {"name": "Shop", "aliases": ["store"]})
    silence(world, match="", service="store")
    send(world, one(service="SHOP"))
    assert pages(world) == []
    other = alert_of(world, one(name="Other"))
    (group, _), *_ = pages(world)
    silence(world, match="", group=group)
    assert group_of(world, other)["phase"] == "muted"


def test_a_silence_that_is_to_come_begins_when_it_says(world: World) -> None:
    silence(world, since=at(world, hours=1))
    alert = alert_of(world, one())
    assert len(pages(world)) == 1
    world.advance(hours=1)
    assert group_of(world, alert)["phase"] == "muted"
    assert world.get("/silences", state="pending")["silences"] == []
    assert len(world.get("/silences", state="active")["silences"]) == 1


def test_a_longer_silence_holds_while_a_shorter_one_runs_out(world: World) -> None:
    silence(world, hours=1)
    silence(world, hours=3)
    alert = alert_of(world, one())
    world.advance(hours=2)
    assert group_of(world, alert)["phase"] == "muted"
    assert pages(world) == []


def test_extending_a_silence_keeps_it_quiet(world: World) -> None:
    name = silence(world, hours=1)
    send(world, one())
    world.post(f"/silences/{name}/extend", {"until": at(world, hours=3)})
    world.advance(hours=2)
    assert pages(world) == []


def test_a_preview_shows_what_a_silence_would_mute_now(world: World) -> None:
    first = alert_of(world, one(env="dev"))
    send(world, one(name="Other", env="prod"))
    answer = world.post("/silences/preview", {"match": 'env="dev"', "until": at(world, hours=1), "why": "noise"})
    assert [row["id"] for row in answer["alerts"]] == [first]
    assert world.get("/silences")["silences"] == []


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"match": "", "why": "x"}, "match", "fits every alert"),
        ({"match": 'env!="prod"', "why": "x"}, "match", "fits every alert"),
        ({"match": 'env="a"', "why": "x", "until": "2025-10-27T14:00:00Z"}, "until", "after now"),
        ({"match": 'env="a"', "why": "x", "until": "2028-10-27T14:00:00Z"}, "until", "a year at most"),
        ({"match": 'env=~"("', "why": "x"}, "match", "not closed"),
        ({"match": 'env="a"', "why": ""}, "why", "length >= 1"),
    ],
)
def test_a_silence_that_cannot_be_is_refused_with_what_to_write(world: World, body: dict[str, Any], field: str, says: str) -> None:
    problem = world.refused("/silences", {"until": at(world, hours=1), **body})
    assert problem["field"] == field
    assert says in problem["detail"]


def test_silences_are_in_force_after_a_restart(world: World) -> None:
    silence(world, hours=2)
    alert = alert_of(world, one())
    world.restart()
    world.advance(minutes=119)
    assert pages(world) == []
    world.advance(minutes=1)
    assert group_of(world, alert)["phase"] == "firing"


def test_a_person_can_be_called_in_spite_of_a_silence(world: World) -> None:
    silence(world)
    alert = alert_of(world, one())
    group = group_of(world, alert)["id"]
    assert world.post(f"/groups/{group}/unmute", {"why": "this is real"})["changed"] is True
    assert [state for _, state in pages(world)] == ["open"]


# --- maintenance --------------------------------------------------------------------------------------------------------------------------


def test_during_maintenance_new_alerts_of_the_service_call_nobody_and_open_pages_go_on(world: World) -> None:
    world.post("/services/shop", {"name": "Shop"})
    before = alert_of(world, one(name="Before", service="shop"))
    name = plan(world)
    during = alert_of(world, one(name="During", service="shop"))
    other = alert_of(world, one(name="Other", service="blog"))
    assert group_of(world, during)["because"] == f"Maintenance {name}: Upgrade"
    assert dict(pages(world)) == {group_of(world, before)["id"]: "open", group_of(world, other)["id"]: "open"}
    world.advance(hours=1)
    assert group_of(world, during)["phase"] == "firing"
    assert len(pages(world)) == 3


def test_maintenance_that_ends_early_calls_for_what_fires_at_once(world: World) -> None:
    name = plan(world)
    send(world, one(service="shop"))
    world.advance(minutes=10)
    assert world.post(f"/maintenance/{name}/end")["state"] == "over"
    assert len(pages(world)) == 1
    assert world.refused(f"/maintenance/{name}/end")["detail"].startswith("No window of")


def test_maintenance_that_is_planned_ahead_is_listed_and_begins_when_it_says(world: World) -> None:
    name = plan(world, since=at(world, hours=1), until=at(world, hours=2), public_title="Shop is upgraded", public_text="It may be slow.")
    (listed,) = world.get("/maintenance")["maintenance"]
    assert (listed["id"], listed["state"]) == (name, "planned")
    (public,) = world.get("/maintenance/public")["maintenance"]
    assert (public["title"], public["text"]) == ("Shop is upgraded", "It may be slow.")
    assert "why" not in public
    world.advance(minutes=90)
    send(world, one(service="shop"))
    assert pages(world) == []
    assert world.get("/maintenance", state="active")["maintenance"][0]["id"] == name


def test_maintenance_that_comes_again_is_on_each_week_at_the_same_local_time(world: World) -> None:
    """The clocks of Berlin go back on 26 October 2025 and forward on 29 March 2026; 02:00 there stays 02:00."""
    name = plan(
        world, since="2025-10-28T01:00:00Z", until="2025-10-28T02:00:00Z", repeats={"every": "week", "days": ["tue", "thu"]}, zone="Europe/Berlin",
    )  # fmt: skip
    windows = world.get(f"/maintenance/{name}")["windows"]
    assert [window["since"] for window in windows[:3]] == ["2025-10-28T01:00:00Z", "2025-10-30T01:00:00Z", "2025-11-04T01:00:00Z"]
    world.advance(days=2, hours=11)
    send(world, one(service="shop"))
    assert pages(world) == []
    world.advance(hours=1)
    assert len(pages(world)) == 1


def test_a_plan_that_is_taken_back_keeps_nothing_quiet(world: World) -> None:
    name = plan(world)
    send(world, one(service="shop"))
    assert world.post(f"/maintenance/{name}/cancel")["state"] == "cancelled"
    assert world.post(f"/maintenance/{name}/cancel")["changed"] is False
    assert len(pages(world)) == 1
    assert world.get("/maintenance")["maintenance"] == []


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"services": []}, "fits every alert"),
        ({"until": "2025-10-27T13:00:00Z"}, "ends after it begins"),
        ({"since": "2025-10-20T13:00:00Z", "until": "2025-10-20T14:00:00Z"}, "over already"),
        ({"zone": "Mars/Base"}, "no time zone"),
        ({"until": "2025-10-29T15:00:00Z", "repeats": {"every": "day"}}, "while the one before it is still on"),
        ({"repeats": {"every": "day", "days": ["mon"]}}, "by the week"),
    ],
)
def test_maintenance_that_cannot_be_is_refused_with_what_to_write(world: World, body: dict[str, Any], says: str) -> None:
    given = {"title": "Upgrade", "services": ["shop"], "since": at(world), "until": at(world, hours=1), **body}
    assert says in world.refused("/maintenance", given)["detail"]


# --- inhibition ---------------------------------------------------------------------------------------------------------------------------

RULES = """
rules:
- name: site down
  source: alertname="SiteDown"
  target: alertname!="SiteDown", site=~".+"
  equal: [site]
"""


def inhibit(world: World) -> None:
    assert world.post("/inhibitions/file", {"text": RULES})["changed"] is True


def test_while_a_source_fires_what_follows_from_it_calls_nobody(world: World) -> None:
    inhibit(world)
    source = alert_of(world, one(name="SiteDown", site="eu"))
    target = alert_of(world, one(site="eu"))
    other = alert_of(world, one(name="Another", site="us"))
    assert group_of(world, target)["because"] == f"It follows from {source} while that fires (rule site down)"
    assert [group for group, _ in pages(world)] == [group_of(world, source)["id"], group_of(world, other)["id"]]


def test_when_the_source_ends_what_still_fires_calls_people(world: World) -> None:
    inhibit(world)
    send(world, one(name="SiteDown", site="eu"))
    target = alert_of(world, one(site="eu"))
    send(world, one("resolved", name="SiteDown", site="eu"))
    assert group_of(world, target)["phase"] == "firing"
    assert [state for _, state in pages(world)] == ["resolved", "open"]


def test_a_source_that_comes_later_mutes_what_waits_and_lets_open_pages_go_on(world: World) -> None:
    inhibit(world)
    world.post(
        "/routes/file",
        {"text": 'routes:\n- {name: slow, match: slow="yes", wait: 5m, group_by: [alertname]}\n- {name: rest, group_by: [alertname]}\n'},
    )
    paged = alert_of(world, one(site="eu"))
    waiting = alert_of(world, one(name="Waiting", site="eu", slow="yes", start="2025-10-27T14:25:00Z"))
    send(world, one(name="SiteDown", site="eu"))
    assert group_of(world, waiting)["phase"] == "muted"
    assert (group_of(world, paged)["id"], "open") in pages(world)
    world.advance(minutes=10)
    assert not [page for page in pages(world) if page[0] == group_of(world, waiting)["id"]]


def test_rules_that_come_while_alerts_fire_mute_and_unmute_them(world: World) -> None:
    send(world, one(name="SiteDown", site="eu"))
    target = alert_of(world, one(site="eu"))
    inhibit(world)
    world.advance(minutes=1)
    assert world.get(f"/alerts/{target}")["muted"] != ""
    world.post("/inhibitions", {"rules": []})
    world.advance(minutes=1)
    assert world.get(f"/alerts/{target}")["muted"] == ""
    assert [one["rules"] for one in world.get("/inhibitions")["history"]] == [0, 1]


# --- limits, flapping and digests as people see them ----------------------------------------------------------------------------------------


def test_a_flapping_alert_is_shown_as_such_and_is_quiet_until_it_is_calm(world: World) -> None:
    for minute in range(12):
        start = (datetime.fromisoformat("2025-10-27T14:25:00+00:00") + timedelta(minutes=minute)).isoformat()
        send(world, one(start=start))
        send(world, one("resolved", start=start, end=start))
        world.advance(minutes=1)
    (group,) = world.get("/groups")["groups"]
    assert group["phase"] == "flapping"
    called = len(pages(world))
    assert called <= 5
    assert "stays quiet until it was calm for 15 minutes" in group["because"]
    world.advance(minutes=30)
    assert len(pages(world)) == called
    assert world.get("/groups")["groups"][0]["phase"] == "closed"


def test_an_acknowledgement_that_runs_out_is_taken_back_from_the_group(world: World) -> None:
    alert = alert_of(world, one())
    group = group_of(world, alert)["id"]
    world.post(f"/groups/{group}/acknowledge", person="bob")
    (page,) = world.get("/pages")["pages"]
    assert page["acknowledged_by"] == "bob"
    lease = datetime.fromisoformat(page["lease_until"])
    world.advance(minutes=(lease - world.now).total_seconds() / 60 + 1)
    assert world.get(f"/groups/{group}")["phase"] == "firing"
    assert world.get(f"/alerts/{alert}")["acknowledged_at"] is None


def test_ending_a_group_ends_its_alerts_and_pages_and_names_who_did_it(world: World) -> None:
    first, second = alert_of(world, one(pod="1")), alert_of(world, one(pod="2"))
    group = group_of(world, first)["id"]
    world.post(f"/groups/{group}/resolve", {"why": "a false alarm"}, person="bob")
    assert [world.get(f"/alerts/{alert}")["state"] for alert in (first, second)] == ["resolved", "resolved"]
    assert pages(world) == [(group, "resolved")]
    assert world.get(f"/groups/{group}")["resolved_by"] == "bob"


def test_a_group_is_linked_to_an_incident_and_fires_again_without_a_page_while_that_is_worked_on(world: World) -> None:
    alert = alert_of(world, one())
    group = group_of(world, alert)["id"]
    incident = world.declare()
    world.post(f"/groups/{group}/link", {"incident": incident})
    assert world.get(f"/alerts/{alert}")["incidents"] == [incident]
    assert group_of(world, alert)["incident"] == incident
    send(world, one("resolved"))
    world.advance(minutes=1)
    send(world, one())
    assert group_of(world, alert)["because"] == f"People work on {incident} already"
    assert len(pages(world)) == 1
    assert world.refused(f"/groups/{group}/link", {"incident": "INC-NONE"})["field"] == "incident"


def test_a_route_that_asks_for_it_declares_an_incident_with_the_first_page(world: World) -> None:
    world.post("/routes/file", {"text": "routes:\n- {name: all, group_by: [alertname], declare: {severity: SEV-1}}\n"})
    alert = alert_of(world, one())
    (incident,) = world.get("/incidents")["incidents"]
    assert incident["severity"] == "SEV-1"
    assert group_of(world, alert)["incident"] == incident["id"]
    assert world.get(f"/alerts/{alert}")["incidents"] == [incident["id"]]
    send(world, one(pod="2"))
    assert len(world.get("/incidents")["incidents"]) == 1


def test_channels_of_a_route_are_told_of_its_groups_beside_the_people_who_are_called(world: World) -> None:
    text = "routes:\n- {name: all, group_by: [alertname], notify: {to: ['file:payments'], wait: 30s, interval: 5m, repeat: 4h}}\n"
    world.post("/routes/file", {"text": text})
    send(world, one())
    world.advance(minutes=1)
    send(world, one("resolved"))
    world.advance(minutes=10)
    notices = [message for message in world.outbox() if message["kind"] == "group.notice"]
    assert [message["subject"] for message in notices] == ["[FIRING:1] DiskFull on db-1", "[RESOLVED] DiskFull on db-1"]
    assert notices[0]["to"] == "payments"
