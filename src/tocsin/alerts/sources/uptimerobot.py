"""UptimeRobot's webhook contact as our values. Pure.

The variables: https://help.uptimerobot.com/en/articles/11360959-integrate-webhook-alerts-with-uptimerobot. They come as JSON, as a form or in
the address, whichever its administrator chose, by their own names::

    {
        "monitorID": "*monitorID*",
        "monitorURL": "*monitorURL*",
        "monitorFriendlyName": "*monitorFriendlyName*",
        "alertType": "*alertType*",
        "alertTypeFriendlyName": "*alertTypeFriendlyName*",
        "alertDetails": "*alertDetails*",
        "alertDuration": "*alertDuration*",
        "alertDateTime": "*alertDateTime*",
        "sslExpiryDate": "*sslExpiryDate*",
        "sslExpiryDaysLeft": "*sslExpiryDaysLeft*",
    }

A monitor is one alert; its certificate, which expires whether the monitor is up or not, is another.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, identity, links, read_object, title

NAME: Final = "uptimerobot"
TOOL: Final = "UptimeRobot"

STATUSES: Final[Mapping[str, Status]] = {
    "1": "firing",
    "2": "resolved",
    "3": "firing",
    "down": "firing",
    "up": "resolved",
    "ssl expiry": "firing",
    "paused": "suppressed",
    "started": "unknown",
}

_CERTIFICATE: Final = ("3", "ssl expiry")


def read(sent: Sent) -> Reading:
    """Return the alert of a monitor.

    Raises:
        WrongBody: it is not such a request; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL) if sent.body.strip() else Fields(sent.query, "", TOOL)
    monitor = whole.must("monitorID", "monitorFriendlyName")
    status = whole.status(STATUSES, "alertType", "alertTypeFriendlyName")
    certificate = whole.text("alertType", "alertTypeFriendlyName").casefold() in _CERTIFICATE
    name, said = whole.text("monitorFriendlyName", "monitorURL"), whole.text("alertDetails", longest=LONGEST_SUMMARY)
    if certificate and not said:
        said = f"The certificate expires in {whole.text('sslExpiryDaysLeft') or 'a few'} days."
    at = whole.time("alertDateTime")
    signal = Signal(
        fingerprint=identity(monitor, "certificate" if certificate else ""),
        status=status,
        title=title(f"{name}: {said}" if name and said and status == "firing" else name, said),
        annotations={
            ours: text
            for ours, theirs in (("duration_s", "alertDuration"), ("certificate_expires", "sslExpiryDate"))
            if (text := whole.text(theirs))
        },
        links=links(target=whole.link("monitorURL")),
        value=whole.text("alertDetails"),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        summary=said,
    )
    return Reading((signal,))
