"""One rig per channel: how the contract suite builds it, misleads it, and reads what reached the other side. A channel without a rig fails the suite."""

from __future__ import annotations

import io
import json
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import trustme

from tests.channels.servers import twilio as twilio_server
from tests.channels.servers.ntfy import TOKEN, ntfy_server
from tests.channels.servers.push import PushService
from tests.channels.servers.smtp import PASSWORD, USER, MailServer
from tests.channels.servers.web import Received, Reply, WebServer
from tests.channels.servers.webhook import SECRET, webhook_receiver
from tocsin.channels.apprise.client import Apprise
from tocsin.channels.console.client import Console
from tocsin.channels.email.client import Email
from tocsin.channels.file.client import FileOutbox
from tocsin.channels.folder.client import Folder
from tocsin.channels.git.client import Git
from tocsin.channels.ntfy.client import Ntfy
from tocsin.channels.options import MailOptions, NtfyOptions, TwilioOptions
from tocsin.channels.push.client import Push, new_key
from tocsin.channels.twilio.client import Sms, Voice
from tocsin.channels.webhook.client import PageWebhook, Webhook
from tocsin.engine.ports import Message
from tocsin.paging.wording import composer

SECONDS = 0.6
"""The deadline that channels get in these tests."""
NOW = datetime(2025, 10, 27, 14, 25, tzinfo=UTC)
BASE = "https://tocsin.example.com"
COMPOSE = composer(BASE, lambda: b"a link key", lambda: NOW)
PAGE: dict[str, Any] = {
    "page": "PG-1", "person": "ana", "name": "Ana", "number": 12, "title": "High error rate in payment API", "urgency": "high", "word": "SEV-1",
    "value": "8.4%", "threshold": "5%", "dashboard": "https://grafana.example.com/d/1", "runbook": "https://wiki.example.com/rb", "service": "payment-api",
    "why": "you are on call in the schedule payments", "next": "at 14:30 UTC person:bo is called", "sent_at": NOW.isoformat(),
}  # fmt: skip


class Rig(ABC):
    """A channel with the other side that it talks to."""

    name: ClassVar[str]
    network = True
    again: ClassVar[tuple[int, ...]] = (408, 425, 429, 500, 502, 503, 504, 507, 599)
    """Answers after which it is tried again …"""
    final: ClassVar[tuple[int, ...]] = (400, 401, 403, 404, 405, 409, 410, 413, 415, 422)
    """… and after which it is not."""
    hears_wait: ClassVar[bool] = True
    """Whether the other side can ask for rest, and is heard."""
    seconds = SECONDS

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = trustme.CA()
        self.certificates = str(folder / "authority.pem")
        self.authority.cert_pem.write_to_path(self.certificates)
        self._closing: list[Callable[[], None]] = []

    @abstractmethod
    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        """Return the channel, its other side up. secure: by TLS. trusted: it knows the authority."""

    def message(self, key: str = "page:PG-1:1:ana:way", kind: str = "page.notification", **values: Any) -> Message:
        """Return a message to somebody on the other side."""
        said = {**PAGE, **values}
        return Message(key, "page:PG-1", kind, self.target(), "subject", "body", said, said["sent_at"])

    @abstractmethod
    def target(self) -> str:
        """Return the contact's value."""

    @abstractmethod
    def arrived(self) -> list[Any]:
        """Return what arrived, oldest first."""

    @abstractmethod
    def key_of(self, arrived: Any) -> str:
        """Return by what the other side tells a repeat."""

    @abstractmethod
    def text_of(self, arrived: Any) -> str:
        """Return what the other side would show to a person."""

    def secrets(self) -> tuple[str, ...]:
        """Return what no error may say."""
        return ()

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        """Make the other side answer the next message with a status."""
        raise NotImplementedError

    def trouble(self, kind: str) -> None:
        """Make the other side misbehave at the next message: hang, drip, garbage, hangup, endless."""
        raise NotImplementedError

    def leave(self) -> None:
        """Take the other side away: its port is closed."""
        raise NotImplementedError

    def keep(self, channel: Any) -> Any:
        """Close a channel with the rig."""
        if hasattr(channel, "close"):
            self._closing.append(channel.close)
        outgoing = getattr(channel, "_outgoing", None)
        if outgoing is not None:
            self._closing.append(outgoing.close)
        return channel

    def close(self) -> None:
        """Take everything away."""
        for one in self._closing:
            with suppress(RuntimeError):
                one()


