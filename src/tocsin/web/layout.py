"""The shell of every page: who visits, the template environment, refusals as pages, forms read and checked."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
from jinja2 import BytecodeCache, Environment, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.bccache import Bucket
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from tocsin import __version__
from tocsin.alerts.queries import counts
from tocsin.engine.access import on_behalf
from tocsin.engine.errors import NotSignedIn, Refused
from tocsin.engine.model import Actor, Role, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.paging.queries import unanswered
from tocsin.people import rights
from tocsin.web import hub, identity, multipart, noting, private, shown
from tocsin.web.assets import Assets
from tocsin.web.endpoints import LARGEST_BODY, read_body
from tocsin.web.problems import respond
from tocsin.web.security import FORM_TOKEN, check_form, form_token
from tocsin.web.themes import theme_of

NONCE: Final = "nonce"
_MOST_FIELDS: Final = 500
_LONGEST_NUMBER: Final = 15
_FOUND: Final = 303
_SERVER_ERROR: Final = 500


@dataclass(frozen=True)
class Visit:
    """A request for a page, as its handler sees it."""

    runtime: Runtime
    request: Request
    actor: Actor
    viewer: Viewer
    path: dict[str, str]
    query: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)
    """The fields of a form, each as its last value; without the token and the nonce."""
    lists: dict[str, list[str]] = field(default_factory=dict)
    """The fields of a form that came more than once."""
    key: str = ""
    """The form's idempotency key."""
    fingerprint: str = ""
    """A digest of what the form says, so that its key cannot stand for something else."""
    waiting: int = 0
    """How many alerts fire that nobody is on; the menu says so."""
    unanswered: int = 0
    """How many pages were tried on everybody in vain; likewise."""
    position: str = ""
    """Where the live feed stood before anything was read for this page."""
    name: str = ""
    """What the person is called; the actor's id where that is no person that we know."""

    @property
    def now(self) -> datetime:
        """The moment at which the page is looked at."""
        return self.runtime.clock.now()


Handler = Callable[[Visit], Awaitable[Response]]


