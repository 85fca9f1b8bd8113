"""`tocsin insights`: the numbers of many incidents as tables, as JSON, and what is said where there are none."""

from __future__ import annotations

from tests.cli.conftest import Shell
from tests.insights.scenario import Walkthrough
from tests.insights.test_pages import taken_in


def test_a_trend_has_a_line_for_every_month_and_says_of_how_many_incidents(tocsin: Shell) -> None:
    for day, minutes in ((1, 10), (5, 30), (20, 50)):
        taken_in(tocsin.world, f"number {day}", day, minutes)
    out = tocsin("insights trend --by month --from 2025-09-01 --to 2025-11-01").out
    assert "Time to resolve" in out
    assert "2025-09-01" in out
    assert "30 min" in next(line for line in out.splitlines() if "2025-10-01" in line)
    steps = tocsin("insights trend --by month --from 2025-10-01 --to 2025-11-01 --json").json["steps"]
    assert [(one["count"], one["median"]) for one in steps] == [(3, 1800)]


def test_what_came_back_is_listed_with_its_chain(tocsin: Shell) -> None:
    for day in (1, 5, 20):
        taken_in(tocsin.world, f"number {day}", day, 10)
    out = tocsin("insights recurrence --like service --days 7").out
    assert "1 of 3 came back within 7 days" in out
    assert "shop" in out


def test_duties_are_counted_over_time_and_by_rule(tocsin: Shell) -> None:
    Walkthrough(tocsin.world).play()
    out = tocsin("insights duties --from 2025-10-01 --to 2025-11-01").out
    assert "incidents: 1" in out
    assert "Update in the war room every 15 minutes" in out


def test_load_names_who_was_called_and_when_it_was_night(tocsin: Shell) -> None:
    world = tocsin.world
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    world.at("23:30")
    world.post("/pages", {"title": "at night", "targets": ["person:ana"]})
    out = tocsin("insights load --night 22:00-06:00 --from 2025-10-01").out
    row = next(line.split() for line in out.splitlines() if line.strip().startswith("ana"))
    assert row[1:4] == ["1", "1", "1"]


def test_action_items_and_noise_say_what_became_of_them(tocsin: Shell) -> None:
    assert "0 of 0 done" in tocsin("insights follow-up --from 2025-10-01 --to 2025-11-01").out
    body = {"alerts": [{"status": "firing", "labels": {"alertname": "DiskFull", "service": "ledger"}, "annotations": {}}]}
    tocsin.world.post("/intake/alertmanager/x", body)
    out = tocsin("insights noise --from 2025-10-01").out
    assert "Groups: 1;" in out
    assert "DiskFull" in out


def test_a_wrong_period_or_metric_ends_with_a_sentence(tocsin: Shell) -> None:
    assert "is not a number of days" in tocsin("insights recurrence --days 0", code=1).err
    assert "nonsense" in tocsin("insights trend --metric nonsense", code=1).err
