"""What pages and incidents mean to groups of alerts, and groups to incidents. Pure; wired in ``app.py``.

(What groups mean to pages stands in ``paging/reactions.py``.)
"""

from __future__ import annotations

from typing import Any, Final

from tocsin.alerts import group_commands as c
from tocsin.alerts import group_events as e
from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact
from tocsin.incidents.commands import Declare
from tocsin.paging import events as page


def _id(fact: Fact) -> str:
    return fact.stream.partition(":")[2]


def _acknowledged(fact: Fact, paged: Any) -> list[Follow]:
    event = fact.event
    assert isinstance(event, page.PageAcknowledged)
    # Where several people have to acknowledge, others are called on: nobody may take it as settled.
    if not paged.group or event.awaited:
        return []
    return [Follow("group", paged.group, c.NotePage(_id(fact), "acknowledged", event.person, fact.occurred_at))]


def _lapsed(fact: Fact, paged: Any) -> list[Follow]:
    event = fact.event
    assert isinstance(event, page.LeaseRanOut)
    return [Follow("group", paged.group, c.NotePage(_id(fact), "lapsed", event.person))] if paged.group else []


def _exhausted(fact: Fact, paged: Any) -> list[Follow]:
    event = fact.event
    assert isinstance(event, page.PageExhausted)
    return [Follow("group", paged.group, c.NotePage(_id(fact), "unanswered"))] if paged.group and not event.goes_on else []


def _ended(fact: Fact, paged: Any) -> list[Follow]:
    event = fact.event
    assert isinstance(event, page.PageResolved)
    if not paged.group:
        return []
    # A page that ended with its incident is the group's no more: then this changes nothing, whoever ended the incident.
    return [Follow("group", paged.group, c.NotePage(_id(fact), "ended", event.person, fact.occurred_at, event.why))]


def _declare(fact: Fact, _group: Any) -> list[Follow]:
    event = fact.event
    assert isinstance(event, e.GroupDeclares)
    declared = Declare(
        event.title, playbook=event.playbook or None, severity=event.severity or None, service=event.service,
        alerts=(event.alert,) if event.alert else (), because=(f"The route of {_id(fact)} asks for an incident.",),
    )  # fmt: skip
    return [Follow("incident", event.incident, declared), Follow("group", _id(fact), c.LinkGroup(event.incident))]


REACTIONS: Final[tuple[Reaction, ...]] = (
    Reaction("page acknowledged: acknowledge its group", page.PageAcknowledged, _acknowledged),
    Reaction("acknowledgement of a page ran out: so did its group's", page.LeaseRanOut, _lapsed),
    Reaction("everybody was tried for a page: tell its group", page.PageExhausted, _exhausted),
    Reaction("page ended: end its group, or tell it", page.PageResolved, _ended),
    Reaction("group asks for an incident: declare it", e.GroupDeclares, _declare),
)
