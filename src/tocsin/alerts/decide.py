"""What follows from a request of a monitoring tool, and from a command on an alert. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, assert_never

import msgspec

from tocsin.alerts import commands as c
from tocsin.alerts import events as e
from tocsin.alerts.model import Alert, Outcome, Receipt, Route, Signal, What
from tocsin.alerts.page import pages
from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Happened

FUTURE_LEEWAY: Final = timedelta(seconds=5)
"""How far ahead the clock of somebody who acknowledges may be."""
_SHORTEST: Final = 8
_LONGEST: Final = 48


class Known(msgspec.Struct, frozen=True):
    """What was looked up about one alert of a request: the newest occurrence, and whether people work on it already."""

    alert: Alert | None
    in_hand: bool = False
    """Whether it belongs to an incident that has not ended."""


class ReceiptFound(msgspec.Struct, frozen=True):
    """What was looked up for a request: each alert by its fingerprint, and which ids other occurrences have taken."""

    known: Mapping[str, Known] = {}
    ids: Mapping[str, str] = {}
    """Fingerprint to the id of its next occurrence."""


class AlertFound(msgspec.Struct, frozen=True):
    """What was looked up for a command on an alert."""

    route: Route = Route()
    in_hand: str = ""
    """The incident that it belongs to and that has not ended."""
    public_url: str = ""


def alert_id(source: str, fingerprint: str, start: datetime, taken: Callable[[str], bool]) -> str:
    """Return the id of an occurrence: short, and always the same for the same alert and start. taken: whether another occurrence has it."""
    digest = hashlib.sha256(f"{source}\n{fingerprint}\n{start.isoformat()}".encode()).digest()
    text = base64.b32encode(digest).decode()
    return next((name for length in range(_SHORTEST, _LONGEST, 4) if not taken(name := f"A-{text[:length]}")), f"A-{text}")


def judge(alert: Alert | None, signal: Signal, *, in_hand: bool) -> tuple[What, str]:
    """Return what a signal means for the newest occurrence of its alert, and why.

    An alert that fires after it had ended is a new occurrence, unless the tool gives it the start that it had before or people
    still work on its incident: then it is the old one, reopened.
    """
    if alert is None or not alert.version:
        if signal.status == "firing":
            return "new", "it was not known before"
        return "unchanged", "it was not firing here, so there is nothing to end"
    if alert.state == "firing":
        if signal.status == "resolved":
            return "resolved", "the tool says that it has ended"
        return "repeated", "it fires still" if same(alert, signal) else "it fires still, with other details"
    if signal.status == "resolved":
        return "unchanged", "it had ended already"
    if in_hand:
        return "reopened", f"it fires again while {alert.incidents[-1]} is worked on"
    if signal.starts_at is not None and signal.starts_at == alert.told_start:
        return "reopened", "it fires again with the start that it had before"
    return "new", f"{alert.id} had ended; this is the next occurrence"


def same(alert: Alert, signal: Signal) -> bool:
    """Tell whether a signal says nothing new of a firing alert."""
    return (alert.title, alert.value, alert.threshold, alert.labels, alert.annotations) == (
        signal.title, signal.value, signal.threshold, signal.labels, signal.annotations,
    )  # fmt: skip


def decide_receipt(receipt: Receipt, command: Command, ctx: Context) -> Decision:
    """Keep a request and say what becomes of each of its alerts."""
    assert isinstance(command, c.TakeIn)
    if receipt.version:
        raise Conflict(f"There is already a receipt {receipt.id}.", fix="Send the request again.")
    found: ReceiptFound = ctx.found
    outcomes: list[Outcome] = []
    told: dict[str, Signal] = {}
    for signal in command.signals:
        if (before := told.get(signal.fingerprint)) is not None:
            why = f"the request names it twice; its first word ({before.status}) counts"
            known = next(o for o in outcomes if o.fingerprint == signal.fingerprint)
            outcomes.append(Outcome("unchanged", why, signal.title, signal.fingerprint, known.alert))
            continue
        told[signal.fingerprint] = signal
        outcomes.append(_outcome(found, signal))
    event = e.Received(command.source, command.body, command.size, tuple(outcomes), command.rejected)
    return Decision((Happened(event),), result=answer(receipt.id, outcomes))


def _outcome(found: ReceiptFound, signal: Signal) -> Outcome:
    known = found.known.get(signal.fingerprint) or Known(None)
    what, why = judge(known.alert, signal, in_hand=known.in_hand)
    alert_of = known.alert.id if known.alert is not None and known.alert.version else ""
    match what:
        case "new":
            return Outcome(what, why, signal.title, signal.fingerprint, found.ids[signal.fingerprint], signal)
        case "reopened" | "resolved":
            return Outcome(what, why, signal.title, signal.fingerprint, alert_of, signal)
        case "repeated":
            changed = known.alert is not None and not same(known.alert, signal)
            return Outcome(what, why, signal.title, signal.fingerprint, alert_of, signal if changed else None)
        case "unchanged":
            return Outcome(what, why, signal.title, signal.fingerprint, alert_of)
        case _:
            assert_never(what)


def answer(receipt_id: str, outcomes: list[Outcome]) -> dict[str, Any]:
    """Return what the sender is told."""
    return {
        "receipt": receipt_id,
        "alerts": [{"alert": o.alert or None, "outcome": o.what, "why": o.why, "title": o.title} for o in outcomes],
    }


def decide_alert(alert: Alert, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on an alert.

    Raises:
        NotFound: there is no such alert.
        Refused: the time given lies in the future.

    """
    if isinstance(command, c.Receive):
        return _receive(alert, command, ctx)
    if not alert.version:
        raise NotFound(f"There is no alert {alert.id}.", fix="Check the id; `tocsin alert list` shows them.")
    match command:
        case c.AcknowledgeAlert():
            return _acknowledge(alert, command, ctx)
        case c.LinkTo():
            linked = () if command.incident in alert.incidents else (Happened(e.LinkedTo(command.incident)),)
            return Decision(linked, result={"alert": alert.id, "incident": command.incident})
        case c.NotePageFailure():
            return Decision((Happened(e.PageFailed(command.key, command.channel, command.why)),))
        case _:
            raise Refused(f"An alert does not know {type(command).__name__}.")


