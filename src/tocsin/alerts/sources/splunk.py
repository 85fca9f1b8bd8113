"""Splunk's webhook alert action as our values. Pure.

The body: https://docs.splunk.com/Documentation/Splunk/latest/Alert/Webhooks: ``search_name``, ``sid``, ``results_link``, ``owner``, ``app`` and the
first row of the results in ``result``. Splunk never says that something is over. A search can, by these columns of its rows::

    | eval alert_status = if(errors > 50, "firing", "resolved"), alert_key = host, severity = "high", service = "checkout"

Without ``alert_key`` a search is one alert; it is resolved by a row whose ``alert_status`` says so, or by people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_LABEL, LONGEST_SUMMARY, WORDS, identity, label, level_of, links, read_object, title

NAME: Final = "splunk"
TOOL: Final = "Splunk"

STATUSES: Final[Mapping[str, Status]] = {
    "firing": "firing",
    "open": "firing",
    "new": "firing",
    "resolved": "resolved",
    "closed": "resolved",
    "ok": "resolved",
    "acknowledged": "acknowledged",
    "suppressed": "suppressed",
}
LEVELS: Final[Mapping[str, Level]] = {**WORDS, "6": "critical", "5": "high", "4": "high", "3": "warning", "2": "info", "1": "info"}
"""Splunk numbers severities from 1 (debug) to 6 (fatal); rows often hold words."""

_MOST_SHOWN: Final = 8


def read(sent: Sent) -> Reading:
    """Return the alert of a search.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    row = whole.inside("result")
    name = whole.text("search_name", longest=LONGEST_LABEL) or whole.must("sid", "search_name")
    key = row.text("alert_key", longest=LONGEST_LABEL)
    severity = row.text("severity", "alert_severity", "urgency") or whole.text("severity")
    texts = whole.texts("result")
    shown = ", ".join(f"{column}={text}" for column, text in list(texts.items())[:_MOST_SHOWN] if not column.startswith("_"))
    signal = Signal(
        fingerprint=identity(name, key),
        status=row.status(STATUSES, "alert_status", otherwise="firing"),
        title=title(row.text("alert_title"), f"{name} on {key}" if key else name),
        labels={**texts, **{ours: text for ours, text in (("app", whole.text("app")), ("owner", whole.text("owner"))) if text}},
        links=links(source=whole.link("results_link"), runbook=row.link("runbook_url", "runbook"), dashboard=row.link("dashboard_url")),
        value=row.text("value", "count"),
        threshold=row.text("threshold"),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=row.text("service"),
        starts_at=row.time("_time"),
        summary=row.text("message", "description", "_raw", longest=LONGEST_SUMMARY) or label(shown),
    )
    return Reading((signal,))
