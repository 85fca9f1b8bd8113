"""The webhook channel: a document as signed JSON.

The header ``X-Tocsin-Signature`` is ``sha256=`` and the hexadecimal HMAC-SHA256 of the body under the installation's webhook secret;
``Idempotency-Key`` is the same for every try of one publication.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import socket
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from tocsin.engine.ports import ChannelFailed, Message

SIGNATURE: Final = "X-Tocsin-Signature"
_SECONDS: Final = 10.0
_TRY_AGAIN: Final = (408, 425, 429)
_SERVER_ERROR: Final = 500
_OK: Final = range(200, 300)


class Webhook:
    """Posts to the address that the administrator named for the target, or to the playbook's if that is public.

    secret: asked for at every message, so that it can be changed while the server runs.
    """

    name = "publish_webhook"

    def __init__(self, places: Mapping[str, str], secret: Callable[[], bytes], transport: Any = None, seconds: float = _SECONDS) -> None:
        self._places = places
        self._secret = secret
        self._transport = transport
        self._seconds = seconds

    def send(self, message: Message) -> str:
        """Post the document; return the status of the answer.

        Raises:
            ChannelFailed: there is no address, it is an internal one that nobody named, or the receiver did not take it.

        """
        target = str(message.values.get("target", ""))
        named = self._places.get(target)
        url = named or message.target
        if urlsplit(url).scheme not in ("http", "https"):
            raise ChannelFailed(f"the target {target!r} has no address ({message.target!r}); name one in TOCSIN_PUBLISH_TO", permanent=True)
        if not named:
            _must_be_public(url)
        body = json.dumps(
            {
                "kind": "postmortem", "title": message.subject, "file": message.values["file"], "sanitised": message.values["sanitised"],
                "format": "markdown", "document": message.body, "at": message.at,
            },
            ensure_ascii=False, sort_keys=True,
        ).encode()  # fmt: skip
        headers = {"Content-Type": "application/json", SIGNATURE: sign(body, self._secret()), "Idempotency-Key": message.key}
        try:
            with httpx2.Client(timeout=self._seconds, follow_redirects=False, transport=self._transport, trust_env=False) as client:
                answer = client.post(url, content=body, headers=headers)
        except httpx2.HTTPError as error:
            raise ChannelFailed(f"{_shown(url)} cannot be reached: {type(error).__name__}") from error
        except httpx2.InvalidURL as error:
            raise ChannelFailed(f"{_shown(url)} is not an address", permanent=True) from error
        if answer.status_code not in _OK:
            again = answer.status_code in _TRY_AGAIN or answer.status_code >= _SERVER_ERROR
            raise ChannelFailed(f"{_shown(url)} answered {answer.status_code}", permanent=not again)
        return f"{_shown(url)} answered {answer.status_code}"


def sign(body: bytes, secret: bytes) -> str:
    """Return the signature of a body."""
    return "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()


def _shown(url: str) -> str:
    """Return the address without its query and user, which may hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _must_be_public(url: str) -> None:
    """Refuse an address inside: only an administrator may name one, a playbook may not."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, ValueError) as error:
        raise ChannelFailed(f"{_shown(url)} cannot be looked up") from error
    for entry in found:
        if not ipaddress.ip_address(str(entry[4][0]).partition("%")[0]).is_global:
            raise ChannelFailed(f"{_shown(url)} is an internal address; an administrator can name it in TOCSIN_PUBLISH_TO", permanent=True)
