"""Alertmanager's API v2, so that a Prometheus can send here and ``amtool`` can be pointed here: ``/am/<key>/api/v2/…`` and ``/api/v2/…``.

Documentation: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml. Below ``/api/v2`` the key comes as a bearer token or as
the password of basic authentication; an administrator's token is good as well, and without either the first key holds for whoever asks from
this very machine. A key may silence alerts, as everybody may who reaches an Alertmanager, unless its option ``silences`` is false.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec

from tocsin import __version__
from tocsin.alerts import handlers
from tocsin.alerts.dropins import alertmanager_shapes as shapes
from tocsin.alerts.dropins import queries
from tocsin.alerts.dropins.seen import Seen
from tocsin.alerts.dropins.taking import keep, keep_refused, key_of, sent
from tocsin.alerts.errors import WrongBody, WrongKey
from tocsin.alerts.intake import Call, Handler, Reply
from tocsin.alerts.keys import FIRST, IntakeKey
from tocsin.alerts.quiet.queries import recent_silences
from tocsin.alerts.route_model import ROUTES, Route, Routes
from tocsin.alerts.silence_model import ExpireSilence, SaveSilence, Silence
from tocsin.alerts.sources import prometheus as source
from tocsin.engine.errors import NotAllowed, NotFound, NotSignedIn, Refused
from tocsin.engine.model import Actor
from tocsin.web.problems import bad_body

API: Final = "/api/v2"
SILENCES: Final = "silences"
"""The option of a key that says whether it may silence alerts."""

_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_FORWARDED: Final = ("x-forwarded-for", "forwarded", "x-real-ip")
_BAD: Final = 400
_WAIT: Final = 503

_silence: Final = msgspec.json.Decoder(shapes.Posted)


def serving(started: datetime) -> Handler:
    """Return what answers below ``/am/`` and ``/api/v2``. started: when the server was, for its status."""

    async def serve(call: Call) -> Reply:
        return await _answered(call, started)

    return serve


async def _answered(call: Call, started: datetime) -> Reply:
    try:
        key, rest = _admitted(call)
        if rest == "/alerts" and call.method == "POST":  # nothing is asked as often
            return await _post_alerts(call, key)
        return await _answer(call, key, [unquote(part) for part in rest.split("/") if part], started)
    except NotSignedIn as refusal:
        reply = _says(refusal.what, refusal.status)
        reply.headers = ((b"www-authenticate", b'Basic realm="tocsin"'),)
        return reply
    except WrongKey as refusal:
        return _says(f"{refusal.what} {refusal.fix}", refusal.status)
    except NotFound as refusal:
        return _says(refusal.what, 404)
    except Refused as refusal:
        reply = _says(f"{refusal.what} {refusal.fix}".strip(), _BAD if refusal.status in (409, 422) else refusal.status)
        if refusal.status == _WAIT:
            reply.headers = ((b"retry-after", b"1"),)
        return reply


def _says(text: str, status: int) -> Reply:
    """Return an error as Alertmanager writes it: a text."""
    return Reply.json(text, status)


# --- who asks -----------------------------------------------------------------------------------------------------------------------------


def _admitted(call: Call) -> tuple[IntakeKey, str]:
    """Return the key of a request, and its path below ``/api/v2``.

    Raises:
        WrongKey: the key in the address is none.
        NotSignedIn: there is no key, or a wrong one, in the request.
        NotFound: the address is none of this API.

    """
    path = call.path
    if path.startswith("/am/"):
        _, _, secret, *rest = path.split("/")
        key = key_of(call, secret, source.NAME)
        if key is None:
            raise WrongKey
        below = "/" + "/".join(rest)
        if below in ("/-/healthy", "/-/ready"):
            return key, below
        path = below
    else:
        key = _signed_in(call)
    if not path.startswith(f"{API}/"):
        raise NotFound(f"path {path} was not found", fix=f"The API is below {API}.")
    return key, path.removeprefix(API)


def _signed_in(call: Call) -> IntakeKey:
    secret = _secret(call.headers.get("authorization", ""))
    first = handlers.journal_of(call.runtime).key(FIRST)
    if secret:
        key = key_of(call, secret, source.NAME)
        if key is None and first is not None and call.runtime.is_admin_token(secret):
            key = _reading_all(first)
    else:
        near = call.sender in _LOOPBACK and not any(name in call.headers for name in _FORWARDED)
        key = first if near and first is not None and first.takes(source.NAME) else None
    if key is None:
        raise NotSignedIn("Send an intake key as a bearer token or as a password.", fix="Or put it into the address: /am/<key>.")
    return key


def _secret(header: str) -> str:
    scheme, _, given = header.partition(" ")
    match scheme.casefold():
        case "bearer":
            return given.strip()
        case "basic":
            try:
                name, _, password = base64.b64decode(given.strip(), validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return given
            return password or name
        case _:
            return given


def _reading_all(key: IntakeKey) -> IntakeKey:
    """Return a key that sees every alert: an administrator's."""
    options = {**key.saved.options, queries.READS: queries.ALL, SILENCES: True}
    return msgspec.structs.replace(key, saved=msgspec.structs.replace(key.saved, options=options))


