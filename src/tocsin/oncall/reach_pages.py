"""The reachability map: for every service and hour of the coming week, whether a page would reach somebody, and what to mend where it would not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, Final

from starlette.responses import Response
from starlette.routing import Route

from tocsin.oncall import handlers, queries, reach_map
from tocsin.oncall.asking import me_of
from tocsin.oncall.charts import Frame
from tocsin.oncall.clocks import natural, on_clock, today_of
from tocsin.paging import reach_queries
from tocsin.paging.model import Urgency
from tocsin.paging.reach import Answer
from tocsin.people.queries import list_teams
from tocsin.web.layout import Shell, Visit

_DAYS: Final = 7
_LAST: Final = 1000
"""Stands for the last resort, which comes after every step."""


def routes(shell: Shell) -> list[Route]:
    """Return the route of the map."""

    def work(visit: Visit) -> dict[str, Any]:
        me = me_of(visit)
        urgency: Urgency = "low" if visit.query.get("urgency") == "low" else "high"
        wanted, text = visit.query.get("service", ""), visit.query.get("text", "").strip()
        only_holes = visit.query.get("holes") == "1"
        with visit.runtime.reading() as reader:
            now, people = reader.now, handlers.names(reader)
            schedules = {row["id"]: row["name"] for row in queries.list_schedules(reader)}
            names = reach_map.Names(people, schedules, {row["id"]: row["name"] for row in list_teams(reader)})
            zone = handlers.zones(reader, (me,)).get(me, "UTC") if me else "UTC"
            weeks: reach_queries.Weeks = visit.runtime.kept("reach", reach_queries.Weeks)
            week = reach_queries.week(weeks, reader, urgency)
        told = weeks.told(
            urgency, week, lambda: [reach_map.tell(one.service, one.name, one.policy, _hours(one.answer), names) for one in week.answers]
        )
        frame = Frame(today_of(zone, now), _DAYS, zone)
        rows = [reach_map.row(one, frame, now) for one in told]
        shown = [
            row for row in rows
            if (not wanted or row.service == wanted) and (not text or text.casefold() in f"{row.service} {row.name}".casefold()) and (not only_holes or row.holes)
        ]  # fmt: skip
        return {
            "rows": sorted(shown, key=lambda row: (not row.holes, natural(row.name))), "all": len(rows), "bad": sum(bool(row.holes) for row in rows), "frame": frame,
            "days": frame.dates, "zone": zone, "local": on_clock(zone), "urgency": urgency, "wanted": wanted, "text": text, "only_holes": only_holes,
            "now_x": frame.x_of(now), "end": frame.end,
        }  # fmt: skip

    async def show(visit: Visit) -> Response:
        return shell.page(visit, "oncall/reach.html", await asyncio.to_thread(work, visit))

    return [shell.get("/on-call/reach", show)]


def _hours(answer: Answer) -> Iterator[reach_map.Hour]:
    first = min((one.step for stretch in answer.stretches for one in stretch.reached if one.step), default=1)
    for one in answer.stretches:
        proved = [who for who in one.reached if who.verified]
        kind: reach_map.Kind = (
            "nobody"
            if not one.reached
            else "unproved"
            if not proved
            else "first"
            if min(who.step or _LAST for who in proved) <= first
            else "later"
        )
        yield reach_map.Hour(one.since, one.until, kind, tuple(who.person for who in one.reached), one.why)
