"""Keeps the public pages in memory, made anew after each change that concerns them. No reader of the status page waits for a database.

A thread of its own reads, and renders what is asked for most: the page and its JSON. Other pages are made of the same board when somebody
asks. What cannot be read anew (a database that is gone or slow) stays as it was, and says of when it is.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import math
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import msgspec
from jinja2 import Environment

from tocsin.comms.status import feeds, letters, mailing, queries, shapes, views
from tocsin.comms.status.board import Board, Views, build, incident_view
from tocsin.comms.status.history import DAYS
from tocsin.comms.status.notice import Notice
from tocsin.engine.committer import Committed
from tocsin.engine.model import Reader
from tocsin.engine.ports import ChannelFailed, Renderer
from tocsin.engine.runtime import Runtime
from tocsin.engine.worker import Worker
from tocsin.incidents import events

logger = logging.getLogger(__name__)

_WATCHED: Final = ("notice", "status_page", "service", "maintenance")
"""The kinds of records that the page is made of."""
_PAUSE: Final = 0.2
"""Seconds between two makings: a storm of changes costs a fraction of a core."""
_KEPT_TEXTS: Final = 20_000
_KEPT_PAGES: Final = 500
_SMALL: Final = 800
"""Bytes below which packing gains nothing."""
HTML: Final = "text/html; charset=utf-8"
JSON: Final = "application/json; charset=utf-8"
UPDATE: Final = "incident.update"


@dataclass(frozen=True, slots=True)
class Served:
    """An answer, ready to be sent."""

    media: str
    body: bytes
    packed: bytes
    """The same with gzip; empty where that gains nothing."""
    tag: bytes
    """Its ETag."""
    status: int = 200


class Publisher(Worker):
    """Owns the board and the answers made of it. ``answer`` may be called from any thread and never reads a database."""

    def __init__(self, runtime: Runtime, render: Renderer, public_url: str) -> None:
        super().__init__("status page", runtime.clock)
        self._runtime = runtime
        self._render = render
        self._templates: Environment | None = None
        self.base = f"{public_url.rstrip('/')}/status" if public_url else "/status"
        self._board: Board | None = None
        self._answers: dict[str, Served] = {}
        self._texts: dict[tuple[str, int], tuple[str, str]] = {}
        self._views: Views = {}
        self._stale = True
        self._made = -math.inf
        """When it was made last (monotonic seconds)."""
        self._again = 0.0
        self._making = threading.Lock()
        runtime.committer.listen(self._committed)

    def use(self, templates: Environment) -> None:
        """Render with these templates."""
        self._templates = templates

    # -- what others call -------------------------------------------------------------------------

    @property
    def board(self) -> Board | None:
        """What the page shows now; None before it was first made."""
        return self._board

    @property
    def outdated(self) -> bool:
        """Tell whether something has changed since the pages were made, or their time has run out."""
        board = self._board
        return self._stale or board is None or self._runtime.clock.now() >= board.until

    def answer(self, path: str) -> Served | None:
        """Return the answer for a path below ``/status``; None for one that only the database knows."""
        board = self._board
        if board is None:
            return None
        found = self._answers.get(path)
        if found is None:
            made = self._made_of(board, path)
            if made is None:
                return None
            found = made
            if len(self._answers) < _KEPT_PAGES and self._board is board:
                self._answers[path] = found
        return found

    def make(self) -> None:
        """Read everything and make the pages anew, from a thread that may wait."""
        with self._making:
            self._stale = False
            try:
                board = self._read()
                answers = {path: made for path in _MADE_AHEAD if (made := self._made_of(board, path)) is not None}
            except BaseException:
                self._stale = True
                raise
            self._board, self._answers = board, answers
            self._made = time.monotonic()

    # -- for messages to subscribers --------------------------------------------------------------

    def rendered(self, kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
        """Return subject and text of a message to a subscriber.

        Raises:
            ChannelFailed: what it tells of was redacted.

        """
        if kind != mailing.UPDATE:
            return letters.own(kind, self.shown()[0])
        key = (str(values["incident"]), int(values["fact"]))
        with self._runtime.reading() as reader:
            notice: Notice | None = reader.state(f"notice:{key[0]}")
            told = notice is not None and any(one.fact == key[1] for one in notice.shown)
            text = (self._texts.get(key) or self._text(reader, *key)) if told else None
        if text is None:
            raise ChannelFailed("the update was taken back", permanent=True)
        return text

    def shown(self) -> tuple[str, dict[str, Any]]:
        """Return the page's name, and the page in a few words as JSON has it."""
        if self.outdated:
            try:
                self.make()
            except Exception:  # whatever it is, a message that says what was so a moment ago is better than none
                logger.exception("the status page could not be made anew")
        board = self._board
        if board is None:
            return "Status", {}
        words = {"status_indicator": board.indicator, "status_description": board.headline}
        return board.page.saved.name, {"id": shapes.PAGE_ID, "name": board.page.saved.name, "url": self.base, **words}

    def incident(self, incident_id: str) -> dict[str, Any] | None:
        """Return an incident as the page's JSON has it; None where the public was told nothing."""
        with self._runtime.reading() as reader:
            notice: Notice | None = reader.state(f"notice:{incident_id}")
            if notice is None:
                return None
            hidden = queries.settings(reader).saved.hidden
            names = {one.service: one for one in queries.components(reader) if one.service not in hidden}
            view = incident_view(notice, names, self.texts(reader, [notice]), reader.now)
        return None if view is None else shapes.incident(view, self.base)

    def _committed(self, committed: Committed) -> None:
        if any(fact.stream.partition(":")[0] in _WATCHED for fact in committed.facts):
            self._stale = True
            self.changed()

    # -- the thread -------------------------------------------------------------------------------

    def work(self) -> bool:
        """Make the pages anew where something has changed or time has passed."""
        if self.outdated:
            wait = self._made + _PAUSE - time.monotonic()
            if wait > 0:
                self._again = wait
                return False
            self.make()
        assert self._board is not None
        self._again = max(0.05, (self._board.until - self._runtime.clock.now()).total_seconds())
        return False

    def rest(self) -> float:
        """Return the seconds until the pages are looked at again."""
        return self._again

    # -- making -----------------------------------------------------------------------------------

    def _read(self) -> Board:
        with self._runtime.reading() as reader:
            since = reader.now - timedelta(days=DAYS)
            page = queries.settings(reader)
            notices = queries.notices_since(reader, since)
            texts = self.texts(reader, notices)
            board = build(page, queries.components(reader), notices, queries.announced(reader, since), texts, reader.now, self._views)
        if len(self._texts) > _KEPT_TEXTS:
            self._texts = dict(texts)
        return board

    def texts(self, reader: Reader, notices: Iterable[Notice]) -> dict[tuple[str, int], tuple[str, str]]:
        """Return subject and text of every update that is shown, as it was sent; those whose words are gone are left out."""
        found: dict[tuple[str, int], tuple[str, str]] = {}
        for notice in notices:
            for told in notice.shown:
                key = (notice.id, told.fact)
                text = self._texts.get(key) or self._text(reader, *key)
                if text is not None:
                    found[key] = self._texts[key] = text
        return found

    def _text(self, reader: Reader, incident: str, number: int) -> tuple[str, str] | None:
        fact = reader.fact(f"incident:{incident}", number)
        event = fact.event if fact is not None else None
        if not isinstance(event, events.UpdatePosted) or not event.public:
            return None
        try:
            return self._render(UPDATE, "", {**event.values, "message": event.message})
        except ChannelFailed as failure:
            logger.warning("an update of %s cannot be shown: %s", incident, failure)
            return None

    def _made_of(self, board: Board, path: str) -> Served | None:
        """Return the answer for a path as a board has it."""
        if not board.page.saved.on:
            return served(HTML, self._page("comms/status_off.html", {"board": board}), 404) if path.startswith("/status") else None
        if path == "/status":
            return served(HTML, self._page("comms/status.html", views.front(board)))
        if path == "/status/history":
            return served(HTML, self._page("comms/status_history.html", views.history(board)))
        if path == "/status/history.rss":
            return served(feeds.RSS, feeds.rss(board, self.base).encode())
        if path == "/status/history.atom":
            return served(feeds.ATOM, feeds.atom(board, self.base).encode())
        if path.startswith(_API):
            found = shapes.documents(board, self.base).get(path.removeprefix(_API))
            return None if found is None else served(JSON, msgspec.json.encode(found))
        if path.startswith(_INCIDENT):
            wanted = path.removeprefix(_INCIDENT)
            one = next((view for view in (*board.open, *board.past) if view.id == wanted), None)
            return None if one is None else served(HTML, self._page("comms/status_incident.html", views.incident(board, one)))
        return None

    def _page(self, template: str, values: Mapping[str, Any]) -> bytes:
        assert self._templates is not None
        return self._templates.get_template(template).render({"base": self.base, "problem": None, **values}).encode()


_API: Final = "/status/api/v2/"
_INCIDENT: Final = "/status/incidents/"
_MADE_AHEAD: Final = ("/status", "/status/api/v2/summary.json", "/status/api/v2/status.json")


def served(media: str, body: bytes, status: int = 200) -> Served:
    """Return an answer ready to be sent."""
    packed = gzip.compress(body, 6, mtime=0) if len(body) > _SMALL else b""
    tag = b'"' + hashlib.sha256(body).hexdigest()[:20].encode() + b'"'
    return Served(media, body, packed, tag, status)
