"""A whole installation in a test: real database in a temporary folder, virtual time, the API reached in process."""

from __future__ import annotations

import asyncio
import atexit
import functools
import json
import shutil
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import starlette.routing

from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.clock import VirtualClock
from tocsin.engine.database import Database
from tocsin.engine.model import Actor
from tocsin.people.passwords import CHEAP

_AS_IS = (
    "/api/",
    "/intake/",
    "/healthz",
    "/readyz",
    "/metrics",
    "/beat/",
    "/am/",
    "/v2/",
    "/a/",
    "/hooks/",
    "/calendar/",
    "/report/",
    "/status",
)
"""Addresses outside the API."""
START = datetime(2025, 10, 27, 14, 25, tzinfo=UTC)


class Answer:
    """Status and body of an answer."""

    def __init__(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.status = status
        self.content = content
        self.headers = headers

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.content)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode()


@dataclass
class Form:
    """A form of a page with what a browser would send of it untouched."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Form] = []
        self._inside: Form | None = None
        self._area: str | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = Form(given.get("action", ""), given.get("method", "get").lower())
            self.found.append(self._inside)
        if self._inside is None or "disabled" in given:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            if given.get("type") in ("radio", "checkbox") and "checked" not in given:
                return
            self._inside.fields[name] = given.get("value", "")
        elif tag == "textarea":
            self._area = name
            self._inside.fields[name] = ""
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or self._select not in self._inside.fields):
            self._inside.fields[self._select] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._inside is not None and self._area is not None:
            self._inside.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "textarea":
            self._area = None
        elif tag == "select":
            self._select = None


def forms_of(page: str) -> list[Form]:
    """Return the forms of a page."""
    parser = _Forms()
    parser.feed(page)
    return parser.found


starlette.routing.compile_path = functools.cache(starlette.routing.compile_path)
"""An installation has more addresses than ``re`` keeps patterns, and a run of the tests makes thousands of installations."""


@functools.cache
def _blank() -> Path:
    """Return an empty database with its schema, made once for all installations of this process."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-blank-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = folder / "tocsin.db"
    database = Database(f"sqlite:///{made}")
    database.prepare()
    database.close()
    return made