# --- what is asked ------------------------------------------------------------------------------------------------------------------------


async def _answer(call: Call, key: IntakeKey, parts: list[str], started: datetime) -> Reply:
    now = call.runtime.clock.now()
    match call.method, parts:
        case "POST", ["alerts"]:
            return await _post_alerts(call, key)
        case "GET", ["alerts"]:
            asked = shapes.filter_of(call.queries)
            found = await _firing(call, key)
            return Reply.json([shapes.shown_alert(one, now) for one in found if asked.fits(one)])
        case "GET", ["alerts", "groups"]:
            asked = shapes.filter_of(call.queries)
            chosen = [one for one in await _firing(call, key) if asked.fits(one)]
            named = await _read(call, lambda reader: queries.group_names(reader, {one.group for one in chosen}))
            return Reply.json(shapes.shown_groups(chosen, named, asked, now))
        case "GET", ["silences"]:
            return await _silences(call, now)
        case "POST", ["silences"]:
            return await _post_silence(call, key, now)
        case "GET", ["silence", name]:
            return Reply.json(shapes.shown_silence(_silence_of(call, name), now))
        case "DELETE", ["silence", name]:
            await call.runtime.commit("silence", _silence_of(call, name).id, ExpireSilence(), _actor(call, key))
            return Reply(200)
        case "GET", ["status"]:
            return Reply.json(shapes.status(__version__, started))
        case "GET", ["receivers"]:
            return Reply.json([{"name": name} for name in _receivers(call)])
        case "GET", ["-", "healthy" | "ready"]:
            return Reply(200, b"OK", b"text/plain; charset=utf-8")
        case _:
            raise NotFound(
                f"path {call.path} was not found",
                fix=f"There are alerts, alerts/groups, silences, silence, status and receivers below {API}.",
            )


async def _read(call: Call, work: Callable[[Any], Any]) -> Any:
    def reading() -> Any:
        with call.runtime.reading() as reader:
            return work(reader)

    return await asyncio.to_thread(reading)


# --- alerts -------------------------------------------------------------------------------------------------------------------------------


async def _post_alerts(call: Call, key: IntakeKey) -> Reply:
    """Take in alerts. Those that are right are kept also where others are not, which is then said."""
    body = await call.body()
    try:
        request = sent(call, key, body, query={})
        reading, wrong = handlers.understood(source.NAME, lambda: source.split(request))
        if wrong and not reading.signals:
            raise wrong[0]
    except WrongBody as refusal:
        await keep_refused(call, source.NAME, key, body, refusal, _BAD)
        return _says(refusal.what, _BAD)
    says = tuple(one.what for one in wrong)
    await keep(call, source.NAME, key, body, reading, _BAD if wrong else 200, says)
    return _says("; ".join(says), _BAD) if wrong else Reply(200)


