"""Texts and calls: what is asked of Twilio, what it tells us, and who answers by them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import pytest

from tests.channels.servers.twilio import ACCOUNT, NUMBER, TOKEN, Twilio, signature
from tests.world import Answer, World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.channels.options import ChannelOptions, TwilioOptions
from tocsin.channels.twilio.signature import is_signed

BASE = "https://tocsin.example.com"
PHONE = "+351912345678"


class Telephone(World):
    """An installation with a telephone account."""

    twilio: Twilio

    def _build(self) -> App:
        self.twilio = getattr(self, "twilio", None) or Twilio()
        options = ChannelOptions(twilio=TwilioOptions(ACCOUNT, TOKEN, NUMBER, self.twilio.web.url))
        app = build(
            Options(data=self.folder, default_playbook=self.playbook, clock=self.clock, console=Quiet(), public_url=BASE, channels=options)
        )
        start(app)
        return app

    def hook(self, path: str, fields: dict[str, str], token: str = TOKEN, signed_for: str = "") -> Answer:
        """Send what Twilio sends, signed with the account's token."""
        proof = signature(signed_for or BASE + path, fields, token)
        headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": proof}
        return asyncio.run(self._call("POST", path, headers, urlencode(fields).encode()))

    def text(self, body: str, sid: str = "SM1", sender: str = PHONE) -> str:
        """Answer by a text message; return what comes back."""
        answer = self.hook("/hooks/twilio/sms", {"MessageSid": sid, "From": sender, "To": NUMBER, "Body": body})
        assert answer.status == 200, answer.text
        assert answer.headers["content-type"].startswith("text/xml")
        return ET.fromstring(answer.text).findtext("Message") or ""

    def opened(self, kind: str) -> str:
        """Open a page that calls ana by this way, and send it."""
        self.post("/people/ana", {"name": "Ana", "contacts": [{"kind": kind, "value": "+351 912 345 678"}]})
        page = str(self.post("/pages", {"title": "High error rate", "targets": ["person:ana"], "carries": {"word": "SEV-1"}})["page"])
        self.app.runtime.settle()
        return page


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Telephone]:
    made = Telephone(tmp_path / "data")
    yield made
    made.close()
    for channel in made.app.runtime.channels.values():
        if hasattr(channel, "_outgoing"):
            channel._outgoing.close()
    made.twilio.close()


def state(world: World, page: str) -> Any:
    return world.get(f"/pages/{page}")


def test_a_text_goes_out_and_its_answer_acknowledges(world: Telephone) -> None:
    page = world.opened("sms")
    sent = world.twilio.texts[0]
    number = state(world, page)["number"]
    assert sent["To"] == PHONE
    assert sent["From"] == NUMBER
    assert f"Reply ack {number}" in sent["Body"]
    assert world.text(f"Ack {number}").startswith("Acknowledged")
    assert state(world, page)["state"] == "acknowledged"
    assert state(world, page)["acknowledged"][0]["person"] == "ana"
    assert state(world, page)["acknowledged"][0]["via"] == "sms"


def test_the_same_text_that_twilio_sends_twice_counts_once(world: Telephone) -> None:
    page = world.opened("sms")
    first = world.text("ack", "SM7")
    version = state(world, page)["version"]
    assert world.text("ack", "SM7") == first
    assert state(world, page)["version"] == version


def test_a_text_that_is_no_command_is_answered_with_how_to(world: Telephone) -> None:
    world.opened("sms")
    assert "ack 4" in world.text("what is going on?")


def test_a_stranger_is_told_nothing(world: Telephone) -> None:
    page = world.opened("sms")
    assert world.text("ack", sender="+15550001111") == ""
    assert state(world, page)["state"] == "open"


def test_a_number_of_two_people_answers_for_neither_until_one_has_proved_it(world: Telephone) -> None:
    page = world.opened("sms")
    world.post("/people/bo", {"name": "Bo", "contacts": [{"kind": "sms", "value": PHONE}]})
    assert "several people" in world.text("ack", "SM2")
    world.post("/people/ana/contacts/code", {"contact": "sms"})
    world.app.runtime.settle()
    code = world.twilio.texts[-1]["Body"].split()[0]
    assert world.post("/people/ana/contacts/confirm", {"contact": "sms", "code": code})["verified"]
    world.text("ack", "SM3")
    assert state(world, page)["acknowledged"][0]["person"] == "ana"


