"""What follows from a command on a plan of maintenance. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from tocsin.alerts import maintenance_model as m
from tocsin.alerts.maintenance import state_of, window_at, windows, zone_of
from tocsin.alerts.routing import matchers_of
from tocsin.alerts.silences import check_not_all
from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened
from tocsin.people.ids import checked_id

LONGEST: Final = timedelta(days=31)
"""Of one window."""
_ENDED_KEPT: Final = 50


def decide_maintenance(plan: m.Maintenance, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on a plan.

    Raises:
        Refused: its times cannot be, or it would be about every alert.
        NotFound: there is no such plan.
        Conflict: no window is on that could be ended.

    """
    if isinstance(command, m.SaveMaintenance):
        return _save(plan, command, ctx)
    if not plan.version:
        raise NotFound(f"There is no maintenance {plan.id}.", fix="Check the id; `tocsin maintenance list` shows them.")
    match command:
        case m.EndMaintenance():
            window = window_at(plan, ctx.now)
            if window is None:
                raise Conflict(f"No window of {plan.id} is on.", fix="Cancel it, if none is to come any more.")
            return _decided(plan, m.MaintenanceEnded(window.since, command.why), ctx)
        case m.CancelMaintenance():
            return _decided(plan, None if plan.cancelled_at is not None else m.MaintenanceCancelled(command.why), ctx)
        case _:
            raise Refused(f"A maintenance does not know {type(command).__name__}.")


def _save(plan: m.Maintenance, command: m.SaveMaintenance, ctx: Context) -> Decision:
    checked_id(plan.id, "maintenance")
    if plan.cancelled_at is not None:
        raise Conflict(f"{plan.id} was taken back.", fix="Plan another one.")
    zone_of(command.zone)
    matchers = matchers_of(command.match, "match")
    check_not_all(matchers, others=bool(command.services), field="services")
    if command.until <= command.since:
        raise Refused("A window ends after it begins.", fix="Give a later `until`.", field="until")
    if command.until - command.since > LONGEST:
        raise Refused("A window lasts a month at most.", fix="Plan several, or one that comes again.", field="until")
    if command.repeats is not None and command.repeats.days and command.repeats.every != "week":
        raise Refused("Days are for what comes again by the week.", fix="Leave `days` out, or write every: week.", field="repeats.days")
    services: tuple[str, ...] = ctx.found if isinstance(ctx.found, tuple) else command.services
    event = m.MaintenanceSaved(
        command.title, command.since, command.until, services, matchers, command.repeats, command.zone, command.public_title, command.public_text,
        command.why, ctx.actor.id,
    )  # fmt: skip
    planned = evolve_maintenance(plan, Fact("", plan.version + 1, event, ctx.now, ctx.now, ctx.actor))
    if state_of(planned, ctx.now) == "over":
        raise Refused("Every window of this would be over already.", fix="Give times that are to come.", field="until")
    first = list(_overlap(planned))
    if first:
        raise Refused(
            "A window would begin while the one before it is still on.", fix="Make it shorter, or let it come less often.", field="until"
        )
    same = replace(planned, version=plan.version, by=plan.by) == plan
    return _decided(plan, None if same else event, ctx)


def _overlap(plan: m.Maintenance) -> Any:
    """Yield the first window that begins before the one before it has ended, of the next few."""
    assert plan.since is not None
    before = None
    for number, window in enumerate(windows(plan, plan.since, None)):
        if before is not None and window.since < before.until:
            yield window
            return
        before = window
        if number > _ENDED_KEPT:
            return


def _decided(plan: m.Maintenance, event: Event | None, ctx: Context) -> Decision:
    after = plan if event is None else evolve_maintenance(plan, Fact("", plan.version + 1, event, ctx.now, ctx.now, ctx.actor))
    result = {"maintenance": plan.id, "state": state_of(after, ctx.now), "changed": event is not None}
    return Decision((Happened(event),) if event is not None else (), result=result)


def evolve_maintenance(plan: m.Maintenance, fact: Fact) -> m.Maintenance:
    """Return the plan after the fact."""
    plan = replace(plan, version=fact.version)
    match fact.event:
        case m.MaintenanceSaved() as saved:
            return m.Maintenance(
                plan.id, plan.version, saved.title, saved.since, saved.until, saved.services, saved.matchers, saved.repeats, saved.zone,
                saved.public_title, saved.public_text, saved.why, saved.by, plan.ended,
            )  # fmt: skip
        case m.MaintenanceEnded(began=began):
            return replace(plan, ended=(*plan.ended, (began, fact.occurred_at))[-_ENDED_KEPT:])
        case m.MaintenanceCancelled():
            return replace(plan, cancelled_at=fact.occurred_at)
        case _:
            return plan
