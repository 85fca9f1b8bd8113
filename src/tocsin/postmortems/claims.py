"""Where people's texts say something else than the record."""

from __future__ import annotations

import msgspec

from tocsin.postmortems.material import Material


class Claim(msgspec.Struct, frozen=True):
    """One contradiction."""

    kind: str
    section: str
    line: int
    quoted: str
    record: str
    remedy: str


def check(material: Material) -> list[Claim]:
    """Return every contradiction."""
    return []
