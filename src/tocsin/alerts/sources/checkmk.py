"""A host or service of Checkmk: what a notification script posts. Pure.

Documentation: https://docs.checkmk.com/latest/en/notifications.html (the variables of notifications). An object with ``what`` (``HOST`` or
``SERVICE``), ``host``, ``service``, ``notification_type`` (``PROBLEM``, ``RECOVERY``, ``ACKNOWLEDGEMENT``, ``DOWNTIMESTART`` …),
``status`` (``DOWN``, ``UP``, ``CRIT``, ``OK`` …), ``severity``, ``summary``, ``output`` and ``short_date_time``, which names no zone: the
key's option ``zone`` says it, UTC otherwise. The option ``base`` is the address of the site, to which ``url`` is relative.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title
from tocsin.alerts.sources.times import zone_of

NAME: Final = "checkmk"
TOOL: Final = "Checkmk"

STATUSES: Final[Mapping[str, Status]] = {
    "up": "resolved", "ok": "resolved", "down": "firing", "unreach": "firing", "unreachable": "firing", "warn": "firing", "warning": "firing",
    "crit": "firing", "critical": "firing", "unknown": "firing",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {
    "down": "critical", "crit": "critical", "critical": "critical", "unreach": "high", "unreachable": "high", "unknown": "warning",
    "warn": "warning", "warning": "warning", "up": "info", "ok": "info",
}  # fmt: skip
_TYPES: Final[Mapping[str, Status]] = {"acknowledgement": "acknowledged", "downtimestart": "suppressed", "recovery": "resolved"}
"""Kinds of notification that say more than the state in them does."""

_LABELS: Final = {
    "host": "host", "service": "service", "alias": "alias", "address": "address", "site": "site", "what": "what", "check_command": "check",
}  # fmt: skip


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is no such body, or nothing tells which host it is about or in what state it is.

    """
    body = read_object(sent, TOOL)
    kind = body.text("notification_type").casefold()
    said = next((status for word, status in _TYPES.items() if kind.startswith(word)), None)
    status = said or body.status(STATUSES, "status", "state", "severity")
    host, service = body.must("host"), body.text("service", "service_description")
    severity = body.text("severity", "status")
    at = body.time("short_date_time", zone=zone_of(str(sent.options.get("zone", ""))))
    signal = Signal(
        fingerprint=identity(host, "" if body.text("what").casefold() == "host" else service),
        status=status,
        title=title(body.text("summary", longest=300), f"{host} {service} {body.text('event')}"),
        labels=_labels(body),
        links=links(source=body.link("url", base=str(sent.options.get("base", "")))),
        value=body.text("output"),
        severity=severity,
        level=level_of(LEVELS, severity),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        by=body.text("ack_author", "notification_author", "author") if status in {"acknowledged", "suppressed"} else "",
        note=body.text("ack_comment", "notification_comment", "comment", longest=LONGEST_SUMMARY),
        summary=body.text("long_output", "output", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=body.text("notification_type"))


def _labels(body: Fields) -> dict[str, str]:
    return {ours: text for theirs, ours in _LABELS.items() if (text := body.text(theirs))}
