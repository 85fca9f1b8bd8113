"""Lanes: what goes wrong with one message or one channel delays nobody else, and nothing is sent by two at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from tests.engine.conftest import START, House
from tests.engine.counters import Hear, Tell
from tocsin.engine import lanes, tables
from tocsin.engine.clock import SystemClock
from tocsin.engine.errors import Unavailable
from tocsin.engine.kinds import Follow
from tocsin.engine.model import SYSTEM, micros
from tocsin.engine.ports import ChannelFailed, Message
from tocsin.engine.submissions import Submission


class Receiver:
    """A channel that does what the test says, and remembers what came."""

    def __init__(self, name: str, answer: Callable[[Message], Any] = lambda _message: "ok") -> None:
        self.name = name
        self.answer = answer
        self.came: list[str] = []
        self.at: list[float] = []

    def send(self, message: Message) -> str:
        self.came.append(message.key)
        self.at.append(time.monotonic())
        answer: str = self.answer(message)
        return answer


class Houses:
    """Makes houses, and stops them at the end."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.made: list[House] = []

    def __call__(self, *channels: Any, runs: bool = False, told: Callable[..., Follow | None] = lambda *_: None) -> House:
        """Return a house with these channels. runs: on the machine's clock, by itself."""
        clock = SystemClock() if runs else None
        self.made.append(House(self.url, self.folder, clock=clock, channels={c.name: c for c in channels}, told=told))
        return self.made[-1]


@pytest.fixture
def houses(database_url: str, tmp_path: Path) -> Iterator[Houses]:
    houses = Houses(database_url, tmp_path)
    yield houses
    for house in houses.made:
        house.runtime.stop()


@pytest.fixture
def fast(tmp_path: Path) -> Iterator[Houses]:
    """For what has to do with time and threads, not with the database."""
    houses = Houses(f"sqlite:///{tmp_path / 'tocsin.db'}", tmp_path)
    yield houses
    for house in houses.made:
        house.runtime.stop()


def tell(house: House, *messages: tuple[str, str, str], of: str = "a", cancel: tuple[str, ...] = ()) -> None:
    house.runtime.commit_now("counter", of, Tell(messages, cancel), SYSTEM)


