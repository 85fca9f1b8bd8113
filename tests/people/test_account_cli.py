"""Accounts, tokens and the audit in the terminal."""

from __future__ import annotations

from tests.cli.conftest import Shell, tocsin
from tests.people.visitors import PASSWORD, Visitor, make_account, program
from tests.world import World

__all__ = ["tocsin"]


def test_an_account_is_made_changed_and_switched_off(world: World, tocsin: Shell) -> None:
    make_account(world, "root", "administrator")
    added = tocsin("account add ana --role manager --name 'Ana Ruiz'")
    assert "ana has the role manager. Hand over this link; it works once:" in added.out
    path = "/password/" + added.out.strip().rpartition("/password/")[2]
    assert Visitor(world).fill(path, path, {"password": PASSWORD, "again": PASSWORD}).status == 303
    listed = tocsin("account list").out
    assert "Ana Ruiz" in listed
    assert "can sign in" in listed
    assert "ana has the role viewer." in tocsin("account role ana viewer").out
    assert "ana has the role viewer already." in tocsin("account role ana viewer").out
    assert "/password/" in tocsin("account reset ana").out
    assert "browsers were signed out" in tocsin("account disable ana --why left").out
    assert "switched off" in tocsin("account list").out
    assert "can sign in again" in tocsin("account disable ana --undo").out
    assert "last administrator" in tocsin("account disable root", code=1).err
    assert tocsin("account role ana king", code=2).err


def test_a_token_is_made_listed_and_revoked(world: World, tocsin: Shell) -> None:
    assert "Say when it ends" in tocsin("token create bot --scope read", code=2).err
    made = tocsin("token create bot --scope read,alerts:write --days 30 --name 'A bot'", person="")
    assert made.out.strip().startswith("toc_")
    assert "good for read, alerts:write" in made.err
    assert program(world, made.out.strip()).api("GET", "/me").status == 200
    assert "alerts:write" in tocsin("token list").out
    assert "revoked" in tocsin("token revoke bot --why leaked").out
    assert "revoked already" in tocsin("token revoke bot").out
    assert program(world, made.out.strip()).api("GET", "/me").status == 401
    assert "no scope 'all'" in tocsin("token create x --scope all --days 3", code=1).err


def test_the_audit_is_read_and_filtered(world: World, tocsin: Shell) -> None:
    world.post("/services/pay", {"name": "Pay"}, person="ana")
    world.post("/services/web", {"name": "Web"}, person="bo")
    assert "service pay: saved" in tocsin("audit").out
    only = tocsin("audit --person ana --kind service --limit 1")
    assert "service pay" in only.out
    assert "service web" not in only.out
    assert "--after" in only.err
    assert "Nothing like this." in tocsin("audit --person nobody").out
    assert tocsin("audit --json").json["entries"][0]["kind"] == "service"
