"""Read paging: whom a target means, pages by person, incident, group or state, and policies."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from tocsin.engine import tables as engine_tables
from tocsin.engine.model import Reader, Viewer, moment
from tocsin.incidents.belonging_queries import pages_shown
from tocsin.oncall import layers
from tocsin.oncall.model import Schedule
from tocsin.oncall.queries import schedule_named
from tocsin.paging import tables
from tocsin.paging.calling import Resolved, Someone, bare, someone
from tocsin.paging.meaning_queries import meaning
from tocsin.paging.model import Policy, PolicyRecord, Step
from tocsin.paging.page import Missing, Page
from tocsin.paging.reach import Known
from tocsin.paging.standing import key_of
from tocsin.paging.watch_model import STREAM_ID, Pager
from tocsin.people.model import Person, Team
from tocsin.people.queries import members_of
from tocsin.services.model import Service

DEFAULT_LIMIT: Final = 50
MOST: Final = 500

DEFAULT_POLICY: Final = "default"
"""The policy of pages that name none, once somebody has written it."""
STATES: Final = ("open", "acknowledged", "snoozed", "resolved")
ON_CALL: Final = "on-call"
"""Where a page goes that names nobody at all."""

NEXT: Final = "#next"
"""At the end of a schedule's target: whoever is on call after the next hand-off."""

_LOOK_AHEAD: Final = (2, 16, 100)
"""Days in which the next hand-off is looked for, one after the other."""


# -- whom a target means --------------------------------------------------------------------------


def resolve(reader: Reader, targets: Iterable[str], at: datetime) -> Resolved:
    """Return whom targets mean at a moment, each person once, and what reaches nobody."""
    found: dict[str, Someone] = {}
    missing: list[Missing] = []
    for target in targets:
        people, problem = _target(reader, target.strip(), at)
        if problem:
            missing.append(Missing(target, problem))
        for one in people:
            found.setdefault(one.person, one)
    return Resolved(tuple(found.values()), tuple(missing))


def last_resort(reader: Reader) -> tuple[str, ...]:
    """Return the last resort of the installation, for policies that have none of their own."""
    pager: Pager | None = reader.state(f"pager:{STREAM_ID}")
    return pager.settings.last_resort if pager is not None else ()


def resolve_step(reader: Reader, policy: Policy, index: int, at: datetime) -> Resolved:
    """Return whom a step of a policy means at a moment, and whose turn it is where one is called after the other."""
    step: Step = policy.steps[index]
    resolved = resolve(reader, step.to, at)
    if step.pick != "in_turn":
        return resolved
    row = reader.row(tables.turns.name, (policy.id, index)) if policy.version else None
    return Resolved(resolved.people, resolved.missing, int(row["turn"]) if row else 0)


def _target(reader: Reader, target: str, at: datetime) -> tuple[list[Someone], str]:
    kind, _, name = target.partition(":")
    match kind if name else "":
        case "person":
            person: Person | None = reader.state(f"person:{name}")
            if person is None:
                return [], "there is no such person"
            return [someone(person, "named")], ""
        case "schedule":
            return _schedule(reader, name, at)
        case "team":
            team: Team | None = reader.state(f"team:{name}")
            if team is None:
                return [], "there is no such team"
            members = members_of(reader, team)
            if not members:
                return [], "nobody is in this team"
            return [_person(reader, member, f"in the team {name}") for member in members], ""
        case _:
            return _bare(reader, target, at)


def _bare(reader: Reader, name: str, at: datetime) -> tuple[list[Someone], str]:
    """Look a bare word up as a person, a schedule, a team; else it is only a name. A policy is no target of a step."""
    found = meaning(reader, name)
    return ([bare(name)], "") if found.kind in ("", "policy") else _target(reader, found.target, at)


def _schedule(reader: Reader, name: str, at: datetime) -> tuple[list[Someone], str]:
    following = name.endswith(NEXT)
    known = schedule_named(reader, name.removesuffix(NEXT))
    if known is None:
        return [], "there is no such schedule"
    schedule, role = known
    place = f"the schedule {name.removesuffix(NEXT)}"
    duties = next_duties(schedule, at, role) if following else layers.duties_at(schedule, at, role)
    if not duties:
        return [], "nobody is next on call" if following else "nobody is on call"
    how = "next on call" if following else "on call"
    return [_person(reader, duty.person, f"{how} in {place}{_by(duty.because)}") for duty in duties], ""


def _by(because: str) -> str:
    """Return what puts somebody on call, as people say it: by its layer nothing more, by an override or an exchange its number."""
    kind, _, name = because.partition(":")
    match kind:
        case "layer":
            return f", layer {name}"
        case "absence":
            return f", in place of {name}, who is away"
        case _:
            return f", by the {kind} {name}" if name else ""


