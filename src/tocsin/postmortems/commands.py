"""What people ask of a postmortem. The same values are the bodies of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.engine.model import Command

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=100_000)]
Time = Annotated[datetime, Meta(tz=True)]


class Draft(Command, frozen=True):
    """Draft it from the record. Without a kind the incident's cause decides; without authors those whom the playbook makes writers."""

    kind: str | None = None
    authors: tuple[Name, ...] = ()


class EditSection(Command, frozen=True):
    """Write a section, or one named part of it (``part``). An empty text takes it away."""

    section: Name
    text: Text
    part: str = ""


class StartReview(Command, frozen=True):
    """Hand the draft to others to read."""


class HoldMeeting(Command, frozen=True):
    """Say that the review meeting was held."""

    at: Time | None = None
    attendees: tuple[Name, ...] = ()


class Approve(Command, frozen=True):
    """Sign as one of the playbook's approvers (``by``: the person, otherwise whoever sends it)."""

    approver: Name
    by: str = ""
    at: Time | None = None


class Publish(Command, frozen=True):
    """Publish to targets of the playbook; without any named, to all of them.

    ``confirmed``: publish a sanitised variant though the redaction check has findings.
    """

    targets: tuple[Name, ...] = ()
    confirmed: bool = False


class Document(msgspec.Struct, frozen=True):
    """A finished document for one target, kept under its digest."""

    target: str
    digest: str
    file: str
    sanitised: bool
    findings: int = 0


class PublishDocuments(Command, frozen=True):
    """Publish these documents; the shell writes them, keeps them as blobs and sends this."""

    documents: tuple[Document, ...]
    confirmed: bool = False


class NoteResult(Command, frozen=True):
    """A delivery to a target went through or failed for good."""

    key: str
    sent: bool
    said: str = ""
