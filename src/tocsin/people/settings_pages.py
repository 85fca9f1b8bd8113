"""The pages of people: who there is and how well each is reached; one person with ways, rules, quiet hours, and what a page would do at 03:00."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Route

from tocsin.channels import abilities
from tocsin.channels.standing import Standing, standing_of
from tocsin.engine.chance import fresh
from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Reader
from tocsin.oncall import queries as oncall
from tocsin.oncall.shifts import next_shift
from tocsin.oncall.walltime import WEEKDAYS, at_clock, known_zone
from tocsin.paging import test_queries
from tocsin.paging.calling import call, someone
from tocsin.paging.commands import OpenPage
from tocsin.paging.model import Urgency
from tocsin.people import checks, queries, rights
from tocsin.people import commands as c
from tocsin.people.contacts import key_of, named
from tocsin.people.model import Contact, Person, PersonSaved, QuietHours, Rule, SavePerson
from tocsin.settings import forms, versions
from tocsin.web.layout import Shell, Visit, go
from tocsin.web.zones import ZONES

HERE: Final = "/settings/people"
_CLOCK: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
_AT_NIGHT: Final = "03:00"
_SPARE: Final = 2
_PUSH: Final = "push"
_LONGEST_TITLE: Final = 300


def routes(shell: Shell) -> list[Route]:
    """Return the routes of the pages."""
    pages = _Pages(shell)
    return [
        shell.get(HERE, pages.listed),
        shell.post(HERE, pages.add),
        shell.get(f"{HERE}/{{id}}", pages.one),
        *(shell.post(f"{HERE}/{{id}}/{verb}", pages.do(make), needs="viewer") for verb, make in _COMMANDS.items()),
        shell.post(f"{HERE}/{{id}}/test", pages.test),
    ]


class _Pages:
    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    # -- the list ---------------------------------------------------------------------------------

    async def listed(self, visit: Visit) -> Response:
        """Show everybody, with how well each is reached."""
        return await self._listed(visit)

    async def _listed(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_of_all, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return self._shell.page(visit, "people/list.html", values, status=problem.status if problem else 200)

    async def add(self, visit: Visit) -> Response:
        """Write a new person down."""
        try:
            name = visit.form.get("name", "").strip()
            person_id = forms.id_of(name, visit.form.get("id", ""))
            if await asyncio.to_thread(visit.runtime.committer.state, f"person:{person_id}") is not None:
                raise Conflict(f"There is a person {person_id} already.", fix="Write another id, or change that one.", field="id")
            team, email = visit.form.get("team", ""), visit.form.get("email", "").strip()
            ways = (Contact("email", email),) if email else ()
            command = SavePerson(name or person_id, ways, (team,) if team else (), visit.form.get("zone", "").strip() or "UTC")
            await visit.runtime.commit("person", person_id, command, visit.actor, visit.key, visit.fingerprint)
        except Refused as refusal:
            return await self._listed(visit, refusal)
        return go(f"{HERE}/{quote(person_id)}")

    # -- one --------------------------------------------------------------------------------------

    async def one(self, visit: Visit) -> Response:
        """Show a person."""
        return await self._one(visit)

    async def _one(self, visit: Visit, problem: Refused | None = None) -> Response:
        values = await asyncio.to_thread(_of_one, visit)
        values |= {"problem": problem, "typed": visit.form if problem else {}}
        return self._shell.page(visit, "people/person.html", values, status=problem.status if problem else 200)

    def do(self, make: Callable[[Visit, Person], Command]) -> Callable[[Visit], Awaitable[Response]]:
        """Return the handler of a form that makes a command."""

        async def handle(visit: Visit) -> Response:
            try:
                person: Person = await asyncio.to_thread(visit.runtime.state, "person", visit.path["id"])
                command = make(visit, person)
                result = await visit.runtime.commit("person", person.id, command, visit.actor, visit.key, visit.fingerprint)
                if isinstance(command, c.ConfirmCode) and not result["verified"]:
                    raise Conflict(
                        f"That is not the code that was sent; {result['tries_left']} tries are left.", fix="Type it in again.", field="code"
                    )
            except Refused as refusal:
                return await self._one(visit, refusal)
            return go(f"{HERE}/{quote(visit.path['id'])}#{visit.form.get('back', 'ways')}")

        return handle

    async def test(self, visit: Visit) -> Response:
        """Call the person by a page that is only a test: by their own rules, and it ends by itself."""
        try:
            person: Person = await asyncio.to_thread(visit.runtime.state, "person", visit.path["id"])
            if person.saved is None or not person.saved.active:
                raise Refused("Nobody is called who is not here any more.", fix="Make them active first.")
            await _open_test(visit, person)
        except Refused as refusal:
            return await self._one(visit, refusal)
        return go(f"{HERE}/{quote(visit.path['id'])}#test")


async def _open_test(visit: Visit, person: Person) -> None:
    urgency: Urgency = "low" if visit.form.get("urgency") == "low" else "high"
    name = person.saved.name if person.saved else person.id
    command = OpenPage(
        f"Test: does this reach {name}?"[:_LONGEST_TITLE],
        urgency,
        targets=(f"person:{person.id}",),
        why=f"{visit.actor.id} tries {name}'s ways.",
        origin="test",
    )
    await visit.runtime.commit("page", f"P-{fresh()}", command, visit.actor, visit.key, visit.fingerprint)


def _zone(visit: Visit, _person: Person) -> Command:
    zone = visit.form.get("zone", "").strip()
    known_zone(zone)
    given: dict[str, Any] = {"name": visit.form.get("name", "").strip() or None, "zone": zone}
    if rights.at_least(visit.viewer.role, "manager") and visit.form.get("all"):
        given |= {"teams": tuple(visit.lists.get("team", ())), "active": bool(visit.form.get("active"))}
    return forms.built(given, c.ChangePerson)


def _rules(visit: Visit, _person: Person) -> Command:
    columns = [visit.lists.get(name, []) for name in ("rule_contact", "rule_after", "rule_urgency")]
    rows = [
        {"contact": contact, "after": after.strip() or "0m", "urgency": urgency}
        for contact, after, urgency in zip(*columns, strict=False)
        if contact
    ]
    return forms.built({"rules": rows}, c.ChangePerson)


def _quiet(visit: Visit, _person: Person) -> Command:
    rows = []
    for place, (start, end) in enumerate(zip(visit.lists.get("quiet_start", []), visit.lists.get("quiet_end", []), strict=False)):
        if start.strip() or end.strip():
            days = tuple(visit.lists.get(f"quiet_days_{place}", ()))
            rows.append({"start": start.strip()[:5], "end": end.strip()[:5], **({"days": days} if days else {})})
    return forms.built({"quiet": rows}, c.ChangePerson)


def _move(visit: Visit, person: Person) -> Command:
    names = [way.id for way in named(person.saved.contacts if person.saved else ())]
    wanted = visit.form.get("contact", "")
    if wanted in names:
        place = names.index(wanted)
        other = place + (1 if visit.form.get("way") == "down" else -1)
        if 0 <= other < len(names):
            names[place], names[other] = names[other], names[place]
    return c.OrderContacts(tuple(names))


def _restore(visit: Visit, person: Person) -> Command:
    number = visit.form.get("version", "")
    for fact in visit.runtime.facts("person", person.id):
        if str(fact.version) == number and isinstance(fact.event, PersonSaved):
            return fact.event.person
    raise NotFound(f"There is no version {number} of this person.", fix="Their history lists them.")


_COMMANDS: Final[dict[str, Callable[[Visit, Person], Command]]] = {
    "save": _zone, "rules": _rules, "quiet": _quiet, "contacts/order": _move, "restore": _restore,
    "contacts/add": lambda visit, _person: forms.built(
        {"kind": visit.form.get("kind", ""), "value": visit.form.get("value", "").strip(), "id": visit.form.get("name", "").strip()}, c.AddContact
    ),
    "contacts/remove": lambda visit, _person: forms.built({"contact": visit.form.get("contact", "")}, c.RemoveContact),
    "contacts/code": lambda visit, _person: forms.built({"contact": visit.form.get("contact", "")}, c.SendCode),
    "contacts/confirm": lambda visit, _person: forms.built(
        {"contact": visit.form.get("contact", ""), "code": visit.form.get("code", "").strip()}, c.ConfirmCode
    ),
}  # fmt: skip


# -- reading --------------------------------------------------------------------------------------


def _of_all(visit: Visit) -> dict[str, Any]:
    everybody = visit.query.get("everybody") == "1"
    with visit.runtime.reading() as reader:
        teams = {row["id"]: row["name"] for row in queries.list_teams(reader)}
        shown = []
        for row in queries.list_people(reader, everybody=everybody):
            person: Person = reader.state(f"person:{row['id']}")
            shown.append(
                {**row, **standing(person), "zone": person.saved.zone if person.saved else "", "teams": queries.teams_of(reader, person)}
            )
    return {
        "people": shown, "team_names": teams, "everybody": everybody, "may_add": rights.at_least(visit.viewer.role, "manager"),
        "teams": sorted(teams.items(), key=lambda one: one[1].casefold()), "own": visit.viewer.id if visit.viewer.kind == "person" else "",
        "reached": sum(one["grade"] == "reached" for one in shown if one["active"]), "active": sum(one["active"] for one in shown), "zones": ZONES,
    }  # fmt: skip


def standing(person: Person) -> dict[str, Any]:
    """Return how well a person is reached: by a proved way, only by one that nobody proved, or by none, and why."""
    who = someone(person, "")
    proved = [way.kind for way in who.ways if way.verified]
    unproved = [way.kind for way in who.ways if not way.verified]
    if person.saved is None or not person.saved.active:
        return {"grade": "gone", "proved": (), "unproved": (), "says": "is not here any more"}
    grade = "reached" if proved else "unproved" if unproved else "none"
    says = {"reached": "", "unproved": "No way to reach them was ever proved.", "none": "There is no way to reach them."}[grade]
    return {"grade": grade, "proved": tuple(dict.fromkeys(proved)), "unproved": tuple(dict.fromkeys(unproved)), "says": says}


def _of_one(visit: Visit) -> dict[str, Any]:
    person: Person = visit.runtime.state("person", visit.path["id"])
    saved = person.saved
    assert saved is not None
    facts = [fact for fact in visit.runtime.facts("person", person.id) if isinstance(fact.event, PersonSaved)]
    with visit.runtime.reading() as reader:
        now = reader.now
        names = {row["id"]: row["name"] for row in queries.list_people(reader, everybody=True)}
        team_names = {row["id"]: row["name"] for row in queries.list_teams(reader)}
        shifts = _shifts(reader, person.id, now)
        test = test_queries.newest_test(reader, person=person.id)
        trail = [one for one in test_queries.trail_of(reader, test["id"]) if one["person"] == person.id] if test is not None else []
        mine = queries.teams_of(reader, person)
    at = visit.query.get("at", _AT_NIGHT)
    at = at if _CLOCK.fullmatch(at) else _AT_NIGHT
    night = _next(at, saved.zone, now)
    ways = [_way(person, contact, visit) for contact in named(saved.contacts)]
    return {
        "person": person, "saved": saved, "ways": ways, "standing": standing(person), "names": names, "team_names": team_names, "teams_of": mine,
        "said_by_team": [team for team in mine if team not in saved.teams], "kinds": _kinds(visit), "rule_words": _rule_words(ways), "weekdays": WEEKDAYS,
        "rules": [*saved.rules, *([Rule("", "", "any")] * _SPARE)], "quiet": [*saved.quiet, QuietHours("", "", ())], "at": at, "night": night,
        "preview": {urgency: preview(person, urgency, night) for urgency in ("high", "low")}, "shifts": shifts, "test": test, "trail": trail,
        "versions": versions.versions([(fact.version, fact.recorded_at, str(fact.actor), "", _said(fact.event)) for fact in facts]),
        "may": checks.may_change_person(visit.viewer, person.id), "may_all": rights.at_least(visit.viewer.role, "manager"),
        "may_test": rights.at_least(visit.viewer.role, "responder"), "own": visit.viewer.kind == "person" and visit.viewer.id == person.id, "zones": ZONES,
        "local": now.astimezone(ZoneInfo(saved.zone)),
    }  # fmt: skip


def _said(event: Any) -> dict[str, Any]:
    """Return a version of a person with each way in a word: subscriptions are long, and hold keys."""
    saved: SavePerson = event.person
    return {
        "name": saved.name, "zone": saved.zone, "active": saved.active, "teams": list(saved.teams),
        "ways": [f"{one.id or one.kind}: {one.value if len(one.value) <= 60 else 'a subscription'}" for one in saved.contacts],  # noqa: PLR2004 (letters)
        "rules": [f"{one.contact} after {one.after}" + ("" if one.urgency == "any" else f" ({one.urgency})") for one in saved.rules],
        "quiet hours": [f"{one.start}-{one.end} {' '.join(one.days)}" for one in saved.quiet],
    }  # fmt: skip


def _way(person: Person, contact: Contact, visit: Visit) -> dict[str, Any]:
    pending = person.pending.get(key_of(contact))
    can = abilities.of(contact.kind)
    channel = visit.runtime.channels.get(contact.kind)
    stands = (
        standing_of(channel)
        if channel is not None
        else Standing(ready=False, says=f"There is no channel {contact.kind}.", fix="Take this way away.")
    )
    return {
        "id": contact.id, "kind": contact.kind, "value": "" if contact.kind == _PUSH else contact.value, "verified_at": person.verified.get(key_of(contact)),
        "code_until": pending.expires_at if pending else None, "code_failed": pending.failed if pending else "", "codes": can.codes, "pages": can.pages,
        "ready": stands.ready, "says": stands.says, "fix": stands.fix,
    }  # fmt: skip


def _kinds(visit: Visit) -> list[dict[str, Any]]:
    """Return the channels that a way can be of, those that are set up first. Browsers are added on the page of their own."""
    found = []
    for name, can in abilities.ABILITIES.items():
        if not can.pages or name == _PUSH:
            continue
        channel = visit.runtime.channels.get(name)
        if channel is not None:
            stands = standing_of(channel)
            found.append({"id": name, "address": can.address, "ready": stands.ready, "says": stands.says})
    return sorted(found, key=lambda one: not one["ready"])


def _rule_words(ways: Sequence[dict[str, Any]]) -> list[tuple[str, str]]:
    kinds: dict[str, int] = {}
    for way in ways:
        kinds[way["kind"]] = kinds.get(way["kind"], 0) + 1
    several = [(kind, f"every {kind}") for kind, count in kinds.items() if count > 1]
    return [*((way["id"], way["id"]) for way in ways), *(one for one in several if one[0] not in {way["id"] for way in ways})]


def _next(clock: str, zone: str, now: datetime) -> datetime:
    """Return when a time of day comes next on a zone's clock."""
    today = now.astimezone(ZoneInfo(zone)).date()
    found = at_clock(today, clock, zone)
    return found if found > now else at_clock(today + timedelta(days=1), clock, zone)


def preview(person: Person, urgency: Urgency, at: datetime) -> dict[str, Any]:
    """Return what a page does to a person that reaches them at a moment: which way notifies when, what quiet hours hold, what is kept in reserve."""
    called = call(someone(person, ""), urgency, at)
    lines = [
        {
            "way": one.way.contact, "kind": one.way.kind, "verified": one.way.verified, "at": one.due_at, "after": one.due_at - at,
            "held": one.held_from is not None,
        }
        for one in sorted(called.planned, key=lambda one: one.due_at)
    ]  # fmt: skip
    return {"lines": lines, "spare": [way.contact for way in called.spare]}


def _shifts(reader: Reader, person: str, now: datetime) -> list[dict[str, Any]]:
    found = []
    for name in oncall.schedules_of(reader, person):
        schedule = reader.state(f"schedule:{name}")
        shift = next_shift(schedule, person, now) if schedule is not None else None
        if shift is not None:
            found.append({"schedule": name, "name": schedule.rota.name or name, "start": shift.start, "end": shift.end})
    return sorted(found, key=lambda one: one["start"])
