"""Passwords: what one must be like, and the work of argon2id, which is slow on purpose and runs in threads, a few at a time."""

from __future__ import annotations

import threading
import unicodedata
from dataclasses import dataclass
from typing import Final

import argon2
from argon2.exceptions import Argon2Error, InvalidHashError

from tocsin.engine.errors import Refused

SHORTEST: Final = 12
"""Characters."""
LONGEST: Final = 256
_FEWEST_DIFFERENT: Final = 5
_AT_ONCE: Final = 2
"""Passwords that are worked on at the same time: each takes 64 MiB and a core."""
_OBVIOUS: Final = ("password", "passwort", "qwerty", "letmein", "welcome", "123456", "iloveyou", "administrator", "changeme", "tocsin")


@dataclass(frozen=True)
class Cost:
    """What one guess costs: rounds, memory in KiB, lanes."""

    rounds: int = argon2.DEFAULT_TIME_COST
    memory: int = argon2.DEFAULT_MEMORY_COST
    lanes: int = argon2.DEFAULT_PARALLELISM


CHEAP: Final = Cost(1, 8, 1)
"""For tests."""


class Hasher:
    """Makes and checks what is kept of passwords. Its methods are slow: call them in a thread."""

    def __init__(self, cost: Cost) -> None:
        self._argon = argon2.PasswordHasher(cost.rounds, cost.memory, cost.lanes)
        self._few = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody = ""

    def hash(self, password: str) -> str:
        """Return what is kept of a password."""
        with self._few:
            return self._argon.hash(_normal(password))

    def fits(self, kept: str, password: str) -> bool:
        """Tell whether a password is the one that was kept. Takes as long where nothing was: nobody learns whether a name is known."""
        with self._few:
            if not self._nobody:
                self._nobody = self._argon.hash("nobody has this password")
            try:
                self._argon.verify(kept or self._nobody, _normal(password))
            except (Argon2Error, InvalidHashError):
                return False
            return bool(kept)

    def is_old(self, kept: str) -> bool:
        """Tell whether what was kept was made at another cost than is asked for now."""
        try:
            return self._argon.check_needs_rehash(kept)
        except InvalidHashError:
            return True


def checked(password: str, person: str, again: str | None = None) -> str:
    """Return a password that can be used. again: the same, typed a second time.

    Raises:
        Refused: it is too easy to guess, or the two differ.

    """
    if len(password) < SHORTEST:
        raise Refused(
            f"The password has {len(password)} characters.", fix=f"Take {SHORTEST} or more; three or four words do well.", field="password"
        )
    if len(password) > LONGEST:
        raise Refused(f"The password is longer than {LONGEST} characters.", fix="Take a shorter one.", field="password")
    low = password.casefold()
    core = low
    for word in (*_OBVIOUS, person.casefold()):
        core = core.replace(word, "")
    if len(set(low)) < _FEWEST_DIFFERENT or len(core) < SHORTEST // 2:
        raise Refused(
            "This password is among the first that somebody would guess.",
            fix="Take three or four words that do not belong together.",
            field="password",
        )
    if again is not None and again != password:
        raise Refused("The two passwords differ.", fix="Type the same one twice.", field="again")
    return password


def _normal(password: str) -> str:
    """Return the same bytes for the same letters, whatever keyboard they were typed on."""
    return unicodedata.normalize("NFC", password[: LONGEST * 4])
