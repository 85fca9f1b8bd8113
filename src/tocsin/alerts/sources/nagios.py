"""Nagios Core (and what is built like it) as our values. Pure.

A notification command posts the macros, by their names, as JSON or as a form:
https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/macrolist.html. With ``enable_environment_macros=1`` it can be as short as
``env | grep ^NAGIOS_ | curl …``: a prefix ``NAGIOS_`` and small letters are understood. A host, or a service of a host, is one alert.
Flapping and downtimes are no new problem: they are kept with the receipt, and nothing comes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_LABEL, LONGEST_SUMMARY, Fields, identity, level_of, links, read_object, title

NAME: Final = "nagios"
TOOL: Final = "Nagios"

STATUSES: Final[Mapping[str, Status]] = {
    "critical": "firing",
    "warning": "firing",
    "unknown": "firing",
    "down": "firing",
    "unreachable": "firing",
    "ok": "resolved",
    "up": "resolved",
}
"""States of services and hosts; they count where the type of the notification does not say."""
TYPES: Final[Mapping[str, Status]] = {"PROBLEM": "firing", "RECOVERY": "resolved", "ACKNOWLEDGEMENT": "acknowledged"}
LEVELS: Final[Mapping[str, Level]] = {
    "critical": "critical",
    "down": "critical",
    "unreachable": "high",
    "warning": "warning",
    "unknown": "warning",
}

_PREFIXES: Final = ("NAGIOS_", "NAGIOS__", "ICINGA_", "NAEMON_")
_ABOUT: Final = ("FLAPPING", "DOWNTIME")


def read(sent: Sent) -> Reading:
    """Return the alert of a notification.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = _macros(read_object(sent, TOOL))
    kind = whole.text("NOTIFICATIONTYPE").upper()
    host = whole.must("HOSTNAME", "HOSTALIAS", "HOSTADDRESS")
    service = whole.text("SERVICEDESC", longest=LONGEST_LABEL)
    if kind.startswith(_ABOUT):
        return Reading(ignored=f"{TOOL} tells of {kind.lower()}, which is no new problem.", event=kind)
    about = "SERVICE" if service else "HOST"
    status = TYPES[kind] if kind in TYPES else whole.status(STATUSES, f"{about}STATE", "NOTIFICATIONTYPE")
    state = whole.text(f"{about}STATE")
    output = whole.text(f"{about}OUTPUT", longest=LONGEST_SUMMARY)
    at = whole.time(f"LAST{about}STATECHANGE", f"LAST{about}CHECK", "TIMET")
    shown = whole.text("SERVICEDISPLAYNAME") or service
    name = f"{shown} on {host}" if service else f"Host {host}"
    groups = {"hostgroup": "HOSTGROUPNAME", "servicegroup": "SERVICEGROUPNAME", "address": "HOSTADDRESS"}
    labels = {
        "host": host,
        **({"check": service} if service else {}),
        **{ours: text for ours, theirs in groups.items() if (text := whole.text(theirs))},
    }
    signal = Signal(
        fingerprint=identity(host, service),
        status=status,
        title=title(f"{name}: {output}" if output and status == "firing" else name),
        labels=labels,
        links=links(
            source=whole.link(f"{about}INFOURL"),
            runbook=whole.link(f"{about}NOTESURL", "HOSTNOTESURL"),
            dashboard=whole.link(f"{about}ACTIONURL", "HOSTACTIONURL"),
        ),
        value=whole.text(f"{about}OUTPUT"),
        severity=state,
        level=level_of(LEVELS, state),
        service=whole.text("_SERVICESERVICE", "_HOSTSERVICE"),
        starts_at=at if status == "firing" else None,
        ends_at=at if status == "resolved" else None,
        by=whole.text("NOTIFICATIONAUTHORNAME", "NOTIFICATIONAUTHOR", f"{about}ACKAUTHORNAME", f"{about}ACKAUTHOR")
        if kind == "ACKNOWLEDGEMENT"
        else "",
        note=whole.text("NOTIFICATIONCOMMENT", f"{about}ACKCOMMENT", longest=LONGEST_SUMMARY) if kind == "ACKNOWLEDGEMENT" else "",
        summary=whole.text(f"LONG{about}OUTPUT", f"{about}OUTPUT", longest=LONGEST_SUMMARY),
    )
    return Reading((signal,), event=kind)


def _macros(given: Fields) -> Fields:
    """Return the macros by their bare names in capitals; one that was not replaced (``$SERVICEDESC$``) is none."""
    found = {}
    for name, value in given.values.items():
        bare = name.strip("$").upper()
        for prefix in _PREFIXES:
            bare = bare.removeprefix(prefix) if bare.startswith(prefix) and len(bare) > len(prefix) else bare
        found[bare] = "" if isinstance(value, str) and value.strip("$").upper() == bare and value.startswith("$") else value
    return Fields(found, given.path, given.tool)
