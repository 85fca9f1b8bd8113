"""LibreNMS: its API transport with the default options, which posts the variables of the alert template. Pure.

Documentation: https://docs.librenms.org/Alerting/Transports/ and https://docs.librenms.org/Alerting/Templates/. An object of texts with
``alert_id``, ``state`` (``0`` recovered, ``1`` alert, ``2`` acknowledged, ``3`` worse, ``4`` better, ``5`` changed), ``title``, ``name``
(the rule), ``severity``, ``hostname``, ``timestamp``, ``msg``. Times name no zone: the key's option ``zone`` says it, UTC otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title
from tocsin.alerts.sources.times import zone_of

NAME: Final = "librenms"
TOOL: Final = "LibreNMS"

STATUSES: Final[Mapping[str, Status]] = {
    "0": "resolved", "1": "firing", "2": "acknowledged", "3": "firing", "4": "firing", "5": "firing",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {"critical": "critical", "warning": "warning", "ok": "info"}

_LABELS: Final = {
    "hostname": "host", "sysName": "system", "ip": "address", "os": "os", "hardware": "hardware", "location": "location", "name": "rule",
    "type": "device_type", "device_id": "device_id", "rule_id": "rule_id",
}  # fmt: skip


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is no such body, or nothing tells which alert it is about or in what state it is.

    """
    body = read_object(sent, TOOL)
    state = body.must("state")
    status = body.status(STATUSES, "state")
    severity = body.text("severity")
    at = body.time("timestamp", zone=zone_of(str(sent.options.get("zone", ""))))
    signal = Signal(
        fingerprint=identity(body.must("alert_id", "id", "uid")),
        status=status,
        title=title(body.text("title", longest=300), f"{body.text('name')} on {body.text('hostname')}"),
        labels=_labels(body),
        links=links(source=body.link("url"), runbook=body.link("proc")),
        value=body.text("elapsed"),
        severity=severity,
        level=level_of(LEVELS, severity),
        # Getting worse, better or changing has a time of its own, which is not that of the beginning.
        starts_at=at if state == "1" else None,
        ends_at=at if status == "resolved" else None,
        note=body.text("alert_notes", longest=LONGEST_SUMMARY),
        summary=body.text("msg", "faults", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,))


def _labels(body: Fields) -> dict[str, str]:
    return {ours: text for theirs, ours in _LABELS.items() if (text := body.text(theirs))}
