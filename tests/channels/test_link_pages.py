"""The page that a message's link opens: one button, and nothing happens until it is pressed."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.world import Answer, World, forms_of
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet

BASE = "https://tocsin.example.com"


class Reachable(World):
    """An installation that knows its own address."""

    def _build(self) -> App:
        options = Options(data=self.folder, default_playbook=self.playbook, clock=self.clock, console=Quiet(), public_url=BASE)
        app = build(options)
        start(app)
        return app

    def visit(self, method: str, path: str, accept: str = "text/html", **headers: str) -> Answer:
        """Ask as somebody who is not signed in."""
        return asyncio.run(self._bare(method, path, {"accept": accept, **headers}))

    async def _bare(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        split = urlsplit(path)
        sent: list[dict[str, Any]] = []
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": split.path,
            "raw_path": split.path.encode(), "query_string": split.query.encode(), "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()], "client": ("test", 0), "server": ("test", 0),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.app.asgi(scope, receive, send)
        return Answer(
            sent[0]["status"], b"".join(one.get("body", b"") for one in sent[1:]), {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        )


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Reachable]:
    made = Reachable(tmp_path / "data")
    for person in ("ana", "bo"):
        made.post(f"/people/{person}", {"name": person.title(), "contacts": [{"kind": "file", "value": person}]})
    yield made
    made.close()


def opened(world: World, **more: Any) -> str:
    body = {
        "title": "High error rate in payment API", "targets": ["person:ana", "person:bo"],
        "carries": {"word": "SEV-1", "value": "8.4%", "threshold": "5%", "runbook": "https://wiki.example.com/rb", "dashboard": "javascript:alert(1)"},
    } | more  # fmt: skip
    return str(world.post("/pages", body)["page"])


def link_of(world: World, person: str) -> str:
    found = [one for one in world.outbox() if one["kind"] == "page.notification" and one["values"]["person"] == person]
    return str(re.findall(rf"Acknowledge: {BASE}(/a/\S+)", found[-1]["body"])[0])


def story(world: World, page: str) -> int:
    return int(world.get(f"/pages/{page}")["version"])


def test_opening_a_link_in_whatever_way_changes_nothing(world: Reachable) -> None:
    page = opened(world)
    link = link_of(world, "ana")
    before = story(world, page)
    for method, headers in (
        ("GET", {}),
        ("HEAD", {}),
        ("GET", {"purpose": "prefetch"}),
        ("GET", {"sec_purpose": "prefetch;prerender"}),
        ("OPTIONS", {}),
    ):
        world.visit(method, link, **headers)
        world.visit(method, f"{link}/acknowledge", **headers)
        world.visit(method, f"{link}/escalate", **headers)
    assert story(world, page) == before
    assert world.visit("GET", f"{link}/acknowledge").status == 405


def test_it_shows_what_it_is_about_with_one_button_to_acknowledge(world: Reachable) -> None:
    page = opened(world)
    link = link_of(world, "ana")
    shown = world.visit("GET", link)
    assert shown.status == 200
    for part in (
        "SEV-1",
        "High error rate in payment API",
        "8.4%",
        "5%",
        "Nobody has it yet",
        "Acknowledge as <bdi>Ana</bdi>",
        f'href="/pages/{page}"',
    ):
        assert part in shown.text
    assert "javascript:" not in shown.text
    assert [form.action for form in forms_of(shown.text)] == [f"{link}/acknowledge", f"{link}/escalate"]
    assert all(form.fields == {} for form in forms_of(shown.text))


def test_the_button_acknowledges_as_that_person_without_signing_in(world: Reachable) -> None:
    page = opened(world)
    link = link_of(world, "ana")
    pressed = world.visit("POST", f"{link}/acknowledge")
    assert (pressed.status, pressed.headers["location"]) == (303, link)
    found = world.get(f"/pages/{page}")
    assert found["state"] == "acknowledged"
    assert found["acknowledged"][0]["person"] == "ana"
    assert found["acknowledged"][0]["via"] == "file"
    shown = world.visit("GET", link).text
    assert "You have it, <bdi>Ana</bdi>" in shown
    assert f"{link}/acknowledge" not in shown
    assert "<bdi>Ana</bdi> has it" in world.visit("GET", link_of(world, "bo")).text


def test_a_second_tap_changes_nothing_and_is_no_error(world: Reachable) -> None:
    page = opened(world)
    link = link_of(world, "ana")
    world.visit("POST", f"{link}/acknowledge")
    before = story(world, page)
    assert world.visit("POST", f"{link}/acknowledge").status == 303
    assert story(world, page) == before


def test_a_notifications_button_is_answered_with_json(world: Reachable) -> None:
    opened(world)
    answer = world.visit("POST", f"{link_of(world, 'ana')}/acknowledge", accept="application/json")
    assert answer.status == 200
    assert answer.json["acknowledged_by"] == "ana"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "acknowledged" in answer.json["says"]


def test_another_site_with_the_link_can_do_no_more_than_its_owner_and_no_cookie_counts(world: Reachable) -> None:
    opened(world)
    link = link_of(world, "ana")
    refused = world.visit("POST", f"{link}/acknowledge", cookie="tocsin_token=x", sec_fetch_site="cross-site")
    assert refused.status == 403


def test_help_can_be_called(world: Reachable) -> None:
    page = opened(world)
    assert world.visit("POST", f"{link_of(world, 'ana')}/escalate").status == 303
    assert "ana" in json.dumps(world.get(f"/pages/{page}")["story"])


def test_a_link_that_has_run_out_says_so_and_does_nothing(world: Reachable) -> None:
    page = opened(world)
    link = link_of(world, "ana")
    world.advance(hours=48, minutes=1)
    before = story(world, page)
    shown = world.visit("GET", link)
    assert shown.status == 410
    assert "has run out" in shown.text
    assert world.visit("POST", f"{link}/acknowledge").status == 410
    assert world.visit("POST", f"{link}/acknowledge", accept="application/json").json["status"] == 410
    assert story(world, page) == before


def test_a_link_that_is_none_of_ours_gets_a_kind_page(world: Reachable) -> None:
    for token in ("x", "a.b", "..", "%00", "é", "x" * 3000):
        shown = world.visit("GET", f"/a/{token}")
        assert 400 <= shown.status < 500, token
        assert world.visit("POST", f"/a/{token}/acknowledge").status in (400, 404, 405, 422), token
    assert "This link leads nowhere" in world.visit("GET", "/a/x").text


def test_a_link_of_another_installation_is_none_of_ours(world: Reachable, tmp_path: Path) -> None:
    opened(world)
    link = link_of(world, "ana")
    other = Reachable(tmp_path / "other")
    try:
        assert other.visit("GET", link).status == 404
    finally:
        other.close()


def test_it_still_holds_after_a_restart(world: Reachable) -> None:
    opened(world)
    link = link_of(world, "ana")
    world.restart()
    assert world.visit("GET", link).status == 200


def test_what_is_over_asks_for_nothing(world: Reachable) -> None:
    page = opened(world)
    link = link_of(world, "ana")
    world.post(f"/pages/{page}/resolve", {"why": "fixed"}, person="bo")
    shown = world.visit("GET", link).text
    assert "It is over" in shown
    assert forms_of(shown) == []
    assert world.visit("POST", f"{link}/escalate").status == 409


def test_nobody_frames_it_keeps_it_or_learns_its_address(world: Reachable) -> None:
    opened(world)
    for path in (link_of(world, "ana"), "/a/x.y"):
        headers = world.visit("GET", path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert "no-store" in headers["cache-control"]


def test_no_token_is_kept_anywhere_in_the_database(world: Reachable) -> None:
    opened(world)
    token = link_of(world, "ana").rpartition("/")[2]
    raw = b"".join(path.read_bytes() for path in world.folder.glob("tocsin.db*"))
    assert token.encode() not in raw


def test_what_a_title_holds_is_shown_as_text(world: Reachable) -> None:
    opened(world, title="<script>alert(1)</script><b>", carries={"word": "<i>", "summary": "<img src=x>", "value": '"><u>'})
    shown = world.visit("GET", link_of(world, "ana")).text
    for part in ("<script>alert", "<img src=x", "<u>", "<i>"):
        assert part not in shown
