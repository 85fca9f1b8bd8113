"""Browsers that are signed in: signed sessions, one-time codes and the tokens of forms. All of it on real time, whatever the clock port says."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from tocsin.engine.clock import SystemClock
from tocsin.engine.database import Database

SESSION_LASTS: Final = timedelta(days=30)
CODE_LASTS: Final = timedelta(minutes=15)
_KEY: Final = "session_key"
_MARK: Final = "s1"
_PARTS: Final = 4
_LONGEST_TIME: Final = 12
_MOST_CODES: Final = 1000


class Sessions:
    """Makes and judges what a browser holds. Nothing is kept but one key, so that every node knows every session.

    A session dies with the administrator's token that it was opened under, and after ``SESSION_LASTS``.
    """

    def __init__(self, database: Database, under: Callable[[], str]) -> None:
        """``under`` returns the digest of the administrator's token that is in force."""
        self._database = database
        self._under = under
        self._key: bytes | None = None
        self._codes: dict[str, tuple[str, float]] = {}
        self._lock = threading.Lock()

    def open(self) -> str:
        """Return a new session, for a cookie."""
        begun = f"{_MARK}.{int(SystemClock().now().timestamp())}.{secrets.token_urlsafe(12)}"
        return f"{begun}.{self._sign('session', begun + self._under())}"

    def holds(self, session: str) -> bool:
        """Tell whether a session was opened here and has not ended."""
        parts = session.split(".")
        if len(parts) != _PARTS or parts[0] != _MARK or not (parts[1].isascii() and parts[1].isdigit() and len(parts[1]) <= _LONGEST_TIME):
            return False
        begun, _, signature = session.rpartition(".")
        if not hmac.compare_digest(signature.encode(), self._sign("session", begun + self._under()).encode()):
            return False
        age = SystemClock().now().timestamp() - int(parts[1])
        return age + 1 >= 0 and age < SESSION_LASTS.total_seconds()

    def form_token(self, session: str) -> str:
        """Return what a form of this session carries; another site cannot know it."""
        return self._sign("form", session)

    def is_form_token(self, session: str, token: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def make_code(self, person: str) -> str:
        """Return a code that signs one browser in as a person, once, within ``CODE_LASTS``; kept in memory only."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            now = time.monotonic()
            self._codes = {known: entry for known, entry in self._codes.items() if entry[1] > now}
            while len(self._codes) >= _MOST_CODES:
                self._codes.pop(next(iter(self._codes)))
            self._codes[_digest(code)] = (person, now + CODE_LASTS.total_seconds())
        return code

    def take_code(self, code: str) -> str | None:
        """Use a code up and return its person; None where it is unknown, used or too old."""
        with self._lock:
            person, until = self._codes.pop(_digest(code), ("", 0.0))
        return person if until > time.monotonic() else None

    def _sign(self, purpose: str, text: str) -> str:
        if self._key is None:
            kept = self._database.setting(_KEY)
            if kept is None:
                self._database.found_setting(_KEY, secrets.token_hex(32))
                kept = self._database.setting(_KEY)  # another node may have been quicker; what is kept counts
            self._key = bytes.fromhex(kept or "")
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()[:40]


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
