"""Which playbooks are in force, and the parsed playbook of a digest, parsed once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from tocsin.engine.model import Fact, Reader, Viewer
from tocsin.engine.tables import metadata
from tocsin.incidents import privacy
from tocsin.playbooks import tables
from tocsin.playbooks.events import Current, Published
from tocsin.playbooks.load import Loaded, load_text
from tocsin.playbooks.model import Playbook


class Bookshelf:
    """Parsed playbooks by digest. A text never changes under its digest, so nothing here ever goes stale."""

    def __init__(self) -> None:
        self._parsed: dict[str, Loaded] = {}

    def loaded(self, digest: str, reader: Reader) -> Loaded | None:
        """Return the playbook of a digest with the places of its parts; None where it was never published."""
        found = self._parsed.get(digest)
        if found is None:
            rows = reader.rows(select(tables.playbook_texts).where(tables.playbook_texts.c.digest == digest))
            if not rows:
                return None
            found = self._parsed[digest] = load_text(rows[0].text, f"{rows[0].id}.yaml")
        return found

    def by_digest(self, digest: str, reader: Reader) -> Playbook | None:
        """Return the playbook of a digest; None where it was never published."""
        found = self.loaded(digest, reader)
        return found.playbook if found else None

    def current(self, playbook_id: str, reader: Reader) -> Current | None:
        """Return the version in force; None where there is no such playbook."""
        found: Current | None = reader.state(f"playbook:{playbook_id}")
        return found

    def ids(self, reader: Reader) -> list[str]:
        """Return the ids of all playbooks in force."""
        return [row.id for row in reader.rows(select(tables.playbooks.c.id).order_by(tables.playbooks.c.id))]

    def digest(self, playbook_id: str, version: str, reader: Reader) -> str:
        """Return the digest of a version (a number), or of the one in force without it; an empty text where there is none."""
        if not version:
            current = self.current(playbook_id, reader)
            return current.digest if current else ""
        if not version.isascii() or not version.isdigit():
            return ""
        table = tables.playbook_texts
        query = select(table.c.digest).where(table.c.id == playbook_id, table.c.version == int(version)).order_by(table.c.at.desc())
        rows = reader.rows(query)
        return str(rows[0].digest) if rows else ""


def numbers(reader: Reader) -> dict[str, list[int]]:
    """Return the numbers of all versions of each playbook, the highest first."""
    table = tables.playbook_texts
    found: dict[str, list[int]] = {}
    for row in reader.rows(select(table.c.id, table.c.version).distinct().order_by(table.c.id, table.c.version.desc())):
        found.setdefault(row.id, []).append(row.version)
    return found


def open_incidents(reader: Reader, viewer: Viewer, playbook_id: str, limit: int) -> list[tuple[str, str]]:
    """Return id and title of the open incidents of a playbook that a viewer may read, newest first."""
    table = metadata.tables["incidents"]
    query = select(table.c.id, table.c.title).where(table.c.playbook == playbook_id, table.c.ended.is_(False), privacy.readable(viewer))
    return [(row.id, row.title) for row in reader.rows(query.order_by(table.c.declared_at.desc(), table.c.id).limit(limit))]


def open_counts(reader: Reader, viewer: Viewer) -> dict[str, int]:
    """Return how many incidents are open under each playbook, of those that a viewer may read."""
    table = metadata.tables["incidents"]
    query = select(table.c.playbook, func.count()).where(table.c.ended.is_(False), privacy.readable(viewer)).group_by(table.c.playbook)
    return {row[0]: int(row[1]) for row in reader.rows(query)}


def versions(facts: list[Fact], in_force: str) -> list[dict[str, Any]]:
    """Return every version that was in force, newest first: who published it when. in_force: the digest of the current one."""
    return [
        {
            "version": fact.event.version, "title": fact.event.title, "digest": fact.event.digest, "at": fact.recorded_at, "by": str(fact.actor),
            "shipped": fact.event.shipped, "note": fact.event.note, "in_force": fact.event.digest == in_force,
        }
        for fact in reversed(facts)
        if isinstance(fact.event, Published)
    ]  # fmt: skip
