"""Google Cloud Monitoring's webhook (version 1.2, and Stackdriver's before it) as our values. Pure.

The body: https://cloud.google.com/monitoring/support/notification-options#webhooks. An incident of Google's is one alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, given, identity, level_of, links, read_object, title

NAME: Final = "gcp-monitoring"
TOOL: Final = "Google Cloud Monitoring"

STATUSES: Final[Mapping[str, Status]] = {"open": "firing", "closed": "resolved", "acknowledged": "acknowledged"}
LEVELS: Final[Mapping[str, Level]] = {"critical": "critical", "error": "high", "warning": "warning"}

_NO_SEVERITY: Final = "no severity"


def read(sent: Sent) -> Reading:
    """Return the alert of an incident.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    found = whole.inside("incident")
    own = found.must("incident_id")
    status = found.status(STATUSES, "state")
    metadata = found.inside("metadata")
    system = metadata.texts("system_labels")
    severity = next((word for word in (found.text("severity"), system.get("severity", "")) if word and word.casefold() != _NO_SEVERITY), "")
    labels = {
        **metadata.texts("user_labels"),
        **found.inside("metric").texts("labels"),
        **found.inside("resource").texts("labels"),
        **found.texts("policy_user_labels"),
        **given(project=found.text("scoping_project_id"), policy=found.text("policy_name"), resource=found.text("resource_name")),
    }
    about = found.text("resource_display_name") or _bare(found.text("resource_name"))
    condition = found.text("condition_name") or found.inside("condition").text("displayName")
    documentation = found.inside("documentation")
    signal = Signal(
        fingerprint=identity(own),
        status=status,
        title=title(
            f"{condition} ({about})" if condition and about else condition, found.text("summary"), _bare(found.text("policy_name"))
        ),
        labels=labels,
        links=links(
            source=found.link("url"),
            runbook=next((url for one in documentation.each("links") if (url := one.link("url"))), ""),
        ),
        value=found.text("observed_value"),
        threshold=found.text("threshold_value") or _threshold(found.inside("condition")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=labels.get("service", "") or labels.get("service_name", ""),
        starts_at=found.time("started_at"),
        ends_at=found.time("ended_at") if status == "resolved" else None,
        summary="\n\n".join(
            text
            for text in (found.text("summary", longest=LONGEST_SUMMARY), documentation.text("content", longest=LONGEST_SUMMARY))
            if text
        )[:LONGEST_SUMMARY],
    )
    return Reading((signal,))


def _bare(name: str) -> str:
    """Return the name of a thing without the path that leads to it: ``projects/1/instances/web-1`` is ``web-1``."""
    return name.rpartition("/")[2]


def _threshold(condition: Fields) -> str:
    return condition.inside("conditionThreshold").text("thresholdValue")
