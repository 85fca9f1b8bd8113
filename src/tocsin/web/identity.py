"""Who a request comes from, and what they may see and do.

Three kinds of people and programs are known: the installation's own token (and what runs in this process), which is the local administrator and
may speak for any person; a browser with a session, which is the person of its account; and an API token. The last two speak for nobody else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from tocsin.engine.errors import NotAllowed, NotSignedIn, Refused
from tocsin.engine.model import Actor, Role, Viewer, moment
from tocsin.engine.runtime import Runtime
from tocsin.engine.sessions import Session, digest
from tocsin.people import access_queries
from tocsin.people.account import lesser
from tocsin.people.scopes import Grant, read_scopes

COOKIE: Final = "tocsin_token"
"""What holds a browser's session."""
LOCAL: Final = "administrator"
"""The name of the installation's own token in the record."""
KEPT: Final = "tocsin.identity"
"""Where a request keeps what was found out about it."""
_SET_UP: Final = "web.set_up"
_FOUND: Final = 303
_LONGEST_NAME: Final = 200
_LONGEST_VIA: Final = 20


@dataclass(frozen=True)
class Identity:
    """Who a request comes from."""

    actor: Actor
    viewer: Viewer
    session: Session | None = None
    """The browser's session, where it came with one."""
    token: str = ""
    """The id of the API token, where it came with one."""
    grant: Grant | None = None
    """What that token is good for."""
    local: bool = False
    """The installation's own token: it may speak for others."""
    expires_at: datetime | None = None
    """When the API token ends."""


def identify(request: Request, runtime: Runtime) -> Identity | None:
    """Return who sends a request; None where nothing came with it. Looked up once per request.

    Raises:
        NotSignedIn: what came with it is not, or no longer, good.
        NotAllowed: it speaks for somebody else and may not.

    """
    kept = request.scope.get(KEPT)
    if kept is None:
        try:
            kept = (_identify(request, runtime),)
        except Refused as refusal:
            kept = refusal
        request.scope[KEPT] = kept
    if isinstance(kept, Refused):
        raise kept
    found: Identity | None = kept[0]
    return found


def who(request: Request, runtime: Runtime) -> Actor | None:
    """Return the actor of a request; None where it comes from nobody whom we know."""
    try:
        found = identify(request, runtime)
    except Refused:
        return None
    return found.actor if found is not None else None


def viewer_of(request: Request, runtime: Runtime, _actor: Actor, door: str = "") -> Viewer:
    """Return the viewer of a request: their role, their teams, and whether they read what is private. door: the scope that opens what is asked.

    Raises:
        NotSignedIn: it comes from nobody whom we know.
        NotAllowed: it comes from a token that is good for other doors only.

    """
    found = identify(request, runtime)
    if found is None:
        raise NotSignedIn("This needs a sign-in.", fix="Sign in, or send a token.")
    if found.grant is None:
        return found.viewer
    role = found.grant.at(door)
    if role is None:
        good_for = ", ".join(found.grant.doors) or "nothing that is known here"
        raise NotAllowed(
            f"The token {found.token} is good for {good_for} only.", fix="Ask an administrator for one with a wider scope.", field="scope"
        )
    return msgspec.structs.replace(found.viewer, role=lesser(role, found.viewer.role) if found.viewer.kind == "person" else role)


def not_only_reading(request: Request, runtime: Runtime) -> None:
    """Make sure that a request comes from no token that is only good for reading.

    Raises:
        NotAllowed: it does.

    """
    found = identify(request, runtime)
    if found is not None and found.grant is not None and found.grant.role in (None, "viewer"):
        raise NotAllowed(
            f"The token {found.token} reads and changes nothing.", fix="Sign in, or take a token with a wider scope.", field="scope"
        )


def come_in_first(_request: Request, runtime: Runtime) -> Response | None:
    """Return where a visitor goes who is nobody yet, if not to the sign-in: a new installation is set up first."""
    if runtime.kept(_SET_UP, dict).get("done"):
        return None
    with runtime.database.reading() as connection:
        done = access_queries.has_accounts(connection)
    runtime.kept(_SET_UP, dict)["done"] = done  # once there are accounts there always are
    return None if done else RedirectResponse("/setup", _FOUND)


def address_of(request: Request) -> str:
    """Return where a request comes from: the client's address, as the server and its trusted proxies know it."""
    return request.client.host if request.client is not None else ""


