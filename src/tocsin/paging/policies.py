"""Escalation policies as records: what may be written down, and what is refused. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Fact, Happened
from tocsin.paging import commands as c
from tocsin.paging import events as e
from tocsin.paging.hours import check as check_hours
from tocsin.paging.hours import zone_of
from tocsin.paging.model import Policy, PolicyRecord, Step, Waiver
from tocsin.paging.steps import SHORTEST_WAIT
from tocsin.people.ids import checked_id
from tocsin.playbooks.durations import Duration, format_span

_MOST_STEPS: Final = 50
_MOST_TARGETS: Final = 50
_MOST_REPEATS: Final = 1000
_MOST_NAMED: Final = 5


class Unreachable(Refused):
    """A policy has a step that reaches nobody, and nobody has accepted it."""

    code = "unreachable_step"


class Hole(msgspec.Struct, frozen=True):
    """When a step reaches nobody."""

    step: int
    since: datetime
    until: datetime
    why: str
    always: bool = False
    """It does at no time of those that were looked at."""

    def __str__(self) -> str:
        when = "at any time" if self.always else spelled(self.since, self.until)
        return f"step {self.step + 1} reaches nobody {when}: {self.why}"


class Looked(msgspec.Struct, frozen=True):
    """What was looked up before a policy is written down."""

    holes: tuple[Hole, ...] = ()
    warnings: tuple[str, ...] = ()


def spelled(since: datetime, until: datetime) -> str:
    """Return a span as ``Tue 2026-01-06 03:00–04:00 UTC``."""
    if since.date() == until.date() or (until.hour == until.minute == 0 and (until - since).days < 1):
        return f"{since:%a %Y-%m-%d %H:%M}–{until:%H:%M} UTC"
    return f"{since:%a %Y-%m-%d %H:%M} – {until:%a %Y-%m-%d %H:%M} UTC"


def evolve(record: PolicyRecord, fact: Fact) -> PolicyRecord:
    """Return the record after one more fact."""
    match fact.event:
        case e.PolicySaved(policy=policy):
            return PolicyRecord(record.id, fact.version, msgspec.structs.replace(policy, version=fact.version))
        case e.PolicyRetired():
            return msgspec.structs.replace(record, version=fact.version, retired=True)
        case _:
            return record


def decide(record: PolicyRecord, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on a policy.

    Raises:
        Refused: something in it cannot be used; the refusal names the field.
        Unreachable: a step reaches nobody at some hour, and nobody has accepted that.

    """
    match command:
        case c.SavePolicy():
            return _save(record, command, ctx)
        case c.RetirePolicy():
            if record.saved is None:
                raise NotFound(f"There is no escalation policy {record.id}.", fix="`tocsin policy list` shows them.")
            facts = () if record.retired else (Happened(e.PolicyRetired(command.why)),)
            return Decision(facts, result={"policy": record.id, "changed": bool(facts)})
        case _:
            raise Refused(f"An escalation policy does not know {type(command).__name__}.")


def _save(record: PolicyRecord, command: c.SavePolicy, ctx: Context) -> Decision:
    policy = checked(record.id, command)
    looked: Looked = ctx.found if isinstance(ctx.found, Looked) else Looked()
    result: dict[str, Any] = {"policy": record.id, "warnings": list(looked.warnings), "holes": [str(hole) for hole in looked.holes]}
    if looked.holes:
        if not command.waive.strip():
            first = looked.holes[0]
            more = f" (and {len(looked.holes) - 1} more)" if len(looked.holes) > 1 else ""
            raise Unreachable(
                f"S{str(first)[1:]}{more}.",
                fix="Give that hour to somebody with a way to be reached; or accept it by name, with a reason: `waive`.",
                field=f"steps[{first.step}].to",
            )
        if ctx.actor.kind != "person":
            raise Refused("A hole is accepted by a named person.", fix="Send it as a person (--as NAME).", field="waive")
        holes = tuple(str(hole) for hole in looked.holes[:_MOST_NAMED])
        policy = msgspec.structs.replace(policy, waiver=Waiver(ctx.actor.id, command.waive.strip(), holes))
    before = record.saved
    if before is not None and not record.retired and msgspec.structs.replace(before, version=0) == policy:
        return Decision(result={**result, "version": record.version, "changed": False})
    return Decision((Happened(e.PolicySaved(policy)),), result={**result, "version": record.version + 1, "changed": True})


