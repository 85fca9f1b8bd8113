"""Rows of read tables that follow from a page's and a policy's facts. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tocsin.engine.model import Fact, RowWrite, micros
from tocsin.paging import events as e
from tocsin.paging import steps
from tocsin.paging.model import PolicyRecord
from tocsin.paging.page import Page

NUMBERS = "page"
"""The key of the counter of pages."""


def page_rows(before: Page, after: Page, facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the rows of a page, of whom it calls, and of the counters that it moved."""
    assert after.opened_at is not None
    if all(isinstance(fact.event, e.NoticeSent) for fact in facts):
        return []  # what has left shows in the page's story; no row says it
    first = after.acknowledged[0] if after.acknowledged else after.first_acknowledged
    following = steps.due_next(after)
    last = after.runs[-1] if after.runs else None
    rows = [
        RowWrite(
            "pages", (after.id,), {
                "id": after.id, "number": after.number, "state": after.state, "unanswered": after.unanswered, "title": after.title,
                "urgency": after.urgency, "policy": after.policy.id, "service": after.service, "group": after.group, "incident": after.incident,
                "origin": after.origin, "opened_at": micros(after.opened_at), "acknowledged_by": first.person if first else "",
                "acknowledged_at": micros(first.at) if first else None,
                "lease_until": micros(after.lease_until) if after.lease_until else None, "next_at": micros(following) if following else None,
                "exhausted_at": micros(after.exhausted_at) if after.exhausted_at else None,
                "resolved_at": micros(after.resolved.at) if after.resolved else None,
                "calls": " ".join(who.person for who in last.called) if last else "", "notified": after.notified, "failures": after.failures,
                "late": after.late,
            },
        ),
        *_people(before, after, facts),
    ]  # fmt: skip
    for fact in facts:
        match fact.event:
            case e.PageOpened():
                rows.append(RowWrite("page_numbers", (NUMBERS,), {"of": NUMBERS, "last": after.number}))
            case e.StepBegan(turn=int() as turn, step=step) if after.policy.version:
                key = (after.policy.id, step)
                rows.append(RowWrite("policy_turns", key, {"policy": after.policy.id, "step": step, "turn": turn}))
    return rows


def _people(before: Page, after: Page, facts: Sequence[Fact]) -> list[RowWrite]:
    touched: set[str] = set()
    for fact in facts:
        match fact.event:
            case e.Notified(notices=notices):
                touched |= {notice.person for notice in notices}
            case e.StepBegan(called=called):
                touched |= {who.person for who in called}
            case e.Replanned(runs=runs):
                touched |= {who.person for called in runs.values() for who in called}
    if before.version and before.live != after.live:
        touched |= {*after.last_notified, *(who.person for run in after.runs for who in run.called)}
    return [
        RowWrite(
            "page_people", (person, after.id),
            {"person": person, "page": after.id, "number": after.number, "live": after.live, "last_at": after.last_notified.get(person)},
        )
        for person in sorted(touched)
    ]  # fmt: skip


def policy_rows(_before: PolicyRecord, after: PolicyRecord, _facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the row of a policy."""
    saved = after.saved
    assert saved is not None
    return [
        RowWrite(
            "policies", (after.id,), {
                "id": after.id, "name": saved.name, "version": after.version, "steps": len(saved.steps), "waived": saved.waiver is not None,
                "retired": after.retired,
            },
        ),
    ]  # fmt: skip
