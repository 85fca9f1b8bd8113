"""Accounts: invited, given roles, switched off; passwords set by links that work once; sessions that end when they should."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from tests.people.visitors import PASSWORD, Visitor, make_account, said, visitor
from tests.world import World
from tocsin.app import Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.model import Role
from tocsin.people.passwords import CHEAP, Cost, Hasher

OTHER = "four loud kettles boil"


class Later:
    """The machine's clock, some time from now."""

    virtual = False

    def __init__(self, world: World, by: timedelta) -> None:
        self._clock = world.app.runtime.sessions.clock
        self._by = by

    def now(self) -> Any:
        return self._clock.now() + self._by


def let_real_time_pass(world: World, **by: float) -> None:
    world.app.runtime.sessions.clock = Later(world, timedelta(**by))


def everything(world: World) -> str:
    """Return all that the log says, as text."""
    with world.app.runtime.database.reading() as connection:
        return "\n".join(str(row) for row in connection.execute(text("SELECT stream, type, actor, body FROM facts")))


def test_somebody_is_invited_sets_a_password_and_is_in(world: World) -> None:
    link = world.post("/accounts/ana", {"role": "responder", "name": "Ana Ruiz"})["link"]
    assert link["url"] == link["path"]  # the server knows no address of its own here
    browser = Visitor(world)
    assert "You are invited as ana" in said(browser.get(link["path"]))
    done = browser.fill(link["path"], link["path"], {"password": PASSWORD, "again": PASSWORD})
    assert (done.status, done.headers["location"]) == (303, "/")
    me = browser.api("GET", "/me").json
    assert (me["id"], me["role"], me["speaks_for_others"]) == ("ana", "responder", False)
    assert world.get("/people/ana")["name"] == "Ana Ruiz"
    assert Visitor(world).sign_in("ana").status == 303


def test_the_record_says_who_did_what_and_has_neither_password_nor_hash_nor_link(world: World) -> None:
    make_account(world, "ana", "responder")
    world.post("/accounts/ana/role", {"role": "manager"}, person="root")
    types = [fact.type for fact in world.app.runtime.facts("account", "ana")]
    assert types == ["account.created", "account.link_made", "account.password_set", "account.role_changed"]
    log = everything(world)
    assert PASSWORD not in log
    assert "$argon2" not in log
    with world.app.runtime.database.reading() as connection:
        assert connection.execute(text("SELECT hash FROM passwords WHERE person = 'ana'")).scalar_one().startswith("$argon2id$")


def test_a_link_works_once_and_a_newer_one_ends_it(world: World) -> None:
    first = world.post("/accounts/ana", {"role": "viewer"})["link"]["path"]
    second = world.post("/accounts/ana/link")["path"]
    assert Visitor(world).get(first).status == 404
    browser = Visitor(world)
    fields = browser.forms(second)[0].fields
    assert browser.post(second, {**fields, "password": PASSWORD, "again": PASSWORD}).status == 303
    thief = Visitor(world)
    again = thief.post(second, {**fields, "password": OTHER, "again": OTHER})
    assert again.status == 404
    assert not thief.is_in
    assert Visitor(world).sign_in("ana", OTHER).status == 401


def test_to_fetch_a_link_changes_nothing(world: World) -> None:
    link = world.post("/accounts/ana", {"role": "viewer"})["link"]["path"]
    for _ in range(3):
        assert Visitor(world).get(link).status == 200
    assert Visitor(world).fill(link, link, {"password": PASSWORD, "again": PASSWORD}).status == 303


@pytest.mark.parametrize(("purpose", "days"), [("invitation", 7), ("reset", 1)])
def test_a_link_is_too_old_after_its_time(world: World, purpose: str, days: int) -> None:
    link = world.post("/accounts/ana", {"role": "viewer"})["link"]["path"]
    if purpose == "reset":
        Visitor(world).fill(link, link, {"password": PASSWORD, "again": PASSWORD})
        link = world.post("/accounts/ana/link")["path"]
    let_real_time_pass(world, days=days)
    assert Visitor(world).get(link).status == 404
    assert Visitor(world).post(link, {"password": OTHER, "again": OTHER, "csrf": world.app.runtime.sessions.form_token("")}).status == 404


