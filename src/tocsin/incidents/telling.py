"""What can be told to whom now: the playbook's messages by audience, what is due first, which promises are usual, where a field comes from. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.incidents import naming, obligations
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Incident
from tocsin.incidents.public_words import OVER
from tocsin.playbooks.durations import format_span
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Message, MessageField
from tocsin.playbooks.response import Audience

_NOT_HERE: Final = ("page", "roles")
"""Kinds of messages that the house sends by itself."""
_FIRST: Final = ("initial", "first_post", "executive", "email")
_MOST_OFFERS: Final = 5


class Choice(msgspec.Struct, frozen=True):
    """A message of the playbook."""

    id: str
    name: str


class Telling(msgspec.Struct, frozen=True):
    """An audience with what it can be told."""

    id: str
    name: str
    where: str
    public: bool
    channels: tuple[str, ...]
    messages: tuple[Choice, ...]
    usual: str
    """The message that fits best now."""
    due_at: datetime | None = None
    duty: str = ""
    """What is due, in words."""
    promised: bool = False
    overdue: bool = False
    last_at: datetime | None = None
    """When it was last told something."""
    count: int = 0


class Offer(msgspec.Struct, frozen=True):
    """A promise that a button gives: ``span`` as the form sends it (``30m``)."""

    span: str
    says: str
    usual: bool


class Origin(msgspec.Struct, frozen=True):
    """Where the record has a field's value from."""

    says: str
    at: datetime | None = None


def tellings(incident: Incident, playbook: Playbook, now: datetime) -> list[Telling]:
    """Return every audience that the playbook has a message for, what is due first at the top."""
    open_duties = [duty for duty in obligations.plan(incident, playbook, now) if duty.state not in obligations.SETTLED and duty.audience]
    found = []
    for audience in playbook.audiences:
        fits = [
            m
            for m in playbook.messages
            if audience.id in m.audiences and m.kind not in _NOT_HERE and holds(m.if_, incident.now_circumstances)
        ]
        if fits:
            found.append(_telling(incident, playbook, audience, fits, [duty for duty in open_duties if duty.audience == audience.id], now))
    last = datetime.max.replace(tzinfo=UTC)
    return sorted(found, key=lambda one: one.due_at or last)


def _telling(
    incident: Incident, playbook: Playbook, audience: Audience, fits: Sequence[Message], duties: Sequence[obligations.Duty], now: datetime
) -> Telling:
    told = [update for update in incident.updates if audience.id in update.audiences and update.kind not in _NOT_HERE]
    next_duty = min(duties, key=lambda duty: (duty.due_at, duty.kind == "promise"), default=None)
    usual = _usual(incident, playbook, fits, next_duty, first=not told)
    ordered = sorted(fits, key=lambda message: message.id != usual)
    return Telling(
        audience.id, audience.name, naming.place(audience.where, incident), audience.public, audience.channels,
        tuple(Choice(message.id, message.name) for message in ordered), usual,
        next_duty.due_at if next_duty else None, next_duty.name if next_duty else "",
        any(duty.kind == "promise" and next_duty is not None and duty.due_at == next_duty.due_at for duty in duties),
        next_duty is not None and next_duty.due_at <= now, told[-1].at if told else None, len(told),
    )  # fmt: skip


def _usual(incident: Incident, playbook: Playbook, fits: Sequence[Message], duty: obligations.Duty | None, *, first: bool) -> str:
    """Return the message that keeps what is due, or what the stage asks for."""
    rule = next((r for r in playbook.obligations if duty is not None and r.id == duty.rule), None)
    wanted: list[str] = []
    if rule is not None and rule.done.update_kind:
        wanted.append(rule.done.update_kind)
    if incident.stage_kind in OVER:
        wanted.append("resolved")
    wanted += [*_FIRST, "update"] if first else ["update"]
    for kind in wanted:
        if found := next((m for m in fits if m.kind == kind), None):
            return found.id
    return fits[0].id


def offers(incident: Incident, playbook: Playbook, message: Message) -> list[Offer]:
    """Return the promises of the next update that the playbook's own rhythm offers for this message, the shortest first.

    The usual one is what the message says, or the rhythm that holds for this severity and audience. Nothing is offered that the playbook does
    not have: where it has no rhythm, people write a time.
    """
    audiences = set(message.audiences)
    here: list[timedelta] = []
    others: list[timedelta] = []
    for rule in playbook.obligations:
        if rule.every is None or not rule.done.update_to:
            continue
        if audiences & set(rule.done.update_to):
            (here if holds(rule.if_, incident.now_circumstances) else others).append(rule.every)
    usual = message.next_update_default or min(here, default=None)
    spans = sorted({*here, *others, *((message.next_update_default,) if message.next_update_default else ())})
    if usual is not None and len(spans) > _MOST_OFFERS:
        spans = sorted(sorted(spans, key=lambda span: abs(span - usual))[:_MOST_OFFERS])
    return [Offer(format_span(span), f"+{span_words(span)}", span == usual) for span in spans]


def span_words(span: timedelta) -> str:
    """Return a span as a button says it: ``15 min``, ``1 h``, ``1 h 30``."""
    minutes = round(span.total_seconds() / 60)
    hours, left = divmod(minutes, 60)
    if not hours:
        return f"{left} min"
    return f"{hours} h {left:02}" if left else f"{hours} h"


def origin(field: MessageField, incident: Incident, value: Any) -> Origin | None:
    """Return where the record has a field's value from; None where it has none."""
    if value in (None, "", []):
        return None
    kind, _, name = field.prefill.partition(".")
    match kind:
        case "incident":
            return Origin({"impact": "from the impact of the incident", "title": "from the title"}.get(name, "from the record"))
        case "assessment":
            said = incident.assessment.get(name)
            return Origin("from the assessment", said.at if said else None)
        case "figures":
            figure = incident.figures.get(name)
            return Origin(f"from the figures{f' ({figure.source})' if figure and figure.source else ''}")
        case "readings":
            series = incident.readings.get(name)
            return Origin("from the readings", series.last.at if series else None)
        case "last":
            said = incident.last.get(name)
            return Origin("from the timeline", said.at if said else None)
        case "actions":
            newest = max((m.started_at for m in incident.mitigations.values()), default=None)
            return Origin("from the mitigations", newest)
        case "timeline":
            return Origin("from the timeline")
        case "roles":
            return Origin("from the roles")
        case _:
            return None


def lasting(playbook: Playbook, message: Message) -> frozenset[str]:
    """Return the fields of a message that say the same from update to update: those that other messages to its audiences ask for as well."""
    others = {
        field.id
        for one in playbook.messages if one.id != message.id and set(one.audiences) & set(message.audiences)
        for field in one.fields
    }  # fmt: skip
    return frozenset(field.id for field in message.fields if field.id in others)


def public_audiences(playbook: Playbook, message: Message) -> tuple[Audience, ...]:
    """Return the audiences of a message that are outside the house."""
    return tuple(a for a in playbook.audiences if a.public and a.id in message.audiences)


def effect(names: Sequence[str], reached: Mapping[str, int], *, page: bool) -> str:
    """Return what the button that sends does, in words. names: audiences inside. reached: subscribers by way. page: it goes on the status page."""
    parts = []
    if page:
        count = sum(reached.values())
        parts.append("Publish" if count or names else "Publish on the status page")
        if count:
            parts.append(f"send to {count:,} {'subscriber' if count == 1 else 'subscribers'}")
    if names:
        parts.append(f"{'send' if parts else 'Send'} to {', '.join(names)}")
    if not parts:
        return "Send to nobody"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
