"""What holds for every page: it opens without an error of its scripts, bars nobody, and never scrolls sideways on a telephone."""

from __future__ import annotations

import pytest

from tests.browser import axe
from tests.browser.chromium import MIDDLE, PHONE, WIDE, Theme, Visitor, sideways
from tests.browser.conftest import Visit
from tests.browser.house import PAGES, House

_OUTSIDE = ("sign-in",)
"""Pages for whoever is not signed in."""


def look(visitor: Visitor, path: str, size: tuple[int, int], theme: Theme) -> list[str]:
    """Return what is wrong with a page as it stands at this size in this theme."""
    page = visitor.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.goto(path)
    wrong = [*axe.violations(page), *sideways(page)]
    return [f"{path} at {size[0]} px, {theme}: {one}" for one in wrong]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_sound_on_a_desk_by_day_and_on_a_telephone_at_night(name: str, house: House, visit: Visit) -> None:
    axe.needed()
    visitor = visit("" if name in _OUTSIDE else "alice")
    visitor.expect("status of 404")
    path = house.path(name)
    assert [*look(visitor, path, WIDE, "light"), *look(visitor, path, PHONE, "dark")] == []


@pytest.mark.torture
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, MIDDLE, WIDE], ids=lambda size: f"{size[0]}")
def test_every_page_is_sound_at_every_size_in_both_themes(size: tuple[int, int], theme: Theme, house: House, visit: Visit) -> None:
    axe.needed()
    inside, outside = visit("alice"), visit()
    inside.expect("status of 404")
    wrong: list[str] = []
    for name in PAGES:
        wrong += look(outside if name in _OUTSIDE else inside, house.path(name), size, theme)
    assert wrong == []
