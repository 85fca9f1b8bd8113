"""What every page has: the menu, the colours that the reader chose, answers that are packed, and a page for no connection."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.web_pages.test_mended import fire
from tests.web_pages.test_pages import words
from tests.world import World
from tocsin.app import Options, build, start
from tocsin.channels.console.client import Quiet


def test_the_menu_leads_to_every_part_and_marks_where_one_is(world: World) -> None:
    page = world.page("/incidents").text
    for path in (
        "/",
        "/incidents",
        "/groups",
        "/pages",
        "/on-call",
        "/playbooks",
        "/postmortems",
        "/actions",
        "/insights",
        "/search",
        "/settings",
        "/declare",
    ):
        assert f'href="{path}"' in page, path
    assert 'href="/incidents" aria-current="page"' in page
    assert page.count('aria-current="page"') == 1


def test_the_menu_alone_has_its_figures_as_the_page_would_have_them(world: World) -> None:
    assert "badge" not in world.page("/nav?here=/playbooks").text
    fire(world)
    part = world.page("/nav?here=/playbooks").text
    assert "1 firing that nobody is on" in words(part)
    assert "<html" not in part
    assert 'href="/playbooks" aria-current="page"' in part


def test_the_colours_that_were_chosen_come_with_the_page(world: World) -> None:
    assert "data-theme" not in world.page("/").text
    dark = {"cookie": "tocsin_theme=dark"}
    assert 'data-theme="dark"' in world.page("/", headers=dark).text
    assert "data-theme" not in world.page("/", headers={"cookie": "tocsin_theme=%22%3E"}).text
    answer = world.form("/", "/theme", {"theme": "dark", "after": "/incidents"})
    assert answer.headers["location"] == "/incidents"
    assert answer.headers["set-cookie"].startswith("tocsin_theme=dark")
    assert "Max-Age=0" in world.form("/", "/theme", {"theme": ""}).headers["set-cookie"]
    assert world.form("/", "/theme", {"after": "//elsewhere.example"}).headers["location"] == "/"


def test_pages_data_and_files_are_packed_for_who_can_unpack_them(world: World) -> None:
    packed = {"accept-encoding": "gzip, br"}
    page = world.page("/", headers=packed)
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["vary"] == "Accept-Encoding"
    assert b"<!doctype html>" in gzip.decompress(page.content)
    assert "content-encoding" not in world.page("/").headers
    name = world.page("/").text.partition('href="/static/tokens.')[2].partition('"')[0]
    file = world.page(f"/static/tokens.{name}", headers=packed)
    assert len(file.content) < len(gzip.decompress(file.content)) / 2
    assert "immutable" in file.headers["cache-control"]
    assert world.page("/icon-192.png", headers=packed).headers.get("content-encoding") is None


def test_a_page_for_no_connection_is_the_same_for_everybody_and_names_nobody(world: World) -> None:
    world.declare(title="Secret business")
    page = world.page("/offline", person="")
    assert page.status == 200
    assert "Tocsin cannot be reached" in page.text
    assert "Secret business" not in page.text
    assert "alice" not in page.text
    assert page.headers["cache-control"].startswith("public")


def test_the_installed_application_offers_its_shortcuts_and_icons_that_may_be_cut_round(world: World) -> None:
    manifest = json.loads(world.page("/manifest.webmanifest", person="").text)
    assert [one["name"] for one in manifest["shortcuts"]] == ["Acknowledge", "Declare an incident", "On call"]
    assert {"any", "maskable"} == {icon["purpose"] for icon in manifest["icons"]}
    for shortcut in manifest["shortcuts"]:
        assert world.page(shortcut["url"]).status == 200


def test_components_are_shown_to_who_works_on_them_and_to_nobody_else(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.page("/gallery").status == 404
    made = World(tmp_path / "other")
    try:
        made.app.runtime.stop()
        made.app = build(Options(data=made.folder, default_playbook=made.playbook, clock=made.clock, console=Quiet(), gallery=True))
        start(made.app)
        page = made.page("/gallery")
        assert page.status == 200
        assert "SEV-1" in page.text
    finally:
        made.close()


def test_what_is_going_on_is_there_for_programs_too(world: World) -> None:
    incident = world.declare()
    fire(world, service="wiki")
    now = world.get("/now")
    assert [one["id"] for one in now["open"]] == [incident]
    assert now["open"][0]["next"]["name"]
    assert now["firing_number"] == 1
