"""When channels are told of a group, and what: the first notice, changes, repeats, the end. Pure.

Channels hear of a group apart from the people who are called: after ``wait``, then at most once in each ``interval`` if alerts have come
or (where the route wants it) ended, and again after ``repeat`` where nothing has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.alerts.group_model import Group, Noticed
from tocsin.alerts.route_model import Notices
from tocsin.engine.model import Delivery

KIND: Final = "group.notice"
MOST_NAMED: Final = 200
"""Alerts that one notice names; beyond them it says how many there are."""


class Member(msgspec.Struct, frozen=True):
    """One alert of a group, as a notice names it."""

    alert: str
    title: str
    firing: bool
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Members(msgspec.Struct, frozen=True):
    """The alerts of a group: those that fire and may call people, and those that ended since channels were last told."""

    named: tuple[Member, ...] = ()
    more: int = 0
    """Alerts that fire beyond those that are named."""


def why_now(
    firing: Collection[str], resolved: Collection[str], last: Noticed | None, *, repeat: timedelta, tell_resolved: bool, now: datetime, more: int = 0
) -> str:  # fmt: skip
    """Return why channels are to be told now; empty where they are not.

    firing, resolved: the alerts as they are; last: what was told last.
    """
    if last is None:
        return "it fires" if firing else ""
    if not set(firing) <= set(last.firing) or more > last.more:
        return "alerts have come"
    if not firing:
        # Also where the end is not sent: it is noted, so that what fires again is news.
        return "it is over" if last.firing and resolved else ""
    if tell_resolved and not set(resolved) <= set(last.resolved):
        return "alerts have ended"
    return "it fires still" if now - last.at > repeat or (now - last.at == repeat and repeat) else ""


def notice(group: Group, members: Members, rule: Notices, now: datetime) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return why a group's channels are told now (empty: they are not), and which alerts fire and ended."""
    firing = tuple(one.alert for one in members.named if one.firing)
    resolved = tuple(one.alert for one in members.named if not one.firing)
    why = why_now(firing, resolved, group.noticed, repeat=rule.repeat, tell_resolved=rule.resolved, now=now, more=members.more)
    return why, firing, resolved


def deliveries(group: Group, members: Members, rule: Notices, why: str, now: datetime) -> tuple[Delivery, ...]:
    """Return the notice to each channel. The end alone is sent only where the route wants it."""
    shown = [one for one in members.named if one.firing or rule.resolved]
    if not any(one.firing for one in members.named) and not rule.resolved:
        return ()
    values = {
        "group": group.id, "title": group.title, "why": why, "service": group.opening.service if group.opening else "", "state": group.phase,
        "alerts": [msgspec.to_builtins(one) for one in shown], "more": members.more, "sent_at": now.isoformat(),
        "labels": group.opening.labels if group.opening else {},
    }  # fmt: skip
    number = group.version + 1
    return tuple(Delivery(f"{KIND}:{group.id}:{number}:{to}", *_way(to), KIND, values) for to in dict.fromkeys(rule.to))


def _way(to: str) -> tuple[str, str]:
    channel, _, target = to.partition(":")
    return channel, target


def text(values: dict[str, Any]) -> tuple[str, str]:
    """Return subject and body of a notice, from the values of its delivery."""
    alerts: Sequence[dict[str, Any]] = values["alerts"]
    firing = [one for one in alerts if one["firing"]]
    count = len(firing) + int(values["more"])
    state = f"[FIRING:{count}]" if count else "[RESOLVED]"
    lines = [f"{values['group']}: {values['why']}."]
    for one in alerts:
        ended = f", ended {one['ended_at']}" if one.get("ended_at") else ""
        lines.append(
            f"{'firing ' if one['firing'] else 'resolved'} {one['alert']}  {one['title']} (since {one.get('started_at') or 'unknown'}{ended})"
        )
    if values["more"]:
        lines.append(f"and {values['more']} more")
    return f"{state} {values['title']}", "\n".join(lines)
