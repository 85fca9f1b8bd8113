"""The pages that an incident opens, and what is said where nobody stands for a word. Pure."""

from __future__ import annotations

import base64
import hashlib

import msgspec

from tocsin.engine.kinds import Follow
from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident
from tocsin.incidents.notes import NotePage
from tocsin.paging.commands import Carried, OpenPage, ResolvePage
from tocsin.paging.model import Urgency
from tocsin.paging.standing import NOBODY

_LONGEST_TITLE = 300


class Wanted(msgspec.Struct, frozen=True):
    """Whom a fact of an incident calls."""

    targets: tuple[str, ...]
    """Words that mean people, schedules or teams here, and whose people are not called already."""
    urgency: Urgency
    word: str
    """The word that the page starts with."""
    why: str
    policies: tuple[str, ...] = ()
    """Escalation policies that words mean: each calls people by a page of its own."""
    missing: tuple[str, ...] = ()
    """What to say of words that reach nobody, a sentence each."""


def page_id(fact: Fact, policy: str = "") -> str:
    """Return the id of the page that follows from a fact, or the one by a policy that does: always the same one."""
    about = f"{fact.stream}\n{fact.version}" + (f"\n{policy}" if policy else "")
    digest = hashlib.sha256(about.encode()).digest()
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
    """Return the pages that a fact of an incident opens, and what is noted where a word reaches nobody."""
    if wanted is None:
        return []
    event = fact.event
    says = event.says if isinstance(event, e.Escalated) else ""
    title = f"{incident.title}: {says}" if says else incident.title
    title = title if len(title) <= _LONGEST_TITLE else title[: _LONGEST_TITLE - 1] + "…"
    carries = Carried(word=wanted.word, severity=incident.severity, summary=incident.impact, started_at=fact.occurred_at)

    def page(policy: str = "", targets: tuple[str, ...] = ()) -> Follow:
        command = OpenPage(
            title, wanted.urgency, policy, targets=targets, incident=incident.id, why=wanted.why, carries=carries, origin="incident"
        )
        return Follow("page", page_id(fact, policy), command)

    pages = [page(targets=wanted.targets)] if wanted.targets else []
    pages += [page(policy) for policy in wanted.policies]
    said = [Follow("incident", incident.id, NotePage("", NOBODY, " ".join(wanted.missing)))] if wanted.missing else []
    return [*pages, *said]
