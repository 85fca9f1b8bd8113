"""What an incident's playbook asks for by way of a review, and what is owed for it next. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.engine.model import Fact, RowWrite, micros
from tocsin.incidents import obligations
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Incident
from tocsin.incidents.obligations import Duty
from tocsin.playbooks.model import Playbook
from tocsin.postmortems.model import Postmortem

STEPS: Final = ("postmortem_drafted", "postmortem_met", "postmortem_published", "postmortem_approved")
"""The milestones that a postmortem sets."""
NEVER: Final = 1 << 62
"""What the row says as the due time where nothing is owed, so that it stands last."""
_OWED: Final = ("open", "warned", "overdue", "missed")
_OVER: Final = ("resolved", "closed")


class Owed(msgspec.Struct, frozen=True):
    """What is owed. ``duty`` is the next of the postmortem, ``follow_up`` the next look at the action items."""

    wanted: str = "none"
    """``required``, ``recommended`` or ``none``, by the level in force."""
    duty: Duty | None = None
    follow_up: Duty | None = None
    follow_up_id: str = ""
    signatures: int = 0
    """How many are wanted."""
    over: bool = False


def owed(incident: Incident, playbook: Playbook, now: datetime) -> Owed:
    """Return what an incident's review still wants at a moment."""
    level = playbook.severity(incident.severity) if incident.severity else None
    off = incident.imported or incident.stage_kind == "dismissed" or bool(incident.merged_into)
    rules = {rule.id: rule for rule in playbook.obligations}
    steps = {rule.id for rule in playbook.obligations if rule.done.milestone in STEPS or rule.done.approval is not None}
    open_duties = [] if off else [duty for duty in obligations.plan(incident, playbook, now) if duty.state in _OWED]
    follow_ups = [duty for duty in open_duties if duty.state != "missed" and _follow_up(duty, rules)]
    first = follow_ups[0] if follow_ups else None
    signatures = playbook.review.approvals if holds(playbook.review.approvals_if, incident.now_circumstances) else ()
    return Owed(
        "none" if off or level is None else level.review, next((duty for duty in open_duties if duty.rule in steps), None), first,
        _follow_up(first, rules) if first else "", len(signatures), incident.stage_kind in _OVER,
    )  # fmt: skip


def _follow_up(duty: Duty, rules: dict[str, Any]) -> str:
    """Return the id of the follow-up that a duty is; empty for any other duty."""
    if duty.kind == "follow_up":
        return duty.rule.removeprefix("follow_up_")
    rule = rules.get(duty.rule)
    return str(rule.done.follow_up or "") if rule is not None else ""


def incident_rows(before: Incident, after: Incident, facts: Sequence[Fact], playbook: Playbook | None) -> list[RowWrite]:
    """Return the row of an incident where these facts change what is owed; none for a deleted one."""
    if playbook is None or after.declared_at is None or before.plan == after.plan:
        return []
    found = owed(after, playbook, facts[-1].recorded_at)
    if found.wanted == "none" and found.duty is None and found.follow_up is None and "postmortem_drafted" not in after.moments:
        return [RowWrite("review_duties", (after.id,), None)]
    duty, follow_up = found.duty, found.follow_up
    values = {
        "incident": after.id, "wanted": found.wanted, "duty": duty.name if duty else "", "due_at": micros(duty.due_at) if duty else NEVER,
        "follow_up": follow_up.name if follow_up else "", "follow_up_id": found.follow_up_id, "follow_up_at": micros(follow_up.due_at) if follow_up else None,
        "signatures": found.signatures, "over": int(found.over),
    }  # fmt: skip
    return [RowWrite("review_duties", (after.id,), values)]


def postmortem_rows(_before: Postmortem, after: Postmortem, facts: Sequence[Fact]) -> list[RowWrite]:
    """Return the row of a postmortem."""
    newest = facts[-1]
    values = {
        "incident": after.id, "stage": after.stage, "kind": after.kind, "authors": "".join(f"{name}\n" for name in after.authors),
        "signed": len(after.signed), "remarks": sum(not one.settled_by for one in after.comments),
        "drafted_at": micros(after.drafted_at) if after.drafted_at else None, "edited_at": micros(newest.recorded_at), "edited_by": str(newest.actor),
    }  # fmt: skip
    return [RowWrite("postmortems", (after.id,), values)]
