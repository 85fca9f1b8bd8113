"""VMware vRealize Operations (Aria Operations): its REST notification plug-in. Pure.

Documentation: https://techdocs.broadcom.com/us/en/vmware-cis/aria/aria-operations/8-18/ (outbound settings, REST notification plug-in). An object with
``alertId``, ``status`` (``ACTIVE``, ``UPDATED``, ``CANCELED``), ``criticality`` (``ALERT_CRITICALITY_LEVEL_…``), ``type``, ``subType``,
``resourceName``, ``resourceKind``, ``info`` and times in milliseconds. ``cancelDate`` is set on active alerts too: the status counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title

NAME: Final = "vmware-vrealize"
TOOL: Final = "vRealize Operations"

STATUSES: Final[Mapping[str, Status]] = {
    "active": "firing", "new": "firing", "updated": "firing", "canceled": "resolved", "cancelled": "resolved", "suspended": "suppressed",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {
    "critical": "critical", "immediate": "high", "warning": "warning", "auto": "warning", "info": "info", "information": "info", "none": "info",
    "unknown": "info",
}  # fmt: skip

_PREFIX: Final = "ALERT_CRITICALITY_LEVEL_"
_LABELS: Final = {
    "resourceName": "resource", "resourceKind": "resource_kind", "adapterKind": "adapter_kind", "type": "type", "subType": "subtype",
    "resourceId": "resource_id",
}  # fmt: skip


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is no such body, or nothing tells which alert it is about or whether it goes on.

    """
    body = read_object(sent, TOOL)
    status = body.status(STATUSES, "status")
    severity = body.text("criticality", "alertLevel")
    signal = Signal(
        fingerprint=identity(body.must("alertId")),
        status=status,
        title=_title(body),
        labels={ours: text for theirs, ours in _LABELS.items() if (text := body.text(theirs))},
        links=links(source=body.link("alertUrl", "url")),
        severity=severity,
        level=level_of(LEVELS, severity.removeprefix(_PREFIX)),
        service=body.text("resourceName"),
        starts_at=body.time("startDate"),
        ends_at=body.time("cancelDate") if status == "resolved" else None,
        summary=body.text("info", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,))


def _title(body: Fields) -> str:
    what, of = body.text("alertName") or body.text("subType", "type"), body.text("resourceName")
    return title(f"{what} on {of}" if what and of else what or of or body.text("info", longest=300))
