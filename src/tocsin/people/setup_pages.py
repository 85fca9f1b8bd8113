"""The first run: create the administrator, pick a playbook, see a first alert arrive, start a drill. Each step can be left out and come back to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.alerts.queries import list_alerts
from tocsin.engine.errors import NotAllowed, NotSignedIn, Refused
from tocsin.engine.model import Actor
from tocsin.people import handlers
from tocsin.people.audit import SignInFailed
from tocsin.people.passwords import SHORTEST
from tocsin.people.sign_in_pages import Doorkeeper, TooMany, signed_in
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.services.model import SaveService
from tocsin.settings import forms
from tocsin.web import identity
from tocsin.web.layout import Shell, Visit, go, read_form
from tocsin.web.security import check_form

HERE: Final = "/setup"
STEPS: Final = (("playbook", "Pick a playbook"), ("alert", "See an alert arrive"), ("drill", "Practise"))
_PROGRESS: Final = "setup_progress"
_FOUND: Final = 303
_FIRST_SERVICE: Final = "first-service"
_SHOWN: Final = 3


class Progress(msgspec.Struct, frozen=True):
    """How far the first run is. Kept as a setting of the installation: it is a convenience, and nobody will ask who left which step out."""

    done: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    service: str = ""
    """The service that was named in the second step."""


@dataclass(frozen=True)
class Parts:
    """What the first run needs of other parts of the product, wired in ``app.py``."""

    shelf: Bookshelf
    default_playbook: str
    public_url: str
    intake_path: Callable[[str], str]
    """The path to which a tool sends its alerts, by the word of the tool."""
    send: Callable[[bytes, Actor], Awaitable[Any]]
    """Takes a request in as if a tool had sent it to ``generic``."""
    scenarios: Callable[[], list[tuple[str, str]]]
    """Returns the incidents that the demo can play: id and title."""


def routes(shell: Shell, door: Doorkeeper, parts: Parts) -> list[Route]:
    """Return the routes of the first run."""
    pages = _Pages(shell, door, parts)
    return [
        Route(HERE, pages.begin, methods=["GET"]),
        Route(HERE, pages.create, methods=["POST"]),
        shell.get(f"{HERE}/{{step}}", pages.step, needs="administrator"),
        shell.post(f"{HERE}/playbook", pages.playbook, needs="administrator"),
        shell.post(f"{HERE}/alert/test", pages.test_alert, needs="administrator"),
        shell.post(f"{HERE}/{{step}}/next", pages.next, needs="administrator"),
    ]


class _Pages:
    def __init__(self, shell: Shell, door: Doorkeeper, parts: Parts) -> None:
        self._shell = shell
        self._runtime = shell.runtime
        self._door = door
        self._parts = parts

    # -- the first administrator ------------------------------------------------------------------

    async def begin(self, request: Request) -> Response:
        """Ask for the token and the first administrator; once there is one, go on to where the first run was left."""
        if await asyncio.to_thread(handlers.is_set_up, self._runtime):
            found = await asyncio.to_thread(identity.who, request, self._runtime)
            if found is None:
                return RedirectResponse("/sign-in?next=/setup", _FOUND)
            return RedirectResponse(_after(await asyncio.to_thread(self._progress)), _FOUND)
        answer = await self._begin(request)
        answer.headers["cache-control"] = "no-store"  # so that a browser that goes back asks again, and is led on
        return answer

    async def _there_is_one(self, request: Request) -> Response:
        """Say that the first step was done already, and lead on."""
        me = await asyncio.to_thread(identity.who, request, self._runtime)
        progress = await asyncio.to_thread(self._progress)
        path = _after(progress)
        name = dict(STEPS).get(path.rpartition("/")[2], "Now")
        values = {
            "problem": None, "steps": STEPS, "progress": progress, "at": "there", "path": path, "name": name, "signed_in": me is not None,
        }  # fmt: skip
        return self._shell.render(request, "people/setup.html", values, status=NotAllowed.status, me=me)

    async def _begin(self, request: Request, refusal: Refused | None = None, typed: dict[str, str] | None = None) -> Response:
        me = await asyncio.to_thread(identity.who, request, self._runtime)
        values = {
            "problem": refusal, "typed": typed or {}, "shortest": SHORTEST, "steps": STEPS, "progress": Progress(), "at": "administrator",
            "virtual_clock": self._runtime.clock.virtual,
        }  # fmt: skip
        answer = self._shell.render(request, "people/setup.html", values, status=refusal.status if refusal else 200, me=me)
        if isinstance(refusal, TooMany):
            answer.headers["retry-after"] = str(refusal.retry_after)
        return answer

    async def create(self, request: Request) -> Response:
        """Create the first administrator and sign them in. The token does it once; afterwards this is closed for ever."""
        if await asyncio.to_thread(handlers.is_set_up, self._runtime):
            return await self._there_is_one(request)
        fields: dict[str, str] = {}
        try:
            fields, _ = await read_form(request)
            check_form(request, self._runtime, fields)
            self._door.guess("token", request)
            name = fields.get("name", "").strip()
            person = forms.id_of(name, fields.get("person", ""))
            await asyncio.to_thread(
                handlers.set_up, self._runtime, self._door.hasher, fields.get("token", "").strip(), person, name, fields.get("password", ""),
                fields.get("again", ""), identity.address_of(request),
            )  # fmt: skip
        except Refused as refusal:
            if isinstance(refusal, NotSignedIn):
                actor = Actor("sender", "anonymous", via="page", address=identity.address_of(request))
                await asyncio.to_thread(handlers.note, self._runtime, SignInFailed(why="token"), actor)
            return await self._begin(request, refusal, {name: value for name, value in fields.items() if name in ("name", "person")})
        self._door.right("token", request)
        return await signed_in(self._shell, self._door, request, person, f"{HERE}/playbook", "setup")

    # -- the further steps ------------------------------------------------------------------------

    async def step(self, visit: Visit) -> Response:
        """Show a step, or where the first run ends."""
        return await self._step(visit, visit.path["step"])

    async def _step(self, visit: Visit, step: str, problem: Refused | None = None) -> Response:
        if step not in dict(STEPS):
            return go(HERE)
        values = await asyncio.to_thread(self._of_step, visit, step)
        values |= {"problem": problem, "typed": visit.form if problem else {}, "steps": STEPS, "at": step}
        return self._shell.page(visit, "people/setup.html", values, status=problem.status if problem else 200)

    def _of_step(self, visit: Visit, step: str) -> dict[str, Any]:
        progress = self._progress()
        values: dict[str, Any] = {"progress": progress}
        if step == "playbook":
            with visit.runtime.reading() as reader:
                books = [(one, self._book(one, reader)) for one in self._parts.shelf.ids(reader)]
            values["books"] = sorted(
                ((one, book) for one, book in books if book is not None),
                key=lambda pair: (pair[0] != self._parts.default_playbook, pair[0]),
            )
            values["default"] = self._parts.default_playbook
        if step == "drill":
            values["scenarios"] = self._runtime.kept("setup.scenarios", self._parts.scenarios)
        if step == "alert":
            base = self._parts.public_url.rstrip("/") or str(visit.request.base_url).rstrip("/")
            example = json.dumps({"title": "Checkout is slow", "service": progress.service or "checkout", "severity": "critical"})
            values["generic"] = base + self._parts.intake_path("generic")
            values["alertmanager"] = base + self._parts.intake_path("alertmanager")
            values["curl"] = f"curl -H 'Content-Type: application/json' -d '{example}' \\\n  {values['generic']}"
            with visit.runtime.reading() as reader:
                values["alerts"] = list_alerts(reader, visit.viewer, limit=_SHOWN)
        return values

    def _book(self, playbook_id: str, reader: Any) -> Playbook | None:
        current = self._parts.shelf.current(playbook_id, reader)
        return self._parts.shelf.by_digest(current.digest, reader) if current is not None else None

    async def playbook(self, visit: Visit) -> Response:
        """Write down the first service with the playbook that was picked."""
        form = visit.form
        try:
            book, name = form.get("playbook", ""), form.get("service", "").strip()
            if not book:
                raise Refused(
                    "No playbook was picked.", fix="Choose one; it can be changed later, for each service on its own.", field="playbook"
                )
            service = forms.id_of(name) if name else _FIRST_SERVICE
            known = await asyncio.to_thread(visit.runtime.committer.state, f"service:{service}")
            before = known.saved if known is not None and known.saved is not None else SaveService(name or "The first service")
            command = msgspec.structs.replace(before, name=name or before.name, playbook=book)
            await visit.runtime.commit("service", service, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._step(visit, "playbook", refusal)
        await asyncio.to_thread(self._mark, "playbook", done=True, service=service)
        return go(f"{HERE}/alert")

    async def test_alert(self, visit: Visit) -> Response:
        """Have an alert come in by the same door as a tool's."""
        progress = await asyncio.to_thread(self._progress)
        body = {
            "title": f"Test alert, sent by {visit.actor.id}", "service": progress.service, "severity": "warning",
            "description": "Made in the first run, to see an alert arrive. It can be resolved at once.",
        }  # fmt: skip
        try:
            await self._parts.send(msgspec.json.encode({name: value for name, value in body.items() if value}), visit.actor)
        except Refused as refusal:
            return await self._step(visit, "alert", refusal)
        return go(f"{HERE}/alert")

    async def next(self, visit: Visit) -> Response:
        """Go on to the next step, with this one done or left out."""
        step = visit.path["step"]
        if step not in dict(STEPS):
            return go(HERE)
        await asyncio.to_thread(self._mark, step, done=visit.form.get("skip") != "1")
        return go(_following(step))

    # -- progress ---------------------------------------------------------------------------------

    def _progress(self) -> Progress:
        kept = self._runtime.database.setting(_PROGRESS)
        return msgspec.json.decode(kept, type=Progress) if kept else Progress()

    def _mark(self, step: str, *, done: bool, service: str = "") -> None:
        before = self._progress()
        others = {
            "done": tuple(one for one in before.done if one != step), "skipped": tuple(one for one in before.skipped if one != step),
        }  # fmt: skip
        others["done" if done else "skipped"] += (step,)
        after = Progress(others["done"], others["skipped"], service or before.service)
        self._runtime.database.keep_setting(_PROGRESS, msgspec.json.encode(after).decode())


def _following(step: str) -> str:
    names = [name for name, _ in STEPS]
    rest = names[names.index(step) + 1 :]
    return f"{HERE}/{quote(rest[0])}" if rest else "/"


def _after(progress: Progress) -> str:
    """Return where the first run goes on: its first step that was neither done nor left out, else the first page."""
    seen = {*progress.done, *progress.skipped}
    return next((f"{HERE}/{name}" for name, _ in STEPS if name not in seen), "/")
