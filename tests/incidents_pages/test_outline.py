"""The outline of a timeline gives the same lines as reading everything, whatever was corrected, and in whatever portions it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tocsin.engine.model import Actor, Event, Fact
from tocsin.incidents import events as e
from tocsin.incidents.outline import Outline, _brief, outline_of
from tocsin.incidents.timeline import lines

BEGAN = datetime(2025, 10, 27, 14, 0, tzinfo=UTC)
ALICE = Actor("person", "alice")


@st.composite
def records(draw: st.DrawFn) -> list[Fact]:
    facts: list[Fact] = []
    for number in range(draw(st.integers(1, 40))):
        version = number + 1
        at = BEGAN + timedelta(minutes=draw(st.integers(0, 30)))
        entries = [fact.version for fact in facts if isinstance(fact.event, e.EntryLogged)]
        kind = draw(st.sampled_from(["OBSERVATION", "ACTION", "DECISION"]))
        event: Event = e.EntryLogged(kind, f"entry {version}")
        what = draw(st.integers(0, 5))
        if what == 0 and entries:
            event = e.EntryCorrected(draw(st.sampled_from(entries)), kind, f"correction {version}")
        elif what == 1:
            event = e.MilestoneSet("detected", BEGAN + timedelta(minutes=draw(st.integers(0, 30))))
        elif what == 2:
            event = e.PersonJoined("bob")
        facts.append(Fact("incident:INC-1", version, event, at, at, ALICE))
    return facts


@given(records(), st.lists(st.integers(0, 40), max_size=4))
def test_its_marks_are_the_lines_in_their_order_however_it_was_read(facts: list[Fact], cuts: list[int]) -> None:
    read = Outline()
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(facts)], strict=True):
        read.take(_brief(fact) for fact in facts[begin:end])
    shown = [(line.at, line.fact) for line in lines(facts, None)]
    for outline in (read, outline_of(facts)):
        assert [(mark.at, mark.fact) for mark in outline.marks] == [(int(at.timestamp()) * 1_000_000, fact) for at, fact in shown]
    assert sum(read.counts().values()) == len(shown)


@given(records(), st.integers(1, 12))
def test_windows_lead_back_through_everything_once_and_each_needs_only_its_own_facts(facts: list[Fact], most: int) -> None:
    outline = outline_of(facts)
    window = outline.window(most)
    found = list(window.marks)
    while window.earlier:
        window = outline.window(most, before=window.marks[0].fact)
        found = [*window.marks, *found]
    assert found == outline.marks
    window = outline.window(most)
    wanted = set(outline.facts_of(window.marks))
    part = lines([fact for fact in facts if fact.version in wanted], None)
    whole = {line.fact: line for line in lines(facts, None)}
    assert all(line == whole[line.fact] for line in part)
    assert {mark.fact for mark in window.marks} <= {line.fact for line in part}


@given(records(), st.integers(0, 40))
def test_what_changed_since_a_fact_is_what_later_facts_made_or_corrected(facts: list[Fact], since: int) -> None:
    outline = outline_of(facts)
    expected = {fact.event.entry if isinstance(fact.event, e.EntryCorrected) else fact.version for fact in facts if fact.version > since}
    assert {mark.fact for mark in outline.since(since)} == expected


def test_a_filter_shows_its_sorts_alone() -> None:
    facts = [
        Fact("incident:INC-1", n, e.EntryLogged("ACTION" if n % 2 else "OBSERVATION", f"{n}"), BEGAN, BEGAN, ALICE) for n in range(1, 11)
    ]
    outline = outline_of(facts)
    assert [mark.fact for mark in outline.window(3, sorts=("ACTION",)).marks] == [5, 7, 9]
    assert outline.window(3, sorts=("ACTION",)).earlier == 2
    assert outline.window(3, around=2).later == 7