def _receive(alert: Alert, command: c.Receive, ctx: Context) -> Decision:
    found: AlertFound = ctx.found
    signal = command.signal
    began = min(signal.starts_at or ctx.now, ctx.now)
    if not alert.version:
        if signal.status == "resolved":
            return Decision()
        fired = e.Fired(command.source, signal, found.route, command.receipt)
        return Decision((Happened(fired, began),), pages(alert.id, 1, signal, found.route, found.route.page, ctx.now, found.public_url))
    match alert.state, signal.status:
        case "firing", "firing":
            return Decision(() if same(alert, signal) else (Happened(e.Changed(signal, command.receipt)),))
        case "firing", "resolved":
            ended = min(signal.ends_at or ctx.now, ctx.now)
            return Decision((Happened(e.Ended(command.receipt), max(ended, alert.started_at or ended)),))
        case "resolved", "firing":
            to = () if found.in_hand else found.route.page
            again = began if alert.ended_at is not None and began > alert.ended_at else ctx.now
            fact = e.FiredAgain(signal, found.route, to, command.receipt)
            return Decision((Happened(fact, again),), pages(alert.id, alert.fired + 1, signal, found.route, to, ctx.now, found.public_url))
        case _:
            return Decision()


def _acknowledge(alert: Alert, command: c.AcknowledgeAlert, ctx: Context) -> Decision:
    if command.person is None and ctx.actor.kind != "person":
        raise Refused("An acknowledgement needs a named person.", fix="Send it as a person (--as NAME), or give `person`.", field="person")
    if alert.acknowledged_at is not None:
        return Decision(result=_acknowledged(alert.id, alert.acknowledged_by, alert.acknowledged_at, changed=False))
    at = command.at or ctx.now
    if at > ctx.now + FUTURE_LEEWAY:
        raise Refused(
            f"{at:%Y-%m-%d %H:%M:%S} UTC has not come yet; it is {ctx.now:%H:%M:%S} UTC.", fix="Leave `at` out for now.", field="at",
        )  # fmt: skip
    at = min(at, ctx.now)
    who = command.person or ctx.actor.id
    return Decision((Happened(e.AlertAcknowledged(who), at),), result=_acknowledged(alert.id, who, at, changed=True))


def _acknowledged(name: str, who: str, at: datetime, *, changed: bool) -> dict[str, Any]:
    return {"alert": name, "acknowledged_by": who, "acknowledged_at": at.isoformat(), "changed": changed}
