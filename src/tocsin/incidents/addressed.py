"""What somebody looks for in a list, as the query of an address that can be shared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec

_LONGEST: Final = 200
"""Characters of one word of a query that are read."""


class Addressed(msgspec.Struct, frozen=True):
    """What a list shows; each field that is not empty is a word of the address, ``text`` as ``q``."""

    def address(self, **more: str) -> str:
        """Return the query of an address that shows this list; ``more`` replaces or adds."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__} | more
        kept = {("q" if name == "text" else name): value for name, value in fields.items() if value}
        return f"?{urlencode(kept)}" if kept else ""


def word(query: Mapping[str, str], name: str) -> str:
    """Return a word of a query without blanks around it; empty where it is not there."""
    return query.get(name, "").strip()[:_LONGEST]
