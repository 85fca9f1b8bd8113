"""The tree of whys: what happened, why, and why that was so; which answers are causes and which only contributed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from tocsin.engine.errors import Conflict, Refused
from tocsin.engine.model import Command, Context, Decision, Happened
from tocsin.incidents.errors import UnknownWord
from tocsin.postmortems import commands as c
from tocsin.postmortems import events as e
from tocsin.postmortems.model import Mark, Postmortem, Why
from tocsin.postmortems.text import cell

MOST: Final = 300
"""Answers of one tree, those that were taken out included."""
DEEPEST: Final = 12
CALLED: Final[dict[Mark, str]] = {
    "": "a step on the way",
    "cause": "cause",
    "contributing": "contributing factor",
    "latent": "latent condition",
}
"""What the marks are called."""

WhyEvent = e.WhyAdded | e.WhyChanged | e.WhyMoved | e.WhyRemoved | e.WhyRestored


class Branch(msgspec.Struct, frozen=True):
    """An answer with those below it, as a page draws it."""

    why: Why
    depth: int
    """0 for what happened."""
    below: tuple[Branch, ...]


def tree(whys: Sequence[Why]) -> tuple[Branch, ...]:
    """Return the tree without what was taken out."""
    return _below(whys, "", 0)


def _below(whys: Sequence[Why], parent: str, depth: int) -> tuple[Branch, ...]:
    return tuple(Branch(why, depth, _below(whys, why.id, depth + 1)) for why in whys if why.parent == parent and not why.removed)


def marked(whys: Sequence[Why], marks: Iterable[Mark]) -> list[Why]:
    """Return the answers with one of these marks, in the order of the tree."""
    wanted = set(marks)
    found: list[Why] = []

    def walk(branches: Iterable[Branch]) -> None:
        for branch in branches:
            if branch.why.mark in wanted:
                found.append(branch.why)
            walk(branch.below)

    walk(tree(whys))
    return found


def lines(whys: Sequence[Why]) -> list[str]:
    """Return the tree as a nested list of Markdown; nothing where there is none."""
    found: list[str] = []

    def walk(branches: Iterable[Branch]) -> None:
        for branch in branches:
            why = branch.why
            lead = "**What happened:** " if not branch.depth else ""
            mark = f" **({CALLED[why.mark]})**" if why.mark else ""
            evidence = f" _Evidence: {cell(why.evidence)}_" if why.evidence else ""
            found.append(f"{'  ' * branch.depth}- {lead}{cell(why.text)}{mark}{evidence}")
            walk(branch.below)

    walk(tree(whys))
    return found


def places(whys: Sequence[Why], moving: str) -> list[tuple[str, str]]:
    """Return where an answer and all below it may go: ids (empty: a beginning) and what they say, in the order of the tree."""
    found: list[tuple[str, str]] = [("", "")]

    def walk(branches: Iterable[Branch]) -> None:
        for branch in branches:
            if branch.why.id != moving:
                found.append((branch.why.id, f"{'– ' * branch.depth}{branch.why.text}"))
                walk(branch.below)

    walk(tree(whys))
    return found


def decide(state: Postmortem, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on the tree.

    Raises:
        Refused: there is no such answer, the tree would become a ring, or it grows beyond its bounds.

    """
    whys = state.whys
    match command:
        case c.AddWhy():
            if command.parent:
                parent = _found(whys, command.parent, "parent")
                _not_too_deep(_depth(whys, parent) + 1)
            if len(whys) >= MOST:
                raise Refused(
                    f"The tree has {MOST} answers.", fix="Take a branch that leads nowhere out of the text instead.", field="text"
                )
            added = e.WhyAdded(ctx.fresh[0], command.parent, _said(command.text), command.evidence.strip(), command.mark)
            return _one(state, added, added.why)
        case c.ChangeWhy():
            why = _found(whys, command.why, "why")
            text = why.text if command.text is None else _said(command.text)
            evidence = why.evidence if command.evidence is None else command.evidence.strip()
            mark = why.mark if command.mark is None else command.mark
            if (text, evidence, mark) == (why.text, why.evidence, why.mark):
                return Decision(result={"incident": state.id, "why": why.id, "changed": False})
            return _one(state, e.WhyChanged(why.id, text, evidence, mark), why.id)
        case c.MoveWhy():
            return _move(state, command)
        case c.RemoveWhy():
            why = _found(whys, command.why, "why")
            return _one(state, e.WhyRemoved(why.id), why.id)
        case c.RestoreWhy():
            removed = next((one for one in whys if one.id == command.why and one.removed), None)
            if removed is None:
                raise UnknownWord("why", command.why, (one.id for one in whys if one.removed))
            return _one(state, e.WhyRestored(removed.id), removed.id)
        case _:
            raise Refused(f"A tree of whys does not know {type(command).__name__}.")


