"""What a signal means for the newest occurrence of its alert. Pure."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from tocsin.alerts.live import Live
from tocsin.alerts.model import ENDED, Body, Signal, What, alert_id
from tocsin.engine.limits import NUL

FUTURE_LEEWAY: Final = timedelta(seconds=5)
"""How far ahead the clock of somebody who acknowledges may be."""

_NEW: Final[tuple[What, str]] = ("new", "it was not known before")
_NEVER_FIRED: Final[tuple[What, str]] = ("unchanged", "it was not firing here, so there is nothing to end")
_ENDED_ALREADY: Final[tuple[What, str]] = ("unchanged", "it had ended already")
_REPEATED: Final[tuple[What, str]] = ("repeated", "it fires still")
_CHANGED: Final[tuple[What, str]] = ("changed", "it fires still, with other details")
_RESOLVED: Final[tuple[What, str]] = ("resolved", "the tool says that it has ended")
_SAME_START: Final[tuple[What, str]] = ("reopened", "it fires again with the start that it had before")
_TAKEN_UP: Final[tuple[What, str]] = ("acknowledged", "somebody took it up in the tool")
_BESIDE: Final[dict[str, tuple[What, str]]] = {
    "acknowledged": ("unchanged", "it was not firing here, so there is nothing to acknowledge"),
    "suppressed": ("unchanged", "the tool holds it back, and it was not firing here"),
    "unknown": ("unchanged", "the tool does not know its state, and it was not firing here"),
}
_NOTED: Final[dict[str, tuple[What, str]]] = {
    "suppressed": ("changed", "the tool holds it back; it counts as firing until its end is told"),
    "unknown": ("changed", "the tool does not know its state; it counts as firing until its end is told"),
}

_ordered = msgspec.json.Encoder(order="deterministic").encode


def judge(live: Live | None, signal: Signal, told: int, content: int, in_hand: str) -> tuple[What, str]:
    """Return what a signal means, and why.

    An alert that fires after it had ended is a new occurrence, unless the tool gives it the start that it had before or people
    still work on its incident: then it is the old one, reopened.

    live: the newest occurrence. told: the start that the signal names, in microseconds; 0 for none. content: a digest of all else that it says.
    in_hand: an incident of the occurrence that has not ended.
    """
    status = signal.status
    if live is None:
        if status == "firing":
            return _NEW
        return _NEVER_FIRED if status == "resolved" else _BESIDE[status]
    if live.state != ENDED:
        if status == "firing":
            return _REPEATED if live.content == content and live.state == "firing" else _CHANGED
        if status == "resolved":
            return _RESOLVED
        if status == "acknowledged":
            return _TAKEN_UP if not live.acknowledged else ("unchanged", "somebody is on it already")
        return _NOTED[status] if live.state != status else ("unchanged", "the tool said so before")
    if status == "resolved":
        return _ENDED_ALREADY
    if status != "firing":
        return _BESIDE[status]
    if in_hand:
        return "reopened", f"it fires again while {in_hand} is worked on"
    if told and told == live.told:
        return _SAME_START
    return "new", f"{alert_id(live.id)} had ended; this is the next occurrence"


class Said(msgspec.Struct, frozen=True, gc=False):
    """The texts of a signal as its row keeps them, and a digest of them."""

    labels: str
    body: str
    content: int


def said(signal: Signal) -> Said:
    """Return a signal's texts as they are stored: JSON with sorted names."""
    labels = _ordered(signal.labels)
    body = _ordered(Body(signal.annotations, signal.links, signal.value, signal.threshold, signal.summary))
    content = content_of(signal.title, signal.severity, labels, body)
    return Said(labels.decode(), body.decode(), content)


def content_of(title: str, severity: str, labels: bytes, body: bytes) -> int:
    """Return a digest of all that a repeat could change: 63 bits, so that every database keeps it as a number."""
    made = hashlib.sha256(b"%b\n%b\n%b\n%b" % (labels, body, severity.encode(), title.encode())).digest()
    return int.from_bytes(made[:8], "big") >> 1


def began(signal: Signal, now: datetime) -> datetime:
    """Return when an alert began: as the tool says, but never later than now."""
    return min(signal.starts_at or now, now)


def fingerprint(labels: dict[str, str]) -> str:
    """Return an identity made of labels: the same labels in any order give the same 16 hexadecimal digits."""
    return hashlib.blake2b(_ordered(labels), digest_size=8).hexdigest()


def clean(signal: Signal) -> Signal:
    """Return a signal without the one character that no database keeps: an alert is not lost for it."""

    def text(value: str) -> str:
        return value.replace(NUL, "\ufffd")

    def texts(values: dict[str, str]) -> dict[str, str]:
        return {text(name): text(value) for name, value in values.items()}

    return replace(
        signal, fingerprint=text(signal.fingerprint), title=text(signal.title), labels=texts(signal.labels), annotations=texts(signal.annotations),
        links=texts(signal.links), value=text(signal.value), threshold=text(signal.threshold), severity=text(signal.severity),
        service=text(signal.service), group=text(signal.group), by=text(signal.by), note=text(signal.note), summary=text(signal.summary),
    )  # fmt: skip
