"""Somebody who guesses: slowed down by name and address, told nothing, and unable to lock others out."""

from __future__ import annotations

import statistics
import time

import pytest

from tests.people.visitors import PASSWORD, Visitor, make_account, visitor
from tests.world import World
from tocsin.people.passwords import Cost, Hasher
from tocsin.people.throttle import PER_ADDRESS, PER_NAME, PER_NAME_AND_ADDRESS, Throttle, network_of


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(world: World) -> None:
    make_account(world, "ana", "viewer")
    world.post("/accounts/invited", {"role": "viewer"})
    answers = []
    for number, name in enumerate(("ana", "nobody", "invited")):
        answer = Visitor(world, f"192.0.2.{number + 20}").sign_in(name, "wrong wrong wrong")
        assert answer.status == 401
        answers.append(answer.text.split("</form>")[0].replace(f'value="{name}"', "").split("csrf")[0])
    assert answers[0] == answers[1] == answers[2]


def test_guesses_at_one_name_from_one_address_are_answered_429_with_when_to_come_back(world: World) -> None:
    make_account(world, "ana", "viewer")
    guesser = Visitor(world, "198.51.100.9")
    found = [guesser.sign_in("ana", f"guess number {number}").status for number in range(PER_NAME_AND_ADDRESS.tries + 2)]
    assert found == [401] * PER_NAME_AND_ADDRESS.tries + [429, 429]
    refused = guesser.sign_in("ana", PASSWORD)  # the right one is not even looked at now
    assert refused.status == 429
    assert 0 < int(refused.headers["retry-after"]) <= PER_NAME_AND_ADDRESS.every
    assert (
        "Too many wrong sign-ins. Wait" in " ".join(refused.text.split("<p")[0:99]).replace("</p>\n    <p>", " ")
        or "Too many wrong sign-ins" in refused.text
    )
    assert Visitor(world, "192.0.2.1").sign_in("ana").status == 303  # elsewhere she comes in as ever


def test_letter_case_does_not_make_another_name(world: World) -> None:
    make_account(world, "Ana", "viewer")
    guesser = Visitor(world, "198.51.100.9")
    statuses = [guesser.sign_in(name, "wrong wrong wrong").status for name in ("ana", "ANA", "Ana", "aNA", "anA", " ana ")]
    assert statuses[-1] == 429
    assert Visitor(world, "192.0.2.1").sign_in("ANA").status == 303


def test_guesses_at_many_names_from_one_address_are_slowed_down_too(world: World) -> None:
    guesser = Visitor(world, "198.51.100.9")
    statuses = [guesser.sign_in(f"name{number}", "wrong wrong wrong").status for number in range(PER_ADDRESS.tries + 1)]
    assert statuses[-2:] == [401, 429]


def test_the_installations_token_is_not_guessed_either(world: World) -> None:
    world.app.runtime.set_token("tocsin_right")
    guesser = Visitor(world, "198.51.100.9")
    fields = {"csrf": world.app.runtime.sessions.form_token(""), "person": "ana"}
    statuses = [guesser.post("/sign-in", {**fields, "token": f"tocsin_{number}"}).status for number in range(7)]
    assert statuses[-1] == 429
    assert guesser.post("/sign-in", {**fields, "token": "tocsin_right"}).status == 429


def test_ones_own_password_cannot_be_guessed_through_a_session_that_was_left_open(world: World) -> None:
    ana = visitor(world, "ana", "viewer", "198.51.100.9")
    statuses = [ana.api("POST", "/me/password", {"old": f"guess {number}", "new": "four loud kettles"}).status for number in range(7)]
    assert statuses[-1] == 429


def test_buckets_fill_again_with_time_and_at_once_where_the_guess_was_right() -> None:
    throttle = Throttle()
    for _ in range(PER_NAME_AND_ADDRESS.tries):
        assert throttle.take("ana", "192.0.2.1", 0.0) == 0
    assert throttle.take("ana", "192.0.2.1", 0.0) == PER_NAME_AND_ADDRESS.every
    assert throttle.take("ana", "192.0.2.1", PER_NAME_AND_ADDRESS.every - 1) == 1
    assert throttle.take("ana", "192.0.2.1", PER_NAME_AND_ADDRESS.every) == 0
    throttle.give_back("ana", "192.0.2.1", PER_NAME_AND_ADDRESS.every)
    assert [throttle.take("ana", "192.0.2.1", PER_NAME_AND_ADDRESS.every) for _ in range(PER_NAME_AND_ADDRESS.tries)] == [
        0
    ] * PER_NAME_AND_ADDRESS.tries


