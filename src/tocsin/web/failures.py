"""What a browser or a program sees where there is nothing, or where something went wrong: a page for one, a problem document for the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tocsin.engine.errors import NotFound, Refused
from tocsin.web.endpoints import who
from tocsin.web.layout import Shell, wants_page
from tocsin.web.problems import respond


class WrongMethod(Refused):
    """The address is right, the method is not."""

    status = 405
    code = "wrong_method"


class Broken(Refused):
    """A defect of ours."""

    status = 500
    code = "internal_error"


def handlers(shell: Shell) -> Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """Return the handlers of what no route answers."""

    def answer(request: Request, refusal: Refused) -> Response:
        if wants_page(request):
            return shell.problem(request, refusal, who(request, shell.runtime))
        return respond(refusal)

    async def missing(request: Request, _error: Exception) -> Response:
        return answer(request, NotFound(f"There is nothing at {request.url.path}.", fix="Check the address, or start from the first page."))

    async def wrong_method(request: Request, error: Exception) -> Response:
        headers = error.headers if isinstance(error, HTTPException) else None
        response = answer(
            request, WrongMethod(f"{request.url.path} does not take {request.method}.", fix="The API's document lists what it takes.")
        )
        response.headers.update(dict(headers or {}))
        return response

    async def broken(request: Request, _error: Exception) -> Response:
        return answer(
            request,
            Broken(
                "Something went wrong here, not with you. What was recorded before is safe.",
                fix="Try once more; if it happens again, look at the server's log for this minute.",
            ),
        )

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return answer(request, error)

    return {404: missing, 405: wrong_method, Refused: refused, Exception: broken}
