"""Chance: words and bytes of the system's randomness, for what needs a name or a salt that nobody can guess."""

from __future__ import annotations

import secrets
from typing import Final

_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_LETTERS: Final = bytes(ord(_ALPHABET[byte & 31]) for byte in range(256))
LENGTH: Final = 6
"""Characters of a word, and the bytes of randomness that it takes."""
_DRAWN: Final = 2048
"""Bytes of the system's randomness that are drawn at once."""


def fresh() -> str:
    """Return six random characters that are hard to confuse when read aloud."""
    return words(secrets.token_bytes(LENGTH))[0]


def words(drawn: bytes) -> tuple[str, ...]:
    """Return such texts, one for every six bytes of the system's randomness. 32 characters: every byte names one, without bias."""
    text = drawn.translate(_LETTERS).decode()
    return tuple(text[begin : begin + LENGTH] for begin in range(0, len(text), LENGTH))


class Chance:
    """The system's randomness, drawn in blocks: asking for it costs far more than the bytes do. No byte is given twice."""

    def __init__(self) -> None:
        self._block = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """Return so many bytes."""
        if self._at + count > len(self._block):
            self._block, self._at = secrets.token_bytes(_DRAWN), 0
        self._at += count
        return self._block[self._at - count : self._at]
