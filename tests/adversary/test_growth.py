"""What grows with a record and what must not: twenty thousand entries in one incident, long series of corrections, alerts that never rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from msgspec import inspect
from sqlalchemy import select

from tests.world import World
from tocsin.engine import tables
from tocsin.engine.model import Actor
from tocsin.incidents.commands import LogEntry

ALICE = Actor("person", "alice")


def _types(kind: inspect.Type, seen: set[Any], path: str) -> Iterator[tuple[str, inspect.Type]]:
    if isinstance(kind, inspect.StructType):
        if kind.cls in seen:
            return
        seen.add(kind.cls)
        for field in kind.fields:
            yield from _types(field.type, seen, f"{path}.{field.name}")
        return
    yield path, kind
    for name in ("key_type", "value_type", "item_type"):
        if (inner := getattr(kind, name, None)) is not None:
            yield from _types(inner, seen, f"{path}[]")
    for inner in (*getattr(kind, "types", ()), *getattr(kind, "item_types", ())):
        yield from _types(inner, seen, path)


def test_every_state_and_event_can_be_written_down_as_json_with_sorted_keys(world: World) -> None:
    for kind in world.app.runtime.registry.kinds.values():
        for part in (kind.state, *kind.events):
            for path, found in _types(inspect.type_info(part), set(), f"{kind.name}: {part.__name__}"):
                if isinstance(found, inspect.DictType):
                    assert isinstance(found.key_type, inspect.StrType), f"{path} has keys that are no texts: its snapshot cannot be written"


def test_an_incident_with_corrections_can_be_written_to_for_ever(world: World) -> None:
    incident = world.declare()
    entry = world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "first"})["entry"]
    for number in range(250):
        world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": f"version {number}"})
    world.restart()
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": "last"})
    line = next(line for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry"))
    assert line["text"] == "last"


def _fill(world: World, incident: str, entries: int) -> None:
    runtime = world.app.runtime
    from tocsin.engine.committer import Submission

    waiting = [
        runtime.committer.submit(Submission(f"incident:{incident}", LogEntry("OBSERVATION", f"entry {number}: error rate at 4 %"), ALICE))
        for number in range(entries)
    ]
    for future in waiting:
        future.result(timeout=120)


def _snapshot(world: World, incident: str) -> int:
    with world.app.runtime.database.reading() as connection:
        return len(
            connection.execute(select(tables.streams.c.snapshot).where(tables.streams.c.stream == f"incident:{incident}")).scalar() or ""
        )


def test_the_state_of_an_incident_does_not_grow_with_its_entries(world: World) -> None:
    incident = world.declare()
    _fill(world, incident, 400)
    small = _snapshot(world, incident)
    _fill(world, incident, 1600)
    assert small > 0
    assert _snapshot(world, incident) < small + 200
    state = world.app.runtime.state("incident", incident)
    assert state.entries == 2000
    assert len(msgspec.json.encode(state)) < 20_000


@pytest.mark.torture
def test_twenty_thousand_entries_in_one_incident_are_read_in_seconds(world: World) -> None:
    incident = world.declare()
    _fill(world, incident, 20_000)
    for path, seconds in (("", 0.5), ("/timeline?limit=500", 3), ("/timeline", 5), ("/verify", 5), ("/health", 5), ("/metrics", 5)):
        begin = time.monotonic()
        assert world.send("GET", f"/incidents/{incident}{path}").status == 200
        took = time.monotonic() - begin
        print(path, round(took, 2))  # noqa: T201 (what `pytest -s` is for)
        assert took < seconds * 3, path
    begin = time.monotonic()
    world.restart()
    assert world.get(f"/incidents/{incident}")["entries"] == 20_000
    assert time.monotonic() - begin < 10
