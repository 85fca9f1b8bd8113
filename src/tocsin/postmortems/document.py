"""A postmortem as a document: its sections with what the record says, what people wrote and what is still to be written. Pure."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tocsin.postmortems.text import gaps, people_text


class Part(msgspec.Struct, frozen=True):
    """A named part of a section that people write."""

    name: str
    text: str
    asks: str = ""
    """What is to be written, as ready lines; empty where ``text`` says it."""


class Rendered(msgspec.Struct, frozen=True):
    """One section."""

    id: str
    title: str
    content: str
    required: bool
    facts: tuple[str, ...] = ()
    """Lines of Markdown that follow from the record."""
    text: str = ""
    """What people wrote."""
    by: str = ""
    parts: tuple[Part, ...] = ()
    asks: tuple[str, ...] = ()
    """Lines that mark what is still to be written."""

    def lines(self) -> list[str]:
        """Return the section as Markdown."""
        lines = [f"## {self.title}", ""]
        first_text = self.content == "summary"
        blocks = [list(self.facts)] if self.facts else []
        written = [people_text(self.text)] if self.text else []
        marked = list(self.asks)
        ordered = [written, marked, *blocks] if first_text else [*blocks, written, marked]
        for block in ordered:
            if block:
                lines += [*block, ""]
        for part in self.parts:
            lines += [f"### {part.name[:1].upper()}{part.name[1:]}", "", people_text(part.text) if part.text else part.asks, ""]
        return lines


class Document(msgspec.Struct, frozen=True):
    """The whole."""

    incident: str
    title: str
    kind: str
    kind_name: str
    stage: str
    as_of: datetime
    sanitised: bool
    sections: tuple[Rendered, ...]

    def markdown(self) -> str:
        """Return the document as Markdown; the same record gives the same text."""
        lines = [f"# {self.title}", ""]
        for section in self.sections:
            lines += section.lines()
        return "\n".join(lines).rstrip() + "\n"

    def to_write(self) -> list[dict[str, str]]:
        """Return what people still have to write, section by section."""
        return [
            {"section": section.id, "title": section.title, "asks": asks}
            for section in self.sections
            for asks in gaps("\n".join(section.lines()))
        ]  # fmt: skip