@pytest.mark.parametrize("path", ["/hooks/twilio/sms", "/hooks/twilio/voice/x.y", "/hooks/twilio/status?stream=page:1&key=k&channel=sms"])
def test_what_is_not_signed_by_the_account_is_refused(world: Telephone, path: str) -> None:
    fields = {"From": PHONE, "Body": "ack", "MessageSid": "SM1"}
    assert world.hook(path, fields, token="another").status == 403
    assert world.hook(path, fields, signed_for=f"https://elsewhere.example.com{path}").status == 403
    assert world.hook(path, {**fields, "Body": "x"}, signed_for=BASE + path).status in (200, 204)


def test_without_an_account_nothing_is_believed(tmp_path: Path) -> None:
    world = World(tmp_path / "data")
    try:
        fields = {"From": PHONE, "Body": "ack"}
        headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature("/hooks/twilio/sms", fields, "")}
        answer = asyncio.run(world._call("POST", "/hooks/twilio/sms", headers, urlencode(fields).encode()))
        assert answer.status == 404
    finally:
        world.close()


def test_a_call_speaks_and_a_key_acknowledges(world: Telephone) -> None:
    page = world.opened("voice")
    twiml = ET.fromstring(world.twilio.calls[0]["Twiml"])
    gather = twiml.find("Gather")
    assert gather is not None
    assert "High error rate" in (gather.findtext("Say") or "")
    path = urlsplit(gather.attrib["action"]).path
    again = world.hook(path, {"CallSid": "CA1", "Digits": "9"})
    assert "Press 4" in again.text
    assert state(world, page)["state"] == "open"
    said = ET.fromstring(world.hook(path, {"CallSid": "CA1", "Digits": "4"}).text).findtext("Say") or ""
    assert said.startswith("Acknowledged")
    assert state(world, page)["acknowledged"][0] | {"at": ""} == {"person": "ana", "via": "voice", "at": ""}
    world.hook(path, {"CallSid": "CA1", "Digits": "6"})
    assert state(world, page)["state"] == "resolved"


def test_a_key_of_an_old_call_does_nothing(world: Telephone) -> None:
    page = world.opened("voice")
    gather = ET.fromstring(world.twilio.calls[0]["Twiml"]).find("Gather")
    assert gather is not None
    world.advance(hours=49)
    assert "too old" in world.hook(urlsplit(gather.attrib["action"]).path, {"CallSid": "CA1", "Digits": "6"}).text
    assert state(world, page)["state"] != "resolved"


def test_a_text_that_the_network_lost_is_part_of_the_story(world: Telephone) -> None:
    page = world.opened("sms")
    callback = world.twilio.texts[0]["StatusCallback"]
    assert callback.startswith(f"{BASE}/hooks/twilio/status?")
    path = callback.removeprefix(BASE)
    assert world.hook(path, {"MessageSid": "SM1", "MessageStatus": "delivered"}).status == 204
    assert world.hook(path, {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": "30005"}).status == 204
    assert "could not deliver" in str(state(world, page)) + str(world.get(f"/pages/{page}/explain"))


def test_texts_may_come_from_a_messaging_service(world: Telephone) -> None:
    from tocsin.channels.twilio.client import Sms
    from tocsin.engine.ports import Message

    channel = Sms(TwilioOptions(ACCOUNT, TOKEN, "MG1", world.twilio.web.url))
    channel.send(Message("k", "page:1", "x", PHONE, "Hello", "", {}, ""))
    assert world.twilio.texts[0]["MessagingServiceSid"] == "MG1"
    assert "StatusCallback" not in world.twilio.texts[0]
    channel._outgoing.close()


def test_twilios_reason_is_told_with_its_code(world: Telephone) -> None:
    from tocsin.channels.twilio.client import Sms
    from tocsin.engine.ports import ChannelFailed, Message

    channel = Sms(TwilioOptions(ACCOUNT, TOKEN, "+15550000000", world.twilio.web.url))
    with pytest.raises(ChannelFailed, match=r"400: The 'From' phone number is not a valid.*\(21606\)") as caught:
        channel.send(Message("k", "page:1", "x", PHONE, "Hello", "", {}, ""))
    assert caught.value.permanent
    channel._outgoing.close()


def test_the_signature_is_that_of_the_documentation() -> None:
    """The example of https://www.twilio.com/docs/usage/security#validating-requests."""
    fields = {"CallSid": "CA1234567890ABCDE", "Caller": "+12349013030", "Digits": "1234", "From": "+12349013030", "To": "+18005551212"}
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert is_signed(url, fields.items(), "12345", "0/KCTR6DLpKmkAf8muzZqo1nDgQ=")
    assert not is_signed(url, fields.items(), "12345", "")
    assert not is_signed(url, fields.items(), "", signature(url, fields, ""))
