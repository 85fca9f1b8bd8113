"""Mail, over a real SMTP server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.channels.rigs import COMPOSE, EmailRig
from tests.channels.servers.smtp import PASSWORD, USER, MailServer
from tocsin.channels.email.client import Email
from tocsin.channels.options import MailOptions
from tocsin.engine.ports import ChannelFailed


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[EmailRig]:
    made = EmailRig(tmp_path)
    yield made
    made.close()


def failure(channel: Any, message: Any) -> ChannelFailed:
    with pytest.raises(ChannelFailed) as caught:
        channel.send(message)
    return caught.value


def test_a_mail_has_text_and_html_with_one_button_and_says_that_a_machine_sent_it(rig: EmailRig) -> None:
    receipt = rig.channel().send(rig.message())
    mail = rig.arrived()[0]
    assert mail["subject"] == "SEV-1: High error rate in payment API"
    assert mail["from"] == "Tocsin <tocsin@example.com>"
    assert mail["to"] == "ana@example.com"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail["importance"] == "high"
    assert mail["message-id"] == receipt
    assert mail["list-unsubscribe"] is None
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert "Value: 8.4%\nThreshold: 5%\n" in text
    assert "Acknowledge: https://tocsin.example.com/a/" in text
    html = mail.get_body(("html",)).get_content()
    assert html.count("Open and acknowledge") == 1
    assert "<img" not in html
    assert "<script" not in html
    assert rig.server is not None
    assert rig.server.envelopes == [("tocsin@example.com", ["ana@example.com"])]


def test_mails_of_one_page_belong_together_and_have_ids_of_their_own(rig: EmailRig) -> None:
    channel = rig.channel()
    channel.send(rig.message("page:PG-1:1:ana:email"))
    channel.send(rig.message("page:PG-1:2:ana:email"))
    channel.send(rig.message("page:PG-2:1:ana:email", page="PG-2"))
    one, two, other = rig.arrived()
    assert one["references"] == two["references"] != other["references"]
    assert len({one["message-id"], two["message-id"], other["message-id"]}) == 3


def test_html_is_escaped(rig: EmailRig) -> None:
    rig.channel().send(rig.message(title="<script>alert(1)</script>", value='"><img src=x>', word="<b>", summary="<i>&"))
    html = rig.arrived()[0].get_body(("html",)).get_content()
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html


def test_one_connection_carries_many_mails(rig: EmailRig) -> None:
    channel = rig.channel()
    for number in range(5):
        channel.send(rig.message(f"page:PG-1:{number}:ana:email"))
    assert rig.server is not None
    assert rig.server.sessions == 1
    assert len(rig.arrived()) == 5


def test_a_connection_that_the_server_has_closed_is_opened_anew(rig: EmailRig) -> None:
    channel = rig.channel()
    channel.send(rig.message())
    kept, _since = channel._kept[0]
    kept.sock.shutdown(2)
    channel.send(rig.message("another"))
    assert len(rig.arrived()) == 2


def test_a_refused_recipient_costs_no_other_mail_and_a_greylisted_one_comes_later(rig: EmailRig) -> None:
    channel = rig.channel()
    assert rig.server is not None
    rig.server.recipients += ["550 5.1.1 no such user here", "451 4.7.1 greylisted, come back in 5 minutes", None]
    gone = failure(channel, rig.message())
    assert gone.permanent
    assert "550 5.1.1 no such user here" in str(gone)
    assert not failure(channel, rig.message()).permanent
    channel.send(rig.message())
    assert len(rig.arrived()) == 1


def test_a_server_that_does_not_take_the_content_is_heard(rig: EmailRig) -> None:
    channel = rig.channel()
    assert rig.server is not None
    rig.server.data += ["452 4.3.1 the disk is full", "554 5.7.1 this is spam"]
    assert not failure(channel, rig.message()).permanent
    assert failure(channel, rig.message()).permanent


def made(address: str, folder: Path, authority: trustme.CA, **more: str) -> Email:
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    options = {"server": address, "sender": "tocsin@example.com", "certificates": str(folder / "ca.pem"), **more}
    return Email(MailOptions(**options), COMPOSE, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize(("implicit", "security"), [(False, "starttls"), (True, "tls")])
def test_it_signs_in_over_tls_of_either_kind(tmp_path: Path, rig: EmailRig, implicit: bool, security: str) -> None:
    authority = trustme.CA()
    server = MailServer(authority.issue_cert("127.0.0.1"), implicit=implicit, auth=True)
    channel = made(server.address, tmp_path, authority, security=security, user=USER, password=PASSWORD)
    try:
        channel.send(rig_message())
        assert len(server.mails) == 1
    finally:
        channel.close()
        server.close()


def rig_message() -> Any:
    return EmailRig.message(EmailRig.__new__(EmailRig))


def test_a_wrong_password_fails_for_good_and_is_not_told(tmp_path: Path) -> None:
    authority = trustme.CA()
    server = MailServer(authority.issue_cert("127.0.0.1"), auth=True)
    channel = made(server.address, tmp_path, authority, user=USER, password="not-the-s3cret")
    try:
        failed = failure(channel, rig_message())
        assert failed.permanent
        assert "535" in str(failed)
        assert "not-the-s3cret" not in str(failed)
    finally:
        channel.close()
        server.close()


def test_nothing_is_sent_where_starttls_is_not_offered(rig: EmailRig, tmp_path: Path) -> None:
    server = MailServer()
    channel = made(server.address, tmp_path, trustme.CA(), user=USER, password=PASSWORD)
    try:
        failed = failure(channel, rig.message())
        assert not failed.permanent
        assert "offers no STARTTLS" in str(failed)
        assert server.mails == []
    finally:
        channel.close()
        server.close()


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(tmp_path: Path) -> None:
    from msgspec.structs import replace

    message = replace(rig_message(), target="änne@example.com")
    for utf8 in (True, False):
        server = MailServer(utf8=utf8)
        channel = made(server.address, tmp_path, trustme.CA(), security="none")
        try:
            if utf8:
                channel.send(message)
                assert server.envelopes[0][1] == ["änne@example.com"]
            else:
                assert failure(channel, message).permanent
        finally:
            channel.close()
            server.close()


def test_a_server_that_drips_is_left_after_the_deadline(rig: EmailRig) -> None:
    channel = rig.channel()
    rig.trouble("endless")
    began = time.monotonic()
    assert not failure(channel, rig.message()).permanent
    assert time.monotonic() - began < rig.seconds + 1
