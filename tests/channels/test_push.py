"""Web Push: what is sent can be read by the browser alone, and a push service knows who sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.rigs import PushRig
from tests.channels.servers.push import Browser, unbase64
from tocsin.channels.notice import Notice
from tocsin.channels.push.client import encrypted, new_key, public_key
from tocsin.channels.push.message import content_of, name_of
from tocsin.engine.ports import ChannelFailed


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[PushRig]:
    made = PushRig(tmp_path)
    yield made
    made.close()


def test_the_reading_of_the_fake_browser_is_that_of_the_standard() -> None:
    """RFC 8291, section 5: the message of its example, with the browser's keys of appendix A."""
    number = int.from_bytes(unbase64("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"), "big")
    browser = Browser(ec.derive_private_key(number, ec.SECP256R1()), unbase64("BTBZMqHH6r4Tts7J_aSIgg"))
    body = unbase64(
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )
    assert browser.read(body) == b"When I grow up, I want to be a watermelon"


def test_a_page_comes_with_its_button_its_rank_and_its_place(rig: PushRig) -> None:
    channel = rig.channel()
    receipt = channel.send(rig.message())
    assert receipt == "m1"
    shown = rig.service.shown[0]
    assert shown["title"] == "SEV-1: High error rate in payment API"
    assert "value 8.4%" in shown["body"]
    assert shown["acknowledge"] == shown["link"] + "/acknowledge"
    assert shown["link"].startswith("https://tocsin.example.com/a/")
    got = rig.arrived()[0]
    assert (got.headers["urgency"], got.headers["ttl"]) == ("high", "3600")
    assert len(got.headers["topic"]) <= 32


def test_that_it_is_over_takes_the_place_of_the_page(rig: PushRig) -> None:
    channel = rig.channel()
    channel.send(rig.message())
    channel.send(rig.message("page:PG-1:ended:ana", "page.status", state="resolved"))
    first, second = rig.arrived()
    assert first.headers["topic"] == second.headers["topic"]
    assert second.headers["urgency"] == "normal"
    assert rig.service.shown[0]["tag"] == rig.service.shown[1]["tag"]


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_is_gone_fails_for_good(rig: PushRig, status: int) -> None:
    channel = rig.channel()
    rig.answer(status)
    with pytest.raises(ChannelFailed, match="the subscription is gone") as caught:
        channel.send(rig.message())
    assert caught.value.permanent


def test_the_browser_subscribes_with_the_key_that_messages_are_signed_with(rig: PushRig) -> None:
    channel = rig.channel()
    rig.service.server_key = public_key(channel._private_key())
    channel.send(rig.message())
    rig.service.server_key = public_key(new_key())
    with pytest.raises(ChannelFailed) as caught:
        channel.send(rig.message())
    assert caught.value.permanent
    assert "403" in str(caught.value)


@pytest.mark.parametrize("keys", [("", ""), ("AAAA", "AAAA"), ("B" * 87, "A" * 22), ("!", "?")])
def test_keys_that_are_none_fail_for_good(keys: tuple[str, str]) -> None:
    with pytest.raises(ChannelFailed, match="keys of the subscription") as caught:
        encrypted(b"x", *keys)
    assert caught.value.permanent


@given(st.text(max_size=6000), st.text(max_size=400), st.text(max_size=400))
def test_whatever_is_said_fits_into_a_message_and_stays_json(body: str, subject: str, link: str) -> None:
    raw = content_of(Notice("k", "page", subject, body, link=link[:200]))
    assert len(raw) <= 4096 - 103
    assert set(json.loads(raw)) >= {"title", "body", "tag", "link"}


def test_a_topic_has_the_letters_that_push_services_take() -> None:
    assert len(name_of(Notice("k", "page", "s", topic="P-1"))) == 24
    assert name_of(Notice("k", "page", "s", topic="P-1")) == name_of(Notice("other", "status", "s", topic="P-1"))
