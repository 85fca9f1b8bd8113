"""The pages of the numbers: five subjects under one filter, what is behind a value, and every chart as CSV."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from starlette.responses import Response
from starlette.routing import Route

from tocsin.engine.errors import NotFound
from tocsin.engine.model import Reader
from tocsin.insights import charts, durations, duties, period, sheets, work_charts, work_queries
from tocsin.insights.burden import Call, people
from tocsin.insights.cases import Case, over_time
from tocsin.insights.charts import Behind, Chart, Tile
from tocsin.insights.figures import JUDGED, duties_of
from tocsin.insights.period import Period
from tocsin.insights.queries import Filter
from tocsin.insights.recurrence import Like, recurrence
from tocsin.insights.work_queries import Sources
from tocsin.oncall.fairness import nights_of
from tocsin.oncall.model import Hours
from tocsin.web.layout import Shell, Visit, number_of

SUBJECTS: Final = {
    "": "Response", "duties": "Duties", "on-call": "On-call", "follow-up": "Follow-up", "alerts": "Alerts",
}  # fmt: skip
"""The last part of each page's address, and its name."""
_KEPT: Final = ("last", "from", "to", "by", "severity", "service", "playbook", "team", "metric", "within", "like", "night", "cause", "duty")
_FILTERS: Final = {
    "": ("severity", "service", "playbook", "team"), "duties": ("severity", "service", "playbook", "team"), "on-call": ("service", "team"),
    "follow-up": ("severity", "service", "playbook", "team"), "alerts": ("service", "team"),
}  # fmt: skip
_DEFAULT_METRIC: Final = "time_to_resolve"
_WITHIN: Final = ("7", "30", "90", "365")
_DEFAULT_WITHIN: Final = "30"
_MOST_POINTS: Final = 5000
_LISTED: Final = 50


class Seen(msgspec.Struct, frozen=True):
    """What a page of numbers shows."""

    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]
    more: dict[str, Any] = {}


class Asked(msgspec.Struct, frozen=True):
    """What the address of a page asks for."""

    query: dict[str, str]
    period: Period
    wanted: Filter
    earlier: Filter

    @property
    def key(self) -> Hashable:
        """Tells what is asked apart from all else that could be."""
        return self.period, _key(self.query)

    @property
    def behind(self) -> Behind:
        """Makes the addresses of what is behind a value."""
        return Behind(self.query)


def asked_of(visit: Visit) -> Asked:
    """Return what a page's address asks for.

    Raises:
        Refused: a day in it is none.

    """
    query = {name: visit.query[name].strip() for name in _KEPT if visit.query.get(name, "").strip()}
    span = period.of_query(query, visit.now)
    before = span.before

    def filter_(of: Period) -> Filter:
        return Filter(
            of.begin, of.end, query.get("severity", ""), query.get("service", ""), query.get("playbook", ""), query.get("team", "")
        )

    return Asked(query, span, filter_(span), filter_(before))


def routes(shell: Shell, sources: Sources, default_playbook: str) -> list[Route]:
    """Return the routes of the pages. default_playbook: says which hours are night where nobody names them."""
    pages = _Pages(shell, sources, default_playbook)
    return [
        shell.get("/insights", pages.of("")),
        shell.get("/insights/points", pages.points),
        shell.get("/insights/incidents", pages.incidents),
        *(shell.get(f"/insights/{subject}", pages.of(subject)) for subject in SUBJECTS if subject),
        shell.get("/insights/csv/{chart}", pages.csv),
    ]


