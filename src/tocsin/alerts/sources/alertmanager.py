"""Alertmanager's webhook (version 4, and older ones as far as they agree) as our values. Pure.

The format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. Each alert has a status of its own, and that one
counts: a group is ``firing`` as long as any of its alerts is. ``endsAt`` of the year 1 is Go's zero time and means *not ended*.

What Alertmanager itself sends is decoded in one step, since it comes by the thousand; what others send in its name is read field by field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import (
    LONGEST_SUMMARY,
    LONGEST_TEXT,
    LONGEST_TITLE,
    WORDS,
    Fields,
    clean,
    fingerprint,
    identity,
    level_of,
    read_any,
    scalar,
    short,
    web,
)
from tocsin.alerts.sources.times import in_range
from tocsin.engine import limits

NAME: Final = "alertmanager"
TOOL: Final = "Alertmanager"

STATUSES: Final[Mapping[str, Status]] = {
    "firing": "firing",
    "resolved": "resolved",
    "active": "firing",
    "unprocessed": "firing",
    "suppressed": "suppressed",
}
LEVELS: Final[Mapping[str, Level]] = {**WORDS, "low": "info"}
"""Severities are labels of the rules' authors; where ``info`` and ``low`` are both used, ``info`` is seldom meant to be the lower one."""

_TITLE: Final = ("summary", "title", "message")
_SUMMARY: Final = ("description", "message", "summary")
_DASHBOARD: Final = ("dashboard_url", "dashboard", "dashboardURL")
_RUNBOOK: Final = ("runbook_url", "runbook", "runbookURL")
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_HTTP: Final = ("http://", "https://")

_Time = Annotated[datetime, msgspec.Meta(tz=True)]


class _Alert(msgspec.Struct):
    status: Status
    labels: dict[str, str]
    annotations: dict[str, str] | None = None
    startsAt: _Time | None = None  # noqa: N815 (the sender's spelling)
    endsAt: _Time | None = None  # noqa: N815
    generatorURL: str | None = None  # noqa: N815
    fingerprint: str | None = None


class _Webhook(msgspec.Struct):
    alerts: list[_Alert]
    groupKey: str | int | None = None  # noqa: N815 (a number in the oldest versions)
    status: str = ""


_body: Final = msgspec.json.Decoder(_Webhook)


