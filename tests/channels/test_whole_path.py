"""From the page to the person and back: a real mail server, a push service that decrypts, and the button of the mail's link."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels.servers.push import PushService
from tests.channels.servers.smtp import MailServer
from tests.channels.test_link_pages import BASE, Reachable
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.channels.options import ChannelOptions, MailOptions


class Connected(Reachable):
    """An installation with a mail server and a push service."""

    mail: MailServer
    push: PushService

    def _build(self) -> App:
        self.mail, self.push = MailServer(), PushService()
        options = ChannelOptions(
            mail=MailOptions(self.mail.address, "none", sender="Tocsin <tocsin@example.com>"), allow_internal=(self.push.web.host,),
        )  # fmt: skip
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
            if hasattr(channel, "_outgoing"):
                channel._outgoing.close()
        self.mail.close()
        self.push.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Connected]:
    made = Connected(tmp_path / "data")
    yield made
    made.close()


def test_nobody_answers_the_push_the_second_is_mailed_on_time_and_acknowledges_by_the_link(world: Connected) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "push", "value": world.push.contact}]})
    world.post("/people/bo", {"name": "Bo", "contacts": [{"kind": "email", "value": "bo@example.com"}]})
    steps = [{"to": ["person:ana"], "wait": "5m"}, {"to": ["person:bo"], "wait": "5m"}]
    world.post("/policies/payments", {"steps": steps, "waive": "nobody has proved a way in this test"})
    page = str(
        world.post("/pages", {"title": "High error rate", "policy": "payments", "carries": {"word": "SEV-1", "value": "8.4%"}})["page"]
    )
    world.app.runtime.settle()
    assert [one["title"] for one in world.push.shown] == ["SEV-1: High error rate"]
    assert world.mail.mails == []

    world.advance(minutes=4)
    assert world.mail.mails == []
    world.advance(minutes=1)
    assert [str(mail["subject"]) for mail in world.mail.mails] == ["SEV-1: High error rate"]

    part = world.mail.mails[0].get_body(("plain",))
    assert part is not None
    link = re.findall(rf"Acknowledge: {BASE}(/a/\S+)", part.get_content())[0]
    world.visit("GET", link)
    assert world.get(f"/pages/{page}")["state"] == "open"
    assert world.visit("POST", f"{link}/acknowledge").status == 303
    found = world.get(f"/pages/{page}")
    assert found["state"] == "acknowledged"
    assert (found["acknowledged"][0]["person"], found["acknowledged"][0]["via"]) == ("bo", "email")

    world.post(f"/pages/{page}/resolve", {"why": "the deployment was rolled back"}, person="bo")
    world.app.runtime.settle()


def test_a_device_that_is_gone_makes_the_page_fall_through_at_once(world: Connected) -> None:
    ways = [{"kind": "push", "value": world.push.contact}, {"kind": "email", "value": "ana@example.com"}]
    rules = [{"contact": "push"}, {"contact": "email", "after": "10m"}]
    world.post("/people/ana", {"name": "Ana", "contacts": ways, "rules": rules})
    world.push.gone = True
    page = str(world.post("/pages", {"title": "High error rate", "targets": ["person:ana"]})["page"])
    world.app.runtime.settle()
    assert "the subscription is gone" in str(world.get(f"/pages/{page}"))
    assert len(world.mail.mails) == 1
