"""Web Push: an encrypted message (RFC 8291) to a browser's push service (RFC 8030), signed with this installation's keys (VAPID, RFC 8292)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import http_ece  # type: ignore[import-untyped]
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02, VapidException  # type: ignore[import-untyped]

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.addresses import subscription_of
from tocsin.channels.notice import Compose, plain
from tocsin.channels.outgoing import Outgoing, judge
from tocsin.channels.push.message import content_of, lasts, name_of, urgency_of
from tocsin.channels.standing import Standing, not_ready
from tocsin.engine.clock import SystemClock
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 8.0
_TOKEN_HOLDS: Final = timedelta(hours=12)
"""RFC 8292 allows a day at most; half of it forgives a wrong clock."""
_GONE: Final = (404, 410)
_TOO_LARGE: Final = 413
_POINT: Final = 65
_SECRET: Final = 16


class Push:
    """Sends to the subscription that is the contact's value.

    private_key: the installation's VAPID key, asked for when it is first needed. contact: where a push service can reach whoever runs this server.
    """

    name = "push"
    abilities = ABILITIES["push"]
    at_once = 8
    timeout_seconds = _SECONDS + 2

    def __init__(
        self, private_key: Callable[[], str], contact: str, compose: Compose = plain, allowed: Collection[str] = (), seconds: float = _SECONDS,
        certificates: str = "",
    ) -> None:  # fmt: skip
        self._private_key = private_key
        self._contact = contact
        self._compose = compose
        self._outgoing = Outgoing(seconds, allowed, certificates)
        self._vapid: tuple[str, Any] = ("", None)

    def place(self, target: str) -> str:
        """Return the push service that limits the rate."""
        found = subscription_of(target)
        return urlsplit(found["endpoint"]).netloc if found else ""

    def standing(self) -> Standing:
        """Tell whether push services will know whom they serve."""
        if not self._contact.startswith(("mailto:", "https://")):
            return Standing(
                ready=False, says="Push services want an address of whoever runs this server.",
                fix="Write one into TOCSIN_PUSH_CONTACT, such as mailto:ops@example.com, or set TOCSIN_PUBLIC_URL.",
            )  # fmt: skip
        return Standing(ready=True, says="Devices are added on the page /push.")

    def send(self, message: Message) -> str:
        """Send the message; return where the push service keeps it, if it says so.

        Raises:
            ChannelFailed: the subscription is gone, or the push service did not take the message.

        """
        if not (standing := self.standing()).ready:
            raise not_ready("Web push", standing)
        found = subscription_of(message.target)
        if found is None:
            raise ChannelFailed("the contact is no push subscription; open /push on the device, and let it make one", permanent=True)
        endpoint = str(found["endpoint"])
        where = self._outgoing.check(endpoint)
        notice = self._compose(message, self.name)
        body = encrypted(content_of(notice), found["keys"]["p256dh"], found["keys"]["auth"])
        headers = {
            "Content-Type": "application/octet-stream", "Content-Encoding": "aes128gcm", "TTL": str(lasts(notice)), "Urgency": urgency_of(notice),
            "Topic": name_of(notice), "Authorization": self._signed(endpoint),
        }  # fmt: skip
        answer = self._outgoing.post(endpoint, body, headers)
        if answer.status in _GONE:
            raise ChannelFailed(
                f"{where} answered {answer.status}: the subscription is gone; open /push on that device again", permanent=True
            )
        judge(answer, where, SystemClock().now(), says="the message is too large" if answer.status == _TOO_LARGE else "")
        return urlsplit(answer.headers.get("location", "")).path.rpartition("/")[2][:200] or f"{where} answered {answer.status}"

    def _signed(self, endpoint: str) -> str:
        """Return the Authorization of one request: a token for this push service, and our public key."""
        private = self._private_key()
        if self._vapid[0] != private:
            self._vapid = (private, Vapid02.from_raw(private.encode()))
        parts = urlsplit(endpoint)
        until = SystemClock().now() + _TOKEN_HOLDS
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(until.timestamp()), "sub": self._contact}
        try:
            return str(self._vapid[1].sign(claims)["Authorization"])
        except VapidException as error:
            raise ChannelFailed("the address of the subscription, or TOCSIN_PUSH_CONTACT, cannot be signed for", permanent=True) from error


def encrypted(content: bytes, p256dh: str, auth: str) -> bytes:
    """Return a message for one browser: ``aes128gcm`` with its public key and secret.

    Raises:
        ChannelFailed: the subscription's keys are none.

    """
    try:
        public, secret = _bytes(p256dh), _bytes(auth)
        if len(public) != _POINT or len(secret) != _SECRET:
            raise ValueError("a key has the wrong length")
        private = ec.generate_private_key(ec.SECP256R1())
        made: bytes = http_ece.encrypt(content, private_key=private, dh=public, auth_secret=secret, version="aes128gcm")
    except (ValueError, http_ece.ECEException) as error:
        raise ChannelFailed("the keys of the subscription cannot be used; open /push on that device again", permanent=True) from error
    return made


def new_key() -> str:
    """Return a new private key as it is kept: 32 bytes in URL-safe base64."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def public_key(private: str) -> str:
    """Return the public key that a browser subscribes with (``applicationServerKey``)."""
    key = ec.derive_private_key(int.from_bytes(_bytes(private), "big"), ec.SECP256R1())
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