def _move(state: Postmortem, command: c.MoveWhy) -> Decision:
    whys = state.whys
    why = _found(whys, command.why, "why")
    if command.parent:
        parent = _found(whys, command.parent, "parent")
        if parent.id == why.id or why.id in _above(whys, parent):
            raise Conflict("An answer cannot stand below itself.", fix="Choose a place outside its own branch.", field="parent")
        _not_too_deep(_depth(whys, parent) + 1 + _height(whys, why.id))
    before = command.before
    if before and (before == why.id or _found(whys, before, "before").parent != command.parent):
        raise UnknownWord(
            "before", before, (one.id for one in whys if one.parent == command.parent and not one.removed and one.id != why.id)
        )
    moved = e.WhyMoved(why.id, command.parent, before)
    after = evolve(whys, moved, why.by, why.at)
    if after == whys:
        return Decision(result={"incident": state.id, "why": why.id, "changed": False})
    return _one(state, moved, why.id)


def evolve(whys: tuple[Why, ...], event: WhyEvent, by: str, at: datetime | None) -> tuple[Why, ...]:
    """Return the tree after the fact."""
    match event:
        case e.WhyAdded():
            return (*whys, Why(event.why, event.parent, event.text, event.evidence, event.mark, by, at))
        case e.WhyChanged():
            return _replaced(whys, event.why, text=event.text, evidence=event.evidence, mark=event.mark, by=by, at=at)
        case e.WhyMoved():
            moved = next((msgspec.structs.replace(one, parent=event.parent) for one in whys if one.id == event.why), None)
            rest = [one for one in whys if one.id != event.why]
            if moved is None:
                return whys
            place = next((index for index, one in enumerate(rest) if event.before and one.id == event.before), len(rest))
            return (*rest[:place], moved, *rest[place:])
        case e.WhyRemoved():
            return _replaced(whys, event.why, removed=True)
        case e.WhyRestored():
            return _replaced(whys, event.why, removed=False)


def _replaced(whys: tuple[Why, ...], why: str, **changes: object) -> tuple[Why, ...]:
    return tuple(msgspec.structs.replace(one, **changes) if one.id == why else one for one in whys)


def _one(state: Postmortem, event: WhyEvent, why: str) -> Decision:
    return Decision((Happened(event),), result={"incident": state.id, "why": why, "changed": True})


def _said(text: str) -> str:
    said = " ".join(text.split())
    if not said:
        raise Refused("The answer says nothing.", fix="Write what was so, as somebody saw it.", field="text")
    return said


def _found(whys: Sequence[Why], why: str, field: str) -> Why:
    """Return an answer that stands in the tree: neither it nor one above it was taken out."""
    found = next((one for one in whys if one.id == why), None)
    if found is None or found.removed or any(one.removed for one in whys if one.id in _above(whys, found)):
        raise UnknownWord(field, why, (one.id for one in whys if not one.removed))
    return found


def _above(whys: Sequence[Why], why: Why) -> list[str]:
    """Return the ids of what stands above an answer, the nearest first."""
    parents = {one.id: one.parent for one in whys}
    found: list[str] = []
    parent = why.parent
    while parent and parent not in found:
        found.append(parent)
        parent = parents.get(parent, "")
    return found


def _depth(whys: Sequence[Why], why: Why) -> int:
    return len(_above(whys, why))


def _height(whys: Sequence[Why], why: str) -> int:
    """Return how many levels stand below an answer."""
    return max((1 + _height(whys, one.id) for one in whys if one.parent == why and not one.removed), default=0)


def _not_too_deep(depth: int) -> None:
    if depth >= DEEPEST:
        raise Refused(
            f"The tree would be more than {DEEPEST} levels deep.",
            fix="Begin another branch further up; few causes lie that deep.",
            field="parent",
        )
