"""Signed links of messages: they let one person answer for one page without signing in, until they run out. Pure.

A token is ``<content>.<proof>``, both in URL-safe base64: the content names page, person, channel and the minute of its end; the proof is the first
128 bits of an HMAC-SHA256 under the installation's link key. It is short, so that it fits into a text message.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

HOLDS: Final = timedelta(hours=48)
"""How long a link answers for its page. A page that calls again sends a new one."""
_PROOF: Final = 16
"""Bytes."""
_LONGEST: Final = 700
_MINUTE: Final = 60
_PARTS: Final = 4
_PURPOSE: Final = b"tocsin page link 1\n"
"""What the key is used for here, so that no other signature of the installation can stand for this one."""


class Link(msgspec.Struct, frozen=True):
    """What a token says."""

    page: str
    person: str
    via: str
    """The channel that carried it."""
    until: datetime


def sign(link: Link, key: bytes) -> str:
    """Return the token of a link."""
    minute = int(link.until.timestamp()) // _MINUTE
    content = msgspec.json.encode((link.page, link.person, link.via, minute))
    return f"{_text(content)}.{_text(_proof(content, key))}"


def verify(token: str, key: bytes) -> Link | None:
    """Return what a token says; None where it is not ours. One that has run out is returned: ``has_run_out`` tells."""
    if len(token) > _LONGEST or not token.isascii():
        return None
    said, dot, proof = token.partition(".")
    try:
        content, given = _bytes(said), _bytes(proof)
    except ValueError:
        return None
    if not dot or not hmac.compare_digest(given, _proof(content, key)) or _text(content) != said or _text(given) != proof:
        return None
    page, person, via, minute = msgspec.json.decode(content, type=tuple[str, str, str, int])
    return Link(page, person, via, datetime.fromtimestamp(minute * _MINUTE, UTC))


def has_run_out(link: Link, now: datetime) -> bool:
    """Tell whether a link answers no more."""
    return now >= link.until


def _proof(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, _PURPOSE + content, hashlib.sha256).digest()[:_PROOF]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
