"""What the messages of a page carry: plain values, frozen when they are decided, and rendered when they are sent. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from tocsin.channels import abilities
from tocsin.engine.model import Delivery
from tocsin.paging import steps, wording
from tocsin.paging.page import REHEARSALS, Called, Notice, Page, Run, Way

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


def notification(
    page: Page, run: Run, called: Called, way: Way, notice: Notice, now: datetime, last_resort: Sequence[str] = ()
) -> Delivery:  # fmt: skip
    """Return the message of one notification. last_resort: the installation's, where the policy has none."""
    kind = wording.TEST if page.origin == "test" else wording.NOTIFICATION
    values = {
        **about(page), "person": called.person, "name": called.name, "why": because(run, called), "next": following(page, last_resort=last_resort), "run": run.number,
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


def following(page: Page, names: Mapping[str, str] = MappingProxyType({}), last_resort: Sequence[str] = ()) -> str:
    """Return what happens where nobody acknowledges; an empty text where nothing does.

    names: of people by id. last_resort: the installation's, where the policy has none.
    """
    at = steps.due_next(page)
    if at is None:
        return ""
    after = steps.next_step(page)
    last = () if page.origin in REHEARSALS else page.policy.last_resort or tuple(last_resort)
    if after is None:
        return f"{_called_at(at, last, names)} as the last resort" if last else f"from {at:%H:%M} UTC it counts as unanswered"
    said = _called_at(at, page.policy.steps[after.step].to, names)
    # A policy that begins again for ever has no end: the last resort is called beside its first beginning anew.
    if last and page.policy.repeat == "forever" and after.round > page.round and page.exhausted_at is None:
        return f"{said}, and {spoken_targets(last, names)} as the last resort"
    return said


def _called_at(at: datetime, targets: Sequence[str], names: Mapping[str, str]) -> str:
    return f"at {at:%H:%M} UTC {spoken_targets(targets, names)} {'is' if len(targets) == 1 else 'are'} called"


def nobody_called(page: Page, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return whom the page named, and why that reached nobody; an empty text where somebody was really called. names: of people by id."""
    if any(called.hopeful for run in page.runs for called in run.called) or any(
        one.key and one.state != "failed" and not called.named_only for _, called, one in page.everyone()
    ):
        return ""
    whys: dict[str, str] = {}
    for run in page.runs:
        people = {called.person for called in run.called}
        for called in run.called:
            failed = dict.fromkeys(f"{one.way.kind} failed: {one.why}" for one in called.planned if one.state == "failed" and one.why)
            why = "a name, and nobody here" if called.named_only else "; ".join([*called.problems, *failed])
            whys[names.get(called.person, called.name)] = why or "has no way that can be used"
        for missing in run.missing:
            if missing.target not in people:
                whys[spoken_targets((missing.target,), names)] = missing.why
    return ", ".join(f"{who} ({why})" for who, why in whys.items()) or "nobody was named"


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
