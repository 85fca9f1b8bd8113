"""Events of Riemann, posted as JSON. Pure.

Documentation: https://riemann.io/concepts.html. An event, or a list of them, with ``host``, ``service``, ``state`` (any word; ``ok`` is
well, ``expired`` says that nothing was heard for its time to live), ``description``, ``metric``, ``tags``, ``time`` and any further fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, WORDS, Fields, identity, label, level_of, read_objects, title

NAME: Final = "riemann"
TOOL: Final = "Riemann"

STATUSES: Final[Mapping[str, Status]] = {"ok": "resolved", "up": "resolved", "normal": "resolved", "expired": "unknown"}
"""Every other word fires: people choose them."""
_KNOWN: Final = frozenset({"host", "service", "state", "description", "metric", "metric_f", "metric_d", "tags", "time", "ttl"})
_MOST: Final = 100


def read(sent: Sent) -> Reading:
    """Return an alert per event.

    Raises:
        WrongBody: it is no such body, or an event has neither host nor service, or no state.

    """
    return Reading(tuple(_signal(event) for event in read_objects(sent, TOOL)))


def _signal(event: Fields) -> Signal:
    host, service = event.text("host"), event.text("service")
    if not (host or service):
        raise event.lacks("service")
    state = event.must("state")
    status = event.status(STATUSES, "state", otherwise="firing")
    at = event.time("time")
    tags = event.words("tags")
    further = {name: label(value) for name, value in list(event.values.items())[:_MOST] if name not in _KNOWN and value not in (None, "")}
    given = {"host": host, "service": service, "tags": ",".join(tags)}
    return Signal(
        fingerprint=identity(host, service),
        status=status,
        title=title(f"{service} on {host} is {state}" if host and service else f"{service or host} is {state}"),
        labels={**further, **{name: text for name, text in given.items() if text}},
        value=event.text("metric", "metric_f", "metric_d"),
        severity=state,
        level=level_of(WORDS, state),
        service=service,
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary=event.text("description", longest=LONGEST_SUMMARY),
    )
