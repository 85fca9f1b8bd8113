"""By which addresses people reach an installation: cookies for HTTPS alone, clients behind a proxy, and what is said where something is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.people.visitors import Visitor, make_account, said
from tests.server import Server
from tests.world import World
from tocsin.app import Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.cli.serve import advice
from tocsin.cli.settings import settle
from tocsin.people.passwords import CHEAP


def test_cookies_are_for_https_alone_where_the_site_is_https(tmp_path: Path, world: World) -> None:
    world.app.runtime.stop()
    world.app = build(
        Options(data=world.folder, public_url="https://tocsin.example.com", clock=world.clock, console=Quiet(), password_cost=CHEAP)
    )
    start(world.app)
    make_account(world, "ana", "viewer")
    near, far = Visitor(world), Visitor(world, headers={"host": "tocsin.example.com"})
    near.sign_in("ana")
    far.sign_in("ana")
    assert "secure" not in near.last_cookies[0].lower()  # the machine itself, without TLS
    assert "secure" in far.last_cookies[0].lower()
    link = world.post("/accounts/ana/link")
    assert link["url"] == "https://tocsin.example.com" + link["path"]


@pytest.mark.torture
def test_the_address_of_a_client_is_its_proxys_word_only_where_that_is_trusted(tmp_path: Path) -> None:
    for trusted, seen in (("", "127.0.0.1"), ("127.0.0.1/32", "203.0.113.8")):
        server = Server(tmp_path / f"data{bool(trusted)}", *(("--trusted-proxy", trusted) if trusted else ()))
        try:
            headers = {"X-Forwarded-For": "1.2.3.4, 203.0.113.8", "X-Forwarded-Proto": "https"}
            status, _ = server.request("POST", "/api/v1/routes", {"routes": []}, headers=headers)
            assert status == 200
            entries = server.request("GET", "/api/v1/audit?kind=routes")[1]["entries"]
            assert entries[0]["address"] == seen
        finally:
            server.stop()


@pytest.mark.parametrize(
    ("flags", "says"),
    [({}, []), ({"host": "0.0.0.0"}, ["--public-url", "--tls-cert"]), ({"host": "0.0.0.0", "public_url": "https://t.example.com"}, ["--trusted-proxy"]),
     ({"host": "0.0.0.0", "public_url": "https://t.example.com", "trusted_proxy": "10.0.0.0/8"}, [])],
)  # fmt: skip
def test_the_server_says_at_its_start_what_its_addresses_do_not_allow_yet(flags: dict[str, Any], says: list[str]) -> None:
    lines = advice(settle(flags, {}, None))
    assert len(lines) == len(says)
    for line, word in zip(lines, says, strict=True):
        assert word in line


def test_the_page_of_notifications_says_what_they_need(world: World) -> None:
    plain = world.page("/push", headers={"host": "tocsin.internal"})
    assert "--tls-cert" in said(plain)
    assert "--tls-cert" not in said(world.page("/push", headers={"host": "localhost:8844"}))
