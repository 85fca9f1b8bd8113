"""The API of the numbers: about one incident, and over many."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from tocsin.engine.errors import Refused
from tocsin.incidents.queries import Opened, open_incident
from tocsin.insights import durations
from tocsin.insights.adherence import adherence_of
from tocsin.insights.health import health_of
from tocsin.insights.metrics import duration_of, metrics_of
from tocsin.insights.queries import Filter, Numbers
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint, Handler, moment_of

_AS_OF = (("at", "As of this moment (RFC 3339)"), ("reading", "happened_by (default) or known_by"))
_FILTER = (
    ("from", "Incidents that began at this moment or later (RFC 3339)"),
    ("to", "… and before this one"),
    ("severity", "A level of the playbook"),
    ("service", "A service's id"),
    ("playbook", "The playbook's id"),
)


def endpoints(shelf: Bookshelf) -> list[Endpoint]:
    """Return the endpoints of the numbers."""
    numbers = Numbers(shelf)

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
                asked.query.get("playbook", ""),
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

    return [
        Endpoint("GET", "/incidents/{id}/metrics", "Its numbers, each with the facts it came from", of_incident(_metrics), tag="insights", query=(*_AS_OF, ("metric", "Only this duration; detected..mitigated names any two milestones"))),
        Endpoint("GET", "/incidents/{id}/adherence", "What became of its obligations", of_incident(_adherence), tag="insights", query=_AS_OF),
        Endpoint("GET", "/incidents/{id}/health", "Anti-patterns that show in its record", of_incident(_health), tag="insights", query=_AS_OF),
        Endpoint(
            "GET", "/insights/durations", "One duration over many incidents", over_many(durations_of), tag="insights",
            query=(("metric", "A canonical duration, a playbook's metric (PLAYBOOK:METRIC), or two milestones (detected..mitigated); without one, every canonical duration"), *_FILTER),
        ),
        Endpoint("GET", "/insights/summary", "Counts, promises, adherence, open obligations", over_many(summary_of), tag="insights", query=_FILTER),
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


def _adherence(opened: Opened, _asked: Asked) -> Any:
    return adherence_of(opened.incident, opened.playbook, opened.now)


def _health(opened: Opened, _asked: Asked) -> Any:
    return health_of(opened.incident, opened.playbook, opened.facts, opened.now)
