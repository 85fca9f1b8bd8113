"""A batch in memory: many states loaded at once equal those loaded one by one, and what is taken back leaves no trace."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.engine.conftest import START, House
from tests.engine.counters import KIND, Raise, Raised, Tell
from tests.engine.notes import Notes, Strike, Take
from tocsin.engine import batch as batch_module
from tocsin.engine import log
from tocsin.engine.batch import Batch
from tocsin.engine.database import Database
from tocsin.engine.errors import Refused
from tocsin.engine.kinds import Follow, Reaction, Registry
from tocsin.engine.model import SYSTEM, Fact
from tocsin.engine.submissions import Submission


@settings(max_examples=8)
@given(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 9), max_size=8), st.integers(1, 5))
def test_states_loaded_together_equal_those_loaded_one_by_one(
    tmp_path_factory: pytest.TempPathFactory, facts: dict[str, int], every: int
) -> None:
    compare_loads(f"sqlite:///{tmp_path_factory.mktemp('load') / 'tocsin.db'}", tmp_path_factory.mktemp("out"), facts, every)


def test_states_loaded_together_equal_those_loaded_one_by_one_on_both_databases(database_url: str, tmp_path: Path) -> None:
    compare_loads(database_url, tmp_path, {"a": 1, "b": 3, "c": 7, "d": 8, "e": 9}, 3)


def compare_loads(url: str, folder: Path, facts: dict[str, int], every: int) -> None:
    """Write streams of so many facts with a snapshot now and then, redact one, and load them both ways."""
    kept, batch_module._SNAPSHOT_EVERY = batch_module._SNAPSHOT_EVERY, every  # type: ignore[misc]
    house = House(url, folder)
    try:
        for name, count in facts.items():
            for number in range(count):
                house.runtime.commit_now("counter", name, Raise(1 if number % 2 else -1, wake_in=number), SYSTEM)
        names = [f"counter:{name}" for name in [*facts, "none"]]
        with house.runtime.database.reading() as connection:
            together = log.load_many(connection, house.wiring, names)
            assert together == {name: log.load(connection, house.wiring, name) for name in names}
    finally:
        house.runtime.stop()
        batch_module._SNAPSHOT_EVERY = kept  # type: ignore[misc]


def contents(batch: Batch) -> dict[str, Any]:
    """Return everything that a batch has gathered, so that it cannot change any more."""
    return copy.deepcopy(
        {
            "facts": batch.fact_rows, "new": batch.new_facts, "deliveries": batch.deliveries, "rows": batch.rows, "redacted": batch.redacted,
            "cancelled": batch.cancelled, "refused": batch.refused,
            "streams": {
                name: (s.state, s.head, s.facts, s.due, s.woken) for name, s in batch.streams.items() if s.facts or s.woken or s.head.version
            },
            "drafts": {name: (d.taken, d.struck) for name, d in batch.drafts.items() if d.taken or d.struck},  # type: ignore[attr-defined]
        },
    )  # fmt: skip


class Careful(Batch):
    """Looks at everything before each attempt, and compares after a failed one."""

    compared = 0

    def attempt(self, work: Callable[[], object]) -> Exception | None:
        before = contents(self)
        failure = super().attempt(work)
        if failure is not None:
            Careful.compared += 1
            assert contents(self) == before
        return failure


plans = st.recursive(
    st.sampled_from(["raise", "tell", "cancel", "note", "strike", "refuse"]),
    lambda inner: st.lists(inner, min_size=1, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from("abc"), plans), min_size=1, max_size=5))
def test_what_is_taken_back_leaves_things_as_a_full_copy_would(
    tmp_path_factory: pytest.TempPathFactory, script: list[tuple[str, Any]]
) -> None:
    play(tmp_path_factory.mktemp("undo"), script)


def test_nested_reactions_of_which_some_are_refused_leave_only_what_was_not(tmp_path: Path) -> None:
    before = Careful.compared
    play(tmp_path, [("a", [["raise", "tell", "strike", "refuse"], "cancel", ["tell", "refuse"]]), ("b", ["tell", "strike", "refuse"])])
    assert Careful.compared >= before + 3


def play(folder: Path, script: list[tuple[str, Any]]) -> None:
    """Each raise carries a plan for its reactions: nested lists are raises of their own, ``refuse`` ends a reaction."""
    waiting: list[Any] = []
    numbers = iter(range(10_000))

    def follows(fact: Fact, _state: Any) -> list[Follow]:
        made: list[Follow] = []
        if not isinstance(fact.event, Raised) or not waiting:
            return made
        plan = waiting.pop()
        for step in plan if isinstance(plan, list) else [plan]:
            name = "abc"[next(numbers) % 3]
            match step:
                case list():
                    waiting.append(step)
                    made.append(Follow("counter", name, Raise(0, wake_in=next(numbers) + 1)))
                case "raise":
                    made.append(Follow("counter", name, Raise(0)))
                case "tell":
                    made.append(Follow("counter", name, Tell(((f"m{next(numbers)}", "file", "x"),))))
                case "cancel":
                    made.append(Follow("counter", name, Tell((), ("m*",))))
                case "strike":
                    made.append(Follow("note", "1", Strike()))
                case "note":
                    made.append(Follow("counter", name, Raise(0)))
                case _:
                    made.append(Follow("counter", name, Raise(99)))
        return made

    database = Database(f"sqlite:///{folder / 'tocsin.db'}")
    database.prepare()
    registry = Registry(
        kinds={"counter": KIND}, reactions=(Reaction("one", Raised, follows), Reaction("two", Raised, follows)), journals={"note": Notes()}
    )
    with database.writing() as connection:
        batch = Careful(registry, connection, {}, START)
        batch.draft("note").take(Take("first"))
        for name, plan in script:
            waiting.append(plan)
            batch.run(f"counter:{name}", Raise(0), SYSTEM)
            batch.draft("note").take(Take(f"n{next(numbers)}"))
        assert not batch._marks
        assert not batch._undo
        versions: dict[str, int] = {}
        for row in batch.fact_rows:
            versions[row["stream"]] = versions.get(row["stream"], 0) + 1
            assert row["version"] == versions[row["stream"]], "the chain of a stream has no gaps"
        heads = {row["stream"]: row["version"] for row in batch.head_rows()}
        assert heads == versions
    database.close()


def test_work_that_must_not_matter_leaves_nothing_when_it_fails(house: House) -> None:
    def work(transaction: Any) -> dict[str, Any]:
        assert transaction.attempt("counter:a", Raise(2), SYSTEM) is None
        failure = transaction.attempt("counter:a", Raise(99), SYSTEM)
        assert isinstance(failure, Refused)
        return {"why": str(failure)}

    (done,) = house.together(Submission("", None, SYSTEM, work=work, loads=("counter:a",)))
    assert "would pass" in done.future.result()["why"]
    assert house.runtime.state("counter", "a").value == 2


def test_the_patient_get_their_share_and_no_more_while_people_wait(house: House) -> None:
    committer = house.runtime.committer
    committer._at_once = 10
    committer._waiting.extend(Submission("counter:a", Raise(0), SYSTEM) for _ in range(30))
    committer._patient.extend(Submission("counter:b", Raise(0), SYSTEM, patient=True) for _ in range(12))
    shares = []
    while committer._waiting or committer._patient:
        taken = committer._take()
        shares.append((sum(not s.patient for s in taken), sum(s.patient for s in taken)))
    assert shares == [(5, 5), (5, 5), (8, 2), (10, 0), (2, 0)]
