"""Subscribing: proved by its owner, one message each, no address kept longer than it is wanted."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.channels.servers.smtp import MailServer
from tests.channels.servers.web import Received, Reply, WebServer
from tests.status.scene import components, tell
from tests.web_pages.test_pages import words
from tests.world import World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.channels.options import ChannelOptions, MailOptions
from tocsin.comms.status import subscriber as s
from tocsin.comms.status.names import public_id
from tocsin.comms.status.tables import subscribers
from tocsin.engine import tables

BASE = "https://status.example.com"


def receiver() -> WebServer:
    """A webhook of somebody's, which answers our challenge."""

    def judge(got: Received) -> Reply:
        said = json.loads(got.body)
        return Reply(200, json.dumps({"challenge": said["challenge"]}).encode()) if said["kind"] == "status.challenge" else Reply(204, b"")

    return WebServer(judge)


class Reached(World):
    """An installation with a mail server, and a network in which one webhook lies."""

    mail: MailServer
    hook: WebServer

    def _build(self) -> App:
        self.mail, self.hook = MailServer(), receiver()
        options = ChannelOptions(
            mail=MailOptions(self.mail.address, "none", sender="Tocsin <tocsin@example.com>"), allow_internal=(self.hook.host,)
        )
        app = build(
            Options(data=self.folder, default_playbook=self.playbook, clock=self.clock, console=Quiet(), public_url=BASE, channels=options)
        )
        start(app)
        return app

    def close(self) -> None:
        super().close()
        for channel in self.app.runtime.channels.values():
            if hasattr(channel, "close"):
                channel.close()
        self.mail.close()
        self.hook.close()

    def subscribe(self, address: str, **more: str) -> str:
        """Ask for updates on the public page; return what it says."""
        answer = self.send_form("/status/subscribe", {"way": "email", "address": address, **more}, person="")
        self.app.runtime.settle()
        assert answer.status == 200, words(answer.text)
        return words(answer.text)

    def link(self, number: int = -1) -> str:
        """Return the path of the subscription's own page from a mail."""
        text = self.mail.mails[number].get_body(("plain",)).get_content()  # type: ignore[union-attr]
        found = re.search(rf"{BASE}(/status/subscription/[\w.-]+)", text)
        assert found is not None, text
        return found.group(1)

    def join(self, address: str) -> str:
        """Subscribe and confirm; return the path of the subscription's page."""
        self.subscribe(address)
        link = self.link()
        assert self.send_form(link, {"do": "confirm"}, person="").status == 200
        return link

    def everything(self) -> str:
        """Return every text that the database holds beside the subscribers themselves."""
        with self.app.runtime.database.reading() as connection:
            rows: list[Any] = []
            for table in tables.metadata.sorted_tables:
                if table.name not in ("status_subscribers", "blobs"):
                    rows += [tuple(map(str, row)) for row in connection.execute(sa.select(table))]
        return "\n".join("\t".join(row) for row in rows)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Reached]:
    made = Reached(tmp_path / "data")
    yield made
    made.close()


@pytest.fixture
def incident(world: Reached) -> str:
    components(world)
    world.at("14:30")
    return world.declare(impact="50 % of payment transactions fail", started_at="2025-10-27T14:20:00Z")


def test_an_address_gets_updates_only_after_its_owner_pressed_the_button_behind_the_link(world: Reached, incident: str) -> None:
    assert "Look into your mail" in world.subscribe("ana@example.com")
    (confirm,) = world.mail.mails
    assert confirm["subject"] == "Confirm that you want updates from Our services"
    shown = world.page(world.link(), person="")
    assert "Yes, send me updates" in shown.text
    tell(world, incident)
    world.app.runtime.settle()
    assert len(world.mail.mails) == 1  # opening the link was no consent
    world.send_form(world.link(), {"do": "confirm"}, person="")
    tell(world, incident, headline="Cards fail")
    world.app.runtime.settle()
    update = world.mail.mails[-1]
    assert (len(world.mail.mails), update["to"]) == (2, "ana@example.com")
    text = update.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "50 % of payment transactions fail" in text
    assert f"{BASE}/status/incidents/{public_id(incident)}" in text


