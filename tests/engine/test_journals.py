"""Journals beside records, on both databases: one transaction, one truth, and an index that never runs ahead of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from tests.engine.conftest import START, House
from tests.engine.counters import KIND, LIMIT, Raise, Raised
from tests.engine.notes import KEPT, Notes, Strike, Take, notes
from tocsin.engine import tables
from tocsin.engine.errors import Conflict, NotFound, Unavailable
from tocsin.engine.kinds import Follow, Reaction, Registry
from tocsin.engine.model import SYSTEM, Fact, Reader
from tocsin.engine.submissions import Submission


def strikes(fact: Fact, _state: Any) -> list[Follow]:
    """A raise that tells ``strike:<note>`` strikes notes; one that tells ``both:<note>`` raises a counter to its limit as well."""
    assert isinstance(fact.event, Raised)
    word, _, note = fact.event.echo.removeprefix("echo:").partition("=")
    if word == "strike":
        return [Follow("note", note, Strike())]
    if word == "both":
        return [Follow("note", note, Strike()), Follow("counter", "z", Raise(LIMIT + 1))]
    return []


def look(fact: Fact, _state: Any, reader: Reader) -> Any:
    """What the reaction ``counted`` wants to know: how many notes there are, and how a counter stands."""
    if not isinstance(fact.event, Raised) or fact.event.echo != "echo:count":
        return None
    return len(reader.rows(select(notes.c.id))), reader.state("counter:there")


def counted(_fact: Fact, _state: Any, found: Any) -> list[Follow]:
    return [] if found is None else [Follow("counter", "found", Raise(found[0] + found[1].value))]


def loops(fact: Fact, _state: Any) -> list[Follow]:
    """A raise that tells ``loop`` takes a note that raises the counter that takes a note …"""
    return [Follow("counter", "loop", Raise(0, "echo:loop"))] if isinstance(fact.event, Raised) and fact.event.echo == "echo:loop" else []


def broken(fact: Fact, _state: Any) -> list[Follow]:
    if isinstance(fact.event, Raised) and fact.event.echo == "echo:broken":
        raise KeyError("a defect")
    return []


class Desk(House):
    """A house with notes."""

    def __init__(self, url: str, folder: Path) -> None:
        self.notes = Notes()
        reactions = (
            Reaction("strikes", Raised, strikes), Reaction("counted", Raised, counted, find=look), Reaction("loops", Raised, loops),
            Reaction("broken", Raised, broken),
        )  # fmt: skip
        super().__init__(url, folder, wiring=Registry(kinds={"counter": KIND}, reactions=reactions, journals={"note": self.notes}))

    def take(self, text: str, counts: str = "") -> Submission:
        return Submission("", None, SYSTEM, journal="note", entry=Take(text, counts))

    def note(self, text: str) -> int:
        (done,) = self.together(self.take(text))
        return int(done.future.result()["note"])

    def table(self) -> list[tuple[int, str, bool]]:
        with self.runtime.database.reading() as connection:
            return [tuple(row) for row in connection.execute(select(notes).order_by(notes.c.id))]

    def refusals(self) -> list[str]:
        with self.runtime.database.reading() as connection:
            return list(connection.execute(select(tables.refusals.c.reaction).order_by(tables.refusals.c.id)).scalars())


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(database_url, tmp_path)
    yield desk
    desk.runtime.stop()


def raising(name: str, tell: str, by: int = 1) -> Submission:
    return Submission(f"counter:{name}", Raise(by, tell), SYSTEM)


def test_entries_that_wait_together_are_taken_in_order_and_see_one_another(desk: Desk) -> None:
    done = desk.together(desk.take("a"), desk.take("b"), desk.take("a"))
    assert [s.future.result() for s in done] == [{"note": 1, "new": True}, {"note": 2, "new": True}, {"note": 1, "new": False}]
    assert desk.table() == [(1, "a", False), (2, "b", False)]


def test_entries_come_before_the_commands_of_a_transaction_whose_selects_see_them(desk: Desk) -> None:
    desk.runtime.commit_now("counter", "there", Raise(2), SYSTEM)
    before = desk.runtime.committer.commits
    desk.together(raising("a", "echo:count"), desk.take("one"), desk.take("two"))
    assert desk.runtime.committer.commits == before + 1
    assert desk.runtime.state("counter", "found").value == 4, "two notes and the two of the other counter"


def test_a_later_command_sees_what_an_earlier_one_did_to_a_row(desk: Desk) -> None:
    note = desk.note("a")

    def living(connection: Any) -> dict[str, Any]:
        return {"living": connection.execute(select(func.count()).select_from(notes).where(~notes.c.struck)).scalar()}

    struck, counted = desk.together(Submission(f"note:{note}", Strike(), SYSTEM), Submission("", None, SYSTEM, write=living))
    assert struck.future.result() == {"struck": note}
    assert counted.future.result() == {"living": 0}


def test_an_entry_can_run_commands_in_its_transaction(desk: Desk) -> None:
    desk.together(*(desk.take(f"n{number}", counts="a") for number in range(3)))
    assert desk.runtime.state("counter", "a").value == 3


def test_a_reaction_addresses_a_row_as_it_does_a_record(desk: Desk) -> None:
    note = desk.note("a")
    desk.together(raising("c", f"echo:strike={note}"))
    assert desk.table() == [(note, "a", True)]
    assert desk.refusals() == []


def test_a_refused_reaction_takes_back_what_it_did_to_rows_and_nothing_else(desk: Desk) -> None:
    first, second = desk.note("a"), desk.note("b")
    done = desk.together(desk.take("c"), raising("c", f"echo:strike={first}"), raising("c", f"echo:both={second}"))
    assert all(s.future.exception() is None for s in done)
    assert desk.table() == [(first, "a", True), (second, "b", False), (3, "c", False)]
    assert desk.refusals() == ["strikes"]
    assert desk.notes.living == {"b": second, "c": 3}


def test_a_draft_that_a_refused_reaction_began_is_as_if_it_had_not_begun(desk: Desk) -> None:
    note = desk.note("a")
    desk.together(raising("c", f"echo:both={note}"))
    assert desk.table() == [(note, "a", False)]
    assert desk.runtime.state("counter", "c").value == 1


def test_a_refused_entry_leaves_nothing_and_its_neighbours_stay(desk: Desk) -> None:
    good, bad = desk.together(desk.take("a"), desk.take(""))
    assert good.future.result()["note"] == 1
    assert isinstance(bad.future.exception(), Conflict)
    assert desk.table() == [(1, "a", False)]
    (missing,) = desk.together(Submission("note:77", Strike(), SYSTEM))
    assert isinstance(missing.future.exception(), NotFound)


def test_an_entry_whose_command_is_refused_is_refused(desk: Desk) -> None:
    desk.runtime.commit_now("counter", "a", Raise(LIMIT), SYSTEM)
    (refused,) = desk.together(desk.take("x", counts="a"))
    assert isinstance(refused.future.exception(), Conflict)
    assert desk.table() == []


def test_a_commit_that_fails_answers_503_and_the_index_is_built_from_the_rows(desk: Desk) -> None:
    desk.note("a")
    loads, failing = desk.notes.loads, True

    def fail(_connection: Any) -> None:
        if failing:
            raise OperationalError("COMMIT", {}, OSError("the disk is full"))

    event.listen(desk.runtime.database._writer, "commit", fail)
    (lost,) = desk.together(desk.take("b"))
    failing = False
    error = lost.future.exception()
    assert isinstance(error, Unavailable)
    assert error.status == 503
    assert desk.notes.loads > loads
    assert desk.notes.living == {"a": 1}
    assert desk.note("b") == 2, "what was not stored is new when it comes again"
    assert desk.table() == [(1, "a", False), (2, "b", False)]


def test_one_entry_that_cannot_be_written_does_not_take_its_neighbours_with_it(desk: Desk) -> None:
    def poison(_c: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        if "INSERT INTO test_notes" in statement and "poison" in str(parameters):
            raise ValueError("this row is poison")

    event.listen(desk.runtime.database._writer, "before_cursor_execute", poison)
    done = desk.together(*(desk.take(text) for text in ("a", "b", "poison", "c")))
    assert [s.future.exception() is None for s in done] == [True, True, False, True]
    assert [text for _, text, _ in desk.table()] == ["a", "b", "c"]
    assert set(desk.notes.living) == {"a", "b", "c"}


def test_an_index_that_cannot_follow_is_built_anew_and_what_was_stored_is_answered_so(desk: Desk) -> None:
    desk.notes.breaks = True
    assert desk.note("a") == 1
    assert desk.notes.living == {"a": 1}
    assert desk.table() == [(1, "a", False)], "it was not stored a second time"


def test_a_journal_is_woken_by_its_row_among_the_timers(desk: Desk) -> None:
    desk.note("a")
    with desk.runtime.database.reading() as connection:
        assert connection.execute(select(tables.timers.c.stream)).scalars().all() == ["note:"]
    desk.restart()
    desk.runtime.advance(START + KEPT - timedelta(seconds=1))
    assert desk.notes.living == {"a": 1}
    desk.runtime.advance(START + KEPT)
    assert desk.table() == [(1, "a", True)]
    assert desk.notes.living == {}
    assert desk.runtime.timers.next_due() is None


def test_reactions_that_go_in_circles_come_to_an_end(desk: Desk) -> None:
    desk.together(raising("loop", "echo:loop", by=0))
    assert desk.refusals() == ["loops"]
    assert desk.runtime.state("counter", "loop").version < 10


def test_a_defect_in_a_reaction_does_not_fail_its_cause(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    (done,) = desk.together(raising("a", "echo:broken"))
    assert done.future.result() == {"value": 1}
    assert desk.refusals() == ["broken"]
    assert "the reaction broken" in caplog.text