def next_duties(schedule: Schedule, at: datetime, role: str) -> tuple[layers.Duty, ...]:
    """Return who is on call after the next hand-off to other people; nobody is an empty tuple."""
    start = int(at.timestamp())
    for days in _LOOK_AHEAD:
        found = layers.stretches(schedule, start, start + days * 86_400, role)
        now = found[0].people if found else ()
        other = next((one for one in found if one.people and one.people != now), None)
        if other is not None:
            return other.duties
    return ()


def _person(reader: Reader, name: str, because: str) -> Someone:
    person: Person | None = reader.state(f"person:{name}")
    return someone(person, because) if person is not None else bare(name)


def persons(reader: Reader, ids: Iterable[str]) -> dict[str, Someone]:
    """Return people as a plan needs them."""
    return {name: someone(person, "") for name in ids if (person := reader.state(f"person:{name}")) is not None}


# -- policies -------------------------------------------------------------------------------------


def policy_of(reader: Reader, policy_id: str) -> Policy | None:
    """Return a policy that new pages may use; None where there is none of this id."""
    record: PolicyRecord | None = reader.state(f"policy:{policy_id}") if policy_id else None
    return record.saved if record is not None and not record.retired else None


def list_policies(reader: Reader, *, everything: bool = False) -> list[dict[str, Any]]:
    """Return policies by id. everything: also those that no new page uses."""
    table = tables.policies
    query = select(table).order_by(table.c.id)
    if not everything:
        query = query.where(table.c.retired.is_(False))
    return [
        {
            "id": row.id,
            "name": row.name,
            "version": row.version,
            "steps": row.steps,
            "waived": bool(row.waived),
            "retired": bool(row.retired),
        }
        for row in reader.rows(query)
    ]


def made_for(targets: tuple[str, ...]) -> Policy:
    """Return the policy of a page that names people: all at once."""
    return Policy("", name="called by name", steps=(Step(to=targets),))


def policy_of_service(reader: Reader, service: Service | None) -> Policy:
    """Return the policy of a service's pages: its own, whoever it names, the policy ``default``, or nobody in particular."""
    saved = service.saved if service is not None else None
    if saved is not None:
        policy = policy_of(reader, saved.policy)
        if policy is not None:
            return policy
        if saved.page:
            return made_for(saved.page)
    return policy_of(reader, DEFAULT_POLICY) or made_for((ON_CALL,))


def known_for(reader: Reader, targets: Iterable[str], _start: datetime, _end: datetime) -> Known:
    """Return all that decides whom targets mean between two moments."""
    people: dict[str, Person] = {}
    teams: dict[str, tuple[str, ...]] = {}
    schedules: dict[str, Schedule] = {}

    def add(name: str) -> bool:
        person: Person | None = reader.state(f"person:{name}")
        if person is not None:
            people[name] = person
        return person is not None

    def add_schedule(name: str) -> bool:
        known = schedule_named(reader, name.removesuffix(NEXT))
        if known is not None and known[0].id not in schedules:
            schedules[known[0].id] = known[0]
            for who in layers.anybody(known[0]):
                add(who)
        return known is not None

    def add_team(name: str) -> bool:
        team: Team | None = reader.state(f"team:{name}")
        if team is not None and name not in teams:
            teams[name] = members_of(reader, team)
            for who in teams[name]:
                add(who)
        return team is not None

    for target in dict.fromkeys(targets):
        kind, _, name = target.partition(":")
        match kind if name else "":
            case "person":
                add(name)
            case "schedule":
                add_schedule(name)
            case "team":
                add_team(name)
            case _:
                found = meaning(reader, target)
                match found.kind:
                    case "person" if add(found.id):
                        people[target] = people[found.id]
                    case "schedule" if add_schedule(found.id):
                        base = found.id.partition("#")[0]
                        schedules[target.strip().partition("#")[0]] = schedules[base]
                    case "team" if add_team(found.id):
                        teams[target] = teams[found.id]
    return Known(people, teams, schedules)


def targets_of(policy: Policy) -> tuple[str, ...]:
    """Return every target of a policy."""
    return (*(target for step in policy.steps for target in step.to), *policy.last_resort)


# -- pages ----------------------------------------------------------------------------------------


