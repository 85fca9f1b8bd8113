"""Ask the database for what fits. Whoever may not read a private incident never gets a row of it: that is a condition of every query here.

A word such as "error" fits half of all entries. So only the newest rows that fit, and the newest whose titles do, are weighed; what is shown is
counted among these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, Select, and_, bindparam, column, func, literal_column, or_, select, text
from sqlalchemy import table as table_clause
from sqlalchemy.types import UserDefinedType

from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.engine.tables import metadata
from tocsin.incidents import privacy
from tocsin.playbooks.model import Playbook
from tocsin.search.asked import Asked, for_postgresql, for_sqlite
from tocsin.search.books import IN_NAME, Runbook, runbooks
from tocsin.search.found import Candidate, Group, Head, Result, grouped, url_of, worth
from tocsin.search.marking import marked
from tocsin.search.rows import KINDS
from tocsin.search.tables import search_entries

MOST: Final = 50
"""Groups that are shown at most."""
USUAL: Final = 20
_EACH: Final = 3
_WITHIN: Final = 100
"""Results of one incident where only that is searched."""
_WEIGHED: Final = 800
_TITLES: Final = 200
_DAY: Final = 86_400_000_000
"""Microseconds."""
_SHORT: Final = 220
"""Characters of a text that are shown."""
_UNDATED: Final = frozenset({"service", "person", "team", "runbook"})
"""Kinds of which it does not matter when they were written down."""


class Answer(msgspec.Struct, frozen=True):
    """What was found."""

    groups: tuple[Group, ...] = ()
    counts: dict[str, int] = {}
    """By kind, whatever kind was asked for."""
    total: int = 0
    """Of the kind that was asked for."""
    many: bool = False
    """There is more than was counted."""


def search(reader: Reader, viewer: Viewer, books: Iterable[Playbook], asked: Asked, *, dialect: str, limit: int = USUAL) -> Answer:
    """Return what fits a question, the best first. dialect: of the database, as it is called in its URL."""
    if not asked.terms:
        return Answer()
    everything = msgspec.structs.replace(asked, kind="")
    every = _candidates(reader, viewer, everything, dialect)
    counts = Counter(one.kind for one in every)
    shelf = [] if asked.service or asked.incident or asked.since or asked.until else list(runbooks(books, asked.terms))
    counts["runbook"] += len(shelf)
    many = len(every) >= _WEIGHED
    kept = every
    if asked.kind:
        kept = _candidates(reader, viewer, asked, dialect) if many else [one for one in every if one.kind == asked.kind]
    shown = grouped(kept, min(limit, MOST), _WITHIN if asked.incident else _EACH)
    rows = _rows(reader, asked, [one.number for _, some, _ in shown for one in some])
    heads = _heads(reader, viewer, [incident for incident, _, _ in shown if incident])
    found = [
        Group(heads.get(incident), tuple(rows[one.number] for one in some if one.number in rows), more)
        for incident, some, more in shown
        if not incident or incident in heads
    ]  # fmt: skip
    if asked.kind in ("", "runbook"):
        found = _with_runbooks(found, sorted(shelf, key=_by_score), asked, limit)
    total = len(kept) + (len(shelf) if asked.kind in ("", "runbook") else 0)
    return Answer(tuple(found), {kind: counts[kind] for kind in KINDS if counts[kind]}, total, many)


# -- the two databases ----------------------------------------------------------------------------

_index = table_clause("search_index", column("rowid"))
_joined: Final = _index.join(search_entries, search_entries.c.number == _index.c.rowid)
_columns: Final = ("number", "kind", "record", "incident", "at")
_SAMPLE: Final = 4000
"""The newest rows, by which PostgreSQL is told whether words are common …"""
_COMMON: Final = 80
"""… which they are if so many of these have them."""


def _fitting(reader: Reader, viewer: Viewer, asked: Asked, dialect: str, *, titles: bool) -> Select[Any]:
    """Return the SELECT of rows that fit, the newest first."""
    table: Any = search_entries
    if dialect == "sqlite":
        found = text("search_index MATCH :words").bindparams(words=for_sqlite(asked, titles=titles))
        query = (
            _shown(table).select_from(_joined).where(found, *_conditions(viewer, asked, table), *_numbers_of(reader, asked, _index.c.rowid))
        )
        return query.order_by(_index.c.rowid.desc())
    words: Any = func.to_tsquery("english", for_postgresql(asked))
    conditions = _numbers_of(reader, asked, table.c.number) + ([table.c.kind == asked.kind] if asked.kind else [])
    if titles:
        conditions += [_words("search_entries.title_words", words), table.c.title != ""]
    elif _common(reader, words):
        # Common words: go back from the newest row until there are enough, whatever the planner thinks of it (it knows nothing of half a word).
        every = select(*table.c, literal_column("words", _TsVector())).where(*conditions).order_by(table.c.number.desc()).offset(0)
        table = every.subquery("newest")
        conditions = [_words("newest.words", words)]
    else:
        conditions.append(_words("search_entries.words", words))
    return _shown(table).where(*conditions, *_conditions(viewer, asked, table)).order_by(table.c.number.desc())


class _TsVector(UserDefinedType[str]):
    """The type of a column that only PostgreSQL reads."""

    cache_ok = True

    def get_col_spec(self, **_more: Any) -> str:
        """Return its name."""
        return "tsvector"


def _shown(table: Any) -> Select[Any]:
    return select(*(table.c[name] for name in _columns), func.length(table.c.text).label("length"))


def _words(place: str, words: Any) -> ColumnElement[bool]:
    return literal_column(place).op("@@", is_comparison=True)(words)


def _common(reader: Reader, words: Any) -> bool:
    sample = select(literal_column("words", _TsVector()).label("words")).select_from(search_entries)
    newest = sample.order_by(search_entries.c.number.desc()).limit(_SAMPLE).subquery("sample")
    return int(reader.rows(select(func.count()).select_from(newest).where(_words("sample.words", words)))[0][0]) >= _COMMON


def _candidates(reader: Reader, viewer: Viewer, asked: Asked, dialect: str) -> list[Candidate]:
    """Return the rows that are weighed."""
    titled = {row.number: row for row in reader.rows(_fitting(reader, viewer, asked, dialect, titles=True).limit(_TITLES))}
    newest = {row.number: row for row in reader.rows(_fitting(reader, viewer, asked, dialect, titles=False).limit(_WEIGHED))}
    now = micros(reader.now)
    return [
        Candidate(
            row.number, row.kind, row.record, row.incident,
            worth(row.kind, row.length, 0 if row.kind in _UNDATED else (now - row.at) / _DAY, titled=row.number in titled),
        )
        for row in {**newest, **titled}.values()
    ]  # fmt: skip


def _conditions(viewer: Viewer, asked: Asked, table: Any) -> list[ColumnElement[bool]]:
    """Return what beside the words must hold; the kind and the words of an incident's id are judged by the index."""
    found = [privacy.of_readable(table.c.incident, viewer)]
    if asked.incident:  # the index knows its words; here it is the incident itself
        found.append(table.c.incident == asked.incident)
    if asked.service:
        incidents = _incidents()
        of_service = select(incidents.c.id).where(incidents.c.service == asked.service)
        found.append(or_(table.c.incident.in_(of_service), and_(table.c.kind.in_(("service", "runbook")), table.c.record == asked.service)))
    if asked.since is not None:
        found.append(table.c.at >= micros(asked.since))
    if asked.until is not None:
        found.append(table.c.at < micros(asked.until))
    return found