def checked(policy_id: str, command: c.SavePolicy) -> Policy:
    """Return the policy that a command describes.

    Raises:
        Refused: something in it cannot be used; the refusal names the field.

    """
    checked_id(policy_id, "policy")
    if not command.steps:
        raise Refused(
            "An escalation policy needs a step.", fix="Say whom the first step calls: steps: [{to: [schedule:payments]}].", field="steps"
        )
    if len(command.steps) > _MOST_STEPS:
        raise Refused(f"A policy has at most {_MOST_STEPS} steps.", fix="Use `repeat`.", field="steps")
    for index, step in enumerate(command.steps):
        _check_step(step, f"steps[{index}]")
    if all(step.at_age for step in command.steps):
        raise Refused("Every step runs by age; somebody must be called first.", fix="Leave `at_age` out of one.", field="steps")
    if isinstance(command.repeat, int) and not 0 <= command.repeat <= _MOST_REPEATS:
        raise Refused(f"repeat {command.repeat} cannot be used.", fix=f"Write a number up to {_MOST_REPEATS}, or forever.", field="repeat")
    _check_targets(command.last_resort, "last_resort", empty=True)
    if command.lease:
        _span(command.lease, "lease")
    zone_of(command.zone)
    return Policy(
        policy_id, command.name or policy_id, command.steps, command.repeat, command.last_resort, command.lease, command.zone, command.about,
        cites=command.cites, note=command.note, team=command.team,
    )  # fmt: skip


def _check_step(step: Step, field: str) -> None:
    _check_targets(step.to, f"{field}.to", empty=False)
    if _span(step.wait, f"{field}.wait") < SHORTEST_WAIT:
        raise Refused(
            f"{field}.wait is {step.wait}, and nobody answers so soon.", fix=f"Write {format_span(SHORTEST_WAIT)} or more.", field=f"{field}.wait",
        )  # fmt: skip
    if step.at_age:
        _span(step.at_age, f"{field}.at_age")
    if isinstance(step.acknowledgements, int) and not 1 <= step.acknowledgements <= _MOST_TARGETS:
        raise Refused(
            f"{field}.acknowledgements is {step.acknowledgements}.", fix="Write 1 or more, or everyone.", field=f"{field}.acknowledgements"
        )
    if step.only is not None:
        check_hours(step.only, f"{field}.only")
        if step.at_age:
            raise Refused(f"{field} has hours and an age.", fix="Leave one of `only` and `at_age` out.", field=f"{field}.only")


def _check_targets(targets: Sequence[str], field: str, *, empty: bool) -> None:
    if not targets and not empty:
        raise Refused(f"{field} names nobody.", fix="Write schedule:ID, person:ID or team:ID.", field=field)
    if len(targets) > _MOST_TARGETS:
        raise Refused(f"{field} names more than {_MOST_TARGETS}.", fix="Make a team of them.", field=field)
    for index, target in enumerate(targets):
        kind, _, name = target.partition(":")
        if not target.strip() or (name == "" and ":" in target):
            raise Refused(f"{field}[{index}] is empty.", fix="Write schedule:ID, person:ID or team:ID.", field=f"{field}[{index}]")
        if name and kind not in ("person", "schedule", "team"):
            raise Refused(
                f"{field}[{index}] {target!r} names no kind of target.",
                fix="Kinds are person, schedule and team.",
                field=f"{field}[{index}]",
            )


def _span(text: str, field: str) -> timedelta:
    try:
        return Duration.parse(text)
    except ValueError as error:
        raise Refused(f"{field}: {error}.", fix="Write it like 5m.", field=field) from error


def fields(policy: Policy) -> Mapping[str, Any]:
    """Return a policy as its file has it."""
    built: dict[str, Any] = msgspec.to_builtins(policy)
    for name in ("version", "waiver"):
        built.pop(name, None)
    return built
