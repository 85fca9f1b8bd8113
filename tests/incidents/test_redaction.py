"""Redaction: what is taken out of the record is out of everything that follows from it, at once and after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World
from tocsin.engine import log, rebuild


@pytest.fixture
def incident(world: World) -> str:
    world.at("14:30")
    return world.declare(impact="50 % of payment transactions fail", started_at="2025-10-27T14:20:00Z")


def facts(world: World, incident: str, kind: str) -> list[int]:
    with world.app.runtime.database.reading() as connection:
        return [f.version for f in log.read_facts(connection, world.app.runtime.registry, f"incident:{incident}") if f.type == kind]


def redact(world: World, incident: str, fact: int) -> None:
    world.post(f"/incidents/{incident}/entries/redact", {"fact": fact, "reason": "a customer's name"})


def rows_that_differ(world: World) -> list[str]:
    runtime = world.app.runtime
    with runtime.database.reading() as connection:
        return rebuild.differences(connection, runtime.registry)


def shown(world: World, incident: str) -> dict[str, Any]:
    return dict(world.get(f"/incidents/{incident}"))


def test_a_redacted_message_takes_its_promise_out_of_every_list_in_the_same_transaction(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/updates", {"message": "customer_initial", "fields": {"work": "We help Mrs Smith"}, "next_in": "30m"})
    redact(world, incident, facts(world, incident, "incident.update_posted")[0])
    assert not [duty for duty in shown(world, incident)["obligations"] if duty.get("kind") == "promise"]
    assert rows_that_differ(world) == []


def test_a_promise_that_was_redacted_is_never_recorded_as_broken(world: World, incident: str) -> None:
    world.post(f"/incidents/{incident}/updates", {"message": "customer_initial", "fields": {"work": "x"}, "next_in": "30m"})
    redact(world, incident, facts(world, incident, "incident.update_posted")[0])
    world.advance(minutes=45)
    assert not [line for line in world.get(f"/incidents/{incident}/timeline") if "promise" in str(line["data"].get("obligation", ""))]
    assert rows_that_differ(world) == []


def test_a_long_record_stands_the_same_after_a_redaction_and_a_restart(world: World, incident: str) -> None:
    for number in range(130):  # so many that the record has a snapshot
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"reading {number}"})
    last = facts(world, incident, "incident.entry_logged")[-1]
    redact(world, incident, last)
    world.post(f"/incidents/{incident}/entries", {"kind": "DECISION", "text": "roll back"})
    before = shown(world, incident)
    assert "reading 129" not in str(before)
    assert rows_that_differ(world) == []
    world.restart()
    assert shown(world, incident) == before