def until(what: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def states(house: House) -> dict[str, str]:
    return {row.key: row.state for row in house.rows()}


# -- a bad channel delays nobody ---------------------------------------------------------------------------------------------------------


def test_a_channel_that_hangs_delays_nobody_and_is_given_up_in_time(fast: Houses) -> None:
    release = threading.Event()
    stuck, fine = Receiver("stuck", lambda _m: str(release.wait(20))), Receiver("fine")
    stuck.timeout_seconds = 1.0  # type: ignore[attr-defined]
    house = fast(stuck, fine, runs=True)
    begin = time.monotonic()
    tell(house, ("1", "stuck", "x"), ("2", "fine", "x"))
    until(lambda: "2" in fine.came)
    assert fine.at[0] - begin < 0.9
    until(lambda: house.rows()[0].attempts == 1)
    row = house.rows()[0]
    assert (row.state, row.error) == ("waiting", "timed out after 1 s")
    assert states(house)["2"] == "sent"
    assert house.runtime.outbox.counts()["stuck"].hanging == 1
    release.set()
    until(lambda: house.runtime.outbox.counts()["stuck"].hanging == 0)


def test_a_message_that_came_back_late_but_went_out_is_not_sent_again(fast: Houses) -> None:
    release = threading.Event()
    slow = Receiver("slow", lambda _m: "late" if release.wait(20) else "")
    slow.timeout_seconds = 0.1  # type: ignore[attr-defined]
    house = fast(slow, runs=True)
    tell(house, ("1", "slow", "x"))
    until(lambda: house.rows()[0].attempts == 1)
    release.set()
    until(lambda: states(house)["1"] == "sent")
    time.sleep(1.2)  # when it would have been tried again
    assert slow.came == ["1"]


def test_a_message_that_hangs_holds_its_own_thread_and_no_other(fast: Houses) -> None:
    release = threading.Event()
    mixed = Receiver("mixed", lambda m: str(release.wait(20)) if m.key == "1" else "ok")
    mixed.at_once = 2  # type: ignore[attr-defined]
    house = fast(mixed, runs=True)
    tell(house, *((str(number), "mixed", "x") for number in range(1, 21)))
    until(lambda: len(mixed.came) == 20, 9)
    release.set()
    until(lambda: set(states(house).values()) == {"sent"})


def test_a_channel_that_always_hangs_gives_messages_back_so_that_people_are_reached_otherwise(fast: Houses) -> None:
    release = threading.Event()
    told: list[tuple[str, str]] = []

    def hear(word: str, _stream: str, key: str, _channel: str, why: str, *_due: Any) -> None:
        told.append((word, f"{key}: {why}"))

    dead = Receiver("dead", lambda _m: str(release.wait(20)))
    dead.timeout_seconds, dead.at_once = 0.3, 2  # type: ignore[attr-defined]
    house = fast(dead, runs=True, told=hear)
    tell(house, *((str(number), "dead", "x") for number in range(8)))
    until(lambda: all(row.error for row in house.rows()))
    assert {what.partition(":")[0] for _, what in told} == {str(number) for number in range(8)}
    untried = [row for row in house.rows() if row.attempts == 0]
    assert untried
    assert all("not tried" in row.error and row.state == "waiting" for row in untried)
    release.set()


def test_whatever_a_channel_raises_or_answers_the_others_go_on(houses: Houses) -> None:
    def garbage(message: Message) -> Any:
        match message.key:
            case "1":
                raise ZeroDivisionError("division by\x00 zero")
            case "2":
                raise SystemExit(3)
            case "3":
                return b"\xff"
            case "4":
                return None
            case _:
                return "\ud800\x00"

    odd = Receiver("odd", garbage)
    house = houses(odd, Receiver("fine"))
    tell(house, *((str(number), "odd", "x") for number in range(1, 6)), ("6", "fine", "x"), ("7", "nowhere", "x"))
    house.runtime.settle()
    assert states(house) == {"1": "failed", "2": "failed", "3": "sent", "4": "sent", "5": "sent", "6": "sent", "7": "failed"}
    assert "ZeroDivisionError: division by" in house.rows()[0].error
    assert "there is no channel 'nowhere'" in house.rows()[6].error


# -- rate limits -------------------------------------------------------------------------------------------------------------------------


def test_a_rate_limit_is_honoured_to_the_second_and_shown_on_the_message(houses: Houses) -> None:
    def limited(message: Message) -> str:
        if message.target == "https://busy.example/x" and house.clock.now() < START + timedelta(seconds=90):
            raise ChannelFailed("429 Too Many Requests", retry_after=timedelta(seconds=90))
        when[message.key] = house.clock.now()
        return "ok"

    when: dict[str, Any] = {}
    house = houses(Receiver("web", limited))
    tell(house, ("1", "web", "https://busy.example/x"), ("2", "web", "https://busy.example/x"), ("3", "web", "https://calm.example/"))
    house.runtime.settle()
    first, second, third = house.rows()
    assert third.state == "sent", "another host is another matter"
    assert (first.state, first.attempts) == ("waiting", 0), "to be asked to wait is no try in vain"
    assert first.error == "429 Too Many Requests (asked to wait 90 s)"
    assert second.error == "its receiver limits the rate; everything for busy.example waits"
    assert first.due_at == second.due_at == micros(START + timedelta(seconds=90))
    house.runtime.advance(START + timedelta(seconds=89))
    assert "1" not in when
    house.runtime.advance(START + timedelta(minutes=10))
    assert when["1"] == when["2"] == START + timedelta(seconds=90)
    assert set(states(house).values()) == {"sent"}


def test_a_channel_names_the_place_that_limits_it(houses: Houses) -> None:
    class Mail(Receiver):
        def place(self, target: str) -> str:
            return target.partition("@")[2]

    def limited(message: Message) -> str:
        if message.key == "1":
            raise ChannelFailed("421", retry_after=timedelta(seconds=30))
        return "ok"

    mail = Mail("mail", limited)
    house = houses(mail)
    tell(house, ("1", "mail", "a@one"), ("2", "mail", "b@one"), ("3", "mail", "c@two"))
    house.runtime.settle()
    assert mail.came == ["1", "3"]


def test_a_receiver_that_limits_for_ever_is_given_up_in_the_end(fast: Houses) -> None:
    def limited(_message: Message) -> str:
        raise ChannelFailed("429", retry_after=timedelta(minutes=10))

    house = fast(Receiver("web", limited))
    tell(house, ("1", "web", "https://busy.example/x"))
    house.runtime.advance(START + timedelta(hours=3))
    assert states(house) == {"1": "failed"}


# -- taking back -------------------------------------------------------------------------------------------------------------------------


def busy(_message: Message) -> str:
    raise ChannelFailed("busy")


def test_a_decision_takes_back_messages_of_its_record_that_wait(houses: Houses) -> None:
    web = Receiver("web", busy)
    house = houses(web)
    tell(house, ("a:1", "web", "x"), ("a:12", "web", "x"), ("b_1", "web", "x"), ("bx1", "web", "x"))
    tell(house, ("a:other", "web", "x"), of="b")
    house.runtime.settle()
    tell(house, ("a:new", "web", "x"), cancel=("a:*", "b_1"))
    assert states(house) == {
        "a:1": "cancelled", "a:12": "cancelled", "b_1": "cancelled", "bx1": "waiting", "a:other": "waiting", "a:new": "waiting",
    }  # fmt: skip
    web.answer = lambda _message: "ok"
    web.came.clear()
    house.runtime.advance(START + timedelta(minutes=1))
    assert sorted(web.came) == ["a:new", "a:other", "bx1"]


def test_what_is_taken_back_in_the_transaction_that_wrote_it_is_never_sent(houses: Houses) -> None:
    web = Receiver("web")
    house = houses(web)
    house.together(
        Submission("counter:a", Tell((("1", "web", "x"),)), SYSTEM),
        Submission("counter:a", Tell((("2", "web", "x"),), ("1",)), SYSTEM),
    )
    house.runtime.settle()
    assert web.came == ["2"]
    assert states(house) == {"1": "cancelled", "2": "sent"}


def test_what_is_being_sent_while_it_is_taken_back_counts_as_what_became_of_it(fast: Houses) -> None:
    going, release = threading.Event(), threading.Event()

    def slow(message: Message) -> str:
        going.set()
        release.wait(10)
        if message.key == "fails":
            raise ChannelFailed("busy")
        return "ok"

    told: list[tuple[str, str]] = []

    def hear(word: str, _stream: str, key: str, *_more: Any) -> None:
        told.append((word, key))

    web = Receiver("web", slow)
    house = fast(web, runs=True, told=hear)
    tell(house, ("leaves", "web", "x"), ("fails", "web", "x"))
    until(lambda: len(web.came) == 2)
    tell(house, cancel=("*",))
    release.set()
    until(lambda: states(house) == {"leaves": "sent", "fails": "cancelled"})
    time.sleep(1.2)  # when the one that failed would have been tried again
    assert sorted(web.came) == ["fails", "leaves"]


def test_the_same_key_is_the_same_message(houses: Houses) -> None:
    web = Receiver("web")
    house = houses(web)
    tell(house, ("1", "web", "x"))
    tell(house, ("1", "web", "x"), ("2", "web", "x"))
    house.runtime.settle()
    assert web.came == ["1", "2"]


# -- results -----------------------------------------------------------------------------------------------------------------------------


def test_a_record_hears_of_its_messages_in_the_transaction_that_settles_them(houses: Houses) -> None:
    def hear(word: str, stream: str, key: str, *_more: Any) -> Follow:
        return Follow("counter", stream.partition(":")[2], Hear(f"{word} {key}"))

    def mixed(message: Message) -> str:
        if message.key == "never":
            raise ChannelFailed("no such number", permanent=True)
        if message.key == "later" and house.clock.now() == START:
            raise ChannelFailed("busy")
        return "ok"

    house = houses(Receiver("web", mixed), told=hear)
    tell(house, ("good", "web", "x"), ("never", "web", "x"), ("later", "web", "x"))
    commits = house.runtime.committer.commits
    house.runtime.outbox.drain()
    assert house.runtime.committer.commits == commits + 1
    assert house.runtime.state("counter", "a").heard == ("sent good", "failed never", "again later")
    house.runtime.advance(START + timedelta(minutes=1))
    assert house.runtime.state("counter", "a").heard[3:] == ("sent later",)


def test_a_page_that_cannot_be_sent_by_one_way_goes_out_by_the_next_at_once(fast: Houses) -> None:
    def hear(word: str, _stream: str, key: str, *_more: Any) -> Follow | None:
        return Follow("counter", "a", Hear(key, (("by mail", "mail", "x"),))) if word == "again" and key == "by phone" else None

    phone, mail = Receiver("phone", busy), Receiver("mail")
    house = fast(phone, mail, runs=True, told=hear)
    begin = time.monotonic()
    tell(house, ("by phone", "phone", "x"))
    until(lambda: mail.came == ["by mail"])
    assert mail.at[0] - begin < 0.9


def test_results_are_recorded_in_the_order_of_the_messages_whatever_their_lanes(houses: Houses) -> None:
    def hear(_word: str, _stream: str, key: str, *_more: Any) -> Follow:
        return Follow("counter", "a", Hear(key))

    def slow(message: Message) -> str:
        time.sleep(0.001 * (int(message.key) % 3))
        return "ok"

    house = houses(*(Receiver(f"c{number}", slow) for number in range(4)), told=hear)
    keys = [f"{number:02}" for number in range(40)]
    tell(house, *((key, f"c{int(key) % 4}", "x") for key in keys))
    house.runtime.settle()
    assert list(house.runtime.state("counter", "a").heard) == keys


def test_many_results_share_a_transaction(fast: Houses) -> None:
    house = fast(Receiver("web"), runs=True)
    before = house.runtime.committer.commits
    tell(house, *((str(number), "web", "x") for number in range(500)))
    house.runtime.settle()
    assert set(states(house).values()) == {"sent"}
    assert house.runtime.committer.commits - before < 250


def test_a_result_that_cannot_be_written_is_kept_and_its_message_is_not_sent_again(fast: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.engine.outbox._RECORD_AGAIN", 0.2)
    web, full = Receiver("web"), threading.Event()
    house = fast(web, runs=True)
    full.set()

    def refuse(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if full.is_set() and "UPDATE deliveries" in statement:
            raise Unavailable("the disk is full")

    event.listen(house.runtime.database._writer, "before_cursor_execute", refuse)
    tell(house, ("1", "web", "x"))
    until(lambda: house.runtime.outbox.troubles > 0)
    assert states(house) == {"1": "waiting"}
    full.clear()
    until(lambda: states(house) == {"1": "sent"})
    assert web.came == ["1"]


def test_a_channel_is_handed_a_message_without_a_look_at_the_table(fast: Houses) -> None:
    web = Receiver("web")
    house = fast(web, runs=True)
    time.sleep(0.05)
    asked: list[str] = []

    def notice(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if not web.came and "FROM deliveries" in statement:
            asked.append(statement)

    for engine in (house.runtime.database._readers, house.runtime.database._writer):
        event.listen(engine, "before_cursor_execute", notice)
    tell(house, ("1", "web", "x"))
    until(lambda: web.came == ["1"])
    assert asked == []


# -- much, and again ---------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("runs", [False, True])
def test_more_than_memory_holds_is_read_from_the_table_and_sent_once_each(
    fast: Houses, monkeypatch: pytest.MonkeyPatch, *, runs: bool
) -> None:
    monkeypatch.setattr(lanes, "MOST_IN_MEMORY", 20)
    monkeypatch.setattr(lanes, "FEW", 5)
    web = Receiver("web")
    house = fast(web, runs=runs)
    for begin in range(0, 300, 50):
        tell(house, *((str(number), "web", "x") for number in range(begin, begin + 50)))
    house.runtime.settle()
    until(lambda: set(states(house).values()) == {"sent"})
    assert sorted(web.came, key=int) == [str(number) for number in range(300)]
    assert house.runtime.outbox.counts()["web"].waiting == 0


def test_what_waited_when_the_process_ended_is_sent_after_the_next_start(houses: Houses) -> None:
    web = Receiver("web", busy)
    house = houses(web)
    tell(house, ("1", "web", "x"), ("2", "web", "x"))
    house.runtime.settle()
    house.restart()
    web.answer = lambda _message: "ok"
    web.came.clear()
    house.runtime.advance(START + timedelta(minutes=1))
    assert web.came == ["1", "2"]
    assert states(house) == {"1": "sent", "2": "sent"}


def test_a_message_that_nobody_in_memory_knows_of_is_found(fast: Houses) -> None:
    """Whatever went wrong: what waits in the table is found in the end."""
    web = Receiver("web", busy)
    house = fast(web)
    tell(house, ("1", "web", "x"))
    house.runtime.settle()
    house.runtime.outbox._lanes = {}
    web.answer = lambda _message: "ok"
    house.runtime.outbox._look_for_more()
    house.runtime.advance(START + timedelta(minutes=1))
    assert states(house) == {"1": "sent"}


def test_what_was_redacted_while_it_waited_is_not_sent(houses: Houses) -> None:
    web = Receiver("web", busy)
    house = houses(web)
    tell(house, ("a:1:x", "web", "x"))
    house.runtime.settle()
    batch_redacts(house, "counter:a", 1)
    house.runtime.advance(START + timedelta(minutes=10))
    assert states(house) == {"a:1:x": "redacted"}
    assert web.came == ["a:1:x"]


def batch_redacts(house: House, stream: str, version: int) -> None:
    """Take a fact's content away, as a decision can ask for."""

    def work(transaction: Any) -> dict[str, Any]:
        transaction._batch.redacted.append((stream, version))
        return {}

    house.together(Submission("", None, SYSTEM, work=work))


def test_no_message_is_sent_by_two_threads_at_once_however_wild_it_gets(fast: Houses, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.engine.outbox._RETRY_AFTER", (timedelta(milliseconds=5),) * 5)
    monkeypatch.setattr(lanes, "MOST_IN_MEMORY", 30)
    monkeypatch.setattr(lanes, "FEW", 10)
    under_way: set[str] = set()
    twice: list[str] = []
    tries: dict[str, int] = {}
    lock = threading.Lock()

    def wild(message: Message) -> str:
        with lock:
            if message.key in under_way:
                twice.append(message.key)
            under_way.add(message.key)
            tries[message.key] = tries.get(message.key, 0) + 1
        time.sleep(0.001 * (hash(message.key) % 3))
        with lock:
            under_way.discard(message.key)
        if tries[message.key] < 1 + int(message.key) % 4:
            raise ChannelFailed("busy", retry_after=timedelta(milliseconds=20) if int(message.key) % 7 == 0 else None)
        return "ok"

    house = fast(*(Receiver(f"c{number}", wild) for number in range(3)), runs=True)
    for begin in range(0, 300, 30):
        tell(house, *((str(number), f"c{number % 3}", f"https://h{number % 5}.example/") for number in range(begin, begin + 30)))
    until(lambda: set(states(house).values()) == {"sent"}, 20)
    assert twice == []
    assert tries == {str(number): 1 + number % 4 for number in range(300)}


def test_the_table_is_the_truth_for_a_message_that_was_settled_by_another_hand(fast: Houses) -> None:
    house = fast(Receiver("web"))
    tell(house, ("1", "web", "x"))
    with house.runtime.database.writing() as connection:
        connection.execute(update(tables.deliveries).values(state="redacted"))
    house.runtime.settle()
    assert states(house) == {"1": "redacted"}