def test_the_same_request_again_gives_the_same_link(world: World) -> None:
    world.post("/accounts/ana", {"role": "viewer"})
    one = world.post("/accounts/ana/link", headers={"idempotency-key": "k1"})["path"]
    two = world.post("/accounts/ana/link", headers={"idempotency-key": "k1"})["path"]
    assert one == two
    assert Visitor(world).get(one).status == 200


def test_a_reset_signs_every_browser_of_the_person_out(world: World) -> None:
    ana = visitor(world, "ana", "responder")
    link = world.post("/accounts/ana/link")["path"]
    assert ana.is_in
    other = Visitor(world)
    other.fill(link, link, {"password": OTHER, "again": OTHER})
    assert [browser.is_in for browser in (other, ana)] == [True, False]
    assert Visitor(world).sign_in("ana", PASSWORD).status == 401


def test_an_account_that_is_switched_off_is_out_with_the_next_click(world: World) -> None:
    ana = visitor(world, "ana", "manager")
    page = ana.get("/settings/me")
    assert page.status == 200
    link = world.post("/accounts/ana/link")["path"]
    assert world.post("/accounts/ana/disable", {"why": "left"})["sessions_ended"] == 1
    assert ana.get("/").headers["location"].startswith("/sign-in")
    assert ana.api("GET", "/incidents").status == 401
    assert Visitor(world).sign_in("ana").status == 401
    assert Visitor(world).get(link).status == 404  # a link from before is no way back in
    world.post("/accounts/ana/enable")
    assert not ana.is_in  # what ended does not come back
    assert Visitor(world).sign_in("ana").status == 303


def test_a_lesser_role_counts_from_the_next_click_on(world: World) -> None:
    ana = visitor(world, "ana", "administrator")
    make_account(world, "root", "administrator")
    assert ana.get("/settings/accounts").status == 200
    world.post("/accounts/ana/role", {"role": "viewer"})
    assert ana.get("/settings/accounts").status == 403
    assert ana.api("POST", "/incidents", {"title": "mine"}).status == 403
    assert ana.api("GET", "/incidents").status == 200


@pytest.mark.parametrize("act", [("role", {"role": "viewer"}), ("disable", {})])
def test_the_last_administrator_who_can_sign_in_stays_one(world: World, act: tuple[str, dict[str, str]]) -> None:
    make_account(world, "root", "administrator")
    world.post("/accounts/invited", {"role": "administrator"})  # has no password, so nobody could come in
    assert "last administrator" in world.refused(f"/accounts/root/{act[0]}", act[1])["detail"]
    make_account(world, "second", "administrator")
    world.post(f"/accounts/root/{act[0]}", act[1])
    assert "last administrator" in world.refused(f"/accounts/second/{act[0]}", act[1])["detail"]


def test_two_administrators_who_demote_one_another_at_once_leave_one(world: World) -> None:
    make_account(world, "one", "administrator")
    make_account(world, "two", "administrator")
    from tocsin.engine.model import Actor
    from tocsin.engine.submissions import Submission
    from tocsin.people.account import ChangeRole

    runtime = world.app.runtime
    both = [Submission(f"account:{person}", ChangeRole("viewer"), Actor("person", "x")) for person in ("one", "two")]
    runtime.committer.submit_all(both)
    failed = [one.future.exception(timeout=30) for one in both]
    assert sum(error is None for error in failed) == 1
    roles = {one["id"]: one["role"] for one in world.get("/accounts")["accounts"]}
    assert sorted(roles.values()) == ["administrator", "viewer"]


def test_a_session_is_new_after_every_sign_in_and_an_old_cookie_is_worth_nothing(world: World) -> None:
    make_account(world, "ana", "responder")
    planted = Visitor(world, cookies={"tocsin_token": "chosen-by-somebody-else"})
    planted.sign_in("ana")
    held = planted.cookies["tocsin_token"]
    assert held != "chosen-by-somebody-else"
    attacker = Visitor(world, cookies={"tocsin_token": "chosen-by-somebody-else"})
    assert not attacker.is_in
    planted.sign_in("ana")  # once more, with the cookie of the first time
    assert planted.cookies["tocsin_token"] != held
    assert not Visitor(world, cookies={"tocsin_token": held}).is_in


def test_cookies_are_for_the_server_alone(world: World) -> None:
    make_account(world, "ana", "responder")
    browser = Visitor(world)
    browser.sign_in("ana")
    cookie = browser.last_cookies[0].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie  # plain http here


