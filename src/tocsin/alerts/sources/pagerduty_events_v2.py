"""Events of PagerDuty's Events API v2, from senders that were made for it. Pure.

Documentation: https://developer.pagerduty.com/docs/events-api-v2/overview/. An alert event is an object with ``event_action``
(``trigger``, ``acknowledge``, ``resolve``), ``dedup_key``, ``payload`` of ``summary``, ``source``, ``severity``, ``timestamp``,
``component``, ``group``, ``class``, ``custom_details``; and ``client``, ``client_url``, ``links``, ``images``. A change event has no
``event_action``. ``problems`` names what is wrong with an event as the vendor does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Change, Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, label, level_of, read_object, short, title, web

NAME: Final = "pagerduty-events-v2"
TOOL: Final = "PagerDuty Events API v2"

STATUSES: Final[Mapping[str, Status]] = {"trigger": "firing", "acknowledge": "acknowledged", "resolve": "resolved"}
LEVELS: Final[Mapping[str, Level]] = {"critical": "critical", "error": "high", "warning": "warning", "info": "info"}

KEY: Final = "dedup_key"
"""The option by which whoever takes the event in gives a key to a trigger that has none."""
LONGEST_KEY: Final = 255
"""Characters of a ``dedup_key`` (the vendor's own number)."""

_PLACES: Final = ("source", "component", "group", "class")
_MOST_LINKS: Final = 20
_RUNBOOK: Final = ("runbook", "playbook")
_DASHBOARD: Final = ("dashboard", "graph", "panel")


def read(sent: Sent) -> Reading:
    """Return the alert or the change of an event.

    Raises:
        WrongBody: it is no such event; ``problems`` has all that is wrong with it.

    """
    body = read_object(sent, TOOL)
    return reading_of(body, sent, changes="event_action" not in body)


def reading_of(body: Fields, sent: Sent, *, changes: bool) -> Reading:
    """Return the alert or the change of an event whose body was looked into already; see ``read``."""
    if wrong := problems(body, changes=changes):
        field, what = wrong[0]
        raise WrongBody(f"{what[0].upper()}{what[1:]}.", fix=f"Send an event as the {TOOL} takes it.", field=field)
    payload = body.inside("payload")
    if changes:
        return Reading(changes=(_change(body, payload, sent),), event="change")
    action = body.text("event_action")
    return Reading((_signal(body, payload, STATUSES[action], sent),), event=action)


def problems(body: Fields, *, changes: bool) -> list[tuple[str, str]]:
    """Return what is wrong with an event, each as the field's path and the vendor's sentence about it. changes: it tells of a change."""
    payload = body.inside("payload")
    if changes:
        found = [] if payload else [("payload", "'payload' is missing or blank")]
        return found or _blank(payload, "summary")
    action = body.raw("event_action")
    if not isinstance(action, str) or action not in STATUSES:
        known = "'trigger', 'acknowledge' or 'resolve'"
        said = "is missing or blank" if action is None else f"is invalid (must be one of the following: {known})"
        return [("event_action", f"'event_action' {said}")]
    key = body.raw(KEY)
    found = []
    if key is not None and not isinstance(key, str):
        found.append((KEY, "'dedup_key' is invalid (must be a string)"))
    elif len(key or "") > LONGEST_KEY:
        found.append((KEY, f"'dedup_key' is invalid (must be at most {LONGEST_KEY} characters)"))
    if action != "trigger":
        return found or ([] if key else [(KEY, "'dedup_key' is missing or blank")])
    if not payload:
        return [*found, ("payload", "'payload' is missing or blank")]
    found += [problem for name in ("summary", "source", "severity") for problem in _blank(payload, name)]
    severity = payload.raw("severity")
    if severity is not None and not (isinstance(severity, str) and severity in LEVELS):
        known = "'critical', 'warning', 'error' or 'info'"
        found.append(("payload.severity", f"'payload.severity' is invalid (must be one of the following: {known})"))
    return found


def _blank(payload: Fields, name: str) -> list[tuple[str, str]]:
    return [] if payload.text(name) else [(payload.place(name), f"'{payload.place(name)}' is missing or blank")]


def _signal(body: Fields, payload: Fields, status: Status, sent: Sent) -> Signal:
    key = body.text(KEY, longest=LONGEST_KEY) or str(sent.options.get(KEY, "")) or _made(sent)
    details = payload.inside("custom_details")
    at = payload.time("timestamp")
    severity = payload.text("severity")
    given = {name: text for name in _PLACES if (text := payload.text(name, longest=LONGEST_SUMMARY))}
    service = details.text("service")
    return Signal(
        fingerprint=identity(key),
        status=status,
        title=title(payload.text("summary", longest=300), otherwise=short(key, 300)),
        labels={**given, **({"service": service} if service else {})},
        annotations=_annotations(body, payload),
        links=_links(body),
        value=details.text("value"),
        threshold=details.text("threshold"),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=service or payload.text("component"),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        by=(body.text("client") or TOOL) if status == "acknowledged" else "",
        summary=details.text("description", "firing", longest=LONGEST_SUMMARY),
    )


def _made(sent: Sent) -> str:
    """Return a key for a trigger without one, where whoever took it in made none: no other moment and body gives the same."""
    return hashlib.sha256(sent.now.isoformat().encode() + sent.body).hexdigest()[:32]


def _annotations(body: Fields, payload: Fields) -> dict[str, str]:
    """Return the details and who sent it."""
    found = payload.texts("custom_details")
    if not found and (plain := label(payload.raw("custom_details"))):
        found = {"details": plain}
    return {**found, **({"client": client} if (client := body.text("client")) else {})}


def _links(body: Fields) -> dict[str, str]:
    """Return links and images by what they say they are; what says nothing is numbered."""
    found = {"source": url} if (url := body.link("client_url")) else {}
    for number, one in enumerate(body.each("links")[:_MOST_LINKS], 1):
        _add(found, _named(one.text("text"), f"link {number}"), one.link("href"))
    for number, one in enumerate(body.each("images")[:_MOST_LINKS], 1):
        _add(found, one.text("alt") or f"image {number}", one.link("href") or one.link("src"))
    return found


def _named(text: str, otherwise: str) -> str:
    word = text.casefold()
    if any(part in word for part in _RUNBOOK):
        return "runbook"
    return "dashboard" if any(part in word for part in _DASHBOARD) else text or otherwise


def _add(found: dict[str, str], name: str, url: str) -> None:
    """Add a link under its name, or under the next one like it that is free."""
    if not url:
        return
    free = next(
        candidate for number in range(1, 2 * _MOST_LINKS + 2) if (candidate := name if number == 1 else f"{name} {number}") not in found
    )
    found[free] = url


def _change(body: Fields, payload: Fields, sent: Sent) -> Change:
    details: dict[str, Any] = dict(payload.texts("custom_details"))
    images = [url for one in body.each("images")[:_MOST_LINKS] if (url := web(one.raw("src")))]
    return Change(
        title=title(payload.text("summary", longest=300)),
        at=payload.time("timestamp") or sent.now,
        service=payload.inside("custom_details").text("service"),
        source=payload.text("source") or NAME,
        links={name: url for name, url in _links(body).items() if url not in images},
        details={**details, **({"images": images} if images else {})},
    )