def list_pages(
    reader: Reader, viewer: Viewer | None = None, *, state: str = "", person: str = "", incident: str = "", group: str = "", service: str = "", after: int = 0, limit: int = DEFAULT_LIMIT
) -> list[dict[str, Any]]:  # fmt: skip
    """Return pages, newest first.

    viewer: who sees what calls them, and nothing else of incidents that they may not read; without one, the product itself.
    state: ``live`` (not ended), ``unanswered``, or one of a page's own. person: whom they call or called. after: the number of the last one seen.
    """
    table = tables.pages
    query = select(table).order_by(table.c.number.desc()).limit(limit)
    if viewer is not None:
        query = query.where(pages_shown(viewer))
    if state == "live":
        query = query.where(table.c.state != "resolved")
    elif state == "unanswered":
        query = query.where(table.c.unanswered.is_(True))
    elif state:
        query = query.where(table.c.state == state)
    for column, value in ((table.c.incident, incident), (table.c.group, group), (table.c.service, service)):
        if value:
            query = query.where(column == value)
    if person:
        theirs = select(tables.people.c.page).where(tables.people.c.person == person)
        query = query.where(table.c.id.in_(theirs))
    if after:
        query = query.where(table.c.number < after)
    return [shown(row) for row in reader.rows(query)]


def live_pages_of(reader: Reader, person: str) -> list[str]:
    """Return the ids of pages that call or have called a person and have not ended, the one with the newest notification last."""
    table = tables.people
    query = select(table.c.page).where(table.c.person == person, table.c.live.is_(True)).order_by(table.c.last_at, table.c.number)
    return [row.page for row in reader.rows(query)]


def newest_page_of(reader: Reader, person: str) -> str:
    """Return the page that a person was notified of last, ended or not; an empty text where there is none. A reply without a number means it."""
    table = tables.people
    query = (
        select(table.c.page)
        .where(table.c.person == person, table.c.last_at.is_not(None))
        .order_by(table.c.last_at.desc(), table.c.number.desc())
    )
    found = reader.rows(query.limit(1))
    return str(found[0].page) if found else ""


def page_of_number(reader: Reader, number: int) -> str:
    """Return the id of the page with this number; an empty text where there is none."""
    table = tables.pages
    found = reader.rows(select(table.c.id).where(table.c.number == number).limit(1))
    return str(found[0].id) if found else ""


def live_pages_of_group(reader: Reader, group: str) -> list[str]:
    """Return the ids of a group's pages that have not ended."""
    table = tables.pages
    return [row.id for row in reader.rows(select(table.c.id).where(table.c.group == group, table.c.state != "resolved"))]


def unanswered(reader: Reader, viewer: Viewer | None = None) -> int:
    """Return how many pages were tried on everybody in vain. viewer: as of ``list_pages``."""
    query = select(func.count()).where(tables.pages.c.unanswered.is_(True))
    return int(reader.rows(query if viewer is None else query.where(pages_shown(viewer)))[0][0])


def pages_waiting_for(reader: Reader, schedule: str) -> list[str]:
    """Return the ids of open pages whose newest step means whoever is on call in a schedule."""
    table = tables.pages
    found = []
    for row in reader.rows(select(table.c.id).where(table.c.state == "open").order_by(table.c.number.desc()).limit(MOST)):
        page: Page | None = reader.state(f"page:{row.id}")
        if page is None or not 0 <= page.position < len(page.policy.steps):
            continue
        targets = page.policy.steps[page.position].to
        if any(key_of(target.removeprefix("schedule:").partition("#")[0]) == key_of(schedule) for target in targets):
            found.append(page.id)
    return found


_MOMENTS: Final = ("opened_at", "acknowledged_at", "lease_until", "next_at", "exhausted_at", "resolved_at")


def shown(row: Any) -> dict[str, Any]:
    """Return a row of the table of pages for the API."""
    found: dict[str, Any] = {column.name: value for column, value in zip(tables.pages.columns, row, strict=True)}
    for name in _MOMENTS:
        found[name] = moment(found[name]).isoformat() if found[name] is not None else None
    found["unanswered"] = bool(found["unanswered"])
    found["calls"] = found["calls"].split()
    found.pop("late")
    return found


def last_number(reader: Reader, of: str) -> int:
    """Return the number that was given last, also by this batch."""
    row = reader.row(tables.counters.name, (of,))
    return int(row["last"]) if row else 0


def deliveries_of(reader: Reader, page_id: str) -> dict[str, dict[str, Any]]:
    """Return what became of every message of a page, by its key."""
    table = engine_tables.deliveries
    rows = reader.rows(select(table).where(table.c.stream == f"page:{page_id}").order_by(table.c.id))
    return {
        row.key: {
            "state": row.state, "channel": row.channel, "attempts": row.attempts, "decided_at": moment(row.created_at),
            "sent_at": moment(row.sent_at) if row.sent_at is not None else None, "error": row.error or "",
            "again_at": moment(row.due_at) if row.state == "waiting" and row.attempts else None,
        }
        for row in rows
    }  # fmt: skip
