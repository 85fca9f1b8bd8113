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
from urllib.parse import quote

import click

API: Final = "/api/v1"
DEFAULT_DATA: Final = "tocsin-data"
_TIMEOUT: Final = 60.0

_HERE: Final = ("127.0.0.1", "localhost", "::1")

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
    """A server at a URL, by the standard library. certificate: of the server itself, where it is known from its data directory."""

    def __init__(self, url: str, certificate: str = "") -> None:
        self.url = url.rstrip("/")
        self._opener = _opener(self.url, certificate)

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        """Send the request."""
        request = urllib.request.Request(self.url + path, data=body, headers=dict(headers), method=method)  # noqa: S310 (the URL is the user's own server)
        try:
            with self._opener.open(request, timeout=_TIMEOUT) as answer:
                return answer.status, answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            return error.code, error.read(), error.headers.get_content_type()
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", error)
            raise Unreachable(
                f"The server at {self.url} does not answer: {reason}. Check --server, or start one with `tocsin serve`."
            ) from error

    def close(self) -> None:
        """Nothing is held."""


def _opener(url: str, certificate: str) -> urllib.request.OpenerDirector:
    """Return what opens a URL: never through a proxy on this machine, and trusting the server's own certificate where it is known."""
    handlers: list[urllib.request.BaseHandler] = []
    if urllib.parse.urlsplit(url).hostname in _HERE:
        handlers.append(urllib.request.ProxyHandler({}))
    if certificate and url.startswith("https:"):
        import ssl

        context = ssl.create_default_context(cafile=certificate)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # this very certificate will do, whoever signed it
        context.check_hostname = False  # and it names the public host, while the command line talks to this machine
        handlers.append(urllib.request.HTTPSHandler(context=context))
    return urllib.request.build_opener(*handlers)


class Unreachable(click.ClickException):
    """No server answers."""

    exit_code = EXIT_UNREACHABLE


class RefusedByServer(click.ClickException):
    """The server refused a command; the message is its sentence and remedy."""

    exit_code = EXIT_REFUSED

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        self.as_json = False
        detail = str(problem.get("detail", f"The server answered {status}."))
        missing = [str(one) for one in problem.get("missing", [])]
        ending = f": {'; '.join(missing)}."
        parts = [detail.removesuffix(ending) + ":" if missing and detail.endswith(ending) else detail]
        parts += [f"  - {one}" for one in missing]
        problems = problem.get("problems", [])
        if len(problems) > 1:  # a single one is told by the detail and the fix
            parts += [f"  - {_said(one)}" for one in problems]
        if problem.get("fix"):
            parts.append(str(problem["fix"]))
        super().__init__("\n".join(parts))

    def show(self, file: Any = None) -> None:
        """Print why: for people in sentences, with --json as the problem document, both on standard error."""
        if self.as_json:
            click.echo(json.dumps({"status": self.status, **self.problem}, ensure_ascii=False), err=True)
        else:
            super().show(file)


def _said(problem: Any) -> str:
    """Return one of several problems as a sentence."""
    if not isinstance(problem, dict):
        return str(problem)
    return str(problem.get("says") or f"{problem.get('field', '')}: {problem.get('what', '')}. {problem.get('remedy', '')}".strip(": "))


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
            raise RefusedByServer(status, _problem(status, content))
        return content

    def close(self) -> None:
        """Let the transport go."""
        self._transport.close()

    def _headers(self, person: str | None) -> dict[str, str]:
        headers = {
            **({"Authorization": f"Bearer {self._token}"} if self._token else {}),
            "X-Tocsin-Via": "cli",
            "Accept": "application/json",
        }
        who = person or self._person
        if who:
            headers["X-Tocsin-Person"] = quote(who)  # a header carries Latin letters only
        return headers

    def _send(self, method: str, path: str, body: bytes | None, *, person: str | None = None, media_type: str = "application/json") -> Any:
        headers = self._headers(person)
        if body is not None:
            headers |= {"Content-Type": media_type, "Idempotency-Key": uuid.uuid4().hex}
        status, content, _ = self._transport.request(method, path, headers, body)
        if status >= 400:  # noqa: PLR2004
            raise RefusedByServer(status, _problem(status, content))
        return json.loads(content) if content else None


def _problem(status: int, content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        text = content.decode(errors="replace").strip()[:500]
        if status == 404:  # noqa: PLR2004 (a refusal would say what was not found)
            return {
                "detail": "The server does not know this request.",
                "fix": "It may be of another version, or --server names something else.",
            }
        return {"detail": f"The server answered {status}: {text or 'nothing'}."}
    return found if isinstance(found, dict) else {"detail": str(found)}


def connect(server: str | None, data: str | None, token: str | None, person: str | None) -> Client:
    """Return a client: of the named server, of the one that works on the data directory, or of the data directory itself."""
    folder = Path(data or os.environ.get("TOCSIN_DATA", DEFAULT_DATA))
    token = token or os.environ.get("TOCSIN_TOKEN", "")
    person = person or os.environ.get("TOCSIN_PERSON", "")
    url = server or os.environ.get("TOCSIN_SERVER")
    certificate = ""
    if not url and is_locked(folder):
        url, certificate = announced(folder)
    if url:
        return Client(HttpTransport(url, certificate), token or _kept_token(folder), person)
    if not folder.exists():
        if not (data or os.environ.get("TOCSIN_DATA")):
            raise Unreachable(
                f"There is no installation in ./{folder} and no server was named. Start one here with `tocsin serve`, go to the folder where it runs, "
                "or name it with --server or --data."
            )
        click.echo(
            f"{folder} is new: a record begins there. No server works on it, so nobody is told of anything until `tocsin serve` runs.",
            err=True,
        )
    from tocsin.cli.local import LocalTransport  # the server's code is loaded only where no server runs

    return Client(LocalTransport(folder), "", person)


def announced(folder: Path) -> tuple[str, str]:
    """Return the URL of the server that works on a data directory, and the file with its certificate.

    Raises:
        Unreachable: it has not said where it listens.

    """
    try:
        found = json.loads((folder / "server.json").read_text())
        return str(found["url"]), str(found.get("certificate", ""))
    except (OSError, ValueError, KeyError) as error:
        raise Unreachable(f"Another process works on {folder}, and has not said where it listens. Try again in a moment.") from error


def _kept_token(folder: Path) -> str:
    """Return the token that ``serve`` left for the owner of the data directory."""
    try:
        return (folder / "token").read_text().strip()
    except OSError:
        return ""


def is_locked(folder: Path) -> bool:
    """Tell whether a living process works on a data directory."""
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
