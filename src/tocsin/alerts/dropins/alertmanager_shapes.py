"""Alerts, groups and silences as Alertmanager's API v2 writes them, and what its queries ask for. Pure.

The shapes: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tocsin.alerts.dropins.seen import Seen
from tocsin.alerts.matchers import Matcher, Operator, Subject, Test, checked, compile_matchers, parse
from tocsin.alerts.patterns import compiled
from tocsin.alerts.silence_model import Silence
from tocsin.alerts.sources.prometheus import RESOLVE_TIMEOUT
from tocsin.engine.errors import Refused

RECEIVER: Final = "tocsin"
"""The receiver of alerts whose route has no name."""
NO_COMMENT: Final = "No reason was given."

_SERVICE: Final = "alert.service"
_GROUP: Final = "alert.group"
_OWN: Final = frozenset({_SERVICE, _GROUP})
_OFFSET: Final = 14695981039346656037
_PRIME: Final = 1099511628211
_MASK: Final = (1 << 64) - 1
_SEPARATOR: Final = b"\xff"
_FLAGS: Final = {"active": True, "silenced": True, "inhibited": True, "unprocessed": True, "muted": True, "expired": True, "pending": True}
_TRUE: Final = frozenset({"true", "t", "1", "yes", "y", "on"})
_FALSE: Final = frozenset({"false", "f", "0", "no", "n", "off", ""})


def hashed(labels: Mapping[str, str]) -> str:
    """Return the fingerprint that Alertmanager gives to labels: FNV-1a over the sorted pairs, 16 hexadecimal digits."""
    value = _OFFSET
    for byte in b"".join([part.encode("utf-8", "replace") + _SEPARATOR for pair in sorted(labels.items()) for part in pair]):
        value = ((value ^ byte) * _PRIME) & _MASK
    return f"{value:016x}"


def written(at: datetime) -> str:
    """Return a time as Alertmanager writes it: UTC with milliseconds."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Filter(msgspec.Struct, frozen=True):
    """What a query asks of alerts."""

    test: Test
    receiver: Any
    """A pattern that the receiver's name has to fit; None: any does."""
    active: bool = True
    silenced: bool = True
    inhibited: bool = True
    unprocessed: bool = True
    muted: bool = True

    def fits(self, alert: Seen) -> bool:
        """Tell whether an alert is asked for."""
        quiet = bool(alert.silenced_by or alert.inhibited_by)
        if (not self.active and not quiet) or (not self.silenced and alert.silenced_by) or (not self.inhibited and alert.inhibited_by):
            return False
        if self.receiver is not None and not self.receiver(alert.receiver or RECEIVER):
            return False
        return self.test(subject(alert))


def filter_of(queries: Mapping[str, Sequence[str]]) -> Filter:
    """Return what a query asks for.

    Raises:
        Refused: a matcher, a pattern or a flag cannot be read.

    """
    flags = {name: _flag(queries, name) for name in ("active", "silenced", "inhibited", "unprocessed", "muted")}
    receivers = queries.get("receiver", ())
    return Filter(compile_matchers(matchers_of(queries)), compiled(receivers[-1]) if receivers and receivers[-1] else None, **flags)


def matchers_of(queries: Mapping[str, Sequence[str]]) -> tuple[Matcher, ...]:
    """Return the matchers of a query's ``filter``, which may come several times.

    Raises:
        Refused: one cannot be read.

    """
    return tuple(matcher for text in queries.get("filter", ()) for matcher in parse(text))


