"""Signed webhooks: a document to where the administrator named (``publish_webhook``), a page to the address of a contact (``webhook``).

The header ``X-Tocsin-Signature`` is ``sha256=`` and the hexadecimal HMAC-SHA256 of the body under the installation's webhook secret;
``Idempotency-Key`` is the same for every try of one message.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.notice import Compose, digest, plain
from tocsin.channels.outgoing import Outgoing, host_of, judge
from tocsin.channels.standing import Standing
from tocsin.channels.webhook.message import content_of
from tocsin.engine.clock import SystemClock
from tocsin.engine.ports import ChannelFailed, Message

SIGNATURE: Final = "X-Tocsin-Signature"
_SECONDS: Final = 8.0
_LONGEST_KEY: Final = 255
_GONE: Final = 410


class Webhook:
    """Posts a document to the address that the administrator named for the target, or to the playbook's if that is public.

    secret: asked for at every message, so that it can be changed while the server runs.
    """

    name = "publish_webhook"
    abilities = ABILITIES["publish_webhook"]
    timeout_seconds = _SECONDS + 2

    def __init__(self, places: Mapping[str, str], secret: Callable[[], bytes], seconds: float = _SECONDS, certificates: str = "") -> None:
        self._places = places
        self._secret = secret
        named = [urlsplit(place).netloc.rpartition("@")[2] for place in places.values() if "://" in place]
        self._outgoing = Outgoing(seconds, named, certificates, setting="TOCSIN_PUBLISH_TO")

    def standing(self) -> Standing:
        """It needs no settings."""
        return Standing(ready=True, says="Documents go to the addresses of TOCSIN_PUBLISH_TO, and to public ones of a playbook.")

    def send(self, message: Message) -> str:
        """Post the document; return the status of the answer.

        Raises:
            ChannelFailed: there is no address, it is an internal one that nobody named, or the receiver did not take it.

        """
        target = str(message.values.get("target", ""))
        url = self._places.get(target) or message.target
        if urlsplit(url).scheme not in ("http", "https"):
            raise ChannelFailed(f"the target {target!r} has no address ({message.target!r}); name one in TOCSIN_PUBLISH_TO", permanent=True)
        content = {
            "kind": "postmortem", "title": message.subject, "file": message.values["file"], "sanitised": message.values["sanitised"],
            "format": "markdown", "document": message.body, "at": message.at,
        }  # fmt: skip
        return _post(self._outgoing, url, content, message.key, self._secret())


class PageWebhook:
    """Posts a page to the address that is the contact's value: to a gateway, a chat, a phone system of one's own."""

    name = "webhook"
    abilities = ABILITIES["webhook"]
    timeout_seconds = _SECONDS + 2

    def __init__(
        self,
        secret: Callable[[], bytes],
        compose: Compose = plain,
        allowed: Collection[str] = (),
        seconds: float = _SECONDS,
        certificates: str = "",
    ) -> None:
        self._secret = secret
        self._compose = compose
        self._outgoing = Outgoing(seconds, allowed, certificates)

    def standing(self) -> Standing:
        """It needs no settings."""
        return Standing(ready=True, says="Requests are signed; the receiver checks X-Tocsin-Signature.")

    def send(self, message: Message) -> str:
        """Post what the page says; return the status of the answer.

        Raises:
            ChannelFailed: the address is an internal one that nobody allowed, or the receiver did not take it.

        """
        return _post(self._outgoing, message.target.strip(), content_of(self._compose(message, self.name)), message.key, self._secret())


def sign(body: bytes, secret: bytes) -> str:
    """Return the signature of a body."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def header_key(key: str) -> str:
    """Return a key as a header can carry it: as it is where it is short and plain, otherwise its digest."""
    return key if key.isascii() and key.isprintable() and len(key) <= _LONGEST_KEY and key == key.strip() else digest(key, 64)


def _post(outgoing: Outgoing, url: str, content: Mapping[str, Any], key: str, secret: bytes) -> str:
    body = json.dumps(content, ensure_ascii=False, sort_keys=True).encode(errors="replace")
    headers = {"Content-Type": "application/json", SIGNATURE: sign(body, secret), "Idempotency-Key": header_key(key)}
    answer = outgoing.post(url, body, headers)
    where = host_of(url)
    judge(answer, where, SystemClock().now(), final=(_GONE,))
    return f"{where} answered {answer.status}"
