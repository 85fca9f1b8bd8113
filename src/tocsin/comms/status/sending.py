"""The channels that carry updates to subscribers: mail and signed webhooks. An address is looked up when its message leaves, and stands in no other row."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from tocsin.channels.abilities import Abilities
from tocsin.channels.email.client import Email
from tocsin.channels.notice import Notice
from tocsin.channels.options import MailOptions
from tocsin.channels.outgoing import Outgoing, host_of, judge
from tocsin.channels.standing import Standing
from tocsin.channels.webhook.client import SIGNATURE, sign
from tocsin.comms.status import letters, tokens
from tocsin.comms.status import subscriber as s
from tocsin.comms.status.names import public_id
from tocsin.engine.clock import SystemClock
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 8.0
_GONE: Final = 410
Known = Callable[[str], s.Row | None]
"""The subscriber of an id; None where there is none any more."""
Shown = Callable[[], tuple[str, Mapping[str, Any]]]
"""The name of the page, and the page as its JSON has it."""
Incident = Callable[[str], Mapping[str, Any] | None]
"""An incident as the page's JSON has it."""


class StatusEmail:
    """Sends one mail to one subscriber, through the installation's mail server, on a lane of its own: pages never wait behind a mailing."""

    name = "status_email"
    abilities = Abilities(updates=True, address="a subscriber's id", key_travels="Message-ID")
    at_once = 4
    timeout_seconds = 15.0

    def __init__(self, options: MailOptions, known: Known, shown: Shown, key: Callable[[], bytes], public_url: str) -> None:
        self._known = known
        self._shown = shown
        self._key = key
        self._public_url = public_url.rstrip("/")
        self._email = Email(options, self._compose)

    def place(self, target: str) -> str:
        """All mail goes through one server."""
        return self._email.place(target)

    def standing(self) -> Standing:
        """Tell whether mails can be sent, with links that lead back."""
        if not self._public_url:
            return Standing(ready=False, says="The server does not know its own address.", fix="Start it with --public-url.")
        return self._email.standing()

    def send(self, message: Message) -> str:
        """Send the mail; return its Message-ID.

        Raises:
            ChannelFailed: the subscriber is gone, or the server did not take it.

        """
        row = _living(self._known(message.target), message.kind)
        address = row.contact if message.kind == s.STOPPED else row.address
        return self._email.send(_to(message, address))

    def close(self) -> None:
        """Hang up."""
        self._email.close()

    def _compose(self, message: Message, _channel: str) -> Notice:
        base = self._public_url
        manage = f"{base}/status/subscription/{tokens.sign(str(message.values['subscriber']), self._key())}" if base else ""
        incident = str(message.values.get("incident", ""))
        read = f"{base}/status/incidents/{public_id(incident)}" if base and incident else f"{base}/status" if base else ""
        return letters.letter(message, self._shown()[0], manage, read)


def _to(message: Message, address: str) -> Message:
    values = {**message.values, "subscriber": message.target}
    return Message(message.key, message.stream, message.kind, address, message.subject, message.body, values, message.at)


class StatusWebhook:
    """Posts one update to one subscriber's address, signed with the secret that they were shown once."""

    name = "status_webhook"
    abilities = Abilities(updates=True, address="a subscriber's id", key_travels="Idempotency-Key")
    at_once = 8
    timeout_seconds = _SECONDS + 2

    def __init__(self, known: Known, shown: Shown, incident: Incident, allowed: Collection[str] = (), certificates: str = "") -> None:
        self._known = known
        self._shown = shown
        self._incident = incident
        self._outgoing = Outgoing(_SECONDS, allowed, certificates)

    def place(self, target: str) -> str:
        """Each receiver limits the rate for itself."""
        row = self._known(target)
        return host_of(row.address) if row is not None else self.name

    def standing(self) -> Standing:
        """It needs no settings."""
        return Standing(ready=True, says="Requests are signed with the subscriber's own secret.")

    def send(self, message: Message) -> str:
        """Post the update; a challenge has to come back in the answer.

        Raises:
            ChannelFailed: the subscriber is gone, lies inside, or did not take it.

        """
        row = _living(self._known(message.target), message.kind)
        _, page = self._shown()
        incident = self._incident(str(message.values.get("incident", ""))) if message.values.get("incident") else None
        content = letters.posted(message, page, incident)
        challenge = ""
        if message.kind == s.CHALLENGE:
            challenge = secrets.token_urlsafe(24)
            content = {
                "version": 1,
                "kind": s.CHALLENGE,
                "key": letters.key_of(message),
                "at": message.at,
                "page": dict(page),
                "challenge": challenge,
            }
        body = json.dumps(content, ensure_ascii=False, sort_keys=True).encode(errors="replace")
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: sign(body, row.secret.encode()),
            "Idempotency-Key": letters.key_of(message),
        }
        answer = self._outgoing.post(row.address, body, headers)
        where = host_of(row.address)
        judge(answer, where, SystemClock().now(), final=(_GONE,))
        if challenge and challenge not in answer.text:
            raise ChannelFailed(f"{where} did not answer with the challenge", permanent=True)
        return f"{where} answered {answer.status}"

    def close(self) -> None:
        """Close the connections that are kept."""
        self._outgoing.close()


def _living(row: s.Row | None, kind: str) -> s.Row:
    """Return a subscriber to whom a message of this kind may go.

    Raises:
        ChannelFailed: there is none any more.

    """
    if row is None:
        raise ChannelFailed("the subscriber has left", permanent=True)
    if kind not in s.OWN and row.state != "active":
        raise ChannelFailed("the subscriber is stopped", permanent=True)
    return row
