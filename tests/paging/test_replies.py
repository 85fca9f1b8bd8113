"""What an answer to a message means."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.paging.scene import Scene
from tocsin.paging.handlers import reply
from tocsin.paging.replies import Reply, parse


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("ack", Reply("acknowledge")),
        ("ACK.", Reply("acknowledge")),
        ("a", Reply("acknowledge")),
        ("Acknowledged!", Reply("acknowledge")),
        ("close", Reply("resolve")),
        ("c", Reply("resolve")),
        ("1a", Reply("acknowledge", 1)),
        ("'1c'", Reply("resolve", 1)),
        ("“ack 12”", Reply("acknowledge", 12)),
        ("1 a", Reply("acknowledge", 1)),
        ("close 4", Reply("resolve", 4)),
        ("ack #4", Reply("acknowledge", 4)),
        ("ack198", Reply("acknowledge", 198)),
        ("e", Reply("escalate")),
        ("escalate 7", Reply("escalate", 7)),
        ("ack\n\n> On Monday somebody wrote:\n> close 9", Reply("acknowledge")),
        ("", None),
        ("7", None),
        ("what is this", None),
        ("do not ack", None),
        ("ack 1 2", None),
        ("ack " + "1" * 50, None),
        ("I have seen it and will close the laptop now", None),
    ],
)
def test_an_answer_is_read_as_people_write_it(text: str, meant: Reply | None) -> None:
    assert parse(text) == meant


@given(st.text(max_size=200))
def test_whatever_somebody_writes_is_a_command_or_nothing(text: str) -> None:
    found = parse(text)
    assert found is None or found.verb in ("acknowledge", "resolve", "escalate")


def say(scene: Scene, person: str, text: str) -> str:
    return asyncio.run(reply(scene.app.runtime, person, text, "sms"))


def test_without_a_number_the_page_is_meant_that_the_person_was_notified_of_last(scene: Scene) -> None:
    scene.person("ana", "sms")
    first = scene.call(targets=["ana"])
    scene.advance(minutes=1)
    second = scene.call(targets=["ana"])
    assert say(scene, "ana", "ack").startswith("Acknowledged. 2: ")
    assert (scene.view(first)["state"], scene.view(second)["state"]) == ("open", "acknowledged")


def test_with_a_number_that_page_is_meant(scene: Scene) -> None:
    scene.person("ana", "sms")
    first = scene.call(targets=["ana"])
    scene.call(targets=["ana"])
    assert say(scene, "ana", "1c") == "Closed. 1: Checkout errors"
    assert scene.view(first)["state"] == "resolved"
    assert say(scene, "ana", "1c").startswith("It was closed already")


def test_what_cannot_be_done_is_said(scene: Scene) -> None:
    scene.person("ana", "sms")
    assert "There is no page that you were called for" in say(scene, "ana", "ack")
    assert "There is no page number 9" in say(scene, "ana", "ack 9")
    assert say(scene, "ana", "hello").startswith("Answer with ack, close or escalate")


def test_an_answer_can_ask_for_the_next_step(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.person("bo", "sms")
    scene.call(policy=scene.policy("p", ["person:ana"], ["person:bo"]))
    assert say(scene, "ana", "e") == "Escalated: bo is called. 1: Checkout errors"
