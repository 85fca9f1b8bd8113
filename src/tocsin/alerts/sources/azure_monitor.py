"""Azure Monitor's action groups as our values. Pure.

The common alert schema: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema (switch it on in the action group). The older body
of metric alerts (``AzureMonitorMetricAlert``) is read as well. The last part of the alert's id is its identity, for its beginning and its end alike.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_LABEL, LONGEST_SUMMARY, Fields, given, identity, level_of, links, read_object, title

NAME: Final = "azure-monitor"
TOOL: Final = "Azure Monitor"

STATUSES: Final[Mapping[str, Status]] = {
    "fired": "firing",
    "resolved": "resolved",
    "activated": "firing",
    "deactivated": "resolved",
}
LEVELS: Final[Mapping[str, Level]] = {
    "sev0": "critical",
    "sev1": "high",
    "sev2": "warning",
    "sev3": "info",
    "sev4": "info",
    "0": "critical",
    "1": "high",
    "2": "warning",
    "3": "info",
    "4": "info",
}
"""Critical, error, warning, informational and verbose."""


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    data = whole.inside("data")
    if "essentials" in data:
        return Reading((_common(data),), event=whole.text("schemaId"))
    if "context" in data:
        return Reading((_older(data),), event=whole.text("schemaId"))
    raise WrongBody(
        "data.essentials is missing.", fix="Switch on the common alert schema for the webhook in the action group.", field="data.essentials"
    )


def _common(data: Fields) -> Signal:
    found, context = data.inside("essentials"), data.inside("alertContext")
    status = found.status(STATUSES, "monitorCondition")
    own = found.must("alertId", "originAlertId")
    severity = found.text("severity")
    targets, items = found.words("alertTargetIDs"), found.words("configurationItems")
    measured = next(iter(context.inside("condition").each("allOf")), Fields({}, "condition", TOOL))
    custom = {**context.texts("properties"), **data.texts("customProperties")}
    rule, resource = found.text("alertRule"), items[0] if items else _last(targets[0] if targets else "")
    return Signal(
        fingerprint=identity(_last(own) or own),
        status=status,
        title=title(
            f"{rule} on {resource}" if rule and resource and resource.casefold() not in rule.casefold() else rule, found.text("description")
        ),
        labels={
            **measured.texts("dimensions"),
            **custom,
            **given(
                resource=resource,
                resource_group=found.text("targetResourceGroup"),
                signal=found.text("signalType"),
                monitor=found.text("monitoringService"),
                metric=measured.text("metricName"),
            ),
        },
        links=links(
            source=found.link("investigationLink"),
            dashboard=measured.link("linkToSearchResultsUI", "linkToFilteredSearchResultsUI"),
            runbook=Fields(custom).link("runbook_url", "runbook", "Runbook"),
        ),
        value=measured.text("metricValue"),
        threshold=" ".join(part for part in (measured.text("operator"), measured.text("threshold")) if part),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=custom.get("service", "") or custom.get("Service", ""),
        starts_at=found.time("firedDateTime"),
        ends_at=found.time("resolvedDateTime") if status == "resolved" else None,
        summary=found.text("description", longest=LONGEST_SUMMARY),
    )


def _older(data: Fields) -> Signal:
    found = data.inside("context")
    status = data.status(STATUSES, "status")
    severity = found.text("severity")
    at = found.time("timestamp")
    return Signal(
        fingerprint=identity(found.must("id", "name"), found.text("resourceId", longest=LONGEST_LABEL)),
        status=status,
        title=title(found.text("name"), found.text("description")),
        labels={**data.texts("properties"), **given(resource=found.text("resourceName"), resource_group=found.text("resourceGroupName"))},
        links=links(source=found.link("portalLink")),
        severity=severity,
        level=level_of(LEVELS, severity),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary=found.text("description", longest=LONGEST_SUMMARY),
    )


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]
