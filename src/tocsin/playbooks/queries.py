"""Which playbooks are in force, and the parsed playbook of a digest, parsed once."""

from __future__ import annotations

from sqlalchemy import select

from tocsin.engine.model import Reader
from tocsin.playbooks import tables
from tocsin.playbooks.events import Current
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
