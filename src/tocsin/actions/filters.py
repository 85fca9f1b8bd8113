"""What somebody looks for in the list of action items: read from an address, and written back into one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tocsin.incidents.addressed import Addressed, word

COLUMNS: Final = ("waiting", "started", "done", "dropped")
STATES: Final = ("", "all", "overdue", "open", *COLUMNS)
"""``open``: waiting or under way; ``all`` and nothing: every item."""
_YES: Final = ("1", "true", "yes", "on")


class Filter(Addressed, frozen=True):
    """What a list shows. Empty: everything."""

    owner: str = ""
    """A person's or team's id; ``-`` for items that nobody owns."""
    team: str = ""
    """Items that a team or one of its members owns, and those of incidents of its services."""
    service: str = ""
    state: str = ""
    """One of ``STATES``."""
    incident: str = ""
    priority: str = ""
    text: str = ""
    """Part of the title, of what it addresses, of the ticket, or the id."""

    @property
    def any(self) -> bool:
        """Whether it leaves anything out."""
        return any(getattr(self, name) for name in self.__struct_fields__ if name != "state") or self.state not in ("", "all", "open")


def read(query: Mapping[str, str], me: str = "") -> Filter:
    """Return what an address asks for; words that it does not know are left out. ``mine=1`` stands for the owner ``me``."""
    state = word(query, "state")
    if query.get("overdue", "").casefold() in _YES:
        state = "overdue"
    owner = me if me and query.get("mine", "").casefold() in _YES else word(query, "owner")
    return Filter(
        owner, word(query, "team"), word(query, "service"), state if state in STATES else "", word(query, "incident"), word(query, "priority"), word(query, "q") or word(query, "text"),
    )  # fmt: skip
