"""What people ask of a postmortem. The same values are the bodies of the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.engine.model import Command

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=100_000)]
Id = Annotated[str, Meta(max_length=40)]
Answer = Annotated[str, Meta(min_length=1, max_length=2000)]
Reason = Annotated[str, Meta(max_length=2000)]
Mark = Literal["", "cause", "contributing", "latent"]
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
    base: int | None = None
    """The fact that the text came from which was edited (``source`` of the view; 0: there was none). Where the text has changed since, nothing
    is written and the refusal carries both. Left out: whatever stands there is replaced."""


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


class WithdrawApproval(Command, frozen=True):
    """Take a signature back: one's own, or as a manager anybody's."""

    approver: Name
    reason: Reason = ""


class ReplaceFigure(Command, frozen=True):
    """Put a figure right that the claims check found: in a line of a section or part, from 1."""

    section: Name
    line: int
    wrong: Name
    right: Name
    part: str = ""


class AddWhy(Command, frozen=True):
    """Put an answer into the tree of whys: below ``parent``, or as a beginning (what happened)."""

    text: Answer
    parent: Id = ""
    evidence: Reason = ""
    mark: Mark = ""


class ChangeWhy(Command, frozen=True):
    """Change an answer; what is not given stays as it was."""

    why: Id
    text: Answer | None = None
    evidence: Reason | None = None
    mark: Mark | None = None


class MoveWhy(Command, frozen=True):
    """Move an answer with all below it: below ``parent``, before the sibling ``before`` or as the last."""

    why: Id
    parent: Id = ""
    before: Id = ""


class RemoveWhy(Command, frozen=True):
    """Take an answer out, with all below it."""

    why: Id


class RestoreWhy(Command, frozen=True):
    """Put an answer back that was taken out, with all below it."""

    why: Id


class AddComment(Command, frozen=True):
    """Remark on a section."""

    section: Name
    text: Answer


class SettleComment(Command, frozen=True):
    """Say that a remark is settled; with ``settled`` false, that it is not after all."""

    comment: Id
    settled: bool = True


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
