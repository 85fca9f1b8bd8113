"""Redaction: what is taken out of the record is out of everything that follows from it, at once and after a restart."""

from __future__ import annotations

from pathlib import Path
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


def tell(world: World, incident: str, work: str) -> int:
    body = {"message": "customer_update", "fields": {"efforts": [work], "actions": ["rolled back"]}, "next_in": "30m"}
    return int(world.post(f"/incidents/{incident}/updates", body)["number"])


def reached(world: World, incident: str, milestone: str) -> str:
    return next(str(one["at"]) for one in shown(world, incident)["milestones"] if one["id"] == milestone)


def promises(world: World, incident: str) -> list[str]:
    return [duty["state"] for duty in shown(world, incident)["obligations"] if duty.get("kind") == "promise"]


def test_a_redacted_message_loses_its_words_and_keeps_its_promise_and_its_number(world: World, incident: str) -> None:
    tell(world, incident, "We help Mrs Smith")
    redact(world, incident, facts(world, incident, "incident.update_posted")[0])
    with world.app.runtime.database.reading() as connection:
        kept = connection.exec_driver_sql("SELECT body FROM facts UNION SELECT snapshot FROM streams UNION SELECT body FROM deliveries")
        assert "Mrs Smith" not in str(kept.scalars().all())
    assert promises(world, incident) == ["open"]
    assert rows_that_differ(world) == []
    world.advance(minutes=10)
    assert tell(world, incident, "We are nearly there") == 2
    assert promises(world, incident) == ["kept", "open"]


def test_a_broken_promise_stays_broken_after_its_message_was_redacted(world: World, incident: str) -> None:
    tell(world, incident, "x")
    world.advance(minutes=45)
    redact(world, incident, facts(world, incident, "incident.update_posted")[0])
    assert promises(world, incident) == ["overdue"]
    assert rows_that_differ(world) == []
    tell(world, incident, "y")
    assert promises(world, incident) == ["late", "open"]


def test_what_was_reached_stays_reached_when_the_entry_that_says_so_is_redacted(world: World, incident: str) -> None:
    world.post(
        f"/incidents/{incident}/entries",
        {"kind": "ACTION", "text": "Called Mrs Smith, who cannot pay", "at": "2025-10-27T14:25:00Z"},
        "bob",
    )
    known = "response_started"
    assert reached(world, incident, known) == "2025-10-27T14:25:00Z"
    redact(world, incident, facts(world, incident, "incident.entry_logged")[-1])
    after = shown(world, incident)
    assert reached(world, incident, known) == "2025-10-27T14:25:00Z"
    assert "Mrs Smith" not in str(after)
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


def attach(world: World, incident: str, digest: str, text: str) -> int:
    return int(world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": text, "attachments": [digest]})["entry"])


def test_the_bytes_of_an_attachment_go_with_the_last_entry_that_names_it(world: World, incident: str) -> None:
    other = world.declare(title="Another")
    digest = world.send("POST", "/blobs?name=keys.txt", raw=b"AKIA-SECRET", headers={"content-type": "text/plain"}).json["digest"]
    entries = [attach(world, incident, digest, "one"), attach(world, incident, digest, "two"), attach(world, other, digest, "three")]
    statuses = []
    for where, entry in ((incident, entries[0]), (incident, entries[1]), (other, entries[2])):
        redact(world, where, entry)
        statuses.append(world.send("GET", f"/api/v1/blobs/{digest}").status)
    assert statuses == [200, 200, 404]
    with world.app.runtime.database.reading() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM blobs").scalar() == 0
    assert rows_that_differ(world) == []


@pytest.mark.parametrize("named", ["entry", "correction"])
def test_an_entry_goes_with_all_its_corrections_whichever_is_named(world: World, incident: str, named: str) -> None:
    entry = int(world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "password one"})["entry"])
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": "password two"})
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": "password three"})
    corrections = facts(world, incident, "incident.entry_corrected")
    redact(world, incident, entry if named == "entry" else corrections[0])
    with world.app.runtime.database.reading() as connection:
        bodies = connection.exec_driver_sql("SELECT body FROM facts UNION SELECT snapshot FROM streams").scalars().all()
    assert "password" not in str(bodies)
    assert "password" not in str(shown(world, incident)) + str(world.get(f"/incidents/{incident}/timeline"))
    assert rows_that_differ(world) == []


def test_an_answer_of_the_first_assessment_that_is_redacted_is_asked_again_and_its_duty_stays_kept(tmp_path: Path) -> None:
    world = World(tmp_path, playbook="compact")
    incident = world.declare(severity="SEV2", detected_by="user report")
    asked = [one["id"] for one in world.get("/playbooks/compact")["assessment"]]
    world.post(f"/incidents/{incident}/assessment", {"answers": dict.fromkeys(asked, "Mrs Smith cannot pay")})

    def duty() -> str:
        return next(str(one["state"]) for one in shown(world, incident)["obligations"] if one["rule"].startswith("assessment"))

    assert duty() == "kept"
    redact(world, incident, facts(world, incident, "incident.entry_logged")[0])
    assert duty() == "kept"
    assert asked[0] not in shown(world, incident)["assessment"]
    assert rows_that_differ(world) == []
    world.post(f"/incidents/{incident}/assessment", {"answers": {asked[0]: "A customer cannot pay"}})
    assert shown(world, incident)["assessment"][asked[0]] == "A customer cannot pay"
    world.close()


def test_a_redaction_leaves_kept_answers_in_force_and_they_hold_no_word_of_what_went(world: World, incident: str) -> None:
    def declared() -> Any:
        return world.send("POST", "/incidents", {"title": "Once"}, headers={"idempotency-key": "declared-once"}).json["incident"]

    def logged() -> Any:
        body = {"kind": "OBSERVATION", "text": "password one"}
        return world.send("POST", f"/incidents/{incident}/entries", body, headers={"idempotency-key": "logged-once"}).json["entry"]

    other, entry = declared(), logged()
    redact(world, incident, entry)
    assert (declared(), logged()) == (other, entry)
    with world.app.runtime.database.reading() as connection:
        assert "password" not in str(connection.exec_driver_sql("SELECT request, result FROM idempotency").all())
