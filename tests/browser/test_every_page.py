"""What holds for every page: it opens without an error of its scripts, bars nobody, and on a telephone it never scrolls sideways and is in reach of a finger."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser
from starlette.routing import Route

from tests.browser import axe
from tests.browser.chromium import MIDDLE, PHONE, WIDE, Theme, Visitor, sideways
from tests.browser.conftest import Visit
from tests.browser.fingers import out_of_reach
from tests.browser.house import NO_PAGES, OUTSIDE, PAGES, SHOWN_AGAIN, House
from tests.world import World


def look(visitor: Visitor, path: str, size: tuple[int, int], theme: Theme, *, anew: bool = True) -> list[str]:
    """Return what is wrong with a page at this size in this theme. anew: it is opened so, rather than turned while it is open."""
    page = visitor.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    if anew:
        page.goto(path)
    wrong = [*axe.violations(page), *sideways(page), *(out_of_reach(page) if size == PHONE else [])]
    return [f"{path} at {size[0]} px, {theme}: {one}" for one in wrong]


def addresses(world: World) -> set[str]:
    """Return the addresses that answer a browser's GET."""
    site: Any = world.app.asgi
    while not hasattr(site, "routes"):
        site = getattr(site, "_app", None) or site.app
    gets: set[str] = set()
    posts: set[str] = set()
    for route in site.routes:
        if isinstance(route, Route):
            (posts if "POST" in (route.methods or ()) else gets).add(route.path)
    return {path for path in gets if not (path.startswith(SHOWN_AGAIN) and path in posts)}


def test_every_page_is_looked_at(world: World) -> None:
    known = [re.sub(r"\{[^}]*\}", "[^/]+", path) for path in addresses(world) if not path.startswith(NO_PAGES)]
    looked = [address.partition("?")[0].format(**dict.fromkeys(re.findall(r"\{(\w+)\}", address), "id")) for address in PAGES.values()]
    forgotten = sorted(pattern for pattern in known if not any(re.fullmatch(pattern, one) for one in looked))
    assert forgotten == [], "add them to PAGES in tests/browser/house.py"


@pytest.fixture(scope="module")
def visitors(house: House, browser: Browser) -> Iterator[dict[bool, Visitor]]:
    """Somebody who is signed in, and somebody who is not (True: outside); both open all pages, one after the other."""
    axe.needed()
    found = {False: Visitor(browser, house.server, "alice"), True: Visitor(browser, house.server)}
    yield found
    for one in found.values():
        one.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound_on_a_desk_by_day_and_on_a_telephone_at_night(name: str, house: House, visitors: dict[bool, Visitor]) -> None:
    visitor = visitors[name in OUTSIDE]
    path = house.path(name)
    before = len(visitor.troubles)
    wrong = [*look(visitor, path, WIDE, "light"), *look(visitor, path, PHONE, "dark", anew=False)]
    found, visitor.troubles[before:] = visitor.troubles[before:], []
    wrong += [one for one in found if "status of 404" not in one]
    assert wrong == []


@pytest.mark.torture
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, MIDDLE, WIDE], ids=lambda size: f"{size[0]}")
def test_every_page_is_sound_at_every_size_in_both_themes(size: tuple[int, int], theme: Theme, house: House, visit: Visit) -> None:
    axe.needed()
    inside, outside = visit("alice"), visit()
    inside.expect("status of 404")
    wrong: list[str] = []
    for name in PAGES:
        wrong += look(outside if name in OUTSIDE else inside, house.path(name), size, theme)
    assert wrong == []
