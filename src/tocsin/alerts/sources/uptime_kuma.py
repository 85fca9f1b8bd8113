"""Uptime Kuma's webhook as our values. Pure.

The body of its notification type *Webhook* with the preset JSON: https://github.com/louislam/uptime-kuma/wiki/Notification-Methods. A monitor is one
alert. Times are local; ``timezoneOffset`` says how far from UTC. A certificate that is about to expire comes without a monitor, as a
text only; so does the message of the button *Test*, of which nothing comes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_LABEL, LONGEST_SUMMARY, Fields, identity, labels, links, read_object, title
from tocsin.alerts.sources.times import zone_of

NAME: Final = "uptime-kuma"
TOOL: Final = "Uptime Kuma"

STATUSES: Final[Mapping[str, Status]] = {
    "0": "firing",
    "1": "resolved",
    "2": "unknown",
    "3": "suppressed",
    "down": "firing",
    "unavailable": "firing",
    "firing": "firing",
    "up": "resolved",
    "available": "resolved",
    "resolved": "resolved",
    "pending": "unknown",
    "maintenance": "suppressed",
}
"""2 is *pending*: the monitor tries again before it calls something down."""

_DIGITS: Final = re.compile(r"\d+")


def read(sent: Sent) -> Reading:
    """Return the alert of a heartbeat.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    heartbeat, monitor = whole.inside("heartbeat"), whole.inside("monitor")
    message = whole.text("msg", longest=LONGEST_SUMMARY)
    if not heartbeat and not monitor:
        return _message_only(whole, message)
    own = monitor.text("id", longest=LONGEST_LABEL) or heartbeat.text("monitorID", "monitor_id") or monitor.must("id", "name")
    status = heartbeat.status(STATUSES, "status")
    at = heartbeat.time("localDateTime", zone=zone_of(heartbeat.text("timezoneOffset"))) or heartbeat.time("time")
    name, said = monitor.text("name", "pathName"), heartbeat.text("msg", longest=LONGEST_SUMMARY)
    found = labels(monitor.raw("tags"))
    ping = heartbeat.text("ping")
    signal = Signal(
        fingerprint=identity(own),
        status=status,
        title=title(f"{name}: {said}" if name and said and status == "firing" else name, message),
        labels={**found, **{ours: text for ours, text in (("monitor", name), ("type", monitor.text("type"))) if text}},
        links=links(target=monitor.link("url")),
        value=f"{ping} ms" if ping else "",
        service=found.get("service", ""),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary=said or message,
    )
    return Reading((signal,))


def _message_only(whole: Fields, message: str) -> Reading:
    if not message:
        raise whole.lacks("monitor")
    if "certificate" not in message.casefold():
        return Reading(ignored=f"{TOOL} sent a message without a monitor, as its test does.")
    return Reading((Signal(fingerprint=identity(_DIGITS.sub("#", message)), status="firing", title=title(message), summary=message),))
