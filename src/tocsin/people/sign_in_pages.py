"""Signing in and out: by name and password, by a link that works once, or with the installation's own token; and setting a password by a link."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.engine.errors import NotAllowed, NotSignedIn, Refused
from tocsin.engine.model import Actor, Command
from tocsin.engine.runtime import Runtime
from tocsin.engine.sessions import CODE_LASTS, SESSION_LASTS
from tocsin.people import handlers
from tocsin.people.audit import SignedIn, SignedOut, SignInFailed, SignInWay
from tocsin.people.passwords import SHORTEST, Hasher
from tocsin.people.throttle import Throttle
from tocsin.web import identity
from tocsin.web.endpoints import Asked, Endpoint
from tocsin.web.layout import Shell, local_path, read_form
from tocsin.web.security import check_form

_FOUND: Final = 303
_LONGEST_NAME: Final = 200
_OLD_COOKIES: Final = ("tocsin_person",)
_WHO: Final = "Write what you sign in as, such as ana, or your full name."
_WRONG: Final = "The name or the password is wrong."


class TooMany(Refused):
    """Too many guesses."""

    status = 429
    code = "too_many"

    def __init__(self, seconds: int) -> None:
        minutes = -(-seconds // 60)
        wait = f"{seconds} seconds" if seconds < 90 else f"{minutes} minutes"  # noqa: PLR2004 (then minutes read better)
        super().__init__(
            "Too many wrong sign-ins.", fix=f"Wait {wait}, then try again. A one-time link from `tocsin sign-in` works at once."
        )
        self.retry_after = seconds


@dataclass
class Doorkeeper:
    """What signing in needs beside the records: the work of passwords, the count of guesses, and where people reach this installation."""

    hasher: Hasher
    public_url: str = ""
    throttle: Throttle = field(default_factory=Throttle)

    def secure(self, request: Request) -> bool:
        """Tell whether cookies of this answer are for HTTPS alone."""
        site = urlsplit(self.public_url)
        return request.url.scheme == "https" or (site.scheme == "https" and request.headers.get("host", "") == site.netloc)

    def guess(self, name: str, request: Request) -> None:
        """Use up one guess.

        Raises:
            TooMany: there is none left.

        """
        wait = self.throttle.take(name, identity.address_of(request), time.monotonic())
        if wait:
            raise TooMany(wait)

    def right(self, name: str, request: Request) -> None:
        """Give the guess back that was right."""
        self.throttle.give_back(name, identity.address_of(request), time.monotonic())


def make_code(runtime: Runtime, person: str) -> str:
    """Return a code for ``/sign-in?code=…``: it signs one browser in as this person, once, within 15 minutes."""
    return runtime.sessions.make_code(person)


class MakeCode(Command, frozen=True):
    """Ask for a link that signs a browser in as a person."""

    person: Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_NAME)]


def endpoints(public_url: str) -> list[Endpoint]:
    """Return the endpoint that makes one-time links. public_url: what the link begins with."""

    async def code(asked: Asked) -> Any:
        found = identity.identify(asked.request, asked.runtime)
        if found is None or not found.local:
            raise NotAllowed(
                "Only the installation's own token makes links that sign others in.",
                fix="Run `tocsin --as NAME sign-in` on the machine of the server; or invite them under Settings, Accounts.", field="person",
            )  # fmt: skip
        path = f"/sign-in?code={await asyncio.to_thread(make_code, asked.runtime, asked.body.person)}"
        return {"url": public_url.rstrip("/") + path, "path": path, "minutes": int(CODE_LASTS.total_seconds() // 60)}

    return [
        Endpoint(
            "POST", "/sign-in/codes", "A link that signs one browser in, once", code, MakeCode, 201, tag="system", needs="administrator"
        )
    ]


def routes(shell: Shell, door: Doorkeeper) -> list[Route]:
    """Return the public routes of signing in and out."""
    pages = _Pages(shell, door)
    return [
        Route("/sign-in", pages.show, methods=["GET"]),
        Route("/sign-in", pages.sign_in, methods=["POST"]),
        Route("/sign-out", pages.sign_out, methods=["POST"]),
        Route("/password/{code}", pages.show_link, methods=["GET"]),
        Route("/password/{code}", pages.use_link, methods=["POST"]),
    ]


class _Pages:
    def __init__(self, shell: Shell, door: Doorkeeper) -> None:
        self._shell = shell
        self._runtime = shell.runtime
        self._door = door

    async def show(self, request: Request) -> Response:
        """Show the form; a code in the address signs in at once."""
        after = local_path(request.query_params.get("next", "/"))
        code = request.query_params.get("code", "")
        if not code:
            return await self._page(request, after)
        try:
            self._door.guess("", request)
            person = await asyncio.to_thread(self._runtime.sessions.take_code, code)
            if person is None:
                await self._failed(request, SignInFailed(why="link"))
                raise NotSignedIn(
                    "This link has been used already, or is older than 15 minutes.", fix="Ask for a new one, or sign in below."
                )
        except Refused as refusal:
            return await self._page(request, after, refusal)
        self._door.right("", request)
        return await signed_in(self._shell, self._door, request, person, after, "code", local=True)

    async def sign_in(self, request: Request) -> Response:
        """Take a name with a password, or with the installation's token."""
        try:
            fields, _ = await read_form(request)
        except Refused as refusal:
            return await self._page(request, "/", refusal)
        after = local_path(fields.get("next", "/"))
        typed = fields.get("person", "").strip()
        try:
            check_form(request, self._runtime, fields)
            if not typed or len(typed) > _LONGEST_NAME or not typed.isprintable():
                fix = "Write the name under which the record should show you." if "token" in fields else _WHO
                raise Refused("Your name is missing.", fix=fix, field="person")
            if fields.get("token", "").strip():
                return await self._by_token(request, typed, fields["token"].strip(), after)
            return await self._by_password(request, typed, fields.get("password", ""), after)
        except Refused as refusal:
            return await self._page(request, after, refusal, typed, by_token="token" in fields and not fields.get("password"))

    async def _by_token(self, request: Request, person: str, token: str, after: str) -> Response:
        self._door.guess("token", request)
        if not self._runtime.is_admin_token(token):
            await self._failed(request, SignInFailed(why="token"))
            raise NotSignedIn(
                "That is not the token.", fix="`tocsin serve` prints it at its first start and keeps it in the file `token`.", field="token"
            )
        self._door.right("token", request)
        return await signed_in(self._shell, self._door, request, person, after, "token", local=True)

    async def _by_password(self, request: Request, typed: str, password: str, after: str) -> Response:
        person = await asyncio.to_thread(handlers.meant, self._runtime, typed)  # so that an id and a name share their tries
        try:
            self._door.guess(person, request)
        except TooMany:
            await self._failed(request, SignInFailed(why="too_many"), once=person)
            raise
        account, fits = await asyncio.to_thread(handlers.sign_in, self._runtime, self._door.hasher, person, password)
        if account is None or not fits:
            known = account.id if account is not None else ""
            await self._failed(request, SignInFailed(known, "disabled" if account is not None and not account.active else "wrong"))
            raise NotSignedIn(_WRONG, fix="Check both. An administrator can make you a link that sets a new password.", field="password")
        self._door.right(person, request)
        return await signed_in(self._shell, self._door, request, account.id, after, "password")

    async def sign_out(self, request: Request) -> Response:
        """End this browser's session."""
        try:
            fields, _ = await read_form(request)
            check_form(request, self._runtime, fields)
        except Refused as refusal:
            return self._shell.problem(request, refusal)
        held = request.cookies.get(identity.COOKIE, "")
        if held:
            actor = await asyncio.to_thread(identity.who, request, self._runtime)
            await asyncio.to_thread(self._runtime.sessions.close, held)
            if actor is not None:
                by = Actor(actor.kind, actor.id, via="page", address=identity.address_of(request))
                await asyncio.to_thread(handlers.note, self._runtime, SignedOut(actor.id), by)
        answer = RedirectResponse("/sign-in", _FOUND)
        for name in (identity.COOKIE, *_OLD_COOKIES):
            answer.delete_cookie(name, path="/", httponly=True, samesite="lax")
        return answer

    # -- a link that sets a password --------------------------------------------------------------

    async def show_link(self, request: Request) -> Response:
        """Show the form in which a password is set. To fetch it changes nothing: mail scanners do so."""
        return await self._link_page(request)

    async def _link_page(self, request: Request, refusal: Refused | None = None) -> Response:
        try:
            link = await asyncio.to_thread(handlers.link_of, self._runtime, request.path_params["code"])
        except Refused as gone:
            return self._shell.problem(request, refusal or gone)
        values = {"problem": refusal, "link": link, "shortest": SHORTEST, "code": request.path_params["code"]}
        return self._shell.render(request, "people/password.html", values, status=refusal.status if refusal else 200)

    async def use_link(self, request: Request) -> Response:
        """Set the password, end every session of the person, and sign this browser in."""
        code = request.path_params["code"]
        try:
            fields, _ = await read_form(request)
            check_form(request, self._runtime, fields)
            self._door.guess("", request)
            link = await asyncio.to_thread(
                handlers.use_link, self._runtime, self._door.hasher, code, fields.get("password", ""), fields.get("again", ""),
                identity.address_of(request),
            )  # fmt: skip
        except Refused as refusal:
            return await self._link_page(request, refusal)
        self._door.right("", request)
        way: SignInWay = "invitation" if link.purpose == "invitation" else "reset"
        return await signed_in(self._shell, self._door, request, link.person, "/", way)

    # -- shared -----------------------------------------------------------------------------------

    async def _page(
        self, request: Request, after: str, refusal: Refused | None = None, person: str = "", *, by_token: bool = False
    ) -> Response:
        already = await asyncio.to_thread(identity.who, request, self._runtime)
        fresh = not await asyncio.to_thread(handlers.is_set_up, self._runtime)
        values = {"problem": refusal, "after": after, "person": person, "already": already, "by_token": by_token, "fresh": fresh}
        answer = self._shell.render(request, "people/sign_in.html", values, status=refusal.status if refusal else 200)
        if isinstance(refusal, TooMany):
            answer.headers["retry-after"] = str(refusal.retry_after)
        return answer

    async def _failed(self, request: Request, what: SignInFailed, once: str = "") -> None:
        if once and not self._runtime.kept("people.warned", dict).setdefault(once.casefold()[:_LONGEST_NAME], 0) + 600 < time.monotonic():
            return
        if once:
            warned: dict[str, float] = self._runtime.kept("people.warned", dict)
            if len(warned) > 1000:  # noqa: PLR2004 (names that were guessed too often; more of them tell nothing)
                warned.clear()
            warned[once.casefold()[:_LONGEST_NAME]] = time.monotonic()
        actor = Actor("sender", "anonymous", via="page", address=identity.address_of(request))
        await asyncio.to_thread(handlers.note, self._runtime, what, actor)


async def signed_in(
    shell: Shell, door: Doorkeeper, request: Request, person: str, after: str, way: SignInWay, *, local: bool = False
) -> Response:  # fmt: skip
    """Open a new session for this browser, end the one that it had, and send it on."""
    runtime = shell.runtime
    address = identity.address_of(request)
    agent = request.headers.get("user-agent", "")

    def work() -> str:
        if held := request.cookies.get(identity.COOKIE, ""):
            runtime.sessions.close(held)
        handlers.note(runtime, SignedIn(person, way, agent[:300]), Actor("person", person, via="page", address=address))
        return runtime.sessions.open(person, local=local, agent=agent, address=address)

    token = await asyncio.to_thread(work)
    answer = RedirectResponse(after, _FOUND)
    lasts = int(SESSION_LASTS.total_seconds())
    answer.set_cookie(identity.COOKIE, token, max_age=lasts, path="/", httponly=True, samesite="lax", secure=door.secure(request))
    return answer
