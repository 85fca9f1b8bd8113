"""What the forms of the pages mean: fields as people typed them become the same commands that the API takes. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from tocsin.alerts.model import Alert
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.incidents import commands as c
from tocsin.incidents.backdating import is_clock, moment, when
from tocsin.incidents.model import Incident, Link, Reading
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Message

Fields = Mapping[str, str]
Form = Callable[[Fields, datetime], Command]
T = TypeVar("T", bound=Command)
_LONGEST_NUMBER: Final = 15
LONGEST_TITLE: Final = 300


def _value(text: str, field: str) -> float:
    try:
        value = float(text.replace(",", "").strip())
        if not math.isfinite(value):
            raise ValueError(text)
        return value
    except ValueError as error:
        raise Refused(f"{text!r} is not a number.", fix="Write only the number; the unit is known.", field=field) from error


def _entry(fields: Fields, now: datetime) -> Command:
    reading = None
    if fields.get("value", "").strip() and fields.get("measure", ""):
        reading = Reading(fields["measure"], _value(fields["value"], "value"))
    at, text = when(fields.get("text", "").strip(), fields.get("at", ""), fields.get("typed_at", ""), now)
    return _made(
        c.LogEntry, kind=fields.get("kind", ""), text=text, at=at, reading=reading,
        attachments=tuple(dict.fromkeys(fields.get("attachment", "").split())),
    )  # fmt: skip


def _number(text: str, field: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER):
        raise Refused("There is no such line.", fix="Give the number that stands beside the entry.", field=field)
    return int(text)


def _correction(fields: Fields, now: datetime) -> Command:
    entry = _number(fields.get("entry", ""), "entry")
    at, text = when(fields.get("text", "").strip(), fields.get("at", ""), "", now)
    return _made(
        c.CorrectEntry, entry=entry, text=text or None, at=at, kind=fields.get("kind") or None, reason=fields.get("reason", "").strip(),
    )  # fmt: skip


def _of_fact(of: type[Command], *names: str) -> Form:
    """Return a form about one line of the timeline."""

    def read(fields: Fields, now: datetime) -> Command:
        more = {name: fields.get(name, "").strip() for name in names}
        return _made(of, fact=_number(fields.get("fact", ""), "fact"), **more)

    return read


def people_in(text: str) -> tuple[str, ...]:
    """Return the names of people in a text, by commas or lines, each once, without what marks them as names."""
    return tuple(dict.fromkeys(name for one in re.split(r"[,;\n]", text) if (name := one.strip().removeprefix("@").strip())))


def _invitation(fields: Fields, now: datetime) -> Command:
    people = people_in(fields.get("people", ""))
    if not people:
        raise Refused("Nobody is named.", fix="Choose or write who is asked in.", field="people")
    return _made(c.Invite, people=people, why=fields.get("why", "").strip())


def _offer(fields: Fields, now: datetime) -> Command:
    given = {**fields, "person": fields.get("person", "").strip().removeprefix("@")}
    if fields.get("do", "") == "now":
        return _plain(c.AssignRole, "role", "person", "note")(given, now)
    return _plain(c.OfferRole, "role", "person", "note")(given, now)


def _mark(fields: Fields, now: datetime) -> Command:
    return _made(c.SetMark, mark=fields.get("mark", ""), value=fields.get("value", "") == "yes")


def _milestone(fields: Fields, now: datetime) -> Command:
    at = moment(fields.get("when", ""), now, "when")
    estimated = "estimated" if fields.get("estimate", "") == "yes" else "exact"
    return _made(
        c.SetMilestone, milestone=fields.get("milestone", ""), when=at or now, precision=estimated, note=fields.get("note", "").strip()
    )


def _link(of: type[Command]) -> Form:
    def read(fields: Fields, now: datetime) -> Command:
        given = {name: fields.get(name, "").strip() for name in ("system", "id", "url")}
        if given["url"] and not given["url"].startswith(("https://", "http://")):
            raise Refused(f"{given['url']!r} is not an address.", fix="Write it with https:// at its beginning.", field="url")
        if not given["id"] and not given["url"]:
            raise Refused("The link leads nowhere.", fix="Write its address, or what it is called there.", field="url")
        name = given["id"] or given["url"].partition("://")[2].rstrip("/")
        return _made(of, link=Link(given["system"] or "link", name, given["url"]))

    return read


def _assessment(fields: Fields, now: datetime) -> Command:
    answers = {name[2:]: text.strip() for name, text in fields.items() if name.startswith("a.") and text.strip()}
    if not answers:
        raise Refused("The assessment has no answers.", fix="Answer one question or more.", field="answers")
    return _made(c.Assess, answers=answers)


DETAILS: Final = ("title", "impact", "service", "cause", "detected_by")
"""What an incident says of itself and people may put right."""


def details(fields: Fields, incident: Incident) -> c.Update | None:
    """Return the change of what an incident says of itself; None where everything is as it was."""
    here = incident.now_circumstances
    known = {
        "title": incident.title,
        "impact": incident.impact,
        "service": here.service if here else "",
        "cause": here.cause if here else "",
        "detected_by": here.detected_by if here else "",
    }
    changed = {name: text for name in DETAILS if name in fields and (text := fields[name].strip()) != known[name]}
    return _made(c.Update, **changed) if changed else None


def _role(fields: Fields, now: datetime) -> Command:
    given = {**fields, "person": fields.get("person", "").strip().removeprefix("@")}
    return _plain(c.AssignRole, "role", "person", "note")(given, now)


def _helped(fields: Fields, now: datetime) -> Command:
    helped = fields.get("effective", "") == "yes"
    return _made(c.VerifyMitigation, mitigation=fields.get("mitigation", ""), effective=helped, text=fields.get("text", ""))


def _figure(fields: Fields, now: datetime) -> Command:
    """Read a figure; the playbook knows whether its value is a number."""
    given = {name: fields.get(name, "").strip() for name in ("figure", "value", "unit", "source")}
    if not given["value"]:
        raise Refused("The figure has no value.", fix="Write what is known of it; an estimate will do.", field="value")
    return _made(c.RecordFigure, **given, estimate=fields.get("estimate", "") == "yes")


def _plain(of: type[Command], *names: str) -> Form:
    """Return a form whose fields are the command's own; ``at`` is a time as people type it."""

    def read(fields: Fields, now: datetime) -> Command:
        given: dict[str, Any] = {name: fields.get(name, "").strip() for name in names if name != "at"}
        if "at" in names:
            given["at"] = moment(fields.get("at", ""), now)
        return _made(of, **given)

    return read