class _Pages:
    def __init__(self, shell: Shell, sources: Sources, default_playbook: str) -> None:
        self.shell = shell
        self.numbers = sources.numbers
        self.default_playbook = default_playbook
        self.hours = sources.hours
        self.work = sources.work
        self.zones = sources.zones
        self._seen: dict[str, Callable[[Reader, Visit, Asked], Seen]] = {
            "": self._response, "duties": self._duties, "on-call": self._on_call, "follow-up": self._follow_up, "alerts": self._alerts,
        }  # fmt: skip

    def of(self, subject: str) -> Callable[[Visit], Any]:
        """Return the handler of a page."""

        async def handle(visit: Visit) -> Response:
            def work() -> Response:
                asked = asked_of(visit)
                with visit.runtime.reading() as reader:
                    seen = self._seen[subject](reader, visit, asked)
                    values = {
                        "subject": subject,
                        **self._frame(reader, visit, asked, subject),
                        "tiles": seen.tiles,
                        "charts": seen.charts,
                        **seen.more,
                    }
                return self.shell.page(visit, "insights/page.html", values)

            return await asyncio.to_thread(work)

        return handle

    async def csv(self, visit: Visit) -> Response:
        """Answer with a chart's table as CSV; the address has the page's query and the page's name as ``of``."""

        def work() -> Response:
            asked, subject, wanted = asked_of(visit), visit.query.get("of", ""), visit.path["chart"]
            with visit.runtime.reading() as reader:
                shown = self._seen[subject](reader, visit, asked).charts if subject in self._seen else ()
            chart = next((one for one in shown if one.id == wanted), None)
            if chart is None:
                raise NotFound(f"There is no chart {wanted}.", fix="Take the link below the chart.")
            headers = {"content-disposition": f'attachment; filename="tocsin-{wanted}.csv"', "cache-control": "private, no-cache"}
            return Response(sheets.as_csv(chart.sheet), headers=headers, media_type="text/csv; charset=utf-8")

        return await asyncio.to_thread(work)

    async def points(self, visit: Visit) -> Response:
        """Answer with the single values of the duration and what each step comes to, for the script that draws them."""

        def work() -> Response:
            asked = asked_of(visit)
            with visit.runtime.reading() as reader:
                cases = self.numbers.measured(reader, visit.viewer, asked.wanted, asked.query.get("metric", _DEFAULT_METRIC))
            known = [one for one in cases if one.seconds is not None][-_MOST_POINTS:]
            rows = [
                (
                    one.case.declared // 1_000_000,
                    one.seconds,
                    one.case.incident,
                    f"{one.case.severity} {one.case.title}".strip(),
                    one.estimated,
                )
                for one in known
            ]
            steps = [
                {
                    "name": one.name, "begin": _second(one.begin), "end": _second(one.end), "at": (_second(one.begin) + _second(one.end)) // 2,
                    "count": one.found.count, "median": one.found.median, "p90": one.found.p90,
                }
                for one in over_time(cases, asked.period)
                if one.begin is not None and one.end is not None
            ]  # fmt: skip
            body = msgspec.json.encode({"points": rows, "steps": steps})
            return Response(body, headers={"cache-control": "private, no-cache"}, media_type="application/json")

        return await asyncio.to_thread(work)

    async def incidents(self, visit: Visit) -> Response:
        """Show the incidents behind a value, the longest first."""

        def work() -> Response:
            asked = asked_of(visit)
            metric = asked.query.get("metric", _DEFAULT_METRIC)
            cause, duty = asked.query.get("cause", ""), asked.query.get("duty", "")
            number = max(1, number_of(visit.query.get("page", "1")))
            first = (number - 1) * _LISTED
            with visit.runtime.reading() as reader:
                measure = self.numbers.measure(reader, metric)
                cases = self.numbers.measured(reader, visit.viewer, asked.wanted, metric)
                rules = self.numbers.rules(reader) if duty else {}
                values = self._frame(reader, visit, asked, "")
            if cause:
                cases = [one for one in cases if one.case.cause == cause]
            if duty:
                cases = sorted(
                    (one for one in cases if duty in duties_of(one.case.duties)), key=lambda one: _unkept(one.case, duty), reverse=True
                )
            else:
                cases.sort(key=lambda one: (one.seconds is None, -(one.seconds or 0), one.case.incident))
            shown = [
                {"case": one.case, "one": one, "duty": _outcome(one.case, duty) if duty else {}} for one in cases[first : first + _LISTED]
            ]
            values |= {
                "measure": measure, "shown": shown, "count": len(cases), "cause": cause, "number": number,
                "last": max(1, -(-len(cases) // _LISTED)),
                "duty": rules.get((asked.query.get("playbook", ""), duty), duty.replace("_", " ")) if duty else "",
            }  # fmt: skip
            return self.shell.page(visit, "insights/behind.html", values)

        return await asyncio.to_thread(work)

    # -- what each page shows ---------------------------------------------------------------------

    def _response(self, reader: Reader, visit: Visit, asked: Asked) -> Seen:
        metric = asked.query.get("metric", _DEFAULT_METRIC)
        measure = self.numbers.measure(reader, metric)
        every, earlier = (self.numbers.cases(reader, visit.viewer, wanted) for wanted in (asked.wanted, asked.earlier))
        named = [(one.id, one.name) for one in durations.CANONICAL]
        names = work_queries.service_names(reader)
        behind = Behind({**asked.query, "metric": metric})

        def shown() -> tuple[tuple[Tile, ...], tuple[Chart, ...]]:
            cases = self.numbers.measured(reader, visit.viewer, asked.wanted, metric)
            return tuple(charts.duration_tiles(every, earlier, named, behind, metric)), (
                charts.durations_over_time(measure.name, measure.definition, cases, asked.period, behind),
                charts.by_level(cases, behind),
                charts.by_service(cases, behind, names),
            )

        return Seen(
            *every.once(("response", earlier.token, asked.key, measure, _key(names)), shown),
            {"measures": self.numbers.measures(reader, asked.query.get("playbook", "")), "metric": metric, "counted": len(every)},
        )

    def _duties(self, reader: Reader, visit: Visit, asked: Asked) -> Seen:
        cases = self.numbers.cases(reader, visit.viewer, asked.wanted)
        earlier = self.numbers.cases(reader, visit.viewer, asked.earlier)
        rules = self.numbers.rules(reader)

        def shown() -> tuple[tuple[Tile, ...], tuple[Chart, ...]]:
            months, every = duties.over_time(cases, asked.period), duties.total(cases)
            return tuple(work_charts.duty_tiles(every, duties.total(earlier))), (
                work_charts.duties_over_time(months, every, asked.period, asked.behind),
                work_charts.promises_over_time(months, every, asked.period, asked.behind),
                work_charts.duties_by_rule(cases, rules, asked.behind),
            )

        return Seen(*cases.once(("duties", earlier.token, asked.key, _key(rules)), shown))

    def _on_call(self, reader: Reader, visit: Visit, asked: Asked) -> Seen:
        night = self._night(reader, asked)
        calls, earlier = (self.work.calls(reader, visit.viewer, wanted) for wanted in (asked.wanted, asked.earlier))
        hours = self.hours.within(reader, asked.period) if not (asked.wanted.service or asked.wanted.team) else None
        zones = self.zones.of(reader, [name for some in (calls, earlier) for name in some.once("people", _called(some))])
        names = work_queries.names_of(reader)

        def shown() -> tuple[tuple[Tile, ...], tuple[Chart, ...]]:
            now, before = (self.work.clocks.felt(some, zones, night) for some in (calls, earlier))
            shares = people(now, night, hours)
            return tuple(work_charts.load_tiles(shares, people(before, night, None), night, hours)), (
                work_charts.load_by_person(shares, names),
                work_charts.load_over_time(now, asked.period, night),
                work_charts.load_by_hour(now),
            )

        return Seen(
            *calls.once(("on-call", earlier.token, asked.key, night, _key(hours or {}), _key(zones), _key(names)), shown),
            {"night": asked.query.get("night", "") or (f"{night.start}-{night.end}" if night else "")},
        )

    def _follow_up(self, reader: Reader, visit: Visit, asked: Asked) -> Seen:
        items = work_queries.items(reader, visit.viewer, asked.wanted)
        within = asked.query.get("within", _DEFAULT_WITHIN)
        days = int(within) if within in _WITHIN else int(_DEFAULT_WITHIN)
        like: Like = "service" if asked.query.get("like") == "service" else "cause"
        found = recurrence(self.numbers.cases(reader, visit.viewer, asked.wanted), days, like)
        before = recurrence(self.numbers.cases(reader, visit.viewer, asked.earlier), days, like)
        names = work_queries.service_names(reader)
        return Seen(
            (*work_charts.action_tiles(items, asked.period, visit.now), *work_charts.recurrence_tiles(found, before)),
            (
                work_charts.actions_over_time(items, asked.period, visit.now),
                work_charts.recurrences(found, names, asked.behind),
            ),
            {"within": str(days), "withins": _WITHIN, "like": like},
        )

    def _alerts(self, reader: Reader, visit: Visit, asked: Asked) -> Seen:
        groups, earlier = (self.work.groups(reader, visit.viewer, wanted) for wanted in (asked.wanted, asked.earlier))
        return Seen(
            tuple(work_charts.noise_tiles(groups, earlier)),
            (work_charts.noise_over_time(groups, asked.period), work_charts.noisiest(groups, work_queries.service_names(reader))),
        )

    # -- around it --------------------------------------------------------------------------------

    def _frame(self, reader: Reader, visit: Visit, asked: Asked, subject: str) -> dict[str, Any]:
        found = work_queries.choices(reader, self.numbers.cases(reader, visit.viewer, Filter()))
        filters = {name: found[name] for name in _FILTERS[subject] if found[name] or asked.query.get(name)}
        return {
            "subjects": SUBJECTS, "period": asked.period, "presets": period.PRESETS, "filters": filters, "query": asked.query,
            "names": {"service": work_queries.service_names(reader)} if "service" in filters else {}, "link": charts.address,
            "shared": {name: value for name, value in asked.query.items() if name in ("last", "from", "to", "by", "severity", "service", "playbook", "team")},
        }  # fmt: skip

    def _night(self, reader: Reader, asked: Asked) -> Hours | None:
        """Return which hours are night: those that the address names, or those of the playbook; None where neither says it."""
        if asked.query.get("night"):
            return nights_of(asked.query["night"])
        wanted = asked.query.get("playbook") or self.default_playbook
        books = sorted(self.numbers.books(reader), key=lambda book: book.playbook != wanted)
        return next((found for book in books if book.on_call and (found := nights_of(book.on_call.terms.get("overnight", "")))), None)


def _key(values: Mapping[Any, Any]) -> Hashable:
    return tuple(values.items())


def _called(calls: Iterable[Call]) -> Callable[[], list[str]]:
    return lambda: list(dict.fromkeys(call.person for call in calls))


def _second(at: datetime) -> int:
    return int(at.timestamp())


def _outcome(case: Case, duty: str) -> dict[str, int]:
    return dict(zip(JUDGED, duties_of(case.duties)[duty], strict=True))


def _unkept(case: Case, duty: str) -> tuple[int, str]:
    kept, late, missed, waived, overdue = duties_of(case.duties)[duty]
    _ = kept, waived
    return late + missed + overdue, case.incident
