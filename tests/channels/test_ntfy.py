"""ntfy: what its app shows, and who gets the token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.channels.rigs import COMPOSE, NtfyRig
from tests.channels.servers.ntfy import TOKEN, ntfy_server
from tocsin.channels.ntfy.client import Ntfy
from tocsin.channels.options import NtfyOptions
from tocsin.engine.ports import ChannelFailed


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[NtfyRig]:
    made = NtfyRig(tmp_path)
    yield made
    made.close()


def test_the_button_acknowledges_and_a_tap_opens_the_link(rig: NtfyRig) -> None:
    receipt = rig.channel().send(rig.message())
    assert receipt.startswith("ntfy")
    said = json.loads(rig.arrived()[0].body)
    acknowledge, *more = said["actions"]
    assert acknowledge | {"url": ""} == {"action": "http", "label": "Acknowledge", "url": "", "method": "POST", "clear": True}
    assert acknowledge["url"] == said["click"] + "/acknowledge"
    assert [one["label"] for one in more] == ["Dashboard", "Runbook"]
    assert said["priority"] == 5
    assert said["tags"] == ["rotating_light"]


def test_low_urgency_rings_like_any_other_message(rig: NtfyRig) -> None:
    rig.channel().send(rig.message(urgency="low"))
    assert json.loads(rig.arrived()[0].body)["priority"] == 3


def test_the_token_goes_to_the_server_of_the_settings_only(rig: NtfyRig) -> None:
    other = ntfy_server()
    channel = rig.channel()
    assert rig.web is not None
    both = rig.keep(Ntfy(NtfyOptions(rig.web.url, TOKEN), COMPOSE, (other.host,), 2))
    try:
        both.send(replace(rig.message(), target=f"{other.url}/public"))
        assert "authorization" not in other.received[0].headers
        channel.send(rig.message())
        assert rig.arrived()[0].headers["authorization"] == f"Bearer {TOKEN}"
    finally:
        other.close()


def test_a_topic_alone_needs_a_server() -> None:
    from tests.channels.rigs import PAGE
    from tocsin.engine.ports import Message

    with pytest.raises(ChannelFailed, match="TOCSIN_NTFY_SERVER") as caught:
        Ntfy(NtfyOptions(), COMPOSE).send(Message("k", "page:1", "page.notification", "ops", "", "", PAGE, ""))
    assert caught.value.permanent


def test_an_answer_that_is_no_ntfy_servers_is_tried_again(rig: NtfyRig) -> None:
    channel = rig.channel()
    rig.answer(200)
    with pytest.raises(ChannelFailed, match="not as an ntfy server does") as caught:
        channel.send(rig.message())
    assert not caught.value.permanent
