"""Checkpoints and redaction: what was there can be shown to have been there, also when its content has to go."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from tests.world import World
from tocsin.engine import ledger, log, tables


def test_a_tail_that_was_cut_with_its_head_shows_against_the_daily_checkpoint(world: World) -> None:
    incident = world.declare()
    for number in range(5):
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"entry {number}"})
    world.advance(days=1)
    stream = f"incident:{incident}"
    runtime = world.app.runtime
    facts, streams = tables.facts, tables.streams
    with runtime.database.writing() as connection:
        assert ledger.verify_all(connection, runtime.registry) == []
        kept = connection.execute(select(facts.c.version, facts.c.hash).where(facts.c.stream == stream).order_by(facts.c.version)).all()[:7]
        connection.execute(delete(facts).where(facts.c.stream == stream, facts.c.version > kept[-1].version))
        connection.execute(update(streams).where(streams.c.stream == stream).values(version=kept[-1].version, head=kept[-1].hash))
        assert log.verify(connection, stream) == [], "the stream alone looks whole"
        broken = ledger.verify_all(connection, runtime.registry)
    assert [b.stream for b in broken] == [stream]
    assert "checkpoint" in broken[0].what


def test_a_leaked_secret_goes_everywhere_and_the_record_still_verifies(world: World) -> None:
    incident = world.declare()
    made = world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "the password is hunter2"})
    for number in range(120):
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"entry {number}"})
    world.post(f"/incidents/{incident}/entries/redact", {"fact": made["entry"], "reason": "a password"})
    world.restart()
    assert "hunter2" not in world.send("GET", f"/incidents/{incident}/timeline").text
    assert "hunter2" not in world.send("GET", f"/incidents/{incident}").text
    with world.app.runtime.database.reading() as connection:
        for table in (tables.facts, tables.streams, tables.deliveries, tables.idempotency):
            assert "hunter2" not in str(connection.execute(select(table)).all()), table.name
    assert world.get(f"/incidents/{incident}/verify")["whole"] is True
    said = [line["text"] for line in world.get(f"/incidents/{incident}/timeline") if line["kind"] == "incident.redacted"]
    assert said == [f"The content of number {made['entry']} was taken away: a password"]


def test_only_a_named_person_may_redact_and_only_what_people_wrote(world: World) -> None:
    incident = world.declare()
    assert "person" in world.refused(f"/incidents/{incident}/entries/redact", {"fact": 1, "reason": "x"}, person="")["detail"]
    assert "entries and messages" in world.refused(f"/incidents/{incident}/entries/redact", {"fact": 1, "reason": "x"})["detail"]


def test_the_whole_record_can_be_checked_over_the_api(world: World) -> None:
    world.declare()
    assert world.get("/verify") == {"whole": True, "broken": []}
    with world.app.runtime.database.writing() as connection:
        connection.execute(update(tables.facts).where(tables.facts.c.type == "incident.declared").values(recorded_at=1))
    assert world.get("/verify")["whole"] is False
