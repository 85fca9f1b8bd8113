"""What people ask of action items. The same values are the bodies of the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta

from tocsin.engine.model import Command

Title = Annotated[str, Meta(min_length=1, max_length=300)]
Word = Annotated[str, Meta(max_length=200)]
Owner = Annotated[str, Meta(min_length=1, max_length=200)]
About = Annotated[str, Meta(max_length=2000)]
Why = Annotated[str, Meta(min_length=1, max_length=2000)]
Time = Annotated[datetime, Meta(tz=True)]


class NewAction(Command, frozen=True):
    """Write down an action item of an incident. Whatever the playbook wants and is not given yet is listed as a problem."""

    title: Title
    group: Word = ""
    owner: Word = ""
    due: date | None = None
    priority: Word = ""
    ticket: Word = ""
    about: About = ""


class CreateAction(Command, frozen=True):
    """A new item with the incident it belongs to; the shell makes it from ``NewAction``."""

    incident: str
    new: NewAction


class UpdateAction(Command, frozen=True):
    """Change what an item says; what is not given stays as it was, an empty text takes a word away."""

    title: Title | None = None
    group: Word | None = None
    owner: Word | None = None
    due: date | None = None
    priority: Word | None = None
    ticket: Word | None = None
    about: About | None = None
    no_due: bool = False
    """Take the due date away."""


class StartAction(Command, frozen=True):
    """Say that somebody is at work on an item."""

    by: Word = ""


class PutBackAction(Command, frozen=True):
    """Say that nobody is at work on an item any more."""

    by: Word = ""


class Reassign(Command, frozen=True):
    """Give several open items to another owner: those named, or all open ones of ``owner``."""

    to: Owner
    actions: Annotated[tuple[Owner, ...], Meta(max_length=500)] = ()
    owner: Word = ""


class FinishAction(Command, frozen=True):
    """Say that an item is done, and how one can see it."""

    evidence: Why
    by: Word = ""
    at: Time | None = None


class DropAction(Command, frozen=True):
    """Say that an item will not be done, and why."""

    reason: Why
    by: Word = ""


class ReopenAction(Command, frozen=True):
    """Take ``done`` or ``dropped`` back."""

    reason: Why
