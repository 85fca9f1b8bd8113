"""Who stands for a word that names whom to call: a playbook's role or contact, a target of an escalation, what somebody typed. Pure.

One order, for all of them: a person, a schedule, a team, an escalation policy of exactly this id; else the one that differs only in ``-`` and
``_`` and in the case of its letters, looked for in the same order. Where several of one kind do, it means none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

import msgspec

from tocsin.paging.calling import Someone

Kind = Literal["person", "schedule", "team", "policy"]
KINDS: Final[tuple[Kind, ...]] = ("person", "schedule", "team", "policy")
"""In the order in which they are looked for."""
NOBODY: Final = "nobody"
"""What an incident's record calls it where nobody stands for a word."""


def key_of(word: str) -> str:
    """Return what words have in common that differ only in ``-`` and ``_`` and in the case of their letters."""
    return word.strip().lower().replace("_", "-")


class Meaning(msgspec.Struct, frozen=True):
    """What a word means."""

    kind: Kind | Literal[""] = ""
    """Empty: nothing here has this name."""
    id: str = ""
    """With the line of a schedule, and ``#next``, where the word has them."""
    several: tuple[str, ...] = ()
    """Ids that it could mean, where it is none of them for that."""

    @property
    def target(self) -> str:
        """The meaning as a target; empty where there is none."""
        return f"{self.kind}:{self.id}" if self.kind else ""


class Stands(msgspec.Struct, frozen=True):
    """Who stands for a word at a moment."""

    word: str
    target: str = ""
    """What a page names; empty where nobody stands for it."""
    people: tuple[Someone, ...] = ()
    policy: str = ""
    """The id of the escalation policy that it means, and that calls people by itself."""
    why: str = ""
    """Why nobody does."""

    @property
    def somebody(self) -> bool:
        """Whether a page for it reaches anybody, as far as names go."""
        return bool(self.people or self.policy)


def missing(found: Iterable[Stands]) -> tuple[Stands, ...]:
    """Return the words that nobody stands for."""
    return tuple(one for one in found if not one.somebody)


def says(found: Iterable[Stands], name: Callable[[str], str]) -> tuple[str, ...]:
    """Return who is missing and what to make, in as few sentences as that takes. name: returns a word as people read it, or nothing."""

    def called(word: str) -> str:
        known = name(word)
        return f"{known} ({word})" if known and key_of(known).replace(" ", "-") != key_of(word) else word

    lacking = missing(found)
    unknown = [called(one.word) for one in lacking if not one.why]
    names = " or ".join(part for part in (", ".join(unknown[:-1]), *unknown[-1:]) if part)
    this = "this name" if len(unknown) == 1 else "each of these names"
    made = (f"Nobody stands for {names}: make a schedule, team, person or escalation policy of {this}.",) if unknown else ()
    return (*made, *(f"{called(one.word)} reaches nobody: {one.why}." for one in lacking if one.why))


class Callees(msgspec.Struct, frozen=True):
    """Whom several words call together."""

    targets: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    """Escalation policies that call people by themselves."""
    already: tuple[str, ...] = ()
    """Those who are not called anew, because a page calls them already."""


def callees(found: Iterable[Stands], calling: Iterable[str] = (), begun: Iterable[str] = ()) -> Callees:
    """Return whom words call. A word whose people are called already calls nobody anew.

    calling: whom pages call already. begun: policies by which pages call already.
    """
    before, running = frozenset(calling), frozenset(begun)
    targets: list[str] = []
    people: dict[str, None] = {}
    policies: dict[str, None] = {}
    left: dict[str, None] = {}
    for one in found:
        theirs = [who.person for who in one.people]
        if theirs and not before.union(people).issuperset(theirs):
            targets.append(one.target)
            people |= dict.fromkeys(theirs)
        else:
            left |= dict.fromkeys(theirs)
        if one.policy and one.policy not in running:
            policies[one.policy] = None
    return Callees(tuple(targets), tuple(people), tuple(policies), tuple(who for who in left if who not in people))
