"""The life cycle's table: each cell is lived through, the document is current, and no sequence breaks a group."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.group_driver import ANA, MINUTE, Driven
from tocsin.alerts import group_commands as c
from tocsin.alerts import group_events as e
from tocsin.alerts.group_model import Phase
from tocsin.alerts.group_story import Story
from tocsin.alerts.lifecycle import EFFECT_SAYS, HAPPENING_SAYS, HAPPENINGS, PHASE_SAYS, PHASES, TABLE, Happening, cell
from tocsin.alerts.route_model import Calm, Count
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Command, Context, Event

ROOT = Path(__file__).parent.parent.parent


def _new() -> Driven:
    return Driven(
        urgency="low", wait=5 * MINUTE, flapping=Calm(5, 60 * MINUTE, 15 * MINUTE), limit=Count(5, 60 * MINUTE), repeat=30 * MINUTE
    )


def _pending() -> Driven:
    group = _new()
    group.fire("warning", "low")
    return group


def _muted() -> Driven:
    group = _new()
    group.fire("warning", "low", muted=True)
    return group


def _firing() -> Driven:
    group = _pending()
    group.advance(5 * MINUTE)
    return group


def _acknowledged() -> Driven:
    group = _firing()
    group.ack()
    return group


def _flapping() -> Driven:
    group = _firing()
    while group.phase != "flapping":
        group.end()
        group.fire("warning", "low")
    return group


def _resolved() -> Driven:
    group = _firing()
    group.end()
    return group


def _closed() -> Driven:
    group = _resolved()
    group.advance(20 * MINUTE)
    return group


MADE: dict[Phase, Callable[[], Driven]] = {
    "new": _new, "pending": _pending, "muted": _muted, "firing": _firing, "acknowledged": _acknowledged, "flapping": _flapping, "resolved": _resolved,
    "closed": _closed,
}  # fmt: skip

DONE: dict[str, type[Event] | tuple[type[Event], ...]] = {
    "open": e.GroupOpened, "reopen": e.GroupReopened, "count": e.AlertsCounted, "raise": e.GroupRaised, "acknowledge": e.GroupAcknowledged,
    "lapse": e.GroupLapsed, "mute": e.GroupMuted, "loosen": e.GroupUnmuted, "resolve": e.GroupResolved, "close": e.GroupClosed, "flap": e.GroupFlapping,
    "stir": e.GroupStirred, "settle": e.GroupCalm, "link": e.GroupLinked, "note": e.IncidentOver, "leave": e.IncidentOver, "page": (e.GroupPaged, e.GroupQuiet, e.GroupHeld),
}  # fmt: skip
"""The fact that shows an effect; a hold-down leaves one only where it waits, and counting only where there is a threshold."""


@pytest.mark.parametrize("phase", PHASES)
def test_each_phase_is_reached_by_what_happens_to_a_group(phase: Phase) -> None:
    assert MADE[phase]().phase == phase


@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize("phase", PHASES)
def test_each_cell_of_the_table_does_what_it_says(phase: Phase, happening: Happening) -> None:
    driven = MADE[phase]()
    if happening == "incident_over":
        driven.do(c.LinkGroup("INC-1"), ANA) if phase != "new" else None
    before = driven.group
    lead = driven.group.lead or _pending().group.lead
    note = c.NoteAlerts(
        1,
        0,
        (driven.now,),
        lead,
        "high" if happening == "louder" else "low",
        driven.opening if phase == "new" else None,
        "quiet",
        "silence",
    )
    if happening == "muted":
        note = c.NoteAlerts(0, 1, (), lead, None, driven.opening if phase == "new" else None, "quiet", "silence")
    shows = {"muted": "muted", "ended": "none", "calm_ended": "none"}.get(happening, "firing")
    story = Story(before, Context(driven.now, ANA, ("1", "2", "3", "4"), None))
    story.happen(
        happening, note=note, shows=shows, person="ana", at=driven.now, why="because", incident="INC-1", page=next(iter(before.pages), "")
    )
    asked = cell(phase, happening)
    happened = [one.event for one in story._facts]
    for effect in asked.does:
        if effect == "page" and before.pages and happening == "repeat":
            continue  # a page of it goes its way
        if effect in DONE and effect != "count":
            assert any(isinstance(event, DONE[effect]) for event in happened), (effect, happened)
    to = asked.to
    if to == "pending" and "hold" in asked.does and story.group.phase == "firing":
        assert cell("pending", "due").to == "firing"  # its hold-down was over already
    else:
        assert story.group.phase == to
    if not asked.does:
        assert not happened


def test_every_cell_is_written_down() -> None:
    assert set(TABLE) == set(PHASES)
    for phase in PHASES:
        assert set(TABLE[phase]) == set(HAPPENINGS)
        for one in TABLE[phase].values():
            assert one.says or not one.does
    assert set(PHASE_SAYS) == set(PHASES)
    assert set(HAPPENING_SAYS) == set(HAPPENINGS)
    assert {effect for row in TABLE.values() for one in row.values() for effect in one.does} == set(EFFECT_SAYS)


def test_the_reference_document_shows_the_table_as_it_is() -> None:
    made = subprocess.run([sys.executable, "tools/lifecycle_table.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr


STEPS = st.lists(
    st.sampled_from(
        ["fire", "again", "louder", "worse", "end", "end one", "mute", "mute by maintenance", "unmute", "ack", "resolve", "unmute by hand", "link", "over", "lapse",
         "unanswered", "page ended", "minute", "ten minutes", "hour", "tick"],
    ),
    max_size=40,
)  # fmt: skip


def play(group: Driven, step: str) -> None:
    page = next(iter(group.group.pages), "P-none")
    people: dict[str, Command] = {
        "ack": c.AcknowledgeGroup(), "resolve": c.ResolveGroup(), "unmute by hand": c.UnmuteGroup(), "link": c.LinkGroup("INC-1"),
        "over": c.NoteIncidentOver("INC-1"), "lapse": c.NotePage(page, "lapsed", "ana"), "unanswered": c.NotePage(page, "unanswered"),
        "page ended": c.NotePage(page, "ended"), "tick": Tick(),
    }  # fmt: skip
    match step:
        case "fire":
            group.fire("warning", "low")
        case "again":
            group.tell(again=bool(group.firing))
        case "louder":
            group.fire("warning", "high")
        case "worse":
            group.fire("critical", "low")
        case "end":
            group.end()
        case "end one":
            group.end(next(iter(group.firing), "A-none"))
        case "mute" | "mute by maintenance":
            group.mute("silence" if step == "mute" else "maintenance")
        case "unmute":
            group.unmute()
        case "minute" | "ten minutes" | "hour":
            group.advance({"minute": 1, "ten minutes": 10, "hour": 60}[step] * MINUTE)
        case _ if group.group.version:
            if step == "resolve":
                group.firing, group.muted = {}, {}
            group.do(people[step], ANA)


@given(st.booleans(), st.sampled_from([0, 5]), STEPS)
def test_no_sequence_of_what_can_happen_breaks_a_group(record_only: bool, wait: int, steps: list[str]) -> None:
    """The driver asserts after each step what holds of every group."""
    group = Driven(
        urgency=None if record_only else "low", wait=wait * MINUTE, flapping=Calm(4, 30 * MINUTE, 10 * MINUTE), limit=Count(2, 60 * MINUTE), repeat=30 * MINUTE,
    )  # fmt: skip
    for step in steps:
        if group.phase == "closed":
            break
        play(group, step)
        shows = "firing" if group.firing or (group.group.loud and group.muted) else "muted" if group.muted else "none"
        assert not group.group.version or group.group.shows == shows


@given(STEPS)
def test_a_group_is_the_fold_of_its_facts(steps: list[str]) -> None:
    from tocsin.alerts.group_evolve import evolve
    from tocsin.alerts.group_model import Group

    group = Driven(wait=5 * MINUTE, flapping=Calm(4, 30 * MINUTE, 10 * MINUTE), limit=Count(2, 60 * MINUTE))
    for step in steps:
        if group.phase == "closed":
            break
        play(group, step)
    folded = Group("G-1")
    for fact in group.facts:
        folded = evolve(folded, fact)
    assert folded == group.group