def test_signing_out_ends_the_session_and_not_only_the_cookie(world: World) -> None:
    ana = visitor(world, "ana", "responder")
    copied = dict(ana.cookies)
    form = next(form for form in ana.forms("/settings/me") if form.action == "/sign-out")
    assert ana.post("/sign-out", form.fields).status == 303
    assert not Visitor(world, cookies=copied).is_in


def test_a_session_ends_after_thirty_days_of_real_time_whatever_the_clock_says(world: World) -> None:
    ana = visitor(world, "ana", "responder")
    world.advance(days=90)
    assert ana.is_in
    let_real_time_pass(world, days=30)
    assert not ana.is_in


def test_one_sees_where_one_is_signed_in_and_ends_it(world: World) -> None:
    make_account(world, "ana", "responder")
    desk, phone, lost = (Visitor(world, address) for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"))
    for browser, agent in ((desk, "Firefox/1 Linux"), (phone, "Chrome/1 Android"), (lost, "Safari/1 iPhone")):
        browser.headers["user-agent"] = agent
        browser.sign_in("ana")
    shown = said(desk.get("/settings/me"))
    assert "Firefox on Linux this browser" in shown
    assert "Chrome on Android" in shown
    sessions = desk.api("GET", "/me/sessions").json["sessions"]
    assert {one["address"]: one["this"] for one in sessions} == {"192.0.2.1": True, "192.0.2.2": False, "192.0.2.3": False}
    gone = next(one["id"] for one in sessions if one["address"] == "192.0.2.3")
    assert desk.api("POST", "/me/sessions/end", {"session": gone}).json == {"ended": 1}
    assert [browser.is_in for browser in (desk, phone, lost)] == [True, True, False]
    form = next(form for form in desk.forms("/settings/me") if form.fields.get("which") == "others")
    desk.post(form.action, form.fields)
    assert [browser.is_in for browser in (desk, phone, lost)] == [True, False, False]
    assert desk.api("POST", "/me/sessions/end", {}).json == {"ended": 1}
    assert not desk.is_in


def test_nobody_ends_the_session_of_another(world: World) -> None:
    ana, bo = visitor(world, "ana", "responder"), visitor(world, "bo", "administrator")
    theirs = ana.api("GET", "/me/sessions").json["sessions"][0]["id"]
    assert bo.api("POST", "/me/sessions/end", {"session": theirs}).json == {"ended": 0}
    assert ana.is_in


def test_the_password_is_changed_by_who_knows_it_and_other_browsers_are_signed_out(world: World) -> None:
    ana = visitor(world, "ana", "responder")
    other = Visitor(world)
    other.sign_in("ana")
    wrong = ana.fill("/settings/me", "/settings/me/password", {"old": "not it at all", "password": OTHER, "again": OTHER})
    assert wrong.status == 422
    assert "not your password" in wrong.text
    done = ana.fill("/settings/me", "/settings/me/password", {"old": PASSWORD, "password": OTHER, "again": OTHER})
    assert done.status == 303
    assert (ana.is_in, other.is_in) == (True, False)
    assert Visitor(world).sign_in("ana", OTHER).status == 303


@pytest.mark.parametrize(
    ("password", "says"),
    [("short", "5 characters"), ("aaaaaaaaaaaaaaaa", "first that somebody would guess"), ("password12345", "first that"), ("ana-ana-ana-1", "first that"),
     ("x" * 257, "longer than")],
)  # fmt: skip
def test_a_password_that_is_easy_to_guess_is_refused(world: World, password: str, says: str) -> None:
    link = world.post("/accounts/ana", {"role": "viewer"})["link"]["path"]
    answer = Visitor(world).fill(link, link, {"password": password, "again": password})
    assert answer.status == 422
    assert says in answer.text
    assert Visitor(world).fill(link, link, {"password": PASSWORD, "again": OTHER}).status == 422
    assert Visitor(world).get(link).status == 200  # the link is still good


def test_a_password_is_hashed_anew_when_it_shall_cost_more(world: World) -> None:
    make_account(world, "ana", "viewer")

    def kept() -> str:
        with world.app.runtime.database.reading() as connection:
            return str(connection.execute(text("SELECT hash FROM passwords WHERE person = 'ana'")).scalar())

    before = kept()
    dearer = build(
        Options(data=world.folder, default_playbook=world.playbook, clock=world.clock, console=Quiet(), password_cost=Cost(2, 16, 1))
    )
    start(dearer)
    world.app.runtime.stop()
    world.app = dearer
    assert Visitor(world).sign_in("ana").status == 303
    assert kept() != before
    assert "m=16,t=2" in kept()
    assert Visitor(world).sign_in("ana").status == 303


def test_the_same_letters_are_the_same_password_on_every_keyboard() -> None:
    hasher = Hasher(CHEAP)
    kept = hasher.hash("caf\u00e9 au lait noir")
    assert hasher.fits(kept, "cafe\u0301 au lait noir")
    assert not hasher.fits("", "nobody has this password")
    assert not hasher.fits("broken", "anything at all")


def test_two_nodes_on_one_database_know_the_same_sessions_and_what_ended(world: World, tmp_path: Path) -> None:
    ana = visitor(world, "ana", "manager")
    make_account(world, "root", "administrator")
    other = World.__new__(World)
    other.folder, other.clock, other.playbook = tmp_path / "node2", world.clock, world.playbook
    url = f"sqlite:///{world.folder / 'tocsin.db'}"
    other.app = build(
        Options(
            data=other.folder, database_url=url, default_playbook=world.playbook, clock=world.clock, console=Quiet(), password_cost=CHEAP
        )
    )
    other.app.runtime.start()
    try:
        there = Visitor(other, cookies=dict(ana.cookies))
        assert there.api("GET", "/me").json["role"] == "manager"
        world.post("/accounts/ana/role", {"role": "viewer"})
        assert there.api("GET", "/me").json["role"] == "viewer"
        code = world.post("/sign-in/codes", {"person": "ana"})["path"]
        second = Visitor(other)
        assert second.get(code).status == 303
        assert second.is_in
        assert Visitor(world).get(code).status == 401  # used up there, so used up here
        world.post("/accounts/ana/disable")
        assert not there.is_in
        assert not second.is_in
    finally:
        other.app.runtime.stop()


def test_a_team_that_names_somebody_and_a_person_who_names_a_team_both_count(world: World) -> None:
    ana = visitor(world, "ana", "responder")
    world.post("/teams/payments", {"name": "Payments", "members": ["ana"]})
    world.post("/teams/search", {"name": "Search"})
    assert ana.api("GET", "/me").json["teams"] == ["payments"]
    world.post("/people/ana", {"name": "Ana", "teams": ["search"]})
    assert ana.api("GET", "/me").json["teams"] == ["payments", "search"]
    world.post("/teams/payments", {"name": "Payments", "members": []})
    assert ana.api("GET", "/me").json["teams"] == ["search"]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("responder", 403), ("manager", 403), ("administrator", 200)])
