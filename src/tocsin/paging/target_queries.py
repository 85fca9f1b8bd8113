"""Whom a step of a policy can name, by name: what forms offer, what else a policy has, and what names mean that somebody types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tocsin.engine.model import Reader
from tocsin.oncall.layers import roles_of
from tocsin.oncall.model import Schedule
from tocsin.oncall.queries import all_schedules, list_schedules
from tocsin.oncall.rota_forms import known_names
from tocsin.paging.ladder_queries import target_of
from tocsin.paging.queries import NEXT
from tocsin.people.model import Person
from tocsin.people.queries import list_people, list_teams

Options = list[tuple[str, str]]
"""Targets, each with what people read."""


def offered(reader: Reader) -> list[tuple[str, Options]]:
    """Return whom forms offer, in groups that have a name: schedules by their lines, people, teams; each by name."""
    schedules = [one for schedule in all_schedules(reader) for one in _lines(schedule)]
    people = [(f"person:{row['id']}", str(row["name"])) for row in list_people(reader)]
    teams = [(f"team:{row['id']}", str(row["name"])) for row in list_teams(reader)]
    found = [
        ("Schedules", [one for target, said in _told_apart(schedules) for one in ((target, f"{said} (on call)"), (target + NEXT, f"{said} (next on call)"))]),
        ("People", _told_apart(people)),
        ("Teams", [(target, f"{said} (everybody in it)") for target, said in _told_apart(teams)]),
    ]  # fmt: skip
    return [(group, options) for group, options in found if options]


def _lines(schedule: Schedule) -> Options:
    name = schedule.rota.name or schedule.id
    return [(f"schedule:{schedule.id}" + (f"#{role}" if role else ""), f"{name}, {role}" if role else name) for role in roles_of(schedule)]


def _told_apart(options: Options) -> Options:
    """Return options by name; where several read alike, each with its id."""
    often = Counter(said for _, said in options)
    found = [(target, f"{said}, {target.partition(':')[2]}" if often[said] > 1 else said) for target, said in options]
    return sorted(found, key=lambda one: (one[1].casefold(), one[0]))


def others(reader: Reader, targets: Iterable[str], groups: Sequence[tuple[str, Options]]) -> dict[str, str]:
    """Return what people read for targets that no form offers: those who have left, what is not written down, bare names."""
    known = {target for _, options in groups for target, _ in options}
    return {target: _said(reader, target_of(reader, target)) for target in targets if target not in known}


def _said(reader: Reader, target: dict[str, Any]) -> str:
    if not target["kind"]:
        return f"{target['says']} (a name, and nobody here)"
    if not target["href"]:
        return f"{target['says']} (not written down)"
    person: Person | None = reader.state(f"person:{target['id']}") if target["kind"] == "person" else None
    active = person is None or person.saved is None or person.saved.active
    return str(target["says"]) if active else f"{target['says']} (no longer here)"


def by_name(reader: Reader) -> dict[str, str]:
    """Return names in small letters, and the target that each means: a schedule before a person before a team of the same name."""
    found: dict[str, str] = {}
    for kind, rows in (("team", list_teams(reader)), ("person", list_people(reader)), ("schedule", list_schedules(reader))):
        found |= {name: f"{kind}:{one}" for name, one in known_names({row["id"]: row["name"] for row in rows}).items()}
    return found
