"""What an override would change before anybody decides it: who takes which hours from whom. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

import msgspec
from msgspec.structs import replace

from tocsin.oncall.commands import AddOverride
from tocsin.oncall.layers import stretches
from tocsin.oncall.model import Override, Schedule
from tocsin.oncall.walltime import moment, seconds

_TRIED = "tried"


class Changed(msgspec.Struct, frozen=True):
    """A stretch [start, end) in which others would be on call."""

    start: datetime
    end: datetime
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def comes(self) -> tuple[str, ...]:
        """Who is on call then and would not be without it."""
        return tuple(one for one in self.after if one not in self.before)

    @property
    def goes(self) -> tuple[str, ...]:
        """Who is not on call then and would be without it."""
        return tuple(one for one in self.before if one not in self.after)


def effect(schedule: Schedule, command: AddOverride, person: str) -> list[Changed]:
    """Return what an override would change. person: who comes, where the command leaves it out."""
    comes = "" if command.how == "remove" else command.person or person
    made = Override(
        _TRIED, command.how, command.start, command.end, comes, command.instead_of if command.how in ("replace", "remove") else "", command.priority,
        command.role, number=schedule.version + 1,
    )  # fmt: skip
    tried = replace(schedule, overrides={**schedule.overrides, _TRIED: made})
    start, end = seconds(command.start), seconds(command.end)
    before = [(one.start, one.end, one.people) for one in stretches(schedule, start, end, command.role)]
    after = [(one.start, one.end, one.people) for one in stretches(tried, start, end, command.role)]
    cuts = sorted({start, end, *(one[0] for one in (*before, *after)), *(one[1] for one in (*before, *after))})
    found: list[Changed] = []
    for begin, stop in pairwise(cuts):
        was, becomes = _at(before, begin), _at(after, begin)
        if set(was) == set(becomes):
            continue
        if found and found[-1].end == moment(begin) and (found[-1].before, found[-1].after) == (was, becomes):
            found[-1] = replace(found[-1], end=moment(stop))
        else:
            found.append(Changed(moment(begin), moment(stop), was, becomes))
    return found


def _at(line: list[tuple[int, int, tuple[str, ...]]], at: int) -> tuple[str, ...]:
    return next((people for start, end, people in line if start <= at < end), ())


def sentence(changed: Changed, names: Mapping[str, str]) -> str:
    """Return a change as people say it, without its times: ``Bo takes it from Ana``."""
    comes, goes = (", ".join(names.get(one, one) for one in people) for people in (changed.comes, changed.goes))
    if comes and goes:
        return f"{comes} takes over from {goes}"
    if comes and changed.before:
        kept = ", ".join(names.get(one, one) for one in changed.before)
        return f"{comes} is on call together with {kept}"
    if comes:
        return f"{comes} is on call where nobody was"
    left = ", ".join(names.get(one, one) for one in changed.after)
    return f"{goes} is not on call; {left + ' is' if left else 'nobody is'}"