def test_only_administrators_manage_accounts(world: World, role: Role, status: int) -> None:
    make_account(world, "root", "administrator")
    ana = visitor(world, "ana", role)
    assert ana.get("/settings/accounts").status == status
    assert ana.api("GET", "/accounts").status == status
    answer = ana.api("POST", "/accounts/root/role", {"role": "viewer"})
    assert answer.status == status
    assert ana.api("POST", "/accounts/ana/role", {"role": "administrator"}).status == (403 if status == 403 else 200)


def test_the_pages_invite_change_and_switch_off(world: World) -> None:
    root = visitor(world, "root", "administrator")
    made = root.fill("/settings/accounts", "/settings/accounts", {"name": "Zoë Ångström", "role": "manager"})
    assert made.status == 200
    assert made.headers["cache-control"] == "no-store"
    assert "/password/" in made.text
    assert "invited, no password yet" in said(root.get("/settings/accounts"))
    page = "/settings/accounts/zoe-angstrom"
    assert root.fill(page, f"{page}/role", {"role": "viewer"}).status == 303
    assert world.get("/accounts")["accounts"][1]["role"] == "viewer"
    assert root.fill(page, f"{page}/disable", {"why": "left"}).status == 303
    assert "switched off: left" in said(root.get(page))
    assert root.fill(page, f"{page}/enable").status == 303
    refused = root.fill("/settings/accounts/root", "/settings/accounts/root/disable", {"why": "tired"})
    assert refused.status == 409
    assert "last administrator" in refused.text
