"""Grafana's unified alerting (version 8 and later) as our values. Pure.

The body of the webhook contact point: https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/.
It is Alertmanager's with more per alert: ``values``, ``dashboardURL``, ``panelURL``, ``silenceURL``, ``imageURL``. Addresses without a host
are relative to ``externalURL``; without that they cannot be followed, and the alert is kept without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.signatures import check_grafana
from tocsin.alerts.sources.alertmanager import links_of, title_of
from tocsin.alerts.sources.fields import (
    LONGEST_LABEL,
    LONGEST_SUMMARY,
    WORDS,
    Fields,
    fingerprint,
    identity,
    level_of,
    links,
    read_object,
    scalar,
)

NAME: Final = "grafana"
TOOL: Final = "Grafana"

STATUSES: Final[Mapping[str, Status]] = {
    "firing": "firing",
    "alerting": "firing",
    "resolved": "resolved",
    "ok": "resolved",
    "normal": "resolved",
    "paused": "suppressed",
    "pending": "unknown",
    "no_data": "unknown",
    "nodata": "unknown",
}
"""Of alerts and, in older versions, of rules. A rule that is set to alert on missing data sends ``firing``."""
LEVELS: Final[Mapping[str, Level]] = WORDS
"""Severities are labels of the rules' authors."""

_MOST_VALUES: Final = 8


def read(sent: Sent) -> Reading:
    """Return the alerts of a notification, in its order.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.
        WrongSecret: it is not signed with the key's secret.

    """
    check_grafana(sent)
    whole = read_object(sent, TOOL)
    if not isinstance(whole.raw("alerts"), list):
        fix = "Send the body of the webhook contact point; that of Grafana 7 and older goes to grafana-legacy."
        raise WrongBody("alerts is missing, or no list.", fix=fix, field="alerts")
    base = whole.link("externalURL")
    group = identity(whole.text("groupKey", longest=LONGEST_LABEL))
    signals = tuple(_signal(one, whole, base, group) for one in whole.each("alerts"))
    return Reading(signals, group=group, group_state=whole.text("status"))


def _signal(one: Fields, whole: Fields, base: str, group: str) -> Signal:
    labels, annotations = one.texts("labels"), one.texts("annotations")
    own = one.text("fingerprint", longest=LONGEST_LABEL)
    if not labels and not own:
        raise one.lacks("fingerprint")
    status = one.status(STATUSES, "status") if one.text("status") else whole.status(STATUSES, "status", "state")
    severity = scalar(labels.get("severity"))
    given = links(
        dashboard=one.link("dashboardURL", base=base),
        panel=one.link("panelURL", base=base),
        image=one.link("imageURL", base=base),
        silence=one.link("silenceURL", base=base),
    )
    return Signal(
        fingerprint=identity(own) or fingerprint(labels),
        status=status,
        title=title_of(labels, annotations),
        labels=labels,
        annotations=annotations,
        links={**given, **links_of(labels, annotations, one.link("generatorURL", base=base))},
        value=_values(one),
        threshold=scalar(annotations.get("threshold")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=scalar(labels.get("service")) or scalar(labels.get("service_name")),
        starts_at=one.time("startsAt"),
        ends_at=one.time("endsAt") if status == "resolved" else None,
        group=group,
        summary=scalar(annotations.get("description"), LONGEST_SUMMARY) or scalar(annotations.get("summary"), LONGEST_SUMMARY),
    )


def _values(one: Fields) -> str:
    """Return what the rule's queries gave, as ``B=22, C=1``."""
    given = list(one.texts("values").items())[:_MOST_VALUES]
    return scalar(", ".join(f"{name}={value}" for name, value in given)) or one.text("valueString")
