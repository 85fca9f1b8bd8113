"""The API of the numbers: about one incident, and over many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused
from tocsin.incidents.queries import Opened, open_incident
from tocsin.insights import burden, completion, durations, duties, noise, period, work_queries
from tocsin.insights.adherence import adherence_of
from tocsin.insights.cases import over_time
from tocsin.insights.health import health_of
from tocsin.insights.metrics import duration_of, metrics_of
from tocsin.insights.period import Period
from tocsin.insights.queries import Filter
from tocsin.insights.recurrence import Like, recurrence
from tocsin.insights.work_queries import Sources
from tocsin.oncall.fairness import nights_of
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint, Handler, limit_of, moment_of

_YEAR: Final = timedelta(days=365)
_RECURS: Final = 30
"""Days within which an incident like another counts as the same thing come back, where the question names none."""
_MOST_DAYS: Final = 3650
_AS_OF = (("at", "As of this moment (RFC 3339)"), ("reading", "happened_by (default) or known_by"))
_FILTER = (
    ("from", "Incidents that began at this moment or later (RFC 3339)"),
    ("to", "… and before this one"),
    ("severity", "A level of the playbook"),
    ("service", "A service's id"),
    ("playbook", "The playbook's id"),
    ("team", "The team that owns the service"),
)
_ABOUT_SERVICES = tuple(one for one in _FILTER if one[0] in ("from", "to", "service", "team"))
_STEPS = (("by", "week or month; without it, weeks up to 120 days"),)


def endpoints(shelf: Bookshelf, sources: Sources) -> list[Endpoint]:
    """Return the endpoints of the numbers."""
    numbers, work, on_call_hours = sources.numbers, sources.work, sources.hours

    def of_incident(compute: Callable[[Opened, Asked], Any]) -> Handler:
        async def handle(asked: Asked) -> Any:
            def work() -> Any:
                opened = open_incident(
                    asked.runtime, shelf, asked.path["id"], with_facts=True, at=moment_of(asked, "at"),
                    reading=asked.query.get("reading", "happened_by"),
                )  # fmt: skip
                return compute(opened, asked)

            return await asyncio.to_thread(work)

        return handle

    def over_many(compute: Callable[[Asked, Filter], Any]) -> Handler:
        async def handle(asked: Asked) -> Any:
            wanted = Filter(
                moment_of(asked, "from"), moment_of(asked, "to"), asked.query.get("severity", ""), asked.query.get("service", ""),
                asked.query.get("playbook", ""), asked.query.get("team", ""),
            )  # fmt: skip
            return await asyncio.to_thread(compute, asked, wanted)

        return handle

    def durations_of(asked: Asked, wanted: Filter) -> Any:
        metric = asked.query.get("metric", "")
        with asked.runtime.reading() as reader:
            if not metric:
                return {"durations": [numbers.durations(reader, asked.viewer, one.id, wanted).aggregate for one in durations.CANONICAL]}
            return numbers.durations(reader, asked.viewer, metric, wanted)

    def summary_of(asked: Asked, wanted: Filter) -> Any:
        with asked.runtime.reading() as reader:
            return numbers.summary(reader, asked.viewer, wanted)

    def spanned(asked: Asked, wanted: Filter) -> tuple[Period, Filter]:
        """Return the period that is divided into steps, and the filter within it: a year up to now where no time is given."""
        end = wanted.end or period.tomorrow(asked.runtime.clock.now())
        begin = wanted.begin or end - _YEAR
        if begin >= end:
            raise Refused("The period ends before it begins.", fix="Write an earlier `from`, or a later `to`.", field="from")
        by = asked.query.get("by", "")
        return period.stepped(begin, end, "", by), msgspec.structs.replace(wanted, begin=begin, end=end)

    def trend(asked: Asked, wanted: Filter) -> Any:
        metric = asked.query.get("metric", "") or durations.CANONICAL[-2].id
        within, wanted = spanned(asked, wanted)
        with asked.runtime.reading() as reader:
            measure = numbers.measure(reader, metric)
            slices = over_time(numbers.measured(reader, asked.viewer, wanted, metric), within)
        return {
            "metric": measure.metric, "name": measure.name, "definition": measure.definition, "unit": "seconds", "by": within.step,
            "steps": [
                {"from": one.begin, "to": one.end, "count": one.found.count, "median": one.found.median, "p90": one.found.p90, "not_available": one.unknown}
                for one in slices
            ],
        }  # fmt: skip

    def kept(asked: Asked, wanted: Filter) -> Any:
        within, wanted = spanned(asked, wanted)
        with asked.runtime.reading() as reader:
            cases = numbers.cases(reader, asked.viewer, wanted)
            names = numbers.rules(reader)
        return {
            "by": within.step, "total": _judged(duties.total(cases)),
            "steps": [{"from": one.begin, "to": one.end, **_judged(one.judged)} for one in duties.over_time(cases, within)],
            "duties": [
                {"playbook": one.playbook, "rule": one.rule, "name": duties.named(one, names), **_judged(one.judged)} for one in duties.by_rule(cases)
            ],
        }  # fmt: skip

    def load(asked: Asked, wanted: Filter) -> Any:
        within, wanted = spanned(asked, wanted)
        night = nights_of(asked.query.get("night", ""))
        with asked.runtime.reading() as reader:
            calls = work.calls(reader, asked.viewer, wanted)
            hours = on_call_hours.within(reader, within) if not (wanted.service or wanted.team) else None
            found = work.clocks.felt(calls, sources.zones.of(reader, (call.person for call in calls)), night)
        return {
            "by": within.step, "people": burden.people(found, night, hours),
            "steps": [
                {"from": one.begin, "to": one.end, "pages": one.pages, "nights": one.nights, "interruptions": one.interruptions}
                for one in burden.over_time(found, within, night)
            ],
            "hours_of_week": burden.by_hour(found),
        }  # fmt: skip

    def follow_up(asked: Asked, wanted: Filter) -> Any:
        within, wanted = spanned(asked, wanted)
        now = asked.runtime.clock.now()
        with asked.runtime.reading() as reader:
            items = work_queries.items(reader, asked.viewer, wanted)
        return {
            "by": within.step, "total": completion.completion(items, within, now),
            "steps": [
                {"from": one.begin, "to": one.end, "written": one.opened, "closed": one.closed, "open": one.open, "overdue": one.overdue}
                for one in completion.over_time(items, within, now)
            ],
        }  # fmt: skip

    def recurring(asked: Asked, wanted: Filter) -> Any:
        days = _days(asked)
        like: Like = "service" if asked.query.get("like") == "service" else "cause"
        with asked.runtime.reading() as reader:
            found = recurrence(numbers.cases(reader, asked.viewer, wanted), days, like)
        return {
            "days": days, "like": like, "repeats": found.repeats, "counted": found.counted, "share": found.share, "not_comparable": found.unknown,
            "chains": [
                {"service": one.service, "cause": one.cause, "incidents": [{"incident": case.incident, "title": case.title, "at": case.at} for case in one.cases]}
                for one in found.chains
            ],
        }  # fmt: skip

    def noisy(asked: Asked, wanted: Filter) -> Any:
        within, wanted = spanned(asked, wanted)
        with asked.runtime.reading() as reader:
            groups = work.groups(reader, asked.viewer, wanted)
        noisiest = noise.by(groups, lambda group: f"{group.title}\n{group.service}")[: limit_of(asked, 25, 500)]
        return {
            "by": within.step, "total": _noise(noise.total(groups)),
            "steps": [{"from": one.begin, "to": one.end, **_noise(one)} for one in noise.over_time(groups, within)],
            "alerts": [
                {"title": one.name.partition("\n")[0], "service": one.name.partition("\n")[2], **_noise(one), "newest": one.newest} for one in noisiest
            ],
        }  # fmt: skip

    return [
        Endpoint("GET", "/incidents/{id}/metrics", "Its numbers, each with the facts it came from", of_incident(_metrics), tag="insights", door="metrics:read", query=(*_AS_OF, ("metric", "Only this duration; detected..mitigated names any two milestones"))),
        Endpoint("GET", "/incidents/{id}/adherence", "What became of its obligations", of_incident(_adherence), tag="insights", door="metrics:read", query=_AS_OF),
        Endpoint("GET", "/incidents/{id}/health", "Anti-patterns that show in its record", of_incident(_health), tag="insights", door="metrics:read", query=_AS_OF),
        Endpoint(
            "GET", "/insights/durations", "One duration over many incidents", over_many(durations_of), tag="insights", door="metrics:read",
            query=(("metric", "A canonical duration, a playbook's metric (PLAYBOOK:METRIC), or two milestones (detected..mitigated); without one, every canonical duration"), *_FILTER),
        ),
        Endpoint("GET", "/insights/summary", "Counts, promises, adherence, open obligations", over_many(summary_of), tag="insights", door="metrics:read", query=_FILTER),
        Endpoint("GET", "/insights/trend", "A duration by week or month", over_many(trend), tag="insights", door="metrics:read", query=(("metric", "As for /insights/durations; time_to_resolve without it"), *_STEPS, *_FILTER)),
        Endpoint("GET", "/insights/duties", "What became of duties and promises, over time and by rule", over_many(kept), tag="insights", door="metrics:read", query=(*_STEPS, *_FILTER)),
        Endpoint("GET", "/insights/load", "What on-call costs: pages, nights, interruptions and hours of each person", over_many(load), tag="insights", door="metrics:read", query=(("night", "Which hours are night, such as 22:00-06:00"), *_STEPS, *_ABOUT_SERVICES)),
        Endpoint("GET", "/insights/follow-up", "Action items written down, closed and overdue", over_many(follow_up), tag="insights", door="metrics:read", query=(*_STEPS, *_FILTER)),
        Endpoint("GET", "/insights/recurrence", "Incidents that came back", over_many(recurring), tag="insights", door="metrics:read", query=(("days", "Within how many days; 30"), ("like", "cause (service and cause, the default) or service"), *_FILTER)),
        Endpoint("GET", "/insights/noise", "Groups of alerts, and how many mattered", over_many(noisy), tag="insights", door="metrics:read", query=(("limit", "How many alerts; 25"), *_STEPS, *_ABOUT_SERVICES)),
    ]  # fmt: skip


def _metrics(opened: Opened, asked: Asked) -> Any:
    metric = asked.query.get("metric", "")
    if not metric:
        return metrics_of(opened.incident, opened.playbook, opened.facts, opened.now)
    known = durations.known_milestones(opened.playbook)
    found = duration_of(opened.incident, opened.playbook, metric)
    if found is None or any(milestone not in known for milestone in (found.start, found.end)):
        raise Refused(
            f"{metric!r} is no duration.",
            fix=f"Write two milestones, such as detected..mitigated, out of: {', '.join(known)}.",
            field="metric",
        )
    return found


def _days(asked: Asked) -> int:
    text = asked.query.get("days", "") or str(_RECURS)
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= _MOST_DAYS):
        raise Refused(f"days {text!r} is not a number of days from 1 to {_MOST_DAYS}.", fix="Write days=30.", field="days")
    return int(text)


def _judged(found: duties.Judged) -> dict[str, Any]:
    return {
        **{
            name: getattr(found, name)
            for name in ("kept", "late", "missed", "waived", "overdue", "promises_kept", "promises_due", "incidents")
        },
        "score": found.share,
    }


def _noise(found: noise.Noise) -> dict[str, Any]:
    return {"groups": found.groups, "paged": found.paged, "incidents": found.incidents, "in_vain": found.ignored, "share": found.share}


def _adherence(opened: Opened, _asked: Asked) -> Any:
    return adherence_of(opened.incident, opened.playbook, opened.now)


def _health(opened: Opened, _asked: Asked) -> Any:
    return health_of(opened.incident, opened.playbook, opened.facts, opened.now)
