"""The API of how a schedule stands: holes, fairness, pay, and rotas that are only tried."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader
from tocsin.oncall import checks, coverage, fairness, handlers, queries, views
from tocsin.oncall.asking import USUAL, WINDOW, check_window, reading, schedule_of, window
from tocsin.oncall.availability import spans_of
from tocsin.oncall.importing import from_pagerduty
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Aware, Hours, Rota, Schedule, Weekday, plain
from tocsin.oncall.shifts import merged, shifts
from tocsin.people.rights import SYSTEM_VIEWER
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint


class TryRota(Rota, frozen=True):
    """A rota that is only looked at: who would be on call, where it has holes, how it is spread."""

    start: Aware | None = None
    end: Aware | None = None


class FromPagerDuty(msgspec.Struct, frozen=True):
    """A schedule as PagerDuty's API answers it, and who each of its users is here."""

    schedule: dict[str, Any]
    people: dict[str, Annotated[str, Meta(max_length=100)]] = {}


def endpoints(shelf: Bookshelf, default_playbook: str) -> list[Endpoint]:
    """Return the endpoints."""
    own = _Answers(shelf, default_playbook)
    tag = "schedule"
    return [
        Endpoint("POST", "/schedules/preview", "Try a rota without saving it", own.preview, TryRota, tag=tag, needs="viewer"),
        Endpoint("POST", "/schedules/from-pagerduty", "Turn a PagerDuty schedule into one of ours, without saving it", own.from_pagerduty, FromPagerDuty, tag=tag, needs="viewer"),
        Endpoint("GET", "/schedules/{id}/gaps", "What does not fit: nobody on call, people who are away, shifts that nobody took", own.gaps, tag=tag, query=WINDOW),
        Endpoint("GET", "/schedules/{id}/fairness", "Hours, nights, weekends, holidays and pages of each person", own.fairness, tag=tag,
                 query=(*WINDOW, ("nights", "What counts as night, such as 22:00-06:00; the playbook's without it"), ("weekend", "sat,sun"))),
        Endpoint("GET", "/schedules/{id}/pay", "What people earned by the playbook's terms, line by line", own.pay, tag=tag, query=WINDOW),
    ]  # fmt: skip


class _Answers:
    """The handlers of the endpoints."""

    def __init__(self, shelf: Bookshelf, default_playbook: str) -> None:
        self._shelf = shelf
        self._default = default_playbook

    async def gaps(self, asked: Asked) -> Any:
        """List what does not fit."""

        def read(reader: Reader, now: datetime) -> Any:
            schedule = schedule_of(asked.runtime, asked.path["id"])
            start, end = window(asked, now)
            return {"schedule": schedule.id, **_coverage(schedule, start, end, handlers.names(reader))}

        return await reading(asked, read)

    async def fairness(self, asked: Asked) -> Any:
        """Show how duty is spread."""

        def read(reader: Reader, now: datetime) -> Any:
            schedule = schedule_of(asked.runtime, asked.path["id"])
            start, end = window(asked, now)
            playbook, terms = handlers.terms_of(reader, self._shelf, schedule, self._default)
            words = asked.query.get("nights", "")
            nights = fairness.nights_of(words or terms.terms.get("overnight", ""))
            if words and nights is None:
                raise Refused(f"nights {words!r} are no hours.", fix="Write nights=22:00-06:00.", field="nights")
            return {
                "schedule": schedule.id, "from": start, "to": end, "playbook": playbook,
                "nights": f"{nights.start}-{nights.end}" if nights else None,
                "people": [msgspec.to_builtins(one) for one in _loads(reader, schedule, start, end, nights, asked.query.get("weekend", ""))],
            }  # fmt: skip

        return await reading(asked, read)

    async def pay(self, asked: Asked) -> Any:
        """Add up what people earned."""

        def read(_reader: Reader, now: datetime) -> Any:
            schedule = schedule_of(asked.runtime, asked.path["id"])
            start, end = window(asked, now)
            playbook, made = handlers.statement_of(asked.runtime, self._shelf, schedule, start, end, self._default)
            return {"schedule": schedule.id, "from": start, "to": end, "playbook": playbook, **views.plainly(made)}

        return await reading(asked, read)

    async def preview(self, asked: Asked) -> Any:
        """Try a rota: the same functions as a page's."""
        given: TryRota = asked.body
        rota = Rota(**{name: getattr(given, name) for name in Rota.__struct_fields__})
        checks.check(rota)

        def read(reader: Reader, now: datetime) -> Any:
            start = given.start or now
            end = given.end or start + USUAL
            check_window(start, end)
            schedule = plain(rota, away=_away(reader, rota))
            names = handlers.names(reader)
            found = [one for role in roles_of(schedule) for one in shifts(schedule, start, end, role)]
            return {
                "from": start, "to": end, "shifts": [views.shift_view(one, names) for one in found], **_coverage(schedule, start, end, names),
                "people": [msgspec.to_builtins(one) for one in _loads(reader, schedule, start, end, None, "")],
            }  # fmt: skip

        return await reading(asked, read)

    async def from_pagerduty(self, asked: Asked) -> Any:
        """Turn another tool's schedule into ours."""
        given: FromPagerDuty = asked.body

        def read(reader: Reader, _now: datetime) -> Any:
            people = handlers.known_as(handlers.persons(reader)) | {name.casefold(): who for name, who in given.people.items()}
            rota = from_pagerduty(given.schedule, people)
            named = {person for layer in rota.layers for group in layer.groups for person in group}
            return {"rota": views.plainly(rota), "unknown_people": sorted(named - set(handlers.names(reader)))}

        return await reading(asked, read)


def _coverage(schedule: Schedule, start: datetime, end: datetime, names: dict[str, str]) -> dict[str, Any]:
    return {
        "from": start, "to": end, "findings": [views.plainly(one) for one in coverage.findings(schedule, start, end, names, names)],
        "covered_percent": 100 - coverage.percent(coverage.uncovered(schedule, start, end)), "on_average": round(coverage.staffing(schedule, start, end), 3),
    }  # fmt: skip


def _loads(
    reader: Reader, schedule: Schedule, start: datetime, end: datetime, nights: Hours | None, weekend: str
) -> list[fairness.Load]:  # fmt: skip
    found = [shift for role in roles_of(schedule) for shift in merged(shifts(schedule, start, end, role))]
    people = tuple(dict.fromkeys(shift.person for shift in found))
    called = [
        (person, datetime.fromisoformat(row["opened_at"]))
        for person in people
        for row in handlers.pages_of(reader, SYSTEM_VIEWER, person, start, end)
    ]
    days: tuple[Weekday, ...] = fairness.WEEKEND
    if weekend:
        try:
            days = msgspec.convert(weekend.split(","), tuple[Weekday, ...])
        except msgspec.ValidationError as error:
            raise Refused(f"weekend {weekend!r}: {error}.", fix="Write weekend=sat,sun.", field="weekend") from error
    zones = handlers.zones(reader, people)
    return fairness.loads(found, zones, schedule.rota.zone, nights, schedule.rota.holidays, called, days)


def _away(reader: Reader, rota: Rota) -> dict[str, Any]:
    people = {person for layer in rota.layers for group in layer.groups for person in group}
    known = ((person, queries.availability_of(reader, person)) for person in sorted(people))
    return {person: spans_of(found) for person, found in known if found is not None}
