"""Alerts as Prometheus (and ``amtool alert add``) hands them to an Alertmanager: the body of ``POST /api/v2/alerts``. Pure.

Documentation: https://prometheus.io/docs/alerting/latest/clients/. A list of objects with ``labels``, ``annotations``, ``startsAt``, ``endsAt``
and ``generatorURL``. There is no state: an alert fires until ``endsAt``, and sending it again puts that off. Without an end it is
``RESOLVE_TIMEOUT`` from now. ``split`` keeps what is right of a body of which something is wrong, as Alertmanager does.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import msgspec

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Signal
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.alertmanager import LEVELS, STATUSES, links_of, title_of
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, Fields, clean, fingerprint, labels, level_of, read_any, scalar, web
from tocsin.alerts.sources.times import in_range
from tocsin.playbooks.durations import Duration

NAME: Final = "prometheus"
TOOL: Final = "Prometheus"

RESOLVE_TIMEOUT: Final = timedelta(minutes=5)
"""How long an alert without an end counts as firing unless it comes again (Alertmanager's own default); the key's option says another."""
OPTION: Final = "resolve_timeout"

_Time = Annotated[datetime, msgspec.Meta(tz=True)]
_SUMMARY: Final = ("description", "message", "summary")

__all__ = ["LEVELS", "NAME", "RESOLVE_TIMEOUT", "STATUSES", "TOOL", "read", "split"]


class _Alert(msgspec.Struct):
    labels: dict[str, str]
    annotations: dict[str, str] = {}
    startsAt: _Time | None = None  # noqa: N815 (the sender's spelling)
    endsAt: _Time | None = None  # noqa: N815
    generatorURL: str = ""  # noqa: N815


_body: Final = msgspec.json.Decoder(list[_Alert])


def read(sent: Sent) -> Reading:
    """Return the alerts of a request that are right.

    Raises:
        WrongBody: it is no list of alerts, or none of them is right.

    """
    reading, wrong = split(sent)
    if wrong and not reading.signals:
        raise wrong[0]
    return reading


def split(sent: Sent) -> tuple[Reading, list[WrongBody]]:
    """Return the alerts of a request that are right, and what is wrong with the others.

    Raises:
        WrongBody: it is no list of alerts.

    """
    try:
        found = list(enumerate(_body.decode(sent.body)))
        wrong: list[WrongBody] = []
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        found, wrong = _tolerated(sent)
    lasting = _resolve_timeout(sent.options.get(OPTION))
    odd = b"u0000" in sent.body
    signals = []
    for index, alert in found:
        try:
            signals.append(_signal(alert, index, sent.now, lasting, odd))
        except WrongBody as refusal:
            wrong.append(refusal)
    return Reading(tuple(signals)), wrong


def _tolerated(sent: Sent) -> tuple[list[tuple[int, _Alert]], list[WrongBody]]:
    """Read a body field by field; what is no alert is named."""
    value = read_any(sent, TOOL)
    if not isinstance(value, list):
        raise WrongBody("The body is no list of alerts.", fix="Send alerts in brackets.", field="$")
    found, wrong = [], []
    for index, one in enumerate(value):
        path = f"[{index}]"
        if not isinstance(one, dict) or not isinstance(one.get("labels"), dict):
            wrong.append(WrongBody(f"{path}.labels is no object.", fix="Send the labels as names with texts.", field=f"{path}.labels"))
            continue
        fields = Fields(one, path, TOOL)
        found.append((index, _alert(fields)))
    return found, wrong


def _alert(fields: Fields) -> _Alert:
    return _Alert(
        labels(fields.raw("labels")), labels(fields.raw("annotations")), fields.time("startsAt"), fields.time("endsAt"),
        fields.text("generatorURL", longest=LONGEST_SUMMARY),
    )  # fmt: skip


def _signal(alert: _Alert, index: int, now: datetime, lasting: timedelta, odd: bool) -> Signal:
    """Return one alert. odd: a text of the body may hold what no database keeps."""
    names, annotations = alert.labels, alert.annotations
    if "" in names.values():  # an empty label is none
        names = {name: text for name, text in names.items() if text}
    if odd:
        names = {clean(name): clean(text) for name, text in names.items()}
        annotations = {clean(name): clean(text) for name, text in annotations.items()}
    if not names or "" in names:
        path = f"[{index}].labels"
        raise WrongBody(f"{path}: at least one label pair required, and each with a name.", fix="Send the alert's labels.", field=path)
    starts, ends = _moment(alert.startsAt), _moment(alert.endsAt)
    if starts is not None and ends is not None and starts > ends:
        path = f"[{index}].startsAt"
        raise WrongBody(f"{path}: start time must be before end time.", fix="Send them the other way round.", field=path)
    ended = ends is not None and ends <= now
    severity = scalar(names.get("severity", ""))
    return Signal(
        fingerprint=fingerprint(names),
        status="resolved" if ended else "firing",
        title=title_of(names, annotations),
        labels=names,
        annotations=annotations,
        links=links_of(names, annotations, web(alert.generatorURL)),
        value=scalar(annotations.get("value")),
        threshold=scalar(annotations.get("threshold")),
        severity=severity,
        level=level_of(LEVELS, severity),
        service=scalar(names.get("service")),
        starts_at=starts,
        ends_at=ends if ended else None,
        expires_at=None if ended else ends or now + lasting,
        summary=next((text for name in _SUMMARY if (text := scalar(annotations.get(name), LONGEST_SUMMARY))), ""),
    )


def _moment(at: datetime | None) -> datetime | None:
    return None if at is None else in_range(at)


def _resolve_timeout(given: Any) -> timedelta:
    try:
        return Duration.parse(given) if given else RESOLVE_TIMEOUT
    except ValueError:
        return RESOLVE_TIMEOUT
