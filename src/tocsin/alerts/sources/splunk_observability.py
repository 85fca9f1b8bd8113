"""A detector of Splunk Observability Cloud (SignalFx): its webhook. Pure.

Documentation: https://docs.splunk.com/observability/en/admin/notif-services/webhook.html. An object with ``incidentId``, ``statusExtended``
(``anomalous``, ``ok``, ``manually resolved``, ``stopped``), ``severity``, ``rule``, ``detector``, ``description``, ``inputs`` by name,
``dimensions``, ``detectorUrl``, ``runbookUrl`` and ``timestamp``. The status counts, whatever the message's prose says. Some senders put
the fields about the rule into ``inputs``; they are found there as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, labels, level_of, links, read_object, title

NAME: Final = "splunk-observability"
TOOL: Final = "Splunk Observability"

STATUSES: Final[Mapping[str, Status]] = {
    "anomalous": "firing", "ok": "resolved", "manually resolved": "resolved", "stopped": "resolved",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {
    "critical": "critical", "major": "high", "minor": "warning", "warning": "warning", "info": "info",
}  # fmt: skip


def read(sent: Sent) -> Reading:
    """Return the alert of a detector's notification.

    Raises:
        WrongBody: it is no such body, or nothing tells which incident it is about or whether it goes on.

    """
    body = read_object(sent, TOOL)
    inputs = body.inside("inputs")
    status = body.status(STATUSES, "statusExtended", "status")
    severity = body.text("severity")
    said = body.text("description", longest=LONGEST_SUMMARY) or inputs.text("description", longest=LONGEST_SUMMARY)
    rule = body.text("rule") or inputs.text("rule")
    at = body.time("timestamp", "eventTime")
    signal = Signal(
        fingerprint=identity(body.must("incidentId")),
        status=status,
        title=title(_named(said, rule), body.text("messageTitle"), body.text("detector")),
        labels={**labels(_about(body)), **body.texts("dimensions")},
        links=links(source=body.link("detectorUrl"), runbook=body.link("runbookUrl") or inputs.link("runbookUrl"), image=body.link("imageUrl")),
        value=_value(inputs),
        threshold=body.text("detectOnCondition"),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=body.inside("dimensions").text("service", "sf_service", "service.name"),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary=body.text("messageBody", longest=LONGEST_SUMMARY) or said,
    )  # fmt: skip
    return Reading((signal,))


def _named(said: str, rule: str) -> str:
    return f"{said} ({rule})" if said and rule and rule.casefold() not in said.casefold().split() else said or rule


def _about(body: Fields) -> dict[str, str]:
    given = {"rule": "rule", "detector": "detector", "detectorId": "detector_id", "originatingMetric": "metric", "eventType": "event_type"}
    found = {ours: body.text(theirs) for theirs, ours in given.items()}
    if body.raw("triggeredWhileMuted") is True:
        found["triggered_while_muted"] = "true"
    return {name: text for name, text in found.items() if text}


def _value(inputs: Fields) -> str:
    """Return what the first signal of the rule measured: ``A`` in most of them."""
    return next((value for name in inputs.values if (value := inputs.inside(name).text("value"))), "")
