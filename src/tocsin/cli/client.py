"""How commands reach the API: a server over HTTP, or the data directory in this process where no server runs."""

from __future__ import annotations

import fcntl
import json
import os
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import click

API: Final = "/api/v1"
DEFAULT_DATA: Final = "tocsin-data"
_TIMEOUT: Final = 60.0

EXIT_REFUSED: Final = 1
EXIT_USAGE: Final = 2
EXIT_UNREACHABLE: Final = 3


class Transport(Protocol):
    """Sends one request and returns status and body."""

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        """Return status, body and content type."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class HttpTransport:
    """A server at a URL, by the standard library."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        """Send the request."""
        request = urllib.request.Request(self.url + path, data=body, headers=dict(headers), method=method)  # noqa: S310 (the URL is the user's own server)
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
                return answer.status, answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers.get_content_type()
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(f"The server at {self.url} does not answer: {reason}. Check --server, or start one with `tocsin serve`.") from error

    def close(self) -> None:
        """Nothing is held."""


class Unreachable(click.ClickException):
    """No server answers."""

    exit_code = EXIT_UNREACHABLE


class RefusedByServer(click.ClickException):
    """The server refused a command; the message is its sentence and remedy."""

    exit_code = EXIT_REFUSED

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        parts = [str(problem.get("detail", f"The server answered {status}."))]
        parts += [f"  - {missing}" for missing in problem.get("missing", [])]
        if problem.get("fix"):
            parts.append(str(problem["fix"]))
        super().__init__("\n".join(parts))


class Client:
    """The API, as commands use it."""

    def __init__(self, transport: Transport, token: str, person: str) -> None:
        self._transport = transport
        self._token = token
        self._person = person

    def get(self, path: str, **query: Any) -> Any:
        """Return the answer to a GET below ``/api/v1``; query values that are None are left out."""
        given = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return self._send("GET", API + path + (f"?{urllib.parse.urlencode(given)}" if given else ""), None)

    def post(self, path: str, body: Mapping[str, Any] | None = None, *, person: str | None = None) -> Any:
        """Send a command; body values that are None are left out."""
        given = {name: value for name, value in (body or {}).items() if value is not None}
        return self._send("POST", API + path, json.dumps(given).encode(), person=person)

    def put_bytes(self, path: str, content: bytes, media_type: str) -> Any:
        """Send raw bytes."""
        return self._send("POST", API + path, content, media_type=media_type)

    def raw(self, path: str) -> bytes:
        """Return the raw bytes of a GET."""
        status, content, _ = self._transport.request("GET", path, self._headers(None), None)
        if status >= 400:  # noqa: PLR2004
            raise RefusedByServer(status, _problem(content))
        return content

    def close(self) -> None:
        """Let the transport go."""
        self._transport.close()

    def _headers(self, person: str | None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._token}", "X-Tocsin-Via": "cli", "Accept": "application/json"}
        who = person or self._person
        if who:
            headers["X-Tocsin-Person"] = who
        return headers

    def _send(self, method: str, path: str, body: bytes | None, *, person: str | None = None, media_type: str = "application/json") -> Any:
        headers = self._headers(person)
        if body is not None:
            headers |= {"Content-Type": media_type, "Idempotency-Key": uuid.uuid4().hex}
        status, content, _ = self._transport.request(method, path, headers, body)
        if status >= 400:  # noqa: PLR2004
            raise RefusedByServer(status, _problem(content))
        return json.loads(content) if content else None


def _problem(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {"detail": content.decode(errors="replace")[:500]}
    return found if isinstance(found, dict) else {"detail": str(found)}


def connect(server: str | None, data: str | None, token: str | None, person: str | None) -> Client:
    """Return a client: of the named server, of the one that works on the data directory, or of the data directory itself."""
    folder = Path(data or os.environ.get("TOCSIN_DATA", DEFAULT_DATA))
    token = token or os.environ.get("TOCSIN_TOKEN", "")
    person = person or os.environ.get("TOCSIN_PERSON", "")
    url = server or os.environ.get("TOCSIN_SERVER")
    if not url and _locked(folder):
        try:
            url = str(json.loads((folder / "server.json").read_text())["url"])
        except (OSError, ValueError, KeyError) as error:
            raise Unreachable(f"Another process works on {folder}, and has not said where it listens. Try again in a moment.") from error
    if url:
        return Client(HttpTransport(url), token or _kept_token(folder), person)
    from tocsin.cli.local import LocalTransport  # noqa: PLC0415 (the server's code is loaded only where no server runs)

    return Client(LocalTransport(folder), "", person)


def _kept_token(folder: Path) -> str:
    """Return the token that ``serve`` left for the owner of the data directory."""
    try:
        return (folder / "token").read_text().strip()
    except OSError:
        return ""


def _locked(folder: Path) -> bool:
    try:
        handle = (folder / "lock").open("a+")
    except OSError:
        return False
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        fcntl.flock(handle, fcntl.LOCK_UN)
        return False