def test_each_mail_lets_its_reader_leave_with_one_press_and_the_address_is_gone(world: Reached, incident: str) -> None:
    world.join("ana@example.com")
    tell(world, incident)
    world.app.runtime.settle()
    header = str(world.mail.mails[-1]["list-unsubscribe"])
    assert world.mail.mails[-1]["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    path = header.strip("<>").removeprefix(BASE)
    assert world.page(path, person="").status == 200
    with world.app.runtime.database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(subscribers)).scalar() == 1  # looking is not leaving
    assert "You have left" in world.send_form(path, {"List-Unsubscribe": "One-Click"}, person="").text
    with world.app.runtime.database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(subscribers)).scalar() == 0
    before = len(world.mail.mails)
    tell(world, incident)
    world.app.runtime.settle()
    assert len(world.mail.mails) == before
    assert world.page(path, person="").status == 404


def test_no_fact_and_no_message_holds_an_address(world: Reached, incident: str) -> None:
    world.join("ana@example.com")
    tell(world, incident)
    world.app.runtime.settle()
    assert "ana@example.com" not in world.everything()


def test_who_asks_learns_nothing_about_who_subscribed(world: Reached) -> None:
    unknown = world.subscribe("new@example.com")
    world.join("known@example.com")
    world.advance(minutes=30)
    assert world.subscribe("known@example.com") == unknown
    assert "You get updates from Our services already" in str(world.mail.mails[-1]["subject"])


def test_nobody_is_written_to_again_and_again(world: Reached) -> None:
    for _ in range(5):
        world.subscribe("ana@example.com")
    assert len(world.mail.mails) == 1
    world.advance(minutes=11)
    world.subscribe("Ana@EXAMPLE.com")
    assert len(world.mail.mails) == 2


def test_too_many_subscriptions_from_one_place_are_turned_away(world: Reached) -> None:
    for number in range(10):
        world.subscribe(f"a{number}@example.com")
    answer = world.send_form("/status/subscribe", {"way": "email", "address": "last@example.com"}, person="")
    assert answer.status == 429
    assert "Too many subscriptions" in words(answer.text)
    assert 'value="last@example.com"' in answer.text


def test_a_program_that_fills_in_what_no_person_sees_is_thanked_and_forgotten(world: Reached) -> None:
    assert "Look into your mail" in world.subscribe("bot@example.com", website="https://spam.example")
    assert world.mail.mails == []


def test_what_is_no_address_is_named_and_kept_in_the_form(world: Reached) -> None:
    answer = world.send_form("/status/subscribe", {"way": "email", "address": "not an address"}, person="")
    assert answer.status == 422
    assert "That is no mail address." in words(answer.text)
    assert 'value="not an address"' in answer.text


def test_a_link_that_is_not_ours_opens_nothing(world: Reached) -> None:
    link = world.join("ana@example.com")
    assert world.page(link[:-2] + "xx", person="").status == 404
    assert world.page("/status/subscription/nothing", person="").status == 404


def test_who_chose_systems_hears_of_those_alone(world: Reached, incident: str) -> None:
    cards, search = (public_id(f"component:{service}") for service in ("payment-api", "search"))
    for address, chosen in (("cards@example.com", cards), ("search@example.com", search)):
        link = world.join(address)
        world.send_form(link, {"do": "choose", "component": chosen}, person="")
    before = len(world.mail.mails)
    tell(world, incident)
    world.app.runtime.settle()
    assert [mail["to"] for mail in world.mail.mails[before:]] == ["cards@example.com"]