def states_of(queries: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return which silences a query asks for, by their states.

    Raises:
        Refused: a flag cannot be read.

    """
    return frozenset(name for name in ("active", "pending", "expired") if _flag(queries, name))


def _flag(queries: Mapping[str, Sequence[str]], name: str) -> bool:
    text = (queries.get(name) or [str(_FLAGS[name])])[-1].casefold()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Refused(f"{name} in query must be of type boolean: {text!r}", fix="Write true or false.", field=name)


def subject(alert: Seen) -> Subject:
    """Return an alert as matchers see it."""
    return Subject(shown_labels(alert), alert.source, alert.service, "", alert.severity, alert.title)


def shown_labels(alert: Seen) -> dict[str, str]:
    """Return an alert's labels; one that has no ``alertname`` is called by its title, since clients list alerts by that."""
    return alert.labels if "alertname" in alert.labels else {"alertname": alert.title, **alert.labels}


def shown_alert(alert: Seen, now: datetime) -> dict[str, Any]:
    """Return an alert as ``gettableAlert``."""
    names = shown_labels(alert)
    annotations = dict(alert.annotations)
    if alert.summary:
        annotations.setdefault("description", alert.summary)
    if alert.title and "summary" not in annotations:
        annotations["summary"] = alert.title
    until = alert.ended_at or alert.expires_at or max(now, alert.updated_at) + RESOLVE_TIMEOUT
    return {
        "annotations": annotations, "endsAt": written(until), "fingerprint": hashed(names),
        "receivers": [{"name": alert.receiver or RECEIVER}], "startsAt": written(alert.started_at),
        "status": {
            "state": "suppressed" if alert.silenced_by or alert.inhibited_by else "active", "silencedBy": list(alert.silenced_by),
            "inhibitedBy": list(alert.inhibited_by), "mutedBy": [],
        },
        "updatedAt": written(alert.updated_at), "generatorURL": alert.links.get("source", ""), "labels": names,
    }  # fmt: skip


def shown_groups(alerts: Iterable[Seen], named: Mapping[str, Mapping[str, str]], asked: Filter, now: datetime) -> list[dict[str, Any]]:
    """Return alerts by their groups. named: the labels that the alerts of a group share, by its id."""
    grouped: dict[str, list[Seen]] = {}
    for alert in alerts:
        grouped.setdefault(alert.group, []).append(alert)
    found = []
    for group, members in grouped.items():
        if not asked.muted and all(one.silenced_by or one.inhibited_by for one in members):
            continue
        found.append({
            "labels": dict(named.get(group, {})), "routeLabels": {}, "receiver": {"name": members[0].receiver or RECEIVER},
            "alerts": [shown_alert(one, now) for one in members],
        })  # fmt: skip
    return sorted(found, key=lambda one: (one["receiver"]["name"], sorted(one["labels"].items())))


# --- silences -----------------------------------------------------------------------------------------------------------------------------


class PostedMatcher(msgspec.Struct, frozen=True):
    """A matcher of a silence, as clients send it."""

    name: str
    value: str
    isRegex: bool  # noqa: N815 (the API's spelling)
    isEqual: bool = True  # noqa: N815


class Posted(msgspec.Struct, frozen=True):
    """``postableSilence``."""

    matchers: tuple[PostedMatcher, ...]
    startsAt: datetime  # noqa: N815
    endsAt: datetime  # noqa: N815
    createdBy: str  # noqa: N815
    comment: str
    id: str | None = None


_OPERATORS: Final[Mapping[tuple[bool, bool], Operator]] = {
    (False, True): "=", (False, False): "!=", (True, True): "=~", (True, False): "!~",
}  # fmt: skip


class Meant(msgspec.Struct, frozen=True):
    """Which alerts a posted silence is about."""

    matchers: tuple[Matcher, ...]
    service: str = ""
    group: str = ""


def meant(posted: Posted) -> Meant:
    """Return which alerts a silence is about. A silence that was shown says by two names that it is for a service or a group only.

    Raises:
        Refused: there are no matchers, or one cannot be used.

    """
    if not posted.matchers:
        raise Refused("silence invalid: at least one matcher required", fix="Send matchers.", field="matchers")
    own = {one.name: one.value for one in posted.matchers if one.name in _OWN and not one.isRegex and one.isEqual}
    matchers = tuple(
        checked(Matcher(one.name, _OPERATORS[one.isRegex, one.isEqual], one.value)) for one in posted.matchers if one.name not in own
    )
    return Meant(matchers, own.get(_SERVICE, ""), own.get(_GROUP, ""))


def shown_silence(silence: Silence, now: datetime) -> dict[str, Any]:
    """Return a silence as ``gettableSilence``. One that is for a service or a group only says so in its matchers."""
    own = ((_SERVICE, silence.service), (_GROUP, silence.group))
    matchers = [*silence.matchers, *(Matcher(name, "=", value) for name, value in own if value)]
    since, until = silence.since or now, silence.until or now
    return {
        "id": silence.id, "status": {"state": silence.state(now)}, "updatedAt": written(silence.updated_at or since),
        "comment": silence.why, "createdBy": silence.by, "startsAt": written(since), "endsAt": written(until), "annotations": {},
        "matchers": [
            {"name": one.name, "value": one.value, "isRegex": one.op in ("=~", "!~"), "isEqual": one.op in ("=", "=~")} for one in matchers
        ],
    }  # fmt: skip


def asks_for(silence: Silence, wanted: Sequence[Matcher]) -> bool:
    """Tell whether a silence is one that matchers of a query describe: they look at the values that it names, and at nothing where it names none."""
    named = Subject({one.name: one.value for one in silence.matchers})
    return compile_matchers(wanted)(named)


def newest_first(silences: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return silences in Alertmanager's order: active ones by their end, pending ones by their beginning, expired ones by their end, backwards."""
    order = {"active": 0, "pending": 1, "expired": 2}

    def rank(one: dict[str, Any]) -> tuple[int, float]:
        state = one["status"]["state"]
        at = datetime.fromisoformat(one["startsAt"] if state == "pending" else one["endsAt"]).timestamp()
        return order[state], -at if state == "expired" else at

    return sorted(silences, key=rank)


def status(version: str, started: datetime) -> dict[str, Any]:
    """Return ``alertmanagerStatus``. The configuration is a valid one that says where everything goes: here."""
    text = f"# Tocsin {version}: routes, silences and receivers are its own; `tocsin route show` shows them.\nroute:\n  receiver: {RECEIVER}\nreceivers:\n- name: {RECEIVER}\n"
    names = ("revision", "branch", "buildUser", "buildDate", "goVersion")
    return {
        "cluster": {"status": "disabled", "peers": []}, "versionInfo": {"version": version, **dict.fromkeys(names, "tocsin")},
        "config": {"original": text}, "uptime": written(started),
    }  # fmt: skip
