"""What a page says, in full, in a text message, and on the telephone."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.rigs import BASE, COMPOSE, PAGE
from tocsin.channels.notice import Notice, clean, cut_bytes, line, long_text
from tocsin.channels.twilio.message import call, size_of, sms, speak, text_back
from tocsin.engine.ports import Message
from tocsin.paging.commands import Carried
from tocsin.paging.wording import notice, rendered, sayable


def said(kind: str = "page.notification", **more: Any) -> Notice:
    return COMPOSE(Message("k", "page:PG-1", kind, "t", "s", "b", {**PAGE, **more}, PAGE["sent_at"]), "sms")


def test_a_page_says_all_that_the_procedure_asks_for() -> None:
    made = said(summary="Checkout fails.", started_at="2025-10-27T14:20:00Z", severity="SEV-1", incident="INC-1")
    assert made.subject == "SEV-1: High error rate in payment API"
    assert dict(made.facts) == {
        "Value": "8.4%", "Threshold": "5%", "Service": "payment-api", "Severity": "SEV-1", "Since": "27 Oct 14:20 UTC", "Incident": "INC-1",
    }  # fmt: skip
    text = long_text(made)
    assert text.startswith(
        "Checkout fails.\nYou are called because you are on call in the schedule payments.\nIf nobody acknowledges, at 14:30 UTC"
    )
    assert text.endswith(
        f"Acknowledge: {made.link}\nDashboard: https://grafana.example.com/d/1\nRunbook: https://wiki.example.com/rb",
    )
    assert made.link.startswith(f"{BASE}/a/")
    assert made.acknowledge == f"{made.link}/acknowledge"


def test_what_is_kept_after_sending_holds_neither_token_nor_code() -> None:
    for kind in ("page.notification", "page.status", "page.test", "person.verify"):
        subject, body = rendered(kind, {**PAGE, "code": "K7Q2XD"})
        assert "/a/" not in subject + body
        assert "K7Q2XD" not in subject + body


def test_values_may_stand_in_what_is_carried() -> None:
    made = notice("page.notification", "k", "page:1", "", {"title": "Disk", "carries": {"word": "SEV-2", "value": "97%"}, "value": ""})
    assert made.subject == "SEV-2: Disk"
    assert made.facts == (("Value", "97%"),)
    assert Carried().word == ""


@pytest.mark.parametrize(
    ("state", "by", "subject"),
    [
        ("acknowledged", "bo", "bo is on it: High error rate in payment API"),
        ("resolved", "", "It is over: High error rate in payment API"),
        ("resolved", "bo", "bo ended it: High error rate in payment API"),
        ("exhausted", "", "Nobody has answered: High error rate in payment API"),
    ],
)
def test_a_status_says_what_became_of_it_and_wants_nothing(state: str, by: str, subject: str) -> None:
    made = said("page.status", state=state, by=by, why="the alert ended")
    assert made.subject == subject
    assert made.acknowledge == ""
    assert not made.urgent


def test_a_test_says_that_it_is_one() -> None:
    made = said("page.test")
    assert made.subject.startswith("Test: ")
    assert "nothing is wrong" in made.body
    assert "This is a test." in made.spoken


def test_an_address_that_no_message_may_lead_to_is_left_out() -> None:
    assert said(dashboard="javascript:alert(1)", runbook="see the wiki").links == ()


def test_a_text_message_names_the_reply_and_the_link_and_fits_into_two_parts() -> None:
    text = sms(said(), can_reply=True)
    assert text.startswith("SEV-1: High error rate in payment API. 8.4% (limit 5%)\nReply ack 12\nhttps://tocsin.example.com/a/")
    assert size_of(text) is not None
    assert (size_of(text) or 999) <= 306
    assert "Reply" not in sms(said(), can_reply=False)


@given(st.text(max_size=400), st.text(max_size=80), st.booleans())
def test_whatever_the_title_the_link_of_a_text_message_is_whole(title: str, value: str, can_reply: bool) -> None:
    made = said(title=title, value=value)
    text = sms(made, can_reply=can_reply)
    assert text.endswith(f"\n{made.link}")
    size = size_of(text)
    assert (size if size is not None else len(text) + 105) <= 306
    assert "\r" not in text


def test_a_code_fits_into_one_line() -> None:
    values = {"person": "ana", "code": "K7Q2XD", "expires_at": "2025-10-27T14:40:00+00:00"}
    made = COMPOSE(Message("k", "person:ana", "person.verify", "t", "", "", values, ""), "sms")
    assert sms(made, can_reply=True) == "K7Q2XD is your code for Tocsin. It holds until 27 Oct 14:40 UTC."
    assert "K, 7, Q, 2, X, D" in made.spoken


def test_what_is_spoken_is_short_and_can_be_said() -> None:
    spoken = said(title="HTTP_5xx>5% on payment-api.eu-west1").spoken
    assert spoken == "Ana, this is Tocsin. SEV 1. HTTP 5xx above 5 percent on payment api eu west1. The value is 8.4 percent."
    assert sayable("p99LatencyHigh 1.5s") == "p99 Latency High 1.5s"


def test_a_call_says_it_twice_and_listens_for_a_key() -> None:
    twiml = ET.fromstring(call(said(), "https://tocsin.example.com/hooks/twilio/voice/t?a=1&b=2"))
    gather = twiml.find("Gather")
    assert gather is not None
    assert gather.attrib["action"].endswith("?a=1&b=2")
    assert gather.attrib["numDigits"] == "1"
    assert len(gather.findall("Say")) == 2
    assert "Press 4 to acknowledge" in (gather.findall("Say")[0].text or "")
    assert ET.fromstring(call(said())).find("Gather") is None
    assert ET.fromstring(call(said("page.status", state="resolved"), "https://x.example.com/")).find("Gather") is None


@given(st.text(max_size=2000))
def test_twiml_is_well_formed_whatever_it_says(text: str) -> None:
    for made in (call(Notice("k", "page", "s", spoken=text), "https://x.example.com/"), speak(text[:300]), text_back(text)):
        ET.fromstring(made)
        assert len(made) <= 4000


@given(st.text(), st.integers(4, 200))
def test_a_cut_text_is_never_longer_than_allowed_and_never_half_a_letter(text: str, most: int) -> None:
    fine = text.encode(errors="ignore").decode()
    assert len(cut_bytes(fine, most).encode()) <= max(most, 3)


def test_a_line_is_one_line() -> None:
    assert line(" a\r\nBcc: x\u2028y\u202e\x00z ") == "a Bcc: xyz"
    assert clean("a\r\nb\rc\x1b[31m") == "a\nb\nc[31m"
