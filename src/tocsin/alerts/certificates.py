"""Fetch the certificates of notification services, check what was signed with them, and confirm subscriptions.

This is a channel of the outbox, so that no request ever waits for another server: what could not be fetched is tried again. Certificates and
confirmations are fetched from the provider's own hosts only (``signatures.provider_host``), over TLS, without following redirects, and
a certificate is kept until it expires. What is read is small and bounded.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tocsin.alerts.proofs.model import CHANNEL, FORGED
from tocsin.alerts.signatures import provider_host
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 10.0
_LARGEST: Final = 65_536
"""Bytes of an answer that are read."""
_MOST_KEPT: Final = 64
_OK: Final = 200
_SERVER_ERROR: Final = 500
_TRY_AGAIN: Final = (408, 425, 429)
_SMALLEST_KEY: Final = 2048
"""Bits."""
_DIGESTS: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,  # signature version 1, which topics have unless they were told otherwise
    "sha256": hashes.SHA256,
}


class Certificates:
    """Checks signatures, and confirms subscriptions whose signatures are good. Safe to use from several threads."""

    name = CHANNEL

    def __init__(
        self,
        now: Callable[[], datetime],
        allowed: Callable[[str], bool] = provider_host,
        verify: Any = True,
        seconds: float = _SECONDS,
    ) -> None:
        """Allowed: which addresses may be asked. verify: the TLS context to ask with."""
        self._now = now
        self._allowed = allowed
        self._verify = verify
        self._seconds = seconds
        self._kept: dict[str, x509.Certificate] = {}
        self._lock = threading.Lock()

    def send(self, message: Message) -> str:
        """Check one request; return in a sentence what was found.

        Raises:
            ChannelFailed: the signature is not good (permanently), or something could not be fetched.

        """
        values = message.values
        certificate = self._certificate(message.target)
        text, signature = base64.b64decode(values["text"]), base64.b64decode(values["signature"])
        check(certificate, text, signature, str(values["digest"]))
        confirm = str(values.get("confirm", ""))
        if not confirm:
            return "The signature is good."
        self._get(confirm, "The address that confirms the subscription")
        return f"The signature is good, and the subscription to {values.get('about') or 'the topic'} is confirmed."

    def _certificate(self, url: str) -> x509.Certificate:
        now = self._now().astimezone(UTC)
        with self._lock:
            kept = self._kept.get(url)
        if kept is not None and kept.not_valid_before_utc <= now <= kept.not_valid_after_utc:
            return kept
        try:
            found = x509.load_pem_x509_certificate(self._get(url, "The certificate"))
        except ValueError as error:
            raise ChannelFailed(f"{FORGED}: what lies at the certificate's address is none.", permanent=True) from error
        if not found.not_valid_before_utc <= now <= found.not_valid_after_utc:
            raise ChannelFailed(f"{FORGED}: its certificate is not valid at this time.", permanent=True)
        with self._lock:
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[url] = found
        return found

    def _get(self, url: str, what: str) -> bytes:
        if not self._allowed(url):
            raise ChannelFailed(f"{FORGED}: {what[0].lower()}{what[1:]} is not one of the provider's own.", permanent=True)
        try:
            with (
                httpx2.Client(timeout=self._seconds, follow_redirects=False, trust_env=False, verify=self._verify) as client,
                client.stream("GET", url) as answer,
            ):
                content = b""
                for part in answer.iter_bytes():
                    content += part
                    if len(content) > _LARGEST:
                        raise ChannelFailed(f"{what} is larger than {_LARGEST:,} bytes.", permanent=True)
        except httpx2.InvalidURL as error:
            raise ChannelFailed(f"{FORGED}: {what[0].lower()}{what[1:]} is no address.", permanent=True) from error
        except httpx2.HTTPError as error:
            raise ChannelFailed(f"{what} cannot be fetched: {type(error).__name__}.") from error
        if answer.status_code != _OK:
            again = answer.status_code in _TRY_AGAIN or answer.status_code >= _SERVER_ERROR
            raise ChannelFailed(f"{what} was answered with {answer.status_code}.", permanent=not again)
        return content


def check(certificate: x509.Certificate, text: bytes, signature: bytes, digest: str) -> None:
    """Make sure that a text was signed with a certificate's key. digest: ``sha1`` or ``sha256``.

    Raises:
        ChannelFailed: it was not.

    """
    key, made = certificate.public_key(), _DIGESTS.get(digest)
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _SMALLEST_KEY or made is None:
        raise ChannelFailed(f"{FORGED}: it is none of the kinds that the provider uses.", permanent=True)
    try:
        key.verify(signature, text, padding.PKCS1v15(), made())
    except InvalidSignature as error:
        raise ChannelFailed(f"{FORGED}: the request was changed, or signed by somebody else.", permanent=True) from error