class _Compiled(BytecodeCache):
    """Keeps what templates were compiled to, for every application of this process: compiling those of one page takes a quarter of a second."""

    _kept: ClassVar[dict[str, bytes]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give a template's code, unless its text is another one now."""
        if (code := self._kept.get(bucket.key)) is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template's code."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


class Shell:
    """Renders pages and makes their routes. One per application."""

    def __init__(
        self, runtime: Runtime, packages: Sequence[str], *, gallery: bool = False, filters: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        """``packages`` have a folder ``templates``; theirs are named ``<package>/<file>``.

        gallery: the page of all components is served. filters: more of them for all templates, by name.
        """
        self.runtime = runtime
        self.gallery = gallery
        self.assets = Assets()
        self.build = f"{__version__}-{self.assets.digest}"
        """Changes whenever a file of the pages does: a page that was open before an update says so."""
        self.templates = Environment(
            loader=PrefixLoader({name: PackageLoader(f"tocsin.{name}") for name in packages}), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, auto_reload=False, bytecode_cache=_Compiled(),
        )  # fmt: skip
        self.templates.filters |= shown.FILTERS | dict(filters or {})
        self.templates.globals |= {"asset": self.assets.url, "version": __version__, "nonce": lambda: secrets.token_urlsafe(16)}

    def render(
        self, request: Request, template: str, values: Mapping[str, Any] | None = None, *, status: int = 200, me: Actor | None = None
    ) -> Response:
        """Return a page."""
        clock = self.runtime.clock
        everywhere: dict[str, Any] = {
            "me": me, "now": clock.now(), "virtual": clock.virtual, "form_token": form_token(request, self.runtime), "here": request.url.path,
            "problem": None, "typed": {}, "waiting": 0, "unanswered": 0, "viewer": None, "my_name": me.id if me else "", "position": "", "build": self.build,
            "theme": theme_of(request), "gallery": self.gallery,
        }  # fmt: skip
        text = self.templates.get_template(template).render({**everywhere, **(values or {})})
        return HTMLResponse(text, status, {"cache-control": "private, no-cache"})

    def page(self, visit: Visit, template: str, values: Mapping[str, Any] | None = None, *, status: int = 200) -> Response:
        """Return a page for somebody who is signed in."""
        return self.render(
            visit.request,
            template,
            {
                "waiting": visit.waiting,
                "unanswered": visit.unanswered,
                "position": visit.position,
                "viewer": visit.viewer,
                "my_name": visit.name,
                **(values or {}),
            },
            status=status,
            me=visit.actor,
        )

    def problem(self, request: Request, refusal: Refused, me: Actor | None = None) -> Response:
        """Return a refusal as a page of its own."""
        return self.render(request, "web/problem.html", {"refusal": refusal}, status=refusal.status, me=me)

    def get(self, path: str, handler: Handler, needs: Role = "viewer") -> Route:
        """Return the route of a page; who is not signed in is sent to sign in first. needs: the role that it asks for."""
        return Route(path, self._guard(path, handler, needs, form=False), methods=["GET"])

    def post(self, path: str, handler: Handler, needs: Role = "responder") -> Route:
        """Return the route of a form; its token and the sender's role have been checked before the handler runs."""
        return Route(path, self._guard(path, handler, needs, form=True), methods=["POST"])

    def _waiting(self, viewer: Viewer) -> tuple[int, int, str, str]:
        with self.runtime.reading() as reader:
            at = hub.position(self.runtime, reader)  # before anything else is read, so that nothing falls between the page and its feed
            person = reader.state(f"person:{viewer.id}") if viewer.kind == "person" else None
            name = person.saved.name if person is not None and person.saved is not None else viewer.id
            return counts(reader, viewer)["no"], unanswered(reader, viewer), at, name

    def _guard(self, path: str, handler: Handler, needs: Role, *, form: bool) -> Callable[[Request], Awaitable[Response]]:
        named = private.named_by(path)

        async def handle(request: Request) -> Response:
            try:
                found = await self.runtime.glance(identity.identify, request, self.runtime)
            except NotSignedIn:
                found = None
            except Refused as refusal:
                noting.refused(request, self.runtime, None, refusal)
                return self.problem(request, refusal)
            if found is None:
                return await asyncio.to_thread(identity.come_in_first, request, self.runtime) or sign_in_first(request)
            actor = msgspec.structs.replace(found.actor, via="page")
            fields: dict[str, str] = {}
            lists: dict[str, list[str]] = {}
            try:
                if form:
                    fields, lists = await read_form(request)
                    check_form(request, self.runtime, fields)
                nonce = fields.pop(NONCE, "")
                fields.pop(FORM_TOKEN, None)
                viewer = identity.viewer_of(request, self.runtime, actor)
                rights.require(viewer, needs)
                if needs in ("manager", "administrator"):  # what the audit shows says also where it came from
                    actor = msgspec.structs.replace(actor, address=identity.address_of(request))
                of_form = private.of_form(lists)
                if named or of_form:  # what may not be read looks like what does not exist, whatever the handler does
                    await asyncio.to_thread(private.check, self.runtime, viewer, named, request.path_params, of_form)
                    if not form:
                        await self.runtime.glance(
                            noting.read_private, request, self.runtime, viewer, actor, private.incidents_of(named, request.path_params)
                        )
                key = f"{actor}:form:{nonce[:80]}" if nonce else ""
                print_ = _fingerprint(request.url.path, fields) if key else ""
                visit = Visit(
                    self.runtime, request, actor, viewer, dict(request.path_params), dict(request.query_params), fields, lists, key, print_,
                    *await asyncio.to_thread(self._waiting, viewer),
                )  # fmt: skip
                with on_behalf(viewer, identity.address_of(request)):
                    answer = await handler(visit)
                noting.answered(request, self.runtime, actor, answer)
                return answer
            except NotSignedIn:
                return sign_in_first(request)
            except Refused as refusal:
                noting.refused(request, self.runtime, actor, refusal)
                if form and "application/json" in request.headers.get("accept", ""):
                    return respond(refusal)
                return self.problem(request, refusal, actor)

        return handle


def _fingerprint(path: str, fields: Mapping[str, str]) -> str:
    return hashlib.sha256(repr((path, sorted(fields.items()))).encode()).hexdigest()


async def read_form(request: Request) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return the fields of a form: the last value of each, and all values of each.

    Raises:
        Refused: it is too large, or not a form.

    """
    media = request.headers.get("content-type", "")
    with_files = media.startswith(multipart.TYPE)
    raw = await read_body(request, multipart.LARGEST if with_files else LARGEST_BODY)
    if with_files:
        pairs, request.state.files = await asyncio.to_thread(multipart.parse, media, raw)
    else:
        try:
            pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
        except ValueError as error:
            raise Refused("The form cannot be read.", fix="Send it from its page.") from error
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value.replace("\r\n", "\n"))
    return {name: values[-1] for name, values in lists.items()}, lists


def sign_in_first(request: Request) -> Response:
    """Send a browser to the sign-in, and back here afterwards."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = here if request.method == "GET" else local_path(urlsplit(request.headers.get("referer", "")).path)
    return RedirectResponse("/sign-in" + (f"?next={quote(back)}" if back != "/" else ""), _FOUND)


def local_path(text: str) -> str:
    """Return a path of this site; ``/`` for anything that would lead elsewhere."""
    split = urlsplit(text)
    safe = text.startswith("/") and not text.startswith(("//", "/\\")) and not split.scheme and not split.netloc and text.isprintable()
    return text if safe and "\\" not in text else "/"


def number_of(text: str) -> int:
    """Return the number that a text of the address is; 0 for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else 0


def go(path: str) -> Response:
    """Answer a form: see the page at this path."""
    return RedirectResponse(path, _FOUND)


def wants_page(request: Request) -> bool:
    """Tell whether a browser asks for a page, not a program for data."""
    path = request.url.path
    return not path.startswith(("/api/", "/intake/", "/static/", "/live")) and "text/html" in request.headers.get("accept", "")
