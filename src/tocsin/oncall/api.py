"""The API of on-call duty: schedules, what is agreed on top of them, availability, and the secret addresses of published calendars."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Reader
from tocsin.engine.runtime import Runtime
from tocsin.oncall import checks, explain, handlers, queries, views
from tocsin.oncall import commands as c
from tocsin.oncall.asking import WINDOW, reading, schedule_of, window
from tocsin.oncall.availability import Availability
from tocsin.oncall.errors import NotACalendar, NotASchedule
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Schedule
from tocsin.oncall.shifts import hand_offs, merged, next_shift, shifts
from tocsin.services import queries as services
from tocsin.web.endpoints import Asked, Endpoint, command, limit_of, moment_of, read_body
from tocsin.web.problems import respond

_PAGE: Final = 100
_MOST: Final = 1000
_ICAL: Final = "text/calendar; charset=utf-8"
_ROLE: Final = (("role", "Another line than the first"),)


def calendar_routes(runtime: Runtime) -> list[Route]:
    """Return the secret addresses at which shifts are published as calendars."""

    async def show(request: Request) -> Response:
        secret = request.path_params["secret"].removesuffix(".ics")
        try:
            text = await asyncio.to_thread(handlers.published, runtime, secret)
        except Refused as refusal:
            return respond(refusal)
        return Response(text, media_type=_ICAL, headers={"cache-control": "private, max-age=300", "x-robots-tag": "noindex"})

    return [Route("/calendar/{secret}", show, methods=["GET", "HEAD"])]


def endpoints(public_url: str) -> list[Endpoint]:
    """Return the endpoints. public_url: what the addresses of published calendars begin with."""
    at_query = ("at", "At this moment (RFC 3339); now without it")
    own = _Answers(public_url)
    tag = "schedule"
    return [
        Endpoint("GET", "/on-call", "Who is on call: everywhere, for a service, or where a person is", own.everywhere, tag=tag, door="on-call:read",
                 query=(at_query, ("schedule", "Only this schedule"), ("service", "Only the schedules that this service's pages go to"),
                        ("person", "Only where this person stands, with their next shift"))),
        Endpoint("GET", "/on-call/offers", "Shifts that people want to give away", own.offers, tag=tag, query=(("person", "Asked of this person"),)),
        Endpoint("GET", "/schedules", "List schedules with who is on call", own.listed, tag=tag, door="on-call:read",
                 query=(("team", "Only of this team"), ("after", "Go on after this id"), ("limit", "At most so many"), at_query)),
        Endpoint("GET", "/schedules/{id}", "One schedule", own.one, tag=tag),
        Endpoint("GET", "/schedules/{id}/history", "All that happened to a schedule", own.history, tag=tag),
        Endpoint("GET", "/schedules/{id}/on-call", "Who is on call, and why", own.on_call, tag=tag, door="on-call:read",
                 query=(at_query, ("known", "As the record was known at this moment"), *_ROLE)),
        Endpoint("GET", "/schedules/{id}/shifts", "Shifts within a window", own.shifts, tag=tag,
                 query=(*WINDOW, *_ROLE, ("person", "Only of this person"), ("known", "As the record was known at this moment"))),
        Endpoint("GET", "/schedules/{id}/calendar", "Shifts as iCalendar", own.calendar, tag=tag, media=("text/calendar",),
                 query=(*WINDOW, ("person", "Only of this person"))),
        command("/schedules/{id}", "schedule", c.SaveSchedule, "Write down a schedule"),
        command("/schedules/{id}/overrides", "schedule", c.AddOverride, "Decide otherwise for a while"),
        command("/schedules/{id}/overrides/remove", "schedule", c.RemoveOverride, "Take an override back"),
        command("/schedules/{id}/offers", "schedule", c.OfferShift, "Offer a shift: a swap, or a cover request"),
        command("/schedules/{id}/offers/take", "schedule", c.TakeShift, "Take a shift that is offered"),
        command("/schedules/{id}/offers/decline", "schedule", c.DeclineShift, "Say no to an offer"),
        command("/schedules/{id}/offers/withdraw", "schedule", c.WithdrawOffer, "Take an offer back"),
        command("/schedules/{id}/subscribers", "schedule", c.Subscribe, "Have a place told who is on call"),
        command("/schedules/{id}/subscribers/remove", "schedule", c.Unsubscribe, "Tell a place no more"),
        command("/schedules/{id}/feed", "schedule", c.PublishFeed, "Publish the shifts at a secret address, or at a new one"),
        command("/schedules/{id}/feed/revoke", "schedule", c.RevokeFeed, "Publish the shifts no more"),
        Endpoint("POST", "/schedules/{id}/calendars/{calendar}", "Import an iCalendar file that says who is on call", own.import_calendar, tag=tag,
                 raw=True, query=(("user_from", "The property that names the user; SUMMARY without it"),)),
        Endpoint("POST", "/schedules/{id}/holidays", "Import an iCalendar file of holidays", own.import_holidays, tag=tag, raw=True),
        Endpoint("GET", "/people/{id}/availability", "When a person is away", own.availability, tag="person"),
        command("/people/{id}/absences", "availability", c.AddAbsence, "Write down that a person is away"),
        command("/people/{id}/absences/remove", "availability", c.RemoveAbsence, "Take an absence back"),
        Endpoint("POST", "/people/{id}/absences/calendars/{calendar}", "Import an iCalendar file of absences", own.import_absences, tag="person", raw=True),
        command("/people/{id}/feed", "availability", c.PublishFeed, "Publish a person's shifts at a secret address, or at a new one"),
        command("/people/{id}/feed/revoke", "availability", c.RevokeFeed, "Publish a person's shifts no more"),
        Endpoint("GET", "/people/{id}/shifts", "A person's shifts in all schedules", own.own_shifts, tag="person", query=WINDOW),
    ]  # fmt: skip


class _Answers:
    """The handlers of the endpoints that read, and of those that take a file."""

    def __init__(self, public_url: str) -> None:
        self._url = public_url

    # -- who --------------------------------------------------------------------------------------

    async def everywhere(self, asked: Asked) -> Any:
        """Answer who is on call."""
        at = moment_of(asked)
        person, service, schedule = (asked.query.get(name, "") for name in ("person", "service", "schedule"))

        def read(reader: Reader, now: datetime) -> Any:
            known = handlers.names(reader)
            if schedule:
                found = [schedule_of(asked.runtime, schedule)]
            elif service:
                found = _of_service(reader, service)
            else:
                found = handlers.schedules_at(reader, person)
            shown = [views.now_view(one, at or now, known) for one in found]
            if not person:
                return {"at": at or now, "schedules": shown}
            coming = [(one, shift) for one in found if (shift := next_shift(one, person, at or now)) is not None]
            coming.sort(key=lambda pair: pair[1].start)
            return {
                "at": at or now,
                "schedules": shown,
                "person": person,
                "shifts": [views.shift_view(shift, known, one.id) for one, shift in coming],
            }

        return await reading(asked, read)

    async def offers(self, asked: Asked) -> Any:
        """Answer which shifts can be taken."""
        person = asked.query.get("person", "")

        def read(reader: Reader, now: datetime) -> Any:
            open_ = [
                {"schedule": one.id, **views.plainly(offer)}
                for one in queries.all_schedules(reader)
                for offer in views.offers_of(one, now)
                if offer.state == "offered" and (not person or offer.to in ("", person)) and (not person or offer.person != person)
            ]
            return {"offers": sorted(open_, key=lambda one: one["start"])}

        return await reading(asked, read)

    async def listed(self, asked: Asked) -> Any:
        """List schedules."""
        limit, at = limit_of(asked, _PAGE, _MOST), moment_of(asked)

        def read(reader: Reader, now: datetime) -> Any:
            known = handlers.names(reader)
            rows = queries.list_schedules(reader, team=asked.query.get("team", ""), after=asked.query.get("after", ""), limit=limit)
            shown = []
            for row in rows:
                state: Schedule = reader.state(f"schedule:{row['id']}")
                shown.append({**row, "lines": views.now_view(state, at or now, known)["lines"]})
            return {"schedules": shown, "next": rows[-1]["id"] if len(rows) == limit else None}

        return await reading(asked, read)

    async def one(self, asked: Asked) -> Any:
        """Show a schedule."""
        schedule = schedule_of(asked.runtime, asked.path["id"])
        return await reading(asked, lambda reader, now: views.schedule_view(schedule, now, handlers.names(reader), self._url))

    async def history(self, asked: Asked) -> Any:
        """Show what happened to a schedule."""
        schedule = schedule_of(asked.runtime, asked.path["id"])
        facts = await asyncio.to_thread(asked.runtime.facts, "schedule", schedule.id)
        return {"schedule": schedule.id, "history": handlers.story(facts)}

    async def on_call(self, asked: Asked) -> Any:
        """Answer who is on call in one schedule, and why."""
        at, known = moment_of(asked), moment_of(asked, "known")

        def read(reader: Reader, now: datetime) -> Any:
            schedule = self._as_known(asked, known)
            names = handlers.names(reader)
            role = asked.query.get("role", "")
            checks.check_role(role, roles_of(schedule))
            return {**views.now_view(schedule, at or now, names), "known": known, "why": explain.why(schedule, at or now, role, names)}

        return await reading(asked, read)

    async def shifts(self, asked: Asked) -> Any:
        """List shifts."""
        known = moment_of(asked, "known")

        def read(reader: Reader, now: datetime) -> Any:
            schedule = self._as_known(asked, known)
            start, end = window(asked, now)
            names = handlers.names(reader)
            person, role = asked.query.get("person", ""), asked.query.get("role")
            roles = roles_of(schedule) if role is None else (role,)
            found = [one for line in roles for one in shifts(schedule, start, end, line) if not person or one.person == person]
            handed = [
                {"at": one.at, "outgoing": one.outgoing, "incoming": one.incoming} for one in hand_offs(schedule, start, end, roles[0])
            ]
            return {
                "schedule": schedule.id, "zone": schedule.rota.zone, "from": start, "to": end, "hand_offs": handed,
                "shifts": [views.shift_view(one, names) for one in sorted(found, key=lambda one: (one.start, one.role, one.person))],
            }  # fmt: skip

        return await reading(asked, read)

    def _as_known(self, asked: Asked, known: datetime | None) -> Schedule:
        name = asked.path["id"]
        return schedule_of(asked.runtime, name) if known is None else handlers.known_then(asked.runtime, name, known)

    # -- calendars --------------------------------------------------------------------------------

    async def calendar(self, asked: Asked) -> Any:
        """Return shifts as iCalendar."""

        def read(reader: Reader, now: datetime) -> Any:
            schedule = schedule_of(asked.runtime, asked.path["id"])
            start, end = window(asked, now)
            text = handlers.schedule_calendar(schedule, start, end, handlers.names(reader), now, asked.query.get("person", ""))
            return Response(text, media_type=_ICAL)

        return await reading(asked, read)

    async def import_calendar(self, asked: Asked) -> Any:
        """Import who is on call."""
        text = await _text(asked)
        user_from = asked.query.get("user_from", "") or "SUMMARY"
        return await handlers.take_calendar(
            asked.runtime, asked.path["id"], asked.path["calendar"], text, user_from.upper(), asked.actor, asked.key, asked.fingerprint
        )

    async def import_holidays(self, asked: Asked) -> Any:
        """Import holidays."""
        return await handlers.take_holidays(asked.runtime, asked.path["id"], await _text(asked), asked.actor, asked.key, asked.fingerprint)

    async def import_absences(self, asked: Asked) -> Any:
        """Import a person's absences."""
        return await handlers.take_absences(
            asked.runtime, asked.path["id"], asked.path["calendar"], await _text(asked), asked.actor, asked.key, asked.fingerprint
        )

    # -- people -----------------------------------------------------------------------------------

    async def availability(self, asked: Asked) -> Any:
        """Show when a person is away."""

        def read(reader: Reader, now: datetime) -> Any:
            known = queries.availability_of(reader, asked.path["id"]) or Availability(asked.path["id"])
            return views.availability_view(known, now, self._url)

        return await reading(asked, read)

    async def own_shifts(self, asked: Asked) -> Any:
        """List a person's shifts everywhere."""
        person = asked.path["id"]

        def read(reader: Reader, now: datetime) -> Any:
            start, end = window(asked, now)
            names = handlers.names(reader)
            found = [
                views.shift_view(shift, names, one.id)
                for one in handlers.schedules_at(reader, person)
                for role in roles_of(one)
                for shift in merged(shifts(one, start, end, role))
                if shift.person == person
            ]
            return {"person": person, "from": start, "to": end, "shifts": sorted(found, key=lambda one: one["start"])}

        return await reading(asked, read)


def _of_service(reader: Reader, name: str) -> list[Schedule]:
    service = services.named(reader, name)
    if service is None:
        raise NotFound(f"There is no service {name}.", fix="`tocsin service list` shows them.", field="service")
    return [one for target in handlers.schedules_paged_by(reader, service) if (one := reader.state(f"schedule:{target}")) is not None]


async def _text(asked: Asked) -> str:
    raw = await read_body(asked.request, 1_000_000)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NotACalendar("The calendar is not UTF-8.", fix="Send an iCalendar file (RFC 5545).", field="calendar") from error
    if "\x00" in text:
        raise NotACalendar("The calendar has a NUL character.", fix="Take it out.", field="calendar")
    if "BEGIN:VCALENDAR" not in text.upper():
        raise NotASchedule("This is not a calendar.", fix="Send an iCalendar file, which begins with BEGIN:VCALENDAR.", field="calendar")
    return text
