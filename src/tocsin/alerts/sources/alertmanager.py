"""Alertmanager's webhook (version 4, and older ones as far as they agree) as our values. Pure.

The format: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config. Each alert has a status of its own, and that one
counts: a group is ``firing`` as long as any of its alerts is. ``endsAt`` of the year 1 is Go's zero time and means *not ended*.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from tocsin.alerts.errors import WrongBody, wrong_body
from tocsin.alerts.model import Signal, Status
from tocsin.engine import limits

NAME: Final = "alertmanager"
TOOL: Final = "Alertmanager"

_LONGEST_TITLE: Final = 300
_LONGEST_TEXT: Final = 200
_TITLE: Final = ("summary", "title")
_DASHBOARD: Final = ("dashboard_url", "dashboard")
_RUNBOOK: Final = ("runbook_url", "runbook")
_WEB: Final = ("http://", "https://")

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


_body: Final = msgspec.json.Decoder(_Webhook)
_single: Final = msgspec.json.Decoder(_Alert)
_shape: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read(body: bytes) -> list[Signal]:
    """Return the alerts of a webhook's body, in its order. A body that is one bare alert counts as a list of it.

    Raises:
        WrongBody: it is not such a body; the refusal names the field by its path.

    """
    try:
        keys = _shape.decode(body)
        alerts = [_single.decode(body)] if "alerts" not in keys and "labels" in keys else _body.decode(body).alerts
    except RecursionError as error:
        raise WrongBody("The body is nested too deeply.", fix=f"Send the JSON that {TOOL} sends.", field="$") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise wrong_body(error if isinstance(error, msgspec.MsgspecError) else msgspec.DecodeError(str(error)), TOOL) from error
    return [_signal(alert, f"alerts[{index}]") for index, alert in enumerate(alerts)]


def _signal(alert: _Alert, path: str) -> Signal:
    labels, annotations = _kept(alert.labels), _kept(alert.annotations or {})
    if not labels and not alert.fingerprint:
        raise WrongBody(
            f"{path}.labels is empty, and there is no fingerprint: nothing tells this alert from others.",
            fix="Send the alert's labels.", field=f"{path}.labels",
        )  # fmt: skip
    links = {"dashboard": _link(annotations, _DASHBOARD), "runbook": _link(annotations, _RUNBOOK), "source": _web(alert.generatorURL or "")}
    return Signal(
        fingerprint=_identity(alert.fingerprint or "") or fingerprint(labels),
        status=alert.status,
        title=_title(labels, annotations),
        labels=labels,
        annotations=annotations,
        links={name: url for name, url in links.items() if url},
        value=annotations.get("value", "").strip()[:_LONGEST_TEXT],
        threshold=annotations.get("threshold", "").strip()[:_LONGEST_TEXT],
        severity=labels.get("severity", "").strip()[:_LONGEST_TEXT],
        service=labels.get("service", "").strip()[:_LONGEST_TEXT],
        starts_at=_moment(alert.startsAt),
        ends_at=_moment(alert.endsAt) if alert.status == "resolved" else None,
    )


def _kept(texts: Mapping[str, str]) -> dict[str, str]:
    """Return texts without the one character that no database keeps: an alert is not lost for it."""
    return {name.replace(limits.NUL, "�"): text.replace(limits.NUL, "�") for name, text in texts.items()}


def _identity(given: str) -> str:
    """Return a sender's fingerprint, or its digest where it is longer than a database's index takes."""
    if len(given) > _LONGEST_TEXT:
        return hashlib.sha256(given.encode()).hexdigest()[:32]
    return given.replace(limits.NUL, "�")


def fingerprint(labels: Mapping[str, str]) -> str:
    """Return an identity made of labels: the same labels in any order give the same 16 hexadecimal digits.

    It is our own, not Alertmanager's hash, which needs the names of labels that a sender may have dropped.
    """
    text = msgspec.json.encode(sorted(labels.items()))
    return hashlib.sha256(text).hexdigest()[:16]


def _title(labels: Mapping[str, str], annotations: Mapping[str, str]) -> str:
    """Return what people read first: the summary with the rule's name behind it, or whichever there is."""
    said = next((text for name in _TITLE if (text := " ".join(annotations.get(name, "").split()))), "")
    rule = " ".join(labels.get("alertname", "").split())
    if said and rule and rule.casefold() not in said.casefold():
        room = _LONGEST_TITLE - len(rule) - 3
        said = f"{_short(said, room)} ({rule})" if room > len(rule) else said
    return _short(said or rule or "Alert without a name", _LONGEST_TITLE)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _link(annotations: Mapping[str, str], names: tuple[str, ...]) -> str:
    return next((url for name in names if (url := _web(annotations.get(name, "")))), "")


def _web(url: str) -> str:
    """Return the address if it can be followed in a browser without running anything (no ``javascript:``), else nothing."""
    url = url.strip()
    return url if url.casefold().startswith(_WEB) and limits.NUL not in url else ""


def _moment(at: datetime | None) -> datetime | None:
    """Return a time in UTC; None for a zero time of some language and for the end of its calendar."""
    if at is None or not limits.FIRST_YEAR <= at.year <= limits.LAST_YEAR:
        return None
    return at.astimezone(UTC)
