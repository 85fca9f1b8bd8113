"""Zabbix's webhook media type as our values. Pure.

Zabbix sends what its administrator wrote: https://www.zabbix.com/documentation/current/en/manual/config/notifications/media/webhook.
This is the JSON to build there of macros (what is left out is only missing)::

    {
        "hostname": "{HOST.NAME}",
        "trigger": "{EVENT.NAME}",
        "trigger_id": "{TRIGGER.ID}",
        "event_id": "{EVENT.ID}",
        "status": "{EVENT.STATUS}",
        "severity": "{EVENT.SEVERITY}",
        "update": "{EVENT.UPDATE.STATUS}",
        "acknowledged": "{EVENT.ACK.STATUS}",
        "user": "{USER.FULLNAME}",
        "message": "{EVENT.UPDATE.MESSAGE}",
        "value": "{EVENT.OPDATA}",
        "tags": {EVENT.TAGSJSON},
        "date": "{EVENT.DATE}",
        "time": "{EVENT.TIME}",
        "recovery_date": "{EVENT.RECOVERY.DATE}",
        "recovery_time": "{EVENT.RECOVERY.TIME}",
        "timezone": "+00:00",
        "link": "{$ZABBIX.URL}/tr_events.php?triggerid={TRIGGER.ID}&eventid={EVENT.ID}",
        "runbook": "{TRIGGER.URL}",
    }

A trigger is one alert. Times are the server's own: ``timezone`` says how far from UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_LABEL, LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title
from tocsin.alerts.sources.times import moment, zone_of

NAME: Final = "zabbix"
TOOL: Final = "Zabbix"

STATUSES: Final[Mapping[str, Status]] = {
    "problem": "firing",
    "ok": "resolved",
    "resolved": "resolved",
    "acknowledged": "acknowledged",
    "suppressed": "suppressed",
    "1": "firing",
    "0": "resolved",
}
LEVELS: Final[Mapping[str, Level]] = {
    "disaster": "critical",
    "high": "high",
    "average": "warning",
    "warning": "warning",
    "information": "info",
    "not classified": "info",
    "5": "critical",
    "4": "high",
    "3": "warning",
    "2": "warning",
    "1": "info",
    "0": "info",
}

_IN_LINK: Final = re.compile(r"[?&]triggerid=(\d+)")
_MACRO: Final = re.compile(r"\{[A-Z$][A-Z0-9_.$]*\}|\*UNKNOWN\*")
"""A macro that Zabbix did not replace is no value."""


def read(sent: Sent) -> Reading:
    """Return the alert of a problem, an update or a recovery.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    given = read_object(sent, TOOL)
    whole = Fields(
        {name: "" if isinstance(value, str) and _MACRO.fullmatch(value.strip()) else value for name, value in given.values.items()},
        "",
        TOOL,
    )
    status = whole.status(STATUSES, "status", "event_status", "value_status")
    acknowledged = whole.text("acknowledged", "ack").casefold() in ("yes", "1", "true", "acknowledged")
    updated = whole.text("update", "event_update_status") in ("1", "true")
    if status == "firing" and acknowledged and updated:
        status = "acknowledged"
    host, trigger = whole.text("hostname", "host"), whole.text("trigger", "name", "subject", longest=LONGEST_SUMMARY)
    severity = whole.text("severity", "event_severity", "trigger_severity")
    labels = {**whole.texts("tags"), **{name: text for name, text in (("host", host), ("item", whole.text("item"))) if text}}
    signal = Signal(
        fingerprint=_identity(whole, host, trigger),
        status=status,
        title=title(trigger if not host or host.casefold() in trigger.casefold() else f"{trigger} on {host}", whole.text("message")),
        labels=labels,
        links=links(source=whole.link("link", "url"), runbook=whole.link("runbook", "trigger_url"), dashboard=whole.link("dashboard")),
        value=whole.text("value", "opdata", "item_value") or whole.text("item"),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=labels.get("service", ""),
        starts_at=_at(whole, "date", "time"),
        ends_at=_at(whole, "recovery_date", "recovery_time") if status == "resolved" else None,
        by=whole.text("user") if status == "acknowledged" else "",
        note=whole.text("message", longest=LONGEST_SUMMARY) if status == "acknowledged" else "",
        summary=whole.text("message", "description", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,))


def _identity(whole: Fields, host: str, trigger: str) -> str:
    """Return the trigger's identity; where a template does not name it, what its link says, else host and name."""
    found = whole.text("trigger_id", "triggerid", longest=LONGEST_LABEL)
    if not found and (link := _IN_LINK.search(whole.text("link", "url", longest=LONGEST_SUMMARY))):
        found = link.group(1)
    if found:
        return identity(f"triggerid={found}")
    if not trigger:
        raise whole.lacks("trigger")
    return identity(host, trigger)


def _at(whole: Fields, date: str, clock: str) -> datetime | None:
    return moment(f"{whole.text(date)} {whole.text(clock)}".strip(), zone_of(whole.text("timezone")))
