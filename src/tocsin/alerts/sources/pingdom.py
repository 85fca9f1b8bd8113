"""Pingdom's webhook as our values. Pure.

The body: https://www.pingdom.com/resources/webhooks/ (version 1). A check is one alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, identity, level_of, links, read_object, title

NAME: Final = "pingdom"
TOOL: Final = "Pingdom"

STATUSES: Final[Mapping[str, Status]] = {
    "down": "firing",
    "failing": "firing",
    "up": "resolved",
    "success": "resolved",
    "paused": "suppressed",
    "unconfirmed_down": "unknown",
    "unknown": "unknown",
}
"""Uptime checks are up or down, transaction checks succeed or fail."""
LEVELS: Final[Mapping[str, Level]] = {"high": "high", "low": "low"}
"""The importance that the check was given."""


def read(sent: Sent) -> Reading:
    """Return the alert of a change of a check's state.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    check = whole.must("check_id")
    status = whole.status(STATUSES, "current_state")
    at = whole.time("state_changed_timestamp", "state_changed_utc_time")
    name, said = whole.text("check_name"), whole.text("long_description", "description", longest=LONGEST_SUMMARY)
    severity = whole.text("importance_level")
    params = whole.inside("check_params")
    labels = {
        **whole.texts("tags"),
        **{ours: text for ours, text in (("check_type", whole.text("check_type")), ("hostname", params.text("hostname"))) if text},
    }
    signal = Signal(
        fingerprint=identity(check),
        status=status,
        title=title(f"{name}: {said}" if name and said and status == "firing" else name, said),
        labels=labels,
        links=links(
            source=f"https://my.pingdom.com/app/reports/uptime#check={check}" if check.isdecimal() else "", target=params.link("full_url")
        ),
        value=whole.text("description"),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=labels.get("service", ""),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary=said,
    )
    return Reading((signal,))