def test_a_network_of_addresses_is_held_up_at_a_name_too_but_late() -> None:
    throttle = Throttle()
    taken = sum(throttle.take("ana", f"10.0.{number // 250}.{number % 250}", 0.0) == 0 for number in range(PER_NAME.tries * 3))
    assert taken == PER_NAME.tries


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("2001:db8::1", "2001:db8::ffff:1", True), ("2001:db8::1", "2001:db8:0:1::1", False), ("::ffff:192.0.2.1", "192.0.2.1", True), ("test", "test", True),
     ("192.0.2.1", "192.0.2.2", False)],
)  # fmt: skip
def test_somebody_with_a_network_of_their_own_is_one_sender(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


def test_what_is_remembered_of_guesses_does_not_grow_for_ever() -> None:
    throttle = Throttle()
    for number in range(30_000):
        throttle.take(f"n{number}", f"10.{number % 250}.{number // 250 % 250}.1", number * 100.0)
    assert len(throttle._full_at) < 25_000


def test_an_unknown_name_takes_as_long_as_a_wrong_password() -> None:
    hasher = Hasher(Cost(2, 4096, 1))
    kept = hasher.hash(PASSWORD)
    hasher.fits("", "warm up")

    def lasts(what: str) -> float:
        begin = time.perf_counter()
        hasher.fits(what, "wrong wrong wrong")
        return time.perf_counter() - begin

    pairs = [(lasts(kept), lasts("")) for _ in range(15)]
    known, unknown = statistics.median(one for one, _ in pairs), statistics.median(other for _, other in pairs)
    assert 0.4 < unknown / known < 2.5


@pytest.mark.parametrize(
    "after", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb", "/%09/evil.example"]
)
def test_nobody_is_led_to_another_site_after_signing_in(world: World, after: str) -> None:
    make_account(world, "ana", "viewer")
    answer = Visitor(world).sign_in("ana", after=after)
    assert answer.status == 303
    assert answer.headers["location"] in ("/", "/%09/evil.example")  # a path of ours, whatever it looks like


def test_another_site_cannot_sign_a_browser_in_as_its_own_account(world: World) -> None:
    make_account(world, "mallory", "viewer")
    browser = Visitor(world)
    fields = {"csrf": world.app.runtime.sessions.form_token(""), "person": "mallory", "password": PASSWORD}
    for site in ("cross-site", "same-site"):
        assert browser.post("/sign-in", fields, {"sec-fetch-site": site}).status == 403
    assert browser.post("/sign-in", fields, {"sec-fetch-site": "same-origin"}).status == 303


def test_the_full_name_signs_in_where_one_person_alone_has_it_and_shares_its_tries_with_the_id(world: World) -> None:
    for person, name in (("ana", "Ana Ruíz"), ("bo", "Kim Lee"), ("cy", "Kim Lee")):
        make_account(world, person, "viewer")
        world.post(f"/people/{person}", {"name": name})
    for typed in ("Ana Ruíz", "ANA  RUÍZ", "ana"):
        assert Visitor(world, "192.0.2.1").sign_in(typed).status == 303, typed
    refused = {}
    for number, typed in enumerate(("Kim Lee", "Ana", "Ana Ruiz", "Nobody Here")):
        wrong = Visitor(world, f"192.0.2.{number + 20}").sign_in(typed, PASSWORD if typed == "Kim Lee" else "wrong wrong wrong")
        refused[typed] = (wrong.status, wrong.text.split("</form>")[0].replace(f'value="{typed}"', "").split("csrf")[0])
    assert {status for status, _ in refused.values()} == {401}
    assert len({text for _, text in refused.values()}) == 1
    guesser = Visitor(world, "198.51.100.9")
    names = ("ana", "Ana Ruíz") * PER_NAME_AND_ADDRESS.tries
    statuses = [guesser.sign_in(name, "wrong wrong wrong").status for name in names]
    assert statuses.count(401) == PER_NAME_AND_ADDRESS.tries


def test_an_id_goes_before_a_name_so_that_nobody_takes_anothers(world: World) -> None:
    make_account(world, "ana", "viewer")
    make_account(world, "mallory", "viewer", "four loud kettles")
    world.post("/people/mallory", {"name": "Ana"})
    guest = Visitor(world, "192.0.2.1")
    assert guest.sign_in("Ana", "four loud kettles").status == 401
    assert guest.sign_in("Ana").status == 303
    assert guest.api("GET", "/me").json["id"] == "ana"
