"""The salted hash chain of a stream: a changed, inserted or dropped fact shows; redacted content keeps the chain whole."""

from __future__ import annotations

import hashlib
from typing import Final

GENESIS: Final = bytes(32)


def digest(salt: bytes, body: bytes) -> bytes:
    """Return the digest of a fact's content. The salt keeps a short secret from being guessed from its digest."""
    return hashlib.sha256(salt + body).digest()


def link(previous: bytes, version: int, kind: str, occurred_at: int, recorded_at: int, actor: str, content: bytes) -> bytes:
    """Return the hash of a fact: over the one before, the fact's place, type, both times (microseconds), actor and content digest."""
    head = f"{version}\n{kind}\n{occurred_at}\n{recorded_at}\n{actor}\n".encode()
    return hashlib.sha256(previous + head + content).digest()
