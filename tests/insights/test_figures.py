"""The row of each incident's figures: right at once, moved by corrections, equal to a rebuild, and what many numbers are read from."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select

from tests.insights.scenario import Walkthrough, at
from tests.world import World
from tocsin.engine.rebuild import differences
from tocsin.insights.tables import incident_figures


def row(world: World, incident: str) -> dict[str, Any]:
    with world.app.runtime.reading() as reader:
        found = reader.row("incident_figures", (incident,))
    assert found is not None
    return dict(found)


def test_the_row_has_the_durations_and_what_became_of_the_duties(world: World) -> None:
    incident = Walkthrough(world).play()
    found = row(world, incident)
    assert (found["time_to_detect"], found["time_to_acknowledge"], found["time_to_resolve"]) == (300, 120, 47 * 60)
    view = world.get(f"/incidents/{incident}/adherence")
    total = view["total"]
    assert {name: found[name] for name in ("kept", "late", "missed", "waived", "open", "overdue")} == {
        name: total[name] for name in ("kept", "late", "missed", "waived", "open", "overdue")
    }
    assert (found["promises_kept"], found["promises_due"]) == (view["promises"]["kept"], view["promises"]["due"])
    assert (found["ticked"], found["ticks_waived"]) == (9, 1)


def test_what_is_not_known_is_null_and_never_zero(world: World) -> None:
    found = row(world, world.declare())
    assert (found["time_to_resolve"], found["time_to_mitigate"], found["resolved_at"]) == (None, None, None)


def test_a_duty_that_falls_due_is_counted_when_its_time_comes(world: World) -> None:
    incident = world.declare()
    before = row(world, incident)
    world.advance(hours=2)
    after = row(world, incident)
    assert before["overdue"] == 0
    assert after["overdue"] > 0
    assert after["overdue"] + after["open"] >= before["open"]


def test_a_correction_moves_the_row(world: World) -> None:
    incident = Walkthrough(world).play()
    world.post(f"/incidents/{incident}/milestones", {"milestone": "resolved", "when": at("15:09")})
    assert row(world, incident)["time_to_resolve"] == 49 * 60


def test_an_ordinary_entry_writes_no_row(world: World) -> None:
    incident = world.declare()
    table = incident_figures
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "first"})
    database = world.app.runtime.database
    with database.writing() as connection:
        connection.execute(table.update().where(table.c.incident == incident).values(cause="touched"))
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "second"})
    with database.reading() as connection:
        assert connection.execute(select(table.c.cause).where(table.c.incident == incident)).scalar() == "touched"


def test_a_rebuild_gives_the_same_rows(world: World) -> None:
    Walkthrough(world).play()
    world.declare()
    world.advance(hours=30)
    with world.app.runtime.database.reading() as connection:
        assert [one for one in differences(connection, world.app.runtime.registry) if one.startswith("incident_figures")] == []


def test_the_duties_of_a_row_are_counted_by_rule(world: World) -> None:
    found = row(world, Walkthrough(world).play())
    duties = json.loads(found["duties"])
    assert duties["assign_lead"] == [1, 0, 0, 0, 0]
    assert duties["cadence_war_room"] == [0, 0, 1, 0, 0]


def test_what_was_read_once_shows_every_later_change(world: World) -> None:
    first = Walkthrough(world).play()
    assert world.get("/insights/trend", metric="time_to_resolve")["steps"][-1]["median"] == 47 * 60
    world.post(f"/incidents/{first}/milestones", {"milestone": "resolved", "when": at("15:09")})
    world.declare()
    found = world.get("/insights/trend", metric="time_to_resolve")["steps"][-1]
    assert (found["median"], found["count"], found["not_available"]) == (49 * 60, 1, 1)
    other = world.declare(title="The same again")
    world.post(f"/incidents/{other}/merge", {"into": first})
    assert sum(step["count"] + step["not_available"] for step in world.get("/insights/trend")["steps"]) == 2
