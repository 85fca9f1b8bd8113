"""What can happen to a postmortem."""

from __future__ import annotations

from typing import Literal

from tocsin.engine.model import Event


class Drafted(Event, frozen=True, tag="postmortem.drafted"):
    """It was begun: its kind chosen, its authors named."""

    kind: str
    authors: tuple[str, ...]
    because: str = ""
    """Why this kind: given, by the cause, or the playbook's usual one."""


class Redrafted(Event, frozen=True, tag="postmortem.redrafted"):
    """Kind or authors changed; what people wrote stays."""

    kind: str
    authors: tuple[str, ...]


class SectionEdited(Event, frozen=True, tag="postmortem.section_edited"):
    """People wrote a section, or a named part of one. An empty text takes it away."""

    section: str
    part: str
    text: str


class ReviewStarted(Event, frozen=True, tag="postmortem.review_started"):
    """The draft is ready to be read by others."""


class Met(Event, frozen=True, tag="postmortem.met"):
    """The review meeting was held."""

    attendees: tuple[str, ...] = ()


class Approved(Event, frozen=True, tag="postmortem.approved"):
    """A named approver signed."""

    approver: str
    by: str


class ApprovalWithdrawn(Event, frozen=True, tag="postmortem.approval_withdrawn"):
    """A signature was taken back."""

    approver: str
    by: str
    why: str = ""


class WhyAdded(Event, frozen=True, tag="postmortem.why_added"):
    """An answer was put into the tree of whys, below another one or as a beginning."""

    why: str
    parent: str
    text: str
    evidence: str = ""
    mark: Literal["", "cause", "contributing", "latent"] = ""


class WhyChanged(Event, frozen=True, tag="postmortem.why_changed"):
    """An answer says something else now."""

    why: str
    text: str
    evidence: str = ""
    mark: Literal["", "cause", "contributing", "latent"] = ""


class WhyMoved(Event, frozen=True, tag="postmortem.why_moved"):
    """An answer and all below it stand elsewhere now. before: the sibling that follows it; empty: it is the last."""

    why: str
    parent: str
    before: str = ""


class WhyRemoved(Event, frozen=True, tag="postmortem.why_removed"):
    """An answer was taken out, with all below it."""

    why: str


class WhyRestored(Event, frozen=True, tag="postmortem.why_restored"):
    """An answer that was taken out is back, with all below it."""

    why: str


class Commented(Event, frozen=True, tag="postmortem.commented"):
    """Somebody remarked on a section."""

    comment: str
    section: str
    text: str


class CommentSettled(Event, frozen=True, tag="postmortem.comment_settled"):
    """A remark is settled, or (``settled`` false) is not after all."""

    comment: str
    settled: bool = True


class PublishIntended(Event, frozen=True, tag="postmortem.publish_intended"):
    """The document of this digest is on its way to a target."""

    target: str
    key: str
    digest: str
    file: str
    sanitised: bool
    attempt: int
    confirmed: bool = False
    """Somebody confirmed it though the redaction check had findings."""


class Published(Event, frozen=True, tag="postmortem.published"):
    """The target has it."""

    target: str
    key: str
    where: str


class PublishFailed(Event, frozen=True, tag="postmortem.publish_failed"):
    """The target did not take it. Publishing can be asked for again."""

    target: str
    key: str
    why: str


EVENTS: tuple[type[Event], ...] = (
    Drafted, Redrafted, SectionEdited, ReviewStarted, Met, Approved, ApprovalWithdrawn, WhyAdded, WhyChanged, WhyMoved, WhyRemoved, WhyRestored,
    Commented, CommentSettled, PublishIntended, Published, PublishFailed,
)  # fmt: skip
