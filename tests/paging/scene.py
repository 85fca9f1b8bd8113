"""An installation whose telephones are recorders: what leaves the house is kept, and a way can be made to fail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.world import START, World
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.model import Actor
from tocsin.engine.ports import ChannelFailed, Message
from tocsin.people.commands import ConfirmCode, SendCode

WAYS = ("sms", "voice", "email", "push")


@dataclass(frozen=True)
class Sent:
    """One message that left."""

    at: datetime
    to: str
    way: str
    kind: str
    key: str
    text: str
    values: dict[str, Any]


@dataclass
class Phone:
    """A channel that keeps what it is given. It outlives the installation, as a telephone does."""

    name: str
    log: list[Sent]
    now: Any
    broken: dict[str, bool] = field(default_factory=dict)
    """Address -> whether it fails for good."""

    def send(self, message: Message) -> str:
        if message.target in self.broken:
            raise ChannelFailed(f"{message.target} does not answer", permanent=self.broken[message.target])
        self.log.append(
            Sent(
                self.now(), message.values.get("person") or message.target, self.name, message.kind, message.key, f"{message.subject}\n{message.body}",
                message.values,
            )
        )  # fmt: skip
        return f"receipt-{len(self.log)}"


class Scene(World):
    """A world with telephones."""

    def __init__(
        self, folder: Path, start_at: datetime = START, playbook: str = "house", audit_every: timedelta | None = None, database: str = ""
    ) -> None:
        self.log: list[Sent] = []
        self.database = database
        self.audit_every = audit_every
        self.phones = {way: Phone(way, self.log, self._now) for way in WAYS}
        super().__init__(folder, start_at, playbook)

    def _now(self) -> datetime:
        return self.now

    def _build(self) -> App:
        app = build(
            Options(
                data=self.folder,
                database_url=self.database,
                default_playbook=self.playbook,
                clock=self.clock,
                console=Quiet(),
                audit_every=self.audit_every,
            )
        )
        channels: Any = app.runtime.channels
        channels.update(self.phones)
        start(app)
        return app

    # -- who there is -----------------------------------------------------------------------------

    def person(self, name: str, *ways: str, rules: list[tuple[str, str]] | None = None, proved: bool = True, **more: Any) -> str:
        """Write somebody down with ways (``sms``, or ``sms=+351…``); each is proved by its code, as people do it. rules: way and delay."""
        contacts = [{"kind": way.partition("=")[0], "value": way.partition("=")[2] or address(name, way)} for way in ways]
        more["rules"] = [{"contact": way, "after": after} for way, after in rules or []] + list(more.get("rules", []))
        self.post(f"/people/{name}", {"name": name.capitalize(), "contacts": contacts, **more})
        if proved:
            for way in ways:
                self.prove(name, way.partition("=")[0])
        return name

    def prove(self, name: str, contact: str) -> None:
        """Prove a way by the code that comes by it."""
        runtime, actor = self.app.runtime, Actor("person", name)
        runtime.commit_now("person", name, SendCode(contact), actor)
        runtime.settle()
        code = next(one.values["code"] for one in reversed(self.log) if one.kind == "person.verify")
        runtime.commit_now("person", name, ConfirmCode(contact, code), actor)
        self.log[:] = [one for one in self.log if one.kind != "person.verify"]

    def policy(self, name: str, *steps: Any, **more: Any) -> str:
        """Write a policy down; a step is a list of targets, or a mapping."""
        made = [step if isinstance(step, dict) else {"to": step} for step in steps]
        self.post(f"/policies/{name}", {"steps": made, **more})
        return name

    def call(self, **body: Any) -> str:
        """Open a page and return its id; what is due at once has left."""
        made = self.post("/pages", {"title": "Checkout errors", **body})
        self.app.runtime.settle()
        return str(made["page"])

    def act(self, page: str, what: str, person: str = "alice", **body: Any) -> dict[str, Any]:
        """Do something to a page and return the answer."""
        answer: dict[str, Any] = self.post(f"/pages/{page}/{what}", body, person)
        self.app.runtime.settle()
        return answer

    def view(self, page: str) -> dict[str, Any]:
        """Return a page."""
        found: dict[str, Any] = self.get(f"/pages/{page}")
        return found

    def broken(self, way: str, name: str, *, for_good: bool = True) -> None:
        """Have a way to somebody fail from now on."""
        self.phones[way].broken[address(name, way)] = for_good

    def mended(self, way: str, name: str) -> None:
        """Have it work again."""
        self.phones[way].broken.pop(address(name, way), None)

    # -- what left --------------------------------------------------------------------------------

    def calls(self, begin: datetime = START) -> list[str]:
        """Return what pages have sent so far, as ``5 ana sms``: minutes since the beginning, person, way."""
        pages = [one for one in self.log if one.kind in ("page.notification", "page.test")]
        return [f"{(one.at - begin).total_seconds() / 60:g} {one.to} {one.way}" for one in pages]

    def ends(self) -> list[str]:
        """Return who was told by which way that it is over."""
        return [f"{one.to} {one.way}" for one in self.log if one.kind == "page.status"]

    def story(self, page: str) -> list[str]:
        """Return the sentences of a page's story."""
        return [line["text"] for line in self.view(page)["story"]]


def address(name: str, way: str) -> str:
    """Return the address of somebody by a way."""
    number = sum(ord(letter) * (index + 1) for index, letter in enumerate(name)) % 100_000
    return {"email": f"{name}@example.com", "push": PUSH % number}.get(way, f"+3519{number:08}")


PUSH = '{"endpoint": "https://push.example.com/%d", "keys": {"p256dh": "key", "auth": "secret"}}'
