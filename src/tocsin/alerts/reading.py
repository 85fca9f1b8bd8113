"""What a sender sent, and what its source module reads from it. Pure; each tool is one module of ``sources/``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from tocsin.alerts.model import Signal


class Sent(msgspec.Struct, frozen=True):
    """One request, or one e-mail, as it came."""

    body: bytes
    now: datetime
    """When it was received: the time of alerts whose sender names none."""
    content_type: str = ""
    headers: Mapping[str, str] = {}
    """Names in lower case."""
    query: Mapping[str, str] = {}
    options: Mapping[str, Any] = {}
    """What the intake key says for this source, such as the mapping of ``generic``."""


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something that was done on purpose (a deployment, a build): kept for people to see beside alerts, never an alert."""

    title: str
    at: datetime
    service: str = ""
    source: str = ""
    links: dict[str, str] = {}
    details: dict[str, Any] = {}


class Note(msgspec.Struct, frozen=True, omit_defaults=True):
    """What another incident tool says about one of its incidents."""

    subject: str
    """The other tool's id of it."""
    text: str
    by: str = ""
    at: datetime | None = None


class Handshake(msgspec.Struct, frozen=True):
    """The sender wants to know that this address is ours. ``url``: fetched outside the request, if it is one of the provider's hosts."""

    url: str
    about: str


class Proof(msgspec.Struct, frozen=True):
    """How the request proves who sent it: checked outside the request, since the certificate has to be fetched."""

    text: bytes
    """What was signed."""
    signature: bytes
    certificate_url: str
    digest: str
    """``sha1`` or ``sha256``."""


class Reading(msgspec.Struct, frozen=True):
    """All that a request says."""

    signals: tuple[Signal, ...] = ()
    changes: tuple[Change, ...] = ()
    notes: tuple[Note, ...] = ()
    handshake: Handshake | None = None
    proof: Proof | None = None
    ignored: str = ""
    """Why nothing comes of it, in a sentence; empty where something does."""
    event: str = ""
    """What the sender calls this kind of request (``incident.acknowledged``), where it names it."""
    group: str = ""
    """The sender's own identity of the group of a batch."""
    group_state: str = ""


Reader = Callable[[Sent], Reading]
"""Raises ``WrongBody`` where the request is not what the tool sends; the refusal names the field by its path."""
