"""Signed addresses by which a subscriber confirms, changes and ends a subscription without an account. Pure.

A token names the subscriber and holds as long as the subscription does: a mail of last year must still let its reader leave. The proof is the
first 128 bits of an HMAC-SHA256 under the installation's link key, for this purpose alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Final

_PURPOSE: Final = b"tocsin status subscription 1\n"
_PROOF: Final = 16
_LONGEST: Final = 100


def sign(subscriber: str, key: bytes) -> str:
    """Return the token of a subscriber."""
    return f"{subscriber}.{base64.urlsafe_b64encode(_proof(subscriber, key)).rstrip(b'=').decode()}"


def verify(token: str, key: bytes) -> str:
    """Return whom a token names; an empty text where it is not ours."""
    if len(token) > _LONGEST or not token.isascii():
        return ""
    subscriber, dot, _ = token.rpartition(".")
    return subscriber if dot and hmac.compare_digest(sign(subscriber, key), token) else ""


def _proof(subscriber: str, key: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + subscriber.encode(), hashlib.sha256).digest()[:_PROOF]
