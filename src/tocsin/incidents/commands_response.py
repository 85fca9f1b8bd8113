"""Commands about what is done: mitigations, criteria, updates to audiences, obligations."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta

from tocsin.engine.model import Command
from tocsin.incidents.command_fields import Name, Number, Text, Time
from tocsin.playbooks.scale import ComponentState


class StartMitigation(Command, frozen=True):
    """Begin a mitigation. ``done`` where it is already in place."""

    kind: Name
    text: Text
    by: str = ""
    before: str = ""
    after: str = ""
    done: bool = False
    confirmed: str = ""
    """For a dangerous kind: the guard that was checked."""
    at: Time | None = None


class CompleteMitigation(Command, frozen=True):
    """Say that a mitigation is in place."""

    mitigation: str
    text: str = ""
    after: str = ""
    at: Time | None = None


class VerifyMitigation(Command, frozen=True):
    """Say whether a mitigation helped."""

    mitigation: str
    effective: bool
    text: str = ""
    after: str = ""
    at: Time | None = None


class Tick(Command, frozen=True):
    """Tick a criterion (``resolution.error_rate``) with what was seen."""

    item: Name
    evidence: str = ""
    at: Time | None = None


class Untick(Command, frozen=True):
    """Take a tick or waiver back."""

    item: Name
    reason: str = ""


class Waive(Command, frozen=True):
    """Pass a gate without a criterion; the reason is kept."""

    item: Name
    reason: Text
    at: Time | None = None


class PostUpdate(Command, frozen=True):
    """Tell an audience, by one of the playbook's messages."""

    message: Name
    fields: dict[str, Any] = {}
    status: str = ""
    next_at: Time | None = None
    next_in: str = ""
    """A duration from now, such as ``30m``."""
    when_resolved: bool = False
    eta: str = ""
    audiences: tuple[str, ...] = ()
    by: str = ""
    at: Time | None = None
    headline: Annotated[str, Meta(max_length=200)] = ""
    """What the status page calls the incident from now on; without one it keeps the subject of the first update."""
    components: dict[str, ComponentState] = {}
    """Service to what the status page says of it from now on; without any, what it said before, and at first what the severity asks for."""
    corrects: int = 0
    """The fact of an update that was wrong and that this one sets right."""


class SendAgain(Command, frozen=True):
    """Send a message once more on a way on which it failed."""

    fact: Number
    """The fact that told it."""
    audience: Name
    channel: Name


class MarkDone(Command, frozen=True):
    """Say that an obligation was met, by its id or mark."""

    obligation: Name
    evidence: str = ""
    by: str = ""
    at: Time | None = None


class WaiveObligation(Command, frozen=True):
    """Let an obligation go, with a reason."""

    obligation: Name
    reason: Text


class RestoreObligation(Command, frozen=True):
    """Take back that an obligation was waived or done."""

    obligation: Name
    reason: str = ""
