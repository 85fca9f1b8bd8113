"""What was worked out of the numbers is kept until the record, the question or the reader is another one."""

from __future__ import annotations

from tests.insights.test_pages import taken_in, words
from tests.world import World
from tocsin.engine.model import Viewer
from tocsin.insights.chosen import Chosen
from tocsin.insights.queries import Filter, Numbers
from tocsin.playbooks.queries import Bookshelf


def test_the_same_is_worked_out_once_and_another_question_anew() -> None:
    asked: list[str] = []
    values = Chosen([3, 1, 2])

    def work(what: str) -> int:
        asked.append(what)
        return sum(values)

    assert [values.once("sum", lambda: work("sum")) for _ in range(3)] == [6, 6, 6]
    assert values.once("other", lambda: work("other")) == 6
    assert asked == ["sum", "other"]


def test_only_so_much_is_kept_of_one_choice() -> None:
    values = Chosen([1])
    for number in range(500):
        assert values.once(number, lambda number=number: number) == number  # type: ignore[misc]
    assert len(values._notes) <= 64


def test_numbers_are_chosen_anew_once_the_record_changes(world: World) -> None:
    taken_in(world, "a", 1, 10)
    assert "median of 1" in words(world.page("/insights").text)
    assert "median of 1" in words(world.page("/insights").text)
    taken_in(world, "b", 2, 20)
    assert "15 min median of 2" in words(world.page("/insights").text)


def test_a_new_name_of_a_service_is_shown_though_no_number_changed(world: World) -> None:
    world.post("/services/shop", {"name": "The shop"})
    taken_in(world, "a", 1, 10)
    assert "The shop" in words(world.page("/insights").text)
    world.post("/services/shop", {"name": "The market"})
    assert "The market" in words(world.page("/insights").text)


def test_the_choice_is_the_same_one_while_nothing_changes(world: World) -> None:
    taken_in(world, "a", 1, 10)
    numbers = Numbers(Bookshelf())
    with world.app.runtime.reading() as reader:
        alice = Viewer("person", "alice")
        whole, again = (numbers.cases(reader, alice, Filter()) for _ in range(2))
        shop, shop_again = (numbers.cases(reader, alice, Filter(service="shop")) for _ in range(2))
    assert whole is again
    assert shop is shop_again
    assert (len(whole), len(shop)) == (1, 1)


def test_a_reader_of_an_older_moment_is_given_nothing_that_came_later(world: World) -> None:
    numbers = Numbers(Bookshelf())
    stranger, everybody = Viewer("person", "carol"), Viewer("system", "system", reads_private=True)
    taken_in(world, "a", 1, 10)
    with world.app.runtime.reading() as older:
        assert len(numbers.cases(older, stranger, Filter())) == 1  # the moment that this reader sees is settled
        private = world.declare(title="Nobody knows", private=True)
        with world.app.runtime.reading() as newer:
            assert private in [case.incident for case in numbers.cases(newer, everybody, Filter())]
        assert [case.title for case in numbers.cases(older, stranger, Filter())] == ["a"]
