"""Repeating a command with its key: one effect whatever happens, and no key of somebody else's."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from tests.world import Answer, World
from tocsin.engine import tables


def _together(work: Callable[[int], Any], times: int = 20) -> list[Any]:
    """Do a thing in that many threads, which begin at one moment."""
    begin, answers = threading.Barrier(times), [None] * times

    def one(number: int) -> None:
        begin.wait()
        answers[number] = work(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return answers


def _declare(world: World, key: str, person: str = "alice", title: str = "x") -> Answer:
    return world.send("POST", "/incidents", {"title": title, "severity": "SEV-1"}, person, {"idempotency-key": key})


def test_twenty_at_once_with_one_key_declare_one_incident(world: World) -> None:
    answers: list[Answer] = _together(lambda _: _declare(world, "k"))
    assert {answer.status for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(world.get("/incidents")["incidents"]) == 1


def test_twenty_at_once_with_one_key_and_other_bodies_have_one_effect_and_the_others_are_told(world: World) -> None:
    answers: list[Answer] = _together(lambda number: _declare(world, "k", title=f"title {number}"))
    assert sorted({answer.status for answer in answers}) == [201, 409]
    assert [answer.status for answer in answers].count(201) == 1
    assert len(world.get("/incidents")["incidents"]) == 1
    assert "Idempotency-Key" in next(answer for answer in answers if answer.status == 409).json["field"]


def test_the_keys_of_two_senders_never_meet_whatever_they_are_called(world: World) -> None:
    for person, key in (("alice", "k"), ("bob", "k"), ("a", "b:c"), ("a:b", "c"), ("a:b:", "c"), ("administrator", "k")):
        assert _declare(world, key, person).status == 201
    by_token = world.send(
        "POST", "/incidents", {"title": "x", "severity": "SEV-1"}, "", {"idempotency-key": "k", "content-type": "application/json"}
    )
    assert by_token.status == 201
    assert len(world.get("/incidents")["incidents"]) == 7


def test_a_refused_command_may_be_sent_again_under_its_key_once_the_cause_is_mended(world: World) -> None:
    incident = world.declare()
    path, body, headers = f"/incidents/{incident}/obligations/waive", {"obligation": "nothing", "reason": "x"}, {"idempotency-key": "k"}
    assert world.send("POST", path, body, headers=headers).status == 422
    other = {"title": "Mend it", "group": "prevent", "owner": "alice"}
    draft = f"/incidents/{incident}/postmortem/review"
    assert world.send("POST", draft, {}, headers={"idempotency-key": "r"}).status == 404
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
    assert world.send("POST", f"/incidents/{incident}/actions", other, headers=headers).status == 201
    again = world.send("POST", draft, {}, headers={"idempotency-key": "r"})
    assert again.status != 404


def test_what_is_answered_can_be_read_at_once_by_everybody(world: World) -> None:
    incident = world.declare()

    def write_and_read(number: int) -> bool:
        for step in range(5):
            text = f"{number}-{step}"
            said = world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": text}, f"person-{number}")
            assert said
            if text not in [line["text"] for line in world.get(f"/incidents/{incident}/timeline")]:
                return False
        return True

    assert all(_together(write_and_read, 8))
    assert world.get(f"/incidents/{incident}")["entries"] == 40


def test_a_key_is_forgotten_after_a_day_and_not_before(world: World) -> None:
    first = _declare(world, "k").json["incident"]
    world.advance(hours=23, minutes=59)
    assert _declare(world, "k").json["incident"] == first
    world.advance(hours=2)
    assert _declare(world, "k").json["incident"] != first
    with world.app.runtime.database.reading() as connection:
        kept = connection.execute(select(func.count()).select_from(tables.idempotency)).scalar()
    assert kept == 1
    world.app.runtime.advance(world.now + timedelta(days=3))
    _declare(world, "another")
    with world.app.runtime.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(tables.idempotency)).scalar() == 1


def test_the_same_key_for_another_address_is_refused(world: World) -> None:
    incident = world.declare()
    headers = {"idempotency-key": "k"}
    assert world.send("POST", f"/incidents/{incident}/acknowledge", {}, headers=headers).status == 200
    assert world.send("POST", f"/incidents/{incident}/participants", {"person": "bob"}, headers=headers).status == 409
