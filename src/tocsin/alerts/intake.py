"""The addresses to which senders send: a plain ASGI application in front of all others, since nothing else is asked as often.

A request is read within a deadline and up to a limit, decoded here, taken in by the journal of alerts, and answered once it is on disk. Other
tools' own addresses (``dropins/``) are served the same way: a handler for the first part of a path.
"""

from __future__ import annotations

import asyncio
import types
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, cast
from urllib.parse import parse_qsl, unquote

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from tocsin.alerts import handlers
from tocsin.alerts.errors import TooSlow, WrongBody, WrongKey
from tocsin.alerts.reading import Sent
from tocsin.alerts.registry import READERS
from tocsin.engine.errors import NotFound, Refused, TooLarge
from tocsin.engine.runtime import Runtime
from tocsin.web.problems import respond

LARGEST_REQUEST: Final = 5_000_000
"""Bytes of a request, also after it was unpacked; a large group of alerts has some hundred kilobytes."""
DEADLINE: Final = 15.0
"""Seconds within which a request must have come in whole."""
_MOST_QUERY: Final = 200
_CHUNK: Final = 65_536
_INTAKE: Final = "intake"
_JSON: Final = b"application/json"
_NOTHING: Final[Mapping[str, str]] = {}

_encode = msgspec.json.Encoder(enc_hook=str).encode


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take of the server."""

    largest: int = LARGEST_REQUEST
    """Bytes."""
    deadline: float = DEADLINE
    """Seconds."""


class Reply:
    """An answer: a status, a body and what its headers say beside its type and length."""

    __slots__ = ("body", "headers", "media", "status")

    def __init__(self, status: int, body: bytes = b"", media: bytes = _JSON, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.status = status
        self.body = body
        self.media = media
        self.headers = headers

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Reply:
        """Return any value of ours as JSON."""
        return cls(status, _encode(value))

    @classmethod
    def refusal(cls, refusal: Refused) -> Reply:
        """Return a refusal as a problem document."""
        made = respond(refusal)
        again = ((b"retry-after", made.headers["retry-after"].encode()),) if "retry-after" in made.headers else ()
        return cls(made.status_code, bytes(made.body), b"application/problem+json", again)


class Headers(Mapping[str, str]):
    """The headers of a request, decoded when they are asked for; the first of each name counts."""

    __slots__ = ("_raw",)

    def __init__(self, raw: Sequence[tuple[bytes, bytes]]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        """Return a header by its name in lower case."""
        wanted = name.encode("latin-1", "replace")
        for given, value in self._raw:
            if given == wanted:
                return value.decode("latin-1")
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.decode("latin-1") for name, _ in self._raw))

    def __len__(self) -> int:
        return len({name for name, _ in self._raw})


@types.coroutine
def _go_on(reading: Coroutine[Any, Any, bytes], waits: Any) -> Generator[Any, Any, bytes]:
    """Go on with a coroutine that has begun, and waits for something."""
    while True:
        try:
            try:
                value = yield waits
            except BaseException as error:  # noqa: BLE001 (whatever it is, it is for the coroutine)
                waits = reading.throw(error)
            else:
                waits = reading.send(value)
        except StopIteration as whole:
            return cast("bytes", whole.value)


class Call:
    """One request, as a handler sees it."""

    __slots__ = ("__dict__", "_limits", "_receive", "_scope", "runtime")

    def __init__(self, runtime: Runtime, scope: Scope, receive: Receive, limits: Limits) -> None:
        self.runtime = runtime
        self._scope = scope
        self._receive = receive
        self._limits = limits

    @property
    def method(self) -> str:
        """Its method in capitals."""
        return str(self._scope["method"])

    @property
    def path(self) -> str:
        """Its path, decoded, without the query."""
        return str(self._scope["path"])

    @property
    def headers(self) -> Headers:
        """Its headers; names in lower case."""
        return Headers(self._scope["headers"])

    @property
    def query(self) -> Mapping[str, str]:
        """Its query; the last of each name counts."""
        return {name: values[-1] for name, values in self.queries.items()} if self._scope["query_string"] else _NOTHING

    @cached_property
    def queries(self) -> dict[str, list[str]]:
        """Its query with all values of each name (``filter=a&filter=b``)."""
        raw: bytes = self._scope["query_string"]
        found: dict[str, list[str]] = {}
        if raw:
            try:
                for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=_MOST_QUERY):
                    found.setdefault(name, []).append(value)
            except ValueError as error:
                raise Refused("The query cannot be read.", fix=f"Send at most {_MOST_QUERY} parameters.", field="query") from error
        return found

    @property
    def sender(self) -> str:
        """The address that it came from."""
        client = self._scope.get("client")
        return str(client[0]) if client else ""

    def header(self, name: bytes) -> bytes:
        """Return one header, without decoding the others; nothing where it is not there."""
        for given, value in self._scope["headers"]:
            if given == name:
                return bytes(value)
        return b""

    async def body(self) -> bytes:
        """Return its body, unpacked if it is compressed.

        Raises:
            TooLarge: it is larger than what is taken.
            TooSlow: it did not come in whole in time.
            WrongBody: it is compressed, and cannot be unpacked.

        """
        largest = self._limits.largest
        announced = self.header(b"content-length")
        if announced.isdigit() and int(announced) > largest:
            raise _too_large(largest)
        reading = self._read(largest)
        try:
            waits = reading.send(None)
        except StopIteration as whole:  # nearly always: what is small has come with its headers, and needs no clock
            raw: bytes = whole.value
        else:
            try:
                async with asyncio.timeout(self._limits.deadline):
                    raw = await _go_on(reading, waits)
            except TimeoutError as error:
                raise TooSlow(self._limits.deadline) from error
        packed = self.header(b"content-encoding")
        return raw if not packed else _unpacked(raw, packed.strip().lower(), largest)

    async def _read(self, largest: int) -> bytes:
        message = await self._receive()
        first: bytes = message.get("body", b"")
        if not message.get("more_body") and len(first) <= largest:
            if message["type"] == "http.disconnect":
                raise Gone
            return first
        parts, size = [first], len(first)
        while message.get("more_body"):
            if size > largest:
                break
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Gone
            part = message.get("body", b"")
            size += len(part)
            parts.append(part)
        if size > largest:
            raise _too_large(largest)
        return b"".join(parts)


class Gone(Exception):
    """The sender went away before the request was whole; nobody waits for an answer."""


Handler = Callable[[Call], Awaitable[Reply]]


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"The body is larger than {largest:,} bytes.", fix="Send the alerts in several requests.")


def _unpacked(raw: bytes, how: bytes, largest: int) -> bytes:
    if how == b"identity":
        return raw
    if how not in (b"gzip", b"x-gzip", b"deflate"):
        raise WrongBody(
            f"A body packed with {how.decode('latin-1')[:40]!r} cannot be read.", fix="Send it as it is, or packed with gzip.", field="Content-Encoding",
        )  # fmt: skip
    try:
        unpacker = zlib.decompressobj(wbits=47 if how != b"deflate" else 15)
        content = unpacker.decompress(raw, largest + 1)
    except zlib.error as error:
        raise WrongBody("The body is said to be packed, and cannot be unpacked.", fix="Send it whole.", field="Content-Encoding") from error
    if len(content) > largest:
        raise _too_large(largest)
    if not unpacker.eof:
        raise WrongBody("The packed body ends too early.", fix="Send it whole.", field="Content-Encoding")
    return content


class Intake:
    """The application that takes in alerts, and passes everything else on."""

    def __init__(self, app: ASGIApp, runtime: Runtime, dropins: Mapping[str, Handler], limits: Limits = Limits()) -> None:
        """Dropins: the first part of a path (``v2``), or the first two (``api/v2``), and what answers all below; it may raise ``NotFound``."""
        self._app = app
        self._runtime = runtime
        self._limits = limits
        self._handlers: dict[str, Handler] = {_INTAKE: post, **dropins}
        self._deeper = frozenset(name.partition("/")[0] for name in dropins if "/" in name)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is for the intake; pass others on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]
        first = path[1 : path.find("/", 1)] if path.find("/", 1) > 0 else ""
        handler = self._handlers.get(first if first not in self._deeper else "/".join(path.split("/", 3)[1:3]))
        if handler is None:
            await self._app(scope, receive, send)
            return
        try:
            reply = await handler(Call(self._runtime, scope, receive, self._limits))
        except Refused as refusal:
            reply = Reply.refusal(refusal)
        except Gone:
            return
        # Whoever is refused half way is cut off: what it still sends must not be read as another request.
        closing = ((b"connection", b"close"),) if reply.status in (408, 413) else ()
        headers = [(b"content-type", reply.media), (b"content-length", b"%d" % len(reply.body)), *reply.headers, *closing]
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": reply.body})


async def post(call: Call) -> Reply:
    """Answer ``POST /intake/<source>/<key>``.

    200: it is on disk, with the receipt's id. 404: no such tool or key. Other 4xx: it is not what the tool sends. 503: try again.
    """
    _, _, source, *rest = call.path.split("/")
    if len(rest) != 1 or not rest[0]:
        raise NotFound("An intake's address is /intake/<source>/<key>.", fix="`tocsin alert intake` prints the addresses.")
    if call.method != "POST":
        return Reply(405, _encode({"detail": "Send it with POST."}), headers=((b"allow", b"POST"),))
    key = handlers.key_for(call.runtime, rest[0], source) if source in READERS else None
    if key is None:
        raise WrongKey
    body = await call.body()
    sent = Sent(body, call.runtime.clock.now(), call.headers.get("content-type", ""), call.headers, call.query, key.saved.options)
    taken = await handlers.receive(call.runtime, source, key, sent, call.sender)
    return Reply.json(taken.answer())


def path_after(call: Call, prefix: str) -> list[str]:
    """Return the parts of a path after a prefix, decoded."""
    return [unquote(part) for part in call.path.removeprefix(prefix).strip("/").split("/")]
