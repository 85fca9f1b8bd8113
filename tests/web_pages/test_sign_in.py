"""Signing in and out: the token pasted once, a session in a cookie, a link that works one time."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.people.visitors import make_account
from tests.world import World, forms_of
from tocsin.engine import sessions
from tocsin.people.sign_in_pages import make_code


def call(
    world: World, method: str, path: str, fields: dict[str, str] | None = None, cookies: dict[str, str] | None = None
) -> tuple[int, dict[str, str], list[str], str]:
    """Send a request as a browser that nobody vouches for; return status, headers, cookies set and body."""
    sent: list[Any] = []
    split = path.partition("?")
    headers = [(b"accept", b"text/html"), (b"content-type", b"application/x-www-form-urlencoded")]
    if cookies:
        headers.append((b"cookie", "; ".join(f"{k}={v}" for k, v in cookies.items()).encode()))
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": split[0],
        "raw_path": split[0].encode(), "query_string": split[2].encode(), "root_path": "", "headers": headers, "client": ("test", 0),
        "server": ("test", 0),
    }  # fmt: skip

    async def receive() -> Any:
        return {"type": "http.request", "body": urlencode(fields or {}).encode(), "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(world.app.asgi(scope, receive, send))
    raw = [(k.decode(), v.decode()) for k, v in sent[0]["headers"]]
    body = b"".join(m.get("body", b"") for m in sent[1:]).decode()
    return sent[0]["status"], dict(raw), [v for k, v in raw if k == "set-cookie"], body


def jar(set_cookies: list[str]) -> dict[str, str]:
    """Return the cookies that a browser keeps."""
    return dict(cookie.partition(";")[0].split("=", 1) for cookie in set_cookies)


def signed_in(world: World, person: str = "alice", token: str = "") -> tuple[int, dict[str, str], list[str], str]:
    token = token or "tocsin_" + "t" * 30
    world.app.runtime.set_token("tocsin_" + "t" * 30)
    page = call(world, "GET", "/sign-in?next=/incidents")[3]
    fields = next(form.fields for form in forms_of(page) if form.action == "/sign-in")
    return call(world, "POST", "/sign-in", {**fields, "person": person, "token": token})


@pytest.fixture
def peopled(world: World) -> World:
    """An installation that was set up."""
    make_account(world, "root", "administrator")
    return world


@pytest.mark.parametrize("path", ["/", "/incidents", "/declare", "/playbooks", "/playbooks/house", "/alerts", "/incidents/INC-1"])
def test_a_page_sends_whoever_is_not_signed_in_to_sign_in_and_back(peopled: World, path: str) -> None:
    status, headers, _, _ = call(peopled, "GET", path)
    assert status == 303
    assert headers["location"] == "/sign-in" + ("" if path == "/" else f"?next={path}")


def test_the_live_feed_and_forms_are_closed_as_well(peopled: World) -> None:
    incident = peopled.declare()
    assert call(peopled, "GET", f"/live?incident={incident}")[0] == 401
    assert call(peopled, "POST", f"/incidents/{incident}/acknowledge", {})[1]["location"].startswith("/sign-in")


def test_health_files_and_the_sign_in_are_public(world: World) -> None:
    assert [call(world, "GET", path)[0] for path in ("/healthz", "/sign-in", "/favicon.ico")] == [200, 200, 200]


def test_the_pasted_token_becomes_a_session_that_is_not_the_token(world: World) -> None:
    status, headers, cookies, _ = signed_in(world, "山田")
    assert (status, headers["location"]) == (303, "/incidents")
    kept = jar(cookies)
    assert "tttt" not in kept["tocsin_token"]
    assert set(kept) == {"tocsin_token"}  # the name stands in the session, where nobody changes it
    for cookie in cookies:
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
    status, _, _, page = call(world, "GET", "/incidents", cookies=kept)
    assert status == 200
    assert "<bdi>山田</bdi>" in page


def test_a_wrong_token_is_refused_and_the_name_kept(world: World) -> None:
    status, _, cookies, page = signed_in(world, "alice", token="tocsin_guess")
    assert status == 401
    assert not cookies
    assert "That is not the token." in page
    assert 'value="alice"' in page


def test_a_session_ends_with_the_token_it_was_opened_under_and_after_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = jar(signed_in(world)[2])
    assert call(world, "GET", "/", cookies=kept)[0] == 200
    other = kept["tocsin_token"][:-1] + ("1" if kept["tocsin_token"].endswith("0") else "0")
    assert call(world, "GET", "/", cookies={**kept, "tocsin_token": other})[0] == 303
    world.app.runtime.set_token("another")
    assert call(world, "GET", "/", cookies=kept)[0] == 303
    world.app.runtime.set_token("tocsin_" + "t" * 30)
    assert call(world, "GET", "/", cookies=kept)[0] == 200
    monkeypatch.setattr(sessions, "SESSION_LASTS", sessions.SESSION_LASTS * 0)
    assert call(world, "GET", "/", cookies=kept)[0] == 303


def test_a_session_outlives_a_restart(world: World) -> None:
    kept = jar(signed_in(world)[2])
    world.restart()
    assert call(world, "GET", "/", cookies=kept)[0] == 200


def test_a_link_with_a_code_signs_in_once(world: World) -> None:
    code = make_code(world.app.runtime, "dora")
    status, headers, cookies, _ = call(world, "GET", f"/sign-in?code={code}&next=/playbooks")
    assert (status, headers["location"]) == (303, "/playbooks")
    assert "<bdi>dora</bdi>" in call(world, "GET", "/", cookies=jar(cookies))[3]
    status, _, cookies, page = call(world, "GET", f"/sign-in?code={code}")
    assert status == 401
    assert not cookies
    assert "used already" in page


def test_a_code_is_too_old_after_its_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "CODE_LASTS", sessions.CODE_LASTS * 0)
    code = make_code(world.app.runtime, "dora")
    assert call(world, "GET", f"/sign-in?code={code}")[0] == 401


def test_a_token_in_the_address_signs_nobody_in(world: World) -> None:
    world.app.runtime.set_token("tocsin_abc")
    status, _, cookies, _ = call(world, "GET", "/sign-in?token=tocsin_abc")
    assert status == 200
    assert not cookies


@pytest.mark.parametrize("after", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/a\nb"])
def test_nobody_is_led_to_another_site_after_signing_in(world: World, after: str) -> None:
    code = make_code(world.app.runtime, "dora")
    _, headers, _, _ = call(world, "GET", "/sign-in?" + urlencode({"code": code, "next": after}))
    assert headers["location"] == "/"


def test_signing_out_takes_the_cookies_back(world: World) -> None:
    kept = jar(signed_in(world)[2])
    page = call(world, "GET", "/", cookies=kept)[3]
    fields = next(form.fields for form in forms_of(page) if form.action == "/sign-out")
    assert call(world, "POST", "/sign-out", {}, cookies=kept)[0] == 403
    status, _, cookies, _ = call(world, "POST", "/sign-out", fields, cookies=kept)
    assert status == 303
    assert all("max-age=0" in cookie.lower() for cookie in cookies)


def test_a_program_that_has_the_token_asks_for_a_link_for_a_person(world: World) -> None:
    made = world.send("POST", "/sign-in/codes", {"person": "dora"})
    assert made.status == 201
    _, _, cookies, _ = call(world, "GET", made.json["url"])
    assert "<bdi>dora</bdi>" in call(world, "GET", "/", cookies=jar(cookies))[3]