def test_an_address_that_nobody_confirmed_is_forgotten_after_a_week(world: Reached) -> None:
    world.subscribe("ana@example.com")
    world.advance(days=6)
    assert world.get("/api/v1/status-page/subscribers")["counts"]["pending"] == 1
    world.advance(days=2)
    assert world.get("/api/v1/status-page/subscribers")["counts"]["pending"] == 0


def many(world: World, count: int) -> None:
    """Write down so many subscribers who have confirmed."""

    def write(connection: Any) -> dict[str, Any]:
        rows = [
            {
                "id": f"{number:016x}", "way": "email", "address": f"r{number}@example.com", "digest": s.digest_of("email", f"r{number}@example.com"),
                "contact": "", "components": "[]", "state": "active", "secret": "x", "written": 1, "created_at": 1, "asked_at": 1, "confirmed_at": 1,
                "failures": 0, "failed_at": None, "why": "",
            }
            for number in range(count)
        ]  # fmt: skip
        connection.execute(sa.insert(subscribers), rows)
        return {}

    world.app.runtime.write(write)


def test_hundreds_get_one_message_each_in_chunks_and_a_restart_in_the_middle_sends_none_twice(world: Reached, incident: str) -> None:
    many(world, 110)
    tell(world, incident)
    state = world.app.runtime.state("mailing", f"{incident}.{world.get(f'/incidents/{incident}/updates')['updates'][0]['fact']}")
    assert (state.count, state.over) == (0, False)  # the update itself waited for nobody
    world.app.runtime.timers.run_due()
    world.mail.close()
    world.restart()
    world.app.runtime.settle()
    sent = [str(mail["to"]) for mail in world.mail.mails]
    assert len(sent) == 110
    assert len(set(sent)) == 110
    told = world.get(f"/incidents/{incident}/updates")["updates"][0]
    assert told["subscribers"] == {"sent": 110}


def test_what_is_taken_back_is_sent_to_nobody_more(world: Reached, incident: str) -> None:
    many(world, 3)
    fact = tell(world, incident)["fact"]
    world.post(f"/incidents/{incident}/entries/redact", {"fact": fact, "reason": "a slip"})
    world.app.runtime.settle()
    assert world.mail.mails == []


# -- webhooks -------------------------------------------------------------------------------------------------


def hooked(world: Reached) -> tuple[str, str]:
    """Subscribe the webhook; return its secret and the path of its page."""
    answer = world.send_form(
        "/status/subscribe", {"way": "webhook", "address": f"http://{world.hook.host}/here", "contact": "ops@example.com"}, person=""
    )
    assert answer.status == 200, words(answer.text)
    world.app.runtime.settle()
    secret = re.search(r'class="secret">([^<]+)<', answer.text)
    manage = re.search(r'href="(/status/subscription/[^"]+)"', answer.text)
    assert secret is not None
    assert manage is not None
    return secret.group(1), manage.group(1)


def test_a_webhook_proves_itself_by_our_challenge_and_then_gets_signed_updates_in_the_shape_of_statuspage(
    world: Reached, incident: str
) -> None:
    secret, manage = hooked(world)
    assert "gets updates" in words(world.page(manage, person="").text)
    tell(world, incident, headline="Cards fail")
    world.app.runtime.settle()
    got = world.hook.received[-1]
    proof = "sha256=" + hmac.new(secret.encode(), got.body, hashlib.sha256).hexdigest()
    assert got.headers["x-tocsin-signature"] == proof
    assert got.headers["idempotency-key"]
    said = json.loads(got.body)
    assert (said["incident"]["name"], said["incident"]["status"], said["page"]["name"]) == ("Cards fail", "investigating", "Our services")
    assert incident not in got.body.decode()


def test_a_webhook_that_does_not_know_the_challenge_gets_nothing(world: Reached, incident: str) -> None:
    world.hook.script.extend([Reply(200, b"ok")])
    _, manage = hooked(world)
    assert "has not answered its challenge yet" in words(world.page(manage, person="").text)
    before = len(world.hook.received)
    tell(world, incident)
    world.app.runtime.settle()
    assert len(world.hook.received) == before
    world.send_form(manage, {"do": "enable"}, person="")
    world.app.runtime.settle()
    assert "gets updates" in words(world.page(manage, person="").text)


