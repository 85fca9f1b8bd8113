"""The first run: a new installation sends everybody to its set-up, which makes the first administrator and is closed for ever then."""

from __future__ import annotations

import html
import re

import pytest

from tests.people.visitors import PASSWORD, Visitor, make_account, said
from tests.world import World
from tocsin.drills.run import load_shipped, shipped

TOKEN = "tocsin_first"
FORM = {"token": TOKEN, "name": "Ana Ruiz", "person": "", "password": PASSWORD, "again": PASSWORD}


@pytest.fixture
def fresh(world: World) -> World:
    """An installation that printed its token and has nobody yet."""
    world.app.runtime.set_token(TOKEN)
    return world


@pytest.mark.parametrize("path", ["/", "/incidents", "/settings/me", "/on-call"])
def test_a_server_without_accounts_sends_every_page_to_its_set_up(fresh: World, path: str) -> None:
    answer = Visitor(fresh).get(path)
    assert (answer.status, answer.headers["location"]) == (303, "/setup")


def test_the_whole_way_from_the_token_to_now(fresh: World) -> None:
    ana = Visitor(fresh)
    assert "Welcome to Tocsin" in said(ana.get("/setup"))
    made = ana.fill("/setup", "/setup", FORM)
    assert (made.status, made.headers["location"]) == (303, "/setup/playbook")
    me = ana.api("GET", "/me").json
    assert (me["id"], me["role"]) == ("ana-ruiz", "administrator")
    shown = said(ana.get("/setup/playbook"))
    assert "Pick a playbook" in shown
    assert "SEV-1" in shown
    picked = ana.fill("/setup/playbook", "/setup/playbook", {"playbook": "payments-sev1", "service": "Checkout"})
    assert picked.headers["location"] == "/setup/alert"
    assert fresh.get("/services/checkout")["playbook"] == "payments-sev1"
    waiting = ana.get("/setup/alert")
    assert "Waiting for the first one" in said(waiting)
    assert 'data-feed="/live"' in waiting.text
    assert "/intake/generic/" in waiting.text
    assert ana.fill("/setup/alert", "/setup/alert/test").status == 303
    assert "An alert has arrived" in said(ana.get("/setup/alert"))
    assert fresh.get("/alerts")["alerts"][0]["service"] == "checkout"
    assert ana.fill("/setup/alert", "/setup/alert/next").headers["location"] == "/setup/drill"
    assert "tocsin demo" in said(ana.get("/setup/drill"))
    assert ana.fill("/setup/drill", "/setup/drill/next").headers["location"] == "/"
    assert ana.get("/setup").headers["location"] == "/"


def test_every_step_can_be_left_out_and_the_set_up_goes_on_where_it_was_left(fresh: World) -> None:
    ana = Visitor(fresh)
    ana.fill("/setup", "/setup", FORM)
    assert ana.get("/setup").headers["location"] == "/setup/playbook"
    form = next(form for form in ana.forms("/setup/playbook") if form.action == "/setup/playbook/next")
    assert ana.post(form.action, {**form.fields, "skip": "1"}).headers["location"] == "/setup/alert"
    fresh.restart()
    assert ana.get("/setup").headers["location"] == "/setup/alert"
    assert ana.get("/setup/playbook").status == 200  # and back


def test_it_is_closed_for_ever_once_there_is_an_administrator(fresh: World) -> None:
    first = Visitor(fresh)
    fields = first.forms("/setup")[0].fields
    assert first.post("/setup", {**fields, **FORM}).status == 303
    other = Visitor(fresh)
    late = other.post("/setup", {**fields, **FORM, "name": "Mallory", "person": "mallory"})
    assert late.status == 403
    assert not other.is_in
    assert other.get("/setup").headers["location"] == "/sign-in?next=/setup"
    assert [one["id"] for one in fresh.get("/accounts")["accounts"]] == ["ana-ruiz"]
    fresh.restart()
    assert other.post("/setup", {**fields, **FORM, "name": "Mallory", "person": "mallory"}).status == 403


