"""Why this person, why then, why not the other: a page's record with what was looked up and what became of every message. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.engine.model import Fact
from tocsin.paging import events as e
from tocsin.paging.page import Called, Planned
from tocsin.paging.views import CAUSES, step_name


def explain(page_id: str, facts: Sequence[Fact], deliveries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return why a page called whom when. deliveries: what became of each message, by its key."""
    opened = next(fact for fact in facts if isinstance(fact.event, e.PageOpened))
    assert isinstance(opened.event, e.PageOpened)
    policy = opened.event.policy
    later = {number: people for fact in facts if isinstance(fact.event, e.Replanned) for number, people in fact.event.runs.items()}
    sent = {notice.key: (fact, notice) for fact in facts if isinstance(fact.event, e.Notified) for notice in fact.event.notices}
    runs = []
    for fact in facts:
        event = fact.event
        if not isinstance(event, e.StepBegan):
            continue
        people = later.get(str(event.run), event.called)
        step = policy.steps[event.step] if 0 <= event.step < len(policy.steps) else None
        runs.append(
            {
                "run": event.run, "step": event.step + 1 if event.step >= 0 else None, "name": step_name(event.step), "began_at": fact.occurred_at,
                "why_then": CAUSES[event.cause], "by": str(fact.actor), "asked_for": list(step.to) if step else [], "urgency": event.urgency,
                "next_at": event.next_at,
                "called": [_person(who, [(f, n) for f, n in sent.values() if n.person == who.person and event.run in (n.run, *n.also)], deliveries) for who in people],
                "not_called": [{"target": one.target, "why": one.why} for one in event.missing],
            },
        )  # fmt: skip
    return {
        "page": page_id, "title": opened.event.title, "opened_at": opened.occurred_at, "urgency": opened.event.urgency,
        "why": opened.event.why or _origin(opened.event),
        "policy": {
            "id": policy.id, "name": policy.name, "version": policy.version,
            "says": f"version {policy.version} of {policy.id}, as it was when the page was opened" if policy.version else "no policy: the people were named",
            "waiver": policy.waiver,
        },
        "runs": runs,
        "ends": [{"at": f.occurred_at, "type": f.type, "by": str(f.actor), "person": getattr(f.event, "person", "")} for f in facts if isinstance(f.event, _ENDS)],
    }  # fmt: skip


_ENDS = (
    e.PageAcknowledged, e.PageJoined, e.LeaseRanOut, e.PageEscalated, e.PageHanded, e.PageSnoozed, e.SnoozeEnded, e.PageExhausted, e.PageResolved,
)  # fmt: skip


def _origin(event: e.PageOpened) -> str:
    return {
        "alert": "alerts",
        "person": "somebody asked for it",
        "incident": "an incident",
        "test": "a test",
        "synthetic": "the pager tests itself",
    }.get(event.origin, event.origin)


def _person(who: Called, notices: Sequence[tuple[Fact, Any]], deliveries: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "person": who.person, "name": who.name, "why": who.because, "named_only": who.named_only, "problems": list(who.problems),
        "planned": [_planned(one) for one in who.planned],
        "kept_for_failure": [way.contact for way in who.spare],
        "messages": [
            {
                "key": notice.key, "channel": notice.channel, "contact": notice.contact, "attempt": notice.attempt, "due_at": notice.due_at,
                "decided_at": fact.occurred_at, "one_for": [notice.run, *notice.also], **_became(deliveries.get(notice.key)),
            }
            for fact, notice in notices
        ],
    }  # fmt: skip


def _planned(one: Planned) -> dict[str, Any]:
    whys = []
    if one.held_from is not None:
        whys.append(f"quiet hours held it from {one.held_from:%Y-%m-%d %H:%M} UTC")
    if not one.way.verified:
        whys.append("this way was never proved")
    return {"contact": one.way.contact, "channel": one.way.kind, "due_at": one.due_at, "verified": one.way.verified, "why": "; ".join(whys)}


def _became(delivery: Mapping[str, Any] | None) -> dict[str, Any]:
    if delivery is None:
        return {"state": "gone", "sent_at": None, "tries": 0, "error": "its row was cleared away"}
    return {"state": delivery["state"], "sent_at": delivery["sent_at"], "tries": delivery["attempts"], "error": delivery["error"]}
