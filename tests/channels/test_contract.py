"""What every channel keeps to. The suite runs over the registry: a channel without a rig, or one that opts out, fails it."""

from __future__ import annotations

import ast
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.channels.rigs import BASE, COMPOSE, NOW, RIGS, Rig
from tests.channels.servers.web import Reply, WebServer
from tocsin.app import Options, build
from tocsin.channels import abilities, registry
from tocsin.channels.options import ChannelOptions
from tocsin.channels.standing import Standing
from tocsin.engine.ports import ChannelFailed, Message

ALL = sorted(RIGS)
NETWORK = sorted(name for name, rig in RIGS.items() if rig.network)
LOCAL = sorted(name for name, rig in RIGS.items() if not rig.network)
WEB = [name for name in NETWORK if name != "email"]
PAGERS = sorted(abilities.able("pages"))

ERRANDS = {"certificates"}
"""What the outbox does that reaches nobody; fetching what signatures are checked with is tried in tests/alerts."""
SUBSCRIBERS = {"status_email", "status_webhook"}
"""``email`` and ``webhook`` for addresses of subscribers, which nobody on call can have; tests/status tries them."""


@pytest.fixture
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made = RIGS[request.param](tmp_path)
    yield made
    made.close()


def over(names: list[str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("rig", names, indirect=True)


def failure(channel: Any, message: Message) -> ChannelFailed:
    with pytest.raises(ChannelFailed) as caught:
        channel.send(message)
    return caught.value


# -- who is in --------------------------------------------------------------------------------------------------------


def test_every_registered_channel_has_a_rig_and_every_rig_a_channel(tmp_path: Path) -> None:
    app = build(Options(data=tmp_path))
    try:
        assert sorted(set(app.runtime.channels) - ERRANDS - SUBSCRIBERS) == ALL == sorted(abilities.ABILITIES)
    finally:
        app.runtime.database.close()


@over(ALL)
def test_a_channel_says_what_it_can_do_and_how_it_stands(rig: Rig) -> None:
    channel = rig.channel()
    assert channel.name == rig.name
    assert channel.abilities == abilities.of(rig.name)
    assert channel.abilities.address
    assert channel.abilities.key_travels
    standing = channel.standing()
    assert isinstance(standing, Standing)
    assert standing.ready
    assert standing.says.endswith(".")


def test_channels_that_are_called_local_use_no_network() -> None:
    assert LOCAL == ["console", "file", "publish_folder", "publish_git"]
    for name in ("console", "file", "folder"):  # git speaks to its remotes by a program of its own, which is tried with the postmortems
        tree = ast.parse((Path(registry.__file__).parent / name / "client.py").read_text())
        used = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not used & {"socket", "ssl", "smtplib", "http", "httpx2", "httpcore2", "urllib", "subprocess"}


@pytest.mark.parametrize("name", PAGERS)
def test_a_channel_without_settings_fails_for_good_and_names_the_setting(name: str, tmp_path: Path) -> None:
    made = registry.build(ChannelOptions(), COMPOSE, folder=tmp_path, secret=lambda: b"", push_key=str, public_url="")[name]
    standing: Standing = made.standing()  # type: ignore[attr-defined]
    if standing.ready:
        return
    assert "TOCSIN_" in standing.fix
    failed = failure(made, Message("k", "page:1", "page.notification", "x", "s", "b", {}, ""))
    assert failed.permanent
    assert standing.fix in str(failed)


# -- what is taken, and what is not -------------------------------------------------------------------------------------


@over(ALL)
def test_a_message_arrives_once_and_its_receipt_is_a_short_line(rig: Rig) -> None:
    receipt = rig.channel().send(rig.message())
    assert isinstance(receipt, str)
    assert len(receipt) <= 400
    assert receipt.isprintable()
    assert len(rig.arrived()) == 1


@over(NETWORK)
def test_answers_are_tried_again_or_not_by_the_table(rig: Rig) -> None:
    channel = rig.channel()
    for statuses, permanent in ((rig.again, False), (rig.final, True)):
        for status in statuses if rig.name != "apprise" else statuses[2:4]:  # a process each
            rig.answer(status)
            failed = failure(channel, rig.message())
            assert failed.permanent is permanent, f"{status}: {failed}"
            assert str(status) in str(failed)
            for secret in rig.secrets():
                assert secret not in str(failed)
    channel.send(rig.message())


@over(WEB)
def test_a_redirect_is_not_followed(rig: Rig) -> None:
    channel = rig.channel()
    elsewhere = WebServer(lambda _got: Reply())
    try:
        for status in (301, 302, 307, 308) if rig.name != "apprise" else (307,):
            rig.answer(status, {"Location": f"{elsewhere.url}/other"})
            failed = failure(channel, rig.message())
            assert failed.permanent
            assert elsewhere.host not in str(failed)
        assert elsewhere.received == []
    finally:
        elsewhere.close()


@over(NETWORK)
@pytest.mark.parametrize("kind", ["hang", "drip", "garbage", "hangup"])
def test_whoever_hangs_drips_or_talks_nonsense_is_tried_again_within_the_deadline(rig: Rig, kind: str) -> None:
    channel = rig.channel()
    rig.trouble(kind)
    if rig.name == "apprise" and kind in ("hang", "drip"):
        channel._seconds = 1.0
    began = time.monotonic()
    failed = failure(channel, rig.message())
    assert not failed.permanent
    assert failed.retry_after is None
    assert time.monotonic() - began < rig.seconds + 2
    for secret in rig.secrets():
        assert secret not in str(failed)


@over([name for name in WEB if name != "apprise"])
def test_an_answer_without_end_is_read_no_further_than_needed(rig: Rig) -> None:
    channel = rig.channel()
    rig.trouble("endless")
    try:
        channel.send(rig.message())
    except ChannelFailed as failed:
        assert not failed.permanent  # noqa: PT017 (either is fine; what matters is that it ends)
    assert len(rig.arrived()) == 1


@over(NETWORK)
def test_a_refused_connection_is_tried_again(rig: Rig) -> None:
    channel = rig.channel()
    target = rig.message()
    rig.leave()
    failed = failure(channel, target)
    assert not failed.permanent
    for secret in rig.secrets():
        assert secret not in str(failed)


@over(NETWORK)
def test_tls_is_used_and_a_certificate_that_nobody_vouches_for_is_not_trusted(rig: Rig) -> None:
    channel = rig.channel(secure=True, trusted=False)
    failed = failure(channel, rig.message())
    assert not failed.permanent
    assert rig.arrived() == []
    for secret in rig.secrets():
        assert secret not in str(failed)


@over(NETWORK)
def test_tls_with_an_authority_that_the_administrator_named_works(rig: Rig) -> None:
    rig.channel(secure=True).send(rig.message())
    assert len(rig.arrived()) == 1


@over(LOCAL)
def test_a_place_that_cannot_be_written_is_a_failure(rig: Rig) -> None:
    channel = rig.channel()
    rig.leave()
    assert "cannot be written" in str(failed := failure(channel, rig.message())) or "git" in str(failed)


# -- the key, the rate ----------------------------------------------------------------------------------------------------


@over([name for name in ALL if name != "console"])
def test_a_repeat_has_the_same_key_and_another_message_another(rig: Rig) -> None:
    channel = rig.channel()
    channel.send(rig.message("page:PG-1:1:ana:way"))
    channel.send(rig.message("page:PG-1:1:ana:way"))
    first = [rig.key_of(one) for one in rig.arrived()]
    assert len(set(first)) == 1
    if rig.name not in ("publish_folder", "publish_git"):
        channel.send(rig.message("page:PG-1:2:ana:way", page="PG-1"))
        assert len({rig.key_of(one) for one in rig.arrived()}) == 2


@over([name for name in WEB if RIGS[name].hears_wait])
def test_rest_that_a_receiver_asks_for_is_handed_on(rig: Rig) -> None:
    channel = rig.channel()
    far = datetime.now(UTC) + timedelta(days=400)
    served = NOW
    for status, headers, expected in (
        (429, {"Retry-After": "17"}, timedelta(seconds=17)),
        (503, {"Retry-After": "90"}, timedelta(seconds=90)),
        (429, {"Retry-After": format_datetime(served + timedelta(seconds=45), usegmt=True), "Date": format_datetime(served, usegmt=True)}, timedelta(seconds=45)),
        (429, {"Retry-After": format_datetime(far, usegmt=True)}, timedelta(hours=1)),
        (429, {"Retry-After": "99999999999999999999"}, timedelta(hours=1)),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "-5"}, None),
        (429, {}, None),
    ):  # fmt: skip
        rig.answer(status, headers)
        failed = failure(channel, rig.message())
        assert not failed.permanent
        assert failed.retry_after == expected, headers
        if expected:
            assert f"{expected.total_seconds():.0f} s" in str(failed)


