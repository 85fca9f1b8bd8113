"""Signing in: the token is pasted once, the browser then holds a session. A one-time code signs in by its link alone."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.engine.errors import NotAllowed, NotSignedIn, Refused
from tocsin.engine.model import Command
from tocsin.engine.runtime import Runtime
from tocsin.engine.sessions import CODE_LASTS, SESSION_LASTS
from tocsin.web.endpoints import COOKIE, PERSON_COOKIE, Asked, Endpoint, who
from tocsin.web.layout import Shell, local_path, read_form
from tocsin.web.security import check_form

_FOUND: Final = 303
_LONGEST_NAME: Final = 200


def make_code(runtime: Runtime, person: str) -> str:
    """Return a code for ``/sign-in?code=…``: it signs one browser in as this person, once, within 15 minutes."""
    return runtime.sessions.make_code(person)


class MakeCode(Command, frozen=True):
    """Ask for a link that signs a browser in as a person."""

    person: Annotated[str, msgspec.Meta(min_length=1, max_length=_LONGEST_NAME)]


def endpoints(public_url: str) -> list[Endpoint]:
    """Return the endpoint that makes one-time links. public_url: what the link begins with."""

    async def code(asked: Asked) -> Any:
        path = f"/sign-in?code={make_code(asked.runtime, asked.body.person)}"
        return {"url": public_url.rstrip("/") + path, "path": path, "minutes": int(CODE_LASTS.total_seconds() // 60)}

    return [Endpoint("POST", "/sign-in/codes", "A link that signs one browser in, once", code, MakeCode, 201, tag="system")]


def routes(shell: Shell) -> list[Route]:
    """Return the public routes of signing in and out."""
    runtime = shell.runtime

    async def show(request: Request) -> Response:
        after = local_path(request.query_params.get("next", "/"))
        code = request.query_params.get("code", "")
        if code:
            person = runtime.sessions.take_code(code)
            if person is not None:
                return _signed_in(request, runtime, person, after)
            refusal = NotSignedIn(
                "This link has been used already, or is older than 15 minutes.", fix="Ask for a new one, or paste the token."
            )
            return _page(shell, request, after, refusal)
        return _page(shell, request, after)

    async def sign_in(request: Request) -> Response:
        try:
            fields, _ = await read_form(request)
            after = local_path(fields.get("next", "/"))
        except Refused as refusal:
            return _page(shell, request, "/", refusal)
        person = fields.get("person", "").strip()
        try:
            check_form(request, runtime, fields)
            if not runtime.is_admin_token(fields.get("token", "").strip()):
                raise NotSignedIn(
                    "That is not the token.",
                    fix="`tocsin serve` prints it at its first start and keeps it in the file `token`.",
                    field="token",
                )
            if not person or len(person) > _LONGEST_NAME or not person.isprintable():
                raise Refused("Your name is missing.", fix="Write the name under which the record should show you.", field="person")
        except Refused as refusal:
            return _page(shell, request, after, refusal, person)
        return _signed_in(request, runtime, person, after)

    async def sign_out(request: Request) -> Response:
        try:
            fields, _ = await read_form(request)
            check_form(request, runtime, fields)
        except NotAllowed as refusal:
            return shell.problem(request, refusal)
        answer = RedirectResponse("/sign-in", _FOUND)
        for name in (COOKIE, PERSON_COOKIE):
            answer.delete_cookie(name, path="/", httponly=True, samesite="lax")
        return answer

    return [
        Route("/sign-in", show, methods=["GET"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-out", sign_out, methods=["POST"]),
    ]


def _page(shell: Shell, request: Request, after: str, refusal: Refused | None = None, person: str = "") -> Response:
    values = {"problem": refusal, "after": after, "person": person, "already": who(request, shell.runtime)}
    return shell.render(request, "web/sign_in.html", values, status=refusal.status if refusal else 200)


def _signed_in(request: Request, runtime: Runtime, person: str, after: str) -> Response:
    answer = RedirectResponse(after, _FOUND)
    lasts = int(SESSION_LASTS.total_seconds())
    secure = request.url.scheme == "https"
    for name, value in ((COOKIE, runtime.sessions.open()), (PERSON_COOKIE, quote(person))):
        answer.set_cookie(name, value, max_age=lasts, path="/", httponly=True, samesite="lax", secure=secure)
    return answer