class World:
    """An installation with a clock that the test moves."""

    def __init__(self, folder: Path, start_at: datetime = START, playbook: str = "payments-sev1") -> None:
        self.folder = folder
        self.clock = VirtualClock(start_at)
        self.playbook = playbook
        if not folder.exists() or not any(folder.iterdir()):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_blank(), folder / "tocsin.db")
        self.app = self._build()

    def _build(self) -> App:
        app = build(Options(data=self.folder, default_playbook=self.playbook, clock=self.clock, console=Quiet(), password_cost=CHEAP))
        start(app)
        return app

    def restart(self) -> None:
        """Stop the installation and start it again on the same data."""
        self.app.runtime.stop()
        self.app = self._build()

    def close(self) -> None:
        """Stop the installation."""
        self.app.runtime.stop()

    # -- time -------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The moment at which the clock stands."""
        return self.clock.now()

    def advance(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Let time pass; everything that falls due on the way happens."""
        self.app.runtime.advance(self.now + timedelta(minutes=minutes, hours=hours, days=days))

    def at(self, clock: str) -> datetime:
        """Let time pass until this time of the scenario's day (``14:30``) and return it."""
        hour, minute = clock.split(":")
        moment = self.now.replace(hour=int(hour), minute=int(minute), second=0, microsecond=0)
        self.app.runtime.advance(moment)
        return moment

    # -- the API ----------------------------------------------------------------------------------

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        person: str = "alice",
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """Send one request and return the answer, whatever it is. Paths without ``/api/`` go below ``/api/v1``."""
        if not path.startswith(_AS_IS):
            path = "/api/v1" + path
        given = {"x-tocsin-person": person, "content-type": "application/json", **(headers or {})} if person else dict(headers or {})
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        return asyncio.run(self._call(method, path, given, content))

    def page(self, path: str, person: str = "alice", headers: dict[str, str] | None = None) -> Answer:
        """Open a page of the web application."""
        given = {"accept": "text/html", **({"x-tocsin-person": quote(person)} if person else {}), **(headers or {})}
        return asyncio.run(self._call("GET", path, given, b""))

    def form(
        self, page: str, action: str, fields: dict[str, str] | None = None, person: str = "alice", number: int = 0, headers: dict[str, str] | None = None
    ) -> Answer:  # fmt: skip
        """Open a page, fill in its form with this action (the first, or the one with this number) as a browser would, and send it."""
        shown = self.page(page, person, headers)
        found = sorted((form for form in forms_of(shown.text) if form.action == action), key=lambda form: form.method != "post")
        assert len(found) > number, f"{page} has {len(found)} forms for {action}: {sorted({f.action for f in forms_of(shown.text)})}"
        body = {**found[number].fields, **(fields or {})}
        return self.send_form(action, body, person, headers)

    def send_form(self, path: str, fields: dict[str, str], person: str = "alice", headers: dict[str, str] | None = None) -> Answer:
        """Send the fields of a form, as they are."""
        given = {
            "accept": "text/html", "content-type": "application/x-www-form-urlencoded",
            **({"x-tocsin-person": quote(person)} if person else {}), **(headers or {}),
        }  # fmt: skip
        return asyncio.run(self._call("POST", path, given, urlencode(fields).encode()))

    def post(self, path: str, body: Any = None, person: str = "alice", **more: Any) -> Any:
        """Send a command that must succeed; return its result."""
        answer = self.send("POST", path, body or {}, person, **more)
        assert answer.status < 300, f"{path} answered {answer.status}: {answer.text}"
        return answer.json

    def refused(self, path: str, body: Any = None, person: str = "alice") -> dict[str, Any]:
        """Send a command that must be refused; return the problem."""
        answer = self.send("POST", path, body or {}, person)
        assert answer.status >= 400, f"{path} was not refused: {answer.text}"
        problem: dict[str, Any] = answer.json
        return problem

    def get(self, path: str, **query: Any) -> Any:
        """Read something that must be there."""
        answer = self.send("GET", path + (f"?{urlencode(query)}" if query else ""))
        assert answer.status < 300, f"{path} answered {answer.status}: {answer.text}"
        return answer.json

    def declare(self, **more: Any) -> str:
        """Declare an incident and return its id."""
        body = (
            {"title": "High error rate in payment API", "severity": "SEV-1", "service": "payment-api"}
            if self.playbook == "payments-sev1"
            else {"title": "Something broke"}
        )
        return str(self.post("/incidents", {**body, **more})["incident"])

    def outbox(self) -> list[dict[str, Any]]:
        """Return every message that the file channel wrote, oldest first, after sending what waits."""
        self.app.runtime.settle()
        files = sorted((self.folder / "outbox").glob("*.json"), key=lambda f: f.stat().st_mtime_ns)
        return [json.loads(f.read_text()) for f in files]

    async def _call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        split = urlsplit(path)
        sent: list[dict[str, Any]] = []
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": split.path,
            "raw_path": split.path.encode(), "query_string": split.query.encode(), "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()], "client": ("test", 0), "server": ("test", 0),
        }  # fmt: skip
        if "authorization" not in headers:
            scope["tocsin.actor"] = Actor("token", "administrator", via="test")
        given = False

        async def receive() -> dict[str, Any]:
            nonlocal given
            if given:
                await asyncio.sleep(3600)
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app.asgi(scope, receive, send)
        begin = sent[0]
        return Answer(
            begin["status"], b"".join(m.get("body", b"") for m in sent[1:]), {k.decode(): v.decode() for k, v in begin["headers"]},
        )  # fmt: skip
