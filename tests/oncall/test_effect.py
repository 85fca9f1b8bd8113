"""What an override would change, said before anybody decides it."""

from datetime import UTC, datetime

from tocsin.oncall.commands import AddOverride
from tocsin.oncall.effect import effect, sentence
from tocsin.oncall.model import Layer, Rota, Schedule, Version

WEEKS = Rota(layers=(Layer(id="week", groups=(("ana",), ("bo",)), start="2025-10-20T09:00"),))
SCHEDULE = Schedule("payments", versions=(Version(None, WEEKS),))
NAMES = {"ana": "Ana", "bo": "Bo", "cy": "Cy"}


def at(day: int, hour: int) -> datetime:
    return datetime(2025, 10, day, hour, tzinfo=UTC)


def said(command: AddOverride, person: str = "cy") -> list[str]:
    return [sentence(one, NAMES) for one in effect(SCHEDULE, command, person)]


def test_it_names_who_takes_over_from_whom() -> None:
    (changed,) = effect(SCHEDULE, AddOverride(at(28, 9), at(28, 17), person="cy"), "")
    assert (changed.start, changed.end) == (at(28, 9), at(28, 17))
    assert sentence(changed, NAMES) == "Cy takes over from Bo"


def test_over_a_hand_off_it_is_one_sentence_for_each_person() -> None:
    assert said(AddOverride(at(27, 0), at(27, 12))) == ["Cy takes over from Ana", "Cy takes over from Bo"]


def test_where_the_person_is_on_call_anyway_nothing_changes() -> None:
    assert said(AddOverride(at(28, 9), at(28, 17)), "bo") == []


def test_one_person_more_and_one_less_are_told_apart() -> None:
    assert said(AddOverride(at(28, 9), at(28, 17), "add")) == ["Cy is on call together with Bo"]
    assert said(AddOverride(at(28, 9), at(28, 17), "remove", instead_of="bo")) == ["Bo is not on call; nobody is"]
    assert said(AddOverride(at(28, 9), at(28, 17), "replace", instead_of="bo")) == ["Cy takes over from Bo"]


def test_a_hole_is_filled_where_nobody_was() -> None:
    empty = Schedule("x", versions=(Version(None, Rota(layers=(Layer(id="d", groups=(("ana",),), until=at(20, 0)),))),))
    (changed,) = effect(empty, AddOverride(at(28, 9), at(28, 17)), "cy")
    assert sentence(changed, NAMES) == "Cy is on call where nobody was"