# -- what it says ---------------------------------------------------------------------------------------------------------


NASTY = "Ünïcødé 🔥 \u202e reversed\r\nBcc: everybody@example.com\r\nX-Injected: yes\r\n\r\n.\r\n<b>&\x00\x1b[31m\ud800 " + "long " * 3000


@over(ALL)
def test_whatever_a_title_holds_arrives_cut_and_begins_no_header(rig: Rig) -> None:
    channel = rig.channel()
    channel.send(rig.message(title=NASTY, summary=NASTY * 3, value=NASTY, word=NASTY, why=NASTY))
    arrived = rig.arrived()[-1]
    if rig.name.startswith("publish"):
        return  # documents are what people wrote, to the letter
    text = rig.text_of(arrived)
    assert "Ünïcødé" in text or "n" in text
    assert "\x00" not in text
    assert "\u202e" not in text
    headers = getattr(arrived, "headers", None) or (dict(arrived.items()) if rig.name == "email" else {})
    names = {str(name).lower() for name in headers}
    assert not names & {"bcc", "x-injected"}


@over(PAGERS)
def test_a_page_says_how_bad_what_and_where_to_acknowledge(rig: Rig) -> None:
    rig.channel().send(rig.message())
    text = rig.text_of(rig.arrived()[-1]).replace("&#10;", "\n")
    assert "SEV" in text
    assert "High error rate in payment API" in text
    if abilities.of(rig.name).text == "long":
        for part in ("8.4%", "5%", "https://grafana.example.com/d/1", "https://wiki.example.com/rb", f"{BASE}/a/"):
            assert part in text


