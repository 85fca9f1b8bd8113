"""Icinga 2: an event of its API's event streams, or the variables of a notification command, posted as JSON or as a form. Pure.

Documentation: https://icinga.com/docs/icinga-2/latest/doc/12-icinga2-api/#event-streams (``type`` of ``StateChange``, ``CheckResult``,
``Notification``, ``AcknowledgementSet``, ``AcknowledgementCleared``, ``DowntimeStarted`` …; ``host``, ``service``, ``state``, ``state_type``,
``check_result``, ``author``, ``timestamp``) and https://icinga.com/docs/icinga-2/latest/doc/03-monitoring-basics/#notification-commands (macros
such as ``NOTIFICATIONTYPE``, ``HOSTNAME``, ``SERVICEDESC``, ``SERVICESTATE``; small letters and dots or underscores are read as well).
A soft state is not yet trouble: only hard ones count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Note, Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, short, title

NAME: Final = "icinga2"
TOOL: Final = "Icinga 2"

STATUSES: Final[Mapping[str, Status]] = {
    "ok": "resolved", "up": "resolved", "down": "firing", "unreachable": "firing", "warning": "firing", "critical": "firing", "unknown": "firing",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {
    "down": "critical", "critical": "critical", "unreachable": "high", "unknown": "warning", "warning": "warning", "ok": "info", "up": "info",
}  # fmt: skip

_SERVICE_STATES: Final = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
_HOST_STATES: Final = ("UP", "DOWN", "UNREACHABLE")
_WHEN_CHANGED: Final = frozenset({"statechange", "checkresult", "notification", "flapping"})
_SOFT: Final = "0"
_REPORTS: Final[Mapping[str, Status]] = {
    "acknowledgementset": "acknowledged",
    "downtimestarted": "suppressed",
    "downtimetriggered": "suppressed",
}
_NOTICES: Final[Mapping[str, Status]] = {
    "acknowledgement": "acknowledged", "downtimestart": "suppressed", "recovery": "resolved",
}  # fmt: skip
"""Types of notifications that say more than the state in them."""
_SAY_NOTHING: Final = frozenset({
    "acknowledgementcleared", "commentremoved", "downtimeadded", "downtimeremoved", "objectcreated", "objectdeleted", "objectmodified",
    "downtimeend", "flappingstart", "flappingend", "custom",
})  # fmt: skip


class _Said(Fields, frozen=True):
    """The macros of a notification command, under whichever spelling they came."""

    def macro(self, *names: str) -> str:
        return self.text(*names, longest=LONGEST_SUMMARY)


def read(sent: Sent) -> Reading:
    """Return the alert of an event or notification.

    Raises:
        WrongBody: it is no such body, or nothing tells which host it is about or in what state it is.

    """
    body = read_object(sent, TOOL)
    kind = body.text("type")
    if kind and not body.text("notification_type", "notificationtype", "NOTIFICATIONTYPE") and kind.casefold() not in _NOTICES:
        return _event(body, kind)
    if kind.casefold() == "notification":
        return _event(body, kind)
    return _notification(_folded(body))


def _event(body: Fields, kind: str) -> Reading:
    """Return what an event of a stream says."""
    word = kind.casefold()
    about = body.inside("downtime", "comment") or body
    host = about.must("host", "host_name")
    service = about.text("service", "service_name")
    if word == "commentadded":
        said = Note(identity(host, service), about.text("text", longest=LONGEST_SUMMARY), about.text("author"), about.time("entry_time"))
        return Reading(notes=(said,), event=kind)
    if word in _SAY_NOTHING:
        return Reading(ignored=f"{kind} neither begins nor ends an alert.", event=kind)
    if word not in _WHEN_CHANGED and word not in _REPORTS:
        raise WrongBody(f"type is {kind!r}, which is no event of {TOOL}.", fix="Send StateChange or Notification events.", field="type")
    notice = body.text("notification_type").casefold()
    if notice in _SAY_NOTHING:
        return Reading(ignored=f"A notification of type {notice} neither begins nor ends an alert.", event=kind)
    result = body.inside("check_result")
    state = _state(body, result, service)
    soft = body.text("state_type") == _SOFT and word in {"statechange", "checkresult"}
    status = _REPORTS.get(word) or _NOTICES.get(notice)
    if status is None:
        if not state:
            raise body.lacks("state")
        status = STATUSES[state.casefold()]
    if soft and status == "firing":
        return Reading(ignored="The state is soft: the check is tried again before it counts.", event=kind)
    at = body.time("timestamp")
    done = status in {"acknowledged", "suppressed"}
    signal = Signal(
        fingerprint=identity(host, service),
        status=status,
        title=_title(host, service, state),
        labels=_labels(host, service, body.text("command")),
        value=result.text("output"),
        severity=state,
        level=level_of(LEVELS, state),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        by=about.text("author") if done else "",
        note=about.text("comment", "text", longest=LONGEST_SUMMARY),
        summary=result.text("output", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=kind)


def _state(body: Fields, result: Fields, service: str) -> str:
    """Return the word of a state: events count them from 0, for hosts and services apart."""
    given = body.text("state") or result.text("state")
    names = _SERVICE_STATES if service else _HOST_STATES
    if given.isascii() and given.isdecimal():
        return names[min(int(given[:3]), len(names) - 1)]
    return given if given.casefold() in STATUSES else ""


def _folded(body: Fields) -> _Said:
    """Return macros by one spelling: ``HOSTNAME``, ``host.name`` and ``host_name`` are the same."""
    folded: dict[str, object] = {}
    for name, value in list(body.values.items())[:200]:
        folded.setdefault(name.casefold().replace(".", "").replace("_", "").removeprefix("icinga"), value)
    return _Said(folded, "", TOOL)


def _notification(said: _Said) -> Reading:
    """Return what a notification command says."""
    host = said.macro("hostname", "hostdisplayname", "host")
    if not host:
        raise WrongBody("HOSTNAME is missing.", fix="Hand the macro $host.name$ to the notification command.", field="HOSTNAME")
    service = said.macro("servicedesc", "servicename", "servicedisplayname", "service")
    kind = said.macro("notificationtype", "type").casefold()
    state = said.macro("servicestate", "state") if service else said.macro("hoststate", "state")
    if kind in _SAY_NOTHING:
        return Reading(ignored=f"A notification of type {kind} neither begins nor ends an alert.", event=kind)
    status = _NOTICES.get(kind) or STATUSES.get(state.casefold())
    if status is None:
        field = "SERVICESTATE" if service else "HOSTSTATE"
        raise WrongBody(f"{field} is {state!r}, which is no state of {TOOL}.", fix=f"Send one of: {', '.join(STATUSES)}.", field=field)
    at = said.time("longdatetime", "icingalongdatetime", "timet", "timestamp", "date")
    output = said.macro("serviceoutput", "output") if service else said.macro("hostoutput", "output")
    signal = Signal(
        fingerprint=identity(host, service),
        status=status,
        title=_title(host, service, state),
        labels=_labels(host, service, said.macro("hostaddress", "address")),
        links=links(source=said.link("url", "web2url", "serviceurl", "hosturl", "notesurl")),
        value=short(output, 200),
        severity=short(state, 200),
        level=level_of(LEVELS, state),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        by=short(said.macro("notificationauthor", "notificationauthorname", "author"), 200)
        if status in {"acknowledged", "suppressed"}
        else "",
        note=said.macro("notificationcomment", "comment"),
        summary=output,
    )
    return Reading((signal,), event=kind)


def _title(host: str, service: str, state: str) -> str:
    return title(
        f"{service} on {host} is {state}" if service and state else f"{host} is {state}" if state else f"{service} on {host}".strip()
    )


def _labels(host: str, service: str, further: str) -> dict[str, str]:
    return {name: text for name, text in {"host": host, "service": service, "address": further}.items() if text}