@pytest.mark.parametrize(
    ("field", "value", "status", "says"),
    [("token", "tocsin_guess", 401, "not the token"), ("password", "short", 422, "5 characters"), ("again", "something else", 422, "differ"),
     ("person", "../etc", 422, "cannot be the id"), ("person", "administrator", 422, "something else"), ("name", "", 422, "name is missing")],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nobody_is_made(fresh: World, field: str, value: str, status: int, says: str) -> None:
    ana = Visitor(fresh)
    answer = ana.fill("/setup", "/setup", {**FORM, field: value})
    assert answer.status == status
    assert says in answer.text
    assert TOKEN not in answer.text
    assert fresh.get("/accounts")["accounts"] == []
    assert ana.fill("/setup", "/setup", FORM).status == 303


def test_the_token_is_not_guessed(fresh: World) -> None:
    guesser = Visitor(fresh, "198.51.100.9")
    fields = guesser.forms("/setup")[0].fields
    statuses = [guesser.post("/setup", {**fields, **FORM, "token": f"tocsin_{number}"}).status for number in range(7)]
    assert statuses[-1] == 429


def test_another_site_cannot_send_the_form(fresh: World) -> None:
    ana = Visitor(fresh)
    fields = ana.forms("/setup")[0].fields
    assert ana.post("/setup", {**fields, **FORM}, {"sec-fetch-site": "cross-site"}).status == 403
    assert ana.post("/setup", FORM).status == 403  # without the token of the page


def test_the_steps_are_an_administrators(fresh: World) -> None:
    Visitor(fresh).fill("/setup", "/setup", FORM)
    make_account(fresh, "bo", "manager")
    bo = Visitor(fresh)
    bo.sign_in("bo")
    assert bo.get("/setup/alert").status == 403  # it shows the addresses by which alerts come in


def test_whoever_has_the_installations_token_still_comes_in_without_an_account(fresh: World) -> None:
    browser = Visitor(fresh)
    page = browser.get("/sign-in")
    assert "Set this installation up" in said(page)
    assert browser.fill("/sign-in", "/sign-in", {"person": "alice", "token": TOKEN}, number=1).status == 303
    assert browser.get("/").status == 200
    assert browser.api("GET", "/me").json["role"] == "administrator"


def test_a_code_for_somebody_with_an_account_makes_them_what_their_account_is(fresh: World) -> None:
    make_account(fresh, "ana", "viewer")
    code = fresh.post("/sign-in/codes", {"person": "ana"}, person="")["path"]
    ana = Visitor(fresh)
    ana.get(code)
    assert ana.api("GET", "/me").json["role"] == "viewer"
    assert ana.api("GET", "/me").json["speaks_for_others"] is False


def test_going_back_after_the_administrator_was_made_leads_on_and_the_old_form_says_so(fresh: World) -> None:
    ana = Visitor(fresh)
    before = ana.get("/setup")
    assert before.headers["cache-control"] == "no-store"
    fields = ana.forms("/setup")[0].fields
    assert ana.post("/setup", {**fields, **FORM}).status == 303
    assert ana.get("/setup").headers["location"] == "/setup/playbook"
    late = ana.post("/setup", {**fields, **FORM})
    assert late.status == 403
    assert "There is an administrator already" in said(late)
    assert "Go on: Pick a playbook" in said(late)
    assert 'href="/setup/playbook"' in late.text
    assert "was not made by a page" not in said(late)
    other = Visitor(fresh).post("/setup", {**fields, **FORM})
    assert 'href="/sign-in?next=/setup"' in other.text
    assert "Pick a playbook</a>" not in other.text


def test_the_command_can_be_copied_and_the_incidents_to_practise_with_are_those_that_are_shipped(fresh: World) -> None:
    ana = Visitor(fresh)
    ana.fill("/setup", "/setup", FORM)
    commands = re.findall(r'data-copy="([^"]*)"', ana.get("/setup/alert").text)
    assert len(commands) == 2
    assert commands[0].startswith("curl ")
    practise = ana.get("/setup/drill")
    assert "--help" not in said(practise)
    assert ".venv/bin/tocsin demo" in said(practise)
    for one in shipped():
        assert f'data-copy="tocsin demo {one}"' in practise.text
        assert html.escape(load_shipped(one).title) in practise.text
