"""What heartbeats mean to the journal of reports and to alerts. Pure; wired in ``app.py``."""

from __future__ import annotations

from datetime import timedelta

from tocsin.alerts.commands import Tell
from tocsin.alerts.model import Signal, Status
from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact
from tocsin.heartbeats import model as m
from tocsin.heartbeats.decide import span_of
from tocsin.heartbeats.rearm import Rearm

SOURCE = "heartbeat"


def _rearm(fact: Fact, heartbeat: m.Heartbeat) -> list[Follow]:
    event = fact.event
    assert isinstance(event, m.HeartbeatSaved)
    saved = event.heartbeat
    every, grace = (span_of(text, "") // timedelta(microseconds=1) for text in (saved.every, saved.grace))
    return [Follow("beat", heartbeat.id, Rearm(every, grace, event.secret))]


def _alert(fact: Fact, heartbeat: m.Heartbeat) -> list[Follow]:
    saved = heartbeat.saved
    if saved is None or saved.muted:
        return []
    status: Status = "resolved" if isinstance(fact.event, m.HeartbeatBack) else "firing"
    failed = isinstance(fact.event, m.HeartbeatFailed)
    said = fact.event.note if isinstance(fact.event, m.HeartbeatFailed) else ""
    signal = Signal(
        fingerprint=heartbeat.id,
        status=status,
        title=f"{saved.name} reports a failure" if failed else f"No heartbeat from {saved.name}",
        labels={"alertname": "heartbeat", "heartbeat": heartbeat.id, **({"service": saved.service} if saved.service else {})},
        value=f"last heard of {heartbeat.last_at:%Y-%m-%d %H:%M:%S} UTC" if heartbeat.last_at and not failed else "",
        threshold=f"every {saved.every}" + (f", {saved.grace} late at most" if span_of(saved.grace, "") else ""),
        severity=saved.severity,
        service=saved.service,
        starts_at=fact.occurred_at,
        ends_at=fact.occurred_at if status == "resolved" else None,
        how="heartbeat",
        summary=said or saved.about,
    )
    return [Follow("alert", "", Tell(SOURCE, (signal,)))]


REACTIONS: tuple[Reaction, ...] = (
    Reaction("heartbeat written down: expect its reports", m.HeartbeatSaved, _rearm),
    Reaction("heartbeat missed: raise an alert", m.HeartbeatMissed, _alert),
    Reaction("heartbeat failed: raise an alert", m.HeartbeatFailed, _alert),
    Reaction("heartbeat back: end its alert", m.HeartbeatBack, _alert),
)