COMMANDS: Final[Mapping[str, Form]] = {
    "entries": _entry,
    "entries/correct": _correction,
    "entries/pin": _of_fact(c.Pin),
    "entries/unpin": _of_fact(c.Unpin),
    "entries/redact": _of_fact(c.Redact, "reason"),
    "acknowledge": _plain(c.Acknowledge, "at"),
    "join": _plain(c.Join, "person"),
    "leave": _plain(c.Leave, "person", "to", "note"),
    "invitations": _invitation,
    "roles": _role,
    "roles/offer": _offer,
    "roles/accept": _plain(c.AcceptRole, "role"),
    "roles/decline": _plain(c.DeclineRole, "role", "note"),
    "roles/vacate": _plain(c.VacateRole, "role", "note"),
    "marks": _mark,
    "milestones": _milestone,
    "links": _link(c.AddLink),
    "links/remove": _link(c.RemoveLink),
    "alerts": _plain(c.LinkAlert, "alert"),
    "alerts/unlink": _plain(c.UnlinkAlert, "alert", "reason"),
    "assessment": _assessment,
    "escalations": _plain(c.Escalate, "rule", "why"),
    "severity": _plain(c.ChangeSeverity, "severity", "reason"),
    "stage": _plain(c.MoveStage, "stage", "reason", "confirm"),
    "relapse": _plain(c.Relapse, "text"),
    "mitigations": _plain(c.StartMitigation, "kind", "text", "before", "confirmed", "at"),
    "mitigations/complete": _plain(c.CompleteMitigation, "mitigation", "text", "after", "at"),
    "mitigations/verify": _helped,
    "checks/tick": _plain(c.Tick, "item", "evidence"),
    "checks/untick": _plain(c.Untick, "item", "reason"),
    "checks/waive": _plain(c.Waive, "item", "reason"),
    "obligations/done": _plain(c.MarkDone, "obligation", "evidence", "at"),
    "obligations/waive": _plain(c.WaiveObligation, "obligation", "reason"),
    "obligations/restore": _plain(c.RestoreObligation, "obligation", "reason"),
    "figures": _figure,
    "reopen": _plain(c.Reopen, "reason"),
    "dismiss": _plain(c.Dismiss, "reason"),
    "merge": _plain(c.Merge, "into", "reason"),
    "unmerge": _plain(c.Unmerge, "reason"),
}
"""The last part of a form's address -> the command that it means."""


def declaration(fields: Fields, now: datetime) -> c.Declare:
    """Return the declaration that the form means."""
    return _made(
        c.Declare, title=fields.get("title", "").strip(), playbook=fields.get("playbook") or None, severity=fields.get("severity") or None,
        service=fields.get("service", "").strip(), impact=fields.get("impact", "").strip(), detected_by=fields.get("detected_by", "").strip(),
        started_at=moment(fields.get("started_at", ""), now, "started_at"), alerts=(fields["alert"],) if fields.get("alert") else (),
    )  # fmt: skip


def from_alert(alert: Alert | None, service: str) -> dict[str, str]:
    """Return what an alert fills in of a declaration. service: its service's id in the catalogue, where it is known there."""
    if alert is None:
        return {}
    at = alert.started_at
    return {
        "title": alert.title[:LONGEST_TITLE], "service": service or alert.service or alert.labels.get("service", ""), "started_at": f"{at:%Y-%m-%d %H:%M:%S}" if at else "",
    }  # fmt: skip