class WebRig(Rig):
    """A channel that speaks HTTP to a server that lies inside, and is allowed."""

    web: WebServer | None = None

    def certificate(self, *, secure: bool) -> trustme.LeafCert | None:
        """Return the server's certificate."""
        return self.authority.issue_cert("127.0.0.1") if secure else None

    def trust(self, *, trusted: bool) -> str:
        """Return the file of authorities that the channel gets."""
        return self.certificates if trusted else ""

    def serve(self, web: WebServer) -> WebServer:
        """Keep a server until the rig is closed."""
        self.web = web
        self._closing.append(web.close)
        return web

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        assert self.web is not None
        body = json.dumps({"error": "told so", "message": "told so", "code": 1}).encode()
        self.web.script.append(Reply(status, body, headers or {}))

    def trouble(self, kind: Any) -> None:
        assert self.web is not None
        self.web.script.append(kind)

    def leave(self) -> None:
        assert self.web is not None
        self._closing.remove(self.web.close)
        self.web.close()

    def arrived(self) -> list[Any]:
        assert self.web is not None
        return self.web.received


class WebhookRig(WebRig):
    name = "webhook"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        web = self.serve(webhook_receiver(self.certificate(secure=secure)))
        return self.keep(PageWebhook(lambda: SECRET, COMPOSE, (web.host,), self.seconds, self.trust(trusted=trusted)))

    def target(self) -> str:
        assert self.web is not None
        return f"{self.web.url.replace('://', '://user:s3cretword@')}/hook/s3cretpath?token=s3crettoken"

    def secrets(self) -> tuple[str, ...]:
        return ("s3cretword", "s3cretpath", "s3crettoken", SECRET.decode())

    def key_of(self, arrived: Received) -> str:
        return arrived.headers["idempotency-key"]

    def text_of(self, arrived: Received) -> str:
        said = json.loads(arrived.body)
        return f"{said['subject']}\n{said['body']}"


class PublishWebhookRig(WebhookRig):
    name = "publish_webhook"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        self.serve(webhook_receiver(self.certificate(secure=secure)))
        return self.keep(Webhook({"wiki": self.target()}, lambda: SECRET, self.seconds, self.trust(trusted=trusted)))

    def message(self, key: str = "k", kind: str = "postmortem.document", **values: Any) -> Message:
        said = {"target": "wiki", "file": "INC-1.md", "sanitised": False, **values}
        title = str(values.get("title", "Postmortem"))
        return Message(key, "postmortem:INC-1", "postmortem.document", "wiki", title, f"# {title}\n", said, NOW.isoformat())

    def text_of(self, arrived: Received) -> str:
        said = json.loads(arrived.body)
        return f"{said['title']}\n{said['document']}"


class NtfyRig(WebRig):
    name = "ntfy"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        web = self.serve(ntfy_server(self.certificate(secure=secure)))
        return self.keep(Ntfy(NtfyOptions(web.url, TOKEN), COMPOSE, (), self.seconds, self.trust(trusted=trusted)))

    def target(self) -> str:
        return "private-s3crettopic"

    def secrets(self) -> tuple[str, ...]:
        return ("s3crettopic", TOKEN)

    def key_of(self, arrived: Received) -> str:
        return str(json.loads(arrived.body)["sequence_id"])

    def text_of(self, arrived: Received) -> str:
        said = json.loads(arrived.body)
        return f"{said['title']}\n{said['message']}"