@over([name for name in PAGERS if abilities.of(name).codes])
def test_a_code_arrives_whole(rig: Rig) -> None:
    values = {"person": "ana", "code": "K7Q2XD", "expires_at": "2025-10-27T14:40:00+00:00"}
    rig.channel().send(Message("person.verify:ana:2", "person:ana", "person.verify", rig.target(), "s", "b", values, NOW.isoformat()))
    text = rig.text_of(rig.arrived()[-1])
    assert "K7Q2XD" in re.sub(r"(?<=\w), (?=\w)", "", text)


@over([name for name in PAGERS if RIGS[name].network])
@pytest.mark.parametrize("value", ["", "nonsense", "x\r\nBcc: a@example.com", "javascript:alert(1)", "{}", "-oProxyCommand=x"])
def test_a_contact_that_is_none_fails_for_good_and_nothing_is_sent(rig: Rig, value: str) -> None:
    channel = rig.channel()
    message = rig.message()
    wrong = Message(message.key, message.stream, message.kind, value, message.subject, message.body, message.values, message.at)
    if rig.name == "ntfy" and value == "nonsense":
        return  # a topic
    assert failure(channel, wrong).permanent
    assert rig.arrived() == []


@over([name for name in NETWORK if name != "apprise"])
def test_many_can_be_sent_at_once(rig: Rig) -> None:
    channel = rig.channel()
    message = [rig.message(f"page:PG-1:{number}:ana:way") for number in range(12)]
    failures: list[Exception] = []

    def send(one: Message) -> None:
        try:
            channel.send(one)
        except Exception as failed:  # noqa: BLE001 (whatever it is, the test shows it)
            failures.append(failed)

    threads = [threading.Thread(target=send, args=(one,)) for one in message]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(rig.arrived()) == 12


# -- addresses inside -----------------------------------------------------------------------------------------------------

INSIDE = [
    "127.0.0.1:9",
    "localhost:9",
    "[::1]:9",
    "10.0.0.8",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0:9",
    "[::ffff:127.0.0.1]:9",
    "2130706433:9",
]


@pytest.mark.parametrize("name", ["webhook", "ntfy", "push", "publish_webhook"])
@pytest.mark.parametrize("host", INSIDE)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_contact_cannot_lead_inside(name: str, host: str, scheme: str, tmp_path: Path) -> None:
    from tests.channels.servers.push import Browser
    from tocsin.channels.ntfy.client import Ntfy
    from tocsin.channels.options import NtfyOptions
    from tocsin.channels.push.client import Push, new_key
    from tocsin.channels.webhook.client import PageWebhook, Webhook

    key = new_key()
    channel: Any = {
        "webhook": PageWebhook(lambda: b"", COMPOSE),
        "ntfy": Ntfy(NtfyOptions(), COMPOSE),
        "push": Push(lambda: key, "mailto:a@example.com", COMPOSE),
        "publish_webhook": Webhook({}, lambda: b""),
    }[name]
    url = f"{scheme}://{host}/topic"
    target = Browser().subscription(url) if name == "push" else url
    values = {"target": "t", "file": "x.md", "sanitised": False}
    failed = failure(channel, Message("k", "page:1", "page.notification", target, "s", "b", values, ""))
    assert failed.permanent
    assert "internal address" in str(failed)
    channel._outgoing.close()
