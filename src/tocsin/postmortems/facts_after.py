"""Sections about what follows: action items, signatures, later reviews, and what the source of an imported record states. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tocsin.actions.decide import completion
from tocsin.actions.model import Listed
from tocsin.actions.problems import Known, known, problems
from tocsin.playbooks.record import Section
from tocsin.postmortems.decide import approvals as wanted_approvals
from tocsin.postmortems.facts_record import milestones
from tocsin.postmortems.material import Material, persons
from tocsin.postmortems.text import UNKNOWN, cell, number, table, utc, words


def who_is_who(material: Material) -> Known:
    """Return which names are people, and which are teams, roles or contacts."""
    return known(
        persons(material), [*material.teams, *material.teams.values()], material.playbook.roles, material.playbook.contacts,
    )  # fmt: skip


def action_items(material: Material, section: Section) -> list[str]:
    """Return the action items by group, each with what it still lacks, and those that the source of an imported record names."""
    lines: list[str] = []
    named = [(g.id, g.name) for g in material.playbook.actions.groups]
    groups = [
        *named,
        *((other, other or "Not grouped") for other in dict.fromkeys(i.group for i in material.actions) if other not in dict(named)),
    ]
    for group, name in groups:
        items = [item for item in material.actions if item.group == group]
        if items:
            lines += [*([f"**{cell(name)}**", ""] if len(groups) > 1 or group else []), *_items(material, items), ""]
    if material.actions:
        lines.append(_completed(material))
    stated = _strings(material.given.get("action_items"))
    if stated:
        lines += ([""] if lines else []) + ["As the source of the record states them:", "", *(f"- {cell(item)}" for item in stated)]
    return lines


def _items(material: Material, items: Iterable[Listed]) -> list[str]:
    who = who_is_who(material)
    rows: list[tuple[str, ...]] = []
    for item in items:
        state = "**overdue**" if item.overdue(material.as_of) else item.state
        lacks = (
            problems(item.owner, item.due, item.priority, item.group, item.ticket, material.playbook.actions, who)
            if item.state == "open"
            else []
        )
        remark = "; ".join(
            part for part in (
                f"addresses: {item.about}" if item.about else "", f"evidence: {item.evidence}" if item.evidence else "",
                f"dropped: {item.reason}" if item.state == "dropped" else "", *(p.says for p in lacks),
            ) if part
        )  # fmt: skip
        if material.sanitised:
            rows.append((cell(item.title), state))
        else:
            rows.append(
                (
                    cell(item.title), cell(material.name(item.owner)) or UNKNOWN, f"{item.due}" if item.due else UNKNOWN, cell(item.priority), state,
                    cell(item.ticket), cell(remark),
                ),
            )  # fmt: skip
    return table(("Item", "") if material.sanitised else ("Item", "Owner", "Due", "Priority", "", "Ticket", "Remark"), rows)


def _completed(material: Material) -> str:
    done = completion(material.actions, material.as_of)
    rest = [f"{done[name]} {name}" for name in ("overdue", "dropped") if done[name]]
    return f"{done['done']} of {done['of']} done" + (f" ({', '.join(rest)})" if rest else "") + "."


def approvals(material: Material, section: Section) -> list[str]:
    """Return who has signed and who has still to; whether the text changed since."""
    wanted = {approver.id for approver in wanted_approvals(material.incident, material.playbook)}
    rows = []
    for approver in material.playbook.review.approvals:
        signed = material.state.signed.get(approver.id)
        if signed is None and approver.id not in wanted:
            continue
        changed = "the text was edited afterwards" if signed and material.state.edited > signed.source else ""
        said = (cell(material.name(signed.by)), utc(signed.at), changed) if signed else ("", "not signed yet", "")
        rows.append((cell(approver.name), *said))
    return table(("Approver", "Signed by", "At", ""), rows) if rows else ["No signature is wanted."]


def follow_ups(material: Material, section: Section) -> list[str]:
    """Return the later reviews of the action items with their dates, and how far the items are."""
    rules = {rule.id for rule in material.playbook.obligations if rule.done.follow_up}
    duties = [d for d in material.duties if d.kind == "follow_up" or d.rule in rules]
    rows: list[tuple[str, str, str]]
    if duties:
        rows = [(cell(d.name), f"{d.due_at:%Y-%m-%d %H:%M} UTC", d.state) for d in duties]
    else:
        rows = [(cell(f.name), f"{words(f.after)} after the resolution", "") for f in material.playbook.actions.follow_ups]
    lines = table(("Review", "Due", ""), rows) if rows else ["The playbook asks for none."]
    return [*lines, "", f"Action items: {_completed(material)}"] if material.actions else lines


def factors(material: Material) -> list[str]:
    """Return the contributing factors that the source of an imported record names."""
    stated = _strings(material.given.get("factors"))
    return ["As the source of the record states them:", "", *(f"- {cell(factor)}" for factor in stated)] if stated else []


def source(material: Material) -> list[str]:
    """Return what the source of an imported record states and no other section holds, word for word."""
    if material.imported is None:
        return []
    given = material.given
    blocks: list[list[str]] = []
    if not material.has("milestones"):
        blocks.append(["**Milestones**", "", *milestones(material, material.kind.sections[0])])
    if not (material.has("contributing_factors") or material.has("causes")) and (stated := factors(material)):
        blocks.append(["**Contributing factors**", "", *stated[2:]])
    if not material.has("action_items") and (items := _strings(given.get("action_items"))):
        blocks.append(["**Action items**", "", *(f"- {cell(item)}" for item in items)])
    figures = given.get("impact") or {}
    if figures:
        blocks.append(
            ["**Impact**", "", *(f"- {cell(str(name).replace('_', ' '))}: {cell(_value(value))}" for name, value in figures.items())]
        )
    if spans := [_stated(span) for span in given.get("stated") or ()]:
        blocks.append(["**Durations in the source's own words**", "", *(f"- {span}" for span in spans)])
    if notes := str(given.get("notes") or ""):
        blocks.append(["**Notes**", "", cell(notes)])
    lines: list[str] = []
    for block in blocks:
        lines += [*block, ""]
    return lines[:-1]


def _stated(span: dict[str, Any]) -> str:
    what = str(span.get("what") or span.get("name") or "")
    wording = str(span.get("source_wording") or span.get("wording") or "")
    said = f"“{cell(wording)}”" if wording else words(span["seconds"]) if isinstance(span.get("seconds"), int | float) else UNKNOWN
    return f"{cell(what)}: {said}" if what else said


def _value(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, int | float) else str(value)


def _strings(value: Any) -> list[str]:
    """Return texts, where the source gives plain texts or objects with a title or text."""
    found = []
    for one in value or ():
        text = (one.get("title") or one.get("text") or one.get("item") or "") if isinstance(one, dict) else one
        if str(text).strip():
            found.append(str(text))
    return found
