"""What alerts mean to incidents, and incidents to alerts. Pure; wired in ``app.py``."""

from __future__ import annotations

from tocsin.alerts import commands as c
from tocsin.alerts import events as e
from tocsin.alerts.model import Alert
from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact
from tocsin.incidents import commands as incident
from tocsin.incidents.events import AlertLinked


def _tell_alerts(fact: Fact, _receipt: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, e.Received)
    receipt = fact.stream.partition(":")[2]
    return [
        Follow("alert", outcome.alert, c.Receive(event.source, outcome.signal, receipt))
        for outcome in event.outcomes
        if outcome.signal is not None
    ]


def _tell_incidents(fact: Fact, alert: Alert) -> list[Follow]:
    state = "resolved" if isinstance(fact.event, e.Ended) else "firing"
    noted = incident.NoteAlert(alert.id, alert.title, state, fact.occurred_at)
    return [Follow("incident", name, noted) for name in alert.incidents]


def _acknowledge_incidents(fact: Fact, alert: Alert) -> list[Follow]:
    event = fact.event
    assert isinstance(event, e.AlertAcknowledged)
    return [Follow("incident", name, incident.Acknowledge(event.person, fact.occurred_at)) for name in alert.incidents]


def _link(fact: Fact, _incident: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, AlertLinked)
    return [Follow("alert", event.alert, c.LinkTo(fact.stream.partition(":")[2]))]


REACTIONS: tuple[Reaction, ...] = (
    Reaction("request received: tell its alerts", e.Received, _tell_alerts),
    Reaction("alert ended: note it on its incidents", e.Ended, _tell_incidents),
    Reaction("alert fires again: note it on its incidents", e.FiredAgain, _tell_incidents),
    Reaction("alert acknowledged: acknowledge its incidents", e.AlertAcknowledged, _acknowledge_incidents),
    Reaction("alert linked: tell the alert", AlertLinked, _link),
)
