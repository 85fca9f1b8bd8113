"""What is in memory equals what is on disk: after any traffic, after a restart, and after a commit that failed."""

import asyncio
import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from tests.adversary.test_postgres import Postgres
from tests.alerts.entering import fires, journal, outcomes, say
from tests.engine.conftest import postgres
from tests.world import World
from tocsin.alerts.arrival import Arrived
from tocsin.alerts.drafting.gathering import Gathering
from tocsin.alerts.drafting.undo import Undo
from tocsin.alerts.handlers import enter
from tocsin.alerts.journal import Alerts
from tocsin.alerts.reading import Reading
from tocsin.engine import tables
from tocsin.engine.journal import Transaction

__all__ = ["postgres"]

STATES: list[Any] = ["firing", "firing", "firing", "resolved", "acknowledged", "unknown", "suppressed"]


def memory(alerts: Alerts) -> dict[str, Any]:
    """All that a journal holds, as plain values."""
    return {
        "alerts": {live.id: live.values() for live in alerts.index},
        "prints": {(scope, name): live.id for scope, found in alerts.index.by_print.items() for name, live in found.items()},
        "firing": alerts.index.firing,
        "next_expiry": alerts.index.next_expiry(),
        "groups": {cause.id: cause.row() for cause in alerts.causes},
        "keys": dict(alerts.causes.by_key),
        "sources": {key: sorted(found) for key, found in alerts.tally.sources.items()},
        "targets": {key: sorted(found) for key, found in alerts.tally.targets.items()},
        "numbers": (alerts.next_alert, alerts.next_receipt, alerts.next_group),
    }


def rebuilt(world: World) -> dict[str, Any]:
    """What the journal would hold if it began now."""
    alerts = journal(world)
    before = memory(alerts)
    with world.app.runtime.database.reading() as connection:
        alerts.load(connection, world.now)
    after = memory(alerts)
    assert set(before) == set(after)
    return after


def live_through(world: World, chance: random.Random, steps: int) -> None:
    """Random traffic: requests, time, silences, acknowledgements, ends."""
    for _ in range(steps):
        match chance.randrange(10):
            case 0:
                world.advance(minutes=chance.randrange(1, 40))
            case 1:
                found = world.get("/alerts", state="firing")["alerts"]
                if found:
                    world.send("POST", f"/alerts/{chance.choice(found)['id']}/{chance.choice(['acknowledge', 'resolve'])}", {})
            case 2:
                until = world.now + timedelta(minutes=chance.randrange(1, 60))
                world.send("POST", "/silences", {"match": f'alertname="{chance.choice("abc")}"', "until": until.isoformat(), "why": "try"})
            case 3:
                groups = [found["id"] for found in world.get("/groups")["groups"]]
                if groups:
                    world.send("POST", f"/groups/{chance.choice(groups)}/resolve", {"why": "try"})
            case _:
                say(world, *(signal(world, chance) for _ in range(chance.randrange(1, 6))), key=chance.choice(["first", "other"]))


def signal(world: World, chance: random.Random) -> Any:
    name = chance.choice("abc")
    expires = world.now + timedelta(minutes=chance.randrange(1, 30)) if chance.random() < 0.4 else None
    return fires(
        name, chance.choice(STATES), fingerprint=f"{name}{chance.randrange(6)}", expires_at=expires, value=str(chance.randrange(3)),
        by="bob", starts_at=world.now - timedelta(minutes=chance.choice([0, 5])),
    )  # fmt: skip


RULE = {"name": "r", "source": 'alertname="a"', "target": 'alertname=~"b|c"', "equal": ["env"]}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_the_memory_after_any_traffic_equals_one_built_from_the_rows(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    world = World(tmp_path_factory.mktemp("world"))
    world.post("/inhibitions", {"rules": [RULE]})
    live_through(world, random.Random(seed), 25)
    held = memory(journal(world))
    assert held == rebuilt(world)
    world.close()


def test_the_same_holds_on_postgresql(tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine(postgres)
    with engine.begin() as connection:
        tables.metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
    engine.dispose()
    monkeypatch.setattr(Postgres, "url", postgres)
    world = Postgres(tmp_path)
    world.post("/inhibitions", {"rules": [RULE]})
    live_through(world, random.Random(7), 40)
    held = memory(journal(world))
    assert held == rebuilt(world)
    assert len(world.get("/receipts", limit=500)["receipts"]) > 10
    assert world.get("/alerts", label='env=~"pr.*"')["alerts"]
    assert world.get("/alerts", text="DB-1")["alerts"]
    world.close()


def test_a_commit_that_fails_leaves_nothing_and_the_next_one_is_numbered_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    say(world, fires("Before"))
    held = memory(journal(world))
    whole = Gathering.write_receipts

    def full(gathering: Gathering) -> None:
        whole(gathering)
        raise OperationalError("INSERT", {}, Exception("disk is full"))

    monkeypatch.setattr(Gathering, "write_receipts", full)
    arrived = Arrived("generic", Reading((fires("Lost"),)), b"{}")
    with pytest.raises(Exception, match="Nothing was written"):
        asyncio.run(enter(world.app.runtime, arrived))
    monkeypatch.undo()
    assert memory(journal(world)) == held == rebuilt(world)
    assert outcomes(world, fires("Lost"))[0][1] == 2


def test_what_a_refused_reaction_did_to_alerts_is_taken_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A draft goes back to any mark, whatever came after it."""
    say(world, fires("Before"))
    made: list[Any] = []
    draft_of = Alerts.draft

    def draft(self: Alerts, transaction: Transaction) -> Any:
        draft = draft_of(self, transaction)
        made.append(draft)
        if len(made) == 1:
            draft.take(Arrived("generic", Reading((fires("Kept"),)), b"{}"))
            mark = draft.mark()
            draft.take(Arrived("generic", Reading((fires("Dropped"), fires("Before", "resolved"), fires("Kept", "resolved"))), b"{}"))
            draft.back_to(mark)
        return draft

    monkeypatch.setattr(Alerts, "draft", draft)
    say(world, fires("After"))
    monkeypatch.undo()
    shown = {found["title"]: found["state"] for found in world.get("/alerts")["alerts"]}
    assert shown == {"Before on db-1": "firing", "Kept on db-1": "firing", "After on db-1": "firing"}
    assert memory(journal(world)) == rebuilt(world)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=20), st.integers(0, 20))
def test_whatever_changed_after_a_mark_can_be_taken_back(steps: list[tuple[str, int]], at: int) -> None:
    undo = Undo()
    things: dict[str, int] = {"a": 0}
    order: list[int] = [0]
    mark = 0
    before: tuple[dict[str, int], list[int]] | None = None
    for number, (name, value) in enumerate(steps):
        if number == at:
            mark, before = undo.mark(), (dict(things), list(order))
        match value % 4:
            case 0:
                undo.put(things, name, value)
            case 1:
                undo.drop(things, name)
            case 2:
                undo.add(order, value)
            case _:
                undo.set(order, value % len(order), value)
    if before is not None:
        undo.back_to(mark)
        assert (things, order) == before
