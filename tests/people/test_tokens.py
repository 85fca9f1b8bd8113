"""API tokens: what they open, in whose name, until when; and that nobody gives away more than they have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.people.visitors import make_account, make_token, program, said, visitor
from tests.world import World

ALERT = {"title": "Checkout is slow"}


def ends(world: World, days: float = 30) -> str:
    return (world.now + timedelta(days=days)).isoformat()


def test_a_token_opens_the_api_and_the_record_shows_its_name(world: World) -> None:
    bot = program(world, make_token(world, "deploys", "respond", name="Deploy pipeline"))
    assert bot.api("GET", "/me").json["id"] == "deploys"
    assert bot.api("POST", "/silences", {"matchers": "service=x", "until": ends(world, 1)}).status in (201, 422)
    declared = bot.api("POST", "/incidents", {"title": "From the pipeline"})
    assert declared.status == 201, declared.text
    fact = world.app.runtime.facts("incident", declared.json["incident"])[0]
    assert (fact.actor.kind, fact.actor.id) == ("token", "deploys")


def test_its_secret_is_shown_once_and_kept_nowhere(world: World) -> None:
    secret = make_token(world, "deploys", "read")
    assert secret.startswith("toc_")
    assert secret not in str(world.get("/tokens"))
    with world.app.runtime.database.reading() as connection:
        for table in ("facts", "streams", "idempotency", "api_tokens", "settings"):
            assert secret not in "\n".join(str(row) for row in connection.execute(text(f"SELECT * FROM {table}"))), table


def test_the_same_request_again_is_answered_with_the_same_secret(world: World) -> None:
    body = {"scopes": ["read"], "expires_at": ends(world)}
    one = world.post("/tokens/deploys", body, headers={"idempotency-key": "k"})["secret"]
    assert world.post("/tokens/deploys", body, headers={"idempotency-key": "k"})["secret"] == one
    assert program(world, one).api("GET", "/me").status == 200
    assert "already" in world.refused("/tokens/deploys", body)["detail"]


@pytest.mark.parametrize(
    ("scope", "reads", "declares", "saves", "audits"),
    [("read", 200, 403, 403, 403), ("respond", 200, 201, 403, 403), ("manage", 200, 201, 200, 403), ("admin", 200, 201, 200, 200)],
)
def test_a_role_as_a_scope(world: World, scope: str, reads: int, declares: int, saves: int, audits: int) -> None:
    bot = program(world, make_token(world, "bot", scope))
    assert bot.api("GET", "/incidents").status == reads
    assert bot.api("POST", "/incidents", {"title": "Something"}).status == declares
    assert bot.api("POST", "/services/checkout", {"name": "Checkout"}).status == saves
    assert bot.api("GET", "/audit").status == audits


@pytest.mark.parametrize(
    ("scope", "opens"),
    [("alerts:write", ("POST", "/alerts", ALERT)), ("metrics:read", ("GET", "/insights/summary", None)), ("on-call:read", ("GET", "/on-call", None)),
     ("audit:read", ("GET", "/audit", None))],
)  # fmt: skip
def test_a_narrow_token_opens_its_door_and_no_other(world: World, scope: str, opens: tuple[str, str, Any]) -> None:
    bot = program(world, make_token(world, "bot", scope))
    assert bot.api(*opens).status < 300
    for method, path in (("GET", "/incidents"), ("GET", "/people"), ("GET", "/tokens"), ("POST", "/incidents")):
        answer = bot.api(method, path, {"title": "x"} if method == "POST" else None)
        assert answer.status == 403, path
        assert f"good for {scope} only" in answer.json["detail"]
    assert bot.get("/").status == 403
    assert bot.get("/live").status in (401, 403)


def test_a_token_is_worth_nothing_from_its_end_on(world: World) -> None:
    bot = program(world, make_token(world, "bot", "read", days=2))
    world.advance(days=1, hours=23)
    assert bot.api("GET", "/me").status == 200
    world.advance(hours=1)
    answer = bot.api("GET", "/me")
    assert answer.status == 401
    assert "ended on 2025-10-29 14:25 UTC" in answer.json["detail"]


def test_a_revoked_token_is_worth_nothing_with_the_next_request_and_its_name_is_not_given_again(world: World) -> None:
    bot = program(world, make_token(world, "bot", "admin"))
    assert bot.api("GET", "/me").status == 200
    world.post("/tokens/bot/revoke", {"why": "leaked"})
    answer = bot.api("GET", "/me")
    assert answer.status == 401
    assert "revoked" in answer.json["detail"]
    assert world.refused("/tokens/bot", {"scopes": ["read"], "expires_at": ends(world)})["status"] == 409


@pytest.mark.parametrize("secret", ["toc_guess", "", "toc_" + "0" * 40, "tocsin_x", "\u00fc"])
def test_a_guess_opens_nothing(world: World, secret: str) -> None:
    make_token(world, "bot", "admin")
    assert program(world, secret.encode().decode("latin-1")).api("GET", "/me").status == 401


def test_neither_a_token_nor_a_session_speaks_for_others(world: World) -> None:
    bot = program(world, make_token(world, "bot", "admin"))
    ana = visitor(world, "ana", "administrator")
    for someone in (bot, ana):
        answer = someone.api("POST", "/incidents", {"title": "x"}, {"x-tocsin-person": "bo"})
        assert answer.status == 403
        assert "cannot speak for bo" in answer.json["detail"]
        assert someone.send("GET", "/", headers={"x-tocsin-person": "bo"}).status == 403
        assert someone.api("POST", "/sign-in/codes", {"person": "bo"}).status == 403
    assert ana.api("GET", "/me", headers={"x-tocsin-person": "ana"}).status == 200
    world.app.runtime.set_token("tocsin_local")
    local = program(world, "tocsin_local")
    assert local.api("GET", "/me", headers={"x-tocsin-person": "bo"}).json["id"] == "bo"


def test_a_token_that_acts_for_a_person_is_them_and_never_more_than_they_are_now(world: World) -> None:
    make_account(world, "root", "administrator")
    ana = visitor(world, "ana", "manager")
    made = ana.api("POST", "/tokens/ana-laptop", {"scopes": ["manage"], "expires_at": ends(world), "person": "ana"})
    assert made.status == 201, made.text
    laptop = program(world, made.json["secret"])
    assert laptop.api("GET", "/me").json | {"session": None} == {
        "kind": "person", "id": "ana", "role": "manager", "teams": [], "token": "ana-laptop", "session": None, "speaks_for_others": False,
    }  # fmt: skip
    world.post("/accounts/ana/role", {"role": "viewer"})
    assert laptop.api("GET", "/me").json["role"] == "viewer"
    world.post("/accounts/ana/disable")
    assert laptop.api("GET", "/me").status == 401


def test_nobody_gives_away_more_than_they_have(world: World) -> None:
    make_account(world, "root", "administrator")
    ana, root = visitor(world, "ana", "responder"), visitor(world, "root2", "administrator")
    give = {"expires_at": ends(world)}
    assert ana.api("POST", "/tokens/a", {**give, "scopes": ["manage"], "person": "ana"}).status == 403
    assert ana.api("POST", "/tokens/a", {**give, "scopes": ["respond"], "person": "root"}).status == 403
    assert ana.api("POST", "/tokens/a", {**give, "scopes": ["respond"]}).status == 403
    assert ana.api("POST", "/tokens/a", {**give, "scopes": ["audit:read"], "person": "ana"}).status == 403
    assert ana.api("POST", "/tokens/a", {**give, "scopes": ["respond"], "person": "ana", "team": "payments"}).status == 403
    assert root.api("POST", "/tokens/a", {**give, "scopes": ["admin"], "person": "ana"}).status == 403
    refused = root.api("POST", "/tokens/a", {**give, "scopes": ["read", "private:read"]})
    assert refused.status == 403
    assert "reads every private incident" in refused.json["detail"]
    assert ana.api("POST", "/tokens/a", {**give, "scopes": ["respond"], "person": "ana"}).status == 201


def test_a_token_makes_none_that_outlives_it(world: World) -> None:
    bot = program(world, make_token(world, "bot", "admin", days=2))
    assert bot.api("POST", "/tokens/heir", {"scopes": ["read"], "expires_at": ends(world, 3)}).status == 403
    assert bot.api("POST", "/tokens/heir", {"scopes": ["read"], "expires_at": ends(world, 1)}).status == 201


@pytest.mark.parametrize(
    ("body", "says"),
    [({"scopes": ["everything"]}, "no scope 'everything'"), ({"scopes": []}, "needs a scope"), ({"scopes": ["private:read"]}, "needs a scope"),
     ({"scopes": ["read"], "expires_at": "2025-10-27T14:25:00Z"}, "ended already"), ({"scopes": ["read", "private:read"], "person": "ana"}, "nobody's"),
     ({"scopes": ["read"], "expires_at": None}, "expires_at")],
)  # fmt: skip
def test_a_token_that_cannot_be_is_refused(world: World, body: dict[str, Any], says: str) -> None:
    answer = world.send("POST", "/tokens/bot", {"expires_at": ends(world), **body}, person="")
    assert answer.status == 422
    assert says in answer.text


@pytest.mark.parametrize("name", ["administrator", "tocsin", "me", "alice", "a b", "../x"])
def test_a_token_takes_no_name_that_means_something_else(world: World, name: str) -> None:
    world.post("/people/alice", {"name": "Alice"})
    from urllib.parse import quote

    answer = world.send("POST", f"/tokens/{quote(name, safe='')}", {"scopes": ["read"], "expires_at": ends(world)}, person="")
    assert answer.status in (404, 409, 422)


def test_a_token_of_a_team_changes_what_the_team_owns(world: World) -> None:
    world.post("/teams/payments", {"name": "Payments"})
    world.post("/services/pay", {"name": "Pay", "owner": "payments"})
    world.post("/services/search", {"name": "Search", "owner": "search"})
    bot = program(world, make_token(world, "bot", "respond", team="payments"))
    assert bot.api("POST", "/services/pay", {"name": "Payments", "owner": "payments"}).status == 200
    assert bot.api("POST", "/services/search", {"name": "Ours", "owner": "payments"}).status == 403
    assert bot.api("POST", "/services/new", {"name": "New", "owner": "payments"}).status == 200
    assert bot.api("POST", "/services/other", {"name": "New", "owner": "search"}).status == 403


def test_private_incidents_are_closed_to_tokens_but_the_one_that_was_given_the_key(world: World) -> None:
    incident = world.declare(private=True)
    plain = program(world, make_token(world, "plain", "admin"))
    key = program(world, make_token(world, "key", "read", "private:read"))
    assert plain.api("GET", f"/incidents/{incident}").status == 404
    assert incident not in plain.api("GET", "/incidents").text
    assert key.api("GET", f"/incidents/{incident}").status == 200


def test_when_it_was_last_used_is_known_to_some_minutes(world: World) -> None:
    bot = program(world, make_token(world, "bot", "read"))
    assert world.get("/tokens")["tokens"][0]["used_at"] is None
    bot.api("GET", "/me")
    world.app.runtime.write(lambda _connection: {})  # after what waits
    assert world.get("/tokens")["tokens"][0]["used_at"] is not None


def test_everybody_sees_and_revokes_their_own_and_administrators_all(world: World) -> None:
    make_account(world, "root", "administrator")
    ana, bo = visitor(world, "ana", "viewer"), visitor(world, "bo", "responder")
    ana.api("POST", "/tokens/hers", {"scopes": ["read"], "expires_at": ends(world), "person": "ana"})
    make_token(world, "bot", "admin")
    assert [one["id"] for one in ana.api("GET", "/tokens").json["tokens"]] == ["hers"]
    assert bo.api("GET", "/tokens").json["tokens"] == []
    assert bo.api("POST", "/tokens/hers/revoke").status == 404
    assert ana.api("POST", "/tokens/bot/revoke").status == 404
    assert ana.api("POST", "/tokens/hers/revoke").status == 200
    assert len(world.get("/tokens")["tokens"]) == 2


def test_the_page_makes_a_token_shows_it_once_and_revokes_it(world: World) -> None:
    root = visitor(world, "root", "administrator")
    made = root.fill("/settings/tokens", "/settings/tokens", {"name": "Deploy pipeline", "role": "respond", "days": "90"})
    assert made.status == 200, made.text
    assert made.headers["cache-control"] == "no-store"
    secret = made.text.partition('id="secret">')[2].partition("<")[0]
    assert program(world, secret).api("GET", "/me").json["id"] == "deploy-pipeline"
    page = root.get("/settings/tokens")
    assert secret not in page.text
    assert "deploy-pipeline" in said(page)
    assert root.fill("/settings/tokens", "/settings/tokens/deploy-pipeline/revoke").status == 303
    assert program(world, secret).api("GET", "/me").status == 401
    wrong = root.fill("/settings/tokens", "/settings/tokens", {"name": "Other", "role": "", "days": "90"})
    assert wrong.status == 422
    assert 'value="Other"' in wrong.text


def test_a_token_that_reads_moves_no_way_to_reach_a_person_and_ends_no_session(world: World) -> None:
    make_account(world, "root", "administrator")
    ana = visitor(world, "ana", "responder")
    made = ana.api("POST", "/tokens/ana-reads", {"scopes": ["read"], "expires_at": ends(world), "person": "ana"})
    reads = program(world, made.json["secret"])
    for path, body in (
        ("/people/ana/contacts", {"kind": "email", "value": "ana@elsewhere.example"}), ("/me/sessions/end", {}),
        ("/tokens/another", {"scopes": ["read"], "expires_at": ends(world), "person": "ana"}), ("/tokens/ana-reads/revoke", {}),
    ):  # fmt: skip
        answer = reads.api("POST", path, body)
        assert (answer.status, answer.json.get("field")) == (403, "scope"), path
    assert reads.api("GET", "/incidents").status == 200
