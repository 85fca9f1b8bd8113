"""A postmortem at one moment: who writes it, what people wrote, who signed, where it went. The facts of the incident stay in its own record."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

Stage = Literal["", "draft", "review", "published"]


class Written(msgspec.Struct, frozen=True):
    """What people wrote into a section."""

    text: str
    by: str
    at: datetime
    source: int
    """The fact that it came from."""


Mark = Literal["", "cause", "contributing", "latent"]
"""What an answer of the tree of whys is: a cause, a contributing factor, a condition that lay hidden before, or only a step on the way."""


class Why(msgspec.Struct, frozen=True):
    """One answer in the tree of whys. Its place among its siblings is its place in ``Postmortem.whys``."""

    id: str
    parent: str
    """The answer that it explains; empty for what happened."""
    text: str
    evidence: str = ""
    mark: Mark = ""
    by: str = ""
    at: datetime | None = None
    removed: bool = False
    """Taken out with all below it; it can be put back."""


class Comment(msgspec.Struct, frozen=True):
    """A remark on a section, until it is settled."""

    id: str
    section: str
    text: str
    by: str
    at: datetime
    settled_by: str = ""


class Signature(msgspec.Struct, frozen=True):
    """An approval."""

    approver: str
    by: str
    at: datetime
    source: int


class Publication(msgspec.Struct, frozen=True):
    """The newest attempt to publish to one target."""

    target: str
    key: str
    """The delivery's key."""
    state: Literal["under_way", "published", "failed"]
    digest: str
    """Of the exact document, which is kept."""
    file: str
    sanitised: bool
    at: datetime
    attempt: int
    said: str = ""
    """Where it is now (a path, a commit), or why it failed."""


class Postmortem(msgspec.Struct, frozen=True):
    """The state; its id is the incident's. ``texts`` are by section, or by ``<section>.<part>``."""

    id: str
    version: int = 0
    stage: Stage = ""
    kind: str = ""
    authors: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()
    drafted_at: datetime | None = None
    reviewed_at: datetime | None = None
    met_at: datetime | None = None
    texts: dict[str, Written] = {}
    signed: dict[str, Signature] = {}
    publications: dict[str, Publication] = {}
    whys: tuple[Why, ...] = ()
    comments: tuple[Comment, ...] = ()
    edited: int = 0
    """The last fact that changed the text."""