class PushRig(WebRig):
    name = "push"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        self.service = PushService(self.certificate(secure=secure))
        self.serve(self.service.web)
        key = new_key()
        allowed = (self.service.web.host,)
        return self.keep(Push(lambda: key, "mailto:ops@example.com", COMPOSE, allowed, self.seconds, self.trust(trusted=trusted)))

    def target(self) -> str:
        return self.service.contact

    def secrets(self) -> tuple[str, ...]:
        return ("s3cretdevice", "vapid", "MDEyMzQ1Njc4OWFiY2RlZg")

    def key_of(self, arrived: Received) -> str:
        return arrived.headers["topic"] + str(json.loads(self.service.browser.read(arrived.body))["key"])

    def text_of(self, arrived: Received) -> str:
        said = json.loads(self.service.browser.read(arrived.body))
        return f"{said['title']}\n{said['body']}"


class AppriseRig(WebRig):
    """Apprise's JSON service stands for the others: what it sends is Apprise's, what is kept to is ours."""

    name = "apprise"
    hears_wait = False  # Apprise tells a status at most
    seconds = 6.0  # it is a process that loads a large library

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        web = self.serve(WebServer(lambda got: Reply(200 if "message" in json.loads(got.body) else 400), self.certificate(secure=secure)))
        return self.keep(Apprise(COMPOSE, (web.host,), self.seconds, self.trust(trusted=trusted)))

    def target(self) -> str:
        assert self.web is not None
        return f"json{'s' if self.web.secure else ''}://user:s3cretword@{self.web.host}/s3cretpath?+X-Token=s3crettoken&rto=1&cto=1"

    def secrets(self) -> tuple[str, ...]:
        return ("s3cretword", "s3cretpath", "s3crettoken")

    def key_of(self, arrived: Received) -> str:
        return str(json.loads(arrived.body)["message"]).rpartition("Ref. ")[2]

    def text_of(self, arrived: Received) -> str:
        said = json.loads(arrived.body)
        return f"{said['title']}\n{said['message']}"


class TwilioRig(WebRig):
    maker: ClassVar[Any]

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        self.account = twilio_server.Twilio(self.certificate(secure=secure))
        web = self.serve(self.account.web)
        options = TwilioOptions(twilio_server.ACCOUNT, twilio_server.TOKEN, twilio_server.NUMBER, web.url)
        return self.keep(self.maker(options, BASE, COMPOSE, (), self.seconds, self.trust(trusted=trusted)))

    def target(self) -> str:
        return "+351 912 345 678"

    def secrets(self) -> tuple[str, ...]:
        return (twilio_server.TOKEN, twilio_server.ACCOUNT)

    def key_of(self, arrived: Received) -> str:
        return arrived.form["StatusCallback"]


class SmsRig(TwilioRig):
    name = "sms"
    maker = Sms

    def text_of(self, arrived: Received) -> str:
        return arrived.form["Body"]


class VoiceRig(TwilioRig):
    name = "voice"
    maker = Voice

    def text_of(self, arrived: Received) -> str:
        return arrived.form["Twiml"]


