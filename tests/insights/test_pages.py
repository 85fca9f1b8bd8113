"""The pages of the numbers: what they say, what is behind each value, and what a viewer must not learn from them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from tests.insights.scenario import Walkthrough, at
from tests.world import World

SUBJECTS = ("", "/duties", "/on-call", "/follow-up", "/alerts")


def words(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def taken_in(world: World, title: str, day: int, minutes: int, **more: Any) -> str:
    began = f"2025-10-{day:02}T10:00:00Z"
    over = f"2025-10-{day:02}T{10 + minutes // 60:02}:{minutes % 60:02}:00Z"
    body = {"title": title, "service": "shop", "milestones": {"impact_started": {"at": began}, "resolved": {"at": over}}, **more}
    return str(world.post("/incidents/import", body)["incident"])


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_empty_installation_has_every_page_and_it_teaches(world: World, subject: str) -> None:
    page = world.page(f"/insights{subject}")
    assert page.status == 200
    assert re.search(r"No incident in this period|No duty|Nobody was on call|No action item waits|No alert has arrived", words(page.text))
    assert " style=" not in page.text


def test_a_median_is_said_with_its_number_of_cases_and_few_are_not_to_be_trusted(world: World) -> None:
    for day, minutes in ((1, 10), (2, 60), (3, 30)):
        taken_in(world, f"number {day}", day, minutes)
    text = words(world.page("/insights").text)
    assert "30 min median of 3" in text
    assert "Median of 3: too few to trust a trend." in text
    assert "3 not known" in text  # imported without a moment of detection: not 0


def test_every_step_of_the_chart_leads_to_the_incidents_behind_it(world: World) -> None:
    found = [taken_in(world, f"number {day}", day, 10 * day) for day in (1, 2, 3)]
    page = world.page("/insights?from=2025-10-01&to=2025-10-31&by=month").text
    behind = unescape(re.search(r'<a href="(/insights/incidents[^"]*)" aria-label="Oct 2025: median', page).group(1))  # type: ignore[union-attr]
    shown = world.page(behind).text
    assert re.findall(r'class="behind-title" href="/incidents/([^"]+)"', shown) == list(reversed(found))
    assert "30 min" in words(shown)


def test_a_filter_is_in_the_address_and_is_kept_by_every_link(world: World) -> None:
    taken_in(world, "a", 1, 10)
    taken_in(world, "b", 2, 20, service="ledger")
    page = world.page("/insights?service=ledger&last=90d").text
    assert "median of 1" in words(page)
    for link in re.findall(r'href="(/insights[^"]*)"', page):
        assert "service=ledger" in link or link == "/insights" or 'aria-current="page"' in page


def test_every_chart_has_its_table_as_csv(world: World) -> None:
    Walkthrough(world).play()
    for subject in SUBJECTS:
        page = world.page(f"/insights{subject}").text
        links = [unescape(link) for link in re.findall(r'href="(/insights/csv/[^"]+)"', page)]
        assert links or "empty" in page or "chart-empty" in page
        for link in links:
            answer = world.page(link)
            assert answer.headers["content-type"].startswith("text/csv")
            assert len(answer.text.splitlines()) > 1
    assert world.page("/insights/csv/nothing?of=").status == 404


def test_the_period_before_is_compared_with(world: World) -> None:
    for day in range(1, 8):
        taken_in(world, "then", day, 60)
    for day in range(15, 22):
        taken_in(world, "now", day, 30)
    text = words(world.page("/insights?from=2025-10-15&to=2025-10-28").text)
    assert "30 min median of 7" in text
    assert "better: 1 h 00 min before, −50 %" in text


def test_what_came_back_is_shown_with_its_chain(world: World) -> None:
    for day in (1, 5, 20):
        taken_in(world, f"number {day}", day, 10)
    text = words(world.page("/insights/follow-up?within=7&like=service").text)
    assert "33 % 1 of 3 within 7 days" in text
    found = world.get("/insights/recurrence", days=30, like="service")
    assert (found["repeats"], len(found["chains"][0]["incidents"])) == (2, 3)
    assert world.get("/insights/recurrence", days=30)["not_comparable"] == 3
    assert "is not a number of days" in world.send("GET", "/insights/recurrence?days=0").json["detail"]


def test_duties_are_counted_by_their_rule_and_lead_to_who_missed_them(world: World) -> None:
    incident = Walkthrough(world).play()
    page = world.page("/insights/duties").text
    assert "Update in the war room every 15 minutes" in words(page)
    link = unescape(next(one for one in re.findall(r'href="(/insights/incidents\?[^"]*duty=[^"]*)"', page) if "cadence_war_room" in one))
    shown = world.page(link).text
    assert incident in shown
    assert "1 missed" in words(shown)
    assert world.get("/insights/duties")["total"]["missed"] == 1


def test_on_call_load_names_pages_nights_and_interruptions(world: World) -> None:
    for name in ("ana", "bo"):
        world.post(f"/people/{name}", {"name": name.title(), "zone": "Europe/Berlin", "contacts": [{"kind": "file", "value": name}]})
    for title in ("one", "two"):
        world.post("/pages", {"title": title, "targets": ["person:ana"]})
    world.at("23:30")
    page = world.post("/pages", {"title": "at night", "targets": ["person:ana", "person:bo"]})["page"]
    world.post(f"/pages/{page}/acknowledge", {}, person="ana")
    found = world.get("/insights/load", night="22:00-06:00", **{"from": "2025-10-01T00:00:00Z"})
    loads = {one["person"]: (one["pages"], one["nights"], one["interruptions"]) for one in found["people"]}
    assert loads["bo"] == (1, 1, 1)
    assert loads["ana"][:2] == (3, 1)
    text = words(world.page("/insights/on-call?night=22:00-06:00").text)
    assert "Ana" in text
    assert "Bo" in text


def test_nobody_has_said_what_night_is(tmp_path: Any) -> None:
    world = World(tmp_path / "data", playbook="compact")
    try:
        world.post("/pages", {"title": "one", "targets": ["person:nobody"]})
        found = world.get("/insights/load")
        assert all(one["nights"] is None for one in found["people"])
    finally:
        world.close()


def test_a_private_incident_counts_for_those_alone_who_may_read_it(world: World) -> None:
    open_ = world.declare(title="Everybody knows", started_at=at("14:20"))
    hidden = world.declare(title="Nobody must know", private=True, started_at=at("14:10"))
    for incident in (open_, hidden):
        world.post(f"/incidents/{incident}/milestones", {"milestone": "resolved", "when": at("14:25")})
    mallory = {"x-tocsin-person": "mallory"}
    for path in ("/insights", "/insights/points", "/insights/incidents?metric=time_to_resolve", "/insights/duties", "/insights/follow-up"):
        assert hidden not in world.page(path, person="mallory").text
        assert "Nobody must know" not in world.page(path, person="mallory").text
    assert "median of 1" in words(world.page("/insights", person="mallory").text)
    assert "median of 2" in words(world.page("/insights", person="alice").text)
    steps = world.send("GET", "/insights/trend", person="mallory", headers=mallory).json["steps"]
    assert sum(one["count"] for one in steps) == 1


def test_the_points_of_a_chart_are_what_a_script_draws(world: World) -> None:
    incident = taken_in(world, "one", 2, 30)
    found = world.page("/insights/points?metric=time_to_resolve").json
    assert found["points"] == [[1759399200, 1800, incident, "one", False]]
    assert found["steps"][-1]["median"] == 1800


def test_a_playbooks_own_metric_can_be_chosen(world: World) -> None:
    Walkthrough(world).play()
    page = world.page("/insights?playbook=payments-sev1").text
    own = re.findall(r'<option value="(payments-sev1:[^"]+)"', page)
    assert own
    assert "over time" in words(world.page(f"/insights?playbook=payments-sev1&metric={own[0]}").text)
    assert world.page("/insights?metric=nonsense").status == 422