def _identify(request: Request, runtime: Runtime) -> Identity | None:
    # A header carries Latin letters only, so a name may come percent-encoded.
    named = unquote(request.headers.get("x-tocsin-person", ""))
    person = "".join(letter for letter in named if letter.isprintable()).strip()[:_LONGEST_NAME]
    via = request.headers.get("x-tocsin-via", "").strip()[:_LONGEST_VIA]
    in_process: Actor | None = request.scope.get("tocsin.actor")
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip()
    bearer = scheme.lower() == "bearer"
    if in_process is None and not bearer and not request.cookies.get(COOKIE):
        return None
    with runtime.database.reading() as connection:
        if in_process is not None:
            return _local(connection, in_process, person, via or in_process.via)
        if bearer:
            if runtime.is_admin_token(token):
                return _local(connection, Actor("token", LOCAL), person, via or "api")
            found = _by_token(connection, runtime, token, via or "api")
        else:
            session = runtime.sessions.find(request.cookies[COOKIE], connection)
            if session is None:
                return None
            found = _by_session(connection, session, via or "api")
    if person and person != found.actor.id:
        raise NotAllowed(
            f"{found.actor.id} cannot speak for {person}.",
            fix="Leave out X-Tocsin-Person (--as): the record shows who really acts. Only the installation's own token speaks for others.",
            field="x-tocsin-person",
        )  # fmt: skip
    return found


def _local(connection: Any, actor: Actor, person: str, via: str) -> Identity:
    if not person:
        return Identity(
            msgspec.structs.replace(actor, via=via),
            Viewer(_kind(actor), actor.id, "administrator", reads_private=actor.kind != "person"),
            local=True,
        )
    teams = access_queries.teams_of_person(connection, person)
    return Identity(Actor("person", person, via=via), Viewer("person", person, "administrator", teams), local=True)


def _kind(actor: Actor) -> Any:
    return "person" if actor.kind == "person" else "token"


def _by_session(connection: Any, session: Session, via: str) -> Identity:
    """Return the person of a session. One that the installation's token opened for somebody without an account is an administrator's."""
    account = access_queries.account_of(connection, session.person)
    if account is not None and not account.active:
        raise NotSignedIn(f"The account of {session.person} is switched off.", fix="Ask an administrator.")
    if account is None and not session.local:
        raise NotSignedIn(f"{session.person} has no account any more.", fix="Ask an administrator.")
    role: Role = account.role if account is not None else "administrator"
    viewer = Viewer("person", session.person, role, access_queries.teams_of_person(connection, session.person))
    return Identity(Actor("person", session.person, via=via), viewer, session=session)


def _by_token(connection: Any, runtime: Runtime, token: str, via: str) -> Identity:
    row = access_queries.token_by_digest(connection, digest(token)) if token else None
    if row is None:
        raise NotSignedIn(
            "The token that came is not valid here.",
            fix="Take one from Settings, Tokens; or the installation's own, which `tocsin serve` keeps in the file token of its data directory.",
        )
    expires = moment(row["expires_at"])
    if row["revoked"]:
        raise NotSignedIn(f"The token {row['id']} was revoked.", fix="Ask an administrator for another one.")
    if runtime.clock.now() >= expires:
        raise NotSignedIn(f"The token {row['id']} ended on {expires:%Y-%m-%d %H:%M} UTC.", fix="Ask an administrator for another one.")
    grant = read_scopes(row["scopes"].split())
    own_team = (row["team"],) if row["team"] else ()
    if not row["person"]:
        viewer = Viewer("token", row["id"], grant.role or "viewer", own_team, reads_private=grant.private)
        return Identity(Actor("token", row["id"], via=via), viewer, token=row["id"], grant=grant, expires_at=expires)
    account = access_queries.account_of(connection, row["person"])
    if account is None or not account.active:
        raise NotSignedIn(
            f"The token {row['id']} acts for {row['person']}, who cannot sign in any more.", fix="Ask an administrator for another one."
        )
    # ``viewer_of`` gives the lesser of the token's role and the person's.
    viewer = Viewer("person", row["person"], account.role, (*access_queries.teams_of_person(connection, row["person"]), *own_team))
    return Identity(Actor("person", row["person"], via=via), viewer, token=row["id"], grant=grant, expires_at=expires)