class EmailRig(Rig):
    """A mail server. Its codes stand for statuses."""

    name = "email"
    again = (421, 450, 451, 452)
    final = (550, 551, 552, 553, 554)
    hears_wait = False  # SMTP has no word for it
    server: MailServer | None = None
    _raw: socket.socket | None = None

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        self.server = MailServer(self.authority.issue_cert("127.0.0.1") if secure else None, auth=secure)
        self._closing.append(self.server.close)
        return self._made(self.server.address, secure=secure, trusted=trusted)

    def _made(self, address: str, *, secure: bool, trusted: bool) -> Any:
        self.options = MailOptions(
            address, "starttls" if secure else "none", USER if secure else "", PASSWORD if secure else "", "Tocsin <tocsin@example.com>",
            self.certificates if trusted else "",
        )  # fmt: skip
        self.made = self.keep(Email(self.options, COMPOSE, self.seconds))
        return self.made

    def target(self) -> str:
        return "ana@example.com"

    def secrets(self) -> tuple[str, ...]:
        return (PASSWORD,)

    def answer(self, status: int, headers: dict[str, str] | None = None) -> None:
        assert self.server is not None
        self.server.recipients.append(f"{status} 4.2.0 {self.options.password} is not what I want to hear")

    def trouble(self, kind: str) -> None:
        from tests.channels.servers.raw import RawServer

        raw = RawServer(kind)
        self._closing.append(raw.close)
        self.made._host, self.made._port = "127.0.0.1", raw.port

    def leave(self) -> None:
        assert self.server is not None
        self._closing.remove(self.server.close)
        self.server.close()

    def arrived(self) -> list[Any]:
        assert self.server is not None
        return self.server.mails

    def key_of(self, arrived: Any) -> str:
        return str(arrived["message-id"])

    def text_of(self, arrived: Any) -> str:
        return f"{arrived['subject']}\n{arrived.get_body(('plain',)).get_content()}"


class LocalRig(Rig):
    """A channel that reaches nobody by a network."""

    network = False

    def target(self) -> str:
        return "ana"


class ConsoleRig(LocalRig):
    name = "console"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        self.screen = io.StringIO()
        return Console(self.screen, COMPOSE)

    def arrived(self) -> list[Any]:
        return [one for one in self.screen.getvalue().split("→ ") if one]

    def key_of(self, arrived: str) -> str:
        return ""

    def text_of(self, arrived: str) -> str:
        return arrived

    def leave(self) -> None:
        self.screen.close()


class FileRig(LocalRig):
    name = "file"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        return FileOutbox(self.folder / "outbox", COMPOSE)

    def arrived(self) -> list[Any]:
        return sorted((self.folder / "outbox").glob("*.json"), key=lambda file: file.stat().st_mtime_ns)

    def key_of(self, arrived: Path) -> str:
        return arrived.name

    def text_of(self, arrived: Path) -> str:
        said = json.loads(arrived.read_text())
        return f"{said['subject']}\n{said['body']}"

    def leave(self) -> None:
        (self.folder / "outbox").write_text("not a folder")


class PublishRig(LocalRig):
    def message(self, key: str = "k", kind: str = "postmortem.document", **values: Any) -> Message:
        said = {"target": "wiki", "file": "INC-1.md", "sanitised": False, **values}
        title = str(values.get("title", "Postmortem"))
        return Message(key, "postmortem:INC-1", "postmortem.document", "wiki", title, f"# {title}\n", said, NOW.isoformat())

    def text_of(self, arrived: Path) -> str:
        return arrived.read_text()


class FolderRig(PublishRig):
    name = "publish_folder"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        return Folder(self.folder / "published", {})

    def arrived(self) -> list[Any]:
        return sorted((self.folder / "published").rglob("*.md"))

    def key_of(self, arrived: Path) -> str:
        return arrived.name

    def leave(self) -> None:
        (self.folder / "published").write_text("not a folder")


class GitRig(PublishRig):
    name = "publish_git"

    def channel(self, *, secure: bool = False, trusted: bool = True) -> Any:
        import subprocess

        work = self.folder / "published" / "wiki"
        work.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", str(work)], check=True)
        return Git(self.folder / "published", {})

    def arrived(self) -> list[Any]:
        return sorted((self.folder / "published" / "wiki").glob("*.md"))

    def key_of(self, arrived: Path) -> str:
        return arrived.name

    def leave(self) -> None:
        (self.folder / "published" / "wiki" / ".git" / "index.lock").touch()


RIGS: dict[str, type[Rig]] = {
    rig.name: rig
    for rig in (
        ConsoleRig, FileRig, EmailRig, PushRig, NtfyRig, WebhookRig, AppriseRig, SmsRig, VoiceRig, FolderRig, GitRig, PublishWebhookRig,
    )
}  # fmt: skip
