"""What an incident's facts mean to the status page, and what a notice means to subscribers. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tocsin.comms.status import mailing, notice
from tocsin.comms.status.names import mailing_id
from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact, Reader
from tocsin.incidents import events
from tocsin.incidents.model import Incident
from tocsin.incidents.public_words import OVER

ServiceOf = Callable[[Reader, str], str]
"""The id of the service that has a name."""


def _told(fact: Fact, incident: Incident, service: str) -> list[Follow]:
    event = fact.event
    assert isinstance(event, events.UpdatePosted)
    if not event.public or incident.private:
        return []
    publish = notice.Publish(
        fact.version, fact.occurred_at, event.step, event.status, _moment(event.values.get("incident", {}).get("started_at")), event.headline,
        service, event.level, event.components, event.next_at, event.when_resolved, event.corrects,
    )  # fmt: skip
    return [Follow("notice", incident.id, publish)]


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None


def _moved(fact: Fact, incident: Incident) -> list[Follow]:
    event = fact.event
    assert isinstance(event, events.StageMoved)
    if event.stage_kind in OVER:
        return [Follow("notice", incident.id, notice.End(fact.occurred_at))]
    return [Follow("notice", incident.id, notice.Resume(fact.occurred_at))]


def _merged(fact: Fact, incident: Incident) -> list[Follow]:
    return [Follow("notice", incident.id, notice.End(fact.occurred_at))]


def _unmerged(fact: Fact, incident: Incident) -> list[Follow]:
    return [] if incident.stage_kind in OVER else [Follow("notice", incident.id, notice.Resume(fact.occurred_at))]


def _redacted(fact: Fact, incident: Incident) -> list[Follow]:
    event = fact.event
    assert isinstance(event, events.Redacted)
    return [Follow("notice", incident.id, notice.Withdraw(event.fact))]


def _private(fact: Fact, incident: Incident) -> list[Follow]:
    event = fact.event
    assert isinstance(event, events.PrivacyChanged)
    return [Follow("notice", incident.id, notice.HideNotice("the incident became private"))] if event.private else []


def _mail(fact: Fact, state: notice.Notice) -> list[Follow]:
    event = fact.event
    assert isinstance(event, notice.NoticePublished)
    begin = mailing.BeginMailing(state.id, event.fact, tuple(event.components))
    return [] if state.hidden else [Follow("mailing", mailing_id(state.id, event.fact), begin)]


def _recall(fact: Fact, state: notice.Notice) -> list[Follow]:
    event = fact.event
    facts = [event.fact] if isinstance(event, notice.NoticeWithdrawn) else [one.fact for one in state.told]
    return [Follow("mailing", mailing_id(state.id, number), mailing.StopMailing()) for number in facts[-3:]]


def reactions(service_of: ServiceOf) -> tuple[Reaction, ...]:
    """Return the reactions."""

    def service(_fact: Fact, incident: Incident, reader: Reader) -> str:
        now = incident.now_circumstances
        return (service_of(reader, now.service) or now.service) if now and now.service else ""

    return (
        Reaction("the public was told: the status page shows it", events.UpdatePosted, _told, service),
        Reaction("an incident that is over is over on the status page", events.StageMoved, _moved),
        Reaction("a merged incident is over on the status page", events.Merged, _merged),
        Reaction("a merge that was taken back goes on on the status page", events.Unmerged, _unmerged),
        Reaction("a redacted update leaves the status page", events.Redacted, _redacted),
        Reaction("a private incident leaves the status page", events.PrivacyChanged, _private),
        Reaction("an update on the status page goes to subscribers", notice.NoticePublished, _mail),
        Reaction("what left the status page is sent to nobody more", notice.NoticeWithdrawn, _recall),
        Reaction("what was taken off the status page is sent to nobody more", notice.NoticeHidden, _recall),
    )
