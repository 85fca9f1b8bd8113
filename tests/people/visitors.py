"""People who come to an installation with nothing but what a browser or a program has: cookies, forms, tokens. Nobody vouches for them."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from tests.world import Answer, Form, World, forms_of
from tocsin.engine.model import Role

PASSWORD = "three quiet herons"


def make_account(world: World, person: str, role: Role, password: str = PASSWORD) -> None:
    """Give a person an account and a password, as an administrator and they would."""
    link = world.post(f"/accounts/{person}", {"role": role})["link"]["path"]
    visitor = Visitor(world)
    done = visitor.fill(link, link, {"password": password, "again": password})
    assert done.status == 303, done.text
    world.app.runtime.sessions.close(visitor.cookies["tocsin_token"])


def make_token(world: World, token: str, *scopes: str, days: int = 30, **more: Any) -> str:
    """Return the secret of a new token that the local administrator made."""
    ends = world.now.timestamp() + days * 86400
    from datetime import UTC, datetime

    body = {"scopes": scopes, "expires_at": datetime.fromtimestamp(ends, UTC).isoformat(), **more}
    return str(world.post(f"/tokens/{token}", body, person="")["secret"])


@dataclass
class Visitor:
    """A browser, or a program."""

    world: World
    address: str = "192.0.2.7"
    cookies: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with every request: ``authorization`` for a program."""
    last_cookies: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Answer:
        """Send a request and keep what cookies the answer sets."""
        given = {"accept": "text/html", **self.headers, **(headers or {})}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer, set_cookies = asyncio.run(self._call(method, path, given, body))
        self.last_cookies = set_cookies
        for cookie in set_cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if "max-age=0" in cookie.lower():
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return answer

    def get(self, path: str) -> Answer:
        """Open a page."""
        return self.send("GET", path)

    def api(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """Ask the API."""
        given = {"accept": "application/json", "content-type": "application/json", **(headers or {})}
        return self.send(method, f"/api/v1{path}", b"" if body is None else json.dumps(body).encode(), given)

    def forms(self, page: str) -> list[Form]:
        """Return the forms of a page."""
        return forms_of(self.get(page).text)

    def post(self, path: str, fields: dict[str, str], headers: dict[str, str] | None = None) -> Answer:
        """Send a form as it is."""
        return self.send("POST", path, urlencode(fields).encode(), {"content-type": "application/x-www-form-urlencoded", **(headers or {})})

    def fill(self, page: str, action: str, fields: dict[str, str] | None = None, number: int = 0) -> Answer:
        """Open a page, fill in its form with this action, and send it."""
        shown = self.get(page)
        found = [form for form in forms_of(shown.text) if form.action == action]
        assert len(found) > number, (
            f"{page} ({shown.status}) has no form {number} for {action}: {sorted({f.action for f in forms_of(shown.text)})}"
        )
        return self.post(action, {**found[number].fields, **(fields or {})})

    def sign_in(self, person: str, password: str = PASSWORD, after: str = "/") -> Answer:
        """Sign in by name and password."""
        return self.fill(f"/sign-in?{urlencode({'next': after})}", "/sign-in", {"person": person, "password": password})

    @property
    def is_in(self) -> bool:
        """Whether this browser is signed in."""
        return self.api("GET", "/me").status == 200

    async def _call(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[Answer, list[str]]:
        sent: list[Any] = []
        plain, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": plain,
            "raw_path": plain.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()], "client": (self.address, 0), "server": ("test", 0),
        }  # fmt: skip

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.world.app.asgi(scope, receive, send)
        raw = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
        answer = Answer(sent[0]["status"], b"".join(message.get("body", b"") for message in sent[1:]), dict(raw))
        return answer, [value for name, value in raw if name == "set-cookie"]


def visitor(world: World, person: str, role: Role, address: str = "192.0.2.7") -> Visitor:
    """Return somebody who has an account and has signed in."""
    make_account(world, person, role)
    found = Visitor(world, address)
    answer = found.sign_in(person)
    assert answer.status == 303, answer.text
    return found


def program(world: World, secret: str) -> Visitor:
    """Return a program that shows a token."""
    return Visitor(world, "198.51.100.4", headers={"authorization": f"Bearer {secret}"})


def said(answer: Answer) -> str:
    """Return the text of a page without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))
