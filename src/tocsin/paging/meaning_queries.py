"""Look up what a word means that names whom to call. The order stands in ``standing``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import func, literal, select, union_all

from tocsin.engine.model import Reader
from tocsin.engine.tables import metadata
from tocsin.paging.model import PolicyRecord
from tocsin.paging.standing import KINDS, Kind, Meaning, key_of

_TABLES: Final[dict[Kind, str]] = {"person": "people", "schedule": "schedules", "team": "teams", "policy": "policies"}
_MOST: Final = 5
"""Ids that are alike and named."""


def meaning(reader: Reader, word: str) -> Meaning:
    """Return what a word means: what has exactly this id, or else the only one that is alike."""
    base, mark, line = word.strip().partition("#")  # the line of a schedule
    kinds: tuple[Kind, ...] = ("schedule",) if mark else KINDS
    for kind in kinds:
        if base and _is_there(reader, kind, base):
            return Meaning(kind, f"{base}{mark}{line}")
    alike = _alike(reader, kinds, base) if base else {}
    for kind in kinds:
        if len(ids := alike.get(kind, [])) == 1:
            return Meaning(kind, f"{ids[0]}{mark}{line}")
        if ids:
            return Meaning(several=tuple(ids))
    return Meaning()


def _is_there(reader: Reader, kind: Kind, name: str) -> bool:
    found = reader.state(f"{kind}:{name}")
    if isinstance(found, PolicyRecord):
        return found.saved is not None and not found.retired
    return found is not None


def _alike(reader: Reader, kinds: Iterable[Kind], name: str) -> dict[str, list[str]]:
    """Return what is alike, by kind, with one query for all of them."""
    columns = [(kind, metadata.tables[_TABLES[kind]].c.id) for kind in kinds]
    key = key_of(name)
    queries = [select(literal(kind), ids).where(func.replace(func.lower(ids), "_", "-") == key) for kind, ids in columns]
    found: dict[str, list[str]] = {}
    for row in reader.rows(union_all(*queries)):
        if _is_there(reader, row[0], str(row[1])):
            found.setdefault(str(row[0]), []).append(str(row[1]))
    return {kind: sorted(ids)[:_MOST] for kind, ids in found.items()}