def read(sent: Sent) -> Reading:
    """Return the alerts of a webhook, in its order. A body that is one bare alert counts as a list of it.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    try:
        found = _body.decode(sent.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        found = _tolerated(sent)
    group = identity(found.groupKey if isinstance(found.groupKey, str) else "")
    odd = b"u0000" in sent.body
    signals = tuple(_signal(alert, index, group, odd) for index, alert in enumerate(found.alerts))
    return Reading(signals, group=group, group_state=clean(found.status))


def _tolerated(sent: Sent) -> _Webhook:
    """Read a body field by field: a bare alert, a bare list, labels that are numbers, alerts without a status."""
    value = read_any(sent, TOOL)
    if isinstance(value, list) and value:
        value = {"alerts": value}
    if not isinstance(value, Mapping):
        raise WrongBody("The body is no object.", fix=f"Send the JSON that {TOOL} sends.", field="$")
    whole = Fields(value, "", TOOL)
    if "alerts" not in whole and "labels" in whole:
        return _Webhook([_alert(whole, "", sent.now)])
    given = whole.raw("alerts")
    if not isinstance(given, list):
        raise WrongBody(
            "alerts is missing, or no list.", fix=f"{TOOL} always sends it; a proxy or template may have cut it.", field="alerts"
        )
    for index, one in enumerate(given):
        if not isinstance(one, Mapping):
            raise WrongBody(f"alerts[{index}] is no object.", fix="Send each alert as an object.", field=f"alerts[{index}]")
    status = whole.text("status")
    alerts = [_alert(one, status, sent.now) for one in whole.each("alerts")]
    return _Webhook(alerts, whole.text("groupKey", longest=LONGEST_SUMMARY), status)


def _alert(one: Fields, group_status: str, now: datetime) -> _Alert:
    if not isinstance(one.values.get("labels"), Mapping | None):
        raise WrongBody(f"{one.place('labels')} is no object.", fix="Send the labels as names with texts.", field=one.place("labels"))
    ends_at = one.time("endsAt")
    return _Alert(
        status=_status(one, group_status, now, ends_at),
        labels=one.texts("labels"),
        annotations=one.texts("annotations"),
        startsAt=one.time("startsAt"),
        endsAt=ends_at,
        generatorURL=one.text("generatorURL", longest=LONGEST_SUMMARY),
        fingerprint=one.text("fingerprint", longest=LONGEST_SUMMARY),
    )


def _status(one: Fields, group_status: str, now: datetime, ends_at: datetime | None) -> Status:
    """Return the alert's own state; what its end says where a body made by hand names none; the group's state where that says none."""
    if isinstance(one.values.get("status"), Mapping):
        return one.inside("status").status(STATUSES, "state")
    if one.raw("status") is not None:
        return one.status(STATUSES, "status")
    if ends_at is not None:
        return "resolved" if ends_at <= now else "firing"
    if group_status.casefold() in STATUSES:
        return STATUSES[group_status.casefold()]
    raise one.lacks("status")


def _signal(alert: _Alert, index: int, group: str, odd: bool) -> Signal:
    """Return an alert of Alertmanager. odd: a text of the body may hold NUL."""
    labels, annotations = alert.labels, alert.annotations or {}
    if odd:
        labels, annotations = _kept(labels), _kept(annotations)
    if not labels and not alert.fingerprint:
        path = f"alerts[{index}]"
        raise WrongBody(
            f"{path}.labels is empty, and there is no fingerprint: nothing tells this alert from others.",
            fix="Send the alert's labels.", field=f"{path}.labels",
        )  # fmt: skip
    severity = scalar(labels.get("severity", ""))
    return Signal(
        fingerprint=identity(alert.fingerprint) if alert.fingerprint else fingerprint(labels),
        status=alert.status,
        title=title_of(labels, annotations),
        labels=labels,
        annotations=annotations,
        links=links_of(labels, annotations, web(alert.generatorURL)),
        value=scalar(annotations.get("value")),
        threshold=scalar(annotations.get("threshold")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=scalar(labels.get("service")),
        starts_at=in_range(alert.startsAt) if alert.startsAt else None,
        ends_at=in_range(alert.endsAt) if alert.endsAt and alert.status == "resolved" else None,
        group=group,
        summary=_first(annotations, _SUMMARY, LONGEST_SUMMARY),
    )


def _kept(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts without the one character that no database keeps: an alert is not lost for it."""
    return {name.replace(limits.NUL, "�"): text.replace(limits.NUL, "�") for name, text in texts.items()}


def title_of(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """Return what people read first: the summary with the rule's name behind it, or whichever there is."""
    said = ""
    for name in _TITLE:
        if name in annotations and (said := " ".join(annotations[name].split())):
            break
    rule = " ".join(labels.get("alertname", "").split())
    if said and rule and rule.casefold() not in said.casefold():
        room = LONGEST_TITLE - len(rule) - 3
        said = f"{short(said, room)} ({rule})" if room > len(rule) else said
    return short(said or rule or "Alert without a name", LONGEST_TITLE)


def links_of(labels: Mapping[str, str], annotations: Mapping[str, str], source: str = "") -> dict[str, str]:
    """Return the links of an alert: those of the usual names, and each other annotation that is an address, under its own name."""
    found: dict[str, str] = {}
    for name, text in annotations.items():
        if text.startswith(_HTTP) or text.lstrip().startswith(_HTTP):
            url = web(_filled(text, labels))
            if url:
                found[name] = url
    for ours, names in (("dashboard", _DASHBOARD), ("runbook", _RUNBOOK)):
        first = ""
        for name in names:
            if name in found:
                first = first or found[name]
                del found[name]
        if first:
            found[ours] = first
    if source:
        found["source"] = source
    return found


def _filled(url: str, labels: Mapping[str, str]) -> str:
    """Return an address with the labels that it names as ``{label}``; one that the alert does not have stays as it is."""
    if "{" not in url:
        return url

    def value(found: re.Match[str]) -> Any:
        known = labels.get(found.group(1))
        return found.group() if known is None else quote(known.encode("utf-8", "replace"), safe="")

    return _PLACEHOLDER.sub(value, url)


def _first(texts: Mapping[str, str], names: tuple[str, ...], longest: int = LONGEST_TEXT) -> str:
    return next((found for name in names if (found := scalar(texts.get(name), longest))), "")
