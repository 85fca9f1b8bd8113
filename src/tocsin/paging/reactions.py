"""What other packages' facts mean to pages. Pure; wired in ``app.py``."""

from __future__ import annotations

from tocsin.alerts import group_events as g
from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact
from tocsin.oncall.model import Schedule
from tocsin.paging import commands as c


def _open(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.GroupPaged)
    opened = c.OpenPage(
        event.title, event.urgency, event.policy, event.service, event.targets, fact.stream.partition(":")[2], event.incident, event.why,
        event.carries, "alert",
    )  # fmt: skip
    return [Follow("page", event.page, opened)]


def _acknowledge(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.GroupAcknowledged)
    return [Follow("page", page, c.AcknowledgePage(event.person, fact.occurred_at)) for page in event.pages]


def _resolve(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.GroupResolved)
    ended = c.ResolvePage(event.why or "its alerts have ended", fact.occurred_at, by_system=True, by=event.by)
    return [Follow("page", page, ended) for page in event.pages]


def _mute(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.GroupMuted)
    return [Follow("page", page, c.ResolvePage(event.why, fact.occurred_at, by_system=True)) for page in event.pages]


def _raise(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.GroupRaised)
    return [Follow("page", page, c.RaisePage(event.urgency, event.carries, why=event.why)) for page in event.pages]


def _link(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.GroupLinked)
    return [Follow("page", page, c.RaisePage(incident=event.incident)) for page in event.pages]


def _incident_over(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.IncidentOver)
    ended = c.ResolvePage(f"{event.incident} is over", fact.occurred_at, by_system=True, by=event.by)
    return [Follow("page", page, ended) for page in event.pages]


def replan(fact: Fact, _person: object, pages: list[str]) -> list[Follow]:
    """Plan a person's open pages anew; ``kind.py`` looks them up."""
    person = fact.stream.partition(":")[2]
    return [Follow("page", page, c.Replan((person,))) for page in pages]


def others_on_call(fact: Fact, schedule: Schedule, pages: list[str]) -> list[Follow]:
    """Have pages that wait for somebody of a schedule call those who are on call now; ``kind.py`` looks them up."""
    return [Follow("page", page, c.Replan(schedule=schedule.id)) for page in pages]


REACTIONS: tuple[Reaction, ...] = (
    Reaction("group wants people: open a page", g.GroupPaged, _open),
    Reaction("group acknowledged: acknowledge its pages", g.GroupAcknowledged, _acknowledge),
    Reaction("group ended: end its pages", g.GroupResolved, _resolve),
    Reaction("group muted: end its pages", g.GroupMuted, _mute),
    Reaction("group is worse: tell its pages", g.GroupRaised, _raise),
    Reaction("group linked: tell its pages", g.GroupLinked, _link),
    Reaction("incident of a group is over: end the pages that were made under it", g.IncidentOver, _incident_over),
)
