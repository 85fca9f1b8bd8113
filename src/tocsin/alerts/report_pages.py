"""The public form by which customers and support report trouble: ``/report/<key>``, without signing in.

The key is an intake key for the source ``report``; whoever has the address may report, and see nothing else. What the form says goes the same way as
what a monitoring tool sends: kept as a receipt, an alert, grouped and routed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tocsin.alerts import handlers
from tocsin.alerts.keys import FIRST, IntakeKey
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources import report
from tocsin.engine.errors import NotFound, Refused
from tocsin.services.queries import list_services
from tocsin.web.endpoints import read_body
from tocsin.web.layout import Shell

FIELDS: Final = ("title", "details", "service", "name", "contact", "since", report.HONEYPOT)
"""What the form may say."""
_MOST_FIELDS: Final = 50
_LARGEST: Final = 100_000
"""Bytes of a form."""
_AT_ONCE: Final = 10
_PER_SECOND: Final = 1 / 30
_MOST_ADDRESSES: Final = 10_000
_SEE_OTHER: Final = 303
_PUBLIC: Final = {"x-robots-tag": "noindex, nofollow", "cache-control": "no-store", "x-frame-options": "DENY"}


class TooMany(Refused):
    """One address sends more reports than people write."""

    status = 429
    code = "too_many"


class Bucket:
    """Lets each address send a few reports at once, and then one now and then. Times are seconds."""

    def __init__(self, at_once: int = _AT_ONCE, per_second: float = _PER_SECOND) -> None:
        self._at_once = at_once
        self._per_second = per_second
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str, now: float) -> bool:
        """Tell whether one more may come at this moment, and count it."""
        left, since = self._left.pop(address, (float(self._at_once), now))
        left = min(float(self._at_once), left + max(0.0, now - since) * self._per_second)
        allowed = left >= 1
        self._left[address] = (left - 1 if allowed else left, now)
        while len(self._left) > _MOST_ADDRESSES:
            self._left.popitem(last=False)
        return allowed


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the form."""
    runtime = shell.runtime
    bucket = Bucket()

    def key_of(request: Request) -> IntakeKey:
        key = handlers.key_for(runtime, request.path_params["key"], report.NAME)
        if key is None:
            raise NotFound("This address takes no reports.", fix="Ask whoever gave it to you for the present one.")
        return key

    def choices(key: IntakeKey) -> list[dict[str, Any]]:
        if key.saved.service or not key.saved.options.get("choose_service"):
            return []
        with runtime.reading() as reader:
            return list_services(reader)

    async def answer(request: Request, values: dict[str, Any], status: int = 200) -> Response:
        try:
            key = key_of(request)
        except Refused as refusal:
            return _public(shell.render(request, "alerts/report.html", {"refusal": refusal, "key": None}, status=refusal.status))
        services = await asyncio.to_thread(choices, key)
        shown = {
            "refusal": None, "key": request.path_params["key"], "name": key.saved.options.get("title") or "Report a problem",
            "about": key.saved.options.get("about", "" if key.id == FIRST else key.saved.about), "services": services, "receipt": request.query_params.get("receipt", ""), **values,
        }  # fmt: skip
        return _public(shell.render(request, "alerts/report.html", shown, status=status))

    async def show(request: Request) -> Response:
        return await answer(request, {})

    async def send(request: Request) -> Response:
        typed: dict[str, str] = {}
        try:
            key = key_of(request)
            typed = dict(parse_qsl((await read_body(request, _LARGEST)).decode("utf-8", "replace"), max_num_fields=_MOST_FIELDS))
            now = runtime.clock.now()
            if not bucket.take(request.client.host if request.client else "", now.timestamp()):
                raise TooMany(
                    "There were many reports from this address.", fix="Wait half a minute and send it again; what you wrote is still here."
                )
            # Who reports here is a customer, or what the key says; the form cannot say otherwise.
            said = urlencode({name: typed[name] for name in FIELDS if typed.get(name)}).encode()
            sent = Sent(said, now, "application/x-www-form-urlencoded", options={"how": "customer", **key.saved.options})
            taken = await handlers.receive(runtime, report.NAME, key, sent, request.client.host if request.client else "")
        except ValueError:
            return await answer(request, {"problem": Refused("The form cannot be read.", fix="Send it from this page.")}, Refused.status)
        except Refused as refusal:
            return await answer(request, {"problem": refusal, "typed": typed}, refusal.status)
        return _public(RedirectResponse(f"/report/{request.path_params['key']}?receipt={taken.answer()['receipt']}", _SEE_OTHER))

    return [Route("/report/{key}", show, methods=["GET"]), Route("/report/{key}", send, methods=["POST"])]


def _public(response: Response) -> Response:
    response.headers.update(_PUBLIC)
    return response
