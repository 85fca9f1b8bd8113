"""What follows from a command on a heartbeat. Pure."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Fact, Happened
from tocsin.heartbeats import model as m
from tocsin.people.ids import checked_id
from tocsin.playbooks.durations import Duration


def span_of(text: str, field: str) -> timedelta:
    """Return a duration.

    Raises:
        Refused: the text is none.

    """
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise Refused(f"{field}: {error}.", fix="Write it like 5m.", field=field) from error


def decide(heartbeat: m.Heartbeat, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command.

    Raises:
        Refused: the intervals cannot be used.
        NotFound: there is no such heartbeat.

    """
    result = {"heartbeat": heartbeat.id}
    secret = "".join(ctx.fresh).lower()
    if isinstance(command, m.SaveHeartbeat):
        checked_id(heartbeat.id, "heartbeat")
        if not span_of(command.every, "every"):
            raise Refused("every is no time at all.", fix="Write how often it reports, like 5m.", field="every")
        span_of(command.grace, "grace")
        if command == heartbeat.saved:
            return Decision(result={**result, "changed": False})
        return Decision((Happened(m.HeartbeatSaved(command, heartbeat.secret or secret)),), result={**result, "changed": True})
    if heartbeat.saved is None:
        raise NotFound(f"There is no heartbeat {heartbeat.id}.", fix="Check the id; `tocsin heartbeat list` shows them.")
    match command:
        case m.NewAddress():
            return Decision((Happened(m.HeartbeatSaved(heartbeat.saved, secret)),), result={**result, "changed": True})
        case m.Miss() if heartbeat.state == "well":
            return Decision((Happened(m.HeartbeatMissed(command.last_at), command.due_at),), result=result)
        case m.Fail() if heartbeat.state != "failed":
            return Decision((Happened(m.HeartbeatFailed(command.note)),), result=result)
        case m.Recover() if heartbeat.state != "well":
            return Decision((Happened(m.HeartbeatBack()),), result=result)
        case _:
            return Decision(result=result)


def evolve(heartbeat: m.Heartbeat, fact: Fact) -> m.Heartbeat:
    """Return the heartbeat after the fact."""
    event = fact.event
    heartbeat = replace(heartbeat, version=fact.version)
    match event:
        case m.HeartbeatSaved():
            return replace(heartbeat, saved=event.heartbeat, secret=event.secret)
        case m.HeartbeatMissed():
            return replace(heartbeat, state="missed", since=fact.occurred_at, last_at=event.last_at)
        case m.HeartbeatFailed():
            return replace(heartbeat, state="failed", since=fact.occurred_at)
        case m.HeartbeatBack():
            return replace(heartbeat, state="well", since=None)
        case _:
            return heartbeat
