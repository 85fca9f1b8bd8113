"""The page that shows how the duty of one schedule is spread, and what it earns."""

from __future__ import annotations

import asyncio
import calendar
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.model import Reader, Viewer
from tocsin.oncall import charts, fairness, handlers
from tocsin.oncall.asking import head_of
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Schedule
from tocsin.oncall.shifts import merged, shifts
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.layout import Shell, Visit

_FAIR: Final = {
    "quarter": (timedelta(days=91), timedelta(days=91)),
    "past": (timedelta(days=182), timedelta(0)),
    "coming": (timedelta(0), timedelta(days=182)),
}


def routes(shell: Shell, shelf: Bookshelf, default_playbook: str) -> list[Route]:
    """Return the route of the page."""
    pages = _Pages(shell, shelf, default_playbook)
    return [shell.get("/on-call/{id}/fairness", pages.fairness)]


class _Pages:
    def __init__(self, shell: Shell, shelf: Bookshelf, default_playbook: str) -> None:
        self._shell = shell
        self._shelf = shelf
        self._default = default_playbook

    async def fairness(self, visit: Visit) -> Response:
        """Show how duty is spread, and what it earns."""
        return self._shell.page(visit, "oncall/fairness.html", await asyncio.to_thread(self._fairness, visit))

    def _fairness(self, visit: Visit) -> dict[str, Any]:
        schedule: Schedule = visit.runtime.state("schedule", visit.path["id"])
        period = visit.query.get("period", "") if visit.query.get("period", "") in _FAIR else "quarter"
        back, ahead = _FAIR[period]
        with visit.runtime.reading() as reader:
            names, now = handlers.names(reader), reader.now
            playbook, terms = handlers.terms_of(reader, self._shelf, schedule, self._default)
            nights = fairness.nights_of(terms.terms.get("overnight", ""))
            found = _loads(reader, visit.viewer, schedule, now - back, now + ahead, nights)
        month = _month(visit.query.get("month", ""), now)
        statement = None
        if terms.pay:
            start, end = _month_ends(month, schedule.rota.zone)
            _, statement = handlers.statement_of(visit.runtime, self._shelf, schedule, start, end, self._default)
        return {
            **head_of(visit, schedule), "loads": found, "names": names, "period": period, "nights": nights, "playbook": playbook, "statement": statement,
            "bars": fairness_bars(found), "month": month, "months": [_months_before(month, step) for step in (1, -1)], "start": now - back, "end": now + ahead,
            "average": sum(one.hours for one in found) / len(found) if found else 0.0,
        }  # fmt: skip


def _loads(reader: Reader, viewer: Viewer, schedule: Schedule, start: datetime, end: datetime, nights: Any) -> list[fairness.Load]:
    found = [shift for role in roles_of(schedule) for shift in merged(shifts(schedule, start, end, role))]
    people = tuple(dict.fromkeys(shift.person for shift in found))
    called = [
        (person, datetime.fromisoformat(row["opened_at"]))
        for person in people
        for row in handlers.pages_of(reader, viewer, person, start, end)
    ]
    zones: Mapping[str, str] = handlers.zones(reader, people)
    return fairness.loads(found, zones, schedule.rota.zone, nights, schedule.rota.holidays, called)


def fairness_bars(found: list[fairness.Load]) -> list[dict[str, Any]]:
    """Return the bars of a chart: for each person how long each kind of hours is, in per cent of the longest."""
    most = max((one.hours for one in found), default=0.0)
    average = sum(one.hours for one in found) / len(found) if found else 0.0
    return [
        {
            "load": one, "hours": round(100 * one.hours / most, 2) if most else 0, "nights": round(100 * one.nights / most, 2) if most else 0,
            "weekends": round(100 * one.weekends / most, 2) if most else 0, "average": round(100 * average / most, 2) if most else 0,
        }
        for one in found
    ]  # fmt: skip


def _month(text: str, now: datetime) -> date:
    """Return the first day of the month that a text names; the one before this where it names none."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return _months_before(now.date().replace(day=1), 1)


def _months_before(month: date, step: int) -> date:
    index = month.year * 12 + month.month - 1 - step
    return date(index // 12, index % 12 + 1, 1)


def _month_ends(month: date, zone: str) -> tuple[datetime, datetime]:
    frame = charts.Frame(month, calendar.monthrange(month.year, month.month)[1], zone)
    return frame.start, frame.end
