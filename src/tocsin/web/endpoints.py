"""Endpoints of the API as data: one table gives the routes, the decoding of bodies and the OpenAPI document."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine import limits
from tocsin.engine.access import on_behalf
from tocsin.engine.errors import NotSignedIn, Refused, TooLarge
from tocsin.engine.model import Actor, Command, Role, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.people import rights
from tocsin.web import identity, noting, private
from tocsin.web.identity import COOKIE as COOKIE  # noqa: PLC0414 (found here by those who know it from here)
from tocsin.web.identity import who as who  # noqa: PLC0414
from tocsin.web.problems import bad_body, respond

LARGEST_BODY: Final = 1_000_000
"""Bytes. Larger bodies are refused before they are read to the end (attachments have a limit of their own)."""

_DIGITS: Final = 10
PREFIX: Final = "/api/v1"


@dataclass(frozen=True)
class Asked:
    """A request, as a handler sees it."""

    runtime: Runtime
    request: Request
    actor: Actor
    viewer: Viewer
    path: dict[str, str]
    query: dict[str, str]
    body: Any
    key: str
    fingerprint: str


Handler = Callable[[Asked], Awaitable[Any]]


@dataclass(frozen=True)
class Endpoint:
    """One address of the API. A handler returns a Struct or plain values, or a Response of its own."""

    method: str
    path: str
    summary: str
    handler: Handler
    body: type[Any] | None = None
    status: int = 200
    query: tuple[tuple[str, str], ...] = ()
    """Query parameters: name and meaning."""
    tag: str = ""
    public: bool = False
    needs: Role | Literal[""] = ""
    """The role that it needs; without one, ``viewer`` for GET and ``responder`` for the rest."""
    own: bool = False
    """It changes what is one's own, which everybody may, whatever their role; but no token that only reads."""
    door: str = ""
    """The scope of a token that opens this endpoint though the token has no role; see ``people.scopes``."""
    raw: bool = False
    """The handler reads the body itself."""
    largest: int = LARGEST_BODY
    media: tuple[str, ...] = ("application/json",)
    """What the answer is; the document says so."""
    decoder: list[Any] = field(default_factory=list)

    @property
    def asks_for(self) -> Role:
        """The role that it needs."""
        return self.needs or ("viewer" if self.method == "GET" else "responder")


def moment_of(asked: Asked, name: str = "at") -> datetime | None:
    """Return a moment of the query.

    Raises:
        Refused: it is not a time with a zone.

    """
    text = asked.query.get(name, "")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00").replace(" ", "+"))
    except ValueError as error:
        raise Refused(f"{name} {text!r} is not a time.", fix="Write it like 2026-01-31T14:05:00Z.", field=name) from error
    if found.tzinfo is None:
        raise Refused(f"{name} {text!r} has no time zone.", fix="Write it like 2026-01-31T14:05:00Z.", field=name)
    limits.check_time(found, name)
    return found.astimezone(UTC)


def limit_of(asked: Asked, default: int, most: int) -> int:
    """Return the query's ``limit``: ``default`` where it has none, never more than ``most``.

    Raises:
        Refused: it is not a whole number of at least 1.

    """
    text = asked.query.get("limit", "") or str(default)
    if not text.isascii() or not text.isdigit() or not text.strip("0"):
        raise Refused(f"limit {text!r} is not a number of at least 1.", fix="Write limit=50.", field="limit")
    return min(int(text), most) if len(text) < _DIGITS else most


def command(path: str, kind: str, body: type[Command], summary: str, *, status: int = 200, needs: Role | Literal[""] = "") -> Endpoint:
    """Return the endpoint of a command: the body is the command, the path's last parameter named ``id`` is the record."""

    async def handle(asked: Asked) -> Any:
        return await asked.runtime.commit(kind, asked.path["id"], asked.body, asked.actor, asked.key, asked.fingerprint)

    return Endpoint("POST", path, summary, handle, body, status, tag=kind, needs=needs)


def encode_hook(value: Any) -> Any:
    """Encode what JSON has no word for."""
    if isinstance(value, Exception):
        return str(value)
    return str(value)


