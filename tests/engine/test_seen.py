"""What is kept of what readers folded: never older than the log, bounded, and forgotten when it is written."""

from __future__ import annotations

import threading
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.world import World
from tocsin.engine import log
from tocsin.engine.seen import Seen


def test_a_state_that_was_read_is_kept_and_forgotten_when_it_is_written() -> None:
    seen = Seen()
    seen.keep(seen.turn, "person:ana", "first", 3)
    assert seen.get("person:ana") == ("first", 3)
    seen.forget(["person:ana"])
    assert seen.get("person:ana") is None


def test_what_was_folded_while_somebody_wrote_is_not_kept() -> None:
    seen = Seen()
    turn = seen.turn
    seen.forget(["person:bo"])
    seen.keep(turn, "person:ana", "perhaps old", 3)
    assert seen.get("person:ana") is None


def test_many_states_push_the_least_recently_read_out() -> None:
    seen = Seen()
    seen.keep(0, "incident:long", "long", 40_000)
    seen.keep(0, "incident:short", "short", 9_000)
    seen.get("incident:long")
    seen.keep(0, "incident:other", "other", 9_000)
    assert seen.get("incident:short") is None
    assert seen.get("incident:long") is not None
    seen.keep(0, "incident:endless", "endless", 50_001)
    assert seen.get("incident:endless") is None


@settings(max_examples=200)
@given(st.lists(st.tuples(st.sampled_from("rwck"), st.integers(0, 3)), max_size=40))
def test_whatever_happens_nobody_reads_what_is_older_than_what_was_written(steps: list[tuple[str, int]]) -> None:
    seen = Seen()
    versions = [0, 0, 0, 0]
    began: dict[int, tuple[int, int]] = {}
    for what, number in steps:
        if what == "r":  # somebody begins to fold
            began[number] = seen.turn, versions[number]
        elif what == "k" and number in began:  # and is done
            turn, version = began.pop(number)
            seen.keep(turn, f"s:{number}", version, version)
        elif what == "w":
            versions[number] += 1
            seen.forget([f"s:{number}"])
        elif what == "c":
            seen.clear()
        for one, version in enumerate(versions):
            found = seen.get(f"s:{one}")
            assert found is None or found[0] == version


def test_readers_beside_a_writer_see_what_was_answered(world: World) -> None:
    for name in ("ana", "bo", "cy"):
        world.post(f"/people/{name}", {"name": "0"})
    committer = world.app.runtime.committer
    committer._cache.clear()  # as after a start
    wrong: list[Any] = []
    done = threading.Event()
    least = {"ana": 0, "bo": 0, "cy": 0}

    def read() -> None:
        while not done.is_set():
            for name, answered in list(least.items()):
                shown = int(committer.state(f"person:{name}").saved.name)
                if shown < answered:
                    wrong.append((name, shown, answered))

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for number in range(1, 30):
        for name in least:
            world.post(f"/people/{name}", {"name": str(number)})
            least[name] = number
            committer._cache.pop(f"person:{name}", None)
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    with world.app.runtime.database.reading() as connection:
        for name in least:
            state, _ = log.load(connection, world.app.runtime.registry, f"person:{name}")
            assert committer.state(f"person:{name}") == state


def test_a_long_record_is_read_once_and_again_after_every_change_of_it(world: World) -> None:
    incident = world.declare()
    for number in range(520):
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"reading {number}"})
    runtime = world.app.runtime
    first = runtime.facts("incident", incident)
    assert runtime.facts("incident", incident) == first
    assert runtime.facts("incident", incident)[0] is first[0], "kept, not read again"
    first.clear()
    assert len(runtime.facts("incident", incident)) > 520, "what is handed out is the caller's own"
    number = next(fact.version for fact in runtime.facts("incident", incident) if "reading 300" in str(fact.event))
    world.post(f"/incidents/{incident}/entries/redact", {"fact": number, "reason": "a name"})
    assert "reading 300" not in str(runtime.facts("incident", incident))
