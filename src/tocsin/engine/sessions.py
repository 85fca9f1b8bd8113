"""Browsers that are signed in: sessions, one-time links and the tokens of forms. All of it on real time, whatever the clock port says.

Sessions and links are rows, so that every node knows every one of them and what is ended is ended everywhere at once. Only digests are kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, CursorResult, bindparam, delete, insert, select, update

from tocsin.engine import tables
from tocsin.engine.clock import Clock, SystemClock
from tocsin.engine.database import Database
from tocsin.engine.model import micros, moment

SESSION_LASTS: Final = timedelta(days=30)
CODE_LASTS: Final = timedelta(minutes=15)
SIGN_IN: Final = "sign_in"
"""The purpose of a link that signs a browser in."""
_SEEN_EVERY: Final = timedelta(minutes=5)
"""How exactly it is kept when a session was last used: a row is not written for every request."""
_KEY: Final = "session_key"
_LONGEST_AGENT: Final = 300
_MOST_NOTED: Final = 10_000

Write = Callable[[Connection], dict[str, Any]]

_by_digest = select(tables.sessions).where(tables.sessions.c.digest == bindparam("digest"))
_link = select(tables.links).where(tables.links.c.digest == bindparam("digest"))


@dataclass(frozen=True)
class Session:
    """A browser that is signed in as a person."""

    id: str
    """Short, and good for nothing but ending it."""
    person: str
    local: bool
    """Opened with the installation's own token or a link made with it, and not by an account's password."""
    created_at: datetime
    seen_at: datetime
    agent: str
    address: str


@dataclass(frozen=True)
class Link:
    """A link that was not used yet."""

    person: str
    purpose: str
    ends_at: datetime


class Sessions:
    """Makes and judges what a browser holds.

    write: carries a write out in a transaction and waits for it. later: the same, whenever there is time, waiting for nothing.
    under: the digest of the installation's token that is in force; sessions that it opened die with it.
    """

    def __init__(
        self, database: Database, write: Callable[[Write], dict[str, Any]], later: Callable[[Write], None], under: Callable[[], str],
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self._database = database
        self._write = write
        self._later = later
        self._under = under
        self.clock: Clock = clock or SystemClock()
        self._key: bytes | None = None
        self._noted: dict[str, float] = {}
        self._lock = threading.Lock()

    # -- sessions ---------------------------------------------------------------------------------

    def open(self, person: str, *, local: bool = True, agent: str = "", address: str = "") -> str:
        """Return a new session, for a cookie; it is on disk. Sessions that have run out go at the same time."""
        token = secrets.token_urlsafe(32)
        now = self.clock.now()
        row = {
            "digest": digest(token), "person": person, "under": self._mark() if local else "", "created_at": micros(now), "seen_at": micros(now),
            "agent": agent.replace("\x00", "")[:_LONGEST_AGENT], "address": address,
        }  # fmt: skip

        def write(connection: Connection) -> dict[str, Any]:
            connection.execute(delete(tables.sessions).where(tables.sessions.c.created_at <= micros(now - SESSION_LASTS)))
            connection.execute(delete(tables.links).where(tables.links.c.ends_at <= micros(now)))
            connection.execute(insert(tables.sessions), [row])
            return {}

        self._write(write)
        return token

    def find(self, token: str, connection: Connection | None = None) -> Session | None:
        """Return the session that a cookie holds; None where it was never opened, or has ended."""
        if not token:
            return None
        if connection is None:
            with self._database.reading() as fresh:
                return self.find(token, fresh)
        row = connection.execute(_by_digest, {"digest": digest(token)}).first()
        if row is None or (row.under and not hmac.compare_digest(row.under, self._mark())):
            return None
        found = _session(row)
        now = self.clock.now()
        if now >= found.created_at + SESSION_LASTS:
            return None
        if now - found.seen_at > _SEEN_EVERY:
            self._note(row.digest, micros(now))
        return found

    def holds(self, token: str) -> bool:
        """Tell whether a session was opened here and has not ended."""
        return self.find(token) is not None

    def of_person(self, person: str) -> list[Session]:
        """Return the sessions of a person, the one last used first."""
        table = tables.sessions
        oldest = micros(self.clock.now() - SESSION_LASTS)
        with self._database.reading() as connection:
            rows = connection.execute(
                select(table).where(table.c.person == person, table.c.created_at > oldest).order_by(table.c.seen_at.desc()).limit(200)
            )
            return [_session(row) for row in rows]

    def close(self, token: str) -> None:
        """End the session that a cookie holds."""
        wanted = digest(token)

        def write(connection: Connection) -> dict[str, Any]:
            connection.execute(delete(tables.sessions).where(tables.sessions.c.digest == wanted))
            return {}

        self._write(write)

    @staticmethod
    def end(connection: Connection, person: str, *, only: str = "", but: str = "") -> int:
        """End sessions of a person within the caller's transaction and return how many. only: this one. but: all except this one (ids)."""
        table = tables.sessions
        rows = connection.execute(select(table.c.digest).where(table.c.person == person)).scalars()
        wanted = [one for one in rows if (not only or _id(one) == only) and (not but or _id(one) != but)]
        if wanted:
            connection.execute(delete(table).where(table.c.digest.in_(wanted)))
        return len(wanted)

    def _mark(self) -> str:
        """Return what a session is marked with that the installation's token in force has opened."""
        return f"local:{self._under()}"

    def _note(self, kept: str, now: int) -> None:
        """Have it written down, once in a while, that a session was used."""
        at = time.monotonic()
        with self._lock:
            if at - self._noted.get(kept, -1e9) < _SEEN_EVERY.total_seconds():
                return
            if len(self._noted) > _MOST_NOTED:
                self._noted.clear()
            self._noted[kept] = at

        def write(connection: Connection) -> dict[str, Any]:
            connection.execute(update(tables.sessions).where(tables.sessions.c.digest == kept).values(seen_at=now))
            return {}

        self._later(write)

    # -- forms ------------------------------------------------------------------------------------

    def form_token(self, session: str) -> str:
        """Return what a form of this session carries; another site cannot know it."""
        return self._sign("form", session)

    def is_form_token(self, session: str, token: str) -> bool:
        """Tell whether a form came from a page of this session."""
        return hmac.compare_digest(token.encode(), self.form_token(session).encode())

    def secret(self, purpose: str, of: str) -> str:
        """Return a secret that nobody can guess and that the same request gives again: it need not be kept for a repeat of its answer."""
        return self._sign(purpose, of)

    # -- links that work once ---------------------------------------------------------------------

    def make_code(self, person: str) -> str:
        """Return a code that signs one browser in as a person, once, within ``CODE_LASTS``."""
        code = secrets.token_urlsafe(24)
        self._write(lambda connection: self.keep_link(connection, code, person, SIGN_IN, CODE_LASTS))
        return code

    def keep_link(self, connection: Connection, code: str, person: str, purpose: str, lasts: timedelta) -> dict[str, Any]:
        """Keep a link within the caller's transaction, and drop the person's other ones of this purpose unless they sign in."""
        table = tables.links
        now = self.clock.now()
        connection.execute(delete(table).where(table.c.ends_at <= micros(now)))
        if purpose != SIGN_IN:
            connection.execute(delete(table).where(table.c.person == person, table.c.purpose == purpose))
        wanted = digest(code)
        connection.execute(delete(table).where(table.c.digest == wanted))
        row = {"digest": wanted, "person": person, "purpose": purpose, "made_at": micros(now), "ends_at": micros(now + lasts)}
        connection.execute(insert(table), [row])
        return {}

    def look(self, code: str) -> Link | None:
        """Return what a link is for, without using it up; None where it is unknown, used or too old."""
        with self._database.reading() as connection:
            row = connection.execute(_link, {"digest": digest(code)}).first()
        if row is None or row.ends_at <= micros(self.clock.now()):
            return None
        return Link(row.person, row.purpose, moment(row.ends_at))

    def take(self, connection: Connection, code: str, *purposes: str) -> Link | None:
        """Use a link up within the caller's transaction; None where it is unknown, used, too old or for something else."""
        row = connection.execute(_link, {"digest": digest(code)}).first()
        if row is None or row.purpose not in purposes or row.ends_at <= micros(self.clock.now()):
            return None
        gone: CursorResult[Any] = connection.execute(delete(tables.links).where(tables.links.c.digest == row.digest))
        return Link(row.person, row.purpose, moment(row.ends_at)) if gone.rowcount == 1 else None

    def take_code(self, code: str) -> str | None:
        """Use a code up and return its person; None where it is unknown, used or too old. Of two who use it at once, one gets it."""

        def write(connection: Connection) -> dict[str, Any]:
            link = self.take(connection, code, SIGN_IN)
            return {"person": link.person} if link is not None else {}

        person = self._write(write).get("person")
        return None if person is None else str(person)

    @staticmethod
    def drop_links(connection: Connection, person: str) -> None:
        """Make every link of a person useless, within the caller's transaction."""
        connection.execute(delete(tables.links).where(tables.links.c.person == person))

    def _sign(self, purpose: str, text: str) -> str:
        if self._key is None:
            kept = self._database.setting(_KEY)
            if kept is None:
                self._database.found_setting(_KEY, secrets.token_hex(32))
                kept = self._database.setting(_KEY)  # another node may have been quicker; what is kept counts
            self._key = bytes.fromhex(kept or "")
        return hmac.new(self._key, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()[:40]


def digest(secret: str) -> str:
    """Return what is kept of a secret, and what it is found by."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _id(kept: str) -> str:
    return kept[:16]


def _session(row: Any) -> Session:
    return Session(_id(row.digest), row.person, bool(row.under), moment(row.created_at), moment(row.seen_at), row.agent, row.address)
