"""A notice: what the public was told of one incident, update by update. Records ``notice:<incident>``, fed by the incident's own facts.

It holds no text: each update names the incident's fact that does, so that a redaction takes the words away everywhere.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened

OPERATIONAL: Final = "operational"


class Publish(Command, frozen=True):
    """The public was told something."""

    fact: int
    at: datetime
    step: str
    status: str
    began: datetime | None = None
    """When the harm began, as far as it was told."""
    headline: str = ""
    service: str = ""
    """The incident's own service."""
    level: str = ""
    """What its component is where nothing was chosen."""
    components: dict[str, str] = {}
    """Service to what was chosen for it."""
    next_at: datetime | None = None
    when_resolved: bool = False
    corrects: int = 0


class Withdraw(Command, frozen=True):
    """An update is shown no more: its words were redacted."""

    fact: int


class End(Command, frozen=True):
    """The incident is over, whatever was told last."""

    at: datetime
    status: str = ""


class Resume(Command, frozen=True):
    """The incident is not over after all."""

    at: datetime


class HideNotice(Command, frozen=True):
    """Take the whole incident off the status page."""

    why: str = ""


class ShowNotice(Command, frozen=True):
    """Put an incident that was taken off the page back on it."""


class NoticePublished(Event, frozen=True, tag="notice.published"):
    """The public was told something. ``components``: what the page says of each from then on."""

    fact: int
    step: str
    status: str
    began: datetime | None = None
    headline: str = ""
    components: dict[str, str] = {}
    level: str = ""
    """How bad it is, as the state of a component, where it names none."""
    next_at: datetime | None = None
    when_resolved: bool = False
    corrects: int = 0


class NoticeWithdrawn(Event, frozen=True, tag="notice.withdrawn"):
    """An update is shown no more."""

    fact: int
    began: datetime | None = None
    """Since when the incident goes on, as the page had it."""


class NoticeEnded(Event, frozen=True, tag="notice.ended"):
    """The incident was over while the last update had not said so."""

    status: str = ""


class NoticeResumed(Event, frozen=True, tag="notice.resumed"):
    """The incident goes on."""


class NoticeHidden(Event, frozen=True, tag="notice.hidden"):
    """The incident is not on the page."""

    why: str = ""


class NoticeShown(Event, frozen=True, tag="notice.shown"):
    """The incident is on the page again."""


EVENTS: Final = (NoticePublished, NoticeWithdrawn, NoticeEnded, NoticeResumed, NoticeHidden, NoticeShown)


class Told(msgspec.Struct, frozen=True):
    """One update."""

    fact: int
    """The incident's fact that has its words."""
    at: datetime
    step: str
    status: str
    components: dict[str, str]
    headline: str = ""
    level: str = ""
    next_at: datetime | None = None
    when_resolved: bool = False
    corrects: int = 0
    recorded: datetime | None = None
    withdrawn: bool = False
    version: int = 0
    """The notice's own fact that said it."""


class Notice(msgspec.Struct, frozen=True):
    """What the public was told of an incident, oldest first."""

    id: str
    version: int = 0
    began: datetime | None = None
    told: tuple[Told, ...] = ()
    ended_at: datetime | None = None
    """When it was over without an update that said so."""
    ended_status: str = ""
    hidden: bool = False
    hidden_why: str = ""

    @property
    def shown(self) -> tuple[Told, ...]:
        """The updates that are shown; none of an incident that was taken off the page."""
        return () if self.hidden else tuple(one for one in self.told if not one.withdrawn)

    @property
    def last(self) -> Told | None:
        """The update that holds now."""
        shown = [one for one in self.told if not one.withdrawn]
        return shown[-1] if shown else None

    @property
    def resolved_at(self) -> datetime | None:
        """When it was over for the public; None while it goes on."""
        last = self.last
        if last is not None and last.step == "resolved":
            begins = len(self.told)
            while begins and self.told[begins - 1].step == "resolved":
                begins -= 1
            said = self.told[begins].at
            return said if self.ended_at is None else min(said, self.ended_at)
        return self.ended_at

    @property
    def begins(self) -> datetime | None:
        """When it began: the beginning of the harm where that was told, otherwise the first update."""
        first = min((one.at for one in self.told if not one.withdrawn), default=None)
        if first is None:
            return None
        return min(first, self.began) if self.began is not None else first


def decide(notice: Notice, command: Command, _ctx: Context) -> Decision:
    """Return what follows from a command; nothing where it changes nothing."""
    match command:
        case Publish():
            return _publish(notice, command)
        case Withdraw():
            known = next((one for one in notice.told if one.fact == command.fact and not one.withdrawn), None)
            if known is None:
                return Decision()
            # What was said goes with the words that it was said in; that the incident began then stays.
            gone = (known.version,) if known.version else ()
            return Decision((Happened(NoticeWithdrawn(command.fact, notice.began)),), redact=gone)
        case End():
            return (
                Decision((Happened(NoticeEnded(command.status), command.at),)) if notice.told and notice.resolved_at is None else Decision()
            )
        case Resume():
            return Decision((Happened(NoticeResumed(), command.at),)) if notice.ended_at is not None else Decision()
        case HideNotice():
            return Decision((Happened(NoticeHidden(command.why)),)) if notice.told and not notice.hidden else Decision()
        case ShowNotice():
            return Decision((Happened(NoticeShown()),)) if notice.hidden else Decision()
        case _:
            return Decision()


def _publish(notice: Notice, command: Publish) -> Decision:
    if any(one.fact == command.fact for one in notice.told):
        return Decision()
    before = notice.last
    components = dict(before.components) if before is not None else {}
    if not components and not command.components and command.service and command.level:
        components = {command.service: command.level}
    components |= command.components
    if command.step == "resolved":
        components = dict.fromkeys(components, OPERATIONAL)
    published = NoticePublished(
        command.fact, command.step, command.status, command.began, command.headline, components, command.level, command.next_at, command.when_resolved,
        command.corrects,
    )  # fmt: skip
    return Decision((Happened(published, command.at),), result={"notice": notice.id})


def evolve(notice: Notice, fact: Fact) -> Notice:
    """Return the notice after a fact."""
    change = msgspec.structs.replace
    event = fact.event
    match event:
        case NoticePublished():
            told = Told(
                event.fact, fact.occurred_at, event.step, event.status, event.components, event.headline, event.level, event.next_at,
                event.when_resolved, event.corrects, fact.recorded_at, version=fact.version,
            )  # fmt: skip
            ordered = tuple(sorted((*notice.told, told), key=lambda one: (one.at, one.fact)))
            went_on = notice.ended_at is not None and fact.occurred_at >= notice.ended_at and event.step != "resolved"
            ended = None if went_on else notice.ended_at
            return change(notice, version=fact.version, told=ordered, began=event.began or notice.began, ended_at=ended)
        case NoticeWithdrawn():
            told_ = tuple(change(one, withdrawn=True) if one.fact == event.fact else one for one in notice.told)
            return change(notice, version=fact.version, told=told_, began=notice.began or event.began)
        case NoticeEnded():
            return change(notice, version=fact.version, ended_at=fact.occurred_at, ended_status=event.status)
        case NoticeResumed():
            return change(notice, version=fact.version, ended_at=None, ended_status="")
        case NoticeHidden():
            return change(notice, version=fact.version, hidden=True, hidden_why=event.why)
        case NoticeShown():
            return change(notice, version=fact.version, hidden=False, hidden_why="")
        case _:
            return change(notice, version=fact.version)
