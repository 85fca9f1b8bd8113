"""Write the document: the record's part of every section, what people wrote, and a marked place wherever people still have to. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tocsin.playbooks.record import Section
from tocsin.postmortems import facts_after, facts_record, facts_response, whys
from tocsin.postmortems.document import Document, Part, Rendered
from tocsin.postmortems.material import Material
from tocsin.postmortems.model import Mark
from tocsin.postmortems.text import cell, gap

Facts = Callable[[Material, Section], list[str]]

FACTS: Final[dict[str, Facts]] = {
    "header": facts_record.header, "impact": facts_record.impact, "figures": facts_record.figures, "milestones": facts_record.milestones,
    "durations": facts_record.durations, "timeline": facts_record.timeline, "decisions": facts_record.decisions, "roles": facts_response.roles,
    "mitigations": facts_response.mitigations, "updates": facts_response.updates, "adherence": facts_response.adherence,
    "checklists": facts_response.checklists, "process_health": facts_response.process_health, "action_items": facts_after.action_items,
    "approvals": facts_after.approvals, "follow_ups": facts_after.follow_ups,
}  # fmt: skip
"""What the record fills by itself."""

PEOPLE: Final[dict[str, str]] = {
    "summary": "What happened, how bad it was, how it ended and what changes, for somebody who was not there.",
    "why_chain": "Ask why until the answer is something that can be changed; each answer with its evidence.",
    "causes": "The immediate cause, what contributed, and what lay hidden before.",
    "root_cause": "How it came about.",
    "contributing_factors": "What made it possible, worse or longer.",
    "why_not_caught": "What would have had to show it before it reached users.",
    "went_well": "What helped, so that it is kept.",
    "went_poorly": "What the system let happen; nobody is blamed.",
    "lessons": "What others can learn from it.",
    "preventive_measures": "What will keep it from happening again; each with an action item.",
    "free": "What this section is for.",
}
"""What only people can write, and what is asked where the playbook does not say."""

HOUSE_ONLY: Final = ("roles", "adherence", "process_health", "approvals", "follow_ups")
"""Sections that the sanitised variant leaves out as a whole: they are about persons and the house's own business."""
_MARKS: Final[dict[str, tuple[Mark, ...]]] = {
    "causes": ("cause", "contributing", "latent"), "root_cause": ("cause",), "contributing_factors": ("contributing", "latent"),
}  # fmt: skip
"""Which answers of the tree of whys belong into which section."""
_WHYS: Final = ("Why did it happen?", "Why was that so?", "And why was that?", "And why that?", "And why that?")


def draft(material: Material) -> Document:
    """Return the document; the same record and texts give the same document."""
    sections = [
        _section(material, section) for section in material.kind.sections if not (material.sanitised and section.content in HOUSE_ONLY)
    ]
    if stated := facts_after.source(material):
        sections.append(Rendered("source", "What the source states", "source", required=False, facts=tuple(stated)))
    if material.sanitised:
        sections = [found for section in sections if (found := _outside(section)) is not None]
    state = material.state
    title = f"{material.kind.name}: {material.incident.title}"
    return Document(state.id, title, material.kind.id, material.kind.name, state.stage, material.as_of, material.sanitised, tuple(sections))


def _section(material: Material, section: Section) -> Rendered:
    written = material.state.texts.get(section.id)
    text = written.text if written else ""
    facts = _facts(material, section)
    parts = _parts(material, section, text) if section.content in PEOPLE else ()
    asks: tuple[str, ...] = ()
    if not text and not parts:
        asks = _asks(material, section, facts)
    by = material.name(written.by) if written else ""
    return Rendered(section.id, section.title, section.content, section.required, tuple(facts), text, by, parts, asks)


def _facts(material: Material, section: Section) -> list[str]:
    if section.content == "summary":
        return ["From the record:", "", *facts_record.sentences(material)]
    if section.content == "why_chain":
        return whys.lines(material.state.whys)
    if section.content in _MARKS and (said := _marked(material, section)):
        return said
    if section.content == "contributing_factors" or (section.content == "causes" and not material.has("contributing_factors")):
        return facts_after.factors(material)
    found = FACTS.get(section.content)
    return found(material, section) if found else []


def _marked(material: Material, section: Section) -> list[str]:
    """Return the answers of the tree of whys that belong into a section about causes, and what the source of an imported record names."""
    chosen: tuple[Mark, ...] = _MARKS[section.content]
    if section.content == "causes" and material.has("contributing_factors"):
        chosen = ("cause", "latent")
    found = whys.marked(material.state.whys, chosen)
    if not found:
        return []
    several = len({why.mark for why in found}) > 1
    said = [
        f"- {cell(why.text)}{f' ({whys.CALLED[why.mark]})' if several else ''}{f' _Evidence: {cell(why.evidence)}_' if why.evidence else ''}"
        for why in found
    ]
    stated = facts_after.factors(material) if "contributing" in chosen else []
    return ["From the tree of whys:", "", *said, *(["", *stated] if stated else [])]


def _parts(material: Material, section: Section, text: str) -> tuple[Part, ...]:
    """Return the named parts. A text for the whole section answers for all of them, save those that were written apart."""
    parts = []
    for name in section.parts:
        written = material.state.texts.get(f"{section.id}.{name}")
        if written is not None:
            parts.append(Part(name, written.text))
        elif not text:
            parts.append(Part(name, "", gap(f"{name}. {section.asks or PEOPLE[section.content]}")))
    return tuple(parts)


def _asks(material: Material, section: Section, facts: list[str]) -> tuple[str, ...]:
    """Return the lines that mark what people have to write into a section that has no text of theirs."""
    content = section.content
    if content == "why_chain" and facts:
        return ()
    if content == "why_chain":
        return (gap(section.asks or PEOPLE[content]), ">", *(f"> - {why} …" for why in _WHYS))
    if content in _MARKS and facts and facts[0].startswith("From the tree"):
        return ()
    if content in PEOPLE:
        return (gap(section.asks or PEOPLE[content]),)
    if content == "impact" and not material.incident.impact:
        return (gap(section.asks or "What users could not do, and what it cost them."),)
    if content == "action_items" and not facts:
        return (gap(section.asks or "What will be done, by whom, by when."),)
    if content == "figures" or (content == "impact" and not material.has("figures")):
        missing = [f.name for f in material.playbook.figures if f.required and f.id not in material.incident.figures]
        if missing:
            return (gap(f"{', '.join(missing)}: the figure, its source, and whether it is an estimate."),)
    return ()


def _outside(section: Rendered) -> Rendered | None:
    """Return the section without its marks for the writers; None where nothing else is in it."""
    parts = tuple(part for part in section.parts if part.text)
    if not (section.facts or section.text or parts):
        return None
    return Rendered(section.id, section.title, section.content, section.required, section.facts, section.text, "", parts)
