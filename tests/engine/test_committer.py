"""What the committer promises, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tests.engine.conftest import House
from tests.engine.counters import LIMIT, Raise, counters
from tocsin.engine import log, rebuild, tables
from tocsin.engine.committer import Submission
from tocsin.engine.errors import Conflict
from tocsin.engine.model import SYSTEM


def submit(house: House, name: str, command: Raise, key: str = "", request: str = "") -> Submission:
    submission = Submission(f"counter:{name}", command, SYSTEM, key, request)
    house.runtime.committer.submit(submission)
    return submission


def test_what_was_answered_is_there_after_a_restart(house: House) -> None:
    assert house.runtime.commit_now("counter", "a", Raise(3), SYSTEM) == {"value": 3}
    house.restart()
    assert house.runtime.state("counter", "a").value == 3


def test_commands_that_wait_together_share_one_commit_and_see_one_another(house: House) -> None:
    waiting = [submit(house, "a", Raise(1)) for _ in range(LIMIT)]
    assert [s.future.result()["value"] for s in waiting] == list(range(1, LIMIT + 1))


def test_a_refused_command_writes_nothing_and_does_not_hurt_its_neighbours(house: House) -> None:
    waiting = [submit(house, "a", Raise(6)), submit(house, "a", Raise(6)), submit(house, "a", Raise(4))]
    assert waiting[0].future.result() == {"value": 6}
    assert isinstance(waiting[1].future.exception(), Conflict)
    assert waiting[2].future.result() == {"value": 10}
    assert len(house.runtime.facts("counter", "a")) == 2


def test_the_same_key_returns_the_first_result_and_writes_once(house: House) -> None:
    first = submit(house, "a", Raise(2), key="k", request="r").future.result()
    again = submit(house, "a", Raise(2), key="k", request="r").future.result()
    house.restart()
    later = submit(house, "a", Raise(2), key="k", request="r").future.result()
    assert first == again == later == {"value": 2}
    assert house.runtime.state("counter", "a").value == 2


def test_the_same_key_with_another_request_is_refused(house: House) -> None:
    submit(house, "a", Raise(2), key="k", request="r").future.result()
    with pytest.raises(Conflict, match="another request"):
        submit(house, "a", Raise(3), key="k", request="other").future.result()


def test_a_reaction_happens_in_the_same_transaction_as_its_cause(house: House) -> None:
    house.runtime.commit_now("counter", "a", Raise(2, tell="echo:b"), SYSTEM)
    assert house.runtime.state("counter", "b").value == 2


def test_a_refused_reaction_never_fails_its_cause_and_leaves_a_trace(house: House) -> None:
    house.runtime.commit_now("counter", "b", Raise(LIMIT), SYSTEM)
    assert house.runtime.commit_now("counter", "a", Raise(2, tell="echo:b"), SYSTEM) == {"value": 2}
    assert house.runtime.state("counter", "b").value == LIMIT
    with house.runtime.database.reading() as connection:
        refused = connection.execute(select(tables.refusals)).all()
    assert [(row.reaction, row.stream) for row in refused] == [("echo", "counter:a")]


def test_states_equal_the_fold_of_their_facts_with_and_without_snapshots(house: House) -> None:
    for number in range(250):
        house.runtime.commit_now("counter", "a", Raise(1 if number % 2 else -1), SYSTEM)
    kept = house.runtime.state("counter", "a")
    house.restart()
    with house.runtime.database.reading() as connection:
        loaded, head = log.load(connection, house.runtime.registry, "counter:a")
        facts = log.read_facts(connection, house.runtime.registry, "counter:a")
        folded = log.fold(house.runtime.registry.kinds["counter"], "counter:a", facts)
    assert kept == loaded == folded
    assert head.snapshot_version >= 200


def test_read_tables_equal_a_rebuild_and_a_difference_is_named(house: House) -> None:
    for name in "abc":
        house.runtime.commit_now("counter", name, Raise(ord(name) - 96), SYSTEM)
    with house.runtime.database.writing() as connection:
        assert rebuild.differences(connection, house.runtime.registry) == []
        connection.execute(counters.update().where(counters.c.id == "b").values(value=99))
        assert len(rebuild.differences(connection, house.runtime.registry)) == 1
        rebuild.rebuild(connection, house.runtime.registry)
        assert rebuild.differences(connection, house.runtime.registry) == []


def test_a_changed_fact_breaks_the_chain_where_it_was_changed(house: House) -> None:
    for _ in range(5):
        house.runtime.commit_now("counter", "a", Raise(1), SYSTEM)
    with house.runtime.database.writing() as connection:
        assert log.verify(connection, "counter:a") == []
        forged = '{"type":"counter.raised","by":7}'
        connection.execute(tables.facts.update().where(tables.facts.c.version == 3).values(body=forged))
        assert [broken.version for broken in log.verify(connection, "counter:a")] == [3]


def test_a_cut_tail_and_a_missing_fact_show(house: House) -> None:
    for _ in range(5):
        house.runtime.commit_now("counter", "a", Raise(1), SYSTEM)
    with house.runtime.database.writing() as connection:
        connection.execute(text("DELETE FROM facts WHERE version = 5"))
        assert "end" in log.verify(connection, "counter:a")[0].what
        connection.execute(text("DELETE FROM facts WHERE version = 2"))
        assert any("missing" in broken.what for broken in log.verify(connection, "counter:a"))


def test_redacted_content_keeps_the_chain_whole(house: House) -> None:
    for _ in range(3):
        house.runtime.commit_now("counter", "a", Raise(1), SYSTEM)
    with house.runtime.database.writing() as connection:
        connection.execute(text("UPDATE facts SET body = NULL, salt = NULL WHERE version = 2"))
        assert log.verify(connection, "counter:a") == []


def test_what_changed_is_the_same_whether_little_or_much_has(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.runtime.commit_now("counter", "before", Raise(1), SYSTEM)
    with house.runtime.reading() as reader:
        before = log.newest(reader)
    for name in ("a", "b", "a", "c", "a"):
        house.runtime.commit_now("counter", name, Raise(1), SYSTEM)
    with house.runtime.reading() as reader:
        little = log.changed_since(reader, before)
        monkeypatch.setattr(log, "_FEW", 0)
        assert log.changed_since(reader, before) == little
        assert little["counter:a"] == log.newest(reader)
    assert sorted(little, key=little.__getitem__) == ["counter:b", "counter:c", "counter:a"]