def assessed(playbook: Playbook, answers: Mapping[str, str]) -> dict[str, str]:
    """Return what the answers about the level say of the first assessment, where that asks the same by the same id: it is not asked again.

    answers: as typed, by question.
    """
    asked = {one.id for one in playbook.assessment}
    found = {}
    for question in playbook.classify.questions:
        text = answers.get(question.id, "").strip()
        if question.id in asked and text:
            found[question.id] = text.replace("_", " ") if question.kind == "choice" else f"{text} {question.unit}".strip()
    return found


_BY_TOOLS: Final = ("monitoring", "heartbeat", "email", "other")
"""How alerts are detected that no person reported."""


def detected_by(playbook: Playbook, alert: Alert | None, said: str = "") -> str:
    """Return how an incident came to light, as far as it follows from where it is declared from; empty where nothing follows.

    said: what was chosen in the form; it holds wherever the playbook has such a word.
    """
    sources, assumed = playbook.detection_sources, playbook.detection
    if said and (said in sources or not sources):
        return said
    if alert is None or alert.how == "person":
        return assumed.person
    if alert.how in _BY_TOOLS:
        return assumed.alert
    return alert.how if alert.how in sources else assumed.report


def in_words(refusal: Refused, message: Message) -> Refused:
    """Return the refusal of a message in the words of its form, where the API would name its fields."""
    what, fix = refusal.what, refusal.fix
    for field in message.fields:
        what = what.replace(f"{field.id} ({field.label})", f"“{field.label}”").replace(f"fields.{field.id}", f"“{field.label}”")
    place = refusal.field.partition(".")[0]
    if place == "fields":
        fix = "Write one point a line." if fix.startswith("Write [") else fix.replace("Give them as fields.", "Fill in what is missing.")
    elif place in ("next_at", "next_in"):
        fix = "Choose when the next update follows, or “when resolved”." if "next_" in fix or place == "next_in" else fix
        what = what.removeprefix("next_in: ")
    elif place == "eta":
        fix = "Write a time under “Expected end”, or the word unknown."
    told = Refused(what, fix=fix, field=refusal.field)
    told.status = refusal.status
    return told


_SOON: Final = timedelta(hours=12)
"""A time of day that has passed means tomorrow only where that is nearer than this; otherwise it is a slip."""


def update(message: Message, fields: Fields, now: datetime) -> c.PostUpdate:
    """Return the message to an audience that the form means; ``f.<id>`` are the template's fields."""
    given: dict[str, Any] = {}
    for field in message.fields:
        text = fields.get(f"f.{field.id}", "").strip()
        if text:
            given[field.id] = (
                [line.strip().removeprefix("- ") for line in text.splitlines() if line.strip()] if field.kind == "list" else text
            )
    promise = fields.get("next", "")
    own = fields.get("next_own", "").strip()
    next_at = None
    if promise == "own" and own:
        next_at = moment(own, now, "next_own")
        if next_at is not None and next_at <= now and is_clock(own):
            next_at += timedelta(days=1)
            if next_at - now > _SOON:
                raise Refused(
                    f"{own} UTC has passed.",
                    fix=f"Write a later time; one of tomorrow with its date: {next_at:%Y-%m-%d %H:%M}.",
                    field="next_own",
                )
    return _made(
        c.PostUpdate, message=message.id, fields=given, status=fields.get("status", ""), eta=fields.get("eta", "").strip(), next_at=next_at,
        next_in=promise if promise not in ("", "own", "resolved") else "", when_resolved=promise == "resolved" or fields.get("or_resolved", "") == "yes",
        headline=fields.get("headline", "").strip(), components={name[2:]: state for name, state in fields.items() if name.startswith("c.") and state},
        corrects=int(text) if (text := fields.get("corrects", "")).isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER else 0,
    )  # fmt: skip


def _made(of: type[T], /, **values: Any) -> T:
    """Make a command by the rules that bodies of the API are held to.

    Raises:
        Refused: a value is missing, too long or of the wrong kind; the field is named.

    """
    try:
        return msgspec.convert(msgspec.structs.asdict(of(**values)), of)
    except msgspec.ValidationError as error:
        raise _refusal(str(error), values) from error


_PLACE: Final = re.compile(r" - at `\$?\.?([^`]*)`$")
_LENGTH: Final = re.compile(r"of length (<=|>=) (\d+)")


def _refusal(text: str, values: Mapping[str, Any]) -> Refused:
    found = _PLACE.search(text)
    field = found.group(1) if found else ""
    length = _LENGTH.search(text)
    name = field.replace("_", " ").capitalize() or "A field"
    if length and length.group(1) == ">=":
        return Refused(f"{name} is missing.", fix="Fill it in and send the form again.", field=field)
    if length:
        long = len(values.get(field, "") or "")
        return Refused(f"{name} has {long:,} characters, and at most {int(length.group(2)):,} fit.", fix="Make it shorter.", field=field)
    return Refused(f"{name}: {_PLACE.sub('', text)}.", fix="Correct it and send the form again.", field=field)
