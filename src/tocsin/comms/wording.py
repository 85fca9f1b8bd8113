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
_ADDRESS: Final = re.compile(r"\b(?:(?:10|127)(?:\.\d{1,3}){3}|192\.168(?:\.\d{1,3}){2}|172\.(?:1[6-9]|2\d|3[01])(?:\.\d{1,3}){2})\b")
_HOST: Final = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:internal|local|lan|corp|intra|svc|localdomain|localhost)\b"
    r"|(?<![\w#./-])(?=[a-z0-9-]*\b(?:db|web|app|api|node|host|srv|server|cache|redis|kafka|queue|worker|pod|vm|prod|prd|stg|eu|us|master|replica)\b)"
    r"[a-z0-9]+(?:-[a-z0-9]+)*-\d{1,4}(?![\w-])",
    re.IGNORECASE,
)
_CHANNEL: Final = re.compile(r"(?<![\w&/])#[a-z][\w-]{2,}", re.IGNORECASE)
_LINK: Final = re.compile(r"\bhttps?://[^\s<>\"]+", re.IGNORECASE)


class Advice(msgspec.Struct, frozen=True):
    """One thing to look at again."""

    rule: str
    says: str
    quote: str = ""


def advise(
    rules: Sequence[str],
    text: str,
    *,
    people: Iterable[str] = (),
    cause_known: bool = False,
    inside: Iterable[str] = (),
    own: Iterable[str] = (),
) -> list[Advice]:
    """Return advice on a rendered message by the rules of its template.

    people: names and ids that must not stand in it. cause_known: the postmortem is approved, a cause is no longer preliminary. inside: words that
    only the house knows (ids, names of services and channels), for ``no_internals``. own: hosts that a link may lead to.
    """
    found: list[Advice] = []
    for rule in dict.fromkeys(rules):
        if check := _RULES.get(rule):
            found.extend(check(text, list(people), cause_known))
        elif rule == NO_INTERNALS:
            found.extend(_no_internals(text, list(inside), {host.casefold() for host in own}))
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


NO_INTERNALS: Final = "no_internals"


def _no_internals(text: str, inside: list[str], own: set[str]) -> list[Advice]:
    """Advise against what only the house knows: hosts, addresses, channels, ids, links that lead inside."""
    says = "Only the house knows this. Say it in the words of a reader outside."
    found: dict[str, None] = {}
    for link in _LINK.finditer(text):
        host = link.group(0).split("/")[2].rpartition("@")[2].partition(":")[0].casefold()
        if host not in own and ("." not in host or _HOST.search(host) or _ADDRESS.fullmatch(host)):
            found[link.group(0)] = None
    plain = _LINK.sub(" ", text)
    for pattern in (_ADDRESS, _HOST, _CHANNEL):
        found |= dict.fromkeys(match.group(0) for match in pattern.finditer(plain))
    for word in inside:
        if word and (seen := re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", plain, re.IGNORECASE)):
            found[seen.group(0)] = None
    return [Advice(NO_INTERNALS, says, quote) for quote in found]


_RULES: Final[dict[str, Callable[[str, list[str], bool], list[Advice]]]] = {
    "facts_only": _facts_only,
    "cause_preliminary": _cause_preliminary,
    "apology": _apology,
    "no_names": _no_names,
    "times": _times,
}
RULES: Final = (*_RULES, NO_INTERNALS)
"""The rules that are checked. Others may stand in a playbook; they are for people to read. ``no_internals`` holds for all that goes outside."""
SAYS: Final[dict[str, str]] = {
    "facts_only": "Facts only: nothing that is a guess.", "cause_preliminary": "A cause is called preliminary until the postmortem is approved.",
    "apology": "It apologises.", "no_names": "It names no people.", "times": "It names a time.",
    NO_INTERNALS: "It holds nothing that only the house knows: no hosts, channels or ids.",
}  # fmt: skip
"""Each rule in a sentence."""
