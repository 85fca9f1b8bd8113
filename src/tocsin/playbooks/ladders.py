"""Who is called when, level by level, and who is told how often: the escalation ladders and the cadence table of a playbook. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from tocsin.playbooks.durations import format_span
from tocsin.playbooks.finding import Subject
from tocsin.playbooks.load import Loaded
from tocsin.playbooks.process import Obligation
from tocsin.playbooks.response import Escalation
from tocsin.playbooks.scale import Severity

_AT_ONCE: Final = timedelta(0)
_WHEN: Final = {
    "unacknowledged": "nobody acknowledged", "not_triaged": "not triaged", "age": "still open", "no_progress": "no progress",
    "severity_raised": "when the level is raised", "overrun": "when it outlasts what is usual", "specialist": "when a specialist is needed",
}  # fmt: skip


class Rung(msgspec.Struct, frozen=True):
    """One step of a ladder: after this long, if this is so, these are called. ``mark`` is a target instead: nobody is called for it."""

    after: timedelta | None
    """None: not by the clock."""
    says: str
    to: tuple[str, ...]
    """Ids of roles and contacts; empty for a target."""
    mark: bool = False
    cites: str = ""

    @property
    def when(self) -> str:
        """The time in words: ``at once``, ``5m``; empty where no clock counts."""
        return "" if self.after is None else "at once" if self.after == _AT_ONCE else format_span(self.after)


class Ladder(msgspec.Struct, frozen=True):
    """The ladder of one or several levels that are called alike."""

    levels: tuple[Severity, ...]
    rungs: tuple[Rung, ...]


class Cadence(msgspec.Struct, frozen=True):
    """What one audience is owed: by level id the sentences, the first message before the later ones."""

    audience: str
    name: str
    cells: dict[str, tuple[str, ...]]


def ladders(loaded: Loaded) -> tuple[list[Ladder], tuple[Rung, ...]]:
    """Return the ladder of each level that calls anybody, worst first, and the rungs that no clock sets off and every level has.

    Neighbouring levels that are called alike share one ladder.
    """
    subject = Subject(loaded)
    by_level = [(level, tuple(_rungs(subject, level))) for level in loaded.playbook.severities]
    free = [{rung for rung in rungs if rung.after is None} for _, rungs in by_level]
    always = set.intersection(*free) if free else set()
    found: list[Ladder] = []
    for level, all_rungs in by_level:
        rungs = tuple(rung for rung in all_rungs if rung not in always)
        if not any(rung.to for rung in rungs):
            continue
        if found and found[-1].rungs == rungs:
            found[-1] = Ladder((*found[-1].levels, level), rungs)
        else:
            found.append(Ladder((level,), rungs))
    return found, tuple(rung for rung in by_level[0][1] if rung in always) if by_level else ()


def _rungs(subject: Subject, level: Severity) -> list[Rung]:
    rungs = [Rung(_AT_ONCE, "paged", level.page, cites=level.from_ or "")] if level.page else []
    response = level.response
    if response.acknowledge_within is not None:
        rungs.append(Rung(response.acknowledge_within, "acknowledged by now", (), mark=True))
    if response.respond_within is not None:
        rungs.append(Rung(response.respond_within, "somebody at work on it by now", (), mark=True))
    rungs += [_rung(rule) for rule in subject.playbook.escalations if subject.may_hold(level, rule.if_)]
    return sorted(rungs, key=lambda rung: (rung.after is None, rung.after or _AT_ONCE, not rung.mark))


def _rung(rule: Escalation) -> Rung:
    return Rung(rule.after if rule.after is not None else None, _WHEN[rule.when], rule.to, cites=rule.from_ or "")


def cadences(loaded: Loaded) -> list[Cadence]:
    """Return what each audience is owed at each level, in the order of the playbook; audiences that are owed nothing are left out."""
    subject = Subject(loaded)
    book = loaded.playbook
    names = {stone.id: stone.name.lower() for stone in book.milestones}
    found = []
    for audience in book.audiences:
        duties = [
            duty
            for duty in book.obligations
            if audience.id in (duty.done.update_to or ()) or (duty.audience == audience.id and duty.done.update_to)
        ]
        cells: dict[str, tuple[str, ...]] = {}
        for level in book.severities:
            said = tuple(dict.fromkeys(_owed(duty, names) for duty in _ordered(duties) if subject.may_hold(level, duty.if_)))
            if said:
                cells[level.id] = said
        if cells:
            found.append(Cadence(audience.id, audience.name, cells))
    return found


def _ordered(duties: list[Obligation]) -> list[Obligation]:
    return sorted(duties, key=lambda duty: (duty.every is not None, duty.at is not None))


def _owed(duty: Obligation, names: dict[str, str]) -> str:
    def stone(name: str) -> str:
        return names.get(name, name.replace("_", " "))

    if duty.every is not None:
        return f"every {duty.every}" + (f" until {stone(duty.until)}" if duty.until else "")
    if duty.at is not None:
        return f"when {', '.join(stone(name) for name in duty.at)}" + (f", within {duty.grace}" if duty.grace else "")
    return f"within {duty.within} of {stone(duty.after)}"
