"""What the messages of a page carry: plain values, frozen when they are decided, and rendered when they are sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from tocsin.channels import abilities
from tocsin.engine.model import Delivery
from tocsin.paging import steps, wording
from tocsin.paging.page import Called, Notice, Page, Run, Way

_SAYS = {
    "escalated": "somebody asked for more help",
    "fell_through": "nobody before you could be reached",
    "age": "it has lasted this long",
    "lease": "it was acknowledged, and is not resolved",
    "snooze": "its silence is over",
    "waited": "nobody has answered so far",
    "raised": "it has become more urgent",
    "on_call": "nobody before you has answered",
    "last_resort": "nobody else has answered",
}


def can_tell(channel: str) -> bool:
    """Tell whether a channel may say that something is over: nobody's telephone rings for that."""
    return abilities.of(channel).text != "spoken"


def notification(page: Page, run: Run, called: Called, way: Way, notice: Notice, now: datetime) -> Delivery:
    """Return the message of one notification."""
    kind = wording.TEST if page.origin == "test" else wording.NOTIFICATION
    values = {
        **about(page), "person": called.person, "name": called.name, "why": because(run, called), "next": following(page), "run": run.number,
        "step": run.step + 1, "attempt": notice.attempt, "contact": way.contact, "urgency": run.urgency,
        "again": run.cause in ("lease", "snooze") or page.round > 0, "named_only": called.named_only, "sent_at": now.isoformat(),
    }  # fmt: skip
    return Delivery(notice.key, way.kind, way.value, kind, values)


def ended(page: Page, person: str, way: Way, by: str, why: str, now: datetime) -> Delivery:
    """Return the message that it is over, for somebody who had been notified."""
    values = {**about(page), "person": person, "state": "resolved", "by": by, "why": why, "sent_at": now.isoformat()}
    return Delivery(f"page:{page.id}:ended:{person}", way.kind, way.value, wording.STATUS, values)


def about(page: Page) -> dict[str, Any]:
    """Return what every message of a page says of it."""
    carries = page.carries
    return {
        "page": page.id, "number": page.number, "title": page.title, "word": carries.word, "value": carries.value, "threshold": carries.threshold,
        "dashboard": carries.dashboard, "runbook": carries.runbook, "severity": carries.severity, "summary": carries.summary,
        "started_at": carries.started_at.isoformat() if carries.started_at else "", "service": page.service, "incident": page.incident,
        "group": page.group, "origin": page.origin, "link": f"/pages/{page.id}",
    }  # fmt: skip


def because(run: Run, called: Called) -> str:
    """Return why this person, as what follows "because"."""
    more = _SAYS.get(run.cause, "")
    who = "it is written down where somebody may see it" if called.named_only else f"you are {called.because}"
    return f"{who}, and {more}" if more else who


def following(page: Page, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return what happens where nobody acknowledges; an empty text where nothing does. names: of people by id."""
    at = steps.due_next(page)
    if at is None:
        return ""
    after = steps.next_step(page)
    if after is None:
        return f"from {at:%H:%M} UTC it counts as unanswered"
    to = page.policy.steps[after.step].to
    return f"at {at:%H:%M} UTC {spoken_targets(to, names)} {'is' if len(to) == 1 else 'are'} called"


def spoken_targets(targets: Sequence[str], names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return targets as people say them: ``whoever is on call in payments and ana``. names: of people by id."""
    said = [_spoken(target, names) for target in targets]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def _spoken(target: str, names: Mapping[str, str]) -> str:
    kind, _, name = target.partition(":")
    match kind if name else "":
        case "schedule":
            schedule, following, role = name.partition("#")
            if role == "next":
                return f"whoever is next on call in {schedule}"
            return f"whoever is on call in {schedule}{f' ({role})' if following else ''}"
        case "team":
            return f"the team {name}"
        case "person":
            return names.get(name, name)
        case _:
            return target
