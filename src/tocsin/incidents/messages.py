"""Freeze what a message says: fields given or taken from the record, its number, its promise. Rendering comes later. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from tocsin.engine.errors import Refused
from tocsin.engine.model import Context, Delivery
from tocsin.incidents import commands as c
from tocsin.incidents import errors, events, milestones, naming
from tocsin.incidents.decide_base import Found, milestones_set_by
from tocsin.incidents.model import Incident, UpdateRef
from tocsin.incidents.public_words import step_of
from tocsin.incidents.roles import conflicts
from tocsin.playbooks.durations import Duration, format_span
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Message, MessageField
from tocsin.playbooks.response import Audience

PEOPLE_CHANNELS: Final = ("console", "file")
"""Where pages and reminders to people go until contact methods exist."""
_FIRST: Final = ("first_post", "initial", "update")
_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
_INTERNAL: Final = ("page", "roles", "thanks", "bridge")


def post(
    incident: Incident, playbook: Playbook, command: c.PostUpdate, ctx: Context, at: datetime
) -> tuple[events.UpdatePosted, tuple[Delivery, ...]]:
    """Return the fact that a message was posted, with frozen values, and what is to be sent.

    Raises:
        Refused: the message, an audience or a choice is not in the playbook, or something required is missing.

    """
    message = playbook.message(command.message)
    if message is None:
        raise errors.UnknownWord("message", command.message, (m.id for m in playbook.messages))
    wrong = _corrected(incident, command)
    audiences = _audiences(playbook, message, command.audiences)
    if message.statuses and command.status and command.status.casefold() not in {s.casefold() for s in message.statuses}:
        raise errors.UnknownWord("status", command.status, message.statuses)
    stage = playbook.stage(incident.stage)
    only = message.statuses[0] if len(message.statuses) == 1 else ""
    status = command.status or only or (stage.public if stage else "") or incident.stage
    known = {field.id for field in message.fields}
    for name in command.fields:
        if name not in known:
            raise errors.UnknownWord("fields", name, known)
    names = _names(ctx)
    fields = {
        **prefill(incident, playbook, message, at, (), names=names),
        **{k: v for k, v in command.fields.items() if v not in ("", None, [])},
    }
    missing = [field for field in message.fields if field.required and fields.get(field.id) in (None, "", [])]
    if missing:
        labels = ", ".join(f"{field.id} ({field.label})" for field in missing)
        raise Refused(f"{message.name} needs: {labels}.", fix="Give them as fields.", field=f"fields.{missing[0].id}")
    for field in message.fields:
        _check_field(field, fields.get(field.id))
    next_at, when_resolved = _promise(message, command, at)
    if message.eta == "required" and not command.eta.strip():
        raise Refused(f"{message.name} needs an ETA.", fix="Give a time, or `unknown`.", field="eta")
    ids = tuple(a.id for a in audiences)
    number = 1 + sum(1 for u in incident.updates if u.number and set(u.audiences) & set(ids)) if message.numbered else 0
    by = command.by or ctx.actor.id
    values = frozen(incident, playbook, at, names=names) | {
        "f": fields, "number": number, "status": status, "next_update": next_text(next_at, when=when_resolved), "eta": command.eta, "audiences": ids,
        "by": names.get(by, by),
    }  # fmt: skip
    if wrong is not None:
        values["corrects"] = {"at": wrong.at.isoformat(), "number": wrong.number}
    public = any(a.public for a in audiences)
    level = playbook.severity(incident.severity) if incident.severity else None
    sets = milestones_set_by(playbook, lambda s: s.update_to in ids)
    if message.kind in _FIRST:
        sets = ("first_update_sent", *sets)
    posted = events.UpdatePosted(
        message=message.id, kind=message.kind, audiences=ids, number=number, status=status, fields=fields, values=values, next_at=next_at,
        when_resolved=when_resolved, eta=command.eta, public=public, sets=sets, step=step_of(incident, playbook, message, status) if public else "",
        headline=_headline(incident, playbook, message, command) if public else "", components=dict(command.components) if public else {},
        level=level.component if public and level is not None else "", corrects=command.corrects,
    )  # fmt: skip
    return posted, _deliveries(incident, posted, audiences)


def _headline(incident: Incident, playbook: Playbook, message: Message, command: c.PostUpdate) -> str:
    """Return what the status page calls the incident, where somebody said so or the first update has no subject that could stand for it."""
    told = {audience.id for audience in playbook.audiences if audience.public}
    first = not any(told & set(update.audiences) for update in incident.updates)
    return command.headline.strip() or (incident.title if first and not message.subject else "")


def _corrected(incident: Incident, command: c.PostUpdate) -> UpdateRef | None:
    """Return the update that this one sets right; None where it sets none right."""
    if not command.corrects:
        return None
    found = next((one for one in incident.updates if one.source == command.corrects), None)
    if found is None:
        raise Refused(
            f"{incident.id} has no update {command.corrects} that could be corrected.", fix="Give the number of the fact that told it.", field="corrects",
        )  # fmt: skip
    return found


def role_list(
    incident: Incident, playbook: Playbook, held: Mapping[str, str], ctx: Context, at: datetime,
) -> tuple[events.UpdatePosted, tuple[Delivery, ...]] | None:  # fmt: skip
    """Return the post of the full role list, as a hand-over of the lead wants it; None where the playbook has no such message."""
    message = next((m for m in playbook.messages if m.kind == "roles"), None)
    if message is None:
        return None
    audiences = _audiences(playbook, message, ())
    names = _names(ctx)
    values = frozen(incident, playbook, at, held, names) | {
        "f": prefill(incident, playbook, message, at, (), held, names), "number": 0, "status": "", "next_update": "", "eta": "",
        "audiences": tuple(a.id for a in audiences), "by": names.get(ctx.actor.id, ctx.actor.id),
    }  # fmt: skip
    posted = events.UpdatePosted(message.id, "roles", tuple(a.id for a in audiences), 0, "", values["f"], values)
    return posted, _deliveries(incident, posted, audiences)


def _names(ctx: Context) -> Mapping[str, str]:
    return ctx.found.names if isinstance(ctx.found, Found) else {}


def frozen(
    incident: Incident, playbook: Playbook, at: datetime, held: Mapping[str, str] | None = None, names: Mapping[str, str] = _NOBODY
) -> dict[str, Any]:
    """Return what every template may use of the incident, as plain values with RFC 3339 times.

    held: role id to person, where it is not as the incident stands. names: what people are called, by id; who has none is called by the id.
    """
    held = {role: h.person for role, h in incident.roles.items()} if held is None else held
    held = {role: names.get(person, person) for role, person in held.items()}
    moments = milestones.known(incident, playbook)
    now = incident.now_circumstances
    lead = playbook.lead
    times = {name: moment.at.isoformat() for name, moment in moments.items()}
    start, end = moments.get("impact_started") or moments.get("detected"), moments.get("resolved")
    return {
        "template": {"playbook": incident.playbook.digest if incident.playbook else ""},
        "incident": {
            "id": incident.id, "title": incident.title, "severity": incident.severity, "service": now.service if now else "",
            "impact": incident.impact, "playbook": playbook.title, "detected_by": now.detected_by if now else "",
            "channel": naming.channel(incident, playbook), "bridge": naming.bridge(incident, playbook),
            "lead": held.get(lead.id, "") if lead else "", "started_at": times.get("impact_started"), "detected_at": times.get("detected"),
            "declared_at": times.get("declared"), "mitigated_at": times.get("mitigated"), "resolved_at": times.get("resolved"),
            "duration": (end.at - start.at).total_seconds() if start and end else None, "stage": incident.stage,
        },
        "roles": [
            {"role": r.name, "short": r.short or r.name, "id": r.id, "person": held[r.id]} for r in playbook.roles if r.id in held
        ],
        "conflicts": list(conflicts(playbook, held)), "milestones": times, "sent_at": at.isoformat(), "status_page": "",
        "entries": [],
    }  # fmt: skip


def prefill(
    incident: Incident, playbook: Playbook, message: Message, at: datetime, timeline: Sequence[str], held: Mapping[str, str] | None = None,
    names: Mapping[str, str] = _NOBODY,
) -> dict[str, Any]:  # fmt: skip
    """Return the fields that the record can fill. timeline: the lines of the timeline, where the caller has them. held, names: as of ``frozen``."""
    base = frozen(incident, playbook, at, held, names)
    filled: dict[str, Any] = {}
    for field in message.fields:
        value = _source(field, incident, base, timeline)
        if value in (None, "", []):
            continue
        if field.kind == "list" and not isinstance(value, list):
            value = [value]
        filled[field.id] = value
    return filled


def _source(field: MessageField, incident: Incident, base: dict[str, Any], timeline: Sequence[str]) -> Any:
    kind, _, name = field.prefill.partition(".")
    match kind:
        case "incident":
            value = base["incident"].get(name)
            return f"{format_span(Duration(seconds=value))}" if name == "duration" and value is not None else value
        case "assessment":
            said = incident.assessment.get(name)
            return said.text if said else None
        case "figures":
            figure = incident.figures.get(name)
            return None if figure is None else f"{'about ' if figure.estimate else ''}{_number(figure.value)} {figure.unit}".strip()
        case "readings":
            return _readings(incident, name)
        case "last":
            said = incident.last.get(name)
            return said.text if said else None
        case "actions":
            return [f"{m.started_at:%H:%M} UTC: {m.text}" for m in incident.mitigations.values()]
        case "timeline":
            return list(timeline)
        case "roles":
            return [f"{role['short']}: {role['person']}" for role in base["roles"]]
        case _:
            return None


def _readings(incident: Incident, measure: str) -> str | None:
    series = incident.readings.get(measure)
    if series is None:
        return None
    unit = f" {series.last.unit}" if series.last.unit else ""
    if series.first == series.last:
        return f"{series.last.value:g}{unit}"
    return f"{series.first.value:g}{unit} → {series.last.value:g}{unit}"


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"


def _audiences(playbook: Playbook, message: Message, given: Sequence[str]) -> list[Audience]:
    known = {audience.id: audience for audience in playbook.audiences}
    for name in given:
        if name not in known:
            raise errors.UnknownWord("audiences", name, known)
    return [known[name] for name in (given or message.audiences) if name in known]


def _check_field(field: MessageField, value: Any) -> None:
    if value is None:
        return
    if field.kind == "choice" and str(value).casefold() not in {choice.casefold() for choice in field.choices}:
        raise errors.UnknownWord(f"fields.{field.id}", str(value), field.choices)
    if field.kind == "list" and not isinstance(value, list | tuple):
        raise Refused(f"{field.label} is a list.", fix='Write ["…", "…"].', field=f"fields.{field.id}")


def _promise(message: Message, command: c.PostUpdate, at: datetime) -> tuple[datetime | None, bool]:
    """Return the promised time of the next update and whether resolving keeps it too."""
    next_at = command.next_at
    if command.next_in:
        try:
            next_at = at + Duration.parse(command.next_in)
        except ValueError as error:
            raise Refused(f"next_in: {error}.", fix="Write it like 30m.", field="next_in") from error
    if message.next_update == "none":
        return next_at, command.when_resolved
    if next_at is None and not command.when_resolved and message.next_update == "required":
        usual = f" (usually {message.next_update_default})" if message.next_update_default else ""
        raise Refused(f"{message.name} promises the next update{usual}.", fix="Give next_at, next_in, or when_resolved.", field="next_at")
    if next_at is not None and next_at <= at:
        raise Refused("The next update is promised for a time that has passed.", fix="Give a later time.", field="next_at")
    return next_at, command.when_resolved


def next_text(next_at: datetime | None, *, when: bool) -> str:
    """Return the promise as text, ready to print."""
    if next_at is None:
        return "when resolved" if when else ""
    return f"{next_at:%H:%M} UTC" + (" or when resolved" if when else "")


def _deliveries(incident: Incident, posted: events.UpdatePosted, audiences: Sequence[Audience]) -> tuple[Delivery, ...]:
    number = incident.version + 1
    return tuple(
        Delivery(
            key=f"{incident.id}:{number}:{posted.message}:{audience.id}:{channel}", channel=channel, target=naming.place(audience.where, incident) or audience.name,
            kind="incident.update", values={**posted.values, "message": posted.message, "audience": audience.id},
        )
        for audience in audiences
        for channel in audience.channels
    )  # fmt: skip


def again(incident: Incident, playbook: Playbook, posted: events.UpdatePosted, command: c.SendAgain, fresh: str) -> Delivery:
    """Return a message that was told before as it is sent once more, under a key of its own.

    Raises:
        Refused: it was not told to that audience on that way.

    """
    audience = next((one for one in playbook.audiences if one.id == command.audience and one.id in posted.audiences), None)
    if audience is None or command.channel not in audience.channels:
        raise Refused(
            f"It was not sent to {command.audience} by {command.channel}.",
            fix="Choose a way that stands beside the message.",
            field="channel",
        )
    return Delivery(
        key=f"{incident.id}:{command.fact}:{posted.message}:{audience.id}:{command.channel}:{fresh}", channel=command.channel,
        target=naming.place(audience.where, incident) or audience.name, kind="incident.update",
        values={**posted.values, "message": posted.message, "audience": audience.id},
    )  # fmt: skip


def to_people(incident: Incident, kind: str, key: str, to: Sequence[str], values: dict[str, Any]) -> tuple[Delivery, ...]:
    """Return a page or reminder to roles, contacts or people."""
    return tuple(
        Delivery(key=f"{incident.id}:{key}:{who}:{channel}", channel=channel, target=who, kind=kind, values={**values, "to": who})
        for who in dict.fromkeys(to)
        for channel in PEOPLE_CHANNELS
    )  # fmt: skip
