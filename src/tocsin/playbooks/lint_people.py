"""People: who is called, who leads, who writes, and whether a step of an escalation does anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from tocsin.playbooks.checking import ALWAYS, ON_CALL
from tocsin.playbooks.durations import format_span
from tocsin.playbooks.finding import Draft, Subject, listed
from tocsin.playbooks.response import Escalation, Role
from tocsin.playbooks.scale import Severity

_NEEDS_MEANING: Final = re.compile(
    r"\b(overnight|handled|weekends?|holidays?|after hours|out of hours|business hours|at night)\b", re.IGNORECASE
)
_PAID_PER: Final = {"overnight_page": "overnight", "incident": "handled"}


def findings(subject: Subject) -> Iterator[Draft]:
    """Yield what is open or contradictory about people."""
    yield from _teams(subject)
    yield from _steps_for_nobody(subject)
    yield from _steps_too_early(subject)
    yield from _writers(subject)
    yield from _leads(subject)
    yield from _terms(subject)


def _teams(subject: Subject) -> Iterator[Draft]:
    for place, level in enumerate(subject.playbook.severities):
        if level.mode == "ticket_only":
            continue
        called = _called(subject, level)
        if missing := [party for party in level.team if party not in called]:
            belong = "belongs" if len(missing) == 1 else "belong"
            what = f"{listed(missing)} {belong} to the team of {level.id}, and no page, escalation or duty calls them"
            remedy = "Add them to `page` or to an escalation, or take them out of `team`; or accept it and say who is called."
            yield Draft("team-mismatch", (level.id,), ("severities", place, "team"), what, remedy)


def _called(subject: Subject, level: Severity) -> set[str]:
    """Return everyone who comes to an incident of this level by a rule of the playbook."""
    playbook = subject.playbook
    called = {ON_CALL, *level.page, *level.mandatory_roles}
    called |= {party for step in playbook.escalations if subject.may_hold(level, step.if_) for party in step.to}
    called |= {role.id for role in playbook.roles if role.on_call or role.assign != "manual"}
    called |= {duty.done.role for duty in playbook.obligations if duty.done.role and subject.may_hold(level, duty.if_)}
    return called


def _steps_for_nobody(subject: Subject) -> Iterator[Draft]:
    """A step of an escalation that calls only people who were called before, at every level at which it runs."""
    for index, step in enumerate(subject.playbook.escalations):
        levels = subject.levels(step.if_)
        if step.when not in ("age", "unacknowledged") or not step.after or not levels:
            continue
        if all(set(step.to) <= _called_before(subject, index, step, level) for level in levels):
            what = f"`{step.id}` calls {listed(step.to)} after {step.after}, who {'was' if len(step.to) == 1 else 'were'} called before"
            remedy = "Name somebody new, or take the step out; or accept it and say what it is for."
            yield Draft("escalation-adds-nobody", (step.id,), ("escalations", index, "to"), what, remedy)


def _called_before(subject: Subject, index: int, step: Escalation, level: Severity) -> set[str]:
    """Return who was called by the page (to call somebody again who has not answered is no mistake) and by earlier steps of the kind."""
    before = set(level.page) if step.when == "age" else set()
    for place, other in enumerate(subject.playbook.escalations):
        if place != index and other.when == step.when and subject.may_hold(level, other.if_):
            after = other.after or timedelta()
            if after < (step.after or timedelta()) or (after == step.after and place < index):
                before |= set(other.to)
    return before


def _steps_too_early(subject: Subject) -> Iterator[Draft]:
    for index, step in enumerate(subject.playbook.escalations):
        if step.when != "age" or not step.after:
            continue
        for level in subject.levels(step.if_):
            targets = [(name, span) for name, span in _targets(subject, level) if span > step.after]
            if targets:
                name, span = min(targets, key=lambda target: target[1])
                what = f"`{step.id}` calls {listed(step.to)} after {step.after}, and at {level.id} {name} may take {format_span(span)}"
                remedy = "Let the step wait until the target has run out, or accept it and say what is in force."
                yield Draft("escalation-before-target", (step.id,), ("escalations", index, "after"), what, remedy)
                break


def _targets(subject: Subject, level: Severity) -> Iterator[tuple[str, timedelta]]:
    response = level.response
    if response.respond_within is not None and response.calendar == ALWAYS:
        yield "the response", response.respond_within
    for milestone, name in (("response_started", "the response"), ("cause_identified", "finding the cause")):
        for _, duty in subject.due(milestone=milestone):
            if duty.within is not None and duty.calendar == ALWAYS and subject.surely_holds(level, duty.if_):
                yield name, duty.within


def _writers(subject: Subject) -> Iterator[Draft]:
    playbook = subject.playbook
    writers = tuple(dict.fromkeys((*playbook.review.writers, *(role.id for role in playbook.roles if role.writes_review))))
    required = [level for level in playbook.severities if level.review == "required"]
    if required and not writers:
        what = f"a review is required at {listed([level.id for level in required])}, and nobody is said to write it"
        yield Draft("review-writer-unassigned", ("nobody",), ("review",), what, "Name a role in `writers`.")
    open_at = [level for level in required if writers and not any(_is_there(subject, writer, level) for writer in writers)]
    for place, role in enumerate(playbook.roles):
        if open_at and role.id in writers:
            where = listed([level.id for level in open_at])
            what = f"`{role.id}` writes the review that is required at {where}, and nobody must hold that role there"
            remedy = f"Add `{role.id}` to `mandatory_roles` there, or name another writer; or accept it and say who writes."
            yield Draft("review-writer-unassigned", (role.id,), ("roles", place), what, remedy)


def _is_there(subject: Subject, party: str, level: Severity) -> bool:
    """Say whether somebody is sure to hold a role at a level; contacts are there without being assigned."""
    role = next((role for role in subject.playbook.roles if role.id == party), None)
    if role is None:
        return True
    duty = any(subject.surely_holds(level, duty.if_) for _, duty in subject.due(role=party))
    return duty or party in level.mandatory_roles or _comes_by_itself(role)


def _comes_by_itself(role: Role) -> bool:
    return role.assign != "manual" or role.on_call


def _leads(subject: Subject) -> Iterator[Draft]:
    """A level that is declared needs a lead; a single responder leads alone, unless the procedure has a role for that."""
    lead = subject.playbook.lead
    for place, level in enumerate(subject.playbook.severities):
        if level.mode == "ticket_only" or (lead is None and level.mode == "single_responder"):
            continue
        if lead is None or not _is_there(subject, lead.id, level):
            what = f"{level.id} can be declared, and {f'nobody must be `{lead.id}`' if lead else 'no role leads'}"
            remedy = f"Add `{lead.id}` to `mandatory_roles`" if lead else "Write `lead: true` on a role"
            yield Draft("declare-without-lead", (level.id,), ("severities", place), what, f"{remedy}, or accept it and say who leads.")


def _terms(subject: Subject) -> Iterator[Draft]:
    """Words of the rota's terms that money or a deadline hangs on."""
    on_call = subject.playbook.on_call
    defined = {_term(term) for term in on_call.terms}
    for index, pay in enumerate(on_call.pay):
        words = [_PAID_PER[pay.per]] if pay.per in _PAID_PER else []
        for word in dict.fromkeys((*words, *(_term(found) for found in _NEEDS_MEANING.findall(pay.says)))):
            if word not in defined:
                what = f"money hangs on the word `{word}` ({pay.id}), and it is not defined"
                yield Draft("undefined-terms", (word,), ("on_call", "pay", index), what, f"Define `{word}` in `on_call.terms`.")
    for index, duty in enumerate(on_call.duties):
        for word in (_term(found) for found in _NEEDS_MEANING.findall(duty.says) if duty.within is not None):
            if word not in defined:
                what = f"a deadline hangs on the word `{word}` ({duty.id}), and it is not defined"
                yield Draft("undefined-terms", (word,), ("on_call", "duties", index), what, f"Define `{word}` in `on_call.terms`.")


def defines(subject: Subject, term: str) -> bool:
    """Say whether the playbook gives a meaning of its own to a word."""
    return _term(term) in {_term(known) for known in subject.playbook.on_call.terms}


def _term(text: str) -> str:
    return text.casefold().replace(" ", "_")
