"""A check of Checkly: its webhook alert channel with the default template. Pure.

Documentation: https://www.checklyhq.com/docs/alerting-and-retries/webhooks/. An object with ``event`` (a sentence), ``alert_type``
(``ALERT_FAILURE``, ``ALERT_DEGRADED``, ``ALERT_RECOVERY`` …), ``check_id``, ``check_name``, ``check_type``, ``check_error_message``,
``response_time``, ``run_location``, ``tags`` and ``link``. ``started_at`` is when that one run of the check began, which says nothing
of when the trouble did.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title

NAME: Final = "checkly"
TOOL: Final = "Checkly"

STATUSES: Final[Mapping[str, Status]] = {
    "alert_failure": "firing", "alert_degraded": "firing", "alert_failure_remain": "firing", "alert_degraded_remain": "firing",
    "alert_failure_degraded": "firing", "alert_degraded_failure": "firing", "alert_ssl": "firing", "alert_recovery": "resolved",
    "alert_degraded_recovery": "resolved", "no_alert": "resolved",
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = {
    "alert_failure": "critical", "alert_failure_remain": "critical", "alert_degraded_failure": "high", "alert_degraded": "warning",
    "alert_degraded_remain": "warning", "alert_failure_degraded": "warning", "alert_ssl": "warning", "alert_recovery": "info",
    "alert_degraded_recovery": "info", "no_alert": "info",
}  # fmt: skip

_LABELS: Final = {
    "check_name": "check", "check_type": "check_type", "group_name": "group", "run_location": "location", "region": "region",
    "ssl_check_domain": "ssl_domain", "api_check_response_status_code": "response_status",
}  # fmt: skip


def read(sent: Sent) -> Reading:
    """Return the alert of a check.

    Raises:
        WrongBody: it is no such body, or nothing tells which check it is about or how it went.

    """
    body = read_object(sent, TOOL)
    status = body.status(STATUSES, "alert_type")
    signal = Signal(
        fingerprint=identity(body.must("check_id")),
        status=status,
        title=title(body.text("event", "alert_title", longest=300), body.text("check_name")),
        labels=_labels(body),
        links=links(source=body.link("link")),
        value=_value(body),
        level=level_of(LEVELS, body.text("alert_type")),
        service=body.text("group_name"),
        summary=body.text("check_error_message", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=body.text("alert_type"))


def _labels(body: Fields) -> dict[str, str]:
    found = {ours: text for theirs, ours in _LABELS.items() if (text := body.text(theirs))}
    return {**found, "tags": ",".join(tags)} if (tags := body.words("tags")) else found


def _value(body: Fields) -> str:
    days, took = body.text("ssl_days_remaining"), body.text("response_time")
    return f"{days} days left" if days else f"{took} ms" if took else ""
