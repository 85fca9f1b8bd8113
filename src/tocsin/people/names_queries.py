"""Read who people are by their names: what an id is called, who is meant by a name, whose name fits what somebody types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import func, or_, select

from tocsin.engine.errors import Refused
from tocsin.engine.model import Reader
from tocsin.people.tables import people

MOST_PEOPLE: Final = 8
_AT_ONCE: Final = 400


def names_of(reader: Reader, ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these people; who is not known is left out."""
    wanted = sorted({one for one in ids if one})
    table = people
    found: dict[str, str] = {}
    for begin in range(0, len(wanted), _AT_ONCE):
        query = select(table.c.id, table.c.name).where(table.c.id.in_(wanted[begin : begin + _AT_ONCE]))
        found |= {row.id: row.name for row in reader.rows(query)}
    return found


def people_like(reader: Reader, text: str, limit: int = MOST_PEOPLE) -> list[dict[str, str]]:
    """Return active people whose name or id has this text in it, those first that begin with it."""
    wanted = text.strip().casefold().removeprefix("@")
    table = people
    name, own = func.lower(table.c.name), func.lower(table.c.id)
    query = select(table.c.id, table.c.name).where(table.c.active.is_(True)).order_by(name, table.c.id)
    if wanted:
        query = query.where(or_(name.contains(wanted, autoescape=True), own.contains(wanted, autoescape=True)))
    rows = [{"id": row.id, "name": row.name} for row in reader.rows(query.limit(limit * 5))]
    begins = [one for one in rows if one["name"].casefold().startswith(wanted) or one["id"].casefold().startswith(wanted)]
    return [*begins, *(one for one in rows if one not in begins)][:limit]


def person_meant(reader: Reader, text: str, field: str, *, known: bool = False) -> str:
    """Return the id of the person whom a text means: an id, or the whole name of one active person; the text itself where nobody is known by it.

    known: it has to be somebody who is written down, as soon as anybody is.

    Raises:
        Refused: several people have this name, or nobody has it who has to.

    """
    wanted = text.strip().removeprefix("@").strip()
    table = people
    if not wanted or reader.rows(select(table.c.id).where(table.c.id == wanted)):
        return wanted
    name = func.lower(table.c.name)
    begins = wanted.split(" ", maxsplit=1)[0].casefold()
    rows = reader.rows(
        select(table.c.id, table.c.name).where(
            table.c.active.is_(True), or_(name == wanted.lower(), name.startswith(begins, autoescape=True))
        )
    )
    found = [row.id for row in rows if row.name.strip().casefold() == wanted.casefold()]
    if len(found) > 1:
        raise Refused(f"{len(found)} people are called {wanted}.", fix=f"Write which: {', '.join(sorted(found))}.", field=field)
    if not found and known and reader.rows(select(table.c.id).limit(1)):
        raise Refused(
            f"There is nobody called {wanted[:100]} here.",
            fix="Choose somebody from the list; whoever is missing there is written down under Settings, People.", field=field,
        )  # fmt: skip
    return str(found[0]) if found else wanted
