"""Wording rules of a message: what a careful reader would ask the writer to change before it is sent. Pure; advice, never a refusal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

_GUESS: Final = re.compile(
    r"\b(probably|perhaps|maybe|might be|we think|we believe|seems? to|presumably|we suspect|likely)\b", re.IGNORECASE
)
_CAUSE: Final = re.compile(r"\b(root cause|caused by|the cause (?:is|was)|because of|due to)\b", re.IGNORECASE)
_PRELIMINARY: Final = re.compile(r"\bpreliminar", re.IGNORECASE)
_APOLOGY: Final = re.compile(r"\b(apologi[sz]e|apologies|sorry)\b", re.IGNORECASE)
_TIME: Final = re.compile(r"\b\d{1,2}:\d{2}\b")


class Advice(msgspec.Struct, frozen=True):
    """One thing to look at again."""

    rule: str
    says: str
    quote: str = ""


def advise(rules: Sequence[str], text: str, *, people: Iterable[str] = (), cause_known: bool = False) -> list[Advice]:
    """Return advice on a rendered message by the rules of its template.

    people: names and ids that must not stand in it. cause_known: the postmortem is approved, a cause is no longer preliminary.
    """
    found: list[Advice] = []
    for rule in rules:
        if check := _RULES.get(rule):
            found.extend(check(text, list(people), cause_known))
    return found


def _facts_only(text: str, _people: list[str], _cause_known: bool) -> list[Advice]:
    return [
        Advice("facts_only", "This reads as a guess. Say what is known, or that it is being looked into.", m.group(0))
        for m in _GUESS.finditer(text)
    ]


def _cause_preliminary(text: str, _people: list[str], cause_known: bool) -> list[Advice]:
    found = _CAUSE.search(text)
    if found is None or cause_known or _PRELIMINARY.search(text):
        return []
    return [Advice("cause_preliminary", "A cause is named before the postmortem is approved. Call it preliminary.", found.group(0))]


def _apology(text: str, _people: list[str], _cause_known: bool) -> list[Advice]:
    return [] if _APOLOGY.search(text) else [Advice("apology", "There is no apology in it.")]


def _no_names(text: str, people: list[str], _cause_known: bool) -> list[Advice]:
    return [
        Advice("no_names", "A person is named. Say what was done, not who did it.", name)
        for name in people
        if name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE)
    ]


def _times(text: str, _people: list[str], _cause_known: bool) -> list[Advice]:
    return [] if _TIME.search(text) else [Advice("times", "It names no time.")]


_RULES: Final[dict[str, Callable[[str, list[str], bool], list[Advice]]]] = {
    "facts_only": _facts_only,
    "cause_preliminary": _cause_preliminary,
    "apology": _apology,
    "no_names": _no_names,
    "times": _times,
}
RULES: Final = tuple(_RULES)
"""The rules that are checked. Others may stand in a playbook; they are for people to read."""
