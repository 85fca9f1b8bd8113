"""Every endpoint and every page with every role: who may is let in, who may not is told so, and what is open to all stands here by name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.people.visitors import Visitor, make_account
from tests.world import World
from tocsin.engine.model import Role
from tocsin.people.ownership import NEEDS
from tocsin.people.rights import ROLES, at_least
from tocsin.people.scopes import DOORS
from tocsin.web.endpoints import PREFIX
from tocsin.web.layout import Shell

READING = {
    "/incidents/{id}/updates/preview", "/intake/preview", "/routes/test", "/silences/preview", "/schedules/preview", "/schedules/from-pagerduty",
    "/playbooks/check", "/playbooks/{id}/classify", "/playbooks/{id}/diff",
}  # fmt: skip
"""POSTs that change nothing: they take a body to say what would come of it."""
OWN = {
    "/people/{id}", "/people/{id}/change", "/people/{id}/contacts", "/people/{id}/contacts/remove", "/people/{id}/contacts/order",
    "/people/{id}/contacts/change",
    "/people/{id}/contacts/code", "/people/{id}/contacts/confirm", "/me/sessions/end", "/me/password", "/tokens/{id}", "/tokens/{id}/revoke",
}  # fmt: skip
"""What everybody changes of themselves; that it is only of themselves is tested below, and with tokens and accounts."""
OWN_PAGES = {
    "/settings/me/save", "/settings/me/password", "/settings/me/sessions", "/settings/tokens", "/settings/tokens/{id}/revoke", "/settings/people/{id}/save",
    "/settings/people/{id}/rules", "/settings/people/{id}/quiet", "/settings/people/{id}/contacts/order", "/settings/people/{id}/restore",
    "/settings/people/{id}/contacts/add", "/settings/people/{id}/contacts/remove", "/settings/people/{id}/contacts/code",
    "/settings/people/{id}/contacts/confirm", "/incidents/{id}/presence",
}  # fmt: skip
"""The same as forms; and being seen in a room that one reads."""
READING_PAGES = {"/on-call/preview", "/incidents/{id}/updates/{message}/preview", "/settings/routes", "/settings/policy-preview"}
"""Forms that say what would come of it; where one of them also saves, its command is refused by what it changes."""
PUBLIC = {
    "/healthz", "/readyz", "/metrics", f"{PREFIX}/openapi.json", "/beat/{secret}", "/beat/{secret}/{how}", "/calendar/{secret}", "/static/{name}",
    "/favicon.ico", "/sw.js", "/icon-180.png", "/icon-192.png", "/icon-512.png", "/sign-in", "/sign-out", "/setup", "/password/{code}", "/report/{key}",
    "/push/renew", "/manifest.webmanifest", "/a/{token}", "/a/{token}/acknowledge", "/a/{token}/escalate", "/hooks/twilio/sms",
    "/hooks/twilio/voice/{token}", "/hooks/twilio/status", "/theme", "/offline",
}  # fmt: skip
"""Addresses that need no session: what asks for secrets of its own, files, health, and the doors themselves."""
PUBLIC_BELOW = ("/status",)
"""The status page, whatever it has."""
GUARDED_ITSELF = {"/live", "/live/{name}"}
"""Asks who comes in its own way."""


@dataclass(frozen=True)
class Door:
    """A page or form."""

    method: str
    path: str
    needs: Role


@pytest.fixture(scope="module")
def doors() -> list[Door]:
    return []


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, doors: list[Door]) -> Iterator[World]:
    """An installation, with everybody in it, for all tests of this file: none of them changes anything."""
    patch = pytest.MonkeyPatch()
    guard = Shell._guard

    def watched(self: Shell, path: str, handler: Any, needs: Role, *, form: bool) -> Any:
        doors.append(Door("POST" if form else "GET", path, needs))
        return guard(self, path, handler, needs, form=form)

    patch.setattr(Shell, "_guard", watched)
    world = World(Path(tmp_path_factory.mktemp("house")) / "data")
    patch.undo()
    yield world
    world.close()


@pytest.fixture(scope="module")
def people(house: World) -> dict[Role, Visitor]:
    """One of each role, signed in."""
    found = {}
    for role in ROLES:
        make_account(house, f"a-{role}", role)
        found[role] = Visitor(house)
        assert found[role].sign_in(f"a-{role}").status == 303
    return found


def filled(path: str) -> str:
    return re.sub(r"\{[^}]*\}", lambda part: "1" if part[0].endswith(":int}") else "x", path)


def beside(needed: Role) -> list[Role]:
    """Return the least role that may, and the one below it: the others say as much."""
    place = ROLES.index(needed)
    return list(ROLES[max(place - 1, 0) : place + 1])


def refused_for_rights(answer: Any) -> bool:
    return answer.status == 403 and "needs the role" in answer.text


def test_every_endpoint_asks_for_its_role_and_no_more(house: World, people: dict[Role, Visitor]) -> None:
    for endpoint in house.app.endpoints:
        if endpoint.public:
            continue
        anonymous = Visitor(house).send(endpoint.method, PREFIX + filled(endpoint.path), b"[")
        assert anonymous.status == 401, f"{endpoint.method} {endpoint.path} is open to nobody in particular"
        for role in beside(endpoint.asks_for):
            visitor = people[role]
            if endpoint.method == "POST" and at_least(role, endpoint.asks_for) and endpoint.body is None:
                continue  # it would begin to work
            answer = visitor.send(endpoint.method, PREFIX + filled(endpoint.path), b"[", {"content-type": "application/json"})
            allowed = at_least(role, endpoint.asks_for)
            assert refused_for_rights(answer) is not allowed, (
                f"{endpoint.method} {endpoint.path} as {role}: {answer.status} {answer.text[:200]}"
            )


def test_every_page_and_form_asks_for_its_role_and_no_more(house: World, people: dict[Role, Visitor], doors: list[Door]) -> None:
    assert len(doors) > 100
    for door in dict.fromkeys(doors):
        anonymous = Visitor(house).send(door.method, filled(door.path), b"a=b", {"content-type": "application/x-www-form-urlencoded"})
        assert anonymous.status == 303, f"{door.method} {door.path} is open to nobody in particular"
        assert anonymous.headers["location"].startswith("/sign-in")
        for role in beside(door.needs):
            visitor = people[role]
            allowed = at_least(role, door.needs)
            if door.method == "POST" and allowed:
                continue  # it would begin to work
            if door.method == "GET":
                answer = visitor.get(filled(door.path))
            else:
                token = house.app.runtime.sessions.form_token(visitor.cookies["tocsin_token"])
                answer = visitor.post(filled(door.path), {"csrf": token})
            assert refused_for_rights(answer) is not allowed, f"{door.method} {door.path} as {role}: {answer.status}"


def test_nothing_that_changes_state_is_open_to_a_viewer_but_what_is_their_own(house: World, doors: list[Door]) -> None:
    open_to_viewers = {e.path for e in house.app.endpoints if e.method != "GET" and not e.public and e.asks_for == "viewer"}
    assert open_to_viewers - READING - OWN == set()
    forms = {door.path for door in doors if door.method == "POST" and door.needs == "viewer"}
    assert forms - OWN_PAGES - READING_PAGES == set()


def test_what_needs_no_session_stands_here_by_name(house: World, doors: list[Door]) -> None:
    known = {door.path for door in doors} | {PREFIX + endpoint.path for endpoint in house.app.endpoints if not endpoint.public}
    found = {route.path for route in _site(house).routes} - known
    public = {PREFIX + endpoint.path for endpoint in house.app.endpoints if endpoint.public}
    unknown = {path for path in found - PUBLIC - GUARDED_ITSELF - public if not path.startswith(PUBLIC_BELOW)}
    assert unknown == set()
    assert {path for path in public if not path.startswith((f"{PREFIX}/status", f"{PREFIX}/maintenance/public"))} == set()


def test_the_feed_of_changes_is_closed_as_well(house: World) -> None:
    assert Visitor(house).get("/live").status == 401


def _site(world: World) -> Any:
    found: Any = world.app.asgi
    while not hasattr(found, "routes"):
        found = next(
            value
            for value in vars(found).values()
            if hasattr(value, "routes") or (callable(value) and hasattr(value, "__dict__") and vars(value))
        )
    return found


def test_configuration_asks_for_a_manager_or_the_team_that_owns_it(world: World) -> None:
    world.post("/teams/payments", {"name": "Payments"})
    world.post("/people/ana", {"name": "Ana", "teams": ["payments"]})
    make_account(world, "ana", "responder")
    make_account(world, "bo", "responder")
    ana, bo = Visitor(world), Visitor(world)
    ana.sign_in("ana")
    bo.sign_in("bo")
    step = {"to": ["person:ana"]}
    owned = {
        "/services/pay": {"name": "Pay", "owner": "payments"},
        "/policies/pay": {"steps": [step], "team": "payments", "waive": "a test"},
    }  # fmt: skip
    for path, body in owned.items():
        assert bo.api("POST", path, body).status == 403, path
        made = ana.api("POST", path, body)
        assert made.status == 200, made.text
        assert bo.api("POST", path, body).status == 403, path
    ours = {"name": "Nightly", "every": "24h", "service": "pay"}
    assert bo.api("POST", "/heartbeats/nightly", ours).status == 403
    assert ana.api("POST", "/heartbeats/nightly", ours).status == 200
    assert ana.api("POST", "/heartbeats/other", {"name": "Other", "every": "24h"}).status == 403
    for path, body in (("/routes", {"routes": []}), ("/inhibitions", {"rules": []}), ("/pager", {}), ("/teams/x", {"name": "X"})):
        assert ana.api("POST", path, body).status == 403, path


def test_everybody_changes_themselves_and_managers_everybody(world: World) -> None:
    for person in ("ana", "bo"):
        world.post(f"/people/{person}", {"name": person.title()})
    make_account(world, "ana", "viewer")
    make_account(world, "boss", "manager")
    ana, boss = Visitor(world), Visitor(world)
    ana.sign_in("ana")
    boss.sign_in("boss")
    assert ana.api("POST", "/people/ana/change", {"zone": "Europe/Lisbon"}).status == 200
    assert ana.api("POST", "/people/bo/change", {"zone": "Europe/Lisbon"}).status == 403
    assert ana.api("POST", "/people/ana/change", {"teams": ["payments"]}).status == 403  # a team gives rights
    assert ana.api("POST", "/people/new", {"name": "New"}).status == 403
    assert boss.api("POST", "/people/bo/change", {"teams": ["payments"]}).status == 200


def test_one_decides_about_ones_own_duty_and_the_team_about_everybodys(world: World) -> None:
    for person in ("ana", "bo", "cy"):
        world.post(f"/people/{person}", {"name": person.title(), "teams": ["payments"] if person == "cy" else []})
        make_account(world, person, "responder")
    world.post("/schedules/pay", {"team": "payments", "layers": []})
    visitors = {person: Visitor(world) for person in ("ana", "bo", "cy")}
    for person, visitor in visitors.items():
        visitor.sign_in(person)
    span = {"start": "2025-10-28T09:00:00Z", "end": "2025-10-28T12:00:00Z"}
    assert visitors["ana"].api("POST", "/schedules/pay/overrides", {**span, "how": "take"}).status == 200
    made = visitors["ana"].api("POST", "/schedules/pay/overrides", {**span, "how": "take", "person": "bo"})
    assert made.status == 403
    assert "duty of others" in made.json["detail"]
    assert visitors["cy"].api("POST", "/schedules/pay/overrides", {**span, "how": "take", "person": "bo"}).status == 200
    assert visitors["ana"].api("POST", "/schedules/pay", {"team": "payments", "layers": []}).status == 403
    assert visitors["ana"].api("POST", "/people/bo/absences", span).status == 403
    assert visitors["bo"].api("POST", "/people/bo/absences", span).status == 200


def test_addresses_by_which_one_can_send_are_shown_to_those_who_may(world: World) -> None:
    world.post("/intake-keys/grafana", {"source": "grafana", "options": {"secret": "the-shared-secret", "zone": "UTC"}})
    world.post("/heartbeats/backup", {"name": "Backup", "every": "5m"})
    make_account(world, "ana", "viewer")
    ana = Visitor(world)
    ana.sign_in("ana")
    seen = ana.api("GET", "/intake-keys").text + ana.api("GET", "/intake-keys/grafana").text
    assert "/intake/" not in seen
    assert '"secret":"(kept)"' in seen
    assert "the-shared-secret" not in seen + str(world.get("/intake-keys"))
    assert ana.api("GET", "/intake").status == 403
    assert "/beat/" not in ana.api("GET", "/heartbeats").text + ana.api("GET", "/heartbeats/backup").text
    shown = world.get("/intake-keys/grafana")
    world.post("/intake-keys/grafana", {"source": "grafana", "options": shown["options"]})  # what was shown, sent back
    assert world.app.runtime.state("intake_key", "grafana").saved.options["secret"] == "the-shared-secret"


def test_every_door_is_used_and_no_door_gives_more_than_its_endpoint_asks_for(house: World) -> None:
    used = {endpoint.door: endpoint.asks_for for endpoint in house.app.endpoints if endpoint.door}
    assert set(used) == set(DOORS)
    for endpoint in house.app.endpoints:
        if endpoint.door:
            assert at_least(DOORS[endpoint.door][0], endpoint.asks_for), endpoint.path
    assert set(NEEDS) <= set(house.app.runtime.registry.kinds)