def _incidents() -> Any:
    """Return the read table of incidents, which is another package's own."""
    return metadata.tables["incidents"]


def _numbers_of(reader: Reader, asked: Asked, number: Any) -> list[ColumnElement[bool]]:
    """Return between which numbers the rows of a time are: what came later has higher ones, but for what was back-dated. An index goes there at once."""
    if asked.since is None and asked.until is None:
        return []
    table = search_entries
    query = select(func.min(table.c.number), func.max(table.c.number))
    if asked.since is not None:
        query = query.where(table.c.at >= micros(asked.since))
    if asked.until is not None:
        query = query.where(table.c.at < micros(asked.until))
    least, most = reader.rows(query)[0]
    return [number >= (least or 0), number <= (most or 0)]


def _rows(reader: Reader, asked: Asked, numbers: list[int]) -> dict[int, Result]:
    if not numbers:
        return {}
    table = search_entries
    found = {}
    for row in reader.rows(select(table).where(table.c.number.in_(bindparam("numbers", expanding=True))), {"numbers": numbers}):
        at = None if row.kind in _UNDATED else moment(row.at)
        shown, url = row.text, url_of(row.kind, row.record, row.place, row.text)
        if row.kind in ("incident", "action") or row.kind in _UNDATED:
            shown = row.text.partition("\n")[2].replace("\n", " · ")  # the id stands before the rest only to be found
        found[row.number] = Result(
            row.kind, row.record, row.label, marked(row.title, asked.terms), marked(shown, asked.terms, _SHORT), url, at
        )
    return found


def _heads(reader: Reader, viewer: Viewer, ids: list[str]) -> dict[str, Head]:
    if not ids:
        return {}
    incidents = _incidents()
    query = select(incidents).where(incidents.c.id.in_(ids), privacy.readable(viewer))
    return {
        row.id: Head(row.id, row.title, row.severity, row.rank, row.service, row.stage, row.ended, row.private, moment(row.declared_at))
        for row in reader.rows(query)
    }  # fmt: skip


# -- runbooks of playbooks ------------------------------------------------------------------------


def _by_score(one: Runbook) -> tuple[float, str]:
    return -one.score, one.name


def _with_runbooks(groups: list[Group], shelf: list[Runbook], asked: Asked, limit: int) -> list[Group]:
    """Return the groups with the runbooks of playbooks: those whose names have the words first, the others behind everything."""
    made = [
        (
            one.score >= IN_NAME,
            Group(
                None,
                (
                    Result(
                        "runbook", one.id, one.playbook_name, marked(one.name, asked.terms), marked(one.text.replace("\n", " · "), asked.terms, _SHORT),
                        f"/playbooks/{one.playbook}#runbook-{one.id}",
                    ),
                ),
            ),
        )
        for one in shelf
    ]  # fmt: skip
    first = [group for named, group in made if named][:_EACH]
    rest = [group for _, group in made if group not in first]
    return [*first, *groups, *rest][:limit]
