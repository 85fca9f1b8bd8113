"""Setting channels up: settings, the list, a message to try one with, the doctor; and which values a contact may have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.channels.rigs import COMPOSE
from tests.world import World
from tocsin.channels.abilities import ABILITIES, able
from tocsin.channels.addresses import is_inside, number_of, problem
from tocsin.channels.apprise.client import Apprise
from tocsin.channels.options import channel_options
from tocsin.channels.outgoing import told
from tocsin.cli.settings import SETTINGS, BadSetting, settle
from tocsin.engine.ports import ChannelFailed, Message

NO_FLAGS: dict[str, str | None] = {setting.name: None for setting in SETTINGS}


def test_settings_become_what_channels_are_told() -> None:
    environment = {
        "TOCSIN_MAIL_SERVER": "mail.example.com:465", "TOCSIN_MAIL_SECURITY": "tls", "TOCSIN_MAIL_USER": "u", "TOCSIN_MAIL_PASSWORD": "p",
        "TOCSIN_MAIL_FROM": "Tocsin <t@example.com>", "TOCSIN_NTFY_SERVER": "https://ntfy.example.com/", "TOCSIN_NTFY_TOKEN": "tk",
        "TOCSIN_TWILIO_ACCOUNT": "AC1", "TOCSIN_TWILIO_TOKEN": "tt", "TOCSIN_TWILIO_FROM": "+15005550006",
        "TOCSIN_ALLOW_INTERNAL": "ntfy.internal, 10.0.0.8:8080,[::1]:9", "TOCSIN_PUSH_CONTACT": "mailto:ops@example.com",
    }  # fmt: skip
    options = channel_options(settle(NO_FLAGS, environment, None).values)
    assert (options.mail.server, options.mail.security, options.mail.password) == ("mail.example.com:465", "tls", "p")
    assert options.ntfy.server == "https://ntfy.example.com"
    assert options.twilio.sender == "+15005550006"
    assert options.allow_internal == ("ntfy.internal", "10.0.0.8:8080", "[::1]:9")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("TOCSIN_MAIL_SERVER", "smtp://mail", "host:port"),
        ("TOCSIN_MAIL_SECURITY", "ssl", "starttls, tls or none"),
        ("TOCSIN_MAIL_FROM", "nobody", "an address"),
        ("TOCSIN_NTFY_SERVER", "ntfy.sh", "http"),
        ("TOCSIN_PUSH_CONTACT", "ops@example.com", "mailto:"),
        ("TOCSIN_ALLOW_INTERNAL", "http://x", "separated by commas"),
        ("TOCSIN_AUTHORITIES", "/nowhere.pem", "no such file"),
    ],
)
def test_a_wrong_setting_names_its_variable(variable: str, value: str, says: str) -> None:
    with pytest.raises(BadSetting) as caught:
        settle(NO_FLAGS, {variable: value}, None)
    assert says in caught.value.message
    assert f"(from {variable})" in caught.value.message


def test_secrets_have_no_flag() -> None:
    from tocsin.cli.serve import serve

    flags = {option for parameter in serve.params for option in parameter.opts}
    assert {setting.name for setting in SETTINGS if setting.secret} == {"mail_password", "ntfy_token", "twilio_token"}
    assert not any(setting.flag in flags for setting in SETTINGS if setting.secret)


def test_the_list_says_what_each_channel_needs_and_whom_it_reaches(world: World) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "email", "value": "ana@example.com"}]})
    found = {one["id"]: one for one in world.get("/channels")["channels"]}
    assert sorted(found) == sorted(ABILITIES)
    assert not found["email"]["ready"]
    assert "TOCSIN_MAIL_SERVER" in found["email"]["fix"]
    assert found["email"]["people"] == ["ana"]
    assert found["file"]["ready"]
    assert found["sms"]["fix"] == "Set TOCSIN_TWILIO_ACCOUNT, TOCSIN_TWILIO_TOKEN, TOCSIN_TWILIO_FROM."


def test_a_channel_can_be_tried_and_its_answer_is_told_at_once(world: World) -> None:
    done = world.post("/channels/file/test", {"to": "ana"})
    assert done["sent"]
    assert world.outbox()[-1]["subject"] == "Test: Tocsin can reach you here"
    failed = world.post("/channels/email/test", {"to": "ana@example.com"})
    assert (failed["sent"], failed["permanent"]) == (False, True)
    assert "TOCSIN_MAIL_SERVER" in failed["says"]
    assert world.refused("/channels/sms/test", {"to": "call me"})["field"] == "to"
    assert world.refused("/channels/publish_git/test", {"to": "x"})["status"] == 404


GOOD: dict[str, list[str]] = {
    "email": ["ana@example.com", "a.b+c@mail.example.co.uk", "änne@example.com"],
    "sms": ["+351912345678", "+1 (500) 555-0006", "00351 912 345 678"],
    "voice": ["+351912345678"],
    "ntfy": ["ops-pager", "https://ntfy.example.com/ops_1", "http://10.0.0.8:8080/ops"],
    "webhook": ["https://hooks.example.com/x?token=1", "http://10.0.0.8/x"],
    "apprise": ["gotify://host/token", "mmosts://u:p@host/t", "json://host"],
    "console": ["ana"],
    "file": ["ana"],
    "carrier-pigeon": ["whatever"],
}
BAD: dict[str, list[str]] = {
    "email": [
        "ana",
        "ana@",
        "@example.com",
        "a b@example.com",
        "a@b,c@d",
        "ana@example.com\nBcc: x@y",
        "Ana <ana@example.com>",
        "a@example.com;b@example.com",
    ],
    "sms": ["911", "+0123456789", "call me", "+351 91234567890123"],
    "push": ["", "{}", "[]", '{"endpoint":"https://x"}', '{"endpoint":"ftp://x","keys":{"p256dh":"a","auth":"b"}}'],
    "ntfy": ["two words", "ops/pager", "x" * 65, "https://ntfy.example.com/", "ftp://ntfy.example.com/ops"],
    "webhook": ["hooks.example.com", "ftp://x", "https://", "https://a b", "javascript:alert(1)", "https://x:port/"],
    "apprise": ["gotify", "://x", "x y://z"],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_a_value_that_a_channel_can_send_to_is_fine(kind: str, value: str) -> None:
    assert problem(kind, value) == ""


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_a_value_that_it_cannot_is_told_with_what_to_write(kind: str, value: str) -> None:
    assert "; write" in (says := problem(kind, value)) or "; open" in says or "write it" in says


@given(st.sampled_from(sorted(ABILITIES)), st.text(max_size=200))
def test_no_value_breaks_the_check(kind: str, value: str) -> None:
    assert isinstance(problem(kind, value), str)


def test_a_number_has_one_form() -> None:
    assert {number_of(one) for one in ("+351 912-345.678", "00351912345678", "+351(912)345678")} == {"+351912345678"}


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/x",
        "https://db/x",
        "https://10.1.2.3",
        "https://[fe80::1]/",
        "https://x.internal/",
        "https://127.0.0.1/",
    ],
)
def test_what_is_written_as_inside_is_inside(url: str) -> None:
    assert is_inside(url)
    assert not is_inside("https://hooks.example.com/x")
    assert not is_inside("https://1.1.1.1/")


def test_what_a_receiver_says_is_told_without_addresses() -> None:
    assert told("bad\r\nthing at https://u:p@host/x?t=1 for ana@example.com\x00 sorry") == "bad thing at for sorry"
    assert len(told("x" * 1000)) == 160


# -- the process of Apprise ------------------------------------------------------------------------


def send(url: str, **more: Any) -> ChannelFailed:
    with pytest.raises(ChannelFailed) as caught:
        Apprise(COMPOSE, **more).send(Message("k", "page:1", "x", url, "Hello", "World", {}, ""))
    return caught.value


@pytest.mark.parametrize("url", ["json://127.0.0.1:9/s3cret", "mailto://u:s3cret@127.0.0.1:9/?to=a@example.com", "syslog://", "dbus://"])
def test_apprise_reaches_nothing_inside_whatever_the_service(url: str) -> None:
    failed = send(url)
    assert failed.permanent or "could not be reached" in str(failed)
    assert "s3cret" not in str(failed)


def test_a_service_that_apprise_does_not_know_fails_for_good() -> None:
    failed = send("nosuchservice://s3cret/token")
    assert failed.permanent
    assert "s3cret" not in str(failed)


def test_abilities_name_the_channels(tmp_path: Path) -> None:
    assert {"email", "push", "ntfy", "webhook", "apprise", "sms", "voice", "console", "file"} == set(able("pages"))
    assert set(able("replies")) == {"push", "ntfy", "sms", "voice"}
    assert json.dumps(able("documents"))
