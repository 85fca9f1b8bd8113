"""What follows from a command on a silence. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from tocsin.alerts import silence_model as m
from tocsin.alerts.matchers import Matcher, Subject, holds
from tocsin.alerts.routing import matchers_of
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened
from tocsin.people.ids import checked_id

LONGEST: Final = timedelta(days=366)
_NOBODY: Final = Subject({}, how="")


def decide_silence(silence: m.Silence, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on a silence.

    Raises:
        Refused: it would mute everything or nothing, or its times cannot be.
        NotFound: there is no such silence.

    """
    if isinstance(command, m.SaveSilence):
        return _save(silence, command, ctx)
    if not silence.version:
        raise NotFound(f"There is no silence {silence.id}.", fix="Check the id; `tocsin silence list` shows them.")
    match command:
        case m.ExtendSilence():
            assert silence.since is not None
            if silence.state(ctx.now) == "expired":
                raise Refused(f"The silence {silence.id} is over.", fix="Make a new one.", field="until")
            _check_times(silence.since, command.until, ctx)
            changed = command.until != silence.until
            return _decided(silence, m.SilenceExtended(command.until, command.why) if changed else None)
        case m.ExpireSilence():
            return _decided(silence, m.SilenceExpired(command.why) if silence.state(ctx.now) != "expired" else None)
        case _:
            raise Refused(f"A silence does not know {type(command).__name__}.")


def _save(silence: m.Silence, command: m.SaveSilence, ctx: Context) -> Decision:
    checked_id(silence.id, "silence")
    matchers = matchers_of(command.match, "match")
    check_not_all(matchers, others=bool(command.service or command.group), field="match")
    going_on = silence.state(ctx.now) == "active" and silence.since is not None
    # What is on already keeps its beginning; a beginning in the past is now: nobody was silenced then.
    since = silence.since if going_on and silence.since is not None else max(command.since or ctx.now, ctx.now)
    _check_times(since, command.until, ctx)
    who = command.by or ctx.actor.id
    event = m.SilenceSaved(matchers, since, command.until, command.why, who, str(ctx.found or command.service), command.group)
    same = (silence.matchers, silence.until, silence.why, silence.by, silence.service, silence.group) == (
        event.matchers, event.until, event.why, event.by, event.service, event.group,
    ) and silence.since == since  # fmt: skip
    return _decided(silence, None if same else event)


def _check_times(since: Any, until: Any, ctx: Context) -> None:
    if until <= ctx.now or until <= since:
        raise Refused("A silence ends after it begins, and after now.", fix="Give a later `until`.", field="until")
    if until - since > LONGEST:
        raise Refused(
            "A silence lasts a year at most.",
            fix="Take the rule away in the monitoring tool, or record it only (a route with urgency none).",
            field="until",
        )


def check_not_all(matchers: tuple[Matcher, ...], *, others: bool, field: str) -> None:
    """Make sure that something is asked of an alert.

    Raises:
        Refused: an alert that has nothing at all would fit.

    """
    if not others and not any(not _fits_empty(one) for one in matchers):
        raise Refused(
            "This fits every alert: no matcher asks for a value.", fix='Name one, such as service="payments"; name=~".+" means that it has one.', field=field,
        )  # fmt: skip


def _fits_empty(matcher: Matcher) -> bool:
    return holds(matcher, _NOBODY)


def _decided(silence: m.Silence, event: Event | None) -> Decision:
    return Decision((Happened(event),) if event is not None else (), result={"silence": silence.id, "changed": event is not None})


def evolve_silence(silence: m.Silence, fact: Fact) -> m.Silence:
    """Return the silence after the fact."""
    silence = replace(silence, version=fact.version, updated_at=fact.recorded_at, created_at=silence.created_at or fact.recorded_at)
    match fact.event:
        case m.SilenceSaved() as saved:
            return replace(
                silence, matchers=saved.matchers, since=saved.since, until=saved.until, why=saved.why, by=saved.by, service=saved.service, group=saved.group,
            )  # fmt: skip
        case m.SilenceExtended() as extended:
            return replace(silence, until=extended.until)
        case m.SilenceExpired():
            # One that had not begun never will.
            return replace(silence, until=fact.occurred_at, since=min(silence.since or fact.occurred_at, fact.occurred_at))
        case _:
            return silence