@pytest.mark.parametrize(
    "address",
    [
        "https://127.0.0.1/x",
        "https://localhost/x",
        "https://10.0.0.8/x",
        "http://example.com/x",
        "ftp://example.com",
        "https://u:p@example.com/",
    ],
)
def test_addresses_inside_without_tls_or_with_a_password_are_refused(world: Reached, address: str) -> None:
    answer = world.send_form("/status/subscribe", {"way": "webhook", "address": address}, person="")
    assert answer.status == 422, address


def test_a_webhook_that_fails_again_and_again_is_stopped_its_owner_hears_of_it_and_can_start_it_again(
    world: Reached, incident: str
) -> None:
    _, manage = hooked(world)
    for _ in range(s.MOST_FAILURES):
        world.hook.script.append(Reply(410))
        tell(world, incident)
        world.app.runtime.settle()
    assert world.mail.mails[-1]["to"] == "ops@example.com"
    assert "is stopped" in str(world.mail.mails[-1]["subject"])
    (row,) = world.get("/api/v1/status-page/subscribers")["subscribers"]
    assert (row["state"], row["failures"]) == ("stopped", s.MOST_FAILURES)
    before = len(world.hook.received)
    tell(world, incident)
    world.app.runtime.settle()
    assert len(world.hook.received) == before
    world.send_form(manage, {"do": "enable"}, person="")
    world.app.runtime.settle()
    tell(world, incident)
    world.app.runtime.settle()
    assert json.loads(world.hook.received[-1].body)["kind"] == "status.update"


def test_one_success_forgives_what_failed_before(world: Reached, incident: str) -> None:
    hooked(world)
    world.hook.script.append(Reply(410))
    for _ in range(2):
        tell(world, incident)
        world.app.runtime.settle()
    (row,) = world.get("/api/v1/status-page/subscribers")["subscribers"]
    assert (row["failures"], row["state"]) == (0, "active")


# -- managers -------------------------------------------------------------------------------------------------


def test_managers_see_who_subscribed_and_remove_them_and_the_record_says_who_did(world: Reached) -> None:
    world.join("ana@example.com")
    (row,) = world.get("/api/v1/status-page/subscribers")["subscribers"]
    assert (row["address"], row["state"]) == ("ana@example.com", "active")
    assert "secret" not in row
    assert world.form("/settings/subscribers", "/settings/subscribers/remove").status == 303
    assert world.get("/api/v1/status-page/subscribers")["subscribers"] == []
    facts = world.app.runtime.facts("status_page", "main")
    assert facts[-1].type == "status_page.subscriber_removed"
    assert "ana@example.com" not in world.everything()


def test_somebody_can_be_asked_but_not_signed_up(world: Reached) -> None:
    world.post("/api/v1/status-page/subscribers", {"address": "board@example.com"})
    world.app.runtime.settle()
    assert len(world.mail.mails) == 1
    assert world.get("/api/v1/status-page/subscribers")["counts"] == {"active": 0, "pending": 1, "stopped": 0}
    answer = world.form("/settings/subscribers", "/settings/subscribers", {"way": "email", "address": "press@example.com"})
    assert "A confirmation is on its way to press@example.com" in words(answer.text)
    assert world.form("/settings/subscribers", "/settings/subscribers", {"way": "email", "address": "nonsense"}).status == 422


def test_a_page_that_takes_no_subscriptions_points_to_its_feeds(world: Reached) -> None:
    world.post("/api/v1/status-page", {"name": "Us", "subscribing": False})
    answer = world.page("/status/subscribe", person="")
    assert answer.status == 404
    assert "/status/history.rss" in answer.text
    assert "Subscribe</a>" not in world.page("/status", person="").text
