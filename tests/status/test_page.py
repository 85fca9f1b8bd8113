"""The public page: what is on it, what is not, and what becomes of it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from tests.status.scene import SERVICES, api, components, incident, page, states, tell
from tests.web_pages.test_pages import words
from tests.world import World
from tocsin.comms.status.names import public_id

__all__ = ["incident"]


def resolve(world: World, incident: str, **more: Any) -> None:
    """Tell the public that it is over."""
    world.post(
        f"/incidents/{incident}/updates",
        {
            "message": "customer_resolved",
            "fields": {
                "root_cause": "A deployment",
                "resolution": ["It was rolled back"],
                "headline": "Cards fail",
                "user_action": "nothing",
            },
            **more,
        },
    )


def test_a_page_without_trouble_says_so_and_lists_the_systems_in_their_groups(world: World) -> None:
    components(world)
    text = words(page(world))
    assert "All systems operational" in text
    assert all(name in text for name, _ in SERVICES.values())
    assert api(world, "status.json")["status"] == {"indicator": "none", "description": "All systems operational"}


def test_what_the_public_was_not_told_does_not_show_anywhere(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "db-7 is on fire"})
    assert "All systems operational" in words(page(world))
    assert api(world, "incidents.json")["incidents"] == []
    assert set(states(world).values()) == {"operational"}


def test_an_update_to_an_audience_outside_is_on_the_page_word_for_word_with_the_state_that_the_severity_asks_for(
    world: World, incident: str
) -> None:
    tell(world, incident, headline="Cards fail")
    text = words(page(world))
    assert "Major outage" in text
    assert "Cards fail" in text
    assert "50 % of payment transactions fail" in text
    assert "15:00 UTC" in text
    assert states(world) == {"Card payments": "major_outage", "Checkout": "operational", "Search": "operational"}


def test_an_update_to_an_audience_inside_stays_inside(world: World, incident: str) -> None:
    world.post(
        f"/incidents/{incident}/updates",
        {"message": "customer_initial", "fields": {"work": "x"}, "next_in": "30m", "audiences": ["support"]},
    )
    assert api(world, "incidents.json")["incidents"] == []


def test_nothing_of_inside_names_is_in_what_programs_read(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    answer = world.send("GET", "/status/api/v2/summary.json", person="")
    assert incident not in answer.text
    assert "payment-api" not in answer.text


def test_what_people_chose_for_each_system_wins_and_stays_until_it_is_changed(world: World, incident: str) -> None:
    tell(world, incident, components={"payment-api": "partial_outage", "checkout": "degraded_performance"})
    tell(world, incident)
    assert states(world) == {"Card payments": "partial_outage", "Checkout": "degraded_performance", "Search": "operational"}
    tell(world, incident, components={"checkout": "operational"})
    assert states(world)["Checkout"] == "operational"


def test_of_several_incidents_the_worst_counts_for_a_system(world: World, incident: str) -> None:
    tell(world, incident, components={"checkout": "degraded_performance"})
    other = world.declare(title="Another")
    tell(world, other, components={"checkout": "partial_outage"}, fields={"work": "x", "impact": ["y"]})
    assert states(world)["Checkout"] == "partial_outage"
    assert api(world, "status.json")["status"]["indicator"] == "major"


def test_telling_that_it_is_over_makes_every_system_operational_and_keeps_the_incident_in_the_history(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    world.advance(minutes=30)
    resolve(world, incident)
    assert set(states(world).values()) == {"operational"}
    (one,) = api(world, "incidents.json")["incidents"]
    assert (one["status"], one["resolved_at"]) == ("resolved", "2025-10-27T15:00:00.000Z")
    assert api(world, "incidents/unresolved.json")["incidents"] == []
    history = words(page(world, "/status/history"))
    assert "Cards fail" in history
    assert "40 min" in history


def test_an_incident_that_is_over_inside_is_over_outside_even_if_nobody_said_so(world: World, incident: str) -> None:
    tell(world, incident)
    world.post(f"/incidents/{incident}/dismiss", {"reason": "a false alarm"})
    assert set(states(world).values()) == {"operational"}
    assert "This incident is over." in page(world, f"/status/incidents/{public_id(incident)}")


def test_the_end_is_when_it_was_over_not_when_somebody_came_to_say_so(world: World, incident: str) -> None:
    tell(world, incident)
    world.advance(minutes=20)
    world.post(f"/incidents/{incident}/dismiss", {"reason": "it was the probe"})
    world.advance(minutes=40)
    resolve(world, incident)
    (one,) = api(world, "incidents.json")["incidents"]
    assert one["resolved_at"] == "2025-10-27T14:50:00.000Z"
    assert [update["status"] for update in one["incident_updates"]] == ["resolved", "investigating"]


def test_a_private_incident_is_never_on_the_page_and_one_that_becomes_private_leaves_it(world: World, incident: str) -> None:
    secret = world.declare(title="Secret", private=True, service="search")
    tell(world, secret, fields={"work": "x", "impact": ["a breach"]})
    assert "a breach" not in page(world)
    tell(world, incident, headline="Cards fail")
    assert "Cards fail" in page(world)
    world.post(f"/incidents/{incident}/privacy", {"private": True, "reason": "legal asks"})
    assert "Cards fail" not in page(world)
    assert set(states(world).values()) == {"operational"}
    gone = world.page(f"/status/incidents/{public_id(incident)}", person="")
    assert gone.status == 404


def test_a_redacted_update_leaves_the_page(world: World, incident: str) -> None:
    first = tell(world, incident, headline="Cards fail")
    tell(world, incident, fields={"work": "The key is hunter2"})
    assert "hunter2" in page(world)
    fact = world.get(f"/incidents/{incident}/updates")["updates"][0]["fact"]
    world.post(f"/incidents/{incident}/entries/redact", {"fact": fact, "reason": "a secret"})
    assert "hunter2" not in page(world)
    assert first["fact"] != fact
    assert "hunter2" not in world.send("GET", "/status/history.atom", person="").text


def test_the_headline_of_a_redacted_update_is_kept_nowhere(world: World, incident: str) -> None:
    fact = tell(world, incident, headline="The key is hunter2")["fact"]
    world.post(f"/incidents/{incident}/entries/redact", {"fact": fact, "reason": "a secret"})
    with world.app.runtime.database.reading() as connection:
        left = connection.exec_driver_sql("SELECT body FROM facts UNION SELECT snapshot FROM streams UNION SELECT body FROM deliveries")
        assert "hunter2" not in str(left.scalars().all())
    assert "hunter2" not in world.page(f"/incidents/{incident}/updates/customer_initial").text
    tell(world, incident, headline="Cards fail")
    assert "Cards fail" in page(world)


def test_a_correction_names_the_update_that_it_sets_right_and_that_one_says_so(world: World, incident: str) -> None:
    wrong = tell(world, incident)
    world.advance(minutes=5)
    tell(world, incident, corrects=wrong["fact"], fields={"work": "Another team"})
    text = words(page(world, f"/status/incidents/{public_id(incident)}"))
    assert "This corrects what we said at 14:30 UTC." in text
    assert "corrected at 14:35" in text
    assert (
        world.refused(f"/incidents/{incident}/updates", {"message": "customer_initial", "corrects": 999, "next_in": "5m"})["field"]
        == "corrects"
    )


def test_the_next_update_is_promised_until_its_time_and_the_public_is_not_told_that_it_is_late(world: World, incident: str) -> None:
    tell(world, incident)
    updates = api(world, "summary.json")
    assert updates["incidents"][0]["incident_updates"][0]["body"].count("15:00 UTC") == 1
    world.advance(minutes=45)
    text = words(page(world)).casefold()
    assert "overdue" not in text
    assert "late" not in text
    (told,) = world.get(f"/incidents/{incident}/updates")["updates"]
    assert told["promise"] == "overdue"


def test_a_state_that_somebody_set_holds_until_its_time_whatever_is_computed(world: World, incident: str) -> None:
    tell(world, incident)
    until = (world.now + timedelta(hours=1)).isoformat()
    world.post(
        "/api/v1/status-page/states", {"service": "payment-api", "state": "operational", "reason": "works for everybody", "until": until}
    )
    assert states(world)["Card payments"] == "operational"
    assert "works for everybody" not in page(world)
    world.advance(minutes=61)
    assert states(world)["Card payments"] == "major_outage"


def test_a_state_wants_a_reason_a_time_ahead_and_a_system_that_is_on_the_page(world: World) -> None:
    components(world)
    good = {"service": "search", "state": "partial_outage", "reason": "x", "until": (world.now + timedelta(hours=1)).isoformat()}
    for field, value in (("reason", " "), ("until", "2025-01-01T00:00:00Z"), ("service", "nothing")):
        assert world.refused("/api/v1/status-page/states", {**good, field: value})["field"] == field


def test_a_hidden_system_is_nowhere_and_changes_nothing(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    world.post("/api/v1/status-page", {"name": "Us", "hidden": ["payment-api"]})
    assert "Card payments" not in page(world)
    assert "Card payments" not in states(world)
    assert api(world, "status.json")["status"]["indicator"] == "critical"  # the incident itself is still open


def test_groups_stand_within_groups_in_the_order_that_was_written_down(world: World) -> None:
    components(world, {"a": ("Alpha", "Europe / North"), "b": ("Beta", "Europe"), "c": ("Gamma", ""), "d": ("Delta", "Europe / North")})
    world.post("/api/v1/status-page", {"name": "Us", "order": ["c", "d", "a", "b"]})
    items = api(world, "components.json")["components"]
    assert [one["name"] for one in items] == ["Gamma", "Europe", "North", "Delta", "Alpha", "Beta"]
    by_name = {one["name"]: one for one in items}
    assert by_name["North"]["group_id"] == by_name["Europe"]["id"]
    assert by_name["Delta"]["group_id"] == by_name["North"]["id"]
    assert len(by_name["Europe"]["components"]) == 3


def test_maintenance_is_planned_then_under_way_then_done(world: World) -> None:
    components(world)
    since, until = world.now + timedelta(hours=1), world.now + timedelta(hours=2)
    body = {
        "title": "inside words",
        "services": ["search"],
        "since": since.isoformat(),
        "until": until.isoformat(),
        "public_title": "New search",
    }
    world.post("/maintenance", body)
    world.post("/maintenance", {**body, "public_title": "", "title": "not announced"})
    assert "Planned maintenance" in words(page(world))
    assert "inside words" not in page(world)
    (one,) = api(world, "scheduled-maintenances/upcoming.json")["scheduled_maintenances"]
    assert (one["name"], one["status"]) == ("New search", "scheduled")
    world.advance(minutes=61)
    assert states(world)["Search"] == "under_maintenance"
    assert api(world, "status.json")["status"]["indicator"] == "maintenance"
    assert [one["status"] for one in api(world, "scheduled-maintenances/active.json")["scheduled_maintenances"]] == ["in_progress"]
    world.advance(minutes=60)
    assert states(world)["Search"] == "operational"
    assert [one["status"] for one in api(world, "scheduled-maintenances.json")["scheduled_maintenances"]] == ["completed"]
    assert "New search" in page(world, "/status/history")


def test_an_incident_is_stronger_than_the_maintenance_of_the_same_system(world: World, incident: str) -> None:
    body = {
        "title": "x",
        "services": ["payment-api"],
        "since": world.now.isoformat(),
        "until": (world.now + timedelta(hours=1)).isoformat(),
    }
    world.post("/maintenance", {**body, "public_title": "New machines"})
    tell(world, incident, components={"payment-api": "degraded_performance"})
    assert states(world)["Card payments"] == "degraded_performance"


def test_uptime_and_days_follow_from_what_was_told_and_have_a_table(world: World, incident: str) -> None:
    world.advance(days=9)
    tell(world, incident, at=(world.now - timedelta(minutes=60)).isoformat())
    resolve(world, incident)
    world.advance(days=1)
    text = page(world)
    found = next(one for one in world.app.asgi._publisher.board.components if one.service == "payment-api")  # type: ignore[union-attr]
    assert found.uptime is not None
    assert 0 < found.uptime < 1
    assert "days with disruption" in words(text)
    assert "<table>" in text


def test_an_old_incident_keeps_its_address_and_its_month(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    resolve(world, incident)
    world.advance(days=200)
    assert "Cards fail" not in page(world)
    assert "Cards fail" not in page(world, "/status/history")
    assert "Cards fail" in page(world, "/status/history/2025-10")
    assert "Cards fail" in page(world, f"/status/incidents/{public_id(incident)}")
    assert world.page("/status/history/2025-13", person="").status == 404
    assert world.page("/status/incidents/000000000000", person="").status == 404


def test_a_page_that_is_off_shows_nothing(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    world.post("/api/v1/status-page", {"name": "Us", "on": False})
    for path in (
        "/status",
        "/status/history",
        "/status/api/v2/summary.json",
        "/status/history.rss",
        f"/status/incidents/{public_id(incident)}",
        "/status/subscribe",
    ):
        answer = world.page(path, person="")
        assert answer.status == 404, path
        assert "Cards fail" not in answer.text


def test_an_incident_can_be_taken_off_the_page_and_put_back(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    world.post(f"/api/v1/status-page/incidents/{incident}/hide", {"why": "the wrong incident"})
    assert "Cards fail" not in page(world)
    world.post(f"/api/v1/status-page/incidents/{incident}/show")
    assert "Cards fail" in page(world)


def test_what_people_type_is_never_markup(world: World, incident: str) -> None:
    bad = "<img src=x onerror=alert(1)>"
    tell(world, incident, headline=f"{bad} title", fields={"work": f"{bad} **bold**"})
    world.post("/api/v1/status-page", {"name": f"{bad}", "about": bad, "header": bad})
    for path in ("/status", "/status/history", f"/status/incidents/{public_id(incident)}", "/status/subscribe"):
        assert "<img" not in page(world, path)
    assert "<img" not in world.send("GET", "/status/history.rss", person="").text


def test_the_page_runs_no_script_and_stays_small_with_sixty_systems(world: World) -> None:
    components(world, {f"service-{n}": (f"System number {n}", f"Group {n % 6}") for n in range(60)})
    text = page(world)
    assert "<script" not in text
    assert " style=" not in text
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)
    answer = world.page("/status", person="", headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert len(answer.content) < 30_000


def test_the_page_says_of_when_it_is(world: World) -> None:
    assert "As of Mon 27 Oct 2025, 14:25 UTC" in words(page(world))
    world.advance(minutes=3)
    assert "As of Mon 27 Oct 2025, 14:28 UTC" in words(page(world))


def test_everything_is_there_after_a_restart(world: World, incident: str) -> None:
    tell(world, incident, headline="Cards fail")
    before = api(world, "summary.json")
    world.restart()
    assert api(world, "summary.json") == before