_encoder = msgspec.json.Encoder(enc_hook=encode_hook)


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return any value of ours as JSON."""
    return Response(_encoder.encode(value), status, headers, "application/json")


def routes(endpoints: Sequence[Endpoint], runtime: Runtime) -> list[Route]:
    """Return the routes of the endpoints, in the given order.

    Raises:
        ValueError: two of them have one method and path, so the second would never be asked.

    """
    twice = [name for name, times in Counter((one.method, one.path) for one in endpoints).items() if times > 1]
    if twice:
        raise ValueError(f"two endpoints for {twice}")
    return [Route(PREFIX + endpoint.path, _route(endpoint, runtime), methods=[endpoint.method]) for endpoint in endpoints]


def _route(endpoint: Endpoint, runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    decoder: Any = msgspec.json.Decoder(endpoint.body) if endpoint.body is not None else None
    named = private.named_by(endpoint.path)

    async def handle(request: Request) -> Response:
        actor: Actor | None = None
        try:
            if endpoint.public:
                actor = await runtime.glance(who, request, runtime)
            else:
                found = await runtime.glance(identity.identify, request, runtime)
                if found is None:
                    raise NotSignedIn(
                        "This needs a token.", fix="Send it as `Authorization: Bearer …`; `tocsin serve` prints the first one."
                    )
                actor = found.actor
            # Who may not is told so before anybody looks at what they sent.
            if actor is not None:
                viewer = identity.viewer_of(request, runtime, actor, endpoint.door)
                rights.require(viewer, endpoint.asks_for)
                if endpoint.own:
                    identity.not_only_reading(request, runtime)
                if endpoint.asks_for in ("manager", "administrator"):
                    actor = msgspec.structs.replace(actor, address=identity.address_of(request))
                noting.came_in(request, runtime)
            else:
                actor, viewer = Actor("sender", "anonymous", via="api"), rights.PUBLIC
            body: Any = None
            fingerprint = ""
            if decoder is not None:
                raw = await read_body(request, endpoint.largest)
                try:
                    body = decoder.decode(raw or b"{}")
                except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
                    raise bad_body(error) from error
                body = limits.checked(body)
            else:
                raw = b""
            key = request.headers.get("idempotency-key", "")
            if key:
                fingerprint = hashlib.sha256(request.url.path.encode() + b"\n" + raw).hexdigest()
                key = _own_key(actor, key)
            if named or body is not None:
                fields = private.of_body(body)
                if named or fields:
                    await asyncio.to_thread(private.check, runtime, viewer, named, request.path_params, fields)
                    if request.method == "GET":
                        await runtime.glance(
                            noting.read_private, request, runtime, viewer, actor, private.incidents_of(named, request.path_params)
                        )
            asked = Asked(runtime, request, actor, viewer, dict(request.path_params), dict(request.query_params), body, key, fingerprint)
            with on_behalf(viewer, identity.address_of(request)):
                result = await endpoint.handler(asked)
        except Refused as refusal:
            noting.refused(request, runtime, actor, refusal)
            return respond(refusal)
        if isinstance(result, Response):
            noting.answered(request, runtime, actor, result)
            return result
        return json_response(result, endpoint.status)

    return handle


def _own_key(actor: Actor | None, key: str) -> str:
    """Return a sender's key apart from every other sender's, whatever characters names and keys have."""
    return hashlib.sha256(msgspec.json.encode((actor.kind, actor.id, key) if actor else ("", "", key))).hexdigest()


async def read_body(request: Request, largest: int) -> bytes:
    """Read a body up to its limit.

    Raises:
        TooLarge: it is larger.

    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > largest:
        raise _too_large(largest)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            raise _too_large(largest)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(largest: int) -> TooLarge:
    return TooLarge(f"The body is larger than {largest:,} bytes.", fix="Shorten the text, or attach the rest as a file.")


def openapi(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of the endpoints."""
    bodies = [e.body for e in endpoints if e.body is not None]
    _, components = msgspec.json.schema_components(list(dict.fromkeys(bodies)), ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    problem = {
        "description": "What was wrong, where, and what to do",
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for endpoint in endpoints:
        parameters = [
            {"name": part[1:-1].partition(":")[0], "in": "path", "required": True, "schema": {"type": "string"}}
            for part in endpoint.path.split("/")
            if part.startswith("{")
        ]
        parameters += [
            {"name": n, "in": "query", "required": False, "description": d, "schema": {"type": "string"}} for n, d in endpoint.query
        ]
        if endpoint.method == "POST":
            parameters.append(
                {
                    "name": "Idempotency-Key",
                    "in": "header",
                    "required": False,
                    "description": "Repeat a request safely",
                    "schema": {"type": "string"},
                },
            )
        operation: dict[str, Any] = {
            "summary": endpoint.summary, "tags": [endpoint.tag or endpoint.path.split("/")[1]], "parameters": parameters,
            "operationId": f"{endpoint.method.lower()}{endpoint.path.replace('/', '_').replace('{', '').replace('}', '').replace(':', '_').replace('-', '_')}",
            "responses": {
                str(endpoint.status): {"description": "Done", "content": {media: {} for media in endpoint.media}},
                "4XX": problem, "503": problem,
            },
        }  # fmt: skip
        if endpoint.body is not None:
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{endpoint.body.__name__}"}}},
            }
        if endpoint.raw:
            operation["requestBody"] = {"required": True, "content": {"*/*": {}}}
        if endpoint.public:
            operation["security"] = []
        else:
            door = f", or a token with the scope {endpoint.door}" if endpoint.door else ""
            operation["description"] = f"Needs the role {endpoint.asks_for}{door}."
            operation["security"] = [{"token": [endpoint.asks_for]}]
        path = PREFIX + endpoint.path.replace(":path}", "}")
        paths.setdefault(path, {})[endpoint.method.lower()] = operation
    components["Problem"] = {
        "type": "object", "required": ["type", "title", "status", "detail"],
        "properties": {name: {"type": "string"} for name in ("type", "title", "detail", "fix", "field")} | {"status": {"type": "integer"}},
    }  # fmt: skip
    return {
        "openapi": "3.1.0", "info": {"title": "Tocsin", "version": version}, "paths": paths,
        "components": {"schemas": components, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}}, "security": [{"token": []}],
    }  # fmt: skip