async def _firing(call: Call, key: IntakeKey) -> list[Seen]:
    """Return the alerts that fire, each with what keeps it quiet."""
    wanted = shapes.matchers_of(call.queries)
    found: list[Seen] = await _read(call, lambda reader: queries.firing(reader, key, wanted))
    muted = [one for one in found if one.muted]
    if not muted:
        return found
    journal, now = handlers.journal_of(call.runtime), call.runtime.clock.now()
    prints = {one.number: shapes.hashed(shapes.shown_labels(one)) for one in found}

    def quiet(alert: Seen) -> Seen:
        silenced = tuple(mute.id for mute in journal.muting.all_quiet(shapes.subject(alert), alert.group, now))
        _, keys = journal.tally.keys_of(alert.number)
        sources = [number for name in keys for number in list(journal.tally.sources.get(name, ())) if number != alert.number]
        inhibited = tuple(dict.fromkeys(prints.get(number, f"A-{number}") for number in sources))
        if not silenced and not inhibited:
            silenced = (alert.muted,)
        return msgspec.structs.replace(alert, silenced_by=silenced, inhibited_by=inhibited)

    return [quiet(one) if one.muted else one for one in found]


# --- silences -----------------------------------------------------------------------------------------------------------------------------


def _actor(call: Call, key: IntakeKey, name: str = "") -> Actor:
    """Return who silences. Raises ``NotAllowed`` where the key may not."""
    if key.saved.options.get(SILENCES) is False:
        raise NotAllowed("This key may not silence alerts.", fix="Silence them in Tocsin, or take the option `silences` off the key.")
    return Actor("sender", name or key.name, via="alertmanager")


def _silence_of(call: Call, name: str) -> Silence:
    found: Silence | None = call.runtime.committer.state(f"silence:{name}")
    if found is None or not found.version:
        raise NotFound(f"silence {name} not found", fix="Check the id.")
    return found


async def _silences(call: Call, now: datetime) -> Reply:
    wanted, states = shapes.matchers_of(call.queries), shapes.states_of(call.queries)
    found: list[Silence] = await _read(call, recent_silences)
    chosen = [one for one in found if one.state(now) in states and shapes.asks_for(one, wanted)]
    return Reply.json(shapes.newest_first(shapes.shown_silence(one, now) for one in chosen))


async def _post_silence(call: Call, key: IntakeKey, now: datetime) -> Reply:
    """Make a silence, or change one; one that is over is made anew under another id."""
    try:
        posted = _silence.decode(await call.body())
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise bad_body(error) from error
    name, meant = str(uuid.uuid4()), shapes.meant(posted)
    if posted.id:
        before = _silence_of(call, posted.id)
        name = before.id if before.state(now) != "expired" else name
    if posted.startsAt.tzinfo is None or posted.endsAt.tzinfo is None:
        raise Refused("startsAt and endsAt need a time zone.", fix="Write them like 2026-01-31T14:05:00Z.", field="startsAt")
    command = SaveSilence(
        until=posted.endsAt, why=posted.comment.strip()[:2000] or shapes.NO_COMMENT, match=tuple(map(str, meant.matchers)),
        service=meant.service, group=meant.group, since=posted.startsAt, by=posted.createdBy.strip(),
    )  # fmt: skip
    await call.runtime.commit("silence", name, command, _actor(call, key, posted.createdBy.strip()))
    return Reply.json({"silenceID": name})


# --- the rest -----------------------------------------------------------------------------------------------------------------------------


def _receivers(call: Call) -> list[str]:
    """Return the names of all routes: they are where alerts go."""
    routes: Routes | None = call.runtime.committer.state(f"routes:{ROUTES}")
    names: dict[str, None] = {}

    def walk(inside: tuple[Route, ...]) -> None:
        for one in inside:
            names[one.name] = None
            walk(one.routes)

    if routes is not None:
        walk(routes.saved.routes)
    return [shapes.RECEIVER, *(name for name in names if name != shapes.RECEIVER)]
