"""What the endpoints and pages of on-call duty read alike: a schedule, a window of time, the record as it is at one moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader
from tocsin.engine.runtime import Runtime
from tocsin.oncall.model import Schedule
from tocsin.people import ownership, rights
from tocsin.web.endpoints import Asked, moment_of
from tocsin.web.layout import Visit

LONGEST: Final = timedelta(days=3 * 366)
USUAL: Final = timedelta(days=14)
COMING: Final = timedelta(days=28)
"""How far ahead what does not fit is looked for."""
WINDOW: Final = (("from", "Beginning (RFC 3339); now without it"), ("to", "End; two weeks later without it"))


async def reading(asked: Asked, work: Callable[[Reader, datetime], Any]) -> Any:
    """Return what ``work`` makes of a reader and the present moment, off the event loop."""

    def run() -> Any:
        with asked.runtime.reading() as reader:
            return work(reader, reader.now)

    return await asyncio.to_thread(run)


def schedule_of(runtime: Runtime, name: str) -> Schedule:
    """Return a schedule.

    Raises:
        NotFound: there is none by that name.

    """
    found: Schedule = runtime.state("schedule", name)
    return found


def window(asked: Asked, now: datetime) -> tuple[datetime, datetime]:
    """Return the window that a query asks for."""
    start = moment_of(asked, "from") or now
    end = moment_of(asked, "to") or start + USUAL
    check_window(start, end)
    return start, end


def check_window(start: datetime, end: datetime) -> None:
    """Make sure that a window is one that can be answered for.

    Raises:
        Refused: it is not.

    """
    if end <= start:
        raise Refused("The window ends before it begins.", fix="Let `to` be later than `from`.", field="to")
    if end - start > LONGEST:
        raise Refused("The window is longer than three years.", fix="Ask for a shorter one.", field="to")


def base_of(visit: Visit, public_url: str) -> str:
    """Return what addresses on a page begin with: the public URL, or the one by which the visitor came."""
    url = visit.request.url
    return public_url.rstrip("/") or f"{url.scheme}://{url.netloc}"


def me_of(visit: Visit) -> str:
    """Return the person who visits a page; an empty text for a program."""
    return visit.actor.id if visit.actor.kind == "person" else ""


def head_of(visit: Visit, schedule: Schedule) -> dict[str, Any]:
    """Return what every page of a schedule begins with: what it is, and what the visitor may do to it."""
    owners = ownership.owners_of("schedule", schedule)
    return {
        "schedule": schedule,
        "rota": schedule.rota,
        "may": rights.may_change(visit.viewer, owners),
        "may_act": rights.at_least(visit.viewer.role, "responder"),
    }
