"""The pages that an incident opens. Pure."""

from __future__ import annotations

import base64
import hashlib

import msgspec

from tocsin.engine.kinds import Follow
from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident
from tocsin.paging.commands import Carried, OpenPage
from tocsin.paging.model import Urgency

_LONGEST_TITLE = 300


class Wanted(msgspec.Struct, frozen=True):
    """Whom a fact of an incident calls."""

    targets: tuple[str, ...]
    """Words that mean people, schedules or teams here, and whose people are not called already."""
    urgency: Urgency
    word: str
    """The word that the page starts with."""
    why: str


def page_id(fact: Fact) -> str:
    """Return the id of the page that follows from a fact: always the same one."""
    digest = hashlib.sha256(f"{fact.stream}\n{fact.version}".encode()).digest()
    return f"P-{base64.b32encode(digest).decode()[:8]}"


def open_page(fact: Fact, incident: Incident, wanted: Wanted | None) -> list[Follow]:
    """Return the page that a fact of an incident opens; none where it calls nobody whom a page can reach."""
    if wanted is None or not wanted.targets:
        return []
    event = fact.event
    says = event.says if isinstance(event, e.Escalated) else ""
    title = f"{incident.title}: {says}" if says else incident.title
    title = title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
    carries = Carried(word=wanted.word, severity=incident.severity, summary=incident.impact, started_at=fact.occurred_at)
    command = OpenPage(
        title, wanted.urgency, targets=wanted.targets, incident=incident.id, why=wanted.why, carries=carries, origin="incident",
    )  # fmt: skip
    return [Follow("page", page_id(fact), command)]
