"""What the page of a postmortem shows: each section with what the record says, what people wrote, what is missing, and what contradicts the record.

The record's part of a long incident takes time to write, so the last few documents are kept with the versions that they were made from.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, Final

import msgspec

from tocsin.actions import queries as actions
from tocsin.engine.runtime import Runtime
from tocsin.incidents.model import Incident
from tocsin.people.rights import SYSTEM_VIEWER
from tocsin.postmortems import handlers, render, whys
from tocsin.postmortems.claims import Claim
from tocsin.postmortems.claims_check import check
from tocsin.postmortems.document import Document, Part, Rendered
from tocsin.postmortems.draft import draft
from tocsin.postmortems.kind import PlaybookOf
from tocsin.postmortems.material import Material
from tocsin.postmortems.model import Comment, Postmortem
from tocsin.postmortems.text import gaps, people_text

_KEPT: Final = 12
_MOST_FACTS: Final = 160
"""Lines of the record's part of one section that the page shows; the document has them all."""
_TREE_PLACES: Final = ("why_chain", "causes", "root_cause", "contributing_factors")
"""Sections below which the tree of whys stands: the first that the kind has."""


class Block(msgspec.Struct, frozen=True):
    """A paragraph, list or table that people wrote, with what contradicts the record in it."""

    html: str
    claims: tuple[Claim, ...]


class Piece(msgspec.Struct, frozen=True):
    """A text that people write: a section's own, or one of its parts."""

    name: str
    """The part; empty for the section itself."""
    text: str
    source: int
    by: str
    at: Any
    blocks: tuple[Block, ...]
    asks: tuple[str, ...]
    """What is still to be written here."""


class Shown(msgspec.Struct, frozen=True):
    """A section as the page shows it."""

    id: str
    title: str
    content: str
    required: bool
    facts: str
    """HTML of what the record says."""
    cut: int
    """How many lines of it are left out."""
    pieces: tuple[Piece, ...]
    asks: tuple[str, ...]
    hints: tuple[str, ...]
    """Questions below what is to be written (the five whys, say)."""
    claims: tuple[Claim, ...]
    """What contradicts the record and stands in no text."""
    comments: tuple[Comment, ...]
    tree: bool
    first_gap: int
    """The number of its first place that is to be written, among all; 0 where there is none."""

    @property
    def gaps(self) -> int:
        """How many places are still to be written."""
        return len(self.asks) + sum(len(piece.asks) for piece in self.pieces)

    @property
    def wrong(self) -> int:
        """How many contradictions it has."""
        return len(self.claims) + sum(len(block.claims) for piece in self.pieces for block in piece.blocks)


class Sheet(msgspec.Struct, frozen=True):
    """Everything about a postmortem that follows from the record and the texts."""

    material: Material
    document: Document
    sections: tuple[Shown, ...]
    removed: tuple[Any, ...]
    """Answers of the tree that were taken out and could be put back."""


class Sheets:
    """The last few sheets, by what they were made from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._made: OrderedDict[str, tuple[object, Sheet]] = OrderedDict()

    def of(self, runtime: Runtime, playbook_of: PlaybookOf, incident: Incident, state: Postmortem) -> Sheet:
        """Return the sheet of a postmortem; it is made anew when the record, the texts, the action items or people's names have changed."""
        with runtime.reading() as reader:
            items = actions.list_items(reader, SYSTEM_VIEWER, incident=incident.id)
            names = actions.names(reader)
            now = reader.now
        late = tuple(item.id for item in items if item.overdue(now))
        key = (
            incident.version,
            state.version,
            tuple((one.id, one.changed_at) for one in items),
            late,
            hash(frozenset(names.people.items())),
        )
        with self._lock:
            found = self._made.get(incident.id)
            if found is not None and found[0] == key:
                self._made.move_to_end(incident.id)
                return found[1]
        sheet = make(handlers.material_of(runtime, playbook_of, incident.id))
        with self._lock:
            self._made[incident.id] = (key, sheet)
            while len(self._made) > _KEPT:
                self._made.popitem(last=False)
        return sheet


def make(material: Material) -> Sheet:
    """Return the sheet of a postmortem."""
    document = draft(material)
    found = check(material)
    place = next((content for content in _TREE_PLACES if material.has(content)), "")
    tree_in = next((section.id for section in document.sections if section.content == place), "")
    count = itertools.count(1)
    sections = tuple(_section(material, section, found, count, tree=section.id == tree_in) for section in document.sections)
    standing = {one.why.id for one in _flat(whys.tree(material.state.whys))}
    removed = tuple(one for one in material.state.whys if one.removed and (not one.parent or one.parent in standing))
    return Sheet(material, document, sections, removed)


def _flat(branches: Sequence[whys.Branch]) -> Iterator[whys.Branch]:
    for branch in branches:
        yield branch
        yield from _flat(branch.below)


def _section(material: Material, section: Rendered, found: Sequence[Claim], count: Iterator[int], *, tree: bool) -> Shown:
    state = material.state
    facts = [] if section.content == "why_chain" else list(section.facts)
    if facts[:2] == ["From the record:", ""]:
        facts = facts[2:]  # the page says so itself
    claims = [claim for claim in found if claim.section == section.id]
    asks = tuple(gaps("\n".join(section.asks)))
    pieces = tuple(
        _piece(material, section, part, claims) for part in ((None,) if not section.parts else ()) if section.text or _writable(section)
    ) + tuple(_piece(material, section, part, claims) for part in section.parts)
    if section.parts and section.text:
        pieces = (_piece(material, section, None, claims), *pieces)
    number = len(asks) + sum(len(piece.asks) for piece in pieces)
    first = next(count) if number else 0
    for _ in range(number - 1):
        next(count)
    seen = {claim for piece in pieces for block in piece.blocks for claim in block.claims}
    return Shown(
        section.id, section.title, section.content, section.required, render.body("\n".join(facts[:_MOST_FACTS])) if facts else "",
        max(0, len(facts) - _MOST_FACTS), pieces, asks, tuple(line.removeprefix("> - ") for line in section.asks if line.startswith("> - ")),
        tuple(claim for claim in claims if claim not in seen), tuple(one for one in state.comments if one.section == section.id), tree, first,
    )  # fmt: skip


def _writable(section: Rendered) -> bool:
    return section.content != "source"


def _piece(material: Material, section: Rendered, part: Part | None, claims: Sequence[Claim]) -> Piece:
    name = part.name if part is not None else ""
    text = part.text if part is not None else section.text
    written = material.state.texts.get(f"{section.id}.{name}" if name else section.id)
    here = [claim for claim in claims if claim.part == name and claim.line]
    blocks = []
    for first, last, html in render.blocks(people_text(text)):
        beside = tuple(claim for claim in here if first <= claim.line <= max(last, first))
        shown = html
        for claim in beside:
            shown = _marked(shown, claim)
        blocks.append(Block(shown, beside))
    asks = tuple(gaps(part.asks)) if part is not None and not part.text else ()
    by = material.name(written.by) if written else ""
    return Piece(name, text, written.source if written else 0, by, written.at if written else None, tuple(blocks), asks)


def _marked(html: str, claim: Claim) -> str:
    """Return the block with the claim's words marked, where they stand in it once and without markup between them."""
    said = escape(claim.quoted, quote=True)
    for wanted in (said, escape(claim.quoted, quote=False)):
        if wanted and html.count(wanted) == 1 and f"<mark>{wanted}" not in html:
            return re.sub(re.escape(wanted), lambda found: f"<mark>{found[0]}</mark>", html)
    return html
