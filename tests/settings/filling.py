"""Forms with fields that come several times, filled in as a browser would."""

import asyncio
from collections.abc import Mapping
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

from tests.world import Answer, World


class _Fields(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str]] = []
        self._action = action
        self._inside = False
        self._area = ""
        self._select: list[tuple[str, bool]] | None = None
        self._name = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = given.get("action", "") == self._action and not self.found
        if not self._inside:
            return
        name = given.get("name", "")
        if tag == "input" and name and not (given.get("type") in ("radio", "checkbox") and "checked" not in given):
            self.found.append((name, given.get("value", "")))
        elif tag == "textarea":
            self._area = name
            self.found.append((name, ""))
        elif tag == "select":
            self._select, self._name = [], name
        elif tag == "option" and self._select is not None:
            self._select.append((given.get("value", ""), "selected" in given))

    def handle_data(self, data: str) -> None:
        if self._inside and self._area:
            self.found[-1] = (self._area, self.found[-1][1] + data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "textarea":
            self._area = ""
        elif tag == "select" and self._select is not None:
            chosen = next((value for value, selected in self._select if selected), self._select[0][0] if self._select else "")
            if self._inside:
                self.found.append((self._name, chosen))
            self._select = None


def fields(page: str, action: str) -> list[tuple[str, str]]:
    """Return what a browser would send of the first form with this action, in the page's order."""
    parser = _Fields(action)
    parser.feed(page)
    assert parser.found, f"there is no form for {action}"
    return parser.found


def filled(
    world: World, page: str, action: str, changes: Mapping[str, str | list[str]] | None = None, person: str = "alice", to: str = ""
) -> Answer:
    """Open a page, change fields of its form (a list: all values of a field), and send it. to: another address than the form's own."""
    found = fields(world.page(page, person).text, action)
    for name, value in (changes or {}).items():
        found = [one for one in found if one[0] != name] + [(name, one) for one in ([value] if isinstance(value, str) else value)]
    headers = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded", "x-tocsin-person": quote(person)}
    return asyncio.run(world._call("POST", to or action, headers, urlencode(found).encode()))
