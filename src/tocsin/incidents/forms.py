"""What the forms of the pages mean: fields as people typed them become the same commands that the API takes. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

import msgspec

from tocsin.alerts.model import Alert
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command
from tocsin.incidents import commands as c
from tocsin.incidents.model import Reading
from tocsin.playbooks.durations import Duration
from tocsin.playbooks.record import Message

Fields = Mapping[str, str]
Form = Callable[[Fields, datetime], Command]
T = TypeVar("T", bound=Command)
_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})(?:\s*(?:utc|z))?", re.IGNORECASE)
_AGO: Final = re.compile(r"-?\s*((?:\d+\s*[smhd]\s*)+)(?:in|our|ay)?s?(?:\s+ago)?", re.IGNORECASE)
_LONGEST_NUMBER: Final = 15
LONGEST_TITLE: Final = 300
_LEEWAY: Final = timedelta(minutes=2)


def moment(text: str, now: datetime, field: str = "at") -> datetime | None:
    """Read a time as people type it: ``14:20`` (UTC, today or yesterday), ``5m ago``, ``2025-10-27 14:20``; nothing for now.

    Raises:
        Refused: it is none of these.

    """
    text = text.strip()
    if not text or text.casefold() == "now":
        return None
    if found := _CLOCK.fullmatch(text):
        hour, minute = int(found.group(1)), int(found.group(2))
        if hour > 23 or minute > 59:  # noqa: PLR2004 (a clock)
            raise _no_time(text, field)
        at = now.astimezone(UTC).replace(hour=hour, minute=minute, second=0, microsecond=0)
        return at if at <= now + _LEEWAY else at - timedelta(days=1)
    if found := _AGO.fullmatch(text):
        try:
            return now - Duration.parse(found.group(1).replace(" ", "").lower())
        except (ValueError, OverflowError) as error:
            raise _no_time(text, field) from error
    try:
        at = datetime.fromisoformat(text.upper().removesuffix("UTC").strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _no_time(text, field) from error


def _no_time(text: str, field: str) -> Refused:
    return Refused(f"{text!r} is not a time.", fix="Write 14:20 (UTC), 5m ago, or 2026-01-31 14:20; leave it empty for now.", field=field)


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
    return _made(
        c.LogEntry, kind=fields.get("kind", ""), text=fields.get("text", "").strip(), at=moment(fields.get("at", ""), now), reading=reading
    )


def _correction(fields: Fields, now: datetime) -> Command:
    number = fields.get("entry", "")
    if not (number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER):
        raise Refused("There is no such entry.", fix="Give the number that stands beside the entry.", field="entry")
    return _made(
        c.CorrectEntry, entry=int(number), text=fields.get("text", "").strip() or None, at=moment(fields.get("at", ""), now),
        kind=fields.get("kind") or None, reason=fields.get("reason", ""),
    )  # fmt: skip


def _role(fields: Fields, now: datetime) -> Command:
    given = {**fields, "person": fields.get("person", "").strip().removeprefix("@")}
    return _plain(c.AssignRole, "role", "person", "note")(given, now)


def _helped(fields: Fields, now: datetime) -> Command:
    helped = fields.get("effective", "") == "yes"
    return _made(c.VerifyMitigation, mitigation=fields.get("mitigation", ""), effective=helped, text=fields.get("text", ""))


def _figure(fields: Fields, now: datetime) -> Command:
    text = fields.get("value", "").strip()
    numeric = fields.get("numeric", "") == "yes"
    return _made(
        c.RecordFigure, figure=fields.get("figure", ""), value=_value(text, "value") if numeric else text, source=fields.get("source", ""),
        estimate=fields.get("estimate", "") == "yes",
    )  # fmt: skip


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
    "acknowledge": _plain(c.Acknowledge, "at"),
    "join": _plain(c.Join, "person"),
    "roles": _role,
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
    "figures": _figure,
    "reopen": _plain(c.Reopen, "reason"),
    "dismiss": _plain(c.Dismiss, "reason"),
}
"""The last part of a form's address -> the command that it means."""


def declaration(fields: Fields, now: datetime) -> c.Declare:
    """Return the declaration that the form means."""
    return _made(
        c.Declare, title=fields.get("title", "").strip(), playbook=fields.get("playbook") or None, severity=fields.get("severity") or None,
        service=fields.get("service", "").strip(), impact=fields.get("impact", "").strip(),
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
        if next_at is not None and next_at <= now and _CLOCK.fullmatch(own):
            next_at += timedelta(days=1)
    return _made(
        c.PostUpdate, message=message.id, fields=given, status=fields.get("status", ""), eta=fields.get("eta", "").strip(), next_at=next_at,
        next_in=promise if promise not in ("", "own", "resolved") else "", when_resolved=promise == "resolved" or fields.get("or_resolved", "") == "yes",
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
