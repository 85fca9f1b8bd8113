"""Where people's texts say something else than the record, each with its place and a remedy. Pure.

Precision goes before recall: a sentence is judged only where its words leave no doubt about what it speaks of. Texts about the future
(action items, preventive measures, lessons) are not compared with what happened.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from tocsin.playbooks.record import Section
from tocsin.postmortems.material import Material

FUTURE: Final = ("action_items", "preventive_measures", "lessons", "follow_ups")
"""Sections that speak of what is to come."""
_END: Final = re.compile(
    r"(?<=[.!?;])\s+|\s+[–—]\s+|(?<=\))\s+|\s+(?=\()|,\s+(?=(?:and|but|which|while|then)\b)|\s+(?=(?:but|while|whereas)\b)"
    r"|\s+(?=and (?:the|it|we|they|then)\b)"
)
_MARKS: Final = re.compile(r"\*{1,3}|(?<!\w)_{1,2}(?=\S)|(?<=\S)_{1,2}(?!\w)")


class Claim(msgspec.Struct, frozen=True):
    """One contradiction."""

    kind: str
    """``duration``, ``clock_time``, ``criteria``, ``action_item``, ``blame``, ``latent_condition``, ``preventive_measure``, ``figure``, ``mean``, ``downtime``."""
    section: str
    line: int
    """Line within the section's text, from 1; 0 where it is about something that is not in a text."""
    quoted: str
    record: str
    """What the record says."""
    remedy: str
    part: str = ""
    """The part of the section that it stands in."""
    wrong: str = ""
    """What in the line could be replaced, word for word; empty where nothing can."""
    right: tuple[str, ...] = ()
    """What the record has for it; where there are several, each is right in its own sense."""


class Sentence(msgspec.Struct, frozen=True):
    """A clause of what people wrote, with its place."""

    section: str
    content: str
    part: str
    line: int
    text: str


def texts(material: Material) -> Iterator[tuple[Section, str, str]]:
    """Yield what people wrote: section, part and text."""
    for section in material.kind.sections:
        for name, part in ((section.id, ""), *((f"{section.id}.{part}", part) for part in section.parts)):
            written = material.state.texts.get(name)
            if written is not None:
                yield section, part, written.text


def clauses(material: Material) -> list[Sentence]:
    """Return what people wrote, clause by clause; marks of emphasis, quotes of code and headings are left out."""
    found: list[Sentence] = []
    for section, part, text in texts(material):
        code = False
        for number, line in enumerate(text.splitlines(), 1):
            if line.lstrip().startswith("```"):
                code = not code
                continue
            if code or line.lstrip().startswith(("#", ">", "|")):
                continue
            plain = _MARKS.sub("", re.sub(r"`[^`]*`", "…", line)).strip().lstrip("-*+ ").strip()
            found.extend(
                Sentence(section.id, section.content, part, number, clause.strip()) for clause in _END.split(plain) if clause.strip()
            )
    return found


def replaced(text: str, line: int, wrong: str, right: str) -> str | None:
    """Return the text with one wrong figure in a line put right; None where it does not stand there exactly once any more.

    line: from 1, as a claim names it.
    """
    lines = text.splitlines()
    if not wrong or not 1 <= line <= len(lines):
        return None
    pattern = re.compile(rf"(?<![\w.:]){re.escape(wrong)}(?!\w)")
    if len(pattern.findall(lines[line - 1])) != 1:
        return None
    lines[line - 1] = pattern.sub(lambda _found: right, lines[line - 1])
    return "\n".join(lines)
