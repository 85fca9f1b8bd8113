"""The pages that an incident opens. Pure."""

from __future__ import annotations

import base64
import hashlib

import msgspec

from tocsin.engine.kinds import Follow
from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident
from tocsin.paging.commands import Carried, OpenPage, ResolvePage
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


def is_over(event: e.StageMoved) -> bool:
    """Tell whether an incident needs nobody to be called any more."""
    return not event.backward and (event.ends or event.stage_kind in ("resolved", "closed", "dismissed"))


def end_pages(fact: Fact, incident: Incident, pages: list[str]) -> list[Follow]:
    """Return what ends an incident's pages; whoever was notified of them hears of it."""
    ended = ResolvePage(
        f"{incident.id} is resolved", fact.occurred_at, by_system=True, by=fact.actor.id if fact.actor.kind == "person" else ""
    )
    return [Follow("page", page, ended) for page in pages]


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
