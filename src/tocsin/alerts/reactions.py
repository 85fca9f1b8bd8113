"""What incidents, groups and records that keep alerts quiet mean to alerts. Pure; wired in ``app.py``."""

from __future__ import annotations

from typing import Any, Final

from tocsin.alerts import commands as c
from tocsin.alerts import group_events as g
from tocsin.alerts import maintenance_model as maintenance
from tocsin.alerts import silence_model as silence
from tocsin.alerts.inhibition import InhibitionsSaved
from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact
from tocsin.incidents.events import AlertLinked, AlertUnlinked

JOURNAL: Final = ""
"""The record that stands for the journal itself."""


def _link(fact: Fact, _incident: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, AlertLinked)
    return [Follow("alert", event.alert, c.LinkTo(fact.stream.partition(":")[2]))]


def _unlink(fact: Fact, _incident: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, AlertUnlinked)
    return [Follow("alert", event.alert, c.UnlinkFrom(fact.stream.partition(":")[2]))]


def _look(fact: Fact, _group: object) -> list[Follow]:
    return [Follow("alert", JOURNAL, c.LookAtGroup(fact.stream.partition(":")[2]))]


def _resolved(fact: Fact, _group: object) -> list[Follow]:
    event = fact.event
    assert isinstance(event, g.GroupResolved)
    if not event.by:
        return _look(fact, _group)
    return [Follow("alert", JOURNAL, c.EndGroup(fact.stream.partition(":")[2], event.by, fact.occurred_at))]


def _again(fact: Fact, _record: Any) -> list[Follow]:
    return [Follow("alert", JOURNAL, c.LookAgain(fact.stream))]


REACTIONS: Final[tuple[Reaction, ...]] = (
    Reaction("alert linked: tell the alert", AlertLinked, _link),
    Reaction("alert taken out of an incident: tell the alert", AlertUnlinked, _unlink),
    Reaction("group acknowledged: so are its alerts", g.GroupAcknowledged, _look),
    Reaction("acknowledgement of a group ran out: nobody is on its alerts", g.GroupLapsed, _look),
    Reaction("group calls anew: nobody is on its alerts", g.GroupPaged, _look),
    Reaction("group ended: end its alerts, where a person did it", g.GroupResolved, _resolved),
    Reaction("incident of a group is over: nobody is on its alerts", g.IncidentOver, _look),
    Reaction("group reopened: count its alerts", g.GroupReopened, _look),
    Reaction("group closed: no alert joins it any more", g.GroupClosed, _look),
    Reaction("silence saved: judge alerts again", silence.SilenceSaved, _again),
    Reaction("silence extended: judge alerts again", silence.SilenceExtended, _again),
    Reaction("silence expired: judge alerts again", silence.SilenceExpired, _again),
    Reaction("maintenance saved: judge alerts again", maintenance.MaintenanceSaved, _again),
    Reaction("maintenance ended: judge alerts again", maintenance.MaintenanceEnded, _again),
    Reaction("maintenance cancelled: judge alerts again", maintenance.MaintenanceCancelled, _again),
    Reaction("inhibitions saved: judge alerts again", InhibitionsSaved, _again),
)
