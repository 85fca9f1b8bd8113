"""Graylog: its HTTP notification, and the alarm callback of versions before 3. Pure.

Documentation: https://go2docs.graylog.org/current/interacting_with_your_log_data/notifications.html (an object with
``event_definition_title``, ``event`` of ``id``, ``timestamp``, ``message``, ``priority``, ``fields``, ``group_by_fields``, and ``backlog``).
The old callback has ``check_result`` with ``triggered``, ``triggered_at``, ``result_description``, ``triggered_condition``, and ``stream``.
Each event is an alert of its own: Graylog says when one began, and never that it has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title

NAME: Final = "graylog"
TOOL: Final = "Graylog"

LEVELS: Final[Mapping[str, Level]] = {"1": "low", "2": "warning", "3": "high", "4": "critical"}
"""The priority of an event definition: low, normal or medium, high, and since version 6 critical."""

_MOST_MESSAGES: Final = 5


def read(sent: Sent) -> Reading:
    """Return the alert of an event, or of an alarm callback.

    Raises:
        WrongBody: it is neither, or nothing tells the event from others.

    """
    body = read_object(sent, TOOL)
    if event := body.inside("event"):
        return Reading((_event(body, event),))
    if result := body.inside("check_result"):
        return Reading((_alarm(body, result, sent.query.get("event", "")),))
    raise WrongBody("event is missing.", fix=f"Send the body that an HTTP notification of {TOOL} sends.", field="event")


def _event(body: Fields, event: Fields) -> Signal:
    priority = event.text("priority")
    given = {"event_definition": body.text("event_definition_title"), "source": event.text("source"), "key": event.text("key")}
    backlog = [text for message in body.each("backlog")[:_MOST_MESSAGES] if (text := message.text("message", longest=LONGEST_SUMMARY))]
    said = event.text("message", longest=300)
    rule = body.text("event_definition_title")
    return Signal(
        fingerprint=identity(event.must("id")),
        status="firing",
        title=title(f"{said} ({rule})" if said and rule and rule not in said else said or rule),
        labels={**event.texts("fields"), **event.texts("group_by_fields"), **{name: text for name, text in given.items() if text}},
        links=links(source=event.link("url")),
        severity=priority,
        level=level_of(LEVELS, priority),
        starts_at=event.time("timestamp"),
        summary="\n".join([text for text in (body.text("event_definition_description", longest=LONGEST_SUMMARY), *backlog) if text])[
            :LONGEST_SUMMARY
        ],
    )


def _alarm(body: Fields, result: Fields, rule: str) -> Signal:
    condition, stream = result.inside("triggered_condition"), body.inside("stream")
    ended = result.raw("triggered") is False
    at = result.time("triggered_at")
    given = {"stream": stream.text("title"), "condition": condition.text("type"), "event": rule}
    messages = [text for one in result.each("matching_messages")[:_MOST_MESSAGES] if (text := one.text("message", longest=LONGEST_SUMMARY))]
    if not (condition.text("id") or stream.text("id") or stream.text("title")):
        raise condition.lacks("id")
    return Signal(
        fingerprint=identity(stream.text("id", "title"), condition.text("id")),
        status="resolved" if ended else "firing",
        title=title(result.text("result_description", longest=300), f"Stream {stream.text('title')}"),
        labels={name: text for name, text in given.items() if text},
        threshold=condition.text("description"),
        starts_at=None if ended else at,
        ends_at=at if ended else None,
        summary="\n".join(messages)[:LONGEST_SUMMARY],
    )
